//! Audio on its way through the session: between the core's packets and the pipeline.

use super::{Drain, Held, RtcSession, State};
use crate::contract::Event;
use crate::options::Mode;
use parley_media::{Chunk, Dtmf, Mark, PipelineOutput, RtpView};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp::{Packet, header::Header};
use rtc::sansio::Protocol;
use std::time::Duration;

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
            State::Connecting { .. } => self.held.push(Held::Audio(chunk)),
            _ if self.direction.sends() => self.pipeline.emit(self.now, chunk),
            _ => {}
        }
    }

    /// A mark keeps its place among the audio.
    pub(super) fn mark(&mut self, mark: Mark) {
        match self.state {
            State::Connecting { .. } => self.held.push(Held::Mark(mark)),
            _ => self.pipeline.mark(self.now, mark),
        }
    }

    /// What waited for the connection goes where it was meant to.
    pub(super) fn release_held(&mut self) {
        for held in std::mem::take(&mut self.held) {
            match held {
                Held::Audio(chunk) => self.audio(chunk),
                Held::Mark(mark) => self.mark(mark),
            }
        }
    }

    /// Tells of the marks that were passed.
    pub(super) fn tell_played(&mut self) {
        while let Some(played) = self.pipeline.take_played() {
            self.events.push_back(Event::Played(played));
        }
    }

    pub(super) fn clear_queue(&mut self) {
        // What waits for the connection passes through, for its marks' sake.
        for held in std::mem::take(&mut self.held) {
            match held {
                Held::Audio(chunk) => self.pipeline.emit(self.now, chunk),
                Held::Mark(mark) => self.pipeline.mark(self.now, mark),
            }
        }
        self.pipeline.clear_queue(self.now);
    }

    pub(super) fn start_draining(&mut self, close: bool) {
        self.drain = Some(Drain::Flushing { close });
        if !self.is_connecting() {
            self.pipeline.drain();
        }
    }

    /// Takes what came of sources that the core doesn't know, and tells the peer how the one is received that is heard, as the
    /// core does of those that it knows.
    pub(super) fn drain_strays(&mut self) {
        while let Some(packet) = self.strays.next() {
            self.presence.heard(self.now);
            self.unread_rtp = self.unread_rtp.saturating_sub(1);
            self.delivered.note(packet.header.ssrc, packet.header.sequence_number);
            self.rtp(&packet);
            let is_heard = self.pipeline.source() == Some(packet.header.ssrc);
            let report = is_heard.then(|| self.stray_reports.received(self.now, &packet.header)).flatten();
            if let Some(report) = report {
                self.tell_of_stray(report);
            }
        }
    }

    fn tell_of_stray(&mut self, report: ReceptionReport) {
        let report = ReceiverReport { ssrc: self.seed.ssrc, reports: vec![report], ..Default::default() };
        let message = RTCMessage::RtcpPacket(String::new(), vec![Box::new(report)]);
        if let Err(error) = self.pc.handle_write(TaggedRTCMessage { now: self.now, message }) {
            log::debug!("a report was not sent: {error}");
        }
        self.pending.packet_written();
    }

    pub(super) fn rtp(&mut self, packet: &Packet) {
        let header = &packet.header;
        if self.options.mode == Mode::Receive || !self.options.audio {
            return;
        }
        // Who has nothing to say by its offer, or is on hold, is not heard.
        if !self.direction.receives() {
            self.stats.refused += 1;
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
            if !self.speaker.admit(self.now, header.ssrc) {
                self.stats.refused += 1;
                return;
            }
            self.pipeline.receive(self.now, view);
        } else if let Some(rate) = self.telephone_event.rate(header.payload_type) {
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
        let packet = packet.as_any();
        // A peer that sends reports on our audio in its sender's reports.
        let reports = match (packet.downcast_ref::<ReceiverReport>(), packet.downcast_ref::<SenderReport>()) {
            (Some(receiver), _) => &receiver.reports,
            (None, Some(sender)) => &sender.reports,
            (None, None) => return,
        };
        if let Some(ours) = reports.iter().find(|report| report.ssrc == self.seed.ssrc) {
            self.report_on_us(ours);
        }
    }

    fn report_on_us(&mut self, report: &ReceptionReport) {
        // The reports count from the first packet that was received, so the first of them says little.
        let reported = self.reported_until.replace(report.last_sequence_number);
        let packets = reported.map_or(0, |until| report.last_sequence_number.wrapping_sub(until));
        self.stats.fraction_lost_by_peer = report.fraction_lost;
        // A report that repeats an earlier one, or comes late, tells nothing new.
        if (1..u32::MAX / 2).contains(&packets) {
            self.pipeline.report(self.now, f32::from(report.fraction_lost) / 256.0, packets);
        }
        if let Some(round_trip) =
            self.sent_reports.round_trip(self.now, report.last_sender_report, report.delay)
        {
            self.reported_round_trip = Some(round_trip);
            self.note_round_trip(round_trip);
        }
    }

    /// Half of it is the way to the peer.
    pub(super) fn note_round_trip(&mut self, round_trip: Duration) {
        self.stats.round_trip = Some(round_trip);
        self.pipeline.set_path(round_trip / 2);
        if let Some(video) = &mut self.video {
            video.set_round_trip(round_trip);
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
                PipelineOutput::Speech(event) => {
                    self.events.push_back(Event::Speech(event));
                    return FromPipeline::Event;
                }
                PipelineOutput::Dtmf(Dtmf { digit, duration }) => {
                    self.events.push_back(Event::Dtmf { digit, duration });
                    return FromPipeline::Event;
                }
                // Packets that are under way can't be called back.
                PipelineOutput::ClearSent => {}
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
                    self.pending.packet_written();
                }
            }
        }
        FromPipeline::Nothing
    }
}
