//! One peer at the other end of a socket: a WebSocket's or a phone provider's encoded audio, without a network of its own.

use crate::channel::ChannelError;
use crate::contract::{CloseReason, Event, Input, Output, SessionStats};
use crate::options::{Mode, SessionOptions};
use parley_media::{
    Chunk, Dtmf, MAX_PAYLOAD_BYTES, MediaError, Pipeline, PipelineOptions, PipelineOutput, RtpStart,
    WireOptions,
};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The far end still plays what arrived so long ago, and what was sent ahead; only then is drained audio heard.
const PLAYOUT: Duration = Duration::from_millis(200);
/// A far end that says what it has played is waited for so long.
const TOLD: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy)]
enum Drain {
    Flushing { close: bool },
    Playing { close: bool, until: Instant },
}

/// A socket's media, with the contract of [`RtcSession`](crate::RtcSession): inputs by [`handle`](Self::handle), then outputs
/// until [`Output::WakeAt`]. It is connected from the start. What belongs to other networks is ignored, and messages go over
/// the socket itself: [`Event::MessageFailed`] says so.
#[derive(Debug)]
pub struct SocketSession {
    pipeline: Pipeline,
    mode: Mode,
    lead: Duration,
    /// The far end says what it has played.
    tells: bool,
    drain: Option<Drain>,
    closed: bool,
    now: Instant,
    events: VecDeque<Event>,
    /// A copy of what was made last.
    frame: Vec<i16>,
    payload: Vec<u8>,
    stats: SessionStats,
}

/// What the pipeline made.
enum Made {
    Frame,
    Payload,
    ClearSent,
}

impl SocketSession {
    /// Begins at `now`, connected.
    ///
    /// # Errors
    /// [`MediaError`] naming the option that is out of its range.
    pub fn new(now: Instant, options: &SessionOptions, wire: WireOptions) -> Result<Self, MediaError> {
        let mut pipeline = Pipeline::new(pipeline_options(options, wire))?;
        if options.mode != Mode::Receive {
            pipeline.start(now);
        }
        Ok(Self {
            pipeline,
            mode: options.mode,
            lead: wire.lead,
            tells: false,
            drain: None,
            closed: false,
            now,
            events: VecDeque::from([Event::Connected]),
            frame: Vec::new(),
            payload: Vec::new(),
            stats: SessionStats { codec: Some(wire.codec), ..SessionStats::default() },
        })
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether speech is listened for, so that no frames are given out.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.pipeline.listens()
    }

