//! Video over a link that carries less than could be sent, to a peer that measures what it gets, or tells when it came.

use parley_netsim::{Call, Link, PeerOptions, PeerVideo, Scene, millis, secs, session_options};
use parley_session::{Event, SessionOptions, VideoOptions};
use std::time::{Duration, Instant};

/// How often the peer says what it can get.
const EVERY: Duration = Duration::from_millis(200);
/// Pictures that come so much later than the earliest did wait on the way.
const LATE: f64 = 0.06;
/// As in browsers (draft-ietf-rmcat-gcc-02, section 5.5): what is said falls to this share of what comes…
const FALL: f64 = 0.85;
/// …rises by so much in a second…
const RISE: f64 = 0.08;
/// …and never by more than this beyond what comes.
const AHEAD: f64 = 1.5;

/// Who finds out how much a peer can get.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    /// The peer, and it tells the outcome as REMB.
    Peer,
    /// The session: the peer tells arrivals, and offers to learn when packets were sent, as if it could find out…
    Session,
    /// …or does not.
    SessionAtOnce,
}

/// A peer whose delays are measured.
struct Measured {
    call: Call,
    by: By,
    estimate: f64,
    /// The least of the delays, and those since it was last looked, in seconds and by the sender's clock.
    least: f64,
    delays: Vec<f64>,
    shown: usize,
}

impl Measured {
    fn connect(link: Link, by: By) -> Self {
        let session = SessionOptions { video: Some(VideoOptions::default()), ..session_options() };
        let video = PeerVideo {
            tells_arrivals: by != By::Peer,
            knows_send_times: by != By::SessionAtOnce,
            ..PeerVideo::default()
        };
        let peer = PeerOptions { video: Some(video), ..PeerOptions::default() };
        let call = Scene { session, peer, link, ..Scene::default() }.connect();
        Self { call, by, estimate: 600_000.0, least: f64::INFINITY, delays: Vec::new(), shown: 0 }
    }

    /// The handler films for so long. Returns the longest that a picture of the last second waited on the way.
    fn film(&mut self, duration: Duration) -> Duration {
        let end = self.call.now() + duration;
        while self.call.now() < end {
            self.call.handler_films(EVERY);
            self.measure();
        }
        let pictures = (secs(1).as_millis() / EVERY.as_millis()) as usize * 6;
        let last = &self.delays[self.delays.len().saturating_sub(pictures)..];
        let waited = last.iter().fold(0.0, |most: f64, delay| most.max(delay - self.least));
        Duration::from_secs_f64(waited)
    }

    fn measure(&mut self) {
        let first = self.call.peer.seen().0.first().map(|seen| (seen.at, seen.timestamp));
        let Some((began, start)) = first else { return };
        let new = &self.call.peer.seen().0[self.shown..];
        let delay = |at: Instant, timestamp: u32| {
            (at - began).as_secs_f64() - f64::from(timestamp.wrapping_sub(start) as i32) / 90_000.0
        };
        let delays: Vec<f64> = new.iter().map(|seen| delay(seen.at, seen.timestamp)).collect();
        self.shown += delays.len();
        self.least = delays.iter().copied().fold(self.least, f64::min);
        let waits = delays.last().or(self.delays.last()).is_some_and(|delay| delay - self.least > LATE);
        self.delays.extend(delays);
        let received = self.received();
        self.estimate = match waits {
            true => FALL * received,
            false => (self.estimate * (1.0 + RISE * EVERY.as_secs_f64())).min(AHEAD * received + 10_000.0),
        };
        if self.by == By::Peer {
            self.call.peer.say_bitrate(self.call.now(), self.estimate as f32);
        }
    }

    /// What came in the last half second, in bit/s.
    fn received(&self) -> f64 {
        let since = self.call.now() - millis(500);
        let packets = self.call.peer.video_packets().iter().rev().take_while(|(at, ..)| *at > since);
        packets.map(|(.., bytes)| *bytes as f64 * 8.0).sum::<f64>() / 0.5
    }

    /// What our encoder was told last.
    fn rate(&self) -> u32 {
        let told = self.call.events.iter().rev().find_map(|(_, event)| match event {
            Event::VideoBitrate(bitrate) => Some(*bitrate),
            _ => None,
        });
        told.expect("it is told at the start")
    }
}

#[test]
fn on_a_narrow_link_a_peer_gets_what_the_link_carries_and_more_when_that_is_wider() {
    for by in [By::Peer, By::Session, By::SessionAtOnce] {
        let mut peer = Measured::connect(Link::perfect(), by);
        peer.film(secs(12));
        let wide = peer.rate();
        assert!(wide > 900_000, "{by:?}: {wide}");
        peer.call.change_link(Link::perfect().bandwidth(400_000));
        let waited = peer.film(secs(20));
        let narrow = peer.rate();
        assert!(
            (200_000..=450_000).contains(&narrow) && waited < millis(150),
            "{by:?}: {narrow}, {waited:?}"
        );
        peer.call.change_link(Link::perfect());
        peer.film(secs(20));
        assert!(peer.rate() > 2 * narrow, "{by:?}: {} after {narrow}", peer.rate());
    }
}

#[test]
fn a_link_that_was_narrow_from_the_start_is_not_filled() {
    for by in [By::Peer, By::SessionAtOnce] {
        let mut peer = Measured::connect(Link::perfect().bandwidth(300_000), by);
        let waited = peer.film(secs(20));
        let rate = peer.rate();
        // Changes of up to 5 % aren't told.
        let most = if by == By::Peer { 315_000 } else { 345_000 };
        assert!((150_000..=most).contains(&rate) && waited < millis(150), "{by:?}: {rate}, {waited:?}");
        let (_, broken) = peer.call.peer.seen();
        assert_eq!(broken, 0);
    }
}

#[test]
fn a_peer_that_tells_arrivals_over_a_link_that_jitters_and_loses_is_not_starved() {
    let link = Link::lossy(0.02).latency(millis(30)).jitter(millis(15));
    let mut peer = Measured::connect(link, By::SessionAtOnce);
    peer.film(secs(40));
    assert!(peer.rate() > 1_200_000, "{}", peer.rate());
}

#[test]
fn packets_are_numbered_for_who_does_not_say_how_much_it_can_get() {
    for (by, after_1_s, after_9_s) in
        [(By::Peer, false, false), (By::Session, false, true), (By::SessionAtOnce, true, true)]
    {
        let mut peer = Measured::connect(Link::perfect(), by);
        peer.film(secs(1));
        assert_eq!(peer.call.peer.numbered() > 0, after_1_s, "{by:?}");
        peer.film(secs(8));
        assert_eq!(peer.call.peer.numbered() > 0, after_9_s, "{by:?}");
    }
}
