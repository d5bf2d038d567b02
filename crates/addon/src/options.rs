//! Plain option objects, checked once on their way in.

use crate::errors::{Code, Result};
use crate::video_settings::VideoSettings;
use napi_derive::napi;
use parley_transport::{
    Application, AudioFormat, Layout, Mode, OpusOptions, QueueLimits, SampleRate, WireCodec,
};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Where the media threads listen. Sessions with equal options share one engine of the process.
#[napi(object)]
pub struct EngineOptions {
    /// Media threads, each with one UDP port: 1 to 64.
    pub workers: u32,
    /// The IP address to bind. "::" takes IPv4 too, and falls back to IPv4 alone where there is no IPv6.
    pub bind_address: String,
    /// First UDP port to try; 0 with `udpPortMax` 0 for any.
    pub udp_port_min: u32,
    /// Last UDP port to try.
    pub udp_port_max: u32,
    /// IP addresses that answers name instead of the machine's own.
    pub announced_addresses: Vec<String>,
    /// Resolved addresses "ip:port" of STUN servers for the server's own candidates.
    pub stun_servers: Vec<String>,
    /// TURN servers that lend the server addresses of theirs; none when left out.
    pub turn_servers: Option<Vec<TurnServer>>,
}

/// A TURN server, spoken to over UDP, with the long-term credential for it.
#[napi(object)]
pub struct TurnServer {
    /// Its resolved address "ip:port".
    pub address: String,
    /// The credential's name.
    pub username: String,
    /// Its password.
    pub credential: String,
}

/// How one session behaves.
#[napi(object)]
pub struct SessionOptions {
    /// Rate of the frames that `readAudio` gives, 8000 to 192000 Hz.
    pub input_sample_rate: u32,
    /// Their channels, interleaved: 1 or 2.
    pub input_channels: u32,
    /// Rate that emitted audio is encoded at, 8000 to 192000 Hz.
    pub output_sample_rate: u32,
    /// Its channels: 1 or 2.
    pub output_channels: u32,
    /// "send-receive", "send" or "receive", as the client sees it.
    pub mode: String,
    /// Received audio that may wait for the handler; beyond it the oldest is dropped.
    pub input_queue_ms: u32,
    /// ROOM is signalled when the output queue falls to or below this.
    pub output_target_ms: u32,
    /// From the offer to a connection.
    pub connect_timeout_ms: u32,
    /// Whether tracks beyond the one audio track are left unanswered instead of refused.
    pub allow_extra_tracks: bool,
    /// Least time that a missing packet is waited for.
    pub jitter_min_ms: u32,
    /// Most time that a missing packet is waited for.
    pub jitter_max_ms: u32,
    /// Target of the encoder, bit/s.
    pub opus_bitrate: u32,
    /// The encoder's effort, 0 to 10.
    pub opus_complexity: u32,
    /// Whether packets carry a copy of the one before (in-band FEC).
    pub opus_fec: bool,
    /// Whether silence is not sent.
    pub opus_dtx: bool,
    /// What the encoder is for: "voip" or "audio".
    pub opus_application: String,
    /// Whether there is audio.
    pub audio: bool,
    /// How there is video, if there is any.
    pub video: Option<VideoSettings>,
}

/// How a socket carries audio.
#[napi(object)]
pub struct WireOptions {
    /// "mulaw" (G.711), "pcm_s16le", or "opus": a packet in each payload.
    pub encoding: String,
    /// Rate of what comes, 8000 to 192000 Hz; with "opus" one of its own.
    pub input_sample_rate: u32,
    /// Rate of what is sent: the same, and a multiple of 50.
    pub output_sample_rate: u32,
    /// How much may be sent ahead of real time, 0 to 500 ms.
    pub lead_ms: u32,
}

impl TryFrom<WireOptions> for parley_transport::WireOptions {
    type Error = napi::Error<Code>;

    fn try_from(options: WireOptions) -> Result<Self> {
        let rate =
            |name: &str, hz: u32| SampleRate::new(hz).map_err(|error| invalid(format!("{name}: {error}")));
        let wire = Self {
            codec: codec(&options.encoding)?,
            input_rate: rate("inputSampleRate", options.input_sample_rate)?,
            output_rate: rate("outputSampleRate", options.output_sample_rate)?,
            lead: ms(options.lead_ms),
        };
        wire.check().map_err(|error| invalid(error.to_string()))?;
        Ok(wire)
    }
}

