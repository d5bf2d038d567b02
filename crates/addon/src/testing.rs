//! The fake peer of the test kit.

use crate::errors::{Code, Result};
use crate::options::{SessionOptions, format};
use crate::session::NativeSession;
use crate::video::{PictureLayout, pixel_format};
use napi::Env;
use napi::bindgen_prelude::{Int16ArraySlice, Uint8ArraySlice};
use napi_derive::napi;
use parley_testkit::{
    AudioWay, Caller, I420, Link, PeerOptions, PeerVideo, PixelFormat, Pixels, PixelsMut, UdpCall,
    VirtualCall, from_pixels, to_pixels,
};
use parley_transport::{Chunk, EVENT, Layout, Samples, SessionHandle};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a fake peer's network does to datagrams, the same in both directions.
#[napi(object)]
pub struct TestNetwork {
    /// Of the random numbers.
    pub seed: u32,
    /// The time that each datagram takes at least, ms.
    pub latency_ms: f64,
    /// The most that one takes longer, ms; order is kept.
    pub jitter_ms: f64,
    /// The share that gets lost, 0 to 1.
    pub loss: f64,
    /// The share that comes 50 ms after its turn, 0 to 1.
    pub reordering: f64,
    /// The share that comes twice, 0 to 1.
    pub duplicates: f64,
}

/// How a fake peer is made.
#[napi(object)]
pub struct TestPeerOptions {
    /// "send-receive", "send" or "receive", as the peer sees it.
    pub mode: String,
    /// Whether it has a microphone or a loudspeaker.
    pub audio: bool,
    /// Whether it has a camera or a screen.
    pub video: bool,
    /// In which it speaks and hears: 1 or 2.
    pub channels: u32,
    /// Of all that would else be random.
    pub seed: u32,
    /// Where the server's media threads listen: then the call goes over real UDP. Without it time is virtual.
    pub server_address: Option<String>,
    /// Its network.
    pub network: TestNetwork,
}

/// What a fake peer heard.
#[napi(object, object_from_js = false)]
pub struct TestHeard<'env> {
    /// Frames of 20 ms, interleaved, at 48 kHz.
    pub samples: Int16ArraySlice<'env>,
    /// When each frame came, ms since the peer was made.
    pub at_ms: Vec<f64>,
}

/// A picture that a fake peer saw.
#[napi(object, object_from_js = false)]
pub struct TestPicture<'env> {
    /// When, ms since the peer was made.
    pub at_ms: f64,
    pub width: u32,
    pub height: u32,
    /// Red, green and blue of each pixel.
    pub data: Uint8ArraySlice<'env>,
}

impl<'env> TestPicture<'env> {
    fn new(env: &'env Env, at_ms: f64, picture: &I420) -> napi::Result<Self> {
        let (width, height) = (picture.width(), picture.height());
        let mut values = vec![0; PixelFormat::Rgb24.samples(width, height)];
        to_pixels(picture, PixelFormat::Rgb24, PixelsMut::U8(&mut values))
            .map_err(|error| napi::Error::from_reason(error.to_string()))?;
        Ok(Self { at_ms, width, height, data: Uint8ArraySlice::copy_from(env, values)? })
    }
}

/// A text that a fake peer got.
#[napi(object)]
pub struct TestMessage {
    /// When, ms since the peer was made.
    pub at_ms: f64,
    pub text: String,
}

/// What a fake peer received, by its own count.
#[napi(object)]
pub struct TestPeerStats {
    /// Packets that never came.
    pub lost: i64,
    /// Packets that came after their time.
    pub late: i64,
    pub duplicate: i64,
    /// Frames that were made up for missing packets.
    pub concealed: i64,
    /// Frames of silence while nothing was sent.
    pub synthesised: i64,
}

enum Network {
    Virtual(Box<VirtualCall>),
    Udp(UdpCall),
}

/// A fake peer, for tests of handlers.
#[napi]
pub struct NativeTestPeer {
    network: Network,
    channels: u32,
    start: Instant,
    session: Option<Arc<SessionHandle>>,
}

impl NativeTestPeer {
    fn with<R>(&mut self, work: impl FnOnce(&mut Caller, Instant) -> R) -> R {
        match &mut self.network {
            Network::Virtual(call) => call.with(work),
            Network::Udp(call) => call.with(work),
        }
    }

    fn virtual_call(&mut self) -> Result<&mut VirtualCall> {
        match &mut self.network {
            Network::Virtual(call) => Ok(call),
            Network::Udp(_) => Err(Code::INVALID_ARGUMENT.error("time can't be moved over real UDP")),
        }
    }

    fn ms(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.start).as_secs_f64() * 1000.0
    }
}