    /// Whether nobody minds if payloads wait for some tens of milliseconds: see [`Pipeline::is_waiting`].
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.closed && self.drain.is_none() && self.pipeline.is_waiting()
    }

    /// Audio that was taken and not yet sent.
    #[must_use]
    pub fn queued(&self) -> Duration {
        self.pipeline.queued()
    }

    /// How much emitted audio the peer has heard at the earliest, or by its own word; see [`Pipeline::played`].
    #[must_use]
    pub fn played(&self) -> Duration {
        self.pipeline.played()
    }

    /// How busy the thread is that runs this session: 0 to 1. Its spare time may go into better encoding.
    pub fn set_load(&mut self, now: Instant, load: f32) {
        self.pipeline.set_load(now, load);
    }

    /// The counters now.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        SessionStats { media: self.pipeline.stats(), ..self.stats.clone() }
    }

    /// Takes one input at `now`, which never runs backwards. After the end inputs are ignored.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.closed {
            return;
        }
        match input {
            Input::Payload(payload) => self.receive(payload),
            Input::Acknowledged(payloads) => {
                self.tells = true;
                self.pipeline.acknowledge(self.now, payloads);
            }
            Input::Audio(chunk) => self.emit(chunk),
            Input::Mark(mark) => self.pipeline.mark(self.now, mark),
            Input::Speech(request) => self.pipeline.speech(self.now, request),
            Input::ClearQueue => self.pipeline.clear_queue(self.now),
            Input::Message(_) => self.events.push_back(Event::MessageFailed(ChannelError::Closed)),
            Input::Drain { close } => {
                self.drain = Some(Drain::Flushing { close });
                self.pipeline.drain();
            }
            Input::Close => self.finish(),
            Input::Wake => self.pipeline.wake(self.now),
            Input::Datagram(..)
            | Input::Relayed { .. }
            | Input::Unreachable(_)
            | Input::Candidate(_)
            | Input::VideoFrame(_)
            | Input::WantKeyFrame => {}
        }
    }

    /// The next thing to do. Call it until it returns [`Output::WakeAt`].
    pub fn poll_output(&mut self) -> Output<'_> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Output::Event(event);
            }
            match self.next_made() {
                Some(Made::Frame) => return Output::Frame(&self.frame),
                Some(Made::Payload) => return Output::Payload(&self.payload),
                Some(Made::ClearSent) => return Output::ClearSent,
                None => {}
            }
            self.tell_played();
            self.advance();
            if self.events.is_empty() {
                return Output::WakeAt(self.wake_at());
            }
        }
    }

    fn receive(&mut self, payload: &[u8]) {
        if self.mode == Mode::Receive {
            return;
        }
        if payload.is_empty() || payload.len() > MAX_PAYLOAD_BYTES {
            self.stats.refused += 1;
            return;
        }
        self.stats.packets_in += 1;
        self.stats.bytes_in += payload.len() as u64;
        self.pipeline.receive_payload(self.now, payload);
    }

    /// What a peer doesn't want to hear is dropped.
    fn emit(&mut self, chunk: Chunk) {
        if self.mode != Mode::Send {
            self.pipeline.emit(self.now, chunk);
        }
    }

    /// Runs the pipeline until it has something for the handler or the socket; what there is about speech is among the events,
    /// and goes first.
    fn next_made(&mut self) -> Option<Made> {
        if self.closed {
            return None;
        }
        match self.pipeline.poll()? {
            PipelineOutput::Frame(samples) => {
                self.frame.clear();
                self.frame.extend_from_slice(samples);
                Some(Made::Frame)
            }
            PipelineOutput::Packet(packet) => {
                self.payload.clear();
                self.payload.extend_from_slice(packet.payload);
                self.stats.packets_out += 1;
                self.stats.bytes_out += packet.payload.len() as u64;
                Some(Made::Payload)
            }
            PipelineOutput::ClearSent => Some(Made::ClearSent),
            PipelineOutput::Speech(event) => {
                self.events.push_back(Event::Speech(event));
                None
            }
            PipelineOutput::Dtmf(Dtmf { digit, duration }) => {
                self.events.push_back(Event::Dtmf { digit, duration });
                None
            }
        }
    }

    fn tell_played(&mut self) {
        while let Some(played) = self.pipeline.take_played() {
            self.events.push_back(Event::Played(played));
        }
    }

    /// Moves on what waits for time.
    fn advance(&mut self) {
        if let Some(Drain::Flushing { close }) = self.drain
            && self.pipeline.queued().is_zero()
        {
            let playout = if self.tells { TOLD } else { self.lead + PLAYOUT };
            self.drain = Some(Drain::Playing { close, until: self.now + playout });
        }
        if let Some(Drain::Playing { close, until }) = self.drain
            && (until <= self.now || self.tells && self.pipeline.is_heard())
        {
            self.drain = None;
            self.events.push_back(Event::Drained);
            if close {
                self.finish();
            }
        }
    }

    fn finish(&mut self) {
        self.pipeline.end(self.now);
        self.tell_played();
        self.closed = true;
        self.events.push_back(Event::Closed(CloseReason::Local));
    }

    fn wake_at(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let drained = match self.drain {
            Some(Drain::Playing { until, .. }) => Some(until),
            _ => None,
        };
        [self.pipeline.wake_at(), drained].into_iter().flatten().min()
    }
}

fn pipeline_options(options: &SessionOptions, wire: WireOptions) -> PipelineOptions {
    PipelineOptions {
        input_rate: options.input.rate,
        input_layout: options.input.layout,
        output_rate: options.output.rate,
        output_layout: options.output.layout,
        opus: options.opus,
        output_target: options.output_target,
        jitter_min: options.jitter.0,
        jitter_max: options.jitter.1,
        rtp_start: RtpStart::default(),
        wire: Some(wire),
        sends_silence: true,
    }
}
