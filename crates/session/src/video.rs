//! One peer's video in both directions: packets and feedback, no pixels.
//!
//! The core decrypts and encrypts; everything else about video happens here. See [`tap`] for where packets leave the
//! core's chain.

mod advice;
mod arrivals;
mod bitrate;
mod congestion;
mod cushion;
mod departures;
mod history;
mod nacks;
mod pacer;
mod receive;
mod repairs;
mod send;
mod step;
mod tap;

pub(crate) use tap::{PayloadTypes, VideoTap};

use crate::contract::Event;
use crate::options::{Seed, VideoOptions};
use crate::rtcp_tap::SentReports;
use crate::sdp::{Direction, VideoSection};
use parley_video::EncodedFrame;
use receive::{Control, VideoReceiver};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtp::Packet;
use send::VideoSender;
use std::time::{Duration, Instant};
use step::Moment;
use tap::Report;

/// How often the peer is told how its packets come, and the time of ours.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Counters of a session's video on the network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VideoNetStats {
    /// RTP packets received and decrypted, retransmissions and probes included.
    pub packets_in: u64,
    /// Their payload bytes.
    pub bytes_in: u64,
    /// RTP packets sent for the first time.
    pub packets_out: u64,
    /// Their payload bytes.
    pub bytes_out: u64,
    /// Whole pictures received.
    pub frames_in: u64,
    /// Pictures sent.
    pub frames_out: u64,
    /// Key frames among those received…
    pub key_frames_in: u64,
    /// …and sent.
    pub key_frames_out: u64,
    /// Picture loss indications received.
    pub pli_in: u64,
    /// Picture loss indications sent: a key frame was needed.
    pub pli_out: u64,
    /// Full intra requests received.
    pub fir_in: u64,
    /// Full intra requests sent, to a peer that knows nothing else.
    pub fir_out: u64,
    /// Packets that the peer asked for again.
    pub nacks_in: u64,
    /// Packets that the peer was asked for again, each time counted.
    pub nacks_out: u64,
    /// Packets that the peer sent again.
    pub retransmitted_in: u64,
    /// Packets that were sent again.
    pub retransmitted_out: u64,
    /// Packets that never came, whatever was asked.
    pub unrecoverable: u64,
    /// Pictures that came in part, or refer to one that did.
    pub frames_dropped_in: u64,
    /// Pictures that were not sent: the peer takes none, or far too many waited.
    pub frames_dropped_out: u64,
    /// What our encoder may use now, in bit/s.
    pub bitrate: u32,
}

/// What was taken from the core's chain.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// How many packets.
    pub(crate) packets: u64,
    /// The round trip that the peer's last report tells.
    pub(crate) round_trip: Option<Duration>,
}

/// Something of video to be sent.
pub(crate) enum ToSend {
    Packet(Packet),
    Control(Control),
}

/// One peer's video.
pub(crate) struct Video {
    tap: VideoTap,
    receiver: VideoReceiver,
    sender: VideoSender,
    /// Which way it flows, as we see it, once there is a connection.
    direction: Direction,
    section: VideoSection,
    connected: bool,
    report_at: Option<Instant>,
    /// A report of the last second that waits to be sent.
    report: Option<Control>,
}

impl Video {
    pub(crate) fn new(
        now: Instant,
        tap: VideoTap,
        (section, direction): (VideoSection, Direction),
        options: VideoOptions,
        seed: Seed,
    ) -> Self {
        let sender = VideoSender::new(now, section.clone(), options, seed);
        let receiver = VideoReceiver::new(now, section.clone(), sender.source(), options.max_bitrate);
        Self { tap, receiver, sender, direction, section, connected: false, report_at: None, report: None }
    }

