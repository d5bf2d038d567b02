//! Audio in: packets from the peer as gap-free frames for the handler.

use std::time::Instant;

use crate::decode::StreamDecoder;
use crate::depacketise::{Content, extend_timestamp};
use crate::interarrival::Interarrival;
use crate::jitter::{Held, JitterBuffer, Place};
use crate::stream_clock::{StreamClock, Verdict};
use crate::units::TICKS_PER_FRAME;
use crate::{MediaError, PipelineOptions, PipelineStats, RtpView};

/// Turns packets into frames, and makes up what is missing.
#[derive(Debug)]
pub(crate) struct Receiver {
    buffer: JitterBuffer,
    decoder: StreamDecoder,
    interarrival: Interarrival,
    clock: Option<StreamClock>,
    ssrc: Option<u32>,
    /// The number that would follow a packet too far from the others.
    after_stray: Option<u16>,
    /// The extended timestamp of the stream's end; none before a stream's first packet.
    end: Option<u64>,
    /// Whether packets are missing between the stream's end and the next packet.
    gap_is_loss: bool,
    /// Silence made up since the last packet, in ticks.
    silence: u64,
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
    synthesised_ticks: u64,
    trimmed_ticks: u64,
}

impl Receiver {
    pub(crate) fn new(options: &PipelineOptions) -> Result<Self, MediaError> {
        Ok(Self {
            buffer: JitterBuffer::new(options.jitter_min, options.jitter_max),
            decoder: StreamDecoder::new(options.input_rate, options.input_layout)?,
            interarrival: Interarrival::default(),
            clock: None,
            ssrc: None,
            after_stray: None,
            end: None,
            gap_is_loss: false,
            silence: 0,
            counts: Counts::default(),
        })
    }

    /// From here on silence is made up while nothing comes.
    pub(crate) fn start(&mut self, now: Instant) {
        self.clock.get_or_insert_with(|| StreamClock::new(now));
    }

    pub(crate) fn receive(&mut self, now: Instant, packet: RtpView<'_>) {
        self.start(now);
        self.counts.received += 1;
        if self.ssrc != Some(packet.ssrc) {
            self.restart(now, packet);
        }
        self.sort_in(now, packet);
        self.release_due(now);
    }

    /// Gives up what was waited for long enough, and makes up silence that is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.release_due(now);
        if let Some(clock) = self.clock.as_mut().filter(|_| self.buffer.is_empty()) {
            let ticks = clock.silence_due(now);
            self.silence += ticks;
            self.counts.synthesised_ticks += ticks;
            self.end = self.end.map(|end| end + ticks);
            self.decoder.fill(ticks);
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.buffer.gives_up_at().or_else(|| self.clock.as_ref().map(StreamClock::silence_at))
    }

    pub(crate) fn has_frame(&self) -> bool {
        self.decoder.frames().is_ready()
    }

    pub(crate) fn take_frame(&mut self) -> Option<&[i16]> {
        self.decoder.frames_mut().take()
    }

    pub(crate) fn count(&self, stats: &mut PipelineStats) {
        let frames = |ticks: u64| ticks / u64::from(TICKS_PER_FRAME);
        stats.received = self.counts.received;
        stats.lost = self.counts.lost;
        stats.late = self.counts.late;
        stats.duplicate = self.counts.duplicate;
        stats.undecodable = self.counts.undecodable;
        stats.restarts = self.counts.restarts;
        stats.concealed = frames(self.counts.concealed_ticks);
        stats.synthesised = frames(self.counts.synthesised_ticks);
        stats.trimmed = frames(self.counts.trimmed_ticks);
        stats.frames = self.decoder.frames().taken();
        stats.input_dropped = self.decoder.frames().dropped();
        stats.jitter = self.interarrival.jitter();
    }

    fn sort_in(&mut self, now: Instant, packet: RtpView<'_>) {
        let (sequence, place) = self.buffer.place(packet.sequence_number);
        if place != Place::Stray {
            self.after_stray = None;
        }
        match place {
            Place::Next => {
                self.measure(now, packet);
                self.play(now, sequence, packet.timestamp, packet.payload);
            }
            Place::Ahead => {
                self.measure(now, packet);
                self.hold(now, sequence, packet);
            }
            Place::Late => self.counts.late += 1,
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
        match self.buffer.missing_before(sequence) {
            0 => self.play(now, sequence, packet.timestamp, packet.payload),
            _ => self.buffer.hold(now, sequence, packet.timestamp, packet.payload),
        }
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
        self.buffer.restart(packet.sequence_number);
        self.decoder.restart();
        self.interarrival.restart();
        self.after_stray = None;
        self.gap_is_loss = false;
        self.end = None;
    }

    fn measure(&mut self, now: Instant, packet: RtpView<'_>) {
        if let (Some(end), Content::Audio(_)) = (self.end, Content::of(packet.payload)) {
            self.interarrival.arrived(now, extend_timestamp(end, packet.timestamp));
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
        let begin = self.align(now, timestamp);
        self.end = Some(begin + u64::from(ticks));
        self.silence = 0;
        self.gap_is_loss = false;
        match self.clock.as_mut().map(|clock| clock.arrive(now, ticks)) {
            Some(Verdict::Play) => {
                let decoded = self.decoder.decode(payload, ticks);
                self.played(ticks, decoded.map(|()| true));
            }
            Some(Verdict::PlayUnlessQuiet) => {
                let heard = self.decoder.decode_unless_quiet(payload, ticks);
                self.played(ticks, heard);
            }
            Some(Verdict::Drop) | None => self.counts.late += 1,
        }
    }

    /// A packet was heard, left out, or could not be decoded.
    fn played(&mut self, ticks: u32, heard: Option<bool>) {
        let Some(clock) = &mut self.clock else { return };
        match heard {
            Some(true) => clock.advance(ticks.into()),
            Some(false) => {
                clock.left_out(ticks);
                self.counts.trimmed_ticks += u64::from(ticks);
            }
            None => {
                self.counts.undecodable += 1;
                self.conceal(ticks.into());
            }
        }
    }

    /// Fills the time between the stream's end and a packet. Returns the packet's extended timestamp.
    fn align(&mut self, now: Instant, timestamp: u32) -> u64 {
        let (behind, believable) =
            self.clock.as_ref().map_or((0, 0), |clock| (clock.behind(now), clock.believable(now)));
        let Some(end) = self.end else {
            return self.begin(now, timestamp, behind);
        };
        let begin = extend_timestamp(end, timestamp);
        let (gap, overlap) = (begin.saturating_sub(end), end.saturating_sub(begin));
        // What was made up while packets were delayed, or while the peer's clock stood still, overlaps with them.
        if gap > believable || overlap > self.silence + u64::from(TICKS_PER_FRAME) {
            self.counts.restarts += 1;
            self.interarrival.restart();
            self.synthesise(behind);
        } else if self.gap_is_loss {
            self.conceal(gap);
        } else {
            self.synthesise(gap);
        }
        begin
    }

    fn begin(&mut self, now: Instant, timestamp: u32, behind: u64) -> u64 {
        if self.counts.restarts > 0 {
            self.synthesise(behind);
        } else if let Some(clock) = &mut self.clock {
            clock.begin(now);
        }
        // Far from 0, so that earlier packets have times too.
        (1 << 40) + u64::from(timestamp)
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
