//! Audio in, whatever carries it.

use std::time::{Duration, Instant};

use crate::frames::FrameMaker;
use crate::receiver::Receiver;
use crate::stream_receiver::StreamReceiver;
use crate::{FRAME_DURATION, MediaError, PipelineOptions, PipelineStats, RtpView};

/// Frames for the handler of packets that may be lost, or of a stream.
#[derive(Debug)]
pub(crate) enum Receiving {
    Packets(Box<Receiver>),
    Stream(Box<StreamReceiver>),
}

impl Receiving {
    pub(crate) fn new(options: &PipelineOptions) -> Result<Self, MediaError> {
        Ok(match &options.wire {
            None => Self::Packets(Box::new(Receiver::new(options)?)),
            Some(wire) => Self::Stream(Box::new(StreamReceiver::new(options, wire)?)),
        })
    }

    /// The peer may send from here on. Once it has begun, silence is made up while nothing comes.
    pub(crate) fn start(&mut self, now: Instant) {
        match self {
            Self::Packets(receiver) => receiver.start(now),
            Self::Stream(receiver) => receiver.start(now),
        }
    }

    /// Packets begin, whether the peer sends any or not.
    pub(crate) fn begin(&mut self, now: Instant) {
        if let Self::Packets(receiver) = self {
            receiver.begin_now(now);
        }
    }

    /// Takes a packet; a stream has none.
    pub(crate) fn receive(&mut self, now: Instant, packet: RtpView<'_>) {
        if let Self::Packets(receiver) = self {
            receiver.receive(now, packet);
        }
    }

    /// Takes a packet that holds no audio; a stream has none.
    pub(crate) fn receive_other(&mut self, now: Instant, packet: RtpView<'_>) {
        if let Self::Packets(receiver) = self {
            receiver.receive_other(now, packet);
        }
    }

    /// Takes a payload of a stream; there are none beside packets.
    pub(crate) fn receive_payload(&mut self, now: Instant, payload: &[u8]) {
        if let Self::Stream(receiver) = self {
            receiver.receive(now, payload);
        }
    }

    /// Makes up what is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        match self {
            Self::Packets(receiver) => receiver.wake(now),
            Self::Stream(receiver) => receiver.wake(now),
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match self {
            Self::Packets(receiver) => receiver.wake_at(),
            Self::Stream(receiver) => receiver.wake_at(),
        }
    }

    pub(crate) fn has_frame(&self) -> bool {
        self.frames().is_ready()
    }

    pub(crate) fn take_frame(&mut self) -> Option<&[i16]> {
        match self {
            Self::Packets(receiver) => receiver.take_frame(),
            Self::Stream(receiver) => receiver.take_frame(),
        }
    }

    /// The real time at which the stream's end belongs, what waits to be given out included; none before it has begun.
    pub(crate) fn end(&self) -> Option<Instant> {
        match self {
            Self::Packets(receiver) => receiver.end(),
            Self::Stream(receiver) => receiver.end(),
        }
    }

    /// How long before the stream's end that timestamp's audio is, in nanoseconds; none before a stream's first packet, and
    /// of what has no timestamps.
    pub(crate) fn until_end(&self, timestamp: u32) -> Option<i64> {
        match self {
            Self::Packets(receiver) => receiver.until_end(timestamp),
            Self::Stream(_) => None,
        }
    }

    /// The source of the packets.
    pub(crate) fn source(&self) -> Option<u32> {
        match self {
            Self::Packets(receiver) => receiver.source(),
            Self::Stream(_) => None,
        }
    }

    /// Packets received and lost; of a stream, payloads, of which none is ever lost.
    pub(crate) fn packets(&self) -> (u64, u64) {
        match self {
            Self::Packets(receiver) => receiver.packets(),
            Self::Stream(receiver) => (receiver.received(), 0),
        }
    }

    /// Samples of each channel that wait to be given out.
    pub(crate) fn waiting(&self) -> u64 {
        match self {
            Self::Packets(receiver) => receiver.waiting(),
            Self::Stream(receiver) => receiver.frames().ready(),
        }
    }

    /// Says whether nobody minds when what is too faint for speech is given out as silence, and some packets late. What a
    /// stream carries is decoded for next to nothing.
    pub(crate) fn doze(&mut self, is_wanted: bool) {
        if let Self::Packets(receiver) = self {
            receiver.doze(is_wanted);
        }
    }

    /// How much audio was given out.
    pub(crate) fn time(&self) -> Duration {
        FRAME_DURATION * u32::try_from(self.frames().taken()).unwrap_or(u32::MAX)
    }

    /// Whether nothing is to be heard, and nothing has been for a while.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::Packets(receiver) => receiver.is_silent(),
            Self::Stream(receiver) => receiver.is_silent(),
        }
    }

    pub(crate) fn count(&self, stats: &mut PipelineStats) {
        match self {
            Self::Packets(receiver) => receiver.count(stats),
            Self::Stream(receiver) => receiver.count(stats),
        }
    }

    fn frames(&self) -> &FrameMaker {
        match self {
            Self::Packets(receiver) => receiver.frames(),
            Self::Stream(receiver) => receiver.frames(),
        }
    }
}
