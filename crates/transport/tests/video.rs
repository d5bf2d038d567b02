//! Pictures through a session that is run by hand, in virtual time.

use parley_netsim::{Line, Link, Peer, PeerOptions, PeerVideo, peer_address, server_address, start_of_time};
use parley_transport::{
    EmittedPicture, ManualSession, PixelFormat, Pixels, QueueLimits, ReadyList, Seed, SessionHandle,
    SessionOptions, VIDEO, VideoOptions, VideoQueue, VideoWriteError,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PICTURE: Duration = Duration::from_millis(33);

/// A peer with a camera and a screen, and a session.
struct Rig {
    line: Line,
    session: ManualSession,
    handle: SessionHandle,
    now: Instant,
    ready: u32,
}

impl Rig {
    fn connect(video: Option<VideoOptions>) -> Self {
        let peers = video.is_some().then(PeerVideo::default);
        Self::connect_to(peers, video)
    }

    fn connect_to(peers: Option<PeerVideo>, video: Option<VideoOptions>) -> Self {
        let now = start_of_time();
        let mut peer =
            Peer::new(now, peer_address(), &PeerOptions { video: peers, ..PeerOptions::default() });
        let offer = peer.offer(now);
        let limits = QueueLimits { input: Duration::from_secs(1), video: VideoQueue::default() };
        let output_target = Duration::ZERO;
        let parts = (SessionOptions { video, output_target, ..SessionOptions::default() }, limits);
        let seed = Seed { ssrc: 7, sequence_number: 7, timestamp: 7 };
        let list = Arc::new(ReadyList::new(|| {}));
        let (handle, session) = ManualSession::accept(now, server_address(), seed, parts, &offer, list);
        let events = handle.take_events();
        let answer = events.iter().find(|event| event.kind == "answer").and_then(|event| event.text.clone());
        peer.answered(now, &answer.unwrap_or_else(|| panic!("{events:?}")));
        let line = Line::new(peer, &Link::perfect());
        let mut rig = Self { line, session: session.expect("answered"), handle, now, ready: 0 };
        rig.pass(Duration::from_secs(2));
        assert!(rig.line.peer.is_connected());
        rig
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.line.run(self.now);
            while let Some((_, datagram)) = self.line.arrived(self.now) {
                self.session.receive(self.now, peer_address(), &datagram);
            }
            for (_, datagram) in self.session.run(self.now) {
                self.line.send(self.now, server_address(), &datagram);
            }
            self.ready |= self.handle.take_ready();
            self.now += Duration::from_millis(1);
        }
    }

    fn write(&mut self) -> Result<bool, VideoWriteError> {
        let pixels = vec![90; PixelFormat::Bgr24.samples(64, 48)];
        let (format, pixels) = (PixelFormat::Bgr24, Pixels::U8(&pixels));
        self.handle.write_video(&EmittedPicture { format, width: 64, height: 48, pixels, timestamp: None })
    }

    /// Writes so many pictures at their rate.
    fn show(&mut self, pictures: usize) {
        for _ in 0..pictures {
            assert_eq!(self.write(), Ok(true));
            self.pass(PICTURE);
        }
    }
}

#[test]
fn pictures_that_are_written_reach_the_peer_and_a_key_frame_when_it_asks() {
    let mut rig = Rig::connect(Some(VideoOptions::default()));
    rig.show(10);
    rig.pass(PICTURE);
    let encoded =
        |rig: &Rig| rig.handle.stats().video.map(|video| (video.encode.encoded, video.encode.key_frames));
    assert_eq!(encoded(&rig), Some((10, 1)));
    let (shown, others) = rig.line.peer.seen();
    assert_eq!((shown.len(), others), (0, 10), "whole frames, and none of the peer's own film");
    rig.line.peer.say_picture_loss(rig.now);
    rig.pass(PICTURE);
    rig.show(3);
    assert_eq!(encoded(&rig), Some((13, 2)));
}

