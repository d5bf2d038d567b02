//! A minute of reply, its echo, and voices over it.

use super::signals::{RATE, Random, add, amplify, opus, overdriven, room, speech};

/// The length of the reply, in samples.
pub(super) const LENGTH: usize = 60 * RATE;

/// The noise at the peer's microphone, in dB of full scale.
const NOISE: f32 = -68.0;

/// How what is sent comes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// The echo's level beside what is sent, in dB; none without.
    pub(super) echo: Option<f32>,
    /// The delay from what is sent to what is heard, without the codecs' own, in ms.
    pub(super) delay: usize,
    pub(super) room: bool,
    /// The share of packets lost each way.
    pub(super) loss: f32,
    /// The loudspeaker distorts.
    pub(super) distorts: bool,
}

/// What is sent and what is heard.
pub(super) struct Call {
    pub(super) sent: Vec<f32>,
    pub(super) heard: Vec<f32>,
}

impl Scene {
    /// A call in which voices begin at those samples, at that level in dB beside what is sent.
    pub(super) fn call(&self, voices: &[(usize, Vec<f32>)], level: f32) -> Call {
        let sent = reply();
        let mut heard = vec![0.0; LENGTH];
        if let Some(echo) = self.echo {
            let mut played = opus(&sent, 48_000, self.loss, 1);
            if self.distorts {
                played = overdriven(&played);
            }
            if self.room {
                played = room(&played);
            }
            add(&mut heard, self.delay * RATE / 1_000, &amplify(&played, echo));
        }
        for (at, voice) in voices {
            add(&mut heard, *at, &amplify(voice, level));
        }
        let mut random = Random(5);
        let noise = 10_f32.powf(NOISE / 20.0);
        heard.iter_mut().for_each(|sample| *sample += noise * random.gaussian());
        Call { sent, heard: opus(&heard, 32_000, self.loss, 2) }
    }
}

/// A minute of sentences by several voices, with short pauses.
fn reply() -> Vec<f32> {
    let mut reply = Vec::new();
    for n in 0.. {
        let name = ["reply", "question", "hesitation", "greeting"][n % 4];
        reply.extend(speech(name, [1.0, 0.9, 1.12][n % 3]));
        reply.extend([0.0; RATE / 4]);
        if reply.len() >= LENGTH {
            break;
        }
    }
    reply.truncate(LENGTH);
    reply
}

/// Voices that say a few words every 2.8 s from the third second on: where each begins, and what it says.
pub(super) fn voices() -> Vec<(usize, Vec<f32>)> {
    let said = [
        ("interruption", 1.0),
        ("question", 1.06),
        ("interruption", 0.85),
        ("greeting", 0.94),
        ("interruption", 1.15),
    ];
    (0..20)
        .map(|n| {
            let (name, speed) = said[n % said.len()];
            let mut voice = speech(name, speed);
            voice.truncate(5 * RATE / 4);
            // Off any rhythm of the reply's.
            (3 * RATE + n * (14 * RATE / 5 + 217), voice)
        })
        .collect()
}
