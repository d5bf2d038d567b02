//! What the protocol core tells, and what it wants to send.

use super::{RtcSession, State};
use crate::channel::MAX_MESSAGE_BYTES;
use crate::contract::{CloseReason, Event};
use crate::options::Mode;
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::sansio::Protocol;
use rtc::shared::TaggedBytesMut;
use std::time::Instant;

impl RtcSession {
    /// Takes what the core has to say.
    pub(super) fn drain_core(&mut self) {
        if std::mem::take(&mut self.pending.news) {
            self.pending.media = false;
            while let Some(event) = self.pc.poll_event() {
                self.core_event(event);
            }
            while let Some(TaggedRTCMessage { message, .. }) = self.pc.poll_read() {
                self.core_message(message);
            }
            self.drain_video();
        } else if std::mem::take(&mut self.pending.media) {
            while let Some(TaggedRTCMessage { message, .. }) = self.pc.poll_media_read() {
                self.core_message(message);
            }
        } else {
            return;
        }
        self.drain_strays();
        self.delivered.nothing_waits();
    }

    pub(super) fn next_datagram(&mut self) -> Option<TaggedBytesMut> {
        if !self.pending.has_datagram() {
            return None;
        }
        let datagram = self.pc.poll_write();
        self.pending.asked_for_datagram(datagram.is_some());
        datagram
    }

    pub(super) fn core_due(&mut self) -> Option<Instant> {
        self.pending.due(self.now, || self.pc.poll_timeout())
    }

    fn core_event(&mut self, event: RTCPeerConnectionEvent) {
        match event {
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(
                RTCIceConnectionState::Connected | RTCIceConnectionState::Completed,
            ) => self.path_found(),
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => self.core_state(state),
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => self.channel_opened(id),
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                self.channel_closed(id)
            }
            _ => {}
        }
    }

    fn channel_opened(&mut self, id: RTCDataChannelId) {
        if self.channels.opened(&mut self.pc, id) {
            self.events.push_back(Event::ChannelOpen);
            self.channels.flush(&mut self.pc, self.now);
        }
    }

    fn channel_closed(&mut self, id: RTCDataChannelId) {
        if self.channels.closed(id) {
            self.events.push_back(Event::ChannelClosed);
        }
    }

    fn core_state(&mut self, state: RTCPeerConnectionState) {
        match (state, self.state) {
            (RTCPeerConnectionState::Connected, State::Connecting { .. }) => {
                self.state = State::Connected;
                self.connected_at = self.now;
                self.start_video();
                if self.options.audio && self.options.mode != Mode::Receive {
                    self.pipeline.start(self.now);
                    // Pictures are timed by how much audio there was.
                    if self.video.is_some() {
                        self.pipeline.begin(self.now);
                    }
                }
                self.events.push_back(Event::Connected);
                self.release_held();
                if self.drain.is_some() {
                    self.pipeline.drain();
                }
            }
            (RTCPeerConnectionState::Connected, State::Connected) => self.events.push_back(Event::Connected),
            (RTCPeerConnectionState::Disconnected, State::Connected) => {
                self.events.push_back(Event::Disconnected)
            }
            (RTCPeerConnectionState::Failed, State::Connecting { .. }) => self.finish(CloseReason::Failed),
            (RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed, _) => {
                self.finish(CloseReason::Timeout)
            }
            _ => {}
        }
    }

    fn core_message(&mut self, message: RTCMessage) {
        self.presence.heard(self.now);
        match message {
            RTCMessage::RtpPacket(_, packet) => {
                self.unread_rtp = self.unread_rtp.saturating_sub(1);
                self.delivered.note(packet.header.ssrc, packet.header.sequence_number);
                self.rtp(&packet);
            }
            RTCMessage::RtcpPacket(_, packets) => {
                for packet in packets {
                    self.report(packet.as_ref());
                }
            }
            RTCMessage::DataChannelMessage(id, message) => {
                let fits = message.data.len() <= MAX_MESSAGE_BYTES && self.channels.is_open(id);
                if let Some(text) = std::str::from_utf8(&message.data).ok().filter(|_| fits) {
                    self.events.push_back(Event::Message(text.to_owned()));
                }
            }
            _ => {}
        }
    }
}
