//! One peer's audio in both directions.

use std::time::{Duration, Instant};

use crate::receiving::Receiving;
use crate::sender::Sender;
use crate::speech::{Listener, begins_reply};
use crate::telephone_event::TelephoneEvents;
use crate::{
    Chunk, Dtmf, EncodedPacket, Layout, Mark, MediaError, PeerWishes, PipelineOptions, PipelineStats, Played,
    RtpView, SampleRate, SpeechEvent, SpeechRequest,
};

/// What a [`Pipeline`] has made.
#[derive(Debug, Clone, PartialEq)]
pub enum PipelineOutput<'a> {
    /// 20 ms of interleaved PCM for the handler, in the rate and layout of the options.
    Frame(&'a [i16]),
    /// A packet for the peer, to be sent at once.
    Packet(EncodedPacket<'a>),
    /// What a stream's far end was sent and has not played is to be dropped there. Comes in order with the packets.
    ClearSent,
    /// The peer pressed a key.
    Dtmf(Dtmf),
    /// Something about what the peer says, when that is listened to.
    Speech(SpeechEvent),
}

/// One peer's audio in both directions, without its network and its clock.
///
/// After each call that takes `now` (which never runs backwards) take outputs from [`poll`](Self::poll) until there
/// are none, then call [`wake`](Self::wake) at [`wake_at`](Self::wake_at). Equal inputs at equal times give equal
/// outputs. Once warm, neither direction allocates memory for a frame.
#[derive(Debug)]
pub struct Pipeline {
    receiver: Receiving,
    telephone_events: TelephoneEvents,
    sender: Sender,
    /// The formats of the handler's frames.
    input: (SampleRate, Layout),
    speech: Option<Box<Listener>>,
}

impl Pipeline {
    /// Makes an idle pipeline.
    ///
    /// # Errors
    /// [`MediaError`] naming the option that is out of its range.
    pub fn new(options: PipelineOptions) -> Result<Self, MediaError> {
        options.check()?;
        Ok(Self {
            receiver: Receiving::new(&options)?,
            telephone_events: TelephoneEvents::default(),
            sender: Sender::new(&options)?,
            input: (options.input_rate, options.input_layout),
            speech: None,
        })
    }

    /// The peer is connected. From its first packet on silence is made up while it sends nothing.
    pub fn start(&mut self, now: Instant) {
        self.receiver.start(now);
    }

    /// The handler's stream begins now, with silence until the peer sends: something else is timed by it.
    pub fn begin(&mut self, now: Instant) {
        self.receiver.begin(now);
    }

    /// Takes a packet from the peer. Whatever it holds, this can't fail: what is useless is counted.
    pub fn receive(&mut self, now: Instant, packet: RtpView<'_>) {
        self.receiver.receive(now, packet);
        self.listen(now);
    }

    /// Takes audio from the far end of a stream, of any length. Whatever it holds, this can't fail: what is useless is
    /// counted.
    pub fn receive_payload(&mut self, now: Instant, payload: &[u8]) {
        self.receiver.receive_payload(now, payload);
        self.listen(now);
    }

    /// Takes a packet from the peer that says which key is down (RFC 4733). Its timestamps count in units of 1/`rate` s,
    /// 8,000 or 48,000. It may share its SSRC and its numbers with the audio.
    pub fn receive_telephone_event(&mut self, now: Instant, packet: RtpView<'_>, rate: u32) {
        self.receiver.receive_other(now, packet);
        self.listen(now);
        self.telephone_events.receive(now, packet.timestamp, packet.payload, rate);
    }

    /// Queues audio for the peer. The samples are kept as they are, and converted when they are due.
    pub fn emit(&mut self, now: Instant, chunk: Chunk) {
        self.sender.emit(now, chunk);
    }

    /// Asks for something about speech.
    pub fn speech(&mut self, now: Instant, request: SpeechRequest) {
        if begins_reply(request) {
            self.sender.heard().begin_reply();
        }
        if let SpeechRequest::Listen(settings) = request {
            let listener = Listener::new(now, settings, self.input, &self.receiver, &mut self.sender);
            // Every rate can be converted; were one not, the handler would have its frames as ever.
            self.speech = listener.ok().map(Box::new);
        } else if let Some(speech) = &mut self.speech {
            // What is asked counts from all that was received.
            self.receiver.doze(false);
            speech.hear(now, &mut self.receiver, &mut self.sender);
            speech.ask(request);
        }
        self.listen(now);
    }

    /// Gives what is there to whoever listens for speech.
    fn listen(&mut self, now: Instant) {
        if let Some(speech) = &mut self.speech {
            speech.hear(now, &mut self.receiver, &mut self.sender);
        }
    }

    /// Drops all emitted audio that is not yet in a packet; the peer hears silence from the next frame on, and the far end
    /// of a stream is told to drop what it has ([`PipelineOutput::ClearSent`]). After an interruption, what is emitted from
    /// here on is heard again.
    pub fn clear_queue(&mut self, now: Instant) {
        self.sender.resume(now);
    }

    /// Says that no more will be emitted, so that nothing is held back for what might follow. The next
    /// [`emit`](Self::emit) takes it back.
    pub fn drain(&mut self) {
        self.sender.drain();
    }

    /// Tells the encoder how many of its packets get lost, in percent (0 to 100; 0 at first). With FEC on, anything
    /// above 0 is paid for in bits: the encoder then repeats the last frame, coarser, in each packet.
    pub fn set_expected_loss(&mut self, percent: u8) {
        self.sender.set_expected_loss(percent);
    }

    /// Takes a report of the peer: the share of our last `packets` packets that it lost (0 to 1). What the encoder expects
    /// follows at once upwards and slowly down, so that in-band FEC is there while it is needed; under heavy loss fewer
    /// bits are sent.
    pub fn report(&mut self, now: Instant, lost: f32, packets: u32) {
        self.sender.report(now, lost, packets);
    }

    /// How busy the thread is that runs this pipeline and others: 0 to 1. When bits are short, spare time makes up for them.
    pub fn set_load(&mut self, now: Instant, load: f32) {
        self.sender.set_load(now, load);
    }

    /// What the peer asks of the encoder; everything is allowed at first.
    pub fn set_wishes(&mut self, wishes: PeerWishes) {
        self.sender.set_wishes(wishes);
    }

    /// How long a packet takes to the peer: half a round trip; zero at first, and 500 ms at most are believed.
    pub fn set_path(&mut self, path: Duration) {
        self.sender.heard().set_path(path);
    }

    /// The far end of a stream says that it has played so many payloads since the start. From the first time on, what it
    /// says is believed instead of the clock: it plays on at its own pace for 300 ms, and then has to say so again. What it
    /// never says anything about counts as heard after 5 s.
    pub fn acknowledge(&mut self, now: Instant, payloads: u64) {
        self.sender.heard().acknowledged(now, payloads);
    }

    /// Whether the peer has heard everything that was sent.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.sender.is_heard()
    }

    /// Puts a mark behind all audio that was emitted so far. [`take_played`](Self::take_played) gives it back when the
    /// audio before it was heard, as far as it was.
    pub fn mark(&mut self, now: Instant, mark: Mark) {
        self.sender.heard().mark(now, mark);
    }

    /// The next mark that was passed, in order.
    pub fn take_played(&mut self) -> Option<Played> {
        self.sender.take_played()
    }

    /// The stream time of that moment, in the time of the frames for the handler; none before it has begun.
    #[must_use]
    pub fn stream_time(&self, now: Instant) -> Option<Duration> {
        let (end, length) = (self.receiver.end()?, self.stream_length());
        Some((length + now.saturating_duration_since(end)).saturating_sub(end.saturating_duration_since(now)))
    }

    /// The stream time, in nanoseconds, at which the peer's audio of that RTP timestamp is in the frames; none while none
    /// came.
    #[must_use]
    pub fn time_of(&self, timestamp: u32) -> Option<i64> {
        let length = i64::try_from(self.stream_length().as_nanos()).ok()?;
        Some(length.saturating_sub(self.receiver.until_end(timestamp)?))
    }

    /// The source of the peer's audio.
    #[must_use]
    pub fn source(&self) -> Option<u32> {
        self.receiver.source()
    }

    /// How long the handler's stream is, with what waits to be taken.
    fn stream_length(&self) -> Duration {
        let waiting = self.receiver.waiting() * 1_000_000_000 / u64::from(self.input.0.hz());
        self.receiver.time() + Duration::from_nanos(waiting)
    }

    /// How much emitted audio the peer has heard at the earliest: what was sent, less the way there. It never runs
    /// backwards; what was cleared unsent doesn't count.
    #[must_use]
    pub fn played(&self) -> Duration {
        self.sender.played()
    }

    /// Nothing more will be heard: all marks are passed with what was.
    pub fn end(&mut self, now: Instant) {
        self.sender.heard().end(now);
    }

    /// The time asked for by [`wake_at`](Self::wake_at) has come. Harmless at any other time.
    pub fn wake(&mut self, now: Instant) {
        self.receiver.wake(now);
        self.listen(now);
        self.telephone_events.wake(now);
        self.sender.wake(now);
    }

    /// Takes the next output: keys first, then what there is about speech, or frames.
    pub fn poll(&mut self) -> Option<PipelineOutput<'_>> {
        if let Some(dtmf) = self.telephone_events.take() {
            return Some(PipelineOutput::Dtmf(dtmf));
        }
        if let Some(event) = self.speech.as_mut().and_then(|speech| speech.poll()) {
            return Some(PipelineOutput::Speech(event));
        }
        if self.receiver.has_frame() {
            return self.receiver.take_frame().map(PipelineOutput::Frame);
        }
        if self.sender.take_recall() {
            return Some(PipelineOutput::ClearSent);
        }
        self.sender.poll().map(PipelineOutput::Packet)
    }

    /// When [`wake`](Self::wake) is to be called next, if nothing happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        [self.receiver.wake_at(), self.telephone_events.wake_at(), self.sender.wake_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// How much audio was emitted and is not yet in a packet.
    #[must_use]
    pub fn queued(&self) -> Duration {
        self.sender.queued()
    }

    /// Whether emitted audio waits or its end is still to be sent. After [`drain`](Self::drain), `false` means that the
    /// peer has been sent everything.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        !self.sender.is_idle()
    }

    /// Whether speech is listened for, so that no frames are given out.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.speech.is_some()
    }

    /// Whether nobody minds if packets, or wakings, wait for some tens of milliseconds: speech is waited for, or nothing is to be
    /// heard for a while now, and nothing is sent that is yet to be heard.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let waits = match &self.speech {
            Some(speech) => speech.is_waiting(),
            None => self.receiver.is_silent(),
        };
        waits && !self.is_sending() && self.sender.is_heard()
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> PipelineStats {
        let mut stats = PipelineStats::default();
        self.receiver.count(&mut stats);
        stats.dtmf = self.telephone_events.count();
        self.sender.count(&mut stats);
        stats
    }
}
