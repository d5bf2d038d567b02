//! Whether a queue grows or gets shorter, by the slope of the delays.

use std::collections::VecDeque;

/// So many groups make a slope.
const WINDOW: usize = 20;
/// How much of the curve before is kept at each point.
const SMOOTHING: f64 = 0.9;

/// The slope of the delays' curve: ms of delay for each ms that passes.
#[derive(Debug, Default)]
pub(super) struct Trend {
    points: VecDeque<(f64, f64)>,
    time: f64,
    delay: f64,
    smoothed: f64,
    pub(super) groups: u32,
}

impl Trend {
    /// A group came so long after the one before, in ms, and so much of that is delay.
    pub(super) fn add(&mut self, came: f64, delay: f64) -> Option<f64> {
        self.groups = self.groups.saturating_add(1);
        self.time += came;
        self.delay += delay;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.delay;
        if self.points.len() == WINDOW {
            self.points.pop_front();
        }
        self.points.push_back((self.time, self.smoothed));
        if self.points.len() == WINDOW { self.slope() } else { None }
    }

    /// By least squares; None when all came at once.
    fn slope(&self) -> Option<f64> {
        let count = self.points.len() as f64;
        let (times, delays) = self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (time, delay) = (times / count, delays / count);
        let (above, below) = self.points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
            (above + (x - time) * (y - delay), below + (x - time).powi(2))
        });
        (below > 0.0).then(|| above / below)
    }
}

/// What a slope is multiplied by, and by the groups so far up to so many.
const GAIN: f64 = 4.0;
const MOST_GROUPS: u32 = 60;
/// Beyond this it counts, at first…
const THRESHOLD: f64 = 12.5;
/// …and within these bounds: it follows what is usual…
const THRESHOLDS: (f64, f64) = (6.0, 600.0);
/// …faster down than up, for each ms…
const FOLLOWS_DOWN: f64 = 0.039;
const FOLLOWS_UP: f64 = 0.0087;
/// …but nothing that is further beyond, nor for longer than so many ms.
const OUTLIER: f64 = 15.0;
const LONGEST_STEP: f64 = 100.0;
/// Delays that grow for longer than so many ms are a queue's.
const OVERUSE: f64 = 10.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// A queue grows…
    Over,
    /// …or gets shorter.
    Under,
}

/// Tells a queue that grows from delays that vary.
#[derive(Debug)]
pub(super) struct Detector {
    pub(super) usage: Usage,
    threshold: f64,
    before: f64,
    /// For how long it has been beyond the threshold, in ms, and how many groups.
    beyond: f64,
    groups_beyond: u32,
}

impl Default for Detector {
    fn default() -> Self {
        Self { usage: Usage::Normal, threshold: THRESHOLD, before: 0.0, beyond: 0.0, groups_beyond: 0 }
    }
}

impl Detector {
    pub(super) fn update(&mut self, slope: Option<f64>, groups: u32, sent: f64, came: f64) {
        let Some(slope) = slope else { return };
        let trend = f64::from(groups.min(MOST_GROUPS)) * slope * GAIN;
        if trend > self.threshold {
            self.beyond += if self.groups_beyond == 0 { sent / 2.0 } else { sent };
            self.groups_beyond += 1;
            if self.beyond > OVERUSE && self.groups_beyond > 1 && slope >= self.before {
                (self.beyond, self.groups_beyond) = (0.0, 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.beyond, self.groups_beyond) = (0.0, 0);
            self.usage = if trend < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.before = slope;
        self.follow(trend.abs(), came);
    }

    fn follow(&mut self, trend: f64, passed: f64) {
        if trend > self.threshold + OUTLIER {
            return;
        }
        let speed = if trend < self.threshold { FOLLOWS_DOWN } else { FOLLOWS_UP };
        self.threshold += speed * (trend - self.threshold) * passed.clamp(0.0, LONGEST_STEP);
        self.threshold = self.threshold.clamp(THRESHOLDS.0, THRESHOLDS.1);
    }
}