#[napi]
impl NativeTestPeer {
    /// A peer that has yet to make its offer. Throws ERR_PARLEY_INVALID_ARGUMENT for options that can't be used, or when
    /// no socket can be bound.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: TestPeerOptions) -> Result<Self> {
        let link = link(&options.network);
        let peer = peer_options(&options)?;
        let TestPeerOptions { channels, seed, server_address, .. } = options;
        let (network, start) = match server_address {
            None => {
                let call = VirtualCall::new(&peer, &link, seed.into());
                let start = call.now();
                (Network::Virtual(Box::new(call)), start)
            }
            Some(address) => (Network::Udp(udp(&peer, &link, &address)?), Instant::now()),
        };
        Ok(Self { network, channels, start, session: None })
    }

    /// The SDP of its offer.
    #[napi(catch_unwind)]
    pub fn offer(&mut self) -> String {
        self.with(Caller::offer)
    }

    /// Takes the answer.
    #[napi(catch_unwind)]
    pub fn answered(&mut self, sdp: String) {
        self.with(|caller, now| caller.answered(now, &sdp));
    }

    /// In virtual time: has a session answer an offer. Throws as `NativeHost.accept`.
    #[napi(catch_unwind)]
    pub fn accept(&mut self, options: SessionOptions, offer_sdp: String) -> Result<NativeSession> {
        let limits = options.limits();
        let options = options.try_into()?;
        let session = self.virtual_call()?.accept(options, limits, &offer_sdp);
        self.session = Some(session.clone());
        Ok(NativeSession::new(session))
    }

    /// In virtual time: lets time pass until the session has something to say, at most that many ms. Returns how many.
    #[napi(catch_unwind)]
    pub fn advance(&mut self, most_ms: f64) -> Result<f64> {
        let most = Duration::from_secs_f64(most_ms.max(0.0) / 1000.0);
        Ok(self.virtual_call()?.advance(most).as_secs_f64() * 1000.0)
    }

    /// In virtual time: why the session is ready, as the bits of `NativeHost.poll`.
    #[napi(catch_unwind)]
    pub fn take_ready(&self) -> u32 {
        let Some(session) = &self.session else { return 0 };
        let bits = session.take_ready();
        if bits != 0 && session.has_ended() { bits | EVENT } else { bits }
    }

    /// How long ago it was made, ms.
    #[napi(catch_unwind)]
    pub fn now_ms(&mut self) -> f64 {
        let now = self.with(|_, now| now);
        self.ms(now)
    }

    /// When it was first connected, ms; -1 before.
    #[napi(catch_unwind)]
    pub fn connected_at_ms(&mut self) -> f64 {
        let at = self.with(|caller, _| caller.connected_at());
        at.map_or(-1.0, |at| self.ms(at))
    }

    /// Whether its data channel is open.
    #[napi(catch_unwind)]
    pub fn channel_is_open(&mut self) -> bool {
        self.with(|caller, _| caller.channel_is_open())
    }

    /// Speaks interleaved PCM after whatever it is saying. Throws as `NativeSession.writeAudio`.
    #[napi(catch_unwind)]
    pub fn speak(&mut self, samples: Int16ArraySlice<'_>, sample_rate: u32, channels: u32) -> Result<()> {
        let format = format(sample_rate, channels)?;
        if !samples.len().is_multiple_of(channels as usize) {
            let text = format!("{} samples can't be shared out evenly", samples.len());
            return Err(Code::INVALID_ARGUMENT.error(text));
        }
        let samples = Samples::I16(samples.to_vec());
        let chunk = Chunk { samples, rate: format.rate, layout: format.layout };
        self.with(|caller, now| caller.speak(now, chunk));
        Ok(())
    }

    /// Shows a picture to its camera. Throws as `NativeSession.writePicture`.
    #[napi(catch_unwind)]
    pub fn show(&mut self, values: Uint8ArraySlice<'_>, layout: PictureLayout) -> Result<()> {
        let mut picture = I420::blank(2, 2);
        let PictureLayout { format, width, height, .. } = layout;
        from_pixels(pixel_format(&format)?, width, height, Pixels::U8(&values), &mut picture)
            .map_err(|error| Code::INVALID_ARGUMENT.error(error.to_string()))?;
        self.with(|caller, now| caller.show(now, &picture));
        Ok(())
    }

    /// The pictures that it saw since the last call.
    #[napi(catch_unwind)]
    pub fn take_seen<'env>(&mut self, env: &'env Env) -> napi::Result<Vec<TestPicture<'env>>> {
        let seen = self.with(|caller, _| caller.take_seen());
        seen.into_iter().map(|(at, picture)| TestPicture::new(env, self.ms(at), &picture)).collect()
    }

    /// Says nothing more of what it was about to say.
    #[napi(catch_unwind)]
    pub fn hush(&mut self) {
        self.with(Caller::hush);
    }

    /// Presses keys of its telephone after those that it is pressing, each for so many ms, so many before the next. Throws
    /// ERR_PARLEY_INVALID_ARGUMENT for what is no key.
    #[napi(catch_unwind)]
    pub fn press(&mut self, keys: String, down_ms: f64, gap_ms: f64) -> Result<()> {
        let ms = |value: f64| Duration::from_secs_f64(value.clamp(0.0, 60_000.0) / 1000.0);
        let pressed =
            self.with(|caller, _| keys.chars().all(|sign| caller.press(sign, ms(down_ms), ms(gap_ms))));
        if pressed {
            return Ok(());
        }
        Err(Code::INVALID_ARGUMENT.error(format!("{keys:?} has a key that no telephone has")))
    }

    /// Sends text. Throws ERR_PARLEY_CHANNEL_CLOSED when its data channel is not open.
    #[napi(catch_unwind)]
    pub fn send_text(&mut self, text: String) -> Result<()> {
        let is_sent = self.with(|caller, now| caller.send_text(now, &text));
        if is_sent {
            return Ok(());
        }
        Err(Code::CHANNEL_CLOSED.error("the data channel is not open"))
    }

    /// Closes its connection, and says so to the other end.
    #[napi(catch_unwind)]
    pub fn hang_up(&mut self) {
        self.with(|caller, _| caller.hang_up());
    }

    /// Is gone without a word.
    #[napi(catch_unwind)]
    pub fn vanish(&mut self) {
        self.with(|caller, _| caller.vanish());
    }

    /// From now on its network is like that.
    #[napi(catch_unwind)]
    pub fn set_network(&mut self, network: TestNetwork) {
        let link = link(&network);
        let percent = (network.loss * 100.0).round() as u8;
        self.with(|caller, _| caller.change_link(&link, percent));
    }

    /// What it heard since the last call.
    #[napi(catch_unwind)]
    pub fn take_heard<'env>(&mut self, env: &'env Env) -> napi::Result<TestHeard<'env>> {
        let frames = self.with(|caller, _| caller.take_heard());
        let at_ms: Vec<f64> = frames.iter().map(|(at, _)| self.ms(*at)).collect();
        let samples: Vec<i16> = frames.into_iter().flat_map(|(_, samples)| samples).collect();
        Ok(TestHeard { samples: Int16ArraySlice::copy_from(env, samples)?, at_ms })
    }

    /// The texts that it got since the last call.
    #[napi(catch_unwind)]
    pub fn take_messages(&mut self) -> Vec<TestMessage> {
        let messages = self.with(|caller, _| caller.take_messages());
        messages
            .into_iter()
            .map(|message| TestMessage { at_ms: self.ms(message.at), text: message.text })
            .collect()
    }

    /// Its own counters.
    #[napi(catch_unwind)]
    pub fn stats(&mut self) -> TestPeerStats {
        let stats = self.with(|caller, _| caller.stats());
        let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        TestPeerStats {
            lost: count(stats.lost),
            late: count(stats.late),
            duplicate: count(stats.duplicate),
            concealed: count(stats.concealed),
            synthesised: count(stats.synthesised),
        }
    }

    /// The channels in which it speaks and hears.
    #[napi(getter, catch_unwind)]
    pub fn channels(&self) -> u32 {
        self.channels
    }

    /// Lets go of its socket and its thread, if it has them.
    #[napi(catch_unwind)]
    pub fn end(&mut self) {
        if let Network::Udp(call) = &self.network {
            call.end();
        }
    }
}

