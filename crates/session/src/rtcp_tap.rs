//! An interceptor that lets the application see the reports that the chain would otherwise keep to itself, and takes out
//! video, which is none of the core's business, and what comes of sources that the core doesn't know.

use crate::strays::Strays;
use crate::video::VideoTap;
use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::goodbye::Goodbye;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Nearest to the wire, so that it sees what the peer sent.
pub(crate) const SLOT: usize = 500;

/// Marks reports, feedback and goodbyes for delivery; everything else but video passes untouched.
pub(crate) struct RtcpTap {
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
    sent_reports: SentReports,
    /// Where video leaves, when there is any.
    video: Option<VideoTap>,
    strays: Strays,
}

impl RtcpTap {
    pub(crate) fn new(sent_reports: SentReports, video: Option<VideoTap>, strays: Strays) -> Self {
        Self { reads: VecDeque::new(), writes: VecDeque::new(), sent_reports, video, strays }
    }
}

/// How many of our reports may be answered: one is sent each second, and peers answer within five.
const MAX_SENT_REPORTS: usize = 16;

/// When our sender reports went out, by what the peer's reports call them. The session and the chain inside of the core
/// both hold it; one thread runs them, so nobody ever waits for the lock.
#[derive(Clone, Default)]
pub(crate) struct SentReports(Arc<Mutex<VecDeque<(u32, Instant)>>>);

impl SentReports {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(u32, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, report: &SenderReport, now: Instant) {
        let mut sent = self.lock();
        if sent.len() == MAX_SENT_REPORTS {
            sent.pop_front();
        }
        // The middle 32 bits of the NTP time (RFC 3550, section 6.4.1, LSR).
        sent.push_back(((report.ntp_time >> 16) as u32, now));
    }

    /// The round trip that a report tells: what passed since ours less what the peer kept it (RFC 3550, section 6.4.1).
    /// None when it answers none of ours, or contradicts itself.
    pub(crate) fn round_trip(&self, now: Instant, last: u32, delay: u32) -> Option<Duration> {
        let sent_at = self.lock().iter().rev().find(|(report, _)| *report == last)?.1;
        let kept = Duration::from_nanos(u64::from(delay) * 1_000_000_000 / 65_536);
        now.saturating_duration_since(sent_at).checked_sub(kept)
    }
}

fn concerns_us(packet: &dyn rtc::rtcp::Packet) -> bool {
    let packet = packet.as_any();
    packet.is::<ReceiverReport>()
        || packet.is::<SenderReport>()
        || packet.is::<Goodbye>()
        || packet.is::<PictureLossIndication>()
        || packet.is::<FullIntraRequest>()
        || packet.is::<ReceiverEstimatedMaximumBitrate>()
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for RtcpTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut message: TaggedPacket) -> Result<(), Error> {
        if let Some(video) = &self.video {
            match video.take_from(message) {
                Some(rest) => message = rest,
                None => return Ok(()),
            }
        }
        if let Packet::Rtp(packet) = message.message.packet {
            let Some(packet) = self.strays.take(packet) else { return Ok(()) };
            message.message.packet = Packet::Rtp(packet);
        }
        let wanted = match &message.message.packet {
            Packet::Rtcp(packets) => packets.iter().any(|packet| concerns_us(packet.as_ref())),
            _ => false,
        };
        if wanted {
            message.message.add(Attribute::DeliverToApplication);
        }
        self.reads.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, mut message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &mut message.message.packet {
            if let Some(video) = &self.video {
                video.tell_time(message.now, packets);
            }
            let reports = packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<SenderReport>());
            reports.for_each(|report| self.sent_reports.note(report, message.now));
        }
        self.writes.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for RtcpTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, stream: &StreamInfo) {
        self.strays.bound(stream.ssrc);
    }
    fn unbind_remote_stream(&mut self, stream: &StreamInfo) {
        self.strays.unbound(stream.ssrc);
    }
}
