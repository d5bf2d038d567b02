//! Audio as an Ogg Opus file (RFC 3533, RFC 7845).

use crate::assemble::Assembler;
use crate::opus::OpusEncoder;
use crate::{Chunk, Layout, MediaError, OpusOptions, SampleRate};

/// 0.8 s; the longest packets (1,275 bytes, six segments each) still fit a page's 255 segments.
const PACKETS_A_PAGE: usize = 40;
/// Ticks of 48 kHz in a frame of 20 ms.
const FRAME_TICKS: u64 = 960;
/// One stream in the file, so any number names it.
const SERIAL: u32 = 0x5061_726c;

const CONTINUED_NOT: u8 = 0;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// Encodes a chunk of any rate and length into a whole file.
///
/// # Errors
/// [`MediaError`] when an option is out of range.
pub fn encode_ogg_opus(chunk: Chunk, options: OpusOptions) -> Result<Vec<u8>, MediaError> {
    let layout = chunk.layout;
    let rate = if chunk.rate.is_opus() { chunk.rate } else { SampleRate::HZ_48000 };
    let original_rate = chunk.rate;
    let length = ticks(&chunk);
    let mut encoder = OpusEncoder::new(rate, layout, options)?;
    let pre_skip = encoder.look_ahead_ticks();
    let packets = encode(&mut encoder, chunk, rate, layout, length + u64::from(pre_skip))?;
    let mut file = OggWriter::default();
    file.page(FIRST, 0, &[head(layout, pre_skip, original_rate)]);
    file.page(CONTINUED_NOT, 0, &[tags()]);
    let last = packets.len().div_ceil(PACKETS_A_PAGE);
    for (index, page) in packets.chunks(PACKETS_A_PAGE).enumerate() {
        let played = (index * PACKETS_A_PAGE + page.len()) as u64 * FRAME_TICKS;
        let is_last = index + 1 == last;
        // The last page's position cuts off what only fills the last frame up.
        let position = if is_last { length + u64::from(pre_skip) } else { played };
        file.page(if is_last { LAST } else { CONTINUED_NOT }, position, page);
    }
    Ok(file.bytes)
}

fn ticks(chunk: &Chunk) -> u64 {
    (chunk.frames() as u64 * 48_000).div_ceil(u64::from(chunk.rate.hz()))
}

fn encode(
    encoder: &mut OpusEncoder,
    chunk: Chunk,
    rate: SampleRate,
    layout: Layout,
    until: u64,
) -> Result<Vec<Vec<u8>>, MediaError> {
    let frame_length = (rate.hz() / 50) as usize;
    let mut assembler = Assembler::new(rate, layout);
    let refused = assembler.push(chunk);
    debug_assert!(refused.is_ok(), "an empty queue takes a chunk of any length");
    let mut frame = vec![0.0; frame_length * layout.channels()];
    let mut packets = Vec::new();
    // A file has at least one packet, even of nothing.
    while packets.is_empty() || (packets.len() as u64) * FRAME_TICKS < until {
        fill(&mut assembler, frame_length, &mut frame);
        packets
            .push(encoder.encode(&frame).ok_or(MediaError::Opus("a frame could not be encoded"))?.to_vec());
    }
    Ok(packets)
}

/// The next frame, or what is left of the audio and silence after it.
fn fill(assembler: &mut Assembler, frame_length: usize, frame: &mut [f32]) {
    if let Some(samples) = assembler.take(frame_length) {
        frame.copy_from_slice(samples);
        return;
    }
    assembler.finish();
    frame.fill(0.0);
    if let Some(samples) = assembler.take(frame_length) {
        frame.copy_from_slice(samples);
        return;
    }
    let rest = assembler.take_rest();
    frame[..rest.len()].copy_from_slice(rest);
}

/// The identification header (RFC 7845, section 5.1).
fn head(layout: Layout, pre_skip: u16, original_rate: SampleRate) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(layout.channels() as u8);
    head.extend(pre_skip.to_le_bytes());
    head.extend(original_rate.hz().to_le_bytes());
    head.extend([0, 0, 0]); // no gain; mapping family 0
    head
}

/// The comment header (RFC 7845, section 5.2).
fn tags() -> Vec<u8> {
    let vendor = b"parley";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor);
    tags.extend([0; 4]);
    tags
}

/// Pages of one logical stream (RFC 3533, section 6).
#[derive(Default)]
struct OggWriter {
    bytes: Vec<u8>,
    sequence: u32,
}

