//! Lets a peer see all RTCP, and tells virtual time in its reports.

use crate::start_of_time;
use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::Packet as Control;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Nearest to the wire.
pub(crate) const SLOT: usize = 500;

/// Where a peer's clock begins, in seconds; any number will do.
const CLOCK_BEGINS: u64 = 3_000_000_000;

/// What the other end's reports said: of which source, and how much of it is lost, in 256ths. The peer and the chain inside of its
/// core both hold it; one thread runs them.
pub(crate) type Told = Arc<Mutex<Vec<(u32, u8)>>>;

pub(crate) struct PeerTap {
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
    told: Told,
}

impl PeerTap {
    pub(crate) fn new(told: Told) -> Self {
        Self { reads: VecDeque::new(), writes: VecDeque::new(), told }
    }
}

/// What reports say of each source that their sender hears (RFC 3550, section 6.4).
pub(crate) fn reports(packets: &[Box<dyn Control>]) -> impl Iterator<Item = &ReceptionReport> {
    packets.iter().flat_map(|packet| {
        let any = packet.as_any();
        let of_sender = any.downcast_ref::<SenderReport>().map(|report| &report.reports);
        let of_receiver = any.downcast_ref::<ReceiverReport>().map(|report| &report.reports);
        of_sender.or(of_receiver).into_iter().flatten()
    })
}

/// The peer's clock: 32.32 fixed point seconds.
pub(crate) fn clock(now: Instant) -> u64 {
    let nanos = (now - start_of_time()).as_nanos();
    (CLOCK_BEGINS << 32) + ((nanos << 32) / 1_000_000_000) as u64
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for PeerTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            let told = reports(packets).map(|report| (report.ssrc, report.fraction_lost));
            self.told.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
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
            for packet in packets {
                if let Some(report) = packet.as_any().downcast_ref::<SenderReport>() {
                    *packet = Box::new(SenderReport { ntp_time: clock(message.now), ..report.clone() });
                }
            }
        }
        self.writes.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for PeerTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
