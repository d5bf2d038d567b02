//! Listens for speech between what is received and what is sent.

use std::time::Instant;

use super::clock;
use super::event::SpeechEvent;
use super::losses::Losses;
use super::settings::{ReplyMode, SpeechRequest, SpeechSettings};
use super::stage::SpeechStage;
use crate::receiving::Receiving;
use crate::sender::Sender;
use crate::{Layout, MediaError, SampleRate};

/// Brings a stage what is heard, and what is sent, whose echo it may be; and silences a reply for it.
#[derive(Debug)]
pub(crate) struct Listener {
    stage: SpeechStage,
    /// Where its clock begins.
    origin: Instant,
    losses: Losses,
}

impl Listener {
    /// # Errors
    /// [`MediaError::Resampler`] when the rate can't be converted.
    pub(crate) fn new(
        now: Instant,
        settings: SpeechSettings,
        format: (SampleRate, Layout),
        receiver: &Receiving,
        sender: &mut Sender,
    ) -> Result<Self, MediaError> {
        let stage = SpeechStage::new(settings, format, Box::<parley_vad::State>::default(), receiver.time())?;
        sender.tap(settings.echo_guard);
        Ok(Self { stage, origin: now, losses: Losses::default() })
    }

    /// Does what is asked for of a stage that listens.
    pub(crate) fn ask(&mut self, request: SpeechRequest) {
        match request {
            SpeechRequest::Listen(_) => {}
            SpeechRequest::Reply(mode) => self.stage.set_reply(mode),
            SpeechRequest::ContinueTurn => self.stage.continue_turn(),
            SpeechRequest::PeekTurn => self.stage.peek_turn(),
            SpeechRequest::TakeTurn => self.stage.take_turn(),
            SpeechRequest::Reset => self.stage.reset(),
        }
    }

    /// Takes what was sent and received. A start of speech silences a reply here and now, whoever else is busy.
    pub(crate) fn hear(&mut self, now: Instant, receiver: &mut Receiving, sender: &mut Sender) {
        while let Some((at, samples)) = sender.take_sent() {
            self.stage.sent(self.place(at), samples);
        }
        if let Some(end) = receiver.end() {
            self.stage.keep_time(self.place(end), receiver.waiting());
        }
        let lost = self.losses.share(receiver.packets()).max(f32::from(sender.expected_loss()) / 100.0);
        self.stage.set_loss(lost);
        while let Some(frame) = receiver.take_frame() {
            self.stage.push(frame);
            if self.stage.take_interruption() {
                self.stage.interrupted(sender.interrupt(now));
            }
        }
        receiver.doze(self.stage.may_doze());
    }

    /// Whether nothing depends on what comes next being heard soon.
    pub(crate) fn is_waiting(&self) -> bool {
        self.stage.is_waiting()
    }

    /// The next event.
    pub(crate) fn poll(&mut self) -> Option<SpeechEvent> {
        self.stage.poll()
    }

    /// A moment in samples at 16 kHz.
    fn place(&self, at: Instant) -> u64 {
        clock::samples(at.saturating_duration_since(self.origin))
    }
}

/// Whether a request begins a reply.
pub(crate) fn begins_reply(request: SpeechRequest) -> bool {
    matches!(request, SpeechRequest::Reply(mode) if mode != ReplyMode::None)
}
