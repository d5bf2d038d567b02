//! One setting of the Opus encoder, heard through losses: `bench/quality.py` compares what comes out with what went in.
//!
//! Arguments: a file of raw 16-bit mono samples at 24 kHz, the file to write them to, bitrate in bit/s, complexity (0 to 10), the
//! share of packets lost (0 to 1), the share that the encoder is told in percent, and `voip` or `low-delay`. Prints how many milliseconds of CPU one second
//! of audio took to encode and to decode. Every 20 ms frame that is missing is taken from the copy in the next packet if it is there.

#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use opusic_c::{Application, Bitrate, Channels, Decoder, Encoder, ErrorCode, InbandFec, SampleRate};

const RATE: usize = 24_000;
const FRAME: usize = RATE / 50;
const MAX_PACKET: usize = 1_275;

struct Setting {
    bitrate: u32,
    complexity: u8,
    loss: f64,
    told: u8,
    application: Application,
}

impl Setting {
    fn encoder(&self) -> Result<Encoder, ErrorCode> {
        let mut encoder = Encoder::new(Channels::Mono, SampleRate::Hz24000, self.application)?;
        encoder.set_bitrate(Bitrate::Value(self.bitrate))?;
        encoder.set_complexity(self.complexity)?;
        encoder.set_inband_fec(InbandFec::Mode1)?;
        encoder.set_packet_loss(self.told)?;
        Ok(encoder)
    }
}

/// xorshift64*: the same losses on every machine.
struct Losses(u64);

impl Losses {
    fn next(&mut self, share: f64) -> bool {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let unit = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 / f64::from(1 << 24);
        unit < share
    }
}

fn encode(pcm: &[i16], setting: &Setting) -> Result<(Vec<Vec<u8>>, Duration), ErrorCode> {
    let mut encoder = setting.encoder()?;
    let mut packet = [0; MAX_PACKET];
    let mut packets = Vec::new();
    let begun = Instant::now();
    for frame in pcm.chunks_exact(FRAME) {
        let unsigned: Vec<u16> = frame.iter().map(|sample| sample.cast_unsigned()).collect();
        let length = encoder.encode_to_slice(black_box(&unsigned), &mut packet)?;
        packets.push(packet[..length].to_vec());
    }
    Ok((packets, begun.elapsed()))
}

fn decode(packets: &[Vec<u8>], setting: &Setting) -> Result<(Vec<i16>, Duration), ErrorCode> {
    let mut decoder = Decoder::new(Channels::Mono, SampleRate::Hz24000)?;
    let mut losses = Losses(0x9e37_79b9);
    let lost: Vec<bool> = packets.iter().map(|_| losses.next(setting.loss)).collect();
    let mut frame = [0_u16; FRAME];
    let mut pcm = Vec::new();
    let begun = Instant::now();
    for n in 0..packets.len() {
        let next = packets.get(n + 1).filter(|_| !lost[n + 1]);
        match (lost[n], next) {
            (false, _) => decoder.decode_to_slice(&packets[n], &mut frame, false)?,
            (true, Some(next)) => decoder.decode_to_slice(next, &mut frame, true)?,
            (true, None) => decoder.decode_to_slice(&[], &mut frame, false)?,
        };
        pcm.extend(frame.iter().map(|sample| sample.cast_signed()));
    }
    Ok((pcm, begun.elapsed()))
}

fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [input, output, bitrate, complexity, loss, told, application] = arguments else {
        return Err("arguments: IN.s16 OUT.s16 BITRATE COMPLEXITY LOSS TOLD voip|low-delay".into());
    };
    let setting = Setting {
        bitrate: bitrate.parse()?,
        complexity: complexity.parse()?,
        loss: loss.parse()?,
        told: told.parse()?,
        application: match application.as_str() {
            "voip" => Application::Voip,
            "low-delay" => Application::LowDelay,
            other => return Err(format!("{other}: neither voip nor low-delay").into()),
        },
    };
    let bytes = std::fs::read(input)?;
    let pcm: Vec<i16> = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let seconds = pcm.len() as f64 / RATE as f64;
    let (packets, encoding) = encode(&pcm, &setting).map_err(|code| format!("libopus: {code:?}"))?;
    let (heard, decoding) = decode(&packets, &setting).map_err(|code| format!("libopus: {code:?}"))?;
    std::fs::write(output, heard.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>())?;
    let cost = |time: Duration| 1_000.0 * time.as_secs_f64() / seconds;
    println!("{:.2} {:.2}", cost(encoding), cost(decoding));
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
