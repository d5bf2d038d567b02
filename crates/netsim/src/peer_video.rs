//! A peer's video: its camera, its screen, and what they say to the other end.

use crate::AudioWay;
use crate::camera::{Camera, CameraExtensions};
use crate::film::Seen;
use crate::peer::Peer;
use crate::peer_tap::reports;
use crate::screen::{Screen, Wish};
use bytes::Bytes;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::rtcp::Packet as Control;
use rtc::rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp_transceiver::RTCRtpTransceiverId;
use rtc::sansio::Protocol;
use std::time::{Duration, Instant};

/// Both halves, and what the other end said about them.
pub(crate) struct VideoEnd {
    pub(crate) transceiver: RTCRtpTransceiverId,
    pub(crate) camera: Camera,
    pub(crate) screen: Screen,
    pub(crate) said: Said,
    /// The other end's source.
    pub(crate) source: u32,
}

/// What the other end said by RTCP.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// When it asked for key frames.
    pub key_frames: Vec<Instant>,
    /// What it allows to be sent, in bit/s.
    pub bitrates: Vec<f32>,
    /// How many arrivals it told (transport-wide congestion control), and how many packets it told as missing.
    pub arrivals: (usize, usize),
    /// The times of its sources: source, NTP time, timestamp, and when they came.
    pub times: Vec<(u32, u64, u32, Instant)>,
    /// Shares of our packets that it lost, 0 to 255, by source.
    pub lost: Vec<(u32, u8)>,
}

impl Peer {
    /// Films from now on, for so long.
    ///
    /// # Panics
    /// When it has no camera.
    pub fn film(&mut self, now: Instant, duration: Duration) {
        let extensions = self.camera_extensions();
        let camera = &mut self.video().camera;
        camera.extensions = extensions;
        camera.film_until(now, now + duration);
    }

    /// Sends a picture that was encoded by whoever has the peer, who made it a key frame if
    /// [`takes_key_wish`](Self::takes_key_wish) said so.
    ///
    /// # Panics
    /// When it has no camera.
    pub fn show(&mut self, now: Instant, frame: &[u8]) {
        let extensions = self.camera_extensions();
        let camera = &mut self.video().camera;
        camera.extensions = extensions;
        let mut leaving = Vec::new();
        camera.send(now, frame, &mut leaving);
        for (header, payload) in leaving {
            self.write_rtp(now, header, payload);
        }
    }

    /// Whether the other end asked for a key frame since the last call, or none was made yet.
    ///
    /// # Panics
    /// When it has no camera.
    pub fn takes_key_wish(&mut self) -> bool {
        self.video().camera.take_key_wish()
    }

    /// Takes the pictures that came, of a peer whose pictures are coded ones, and when.
    pub fn take_frames(&mut self) -> Vec<(Instant, Bytes)> {
        let frames = self.video.as_mut().and_then(|video| video.screen.frames.as_mut());
        frames.map(std::mem::take).unwrap_or_default()
    }

    /// A picture could not be decoded: the other end is asked for a key frame.
    ///
    /// # Panics
    /// When it has no screen.
    pub fn want_key_frame(&mut self, now: Instant) {
        self.video().screen.want_key_frame(now);
    }

    /// Makes the next offer say so.
    ///
    /// # Panics
    /// When it has no video.
    pub fn set_video_way(&mut self, way: AudioWay) {
        let transceiver = self.video().transceiver;
        self.pc.rtp_transceiver(transceiver).expect("made at the start").set_direction(way.direction());
    }

    /// The camera's pictures are another source's from now on.
    ///
    /// # Panics
    /// When it has no camera.
    pub fn change_camera(&mut self, ssrc: u32, rtx: Option<u32>) {
        self.video().camera.become_source(ssrc, rtx);
    }

    /// When each picture was filmed, by its number.
    ///
    /// # Panics
    /// When it has no camera.
    #[must_use]
    pub fn filmed(&self) -> &[Instant] {
        &self.video_end().camera.filmed
    }

    /// The pictures that its screen showed, and how many came broken.
    ///
    /// # Panics
    /// When it has no screen.
    #[must_use]
    pub fn seen(&self) -> (&[Seen], usize) {
        let screen = &self.video_end().screen;
        (&screen.seen, screen.broken)
    }

    /// When each packet of video came, with its number and its length.
    ///
    /// # Panics
    /// When it has no screen.
    #[must_use]
    pub fn video_packets(&self) -> &[(Instant, u16, usize)] {
        &self.video_end().screen.came
    }

    /// How often its camera sent packets again, and the most that one packet was asked for.
    ///
    /// # Panics
    /// When it has no camera.
    #[must_use]
    pub fn repairs(&self) -> (usize, usize) {
        let camera = &self.video_end().camera;
        (camera.repaired, camera.asked.values().copied().max().unwrap_or_default())
    }