fn codec(name: &str) -> Result<WireCodec> {
    match name {
        "mulaw" => Ok(WireCodec::Mulaw),
        "pcm_s16le" => Ok(WireCodec::PcmS16le),
        "opus" => Ok(WireCodec::Opus),
        _ => Err(invalid(format!("encoding is {name:?}; it must be \"mulaw\", \"pcm_s16le\" or \"opus\""))),
    }
}

/// Most media threads of an engine.
const MAX_WORKERS: u32 = 64;

fn invalid(message: String) -> napi::Error<Code> {
    Code::INVALID_ARGUMENT.error(message)
}

impl TryFrom<EngineOptions> for parley_transport::EngineOptions {
    type Error = napi::Error<Code>;

    fn try_from(options: EngineOptions) -> Result<Self> {
        let ip = |text: &String| {
            text.parse::<IpAddr>().map_err(|_| invalid(format!("{text:?} is not an IP address")))
        };
        let server = |text: &String| {
            text.parse::<SocketAddr>()
                .map_err(|_| invalid(format!("{text:?} is not an IP address with a port")))
        };
        let turn = |TurnServer { address, username, credential }: TurnServer| {
            let address = server(&address)?;
            Ok(parley_transport::TurnServer { address, username, password: credential })
        };
        let port = |value: u32| {
            u16::try_from(value).map_err(|_| invalid(format!("{value} is not a port (0 to 65535)")))
        };
        if !(1..=MAX_WORKERS).contains(&options.workers) {
            return Err(invalid(format!("workers is {}; it must be 1 to {MAX_WORKERS}", options.workers)));
        }
        Ok(Self {
            workers: options.workers as usize,
            bind_address: ip(&options.bind_address)?,
            udp_ports: (port(options.udp_port_min)?, port(options.udp_port_max)?),
            announced_addresses: options.announced_addresses.iter().map(ip).collect::<Result<_>>()?,
            stun_servers: options.stun_servers.iter().map(server).collect::<Result<_>>()?,
            turn_servers: options
                .turn_servers
                .unwrap_or_default()
                .into_iter()
                .map(turn)
                .collect::<Result<_>>()?,
        })
    }
}

/// Reads a PCM format.
pub fn format(sample_rate: u32, channels: u32) -> Result<AudioFormat> {
    let rate = SampleRate::new(sample_rate).map_err(|error| invalid(error.to_string()))?;
    let layout = Layout::from_channels(channels).map_err(|error| invalid(error.to_string()))?;
    Ok(AudioFormat { rate, layout })
}

impl SessionOptions {
    /// The bounds of the session's queues.
    pub fn limits(&self) -> QueueLimits {
        QueueLimits {
            input: ms(self.input_queue_ms),
            video: self.video.as_ref().map(VideoSettings::queue).unwrap_or_default(),
        }
    }
}

impl TryFrom<SessionOptions> for parley_transport::SessionOptions {
    type Error = napi::Error<Code>;

    fn try_from(options: SessionOptions) -> Result<Self> {
        let complexity = u8::try_from(options.opus_complexity).map_err(|_| {
            invalid(format!("opusComplexity is {}; it must be 0 to 10", options.opus_complexity))
        })?;
        Ok(Self {
            input: format(options.input_sample_rate, options.input_channels)?,
            output: format(options.output_sample_rate, options.output_channels)?,
            mode: mode(&options.mode)?,
            opus: OpusOptions {
                bitrate: options.opus_bitrate,
                complexity,
                fec: options.opus_fec,
                dtx: options.opus_dtx,
                application: application(&options.opus_application)?,
            },
            output_target: ms(options.output_target_ms),
            jitter: (ms(options.jitter_min_ms), ms(options.jitter_max_ms)),
            connect_timeout: ms(options.connect_timeout_ms),
            allow_extra_tracks: options.allow_extra_tracks,
            audio: options.audio,
            video: options.video.map(TryInto::try_into).transpose()?,
        })
    }
}

fn ms(value: u32) -> Duration {
    Duration::from_millis(value.into())
}

fn application(name: &str) -> Result<Application> {
    match name {
        "voip" => Ok(Application::Voip),
        "audio" => Ok(Application::Audio),
        _ => Err(invalid(format!("opusApplication is {name:?}; it must be \"voip\" or \"audio\""))),
    }
}

fn mode(name: &str) -> Result<Mode> {
    match name {
        "send-receive" => Ok(Mode::SendReceive),
        "send" => Ok(Mode::Send),
        "receive" => Ok(Mode::Receive),
        _ => Err(invalid(format!("mode is {name:?}; it must be \"send-receive\", \"send\" or \"receive\""))),
    }
}