impl OggWriter {
    fn page(&mut self, kind: u8, position: u64, packets: &[Vec<u8>]) {
        let start = self.bytes.len();
        self.bytes.extend(b"OggS\0");
        self.bytes.push(kind);
        self.bytes.extend(position.to_le_bytes());
        self.bytes.extend(SERIAL.to_le_bytes());
        self.bytes.extend(self.sequence.to_le_bytes());
        self.bytes.extend([0; 4]);
        let lacing: Vec<u8> = packets.iter().flat_map(|packet| lacing(packet.len())).collect();
        debug_assert!(lacing.len() <= 255);
        self.bytes.push(lacing.len() as u8);
        self.bytes.extend(lacing);
        packets.iter().for_each(|packet| self.bytes.extend(packet));
        let checksum = crc(&self.bytes[start..]);
        self.bytes[start + 22..start + 26].copy_from_slice(&checksum.to_le_bytes());
        self.sequence += 1;
    }
}

/// A packet's length as segments: 255 for each full one, then the rest, 0 included.
fn lacing(length: usize) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(255, length / 255).chain([(length % 255) as u8])
}

/// CRC-32 with polynomial 0x04c11db7, no reflection, start 0 (RFC 3533, section 6).
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0_u32, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Samples;
    use crate::opus::OpusDecoder;

    fn chunk(samples: Vec<i16>, hz: u32, layout: Layout) -> Chunk {
        Chunk { samples: Samples::I16(samples), rate: SampleRate::new(hz).expect("a rate"), layout }
    }

    fn sine(hz: u32, seconds: f64) -> Vec<i16> {
        let count = (f64::from(hz) * seconds) as usize;
        let step = std::f64::consts::TAU * 440.0 / f64::from(hz);
        (0..count).map(|n| ((n as f64 * step).sin() * 12_000.0) as i16).collect()
    }

    /// The packets of a file and the position of its last page, with every checksum checked.
    fn read(file: &[u8]) -> (Vec<Vec<u8>>, u64) {
        let (mut packets, mut position, mut at) = (Vec::new(), 0, 0);
        while at < file.len() {
            assert_eq!(&file[at..at + 4], b"OggS");
            let segments = usize::from(file[at + 26]);
            let lacing = &file[at + 27..at + 27 + segments];
            let body = at + 27 + segments;
            let end = body + lacing.iter().map(|value| usize::from(*value)).sum::<usize>();
            let mut page = file[at..end].to_vec();
            page[22..26].fill(0);
            assert_eq!(crc(&page).to_le_bytes(), file[at + 22..at + 26]);
            position = u64::from_le_bytes(file[at + 6..at + 14].try_into().expect("8 bytes"));
            let (mut packet, mut from) = (Vec::new(), body);
            for value in lacing {
                packet.extend(&file[from..from + usize::from(*value)]);
                from += usize::from(*value);
                if *value < 255 {
                    packets.push(std::mem::take(&mut packet));
                }
            }
            at = end;
        }
        (packets, position)
    }

    #[test]
    fn the_checksum_is_the_one_of_ogg() {
        // The catalogue's check value of CRC-32/MPEG-2 without its start of all ones.
        assert_eq!(crc(b"123456789"), 0x89a1_897f);
    }

    #[test]
    fn a_file_plays_as_long_as_its_audio_and_sounds_the_same() {
        let file = encode_ogg_opus(chunk(sine(24_000, 2.5), 24_000, Layout::Mono), OpusOptions::default())
            .expect("a file");
        let (packets, position) = read(&file);
        let pre_skip = u64::from(u16::from_le_bytes([packets[0][10], packets[0][11]]));
        assert_eq!(&packets[0][..9], b"OpusHead\x01");
        assert_eq!(&packets[1][..8], b"OpusTags");
        assert_eq!(position - pre_skip, 120_000, "2.5 s at 48 kHz, to the sample");
        let mut decoder = OpusDecoder::new(SampleRate::HZ_48000, Layout::Mono).expect("a decoder");
        let mut heard = Vec::new();
        for packet in &packets[2..] {
            heard.extend_from_slice(decoder.decode(packet, 960).expect("a packet"));
        }
        let crossings = heard[4_800..100_800].windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((878..=882).contains(&crossings), "{crossings} periods of 440 Hz in two seconds");
    }

    #[test]
    fn odd_rates_stereo_and_nothing_at_all_make_files_too() {
        for (samples, hz, layout) in [
            (sine(44_100, 0.5), 44_100, Layout::Stereo),
            (sine(11_025, 0.1), 11_025, Layout::Mono),
            (vec![5], 8_000, Layout::Mono),
            (Vec::new(), 48_000, Layout::Mono),
        ] {
            let expected = (samples.len() / layout.channels()) as u64 * 48_000;
            let file = encode_ogg_opus(chunk(samples, hz, layout), OpusOptions::default()).expect("a file");
            let (packets, position) = read(&file);
            let pre_skip = u64::from(u16::from_le_bytes([packets[0][10], packets[0][11]]));
            assert_eq!(usize::from(packets[0][9]), layout.channels());
            assert_eq!(position - pre_skip, expected.div_ceil(u64::from(hz)), "{hz}");
            assert!(packets.len() > 2);
        }
    }
}
