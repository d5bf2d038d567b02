//! Audio of sources that the core doesn't know: how it leaves the core's chain, and what the peer is told of it.

use crate::reception::Reception;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtp::Packet as RtpPacket;
use rtc::rtp::header::Header;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Ticks of Opus's RTP clock in a second (RFC 7587, section 4.1).
const CLOCK: u32 = 48_000;
/// How often the peer is told of such a source: as often as the core tells of others.
const REPORT_EACH: Duration = Duration::from_secs(1);
/// Most packets that wait: they are taken after each datagram.
const MAX_STRAYS: usize = 256;

/// Packets of sources that the core (rtc 0.21.1) would drop: it knows those that an offer declares, or else the first that comes,
/// and a peer may change its source without a word (RFC 3550, section 8.2). The session and the chain inside of the core both hold them;
/// one thread runs them, so nobody ever waits for the lock.
#[derive(Clone, Default)]
pub(crate) struct Strays(Arc<Mutex<Stray>>);

#[derive(Default)]
struct Stray {
    packets: VecDeque<RtpPacket>,
    /// The sources that the core has bound.
    known: Vec<u32>,
}

impl Strays {
    fn lock(&self) -> MutexGuard<'_, Stray> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a packet that the core would drop. What is not taken is given back.
    pub(crate) fn take(&self, packet: RtpPacket) -> Option<RtpPacket> {
        let mut stray = self.lock();
        if stray.known.contains(&packet.header.ssrc) {
            return Some(packet);
        }
        if stray.packets.len() < MAX_STRAYS {
            stray.packets.push_back(packet);
        }
        None
    }

    /// The core has bound a source…
    pub(crate) fn bound(&self, source: u32) {
        let known = &mut self.lock().known;
        if !known.contains(&source) {
            known.push(source);
        }
    }

    /// …or let go of one.
    pub(crate) fn unbound(&self, source: u32) {
        self.lock().known.retain(|known| *known != source);
    }

    /// Another offer was answered: the core forgets which sources it bound, and binds again what comes then. It says nothing of it.
    pub(crate) fn renegotiated(&self) {
        self.lock().known.clear();
    }

    /// The oldest, decrypted.
    pub(crate) fn next(&self) -> Option<RtpPacket> {
        self.lock().packets.pop_front()
    }
}

/// What the peer is told of the one that is heard.
#[derive(Debug, Default)]
pub(crate) struct StrayReports(Option<(Reception, Instant)>);

impl StrayReports {
    /// A packet was heard. What is to be told now.
    pub(crate) fn received(&mut self, now: Instant, header: &Header) -> Option<ReceptionReport> {
        let (source, number) = (header.ssrc, header.sequence_number);
        let known = self.0.take().filter(|(reception, _)| reception.source() == source);
        let (reception, reported_at) =
            self.0.insert(known.unwrap_or_else(|| (Reception::new(now, source, number, CLOCK), now)));
        reception.received(now, number, header.timestamp);
        if now.saturating_duration_since(*reported_at) < REPORT_EACH {
            return None;
        }
        *reported_at = now;
        Some(reception.report(now))
    }
}
