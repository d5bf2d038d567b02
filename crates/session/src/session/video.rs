//! Video on its way through the session: between the core's packets and whoever decodes and encodes.

use super::{RtcSession, State};
use crate::video::ToSend;
use parley_video::EncodedFrame;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::sansio::Protocol;
use std::time::{Duration, Instant};

impl RtcSession {
    /// The time of [`Input::VideoFrame`](crate::Input::VideoFrame)'s clock: since the offer.
    #[must_use]
    pub fn video_time(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.accepted_at)
    }

    pub(super) fn start_video(&mut self) {
        if let Some(video) = &mut self.video {
            video.connected(self.now);
        }
    }

    pub(super) fn picture(&mut self, frame: &EncodedFrame) {
        if let Some(video) = &mut self.video {
            video.send(self.now, frame);
        }
    }

    pub(super) fn want_key_frame(&mut self) {
        if let Some(video) = &mut self.video {
            video.want_key_frame(self.now);
        }
    }

    /// Takes what left the core's chain, and what time has brought.
    pub(super) fn drain_video(&mut self) {
        let Some(video) = &mut self.video else { return };
        let taken = video.receive(self.now, self.pipeline.source(), &self.sent_reports);
        video.wake(self.now);
        while let Some(event) = video.next_event() {
            self.events.push_back(event);
        }
        if taken.packets > 0 {
            self.unread_rtp = self.unread_rtp.saturating_sub(taken.packets);
            self.presence.heard(self.now);
        }
        if let Some(round_trip) = taken.round_trip {
            self.reported_round_trip = Some(round_trip);
            self.note_round_trip(round_trip);
        }
    }

    /// The next picture for the handler.
    pub(super) fn next_picture(&mut self) -> Option<EncodedFrame> {
        let video = self.video.as_mut().filter(|_| self.state == State::Connected)?;
        let since_connected = self.now.saturating_duration_since(self.connected_at);
        let present = self.pipeline.stream_time(self.now).unwrap_or(since_connected);
        video.next_frame(self.now, present, |timestamp| self.pipeline.time_of(timestamp))
    }

    /// Hands the core what is due.
    pub(super) fn send_video(&mut self) {
        let Some(video) = &mut self.video else { return };
        while let Some(to_send) = video.next_to_send(self.now) {
            // No track id: the core knows of no video, and has nothing to look up.
            let message = match to_send {
                ToSend::Packet(packet) => RTCMessage::RtpPacket(String::new(), packet),
                ToSend::Control(control) => RTCMessage::RtcpPacket(String::new(), vec![control]),
            };
            if let Err(error) = self.pc.handle_write(TaggedRTCMessage { now: self.now, message }) {
                log::debug!("a packet of video was not sent: {error}");
            }
            self.pending.packet_written();
        }
    }

    pub(super) fn video_is_idle(&self) -> bool {
        self.video.as_ref().is_none_or(|video| video.is_idle())
    }
}
