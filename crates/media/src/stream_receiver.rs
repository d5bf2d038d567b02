//! Audio in from a stream: payloads of any length, in order and without numbers or times, as gap-free frames for the
//! handler.
//!
//! Nothing is lost on the way, so there is nothing to restore and nothing to sort. What is left is time. Payloads count it
//! by their lengths; one that comes a little late is waited for, and leaves no trace. After that silence is made up in real
//! time. Should the payloads have been held up rather than not sent, they come in a burst, and the handler's stream is
//! ahead by the silence; it is brought back as after a burst of packets, and so is the drift of the far end's clock.

use std::time::{Duration, Instant};

use crate::drift::Drift;
use crate::frames::FrameMaker;
use crate::interarrival::Interarrival;
use crate::lateness::Lateness;
use crate::slew::Slew;
use crate::stream_clock::{StreamClock, Verdict};
use crate::units::{TICKS_PER_FRAME, TICKS_PER_SECOND};
use crate::wire_decoder::WireDecoder;
use crate::{FRAME_DURATION, MediaError, PipelineOptions, PipelineStats, SampleRate, WireOptions, pcm};

/// So late a payload may come before silence is made up for it: a retransmission, or an event loop that was busy.
const PATIENCE: Duration = Duration::from_millis(150);

/// How far the handler's stream may be ahead of real time; what comes beyond that is dropped.
const MAX_AHEAD: Duration = Duration::from_secs(5);

/// In so much time it shows whether the first payload itself was late.
const SETTLING: Duration = Duration::from_secs(5);

/// Audio that breaks off decays for this part of a frame: 5 ms.
const DECAY: usize = 4;

/// Turns payloads into frames, and makes up what is not sent.
#[derive(Debug)]
pub(crate) struct StreamReceiver {
    decoder: WireDecoder,
    /// Of what is decoded.
    rate: SampleRate,
    channels: usize,
    frames: FrameMaker,
    slew: Slew,
    interarrival: Interarrival,
    lateness: Lateness,
    drift: Drift,
    clock: Option<StreamClock>,
    /// Until when the first payload may turn out to have been late.
    settles: Option<Instant>,
    /// Samples decoded so far, all channels counted: the far end's time.
    decoded: u64,
    /// Silence was made up since the last payload.
    is_silent: bool,
    /// The last sample of each channel that was given out.
    last: [i16; 2],
    /// The frame in which audio that broke off decays.
    decay: Vec<i16>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    received: u64,
    undecodable: u64,
    synthesised_ticks: u64,
    trimmed_ticks: u64,
    dropped_ticks: u64,
}

impl StreamReceiver {
    pub(crate) fn new(options: &PipelineOptions, wire: &WireOptions) -> Result<Self, MediaError> {
        let decoder = WireDecoder::new(wire.codec, wire.input_rate, options)?;
        let (rate, layout) = (decoder.rate(), options.input_layout);
        Ok(Self {
            frames: FrameMaker::new(rate, options.input_rate, layout)?,
            decay: vec![0; decoder.frame_length()],
            decoder,
            rate,
            channels: layout.channels(),
            slew: Slew::default(),
            interarrival: Interarrival::default(),
            lateness: Lateness::new(Duration::ZERO, PATIENCE),
            drift: Drift::new(),
            clock: None,
            settles: None,
            decoded: 0,
            is_silent: false,
            last: [0; 2],
            counts: Counts::default(),
        })
    }

    /// The peer may send from here on.
    pub(crate) fn start(&mut self, now: Instant) {
        self.clock.get_or_insert_with(|| StreamClock::with_lead(now, MAX_AHEAD));
    }

    pub(crate) fn receive(&mut self, now: Instant, payload: &[u8]) {
        self.start(now);
        self.counts.received += 1;
        let (from, waiting) = (self.decoded, self.decoder.waiting());
        if self.decoder.push(payload).is_none() {
            self.counts.undecodable += 1;
            return;
        }
        self.decoded += self.decoder.waiting() - waiting;
        if from == 0 {
            self.begin(now);
        } else if std::mem::take(&mut self.is_silent) {
            self.go_on(now);
        }
        self.follow(now, from, waiting);
        self.play(now, from - waiting);
    }

