//! What is sent, as whoever looks for its echo wants it.

use std::time::Instant;

use super::convert::Converter;
use crate::fifo::Fifo;
use crate::{Layout, MediaError, SampleRate};

/// Samples of a frame of 20 ms at 16 kHz.
const FRAME: usize = 320;

/// Takes each frame on its way to the encoder.
#[derive(Debug)]
pub(crate) struct Tap {
    converter: Converter,
    ready: Fifo<f32>,
    /// When the next sample of `ready` is sent.
    at: Option<Instant>,
}

impl Tap {
    /// # Errors
    /// [`MediaError::Resampler`] when the rate can't be converted.
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Result<Self, MediaError> {
        Ok(Self { converter: Converter::new(rate, layout)?, ready: Fifo::default(), at: None })
    }

    /// A frame is sent that is due then.
    pub(crate) fn push(&mut self, due: Instant, samples: &[f32]) {
        if self.ready.len() < FRAME {
            self.at = Some(due);
        }
        self.converter.push_float(samples, &mut self.ready);
    }

    /// The oldest frame of 20 ms, mono at 16 kHz, and when it was sent.
    pub(crate) fn take(&mut self) -> Option<(Instant, &[f32])> {
        let at = self.at?;
        let samples = self.ready.take(FRAME)?;
        self.at = Some(at + crate::FRAME_DURATION);
        Some((at, samples))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;
    use std::time::Duration;

    #[allow(clippy::disallowed_methods, reason = "an `Instant` can't be made without the clock")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn what_is_sent_comes_out_with_its_times() {
        for hz in [8_000, 16_000, 24_000, 48_000] {
            let rate = SampleRate::new(hz).unwrap();
            let mut tap = Tap::new(rate, Layout::Mono).unwrap();
            let start = start();
            let frame = tone::sine(440.0, hz, hz as usize / 50);
            let mut times = Vec::new();
            for n in 0..10 {
                tap.push(start + Duration::from_millis(20) * n, &frame);
                while let Some((at, samples)) = tap.take() {
                    assert_eq!(samples.len(), FRAME);
                    times.push((at - start).as_millis());
                }
            }
            assert_eq!(times, [0, 20, 40, 60, 80, 100, 120, 140, 160, 180], "{hz} Hz");
        }
    }
}
