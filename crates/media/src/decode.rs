//! One stream's packets and gaps as PCM.

use crate::doze::Doze;
use crate::extend::Extender;
use crate::frames::FrameMaker;
use crate::opus::{MAX_FRAME_BYTES, MAX_PACKET_TICKS, OpusDecoder};
use crate::opus_packet::is_celt;
use crate::slew::{Pace, Slew};
use crate::units::{TICKS_PER_FRAME, TICKS_PER_SECOND};
use crate::{Layout, MediaError, SampleRate, pcm};

/// Made-up audio keeps its level so long; then it is faded out, for a syllable drawn out longer is no guess but noise.
const FADE_FROM_TICKS: u32 = TICKS_PER_SECOND / 10;

/// How long fading out takes.
const FADE_TICKS: u32 = TICKS_PER_FRAME;

/// After so much made-up audio there is silence.
pub(crate) const AUDIBLE_TICKS: u32 = FADE_FROM_TICKS + FADE_TICKS;

/// Decodes packets and makes up what is missing between them, into frames for the handler.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    opus: OpusDecoder,
    /// How much was made up since the last packet; enough for silence while there was none.
    made_up: u32,
    channels: usize,
    slew: Slew,
    last: LastPacket,
    extender: Extender,
    frames: FrameMaker,
    doze: Doze,
    /// Packets that could not be decoded when their turn came at last.
    undecodable: u64,
    /// How long nothing but what is too faint for a voice was heard, in ticks.
    silent: u64,
}

/// What was decoded last.
#[derive(Debug)]
struct LastPacket {
    payload: Vec<u8>,
    ticks: u32,
    /// It was of the mode that nothing can be restored after; also before the first one.
    was_celt: bool,
}

impl Default for LastPacket {
    fn default() -> Self {
        Self { payload: Vec::with_capacity(MAX_FRAME_BYTES), ticks: 0, was_celt: true }
    }
}

impl LastPacket {
    fn follow(&mut self, payload: &[u8], ticks: u32) {
        self.was_celt = is_celt(payload);
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        self.ticks = ticks;
    }
}

impl StreamDecoder {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Result<Self, MediaError> {
        let decoded_rate = if rate.is_opus() { rate } else { SampleRate::HZ_48000 };
        Ok(Self {
            opus: OpusDecoder::new(decoded_rate, layout)?,
            made_up: AUDIBLE_TICKS,
            channels: layout.channels(),
            slew: Slew::default(),
            last: LastPacket::default(),
            extender: Extender::new(decoded_rate, layout),
            frames: FrameMaker::new(decoded_rate, rate, layout)?,
            doze: Doze::default(),
            undecodable: 0,
            silent: 0,
        })
    }

    /// Decodes a packet, longer or shorter as `pace` says; with `unless_quiet` it is left out when it is quiet. Returns
    /// how many ticks were heard, or `None` when it can't be decoded.
    pub(crate) fn decode(
        &mut self,
        payload: &[u8],
        ticks: u32,
        pace: Pace,
        unless_quiet: bool,
    ) -> Option<u32> {
        let may_wait = self.doze.is_wanted() && !unless_quiet;
        if may_wait && self.doze.is_deep() {
            self.doze_on(payload, ticks, pace);
            return Some(self.heard(ticks, pace));
        }
        if may_wait {
            // To have some to begin from.
            self.doze.push(payload, ticks, pace);
        } else {
            self.wake_up();
        }
        let decoded = self.opus.decode(payload, ticks)?;
        self.extender.join(decoded, std::mem::take(&mut self.made_up) < AUDIBLE_TICKS);
        self.silent = if pcm::is_faint(decoded) { self.silent + u64::from(ticks) } else { 0 };
        self.last.follow(payload, ticks);
        if unless_quiet && pcm::is_quiet(decoded) {
            return Some(0);
        }
        self.frames.push(self.slew.stretch(decoded, self.channels, pace));
        Some(self.heard(ticks, pace))
    }

    /// How many ticks are heard of so many.
    fn heard(&self, ticks: u32, pace: Pace) -> u32 {
        let whole = self.opus.samples_of(ticks).max(1);
        (u64::from(ticks) * pace.of(whole) as u64 / whole as u64) as u32
    }

    /// Says whether what is too faint for speech may be left undecoded: silence stands for it then, up to three packets late.
    /// Once something is louder, or this is taken back, every packet that waits is decoded.
    pub(crate) fn doze(&mut self, is_wanted: bool) {
        if self.doze.is_wanted() && !is_wanted {
            self.wake_up();
        }
        self.doze.want(is_wanted);
    }

    /// Samples of each channel that wait for whoever takes frames, undecoded ones among them.
    pub(crate) fn waiting(&self) -> u64 {
        let undecoded: u32 = self.doze.waiting().iter().map(|kept| self.heard(kept.ticks, kept.pace)).sum();
        self.frames.ready() + u64::from(undecoded) * self.frames.rate() / u64::from(TICKS_PER_SECOND)
    }

    /// Packets that could not be decoded, of those that [`decode`](Self::decode) took.
    pub(crate) fn undecodable(&self) -> u64 {
        self.undecodable
    }

