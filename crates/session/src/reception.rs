//! What is told of a source in reception reports (RFC 3550, section 6.4.1 and appendix A).

use rtc::rtcp::reception_report::ReceptionReport;
use std::time::{Duration, Instant};

/// The report's counter of lost packets has 24 bits, of which one is its sign.
const MAX_LOST: i64 = 0x7f_ffff;

/// Counts what came of one source.
#[derive(Debug)]
pub(crate) struct Reception {
    source: u32,
    /// Ticks of its RTP clock in a second.
    clock: u32,
    began: Instant,
    first: u64,
    highest: u64,
    received: u64,
    /// What was expected and received at the last report.
    reported: (u64, u64),
    transit: Option<u32>,
    /// In sixteenths of a tick.
    jitter: u32,
    /// The middle of the NTP time of the last sender report, and when it came.
    sender_report: Option<(u32, Instant)>,
}

impl Reception {
    /// Begins with a source's first packet. Its RTP clock has so many ticks in a second.
    pub(crate) fn new(now: Instant, source: u32, number: u16, clock: u32) -> Self {
        // Far from 0, so that earlier packets have numbers too.
        let first = (1 << 16) + u64::from(number);
        Self {
            source,
            clock,
            began: now,
            first,
            highest: first,
            received: 0,
            reported: (0, 0),
            transit: None,
            jitter: 0,
            sender_report: None,
        }
    }

    /// Whose packets are counted.
    pub(crate) fn source(&self) -> u32 {
        self.source
    }

    pub(crate) fn received(&mut self, now: Instant, number: u16, timestamp: u32) {
        self.received += 1;
        let step = number.wrapping_sub(self.highest as u16).cast_signed();
        if step > 0 {
            self.highest += step.unsigned_abs() as u64;
        }
        let arrival = self.ticks(now.saturating_duration_since(self.began));
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs().min(self.clock * 10);
            self.jitter = self.jitter.wrapping_add(difference).wrapping_sub((self.jitter + 8) >> 4);
        }
    }

    /// The source told its time.
    pub(crate) fn sender_report(&mut self, now: Instant, ntp: u64) {
        self.sender_report = Some(((ntp >> 16) as u32, now));
    }

    /// What to tell now.
    pub(crate) fn report(&mut self, now: Instant) -> ReceptionReport {
        let expected = self.highest - self.first + 1;
        let (expected_before, received_before) =
            std::mem::replace(&mut self.reported, (expected, self.received));
        let interval = expected - expected_before;
        let lost = interval.saturating_sub(self.received - received_before);
        let (last_sender_report, delay) = self.sender_report.map_or((0, 0), |(ntp, at)| {
            let kept = now.saturating_duration_since(at);
            (ntp, u32::try_from(kept.as_nanos() * 65_536 / 1_000_000_000).unwrap_or(u32::MAX))
        });
        ReceptionReport {
            ssrc: self.source,
            fraction_lost: (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8,
            total_lost: (expected as i64 - self.received as i64).clamp(0, MAX_LOST) as u32,
            last_sequence_number: (self.highest - (1 << 16)) as u32,
            jitter: self.jitter >> 4,
            last_sender_report,
            delay,
        }
    }

    /// Share of the packets since the last report that are missing, 0 to 1, and how many were expected.
    pub(crate) fn loss(&self) -> (f32, u64) {
        let expected = self.highest - self.first + 1 - self.reported.0;
        let received = self.received - self.reported.1;
        (expected.saturating_sub(received) as f32 / expected.max(1) as f32, expected)
    }

    fn ticks(&self, duration: Duration) -> u32 {
        (duration.as_nanos() * u128::from(self.clock) / 1_000_000_000) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{millis, start_of_time};

    #[test]
    fn a_report_tells_the_loss_since_the_last_one_and_of_all_time() {
        let now = start_of_time();
        let mut reception = Reception::new(now, 7, 65_530, 90_000);
        for number in (0..20_u16).filter(|number| number % 4 != 3) {
            reception.received(
                now + millis(number.into()),
                65_530_u16.wrapping_add(number),
                90 * u32::from(number),
            );
        }
        reception.sender_report(now, 0x1234_5678_9abc_def0);
        let report = reception.report(now + millis(500));
        // 18 are the last that came: of 19 expected ones 15 are here.
        assert_eq!((report.fraction_lost, report.total_lost), (53, 4));
        assert_eq!(report.last_sequence_number, 65_530 + 18, "with the wraps above 16 bits");
        assert_eq!((report.last_sender_report, report.delay), (0x5678_9abc, 32_768));
        assert_eq!(report.jitter, 0, "as regular as they were sent");
        let again = reception.report(now + millis(600));
        assert_eq!((again.fraction_lost, again.total_lost), (0, 4));
    }

    #[test]
    fn jitter_follows_the_example_of_the_rfc() {
        let now = start_of_time();
        let mut reception = Reception::new(now, 7, 0, 90_000);
        reception.received(now, 0, 0);
        reception.received(now + millis(16), 1, 0);
        // 16 ms are 1,440 ticks, and a sixteenth of that is taken at a time.
        assert_eq!(reception.report(now).jitter, 90);
    }
}
