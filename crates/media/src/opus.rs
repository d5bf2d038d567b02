//! The Opus codec (RFC 6716): libopus by way of `opusic-c`.

use opusic_c::{Bandwidth, Bitrate, Channels, Decoder, Encoder, ErrorCode, InbandFec};

use crate::rate_control::{BITS_ENOUGH, EncoderSettings};
use crate::units::TICKS_PER_FRAME;
use crate::{Application, Layout, MediaError, OpusOptions, PeerWishes, SampleRate};

/// The longest Opus packet's duration, 120 ms, in ticks of the RTP clock.
pub(crate) const MAX_PACKET_TICKS: u32 = 5_760;

/// The largest 20 ms frame (RFC 6716, section 3.4).
pub(crate) const MAX_FRAME_BYTES: usize = 1_275;

/// More than any Opus packet of 120 ms needs (six frames of 1,275 bytes and their lengths).
const MAX_PACKET_BYTES: usize = 8_192;

/// How long a packet plays, in ticks of the RTP clock (48 kHz): 2.5 to 120 ms. `None` when it is no Opus packet.
pub(crate) fn packet_ticks(payload: &[u8]) -> Option<u32> {
    if payload.is_empty() || payload.len() > MAX_PACKET_BYTES {
        return None;
    }
    let ticks = opusic_c::utils::get_nb_samples(payload, opusic_c::SampleRate::Hz48000).ok()?;
    u32::try_from(ticks).ok().filter(|ticks| (1..=MAX_PACKET_TICKS).contains(ticks))
}

/// Decodes one stream to 16-bit PCM at one of the rates Opus has, in the layout asked for.
pub(crate) struct OpusDecoder {
    inner: Decoder,
    rate: SampleRate,
    channels: usize,
    /// One packet's PCM, interleaved.
    pcm: Vec<i16>,
}

impl OpusDecoder {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Result<Self, MediaError> {
        let inner = Decoder::new(channels(layout), opus_rate(rate)?).map_err(libopus)?;
        let channels = layout.channels();
        // Of the usual length; longer packets make it longer.
        let pcm = vec![0; samples_of(TICKS_PER_FRAME, rate) * channels];
        Ok(Self { inner, rate, channels, pcm })
    }

    /// Samples per channel that so many ticks of the RTP clock take.
    pub(crate) fn samples_of(&self, ticks: u32) -> usize {
        samples_of(ticks, self.rate)
    }

    /// Decodes a packet of `ticks`, as [`packet_ticks`] says. `None` when libopus can't, or gets another length.
    pub(crate) fn decode(&mut self, payload: &[u8], ticks: u32) -> Option<&mut [i16]> {
        let frames = self.samples_of(ticks);
        self.run(payload, frames, false)
    }

    /// Restores the `ticks` before a packet from the coarse copy in it, as [`fec_ticks`](crate::opus_packet::fec_ticks)
    /// says. What was decoded last must be what comes before them.
    pub(crate) fn recover(&mut self, payload: &[u8], ticks: u32) -> Option<&mut [i16]> {
        let frames = self.samples_of(ticks);
        self.run(payload, frames, true)
    }

    /// Makes up `ticks` of audio (up to 120 ms) that follow what was decoded last.
    pub(crate) fn conceal(&mut self, ticks: u32) -> Option<&mut [i16]> {
        // libopus makes up whole steps of 2.5 ms; of a longer step the beginning is what is missing.
        const STEP: u32 = 120;
        let steps = ticks.min(MAX_PACKET_TICKS).div_ceil(STEP) * STEP;
        let wanted = self.samples_of(ticks.min(MAX_PACKET_TICKS)) * self.channels;
        let made = self.samples_of(steps);
        self.run(&[], made, false).map(|pcm| &mut pcm[..wanted])
    }

    /// Forgets the stream.
    pub(crate) fn reset(&mut self) {
        // Resetting can't fail: it only clears memory. A decoder that kept its state would still work.
        let _ = self.inner.reset();
    }

    fn run(&mut self, payload: &[u8], frames: usize, fec: bool) -> Option<&mut [i16]> {
        let samples = frames * self.channels;
        if self.pcm.len() < samples {
            self.pcm.resize(samples, 0);
        }
        let pcm = &mut self.pcm[..samples];
        let decoded = self.inner.decode_to_slice(payload, bytemuck::cast_slice_mut(pcm), fec).ok()?;
        (decoded == frames).then_some(pcm)
    }
}