    /// For how long what was given out has been too faint for a voice, in ticks: silence, packets that say so, and what was
    /// made up after them.
    pub(crate) fn silent(&self) -> u64 {
        self.silent
    }

    fn doze_on(&mut self, payload: &[u8], ticks: u32, pace: Pace) {
        self.silent += u64::from(ticks);
        self.doze.push(payload, ticks, pace);
        if self.doze.is_full() {
            self.look();
        }
    }

    /// Looks at the last packet that waits: is it faint, so are those before it.
    fn look(&mut self) {
        let Some(last) = self.doze.waiting().last() else { return };
        if self.opus.decode(&last.payload, last.ticks).is_some_and(|decoded| pcm::is_faint(decoded)) {
            self.last.follow(&last.payload, last.ticks);
            for kept in self.doze.waiting() {
                self.frames.push_silence(kept.pace.of(self.opus.samples_of(kept.ticks)));
            }
            return self.doze.settle();
        }
        // The decoder has run ahead. What came before what waits leads it back: what it predicts from fades in four packets.
        for kept in self.doze.before() {
            let _ = self.opus.decode(&kept.payload, kept.ticks);
        }
        self.wake_up();
    }

    /// Decodes every packet that waits.
    fn wake_up(&mut self) {
        if !self.doze.waiting().is_empty() {
            self.silent = 0;
        }
        for kept in self.doze.waiting() {
            if let Some(decoded) = self.opus.decode(&kept.payload, kept.ticks) {
                self.extender.join(decoded, std::mem::take(&mut self.made_up) < AUDIBLE_TICKS);
                self.frames.push(self.slew.stretch(decoded, self.channels, kept.pace));
                self.last.follow(&kept.payload, kept.ticks);
            } else {
                self.undecodable += 1;
                self.frames.push_silence(kept.pace.of(self.opus.samples_of(kept.ticks)));
            }
        }
        self.doze.clear();
    }

    /// Restores the `ticks` before a packet from the copy in it. Returns `None` when it can't be.
    pub(crate) fn recover(&mut self, payload: &[u8], ticks: u32) -> Option<()> {
        self.wake_up();
        if self.last.was_celt {
            return None;
        }
        let restored = self.opus.recover(payload, ticks)?;
        self.extender.join(restored, std::mem::take(&mut self.made_up) < AUDIBLE_TICKS);
        self.frames.push(restored);
        Some(())
    }

    /// Makes up `ticks` of audio after the last packet, and silence once that has faded out.
    pub(crate) fn fill(&mut self, mut ticks: u64) {
        if ticks > 0 {
            self.wake_up();
            self.silent += ticks;
        }
        while ticks > 0 && self.made_up < AUDIBLE_TICKS {
            let step = ticks.min(TICKS_PER_FRAME.into()) as u32;
            self.conceal(step);
            ticks -= u64::from(step);
        }
        while ticks > 0 {
            let step = ticks.min(MAX_PACKET_TICKS.into()) as u32;
            self.frames.push_silence(self.opus.samples_of(step));
            ticks -= u64::from(step);
        }
    }

    /// Forgets the stream: what comes next is another.
    pub(crate) fn restart(&mut self) {
        self.wake_up();
        self.opus.reset();
        self.extender.restart();
        self.last.was_celt = true;
        self.made_up = AUDIBLE_TICKS;
    }

    /// What is ready for the handler.
    pub(crate) fn frames(&self) -> &FrameMaker {
        &self.frames
    }

    pub(crate) fn frames_mut(&mut self) -> &mut FrameMaker {
        &mut self.frames
    }

    fn conceal(&mut self, ticks: u32) {
        let samples = self.opus.samples_of(ticks);
        let from = self.made_up;
        self.made_up += ticks;
        // What libopus makes up of a tone dies away, and with it the memory that the next packet is decoded from. The last
        // packet once more keeps that alive: on a tone, 0.1 instead of 3 to 12 % of all was a third too quiet (at 5 and
        // 20 % loss); on speech, the level was off by 2.5 instead of 2.7 dB around losses.
        let again = self.extender.is_periodic() && ticks == self.last.ticks;
        let made = if again { self.opus.decode(&self.last.payload, ticks) } else { self.opus.conceal(ticks) };
        let Some(made) = made else { return self.frames.push_silence(samples) };
        self.extender.extend(made);
        let channels = self.channels;
        fade(made, channels, from, ticks);
        self.frames.push(made);
    }
}

/// Fades made-up audio that begins `from` ticks after the last packet and lasts `ticks`.
fn fade(samples: &mut [i16], channels: usize, from: u32, ticks: u32) {
    if from + ticks <= FADE_FROM_TICKS {
        return;
    }
    let count = (samples.len() / channels).max(1);
    for (n, frame) in samples.chunks_exact_mut(channels).enumerate() {
        let at = from as f32 + ticks as f32 * n as f32 / count as f32;
        let gain = 1.0 - (at - FADE_FROM_TICKS as f32) / FADE_TICKS as f32;
        for sample in frame {
            *sample = (f32::from(*sample) * gain.clamp(0.0, 1.0)) as i16;
        }
    }
}
