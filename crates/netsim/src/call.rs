//! A session and a peer on a link, in virtual time.

use crate::wire::{Ends, Kind, Sent, Wire};
use crate::{Heard, Link, Peer, PeerOptions, Pipe, picture, secs, start_of_time, tone};
use parley_session::{
    CloseReason, EncodedFrame, Event, Identity, Input, LocalAddresses, Output, Rotation, RtcSession, Seed,
    SessionOptions,
};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Where the session's socket is.
#[must_use]
pub fn server_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 50_000))
}

/// Where the peer is.
#[must_use]
pub fn peer_address() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 40_000))
}

/// 48 kHz mono both ways, and otherwise what a stream has by default.
#[must_use]
pub fn session_options() -> SessionOptions {
    SessionOptions { connect_timeout: secs(15), ..SessionOptions::default() }
}

/// What a call is made of.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The network.
    pub link: Link,
    /// The session's options.
    pub session: SessionOptions,
    /// The peer's options.
    pub peer: PeerOptions,
    /// Where the session's RTP stream begins.
    pub seed: Seed,
    /// What happens to the peer's offer on its way.
    pub edit_offer: fn(String) -> String,
    /// One datagram that gets lost whatever the link does: the sender, the kind, and how many of that kind came before.
    pub lost: Option<(Ends, Kind, usize)>,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            link: Link::perfect(),
            session: session_options(),
            peer: PeerOptions::default(),
            seed: Seed { ssrc: 0xcafe, sequence_number: 2_000, timestamp: 2_000_000 },
            edit_offer: |offer| offer,
            lost: None,
        }
    }
}

impl Scene {
    /// The call with its offer answered, and nothing sent yet.
    ///
    /// # Panics
    /// When the session rejects the offer.
    #[must_use]
    pub fn ring(self) -> Call {
        let now = start_of_time();
        let mut peer = Peer::new(now, peer_address(), &self.peer);
        let offer = (self.edit_offer)(peer.offer(now));
        let handler_heard = Heard::new(self.session.input.rate.hz(), self.session.input.layout.channels());
        let (session, answer) =
            RtcSession::accept(now, &identity(), local_addresses(), self.session, self.seed, &offer)
                .unwrap_or_else(|rejection| panic!("{rejection}\n{offer}"));
        peer.answered(now, &answer);
        let mut call = Call {
            session,
            peer,
            offer,
            answer,
            handler_heard,
            handler_seen: Vec::new(),
            film: Film::default(),
            events: Vec::new(),
            wire: Wire::default(),
            now,
            to_session: Pipe::new(self.link.clone(), 0),
            to_peer: Pipe::new(self.link, 1),
            lost: self.lost,
            session_wakes: None,
            peer_is_there: true,
        };
        call.settle();
        call
    }

    /// The call once media and messages flow.
    ///
    /// # Panics
    /// When that isn't so after ten seconds.
    #[must_use]
    pub fn connect(self) -> Call {
        let channel = self.peer.channel;
        let mut call = self.ring();
        let connected = call.run_until(secs(10), |call| {
            let ready = call.peer.is_connected() && call.happened(&Event::Connected);
            ready && (!channel || call.peer.channel_is_open() && call.happened(&Event::ChannelOpen))
        });
        assert!(connected, "no connection after 10 s: {:?}", call.events);
        call
    }
}

fn identity() -> Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| Identity::generate().expect("a certificate")).clone()
}

fn local_addresses() -> Arc<LocalAddresses> {
    let v4 = Some(server_address());
    Arc::new(LocalAddresses { v4, candidates: vec![server_address()], ..LocalAddresses::default() })
}

/// A session and a peer on a link. Time passes only in [`run`](Self::run) and what is built on it.
pub struct Call {
    /// The session. Give it inputs with [`handle`](Self::handle).
    pub session: RtcSession,
    /// The peer.
    pub peer: Peer,
    /// The first offer, as the session got it.
    pub offer: String,
    /// The first answer.
    pub answer: String,
    /// The frames that the session gave to its handler.
    pub handler_heard: Heard,
    /// The pictures that the session gave to its handler, and when.
    pub handler_seen: Vec<(Instant, EncodedFrame)>,
    /// What the session said, and when.
    pub events: Vec<(Instant, Event)>,
    /// All datagrams that either end sent.
    pub wire: Wire,
    now: Instant,
    to_session: Pipe<Vec<u8>>,
    to_peer: Pipe<Vec<u8>>,
    lost: Option<(Ends, Kind, usize)>,
    film: Film,
    session_wakes: Option<Instant>,
    peer_is_there: bool,
}

/// What the handler shows.
#[derive(Debug, Default)]
struct Film {
    number: u32,
    bitrate: u32,
    key_wanted: bool,
}

