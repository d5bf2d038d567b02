//! Audio on its way through the session: between the core's packets and the pipeline.

use super::{Drain, RtcSession, State};
use crate::contract::Event;
use crate::options::Mode;
use parley_media::{Chunk, Dtmf, PipelineOutput, RtpView};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtp::{Packet, header::Header};
use rtc::sansio::Protocol;

/// What the pipeline had to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FromPipeline {
    /// A frame for the handler, in `frame`.
    Frame,
    /// An event, among the others.
    Event,
    /// Nothing more now.
    Nothing,
}

impl RtcSession {
    /// Audio that comes before the connection is held for it; what a peer doesn't want to hear is dropped.
    pub(super) fn audio(&mut self, chunk: Chunk) {
        match self.state {
            State::Connecting { .. } => self.held.push(chunk),
            _ if self.direction.sends() => self.pipeline.emit(self.now, chunk),
            _ => {}
        }
    }

    pub(super) fn clear_queue(&mut self) {
        self.held.clear();
        self.pipeline.clear_queue(self.now);
    }

    pub(super) fn start_draining(&mut self, close: bool) {
        self.drain = Some(Drain::Flushing { close });
        if !self.is_connecting() {
            self.pipeline.drain();
        }
    }

    pub(super) fn rtp(&mut self, packet: &Packet) {
        let header = &packet.header;
        if self.options.mode == Mode::Receive {
            return;
        }
        let view = RtpView {
            ssrc: header.ssrc,
            sequence_number: header.sequence_number,
            timestamp: header.timestamp,
            marker: header.marker,
            payload: &packet.payload,
        };
        if header.payload_type == self.payload_type {
            self.pipeline.receive(self.now, view);
        } else if let Some(rate) = self.telephone_events.rate(header.payload_type) {
            self.pipeline.receive_telephone_event(self.now, view, rate);
        } else {
            // RED (RFC 2198) and whatever else was never agreed on.
            self.stats.refused += 1;
            return;
        }
        self.stats.packets_in += 1;
        self.stats.bytes_in += packet.payload.len() as u64;
    }

    pub(super) fn report(&mut self, packet: &dyn rtc::rtcp::Packet) {
        let Some(report) = packet.as_any().downcast_ref::<ReceiverReport>() else { return };
        if let Some(ours) = report.reports.iter().find(|report| report.ssrc == self.seed.ssrc) {
            self.stats.fraction_lost_by_peer = ours.fraction_lost;
        }
    }

    /// Runs the pipeline until it has something for the handler; packets go into the core on the way.
    pub(super) fn next_from_pipeline(&mut self) -> FromPipeline {
        while let Some(output) = self.pipeline.poll() {
            match output {
                PipelineOutput::Frame(samples) => {
                    self.frame.clear();
                    self.frame.extend_from_slice(samples);
                    let heard = self.state == State::Connected;
                    return if heard { FromPipeline::Frame } else { FromPipeline::Nothing };
                }
                PipelineOutput::Dtmf(Dtmf { digit, duration }) => {
                    self.events.push_back(Event::Dtmf { digit, duration });
                    return FromPipeline::Event;
                }
                PipelineOutput::Packet(packet) => {
                    let header = Header {
                        version: 2,
                        marker: packet.marker,
                        payload_type: self.payload_type,
                        sequence_number: packet.sequence_number,
                        timestamp: packet.timestamp,
                        ssrc: self.seed.ssrc,
                        ..Default::default()
                    };
                    self.stats.packets_out += 1;
                    self.stats.bytes_out += packet.payload.len() as u64;
                    let packet = Packet { header, payload: self.scratch.copy(packet.payload).freeze() };
                    // No track id: the packet's SSRC tells, and the fast path skips the sender's bookkeeping.
                    let message = RTCMessage::RtpPacket(String::new(), packet);
                    if let Err(error) = self.pc.handle_write(TaggedRTCMessage { now: self.now, message }) {
                        log::debug!("a packet was not sent: {error}");
                    }
                }
            }
        }
        FromPipeline::Nothing
    }
}
