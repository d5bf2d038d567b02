//! Opus with as little delay as what it is set to allows.
//!
//! libopus delays by 4 ms what it may have to code as speech, so that what its two codecs make fits where it changes from one to
//! the other. At high bitrates and without losses it never does, for it codes all as music, and then its mode without that delay
//! sounds the same: 2.5 ms of look-ahead instead of 6.5. That can only be chosen before the first frame. So when it is to
//! change, the encoder begins anew: it encodes the frame before once more, of which the packet is dropped, and then fits what the
//! peer has decoded so far. Towards more delay the frame before has passed 4 ms into the past; back it goes in the next pause.

use crate::opus::OpusEncoder;
use crate::rate_control::EncoderSettings;
use crate::recent::Recent;
use crate::rumble::RumbleFilter;
use crate::{Application, Layout, MediaError, OpusOptions, PeerWishes, SampleRate};

/// In audio below -40 dB nobody hears that 4 ms are missing.
const QUIET: f32 = 0.01;

/// How much is delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delay {
    /// The audio by nothing, 2.5 ms by the codec.
    Short,
    /// The same, but the end of the last frame was 4 ms late, as it will be.
    Passing,
    /// By 6.5 ms, by the codec.
    Long,
}

/// Encodes 20 ms frames at one of the rates Opus has.
#[derive(Debug)]
pub(crate) struct LiveOpus {
    inner: OpusEncoder,
    recent: Recent,
    /// Does for voices what libopus does where it delays.
    rumble: Option<RumbleFilter>,
    delay: Delay,
    settings: Option<EncoderSettings>,
    has_begun: bool,
}

impl LiveOpus {
    pub(crate) fn new(rate: SampleRate, layout: Layout, options: OpusOptions) -> Result<Self, MediaError> {
        let inner = OpusEncoder::new(rate, layout, options)?;
        let recent = Recent::new(rate, layout);
        let is_voice = options.application == Application::Voip;
        let rumble = is_voice.then(|| RumbleFilter::new(rate, layout));
        Ok(Self { inner, recent, rumble, delay: Delay::Long, settings: None, has_begun: false })
    }

    /// Takes settings; from the next frame on, or from the one behind when the delay is to change first.
    pub(crate) fn set(&mut self, settings: EncoderSettings) {
        self.settings = Some(settings);
        self.settle();
    }

    /// Heeds what the peer asks for; from the next frame on.
    pub(crate) fn set_wishes(&mut self, wishes: PeerWishes) {
        // What libopus can't do of it is only a wish.
        let _ = self.inner.set_wishes(wishes);
        self.settle();
    }

    /// Before the first frame nothing has to fit.
    fn settle(&mut self) {
        let is_short = self.may_be_short();
        let delay = if is_short { Delay::Short } else { Delay::Long };
        if !self.has_begun && std::mem::replace(&mut self.delay, delay) != delay {
            self.inner.begin(is_short);
        }
        if let Some(settings) = self.settings.filter(|_| is_short || self.delay == Delay::Long) {
            self.inner.set(settings);
        }
    }

    fn may_be_short(&self) -> bool {
        self.settings.is_some_and(|settings| self.inner.is_music(settings))
    }

    /// Encodes 20 ms of interleaved PCM within ±1. Returns the payload's length; `None` when libopus can't, which a frame of that
    /// length never causes.
    pub(crate) fn encode(&mut self, frame: &[f32]) -> Option<usize> {
        self.has_begun = true;
        let length = match (self.delay, self.may_be_short()) {
            (Delay::Short, true) => self.encode_short(frame),
            (Delay::Short, false) => {
                self.delay = Delay::Passing;
                self.encode_short(&self.recent.later(frame))
            }
            (Delay::Passing, _) => self.lengthen(frame),
            (Delay::Long, true) if self.can_shorten(frame) => self.shorten(frame),
            (Delay::Long, _) => self.inner.encode(frame).map(<[u8]>::len),
        };
        self.recent.keep(frame);
        length
    }

    fn encode_short(&mut self, frame: &[f32]) -> Option<usize> {
        let frame = self.rumble.as_mut().map_or(frame, |rumble| rumble.run(frame));
        self.inner.encode(frame).map(<[u8]>::len)
    }

    /// The first packet is still coded as music, for libopus changes over without a click by itself.
    fn lengthen(&mut self, frame: &[f32]) -> Option<usize> {
        self.delay = Delay::Long;
        self.inner.begin(false);
        self.inner.encode(self.recent.frame())?;
        self.inner.predict(false);
        let length = self.inner.encode(frame).map(<[u8]>::len);
        self.inner.predict(true);
        if let Some(settings) = self.settings {
            self.inner.set(settings);
        }
        length
    }

    fn can_shorten(&self, frame: &[f32]) -> bool {
        self.inner.was_music() && is_quiet(self.recent.frame()) && is_quiet(frame)
    }

    fn shorten(&mut self, frame: &[f32]) -> Option<usize> {
        self.delay = Delay::Short;
        self.inner.begin(true);
        if let Some(rumble) = &mut self.rumble {
            rumble.forget();
        }
        let (before, frame) = (self.recent.late_frame().to_vec(), self.recent.sooner(frame));
        self.encode_short(&before)?;
        self.inner.predict(false);
        let length = self.encode_short(&frame);
        self.inner.predict(true);
        length
    }

    /// The first `length` bytes of the payload made last.
    pub(crate) fn payload(&self, length: usize) -> &[u8] {
        self.inner.packet(length)
    }
}

