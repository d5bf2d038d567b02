//! What was found about speech and waits for JavaScript.

use parley_media::SpeechEvent;
use std::collections::VecDeque;

/// Events that wait.
const MAX_EVENTS: usize = 1024;
/// Samples of the turns among them: more than the longest turn at 48 kHz in stereo has.
const MAX_SAMPLES: usize = 32 * 1024 * 1024;

/// A bounded queue of events. Full, it drops probabilities before anything else, and then the oldest.
#[derive(Debug, Default)]
pub(crate) struct SpeechQueue {
    events: VecDeque<SpeechEvent>,
    samples: usize,
}

fn samples(event: &SpeechEvent) -> usize {
    match event {
        SpeechEvent::Turn(turn) => turn.audio.len(),
        _ => 0,
    }
}

impl SpeechQueue {
    pub(crate) fn push(&mut self, event: SpeechEvent) {
        self.samples += samples(&event);
        self.events.push_back(event);
        while self.events.len() > MAX_EVENTS {
            self.drop_least();
        }
        while self.samples > MAX_SAMPLES && self.events.len() > 1 {
            self.pop();
        }
    }

    /// The oldest event.
    pub(crate) fn pop(&mut self) -> Option<SpeechEvent> {
        let event = self.events.pop_front()?;
        self.samples -= samples(&event);
        Some(event)
    }

    fn drop_least(&mut self) {
        let least = self.events.iter().position(|event| matches!(event, SpeechEvent::Probability { .. }));
        if let Some(event) = self.events.remove(least.unwrap_or(0)) {
            self.samples -= samples(&event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_media::{Turn, TurnEnd};
    use std::time::Duration;

    fn probability() -> SpeechEvent {
        SpeechEvent::Probability { at: Duration::ZERO, probability: 0.5 }
    }

    fn stopped(at: u64) -> SpeechEvent {
        let at = Duration::from_millis(at);
        SpeechEvent::Stopped { at, found_at: at }
    }

    fn turn(samples: usize) -> SpeechEvent {
        let at = Duration::ZERO;
        SpeechEvent::Turn(Turn {
            from: at,
            to: at,
            found_at: at,
            end: TurnEnd::Pause,
            audio: vec![0; samples],
        })
    }

    #[test]
    fn probabilities_never_push_out_anything_else() {
        let mut queue = SpeechQueue::default();
        queue.push(stopped(1));
        for _ in 0..3 * MAX_EVENTS {
            queue.push(probability());
        }
        queue.push(stopped(2));
        assert_eq!(queue.pop(), Some(stopped(1)));
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!((rest.len(), rest.last()), (MAX_EVENTS - 1, Some(&stopped(2))));
    }

    #[test]
    fn audio_is_bounded_and_the_newest_turn_kept() {
        let mut queue = SpeechQueue::default();
        for _ in 0..4 {
            queue.push(turn(MAX_SAMPLES / 2));
        }
        let kept: usize = std::iter::from_fn(|| queue.pop()).map(|event| samples(&event)).sum();
        assert_eq!((kept, queue.samples), (MAX_SAMPLES, 0));
        queue.push(turn(2 * MAX_SAMPLES));
        assert_eq!(queue.pop(), Some(turn(2 * MAX_SAMPLES)));
    }
}