    /// Makes up the silence that is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        if self.silence_at().is_none_or(|at| at > now) {
            return;
        }
        if !std::mem::replace(&mut self.is_silent, true) {
            self.break_off();
        }
        if let Some(clock) = &mut self.clock {
            clock.skip_to(now);
        }
        while self.silence_at().is_some_and(|at| at <= now) {
            self.make_up(TICKS_PER_FRAME.into());
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.silence_at()
    }

    pub(crate) fn take_frame(&mut self) -> Option<&[i16]> {
        self.frames.take()
    }

    /// The real time at which the stream's end belongs; none before it has begun.
    pub(crate) fn end(&self) -> Option<Instant> {
        self.clock.as_ref().filter(|clock| clock.has_begun()).map(StreamClock::end)
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_silent(&self) -> bool {
        self.clock.as_ref().is_none_or(|clock| !clock.has_begun())
    }

    /// Payloads received.
    pub(crate) fn received(&self) -> u64 {
        self.counts.received
    }

    /// What is ready for the handler.
    pub(crate) fn frames(&self) -> &FrameMaker {
        &self.frames
    }

    pub(crate) fn count(&self, stats: &mut PipelineStats) {
        let frames = |ticks: u64| ticks / u64::from(TICKS_PER_FRAME);
        stats.received = self.counts.received;
        stats.undecodable = self.counts.undecodable;
        stats.synthesised = frames(self.counts.synthesised_ticks);
        stats.trimmed = frames(self.counts.trimmed_ticks);
        stats.frames = self.frames.taken();
        stats.input_dropped = self.frames.dropped() + frames(self.counts.dropped_ticks);
        stats.jitter = self.interarrival.jitter();
        stats.drift_ppm = self.drift.ppm();
    }

    /// When silence is due next; never before the first payload.
    fn silence_at(&self) -> Option<Instant> {
        let patience = if self.is_silent { FRAME_DURATION } else { PATIENCE };
        self.clock.as_ref().filter(|clock| clock.has_begun()).map(|clock| clock.end() + patience)
    }

    /// The first payload of all is here.
    fn begin(&mut self, now: Instant) {
        self.is_silent = false;
        self.settles = Some(now + SETTLING);
        if let Some(clock) = &mut self.clock {
            clock.begin(now);
        }
    }

    /// Audio follows silence. Nobody knows yet whether it is late.
    fn go_on(&mut self, now: Instant) {
        self.settles = None;
        self.lateness.restart();
        self.interarrival.restart();
        let behind = self.clock.as_ref().map_or(0, |clock| clock.behind(now));
        self.make_up(behind);
    }

    /// A payload came that begins there in the far end's time, while so much of what came before it waits.
    fn follow(&mut self, now: Instant, from: u64, waiting: u64) {
        let timestamp = self.ticks_of(from);
        self.interarrival.arrived(now, timestamp);
        let transit = self.lateness.arrived(now, timestamp);
        self.drift.arrived(now, transit);
        // The stream began late if a payload shows soon that it could have begun earlier.
        let due = self.lateness.due(self.ticks_of(from - waiting));
        if let (Some(until), Some(clock), Some(due)) = (self.settles, &mut self.clock, due)
            && now < until
            && due < clock.end()
        {
            clock.begin(due);
        }
    }

    /// Gives the handler all whole blocks; the first begins there.
    fn play(&mut self, now: Instant, mut from: u64) {
        let channels = self.channels;
        while let Some(block) = self.decoder.take() {
            let to = from + block.len() as u64;
            let begin = ticks_of(from, channels, self.rate);
            let ticks = ticks_of(to, channels, self.rate) - begin;
            from = to;
            let Some(clock) = &mut self.clock else { return };
            let pace = match clock.arrive(now, self.lateness.due(begin), ticks as u32) {
                Verdict::Drop => {
                    self.counts.dropped_ticks += ticks;
                    continue;
                }
                Verdict::PlayUnlessQuiet(_) if pcm::is_quiet(block) => {
                    self.counts.trimmed_ticks += ticks;
                    continue;
                }
                Verdict::Play(pace) | Verdict::PlayUnlessQuiet(pace) => pace,
            };
            self.last[..channels].copy_from_slice(&block[block.len() - channels..]);
            let heard = self.slew.stretch(block, channels, pace);
            self.frames.push(heard);
            clock.advance(ticks * heard.len() as u64 / block.len() as u64);
        }
    }

    /// Audio breaks off: what there is of it is given out, and then it decays.
    fn break_off(&mut self) {
        let channels = self.channels;
        let rest = self.decoder.take_rest();
        if let Some(at) = rest.len().checked_sub(channels) {
            self.last[..channels].copy_from_slice(&rest[at..]);
        }
        self.frames.push(rest);
        let ticks = ticks_of(rest.len() as u64, channels, self.rate) + u64::from(TICKS_PER_FRAME);
        let length = self.decay.len() / DECAY;
        for (n, sample) in self.decay.iter_mut().enumerate() {
            let gain = 1.0 - (n + 1) as f32 / length as f32;
            *sample = (f32::from(self.last[n % channels]) * gain.max(0.0)) as i16;
        }
        self.frames.push(&self.decay);
        self.counts.synthesised_ticks += u64::from(TICKS_PER_FRAME);
        if let Some(clock) = &mut self.clock {
            clock.advance(ticks);
        }
    }

    fn make_up(&mut self, ticks: u64) {
        let made_up = self.counts.synthesised_ticks;
        self.counts.synthesised_ticks += ticks;
        // By the sum, for 20 ms may be no whole number of samples.
        let up_to = |ticks: u64| ticks * u64::from(self.rate.hz()) / u64::from(TICKS_PER_SECOND);
        self.frames.push_silence((up_to(made_up + ticks) - up_to(made_up)) as usize);
        if let Some(clock) = &mut self.clock {
            clock.advance(ticks);
        }
    }

    fn ticks_of(&self, samples: u64) -> u64 {
        ticks_of(samples, self.channels, self.rate)
    }
}

/// How long so many samples are, all channels counted, in ticks of the RTP clock.
fn ticks_of(samples: u64, channels: usize, rate: SampleRate) -> u64 {
    samples / channels as u64 * u64::from(TICKS_PER_SECOND) / u64::from(rate.hz())
}