/// Encodes 20 ms frames at one of the rates Opus has.
pub(crate) struct OpusEncoder {
    inner: Encoder,
    options: OpusOptions,
    wishes: PeerWishes,
    packet: Vec<u8>,
}

impl OpusEncoder {
    pub(crate) fn new(rate: SampleRate, layout: Layout, options: OpusOptions) -> Result<Self, MediaError> {
        check(options)?;
        let application = application(options);
        let mut inner = Encoder::new(channels(layout), opus_rate(rate)?, application).map_err(libopus)?;
        inner.set_bitrate(Bitrate::Value(options.bitrate)).map_err(libopus)?;
        inner.set_complexity(options.complexity).map_err(libopus)?;
        let wishes = PeerWishes::default();
        let mut encoder = Self { inner, options, wishes, packet: vec![0; MAX_FRAME_BYTES] };
        encoder.set_wishes(wishes).map_err(libopus)?;
        Ok(encoder)
    }

    /// By how much the encoder delays what goes in, in ticks of 48 kHz.
    pub(crate) fn look_ahead_ticks(&mut self) -> u16 {
        // In range it can't fail; 312 is what libopus says for both applications.
        let samples = self.inner.get_look_ahead().unwrap_or(312);
        let rate = self.inner.get_sample_rate().map_or(48_000, |rate| rate as u32);
        u16::try_from(samples * 48_000 / rate).unwrap_or(312)
    }

    /// Takes settings; from the next frame on.
    pub(crate) fn set(&mut self, settings: EncoderSettings) {
        // In range none of them can fail.
        let _ = self.inner.set_bitrate(Bitrate::Value(settings.bitrate));
        let _ = self.inner.set_complexity(settings.complexity);
        // With FEC on, above 0 it is paid for in bits.
        let _ = self.inner.set_packet_loss(settings.told_loss.min(100));
    }

    /// Heeds what the peer asks for; from the next frame on. Its limit of the bitrate comes with the settings.
    pub(crate) fn set_wishes(&mut self, wishes: PeerWishes) -> Result<(), ErrorCode> {
        self.wishes = wishes;
        let bandwidth = match wishes.max_playback_rate {
            ..=8_000 => Bandwidth::Narrow,
            8_001..=12_000 => Bandwidth::Medium,
            12_001..=16_000 => Bandwidth::Wide,
            16_001..=24_000 => Bandwidth::Superwide,
            _ => Bandwidth::Full,
        };
        let fec = match self.options.application {
            _ if !(self.options.fec && wishes.fec) => InbandFec::Off,
            Application::Voip => InbandFec::Mode1,
            // The first mode would code music as speech, for only speech has FEC.
            Application::Audio => InbandFec::Mode2,
        };
        self.inner.set_max_bandwidth(bandwidth)?;
        self.inner.set_inband_fec(fec)?;
        self.inner.set_force_channels((!wishes.stereo).then_some(Channels::Mono))?;
        self.inner.set_dtx(self.options.dtx || wishes.dtx)?;
        self.inner.set_vbr(!wishes.cbr)
    }

    /// Encodes 20 ms of interleaved PCM within ±1. `None` when libopus can't, which a frame of that length never causes.
    pub(crate) fn encode(&mut self, pcm: &[f32]) -> Option<&[u8]> {
        let length = self.inner.encode_float_to_slice(pcm, &mut self.packet).ok()?;
        self.packet.get(..length)
    }

    /// Forgets the audio so far, and delays what comes as little as possible, which leaves only the way that music is coded; or as
    /// what its application needs.
    pub(crate) fn begin(&mut self, is_short: bool) {
        let application = if is_short { opusic_c::Application::LowDelay } else { application(self.options) };
        // Right after a reset neither can fail.
        let _ = self.inner.reset();
        let _ = self.inner.set_application(application);
    }

    /// Whether packets may build upon those before: not where the decoder's were made by another encoder, or by this one before it
    /// began anew.
    pub(crate) fn predict(&mut self, builds_upon: bool) {
        // It can't fail.
        let _ = self.inner.set_prediction_disabled(!builds_upon);
    }

    /// Whether settings let libopus code everything as music.
    pub(crate) fn is_music(&self, settings: EncoderSettings) -> bool {
        let repeats = self.options.fec && self.wishes.fec && settings.told_loss > 0;
        let pauses = self.options.dtx || self.wishes.dtx;
        settings.bitrate >= BITS_ENOUGH && !repeats && !pauses
    }