#[test]
fn frames_that_can_not_be_decoded_have_the_peer_asked_for_a_key_frame() {
    let mut rig = Rig::connect(Some(VideoOptions::default()));
    // Of a film whose frames only look like VP8.
    rig.line.peer.film(rig.now, Duration::from_secs(2));
    rig.pass(Duration::from_secs(2));
    let stats = rig.handle.stats().video.expect("there is video");
    assert!(stats.decode.failed > 0 && !rig.line.peer.said().key_frames.is_empty(), "{stats:?}");
    assert_eq!(rig.ready & VIDEO != 0, stats.decode.decoded > 0);
}

#[test]
fn a_session_without_video_takes_no_picture() {
    let mut rig = Rig::connect(None);
    assert_eq!(rig.write(), Err(VideoWriteError::NoVideo));
    assert!(rig.handle.read_video(Duration::ZERO).is_none() && rig.handle.stats().video.is_none());
    let mut rig = Rig::connect(Some(VideoOptions { send: false, ..VideoOptions::default() }));
    assert_eq!(rig.write(), Err(VideoWriteError::NoVideo));
}

#[cfg(feature = "h264")]
mod h264 {
    use super::*;
    use parley_transport::PixelsMut;
    use parley_video::{Codec, DecoderOptions, EncoderOptions, I420, VideoDecoder, VideoEncoder};

    fn connect() -> Rig {
        let peer = PeerVideo { codec: Codec::H264, is_coded: true, ..PeerVideo::default() };
        Rig::connect_to(Some(peer), Some(VideoOptions::default()))
    }

    #[test]
    fn a_peer_without_vp8_sees_pictures_and_gets_a_key_frame_when_it_asks() {
        let mut rig = connect();
        rig.show(10);
        rig.line.peer.say_picture_loss(rig.now);
        rig.pass(PICTURE);
        rig.show(3);
        rig.pass(PICTURE);
        let mut decoder = VideoDecoder::new(Codec::H264, DecoderOptions::default()).expect("it is built");
        let frames = rig.line.peer.take_frames();
        assert_eq!(frames.len(), 13);
        for (_, frame) in frames {
            let picture = decoder.decode(&frame).expect("a frame").expect("a picture");
            assert_eq!((picture.width(), picture.height()), (64, 48));
        }
        let stats = rig.handle.stats().video.expect("there is video");
        assert_eq!((stats.encode.encoded, stats.encode.key_frames), (13, 2), "{stats:?}");
    }

    #[test]
    fn the_pictures_of_a_peer_without_vp8_reach_the_handler() {
        let mut rig = connect();
        let mut encoder = VideoEncoder::new(Codec::H264, EncoderOptions::default()).expect("it is built");
        let mut pixels = vec![0; PixelFormat::I420.samples(320, 240)];
        let mut greys = Vec::new();
        for index in 0..10_u32 {
            let mut picture = I420::blank(320, 240);
            picture.data_mut().fill(60 + 8 * index as u8);
            let wants_key = rig.line.peer.takes_key_wish();
            let frame = encoder.encode(&picture, PICTURE * index, wants_key).expect("encoded");
            rig.line.peer.show(rig.now, &frame.expect("not left out").data);
            rig.pass(PICTURE);
            while let Some(read) = rig.handle.read_video(Duration::ZERO) {
                assert_eq!((read.width(), read.height()), (320, 240));
                read.to_pixels(PixelFormat::I420, PixelsMut::U8(&mut pixels)).expect("they fit");
                greys.push(pixels[0]);
            }
        }
        assert!(greys.len() == 10 && greys.is_sorted() && greys[9] > greys[0] + 50, "{greys:?}");
        let stats = rig.handle.stats().video.expect("there is video");
        assert_eq!((stats.decode.decoded, stats.decode.failed), (10, 0), "{stats:?}");
        assert!(rig.line.peer.said().key_frames.is_empty());
    }
}
