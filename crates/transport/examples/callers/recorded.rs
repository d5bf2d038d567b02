//! What callers recorded, and what is to be heard in it. Listening takes some milliseconds a caller, in which nobody would
//! speak: so it is done on a thread of its own.

use crate::{BEEP, BEEPS, tell};
use parley_netsim::Heard;
use std::io::{self, Write};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Between two recordings, so that a processor is never busy with them for longer than a frame.
const REST: Duration = Duration::from_millis(20);

/// What a caller heard and saw since its last report.
pub(crate) struct Recorded {
    pub(crate) id: String,
    /// Of what it says.
    pub(crate) hertz: f64,
    pub(crate) heard: Heard,
    /// When it began to beep.
    pub(crate) beeps: Vec<Instant>,
    /// How late the caller was with what it had to do itself, at most.
    pub(crate) late: Duration,
    /// SSRC, number and time of each packet of audio.
    pub(crate) packets: Vec<(u32, u16, u32)>,
    /// When each of these came.
    pub(crate) arrivals: Vec<Instant>,
    /// When pictures came.
    pub(crate) pictures: Vec<Instant>,
}

/// Starts the thread; it reports of whatever is sent to it.
pub(crate) fn listen() -> Sender<Recorded> {
    let (sender, receiver) = channel::<Recorded>();
    std::thread::spawn(move || {
        yield_to_others();
        for recorded in receiver {
            recorded.report();
            let _ = io::stdout().flush();
            std::thread::sleep(REST);
        }
    });
    sender
}

/// Gives this thread the lowest priority: who talks, and who is talked to, goes first.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    // SAFETY: takes no pointer. On Linux 0 is the calling thread.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 19);
    }
}

impl Recorded {
    fn report(&self) {
        let (missing, jumps) = continuity(&self.packets);
        let delays: Vec<_> = self.delays().map(|delay| delay.as_millis().to_string()).collect();
        let fields = [
            ("frames", self.heard.count().to_string()),
            ("tone", self.heard.tone_share(self.hertz).to_string()),
            ("longestGapMs", self.heard.longest_without(self.hertz).as_millis().to_string()),
            ("delaysMs", format!("[{}]", delays.join(","))),
            ("packets", self.packets.len().to_string()),
            ("missing", missing.to_string()),
            ("jumps", jumps.to_string()),
            ("longestPauseMs", longest_pause(&self.arrivals).as_millis().to_string()),
            ("latestMs", latest(&self.packets, &self.arrivals).as_millis().to_string()),
            ("lateMs", self.late.as_millis().to_string()),
            ("pictures", self.pictures.len().to_string()),
            ("longestWaitMs", longest_pause(&self.pictures).as_millis().to_string()),
        ];
        tell("report", &self.id, &fields);
    }

    /// From each beep to the first sound after it, if that is its own.
    fn delays(&self) -> impl Iterator<Item = Duration> {
        let sound = |beep: &Instant| self.heard.since(*beep).first_sound().map(|sound| sound - *beep);
        self.beeps.iter().filter_map(sound).filter(|delay| *delay < BEEPS - BEEP)
    }
}

/// Of a stream of packets: numbers that never came, and places where time goes on by more than its packets play.
fn continuity(packets: &[(u32, u16, u32)]) -> (usize, usize) {
    let (mut missing, mut jumps) = (0, 0);
    for pair in packets.windows(2) {
        let [(_, before, then), (_, after, now)] = pair else { continue };
        let step = after.wrapping_sub(*before);
        missing += usize::from(step.saturating_sub(1)) * usize::from(step < 0x8000);
        jumps += usize::from(now.wrapping_sub(*then) != 960 * u32::from(step));
    }
    (missing, jumps)
}

fn longest_pause(moments: &[Instant]) -> Duration {
    moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

/// How much later a packet came, by its sender's time, than the one that came earliest.
fn latest(packets: &[(u32, u16, u32)], arrivals: &[Instant]) -> Duration {
    let Some(((_, _, first), began)) = packets.first().zip(arrivals.first()) else { return Duration::ZERO };
    let delay = |((_, _, timestamp), at): (&(u32, u16, u32), &Instant)| {
        let sent = f64::from(timestamp.wrapping_sub(*first) as i32) / 48_000.0;
        (*at - *began).as_secs_f64() - sent
    };
    let (least, most) = packets
        .iter()
        .zip(arrivals)
        .map(delay)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), delay| (delay.min(least), delay.max(most)));
    Duration::from_secs_f64(most - least)
}
