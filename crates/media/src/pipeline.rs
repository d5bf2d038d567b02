//! One peer's audio in both directions.

use std::time::{Duration, Instant};

use crate::receiver::Receiver;
use crate::sender::Sender;
use crate::{Chunk, EncodedPacket, MediaError, PipelineOptions, PipelineStats, RtpView};

/// What a [`Pipeline`] has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipelineOutput<'a> {
    /// 20 ms of interleaved PCM for the handler, in the rate and layout of the options.
    Frame(&'a [i16]),
    /// A packet for the peer, to be sent at once.
    Packet(EncodedPacket<'a>),
}

/// One peer's audio in both directions, without its network and its clock.
///
/// After each call that takes `now` (which never runs backwards) take outputs from [`poll`](Self::poll) until there
/// are none, then call [`wake`](Self::wake) at [`wake_at`](Self::wake_at). Equal inputs at equal times give equal
/// outputs. Once warm, neither direction allocates memory for a frame.
#[derive(Debug)]
pub struct Pipeline {
    receiver: Receiver,
    sender: Sender,
}

impl Pipeline {
    /// Makes an idle pipeline.
    ///
    /// # Errors
    /// [`MediaError`] naming the option that is out of its range.
    pub fn new(options: PipelineOptions) -> Result<Self, MediaError> {
        options.check()?;
        Ok(Self { receiver: Receiver::new(&options)?, sender: Sender::new(&options)? })
    }

    /// The peer is connected: from here on silence is made up while it sends nothing.
    pub fn start(&mut self, now: Instant) {
        self.receiver.start(now);
    }

    /// Takes a packet from the peer. Whatever it holds, this can't fail: what is useless is counted.
    pub fn receive(&mut self, now: Instant, packet: RtpView<'_>) {
        self.receiver.receive(now, packet);
    }

    /// Queues audio for the peer. The samples are kept as they are, and converted when they are due.
    pub fn emit(&mut self, now: Instant, chunk: Chunk) {
        self.sender.emit(now, chunk);
    }

    /// Drops all emitted audio that is not yet in a packet; the peer hears silence from the next frame on.
    pub fn clear_queue(&mut self, now: Instant) {
        self.sender.clear_queue(now);
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

    /// The time asked for by [`wake_at`](Self::wake_at) has come. Harmless at any other time.
    pub fn wake(&mut self, now: Instant) {
        self.receiver.wake(now);
        self.sender.wake(now);
    }

    /// Takes the next output: frames first.
    pub fn poll(&mut self) -> Option<PipelineOutput<'_>> {
        if self.receiver.has_frame() {
            return self.receiver.take_frame().map(PipelineOutput::Frame);
        }
        self.sender.poll().map(PipelineOutput::Packet)
    }

    /// When [`wake`](Self::wake) is to be called next, if nothing happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        self.receiver.wake_at().into_iter().chain(self.sender.wake_at()).min()
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

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> PipelineStats {
        let mut stats = PipelineStats::default();
        self.receiver.count(&mut stats);
        self.sender.count(&mut stats);
        stats
    }
}