impl Film {
    fn heed(&mut self, event: &Event) {
        match event {
            Event::KeyFrameWanted => self.key_wanted = true,
            Event::VideoBitrate(bitrate) => self.bitrate = *bitrate,
            _ => {}
        }
    }

    fn next(&mut self) -> Option<(Vec<u8>, bool)> {
        let bytes = self.bitrate as usize / 8 / 30;
        let is_key = self.bitrate > 0 && std::mem::take(&mut self.key_wanted);
        let number = self.number;
        self.number += u32::from(bytes > 0);
        (bytes > 0).then(|| (picture(number, is_key, if is_key { bytes * 8 } else { bytes }), is_key))
    }
}

/// So often may one moment come again before it counts as a busy loop.
const SPIN: u32 = 1_000;

impl Call {
    /// A usual call on that link, connected.
    #[must_use]
    pub fn connect(link: Link) -> Self {
        Scene { link, ..Scene::default() }.connect()
    }

    /// The RTP datagrams of a tone that the peer says in the next second, with their times; none of them is delivered.
    pub fn second_of_datagrams(&mut self) -> Vec<(Instant, Vec<u8>)> {
        let start = self.now;
        self.peer.speak(start, tone(440.0, secs(1)));
        let mut datagrams = Vec::new();
        for n in 0..50 {
            let now = start + Duration::from_millis(20) * n;
            self.peer.wake(now);
            while let Some((_, datagram)) = self.peer.poll(now) {
                if Kind::of(&datagram) == Kind::Rtp {
                    datagrams.push((now, datagram.to_vec()));
                }
            }
        }
        datagrams
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The virtual time since the offer.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.now - start_of_time()
    }

    /// From now on the link is like that.
    pub fn change_link(&mut self, link: Link) {
        self.to_session.become_like(link.clone());
        self.to_peer.become_like(link);
    }

    /// The peer falls silent without a word, and hears nothing any more.
    pub fn peer_vanishes(&mut self) {
        self.peer_is_there = false;
    }

    /// Gives the session an input now.
    pub fn handle(&mut self, input: Input<'_>) {
        self.session.handle(self.now, input);
        self.pump_session();
    }

    /// A datagram reaches the session now. Returns what it sent in answer.
    pub fn inject(&mut self, from: SocketAddr, datagram: &[u8]) -> Vec<Sent> {
        let before = self.wire.sent.len();
        self.handle(Input::Datagram(from, datagram));
        self.wire.sent[before..].to_vec()
    }

    /// The peer speaks a tone for so long.
    pub fn peer_speaks(&mut self, hz: f64, duration: Duration) {
        self.peer.speak(self.now, tone(hz, duration));
        self.run(duration);
    }

    /// The handler emits a tone of that length at once, and so much time passes.
    pub fn handler_speaks(&mut self, hz: f64, duration: Duration) {
        self.handle(Input::Audio(tone(hz, duration)));
        self.run(duration);
    }

    /// The handler shows a film for so long: 30 pictures a second, as large as the bitrate allows, and key frames when they
    /// are wanted.
    pub fn handler_films(&mut self, duration: Duration) {
        let pictures = (duration.as_secs_f64() * 30.0).round() as u32;
        for _ in 0..pictures {
            let timestamp = self.session.video_time(self.now);
            if let Some((data, is_key)) = self.film.next() {
                let data = data.into();
                let frame = EncodedFrame {
                    codec: parley_video::Codec::Vp8,
                    data,
                    is_key,
                    timestamp,
                    rotation: Rotation::None,
                };
                self.handle(Input::VideoFrame(frame));
            }
            self.run(duration / pictures);
        }
    }

    /// The peer makes a later offer, and takes the session's answer, which is returned.
    ///
    /// # Panics
    /// When the session rejects it.
    pub fn renegotiate(&mut self) -> String {
        let offer = self.peer.offer(self.now);
        let answer =
            self.session.renegotiate(self.now, &offer).unwrap_or_else(|error| panic!("{error}\n{offer}"));
        self.peer.answered(self.now, &answer);
        self.settle();
        answer
    }

    /// Whether the session said that.
    #[must_use]
    pub fn happened(&self, event: &Event) -> bool {
        self.events.iter().any(|(_, said)| said == event)
    }

    /// When the session first said that.
    #[must_use]
    pub fn when(&self, event: &Event) -> Option<Instant> {
        self.events.iter().find(|(_, said)| said == event).map(|(at, _)| *at)
    }

    /// Why the session ended, if it did.
    #[must_use]
    pub fn closed(&self) -> Option<CloseReason> {
        self.events.iter().find_map(|(_, event)| match event {
            Event::Closed(reason) => Some(*reason),
            _ => None,
        })
    }

