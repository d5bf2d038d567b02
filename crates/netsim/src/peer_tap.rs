//! Lets a peer see all RTCP, and tells virtual time in its reports.

use crate::start_of_time;
use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::time::Instant;

/// Nearest to the wire.
pub(crate) const SLOT: usize = 500;

/// Where a peer's clock begins, in seconds; any number will do.
const CLOCK_BEGINS: u64 = 3_000_000_000;

#[derive(Default)]
pub(crate) struct PeerTap {
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
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
        if matches!(message.message.packet, Packet::Rtcp(_)) {
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
