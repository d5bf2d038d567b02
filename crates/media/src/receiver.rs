//! Audio in: packets from the peer as gap-free frames for the handler.

use std::time::{Duration, Instant};

use crate::decode::{AUDIBLE_TICKS, StreamDecoder};
use crate::depacketise::{Content, extend_timestamp};
use crate::drift::Drift;
use crate::frames::FrameMaker;
use crate::interarrival::Interarrival;
use crate::jitter::{Held, JitterBuffer, Place};
use crate::lateness::Lateness;
use crate::opus_packet::fec_ticks;
use crate::stream_clock::{StreamClock, Verdict};
use crate::units::{TICKS_PER_FRAME, TICKS_PER_SECOND, duration_of};
use crate::{MediaError, PipelineOptions, PipelineStats, RtpView};

/// When nothing was to be heard for so long (see [`StreamDecoder::silent`]), silence may be made up in longer steps…
const LONG_SILENCE: u64 = 2 * TICKS_PER_SECOND as u64;
/// …of so much…
const REST: Duration = Duration::from_millis(180);
/// …or of this, when somebody is awake anyway.
const SHORT_REST: Duration = Duration::from_millis(80);

/// Where a stream's extended timestamps begin: far from 0, so that earlier packets have times too.
const FIRST_TIMESTAMP: u64 = 1 << 40;

/// Turns packets into frames, and makes up what is missing.
#[derive(Debug)]
pub(crate) struct Receiver {
    buffer: JitterBuffer,
    decoder: StreamDecoder,
    interarrival: Interarrival,
    lateness: Lateness,
    drift: Drift,
    clock: Option<StreamClock>,
    ssrc: Option<u32>,
    /// The number that would follow a packet too far from the others.
    after_stray: Option<u16>,
    /// The extended timestamp of the stream's end; none before a stream's first packet.
    end: Option<u64>,
    /// Whether packets are missing between the stream's end and the next packet.
    gap_is_loss: bool,
    /// The length of the last packet, in ticks.
    packet_ticks: u32,
    /// Whether the last packet repeated what came before it, so that the next one may bring back a missing one.
    has_copies: bool,
    /// What was made up since the last packet, in ticks.
    made_up: u64,
    /// Nobody minds if silence that goes on is given out late.
    may_rest: bool,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    received: u64,
    lost: u64,
    late: u64,
    duplicate: u64,
    undecodable: u64,
    restarts: u64,
    concealed_ticks: u64,
    recovered_ticks: u64,
    synthesised_ticks: u64,
    trimmed_ticks: u64,
}

impl Receiver {
    pub(crate) fn new(options: &PipelineOptions) -> Result<Self, MediaError> {
        Ok(Self {
            buffer: JitterBuffer::new(options.jitter_min, options.jitter_max),
            decoder: StreamDecoder::new(options.input_rate, options.input_layout)?,
            interarrival: Interarrival::default(),
            lateness: Lateness::new(options.jitter_min, options.jitter_max),
            drift: Drift::new(),
            clock: None,
            ssrc: None,
            after_stray: None,
            end: None,
            gap_is_loss: false,
            packet_ticks: TICKS_PER_FRAME,
            has_copies: false,
            made_up: 0,
            may_rest: true,
            counts: Counts::default(),
        })
    }

    /// The stream begins, whether the peer sends or not.
    pub(crate) fn begin_now(&mut self, now: Instant) {
        self.start(now);
        if let Some(clock) = self.clock.as_mut().filter(|clock| !clock.has_begun()) {
            clock.begin(now);
        }
    }

    /// The peer may send from here on.
    pub(crate) fn start(&mut self, now: Instant) {
        self.clock.get_or_insert_with(|| StreamClock::new(now));
    }

    pub(crate) fn receive(&mut self, now: Instant, packet: RtpView<'_>) {
        self.start(now);
        self.end_rest(now);
        self.counts.received += 1;
        if self.ssrc != Some(packet.ssrc) {
            self.restart(now, packet);
        }
        self.sort_in(now, packet);
        self.release_due(now);
    }

    /// A packet came that holds no audio. When it has a number of the stream, nobody needs to wait for that.
    pub(crate) fn receive_other(&mut self, now: Instant, packet: RtpView<'_>) {
        if self.ssrc == Some(packet.ssrc) {
            self.receive(now, RtpView { payload: &[], ..packet });
        }
    }