    /// How many packets of video had a transport-wide number.
    ///
    /// # Panics
    /// When it has no screen.
    #[must_use]
    pub fn numbered(&self) -> usize {
        self.video_end().screen.numbered
    }

    /// What the other end said about video.
    ///
    /// # Panics
    /// When it has no video.
    #[must_use]
    pub fn said(&self) -> &Said {
        &self.video_end().said
    }

    /// Says how much it can get, in bit/s.
    pub fn say_bitrate(&mut self, now: Instant, bitrate: f32) {
        let sender_ssrc = self.video_ssrc();
        let ssrcs = vec![self.video().source];
        self.control(now, Box::new(ReceiverEstimatedMaximumBitrate { sender_ssrc, bitrate, ssrcs }));
    }

    /// Asks for a key frame with a full intra request of that number.
    pub fn say_full_intra(&mut self, now: Instant, sequence_number: u8) {
        let (sender_ssrc, media_ssrc) = (self.video_ssrc(), self.video().source);
        let fir = vec![FirEntry { ssrc: media_ssrc, sequence_number }];
        self.control(now, Box::new(FullIntraRequest { sender_ssrc, media_ssrc, fir }));
    }

    /// Asks for a key frame with a picture loss indication.
    pub fn say_picture_loss(&mut self, now: Instant) {
        let (sender_ssrc, media_ssrc) = (self.video_ssrc(), self.video().source);
        self.control(now, Box::new(PictureLossIndication { sender_ssrc, media_ssrc }));
    }

    /// Asks for packets again, whether they are missing or not.
    pub fn say_missing(&mut self, now: Instant, numbers: &[u16]) {
        let (sender_ssrc, media_ssrc) = (self.video_ssrc(), self.video().source);
        let nacks = nack_pairs_from_sequence_numbers(numbers);
        self.control(now, Box::new(TransportLayerNack { sender_ssrc, media_ssrc, nacks }));
    }

    pub(crate) fn control(&mut self, now: Instant, control: Box<dyn Control>) {
        let message = RTCMessage::RtcpPacket(String::new(), vec![control]);
        self.pc.handle_write(TaggedRTCMessage { now, message }).expect("RTCP is sent");
    }

    fn video(&mut self) -> &mut VideoEnd {
        self.video.as_mut().expect("a peer with video")
    }

    fn video_end(&self) -> &VideoEnd {
        self.video.as_ref().expect("a peer with video")
    }

    fn camera_extensions(&self) -> CameraExtensions {
        let sdp = self.pc.local_description().expect("it has made its offer").sdp;
        let number = |name: &str| {
            let mut lines = sdp.lines().filter_map(|line| line.strip_prefix("a=extmap:")).rev();
            let line = lines.find(|line| line.contains(name))?;
            line.split([' ', '/']).next()?.parse().ok()
        };
        CameraExtensions {
            transport_number: number("transport-wide-cc"),
            orientation: number("video-orientation"),
        }
    }

    /// Lets camera and screen do what is due.
    pub(crate) fn run_video(&mut self) {
        let now = self.now;
        let Some(video) = &mut self.video else { return };
        let leaving = video.camera.film(now);
        let wishes = video.screen.wishes(now);
        for (header, payload) in leaving {
            self.write_rtp(now, header, payload);
        }
        for wish in wishes {
            match wish {
                Wish::KeyFrame => self.say_picture_loss(now),
                Wish::Packets(numbers) => self.say_missing(now, &numbers),
            }
        }
    }

    /// Takes what the other end says by RTCP.
    pub(crate) fn heed(&mut self, packets: &[Box<dyn Control>]) {
        let now = self.now;
        let Some(video) = &mut self.video else { return };
        let mut leaving = Vec::new();
        for packet in packets {
            let any = packet.as_any();
            if any.is::<PictureLossIndication>() || any.is::<FullIntraRequest>() {
                video.said.key_frames.push(now);
                video.camera.want_key_frame();
            } else if let Some(TransportLayerNack { nacks, .. }) = any.downcast_ref() {
                let numbers: Vec<u16> = nacks.iter().flat_map(|nack| nack.packet_list()).collect();
                leaving.extend(video.camera.again(&numbers));
            } else if let Some(ReceiverEstimatedMaximumBitrate { bitrate, .. }) = any.downcast_ref() {
                video.said.bitrates.push(*bitrate);
            } else if let Some(TransportLayerCc { packet_status_count, recv_deltas, .. }) = any.downcast_ref()
            {
                video.said.arrivals.0 += recv_deltas.len();
                video.said.arrivals.1 += usize::from(*packet_status_count) - recv_deltas.len();
            } else if let Some(SenderReport { ssrc, ntp_time, rtp_time, .. }) = any.downcast_ref() {
                video.said.times.push((*ssrc, *ntp_time, *rtp_time, now));
            }
        }
        video.said.lost.extend(reports(packets).map(|told| (told.ssrc, told.fraction_lost)));
        for (header, payload) in leaving {
            self.write_rtp(now, header, payload);
        }
    }
}
