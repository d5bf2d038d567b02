//! What the script layer asks of a session's video.

use crate::errors::{Code, Result};
use napi_derive::napi;
use parley_transport::{VideoOptions, VideoQueue};

/// How pictures are received and sent.
#[napi(object)]
pub struct VideoSettings {
    /// Whether the peer's pictures are received.
    pub receives: bool,
    /// Whether pictures are sent to the peer.
    pub sends: bool,
    /// Received pictures that may wait for the handler, 1 to 300; beyond them the oldest is skipped.
    pub queue_frames: u32,
    /// Whether only the newest picture waits.
    pub newest_only: bool,
    /// The most that the encoder aims at, bit/s.
    pub max_bitrate: u32,
    /// Pictures a second that are usual.
    pub framerate: f64,
    /// The most pictures a second that are sent, if there is a limit; others are left out.
    pub max_framerate: Option<f64>,
}

/// Most pictures that may wait.
const MAX_QUEUE: u32 = 300;

impl VideoSettings {
    /// What is kept of received pictures.
    pub fn queue(&self) -> VideoQueue {
        VideoQueue { frames: self.queue_frames as usize, newest_only: self.newest_only }
    }
}

impl TryFrom<VideoSettings> for VideoOptions {
    type Error = napi::Error<Code>;

    fn try_from(settings: VideoSettings) -> Result<Self> {
        let VideoSettings { queue_frames, framerate, max_framerate, .. } = settings;
        if !(1..=MAX_QUEUE).contains(&queue_frames) {
            let message = format!("queueFrames is {queue_frames}; it must be 1 to {MAX_QUEUE}");
            return Err(Code::INVALID_ARGUMENT.error(message));
        }
        for (name, rate) in [("framerate", framerate), ("maxFramerate", max_framerate.unwrap_or(1.0))] {
            if !(rate.is_finite() && rate > 0.0) {
                let message = format!("{name} is {rate}; it must be a positive number");
                return Err(Code::INVALID_ARGUMENT.error(message));
            }
        }
        Ok(Self {
            receive: settings.receives,
            send: settings.sends,
            max_bitrate: settings.max_bitrate,
            framerate: framerate as f32,
            max_framerate: max_framerate.map(|rate| rate as f32),
        })
    }
}