    /// Media flow from now on.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.connected = true;
        self.apply(now);
    }

    /// What a later offer agreed on. None: there is no video any more.
    pub(crate) fn negotiated(&mut self, now: Instant, agreed: Option<(VideoSection, Direction)>) {
        match agreed {
            Some((section, direction)) => {
                let types = section.payload_types();
                self.tap.set_types(types);
                (self.section, self.direction) = (section, direction);
            }
            None => self.direction = Direction::Inactive,
        }
        self.apply(now);
    }

    fn apply(&mut self, now: Instant) {
        if self.connected {
            self.receiver.set_section(self.section.clone(), self.direction.receives());
            self.sender.set_section(now, self.section.clone(), self.direction.sends());
        }
    }

    pub(crate) fn set_round_trip(&mut self, round_trip: Duration) {
        self.receiver.set_round_trip(round_trip);
        self.sender.set_round_trip(round_trip);
    }

    /// Takes what the core's chain let go. `audio` is the source of the peer's audio.
    pub(crate) fn receive(&mut self, now: Instant, audio: Option<u32>, sent: &SentReports) -> Taken {
        let mut taken = Taken::default();
        while let Some(packet) = self.tap.next_packet() {
            taken.packets += 1;
            self.receiver.receive(now, &packet);
        }
        while let Some(report) = self.tap.next_report() {
            match &report {
                Report::Sender { source, ntp, timestamp } => {
                    let moment = Moment { ntp: *ntp, timestamp: *timestamp };
                    self.receiver.sender_report(now, *source, moment, audio);
                }
                Report::Reception(block) if block.ssrc == self.sender.source() => {
                    let round_trip = sent.round_trip(now, block.last_sender_report, block.delay);
                    taken.round_trip = round_trip.or(taken.round_trip);
                    self.sender.report(now, &report);
                }
                report => self.sender.report(now, report),
            }
        }
        taken
    }

    /// Sends a picture.
    pub(crate) fn send(&mut self, now: Instant, frame: &EncodedFrame) {
        self.sender.send(now, frame);
    }

    /// The peer is to send a key frame.
    pub(crate) fn want_key_frame(&mut self, now: Instant) {
        self.receiver.want_key_frame(now);
    }

    pub(crate) fn wake(&mut self, now: Instant) {
        self.receiver.wake(now);
        self.sender.wake(now);
        if self.report_at.is_none_or(|at| at <= now) {
            let has_something = self.receiver.has_source() || self.sender.sender_report(now).is_some();
            self.report_at = has_something.then_some(now + REPORT_INTERVAL);
            if has_something {
                self.make_report(now);
            }
        }
    }

    fn make_report(&mut self, now: Instant) {
        let reports: Vec<_> = self.receiver.report(now).into_iter().collect();
        self.report = match self.sender.sender_report(now) {
            Some(sender) => Some(Box::new(rtc::rtcp::sender_report::SenderReport { reports, ..sender })),
            None if reports.is_empty() => None,
            None => Some(Box::new(ReceiverReport {
                ssrc: self.sender.source(),
                reports,
                ..ReceiverReport::default()
            })),
        };
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let report = self.report_at;
        [self.receiver.wake_at(), self.sender.wake_at(), report].into_iter().flatten().min()
    }

    /// The next thing to send now.
    pub(crate) fn next_to_send(&mut self, now: Instant) -> Option<ToSend> {
        let control = self.report.take().or_else(|| self.receiver.next_control());
        control.map(ToSend::Control).or_else(|| self.sender.next_packet(now).map(ToSend::Packet))
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.sender.next_event()
    }

    /// The next whole picture; see [`VideoReceiver::next_frame`].
    pub(crate) fn next_frame(
        &mut self,
        now: Instant,
        present: Duration,
        heard: impl Fn(u32) -> Option<i64>,
    ) -> Option<EncodedFrame> {
        self.receiver.next_frame(now, present, heard)
    }

    /// Whether all pictures were sent.
    pub(crate) fn is_idle(&self) -> bool {
        self.sender.is_idle()
    }

    pub(crate) fn stats(&self, now: Instant) -> VideoNetStats {
        let mut stats = VideoNetStats::default();
        self.receiver.count(&mut stats);
        self.sender.count(now, &mut stats);
        stats
    }
}

impl VideoSection {
    /// What tells video's packets from others.
    pub(crate) fn payload_types(&self) -> PayloadTypes {
        PayloadTypes { video: self.payload_type, rtx: self.rtx }
    }
}