    /// The texts that the session got.
    #[must_use]
    pub fn handler_messages(&self) -> Vec<&str> {
        let texts = self.events.iter().filter_map(|(_, event)| match event {
            Event::Message(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Says that the call goes on after something: tones are heard and texts arrive, both ways. Takes two seconds.
    ///
    /// # Panics
    /// When one doesn't, naming what it happened after.
    pub fn assert_alive(&mut self, after: &str) {
        let messages = self.handler_messages().len();
        self.peer.send_text(self.now, "still there?");
        self.handle(Input::Message("yes".to_owned()));
        self.handle(Input::Audio(tone(880.0, secs(2))));
        self.peer_speaks(440.0, secs(2));
        assert_eq!(self.closed(), None, "after {after}");
        assert!(
            self.handler_heard.last(secs(1)).tone_share(440.0) > 0.99,
            "the handler hears nothing after {after}"
        );
        assert!(
            self.peer.heard.last(secs(1)).tone_share(880.0) > 0.99,
            "the peer hears nothing after {after}"
        );
        assert_eq!(self.handler_messages()[messages..], ["still there?"], "the peer's text, after {after}");
        assert_eq!(
            self.peer.messages.last().map(String::as_str),
            Some("yes"),
            "the session's text, after {after}"
        );
    }

    /// Lets so much time pass.
    pub fn run(&mut self, duration: Duration) {
        self.run_until(duration, |_| false);
    }

    /// Lets time pass until something is so, at most that long. Says whether it is so.
    ///
    /// # Panics
    /// When an end asks to be woken at one moment again and again.
    pub fn run_until(&mut self, most: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + most;
        let mut repeated = 0;
        self.settle();
        while !is_so(self) {
            let Some(next) = self.next_moment().filter(|next| *next <= end) else {
                self.now = end;
                return is_so(self);
            };
            repeated = if next > self.now { 0 } else { repeated + 1 };
            assert!(
                repeated < SPIN,
                "busy at {:?}; the session wakes at {:?}",
                self.elapsed(),
                self.session_wakes
            );
            self.now = self.now.max(next);
            self.step();
        }
        true
    }

    fn next_moment(&mut self) -> Option<Instant> {
        let peer = if self.peer_is_there { self.peer.wake_at() } else { None };
        [self.to_session.next_arrival(), self.to_peer.next_arrival(), self.session_wakes, peer]
            .into_iter()
            .flatten()
            .min()
    }

    fn step(&mut self) {
        while let Some(datagram) = self.to_session.arrived(self.now) {
            self.handle(Input::Datagram(peer_address(), &datagram));
        }
        while let Some(datagram) = self.to_peer.arrived(self.now) {
            if self.peer_is_there {
                self.peer.receive(self.now, server_address(), &datagram);
            }
        }
        if self.session_wakes.is_some_and(|at| at <= self.now) {
            self.handle(Input::Wake);
        }
        if self.peer_is_there && self.peer.wake_at().is_some_and(|at| at <= self.now) {
            self.peer.wake(self.now);
        }
        self.settle();
    }

    /// Takes what both ends have to say.
    fn settle(&mut self) {
        self.pump_session();
        while self.peer_is_there
            && let Some((to, datagram)) = self.peer.poll(self.now)
        {
            self.send(Ends::Peer, to, datagram.to_vec());
        }
    }

    fn pump_session(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Datagram(to, datagram) => {
                    let bytes = datagram.to_vec();
                    self.send(Ends::Server, to, bytes);
                }
                Output::Relayed { .. } => unreachable!("no TURN server lends the session an address"),
                Output::Payload(_) | Output::ClearSent => unreachable!("the session has no socket"),
                Output::Frame(samples) => self.handler_heard.push(self.now, samples),
                Output::VideoFrame(frame) => self.handler_seen.push((self.now, frame)),
                Output::Event(event) => {
                    self.film.heed(&event);
                    self.events.push((self.now, event));
                }
                Output::WakeAt(at) => {
                    self.session_wakes = at;
                    return;
                }
            }
        }
    }

    /// Puts a datagram on the link, if that is where it leads.
    fn send(&mut self, by: Ends, to: SocketAddr, bytes: Vec<u8>) {
        let sent = Sent { at: self.now, by, to, bytes };
        if !self.is_lost(&sent) {
            match by {
                Ends::Peer if to == server_address() => {
                    self.to_session.send(self.now, sent.bytes.len(), sent.bytes.clone())
                }
                Ends::Server if to == peer_address() => {
                    self.to_peer.send(self.now, sent.bytes.len(), sent.bytes.clone())
                }
                _ => {}
            }
        }
        self.wire.sent.push(sent);
    }

    fn is_lost(&self, sent: &Sent) -> bool {
        let Some((by, kind, before)) = self.lost else { return false };
        by == sent.by && kind == Kind::of(&sent.bytes) && self.wire.of(by, kind).count() == before
    }
}
