//! Which frames JavaScript is woken for: not for each of a silence that goes on.

use parley_media::is_silent;

/// After so many silent frames, 2 s, no handler still waits for a pause to be long enough…
const LONG: u32 = 100;
/// …and is told of the silence that goes on a few times a second: once so many frames wait…
const BATCH: u32 = 10;
/// …or so many, when JavaScript is woken anyway.
const SMALL_BATCH: u32 = 5;

/// Follows for how long a session's frames have been silent.
#[derive(Debug, Default)]
pub(crate) struct Hush {
    silent: u32,
    /// Frames that JavaScript was not told of.
    untold: u32,
}

impl Hush {
    /// A frame is there for JavaScript. Whether to tell it: of a sound at once, with all that waits before it.
    pub(crate) fn tells(&mut self, frame: &[i16]) -> bool {
        self.silent = if is_silent(frame) { (self.silent + 1).min(LONG + 1) } else { 0 };
        self.untold += 1;
        let tells = self.silent <= LONG || self.untold >= BATCH;
        if tells {
            self.untold = 0;
        }
        tells
    }

    /// JavaScript is woken anyway. Whether to tell it of what waits.
    pub(crate) fn joins(&mut self) -> bool {
        let joins = self.untold >= SMALL_BATCH;
        if joins {
            self.untold = 0;
        }
        joins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_that_goes_on_is_told_of_five_times_a_second_and_a_sound_at_once() {
        let mut hush = Hush::default();
        assert!((0..100).all(|_| hush.tells(&[1, -2])), "a pause is found in time");
        let told = (0..1_000).filter(|_| hush.tells(&[0, 0])).count();
        assert_eq!(told, 100);
        assert!(!hush.tells(&[0, 0]) && !hush.joins());
        assert!(hush.tells(&[0, 3]) && hush.tells(&[0, 0]));
    }

    #[test]
    fn several_sessions_are_told_of_together() {
        let mut hush = Hush::default();
        assert_eq!((0..104).filter(|_| hush.tells(&[0])).count(), 100);
        assert!(!hush.joins());
        assert!(!hush.tells(&[0]) && hush.joins() && !hush.joins());
        assert_eq!((0..10).filter(|_| hush.tells(&[0])).count(), 1);
    }
}