fn udp(options: &PeerOptions, link: &Link, address: &str) -> Result<UdpCall> {
    let refused = |message: String| Code::INVALID_ARGUMENT.error(message);
    let server: IpAddr = address.parse().map_err(|_| refused(format!("{address:?} is not an IP address")))?;
    UdpCall::new(options, link, server).map_err(|error| refused(format!("no socket for the peer: {error}")))
}

fn link(network: &TestNetwork) -> Link {
    let ms = |value: f64| Duration::from_secs_f64(value.clamp(0.0, 60_000.0) / 1000.0);
    Link::lossy(network.loss)
        .seed(network.seed.into())
        .latency(ms(network.latency_ms))
        .jitter(ms(network.jitter_ms))
        .reordering(network.reordering)
        .duplicating(network.duplicates)
}

fn peer_options(options: &TestPeerOptions) -> Result<PeerOptions> {
    let way = match options.mode.as_str() {
        "send" => AudioWay::Send,
        "receive" => AudioWay::Receive,
        _ => AudioWay::Both,
    };
    let layout = Layout::from_channels(options.channels)
        .map_err(|error| Code::INVALID_ARGUMENT.error(error.to_string()))?;
    let video = options.video.then(|| PeerVideo { way, is_coded: true, ..PeerVideo::default() });
    Ok(PeerOptions {
        audio: way,
        has_audio: options.audio,
        video,
        keypad: true,
        hears: layout,
        speaks: layout,
        ..PeerOptions::default()
    })
}
