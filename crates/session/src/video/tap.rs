//! Where video leaves the core's way: decrypted packets are taken out of its chain by their payload types, and reports are
//! read on their way through. The core knows of no video, so it neither counts nor asks for any.

use super::departures;
use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::rtp::Packet as RtpPacket;
use rtc::shared::time::SystemInstant;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Most packets and reports that wait: they are taken after each datagram.
const MAX_WAITING: usize = 256;

/// The payload types of video and of its retransmissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PayloadTypes {
    pub(crate) video: u8,
    pub(crate) rtx: Option<u8>,
}

/// What the peer says by RTCP, as far as video is concerned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Report {
    /// A source's timestamp at a moment of the peer's clock.
    Sender { source: u32, ntp: u64, timestamp: u32 },
    /// How a source of ours is received.
    Reception(ReceptionReport),
    /// A key frame is wanted of that source.
    PictureLoss(u32),
    /// The same, with a number that tells a new wish from a repeated one.
    FullIntra(u32, u8),
    /// What the peer can get, in bit/s.
    Bitrate(u32),
    /// Packets of that source are missing.
    Missing(u32, Vec<u16>),
    /// Packets of those numbers came, of all that was sent, at those times; see [`departures::came`].
    Came(Vec<(u16, i64)>),
}

/// What was taken and waits for the session. The session and the chain inside of the core both hold it; one thread runs
/// them, so nobody ever waits for the lock.
#[derive(Clone)]
pub(crate) struct VideoTap(Arc<Mutex<Taken>>);

struct Taken {
    types: PayloadTypes,
    packets: VecDeque<RtpPacket>,
    reports: VecDeque<Report>,
    clock: SystemInstant,
}

impl VideoTap {
    /// From `now` on our reports tell the time of one clock.
    pub(crate) fn new(now: Instant, types: PayloadTypes) -> Self {
        let (packets, reports) = (VecDeque::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(Taken { types, packets, reports, clock: SystemInstant::now(now) })))
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_types(&self, types: PayloadTypes) {
        self.lock().types = types;
    }

    /// Takes a packet of video, and reads reports. What is not taken is given back.
    pub(crate) fn take_from(&self, mut message: TaggedPacket) -> Option<TaggedPacket> {
        match message.message.packet {
            Packet::Rtp(packet) => {
                message.message.packet = Packet::Rtp(self.take(packet)?);
                return Some(message);
            }
            Packet::Rtcp(ref packets) => self.read(packets),
            _ => {}
        }
        Some(message)
    }

    fn take(&self, packet: RtpPacket) -> Option<RtpPacket> {
        let mut taken = self.lock();
        let payload_type = packet.header.payload_type;
        if payload_type != taken.types.video && taken.types.rtx != Some(payload_type) {
            return Some(packet);
        }
        if taken.packets.len() < MAX_WAITING {
            taken.packets.push_back(packet);
        }
        None
    }

    fn read(&self, packets: &[Box<dyn rtc::rtcp::Packet>]) {
        let mut taken = self.lock();
        for packet in packets {
            let room = MAX_WAITING.saturating_sub(taken.reports.len());
            taken.reports.extend(reports_of(packet.as_ref()).into_iter().take(room));
        }
    }

    /// Sets our reports' time: the core takes it from the system's clock anew for each, which is no clock for two streams.
    pub(crate) fn tell_time(&self, now: Instant, packets: &mut [Box<dyn rtc::rtcp::Packet>]) {
        for packet in packets {
            if let Some(report) = packet.as_any().downcast_ref::<SenderReport>() {
                *packet = Box::new(SenderReport { ntp_time: self.lock().clock.ntp(now), ..report.clone() });
            }
        }
    }

    pub(crate) fn next_packet(&self) -> Option<RtpPacket> {
        self.lock().packets.pop_front()
    }

    pub(crate) fn next_report(&self) -> Option<Report> {
        self.lock().reports.pop_front()
    }
}

fn reports_of(packet: &dyn rtc::rtcp::Packet) -> Vec<Report> {
    let any = packet.as_any();
    if let Some(SenderReport { ssrc, ntp_time, rtp_time, reports, .. }) = any.downcast_ref() {
        let sender = Report::Sender { source: *ssrc, ntp: *ntp_time, timestamp: *rtp_time };
        std::iter::once(sender).chain(reports.iter().cloned().map(Report::Reception)).collect()
    } else if let Some(ReceiverReport { reports, .. }) = any.downcast_ref() {
        reports.iter().cloned().map(Report::Reception).collect()
    } else if let Some(PictureLossIndication { media_ssrc, .. }) = any.downcast_ref() {
        vec![Report::PictureLoss(*media_ssrc)]
    } else if let Some(FullIntraRequest { fir, .. }) = any.downcast_ref() {
        fir.iter().map(|entry| Report::FullIntra(entry.ssrc, entry.sequence_number)).collect()
    } else if let Some(ReceiverEstimatedMaximumBitrate { bitrate, .. }) = any.downcast_ref() {
        // A float becomes the nearest whole number there is, and what is no number 0.
        vec![Report::Bitrate(*bitrate as u32)]
    } else if let Some(TransportLayerNack { media_ssrc, nacks, .. }) = any.downcast_ref() {
        vec![Report::Missing(*media_ssrc, nacks.iter().flat_map(|nack| nack.packet_list()).collect())]
    } else if let Some(feedback) = any.downcast_ref::<TransportLayerCc>() {
        vec![Report::Came(departures::came(feedback))]
    } else {
        Vec::new()
    }
}