    /// Gives up what was waited for long enough, and makes up what is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.release_due(now);
        let rest = if self.rests() { SHORT_REST } else { Duration::ZERO };
        if self.buffer.is_empty() && self.silence_at().is_some_and(|at| at + rest <= now) {
            self.make_up_due(now);
        }
    }

    /// When the next audio is made up, were there no rest.
    fn silence_at(&self) -> Option<Instant> {
        match self.end {
            Some(end) => self.missed_at(end),
            None => self.clock.as_ref().and_then(StreamClock::silence_at),
        }
    }

    fn make_up_due(&mut self, now: Instant) {
        match self.end {
            Some(end) => self.make_up(now, end),
            None => self.make_up_silence(now),
        }
    }

    /// Whether silence is made up in longer steps.
    fn rests(&self) -> bool {
        self.may_rest && self.is_silent()
    }

    /// A packet is here: what is missing before it is made up as if nobody had rested.
    fn end_rest(&mut self, now: Instant) {
        if self.rests() && self.buffer.is_empty() {
            self.make_up_due(now);
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let rest = if self.rests() { REST } else { Duration::ZERO };
        self.buffer.gives_up_at().or_else(|| self.silence_at().map(|at| at + rest))
    }

    pub(crate) fn take_frame(&mut self) -> Option<&[i16]> {
        self.decoder.frames_mut().take()
    }

    /// The real time at which the stream's end belongs, what waits to be given out included; none before it has begun.
    pub(crate) fn end(&self) -> Option<Instant> {
        self.clock.as_ref().filter(|clock| clock.has_begun()).map(StreamClock::end)
    }

    /// Whether nothing is to be heard, and nothing has been for a while.
    pub(crate) fn is_silent(&self) -> bool {
        self.decoder.silent() >= LONG_SILENCE || self.clock.as_ref().is_none_or(|clock| !clock.has_begun())
    }

    /// How long before the stream's end that timestamp's audio is, in nanoseconds; none before a stream's first packet.
    pub(crate) fn until_end(&self, timestamp: u32) -> Option<i64> {
        let ticks = self.end?.wrapping_sub(self.extend(timestamp)).cast_signed();
        ticks.checked_mul(1_000_000_000).map(|nanos| nanos / i64::from(TICKS_PER_SECOND))
    }

    /// The stream's source.
    pub(crate) fn source(&self) -> Option<u32> {
        self.ssrc
    }

    /// Packets received and lost.
    pub(crate) fn packets(&self) -> (u64, u64) {
        (self.counts.received, self.counts.lost)
    }

    /// Samples of each channel that wait to be given out.
    pub(crate) fn waiting(&self) -> u64 {
        self.decoder.waiting()
    }

    /// Says whether nobody minds when what is too faint for speech is given out as silence, and some packets late.
    pub(crate) fn doze(&mut self, is_wanted: bool) {
        self.may_rest = is_wanted;
        self.decoder.doze(is_wanted);
    }

    /// What is ready for the handler.
    pub(crate) fn frames(&self) -> &FrameMaker {
        self.decoder.frames()
    }

    pub(crate) fn count(&self, stats: &mut PipelineStats) {
        let frames = |ticks: u64| ticks / u64::from(TICKS_PER_FRAME);
        stats.received = self.counts.received;
        stats.lost = self.counts.lost;
        stats.late = self.counts.late;
        stats.duplicate = self.counts.duplicate;
        stats.undecodable = self.counts.undecodable + self.decoder.undecodable();
        stats.restarts = self.counts.restarts;
        stats.concealed = frames(self.counts.concealed_ticks);
        stats.fec_recovered = frames(self.counts.recovered_ticks);
        stats.synthesised = frames(self.counts.synthesised_ticks + self.unheard_ticks());
        stats.trimmed = frames(self.counts.trimmed_ticks);
        stats.frames = self.decoder.frames().taken();
        stats.input_dropped = self.decoder.frames().dropped();
        stats.jitter = self.interarrival.jitter();
        stats.reorder_allowance = self.buffer.allowance();
        stats.drift_ppm = self.drift.ppm();
    }

    fn sort_in(&mut self, now: Instant, packet: RtpView<'_>) {
        let (sequence, place) = self.buffer.place(packet.sequence_number);
        if place != Place::Stray {
            self.after_stray = None;
        }
        match place {
            Place::Next => {
                self.measure(now, sequence, packet);
                self.play(now, sequence, packet.timestamp, packet.payload);
            }
            Place::Ahead => {
                self.measure(now, sequence, packet);
                self.hold(now, sequence, packet);
            }
            Place::Late => {
                self.measure(now, sequence, packet);
                self.counts.late += 1;
            }
            Place::Duplicate => self.counts.duplicate += 1,
            Place::Stray => self.stray(now, packet),
        }
    }

    /// One packet far off may be a mistake; a second one after it is a new numbering (RFC 3550, appendix A.1).
    fn stray(&mut self, now: Instant, packet: RtpView<'_>) {
        let number = packet.sequence_number;
        if self.after_stray.replace(number.wrapping_add(1)) == Some(number) {
            self.restart(now, packet);
            self.sort_in(now, packet);
        } else {
            self.counts.late += 1;
        }
    }

    fn hold(&mut self, now: Instant, sequence: u64, packet: RtpView<'_>) {
        if self.buffer.is_full() {
            self.release_first(now);
        }
        if self.buffer.missing_before(sequence) > 0 && !self.is_made_up_to(packet) {
            return self.buffer.hold(now, sequence, packet.timestamp, packet.payload);
        }
        self.buffer.give_up_before(now, sequence);
        self.play(now, sequence, packet.timestamp, packet.payload);
    }

    /// Whether all that is missing before a packet was made up already, so that nothing is gained by waiting.
    fn is_made_up_to(&self, packet: RtpView<'_>) -> bool {
        self.buffer.is_empty()
            && self.made_up > 0
            && self.end.is_some_and(|end| self.extend(packet.timestamp) <= end)
    }

    fn release_due(&mut self, now: Instant) {
        while let Some(held) = self.buffer.release_due(now) {
            self.play_held(now, held);
        }
    }

    fn release_first(&mut self, now: Instant) {
        if let Some(held) = self.buffer.release() {
            self.play_held(now, held);
        }
    }

    fn play_held(&mut self, now: Instant, held: Held) {
        self.play(now, held.sequence, held.timestamp, &held.payload);
        self.buffer.recycle(held.payload);
    }

    /// Another stream begins with this packet.
    fn restart(&mut self, now: Instant, packet: RtpView<'_>) {
        while !self.buffer.is_empty() {
            self.release_first(now);
        }
        if self.ssrc.replace(packet.ssrc).is_some() {
            self.counts.restarts += 1;
        }
        self.settle(false);
        self.buffer.restart(packet.sequence_number);
        self.decoder.restart();
        self.restart_clock();
        self.after_stray = None;
        self.gap_is_loss = false;
        self.has_copies = false;
        self.end = None;
    }

    /// What is known of the peer's clock means nothing any more.
    fn restart_clock(&mut self) {
        self.interarrival.restart();
        self.lateness.restart();
        self.drift.restart();
    }

    fn measure(&mut self, now: Instant, sequence: u64, packet: RtpView<'_>) {
        self.buffer.learn(now, sequence);
        if let Content::Audio(_) = Content::of(packet.payload) {
            let timestamp = self.extend(packet.timestamp);
            self.interarrival.arrived(now, timestamp);
            self.follow(now, timestamp);
        }
    }

    fn follow(&mut self, now: Instant, timestamp: u64) {
        let transit = self.lateness.arrived(now, timestamp);
        self.drift.arrived(now, transit);
    }

    fn extend(&self, timestamp: u32) -> u64 {
        match self.end {
            Some(end) => extend_timestamp(end, timestamp),
            None => FIRST_TIMESTAMP + u64::from(timestamp),
        }
    }

    /// Gives the handler a packet whose turn has come, after what is missing before it.
    fn play(&mut self, now: Instant, sequence: u64, timestamp: u32, payload: &[u8]) {
        let missing = self.buffer.missing_before(sequence);
        self.buffer.advance(sequence);
        self.counts.lost += missing;
        self.gap_is_loss |= missing > 0;
        match Content::of(payload) {
            Content::Empty => {}
            Content::Undecodable => {
                self.counts.undecodable += 1;
                self.gap_is_loss = true;
            }
            Content::Audio(ticks) => self.play_audio(now, timestamp, payload, ticks),
        }
    }

    fn play_audio(&mut self, now: Instant, timestamp: u32, payload: &[u8], ticks: u32) {
        let begin = self.align(now, timestamp, payload);
        self.end = Some(begin + u64::from(ticks));
        self.gap_is_loss = false;
        self.packet_ticks = ticks;
        self.has_copies = fec_ticks(payload).is_some();
        let due = self.lateness.due(begin);
        match self.clock.as_mut().map(|clock| clock.arrive(now, due, ticks)) {
            Some(Verdict::Play(pace)) => {
                let heard = self.decoder.decode(payload, ticks, pace, false);
                self.played(ticks, heard);
            }
            Some(Verdict::PlayUnlessQuiet(pace)) => {
                let heard = self.decoder.decode(payload, ticks, pace, true);
                self.played(ticks, heard);
            }
            Some(Verdict::Drop) | None => self.counts.late += 1,
        }
    }

    /// So much of a packet was heard, if it could be decoded.
    fn played(&mut self, ticks: u32, heard: Option<u32>) {
        let Some(clock) = &mut self.clock else { return };
        match heard {
            Some(0) => self.counts.trimmed_ticks += u64::from(ticks),
            Some(heard) => clock.advance(heard.into()),
            None => {
                self.counts.undecodable += 1;
                self.conceal(ticks.into());
            }
        }
    }

    /// Fills the time between the stream's end and a packet. Returns the packet's extended timestamp.
    fn align(&mut self, now: Instant, timestamp: u32, payload: &[u8]) -> u64 {
        let (behind, believable) =
            self.clock.as_ref().map_or((0, 0), |clock| (clock.behind(now), clock.believable(now)));
        let begin = self.extend(timestamp);
        let Some(end) = self.end else {
            self.begin(now, behind);
            return begin;
        };
        let (gap, overlap) = (begin.saturating_sub(end), end.saturating_sub(begin));
        // What was made up while packets were delayed, or while the peer's clock stood still, overlaps with them.
        if gap > believable || overlap > self.made_up + u64::from(TICKS_PER_FRAME) {
            self.settle(self.gap_is_loss);
            self.counts.restarts += 1;
            self.restart_clock();
            self.follow(now, begin);
            self.synthesise(behind);
        } else if self.gap_is_loss {
            self.settle(true);
            self.recover(gap, payload);
        } else {
            self.settle(overlap > 0);
            self.synthesise(gap);
        }
        begin
    }

    fn begin(&mut self, now: Instant, behind: u64) {
        match &mut self.clock {
            Some(clock) if !clock.has_begun() => clock.begin(now),
            _ => self.synthesise(behind),
        }
    }

    /// When the packet that begins where the stream ends is given up although none behind it is here.
    fn missed_at(&self, end: u64) -> Option<Instant> {
        let clock = self.clock.as_ref()?;
        let due = self.lateness.due(end).map_or(clock.end(), |due| due.max(clock.end()));
        // The packet behind a missing one may bring it back.
        let copy = if self.has_copies { duration_of(self.packet_ticks.into()) } else { Duration::ZERO };
        Some(due + self.lateness.patience() + copy)
    }

    /// Makes up what the peer should have sent by now.
    fn make_up(&mut self, now: Instant, mut end: u64) {
        end += self.clock.as_mut().map_or(0, |clock| clock.skip_to(now));
        while self.missed_at(end).is_some_and(|at| at <= now) {
            let ticks = u64::from(self.packet_ticks.min(TICKS_PER_FRAME));
            self.made_up += ticks;
            self.fill(ticks);
            end += ticks;
            self.end = Some(end);
        }
    }

    /// Makes up silence for a new stream of which nothing could be heard yet.
    fn make_up_silence(&mut self, now: Instant) {
        let ticks = self.clock.as_mut().map_or(0, |clock| clock.silence_due(now));
        self.counts.synthesised_ticks += ticks;
        self.decoder.fill(ticks);
    }

    /// Now that a packet is here it is known why something was made up: for packets that were missing or late, or
    /// because the peer sent nothing.
    fn settle(&mut self, was_missing: bool) {
        let unheard = self.unheard_ticks();
        let audible = std::mem::take(&mut self.made_up) - unheard;
        let because =
            if was_missing { &mut self.counts.concealed_ticks } else { &mut self.counts.synthesised_ticks };
        *because += audible;
        self.counts.synthesised_ticks += unheard;
    }

    /// The silence in what was made up since the last packet: too long to be a mere loss.
    fn unheard_ticks(&self) -> u64 {
        self.made_up.saturating_sub(AUDIBLE_TICKS.into())
    }

    /// Fills a gap of lost packets; the last of them may have a copy in the packet behind it.
    fn recover(&mut self, gap: u64, payload: &[u8]) {
        let copied = fec_ticks(payload).filter(|ticks| u64::from(*ticks) <= gap);
        let Some(ticks) = copied else { return self.conceal(gap) };
        self.conceal(gap - u64::from(ticks));
        if self.decoder.recover(payload, ticks).is_none() {
            return self.conceal(ticks.into());
        }
        self.counts.recovered_ticks += u64::from(ticks);
        if let Some(clock) = &mut self.clock {
            clock.advance(ticks.into());
        }
    }

    fn conceal(&mut self, ticks: u64) {
        self.counts.concealed_ticks += ticks;
        self.fill(ticks);
    }

    fn synthesise(&mut self, ticks: u64) {
        self.counts.synthesised_ticks += ticks;
        self.fill(ticks);
    }

    fn fill(&mut self, ticks: u64) {
        self.decoder.fill(ticks);
        if let Some(clock) = &mut self.clock {
            clock.advance(ticks);
        }
    }
}