fn is_quiet(frame: &[f32]) -> bool {
    frame.iter().all(|sample| sample.abs() < QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opus::OpusDecoder;
    use crate::tone;

    const RATE: SampleRate = SampleRate::HZ_24000;
    const HZ: u32 = 24_000;
    const FRAME: usize = 480;
    const CLEAN: EncoderSettings = EncoderSettings { bitrate: 96_000, told_loss: 0, complexity: 1 };
    const LOSSY: EncoderSettings = EncoderSettings { bitrate: 48_000, told_loss: 15, complexity: 0 };

    fn encoder(options: OpusOptions, settings: EncoderSettings) -> LiveOpus {
        let mut encoder = LiveOpus::new(RATE, Layout::Mono, options).unwrap();
        encoder.set(settings);
        encoder
    }

    /// Encodes, with the settings of each frame, and decodes.
    fn heard(signal: &[f32], settings: impl Fn(usize) -> EncoderSettings) -> Vec<f32> {
        let mut encoder = encoder(OpusOptions::default(), settings(0));
        let mut decoder = OpusDecoder::new(RATE, Layout::Mono).unwrap();
        let mut heard = Vec::new();
        for (n, frame) in signal.chunks_exact(FRAME).enumerate() {
            encoder.set(settings(n));
            let length = encoder.encode(frame).unwrap();
            let pcm = decoder.decode(encoder.payload(length), 960).unwrap();
            heard.extend(pcm.iter().map(|sample| f32::from(*sample) / 32_768.0));
        }
        heard
    }

    fn look_ahead(encoder: &mut LiveOpus) -> u16 {
        encoder.inner.look_ahead_ticks()
    }

    /// By how many samples `heard` is later than `signal`, up to 10 ms.
    fn lateness(signal: &[f32], heard: &[f32]) -> usize {
        let product = |late: usize| -> f32 { signal.iter().zip(&heard[late..]).map(|(a, b)| a * b).sum() };
        (0..240).max_by(|a, b| product(*a).total_cmp(&product(*b))).unwrap()
    }

    fn speech_like(samples: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut low = 0.0;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low += 0.3 * ((state >> 16) as f32 / 65_536.0 - 0.5 - low);
            low
        });
        noise.take(samples).collect()
    }

    fn largest_step(signal: &[f32]) -> f32 {
        signal.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn it_delays_by_2500_us_and_by_4_ms_more_once_packets_get_lost_and_comes_back_in_a_pause() {
        let mut signal = speech_like(200 * FRAME);
        signal[149 * FRAME..152 * FRAME].fill(0.0);
        let lossy = |n: usize| if (50..100).contains(&n) { LOSSY } else { CLEAN };
        let heard = heard(&signal, lossy);
        let late = |from: usize| {
            lateness(&signal[from * FRAME..(from + 40) * FRAME], &heard[from * FRAME..(from + 41) * FRAME])
        };
        assert_eq!([late(5), late(105), late(155)], [60, 156, 60], "in 24,000ths of a second");
        assert!(late(55).abs_diff(156) <= 2, "speech has a filter of its own: {}", late(55));
    }

    #[test]
    fn a_tone_goes_on_through_the_change_without_a_click_or_a_hole() {
        for hz in [500.0, 437.0, 1_000.0, 2_210.0] {
            let signal = tone::sine(hz, HZ, 100 * FRAME);
            let heard = heard(&signal, |n| if n < 50 { CLEAN } else { LOSSY });
            let natural = largest_step(&signal);
            let around = &heard[45 * FRAME..53 * FRAME];
            let step = largest_step(around);
            assert!(step < 1.25 * natural, "{hz} Hz: a step of {step}, the tone's own are {natural}");
            for part in around.chunks_exact(FRAME / 2) {
                let level = tone::rms(part) / (0.5 / 2.0_f64.sqrt());
                assert!((0.9..1.1).contains(&level), "{hz} Hz: 10 ms at {level} of its level");
            }
        }
    }

    #[test]
    fn what_it_is_set_to_before_the_first_frame_it_begins_with() {
        let mut quick = encoder(OpusOptions::default(), CLEAN);
        assert_eq!(look_ahead(&mut quick), 120);
        quick.set(LOSSY);
        assert_eq!(look_ahead(&mut quick), 312);
        quick.set(CLEAN);
        quick.set_wishes(PeerWishes { dtx: true, ..PeerWishes::default() });
        assert_eq!(look_ahead(&mut quick), 312, "pauses that aren't sent are found by the model of a voice");
        quick.set_wishes(PeerWishes::default());
        assert_eq!(look_ahead(&mut quick), 120);
    }

    #[test]
    fn bits_that_were_given_for_speech_go_to_it() {
        let mut speech = encoder(OpusOptions::default(), EncoderSettings { bitrate: 64_000, ..CLEAN });
        assert_eq!(look_ahead(&mut speech), 312);
        let mut no_copies = encoder(OpusOptions { fec: false, ..OpusOptions::default() }, CLEAN);
        no_copies.set(EncoderSettings { told_loss: 15, ..CLEAN });
        assert_eq!(look_ahead(&mut no_copies), 120, "there is nothing to change over for");
    }

    #[test]
    fn in_a_sound_it_stays_as_it_is() {
        let mut encoder = encoder(OpusOptions::default(), CLEAN);
        let mut after = |settings, frame: &[f32]| {
            encoder.set(settings);
            encoder.encode(frame);
            look_ahead(&mut encoder)
        };
        let (sound, pause) = (tone::sine(500.0, HZ, FRAME), vec![0.001; FRAME]);
        assert_eq!([after(CLEAN, &sound), after(LOSSY, &sound), after(LOSSY, &sound)], [120, 120, 312]);
        assert_eq!([after(CLEAN, &sound), after(CLEAN, &sound), after(CLEAN, &sound)], [312; 3]);
        assert_eq!([after(CLEAN, &pause), after(CLEAN, &pause)], [312, 120]);
    }
}