    /// Whether the last packet was coded as music.
    pub(crate) fn was_music(&self) -> bool {
        // RFC 6716, section 3.1: configurations 16 to 31 are CELT alone.
        self.packet[0] >> 7 == 1
    }

    /// The first `length` bytes of the packet encoded last.
    pub(crate) fn packet(&self, length: usize) -> &[u8] {
        &self.packet[..length]
    }
}

fn application(options: OpusOptions) -> opusic_c::Application {
    match options.application {
        Application::Voip => opusic_c::Application::Voip,
        Application::Audio => opusic_c::Application::Audio,
    }
}

fn check(options: OpusOptions) -> Result<(), MediaError> {
    if !(6_000..=510_000).contains(&options.bitrate) {
        return Err(MediaError::OpusOption { name: "bitrate", value: options.bitrate });
    }
    if options.complexity > 10 {
        return Err(MediaError::OpusOption { name: "complexity", value: options.complexity.into() });
    }
    Ok(())
}

fn samples_of(ticks: u32, rate: SampleRate) -> usize {
    (u64::from(ticks) * u64::from(rate.hz()) / 48_000) as usize
}

fn opus_rate(rate: SampleRate) -> Result<opusic_c::SampleRate, MediaError> {
    match rate.hz() {
        8_000 => Ok(opusic_c::SampleRate::Hz8000),
        12_000 => Ok(opusic_c::SampleRate::Hz12000),
        16_000 => Ok(opusic_c::SampleRate::Hz16000),
        24_000 => Ok(opusic_c::SampleRate::Hz24000),
        48_000 => Ok(opusic_c::SampleRate::Hz48000),
        hz => Err(MediaError::SampleRate { hz }),
    }
}

fn channels(layout: Layout) -> Channels {
    match layout {
        Layout::Mono => Channels::Mono,
        Layout::Stereo => Channels::Stereo,
    }
}

fn libopus(code: ErrorCode) -> MediaError {
    MediaError::Opus(match code {
        ErrorCode::BadArg => "invalid argument",
        ErrorCode::AllocFail => "out of memory",
        ErrorCode::Unimplemented => "not implemented",
        _ => "internal error",
    })
}

impl std::fmt::Debug for OpusDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpusDecoder").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for OpusEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpusEncoder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_tells_its_duration() {
        // Table of contents bytes of RFC 6716, section 3.1: configuration << 3, one frame.
        assert_eq!(packet_ticks(&[16 << 3, 0]), Some(120), "CELT 2.5 ms");
        assert_eq!(packet_ticks(&[3 << 3, 0]), Some(2_880), "SILK 60 ms");
        assert_eq!(packet_ticks(&[(3 << 3) | 1, 0, 0]), Some(5_760), "two SILK frames of 60 ms");
    }

    #[test]
    fn what_is_no_opus_packet_has_no_duration() {
        assert_eq!(packet_ticks(&[]), None);
        assert_eq!(packet_ticks(&[(3 << 3) | 3, 3, 0, 0, 0]), None, "three frames of 60 ms");
        assert_eq!(packet_ticks(&vec![0; MAX_PACKET_BYTES + 1]), None);
    }

    #[test]
    fn concealment_has_exactly_the_length_asked_for() {
        let mut decoder = OpusDecoder::new(SampleRate::HZ_16000, Layout::Stereo).unwrap();
        for ticks in [3, 120, 121, 960, 1_000, 5_760] {
            let samples = ticks as usize / 3 * 2;
            assert_eq!(decoder.conceal(ticks).map(|pcm| pcm.len()), Some(samples), "{ticks} ticks");
        }
    }

    #[test]
    fn options_out_of_range_are_named() {
        let make =
            |options| OpusEncoder::new(SampleRate::HZ_48000, Layout::Mono, options).map(|_| ()).unwrap_err();
        let low = make(OpusOptions { bitrate: 5_999, ..OpusOptions::default() });
        assert_eq!(low, MediaError::OpusOption { name: "bitrate", value: 5_999 });
        let eager = make(OpusOptions { complexity: 11, ..OpusOptions::default() });
        assert_eq!(eager, MediaError::OpusOption { name: "complexity", value: 11 });
    }
}
