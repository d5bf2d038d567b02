//! Callers on real UDP, for load and soak runs of a server in another process: foreign peers, told what to do by lines
//! on standard input, and saying what happens to them as JSON lines on standard output. The program ends with its
//! standard input.
//!
//! | line | what the caller does |
//! | --- | --- |
//! | `call ID tone 440` | makes an offer; speaks a steady tone once it is connected |
//! | `call ID beeps 440` | the same, a tenth of a second of sound in each second, by which delay is measured |
//! | `call ID silence 0` | the same, and says nothing |
//! | `call ID quiet 0` | the same, and sends silence, as a microphone that is turned down |
//! | `call ID listens 0` | makes an offer to listen and not to send |
//! | `call ID film 0` | makes an offer of video alone; films 640x480 at 30 pictures a second once it is connected |
//! | `answer ID SDP` | takes the answer, whose line ends are written `\n` |
//! | `say ID TEXT` | sends text, if its channel is open |
//! | `hush ID` | says nothing more |
//! | `report ID` | says what it heard since the last report |
//! | `close ID` | closes the channel and the connection as a page does |
//! | `vanish ID` | is gone, socket and all |
//! | `mute ID` | stays, and neither sends nor answers any more |

#![allow(clippy::print_stdout, reason = "standard output is what this program is for")]

mod film;
mod recorded;

use film::Camera;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use parley_netsim::{AudioWay, Heard, Peer, PeerOptions, PeerVideo, tone};
use parley_transport::{Chunk, Layout, SampleRate, Samples};
use recorded::Recorded;
use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

/// Woken at most so often: with many callers, wake-ups are what costs.
const ROUND: Duration = Duration::from_millis(2);
const LINES: Token = Token(usize::MAX);
/// From one beep to the next. A sound later than this after its beep is another beep's.
const BEEPS: Duration = Duration::from_millis(1000);
const BEEP: Duration = Duration::from_millis(100);
/// How much may wait to be sent when the next second is spoken.
const LEAD: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let lines = read_lines(Waker::new(poll.registry(), LINES)?);
    let (mut callers, mut events) = (Callers::new(recorded::listen()), Events::with_capacity(1024));
    loop {
        let began = Instant::now();
        loop {
            match lines.try_recv() {
                Ok(line) => callers.take_line(&poll, &line)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        let pause = callers.serve(Instant::now()).unwrap_or(Duration::from_secs(1));
        io::stdout().flush()?;
        std::thread::sleep(ROUND.saturating_sub(began.elapsed()));
        if let Err(error) = poll.poll(&mut events, Some(pause))
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error);
        }
    }
}

/// Reads standard input on a thread of its own, which wakes the poll for each line and at the end.
fn read_lines(waker: Waker) -> Receiver<String> {
    let (sender, receiver) = channel();
    let waker = Arc::new(waker);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
            let _ = waker.wake();
        }
        drop(sender);
        let _ = waker.wake();
    });
    receiver
}

struct Callers {
    callers: HashMap<String, Caller>,
    sockets: usize,
    /// Listens to what they recorded.
    listener: Sender<Recorded>,
}

impl Callers {
    fn new(listener: Sender<Recorded>) -> Self {
        Self { callers: HashMap::new(), sockets: 0, listener }
    }

    fn take_line(&mut self, poll: &Poll, line: &str) -> io::Result<()> {
        let mut words = line.splitn(3, ' ');
        let (command, id) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let rest = words.next().unwrap_or_default();
        let now = Instant::now();
        if command == "call" {
            let mut caller = Caller::new(now, rest)?;
            self.sockets += 1;
            poll.registry().register(&mut caller.socket, Token(self.sockets), Interest::READABLE)?;
            tell("offer", id, &[("sdp", quote(&caller.peer.offer(now)))]);
            self.callers.insert(id.to_owned(), caller);
        } else if command == "vanish" {
            self.callers.remove(id);
        } else if let Some(caller) = self.callers.get_mut(id) {
            if command == "report" {
                // It ends with the program.
                let _ = self.listener.send(caller.recorded(now, id));
            } else {
                caller.obey(now, command, rest);
            }
        }
        Ok(())
    }

    /// Serves all; says how long nobody needs anything.
    fn serve(&mut self, now: Instant) -> Option<Duration> {
        for (id, caller) in &mut self.callers {
            caller.serve(now, id);
        }
        self.callers.retain(|_, caller| !caller.has_closed);
        let due = self.callers.values_mut().filter_map(Caller::wake_at).min();
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sound {
    Tone,
    Beeps,
    Silence,
    Quiet,
}

struct Caller {
    peer: Peer,
    socket: UdpSocket,
    sound: Sound,
    hertz: f64,
    /// When it speaks its next second.
    speaks_at: Option<Instant>,
    /// What it films with, once it is connected.
    camera: Option<Camera>,
    films: bool,
    /// When pictures came.
    pictures: Vec<Instant>,
    /// When each packet of audio came.
    arrivals: Vec<Instant>,
    /// When it began to beep, and has not reported of yet.
    beeps: VecDeque<Instant>,
    /// How late it was with what it had to do itself, at most, since its last report.
    late: Duration,
    messages: usize,
    is_connected: bool,
    is_open: bool,
    is_muted: bool,
    has_closed: bool,
}

impl Caller {
    fn new(now: Instant, sound: &str) -> io::Result<Self> {
        let (kind, hertz) = sound.split_once(' ').unwrap_or((sound, "440"));
        let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let films = kind == "film";
        let video = films.then(|| PeerVideo { is_coded: true, ..PeerVideo::default() });
        let audio = if kind == "listens" { AudioWay::Receive } else { AudioWay::Both };
        let options = PeerOptions { has_audio: !films, audio, video, ..PeerOptions::default() };
        let peer = Peer::new(now, socket.local_addr()?, &options);
        let sound = match kind {
            "tone" => Sound::Tone,
            "beeps" => Sound::Beeps,
            "quiet" => Sound::Quiet,
            _ => Sound::Silence,
        };
        Ok(Self {
            peer,
            socket,
            sound,
            hertz: hertz.parse().unwrap_or(440.0),
            speaks_at: None,
            camera: None,
            films,
            pictures: Vec::new(),
            arrivals: Vec::new(),
            beeps: VecDeque::new(),
            late: Duration::ZERO,
            messages: 0,
            is_connected: false,
            is_open: false,
            is_muted: false,
            has_closed: false,
        })
    }

    fn obey(&mut self, now: Instant, command: &str, rest: &str) {
        match command {
            "answer" => self.peer.answered(now, &rest.replace("\\n", "\r\n")),
            "say" => self.peer.try_send_text(now, rest),
            "hush" => {
                self.sound = Sound::Silence;
                self.peer.hush(now);
            }
            "mute" => self.is_muted = true,
            "close" => {
                self.peer.close();
                self.send(now);
                self.has_closed = true;
            }
            _ => eprintln!("no such command: {command}"),
        }
    }

    fn wake_at(&mut self) -> Option<Instant> {
        if self.is_muted {
            return None;
        }
        let films_at = self.camera.as_ref().map(Camera::wake_at);
        [self.peer.wake_at(), self.speaks_at, films_at].into_iter().flatten().min()
    }

    fn serve(&mut self, now: Instant, id: &str) {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            if !self.is_muted {
                self.peer.receive(now, from, &buffer[..length]);
            }
        }
        if self.is_muted {
            return;
        }
        if let Some(at) = self.wake_at() {
            self.late = self.late.max(now.saturating_duration_since(at));
        }
        self.speak(now);
        if let Some(camera) = &mut self.camera {
            camera.run(&mut self.peer, now);
        }
        if self.peer.wake_at().is_some_and(|at| at <= now) {
            self.peer.wake(now);
        }
        self.send(now);
        self.pictures.extend(self.peer.take_frames().into_iter().map(|(at, _)| at));
        self.tell_changes(now, id);
    }

    fn send(&mut self, now: Instant) {
        while let Some((to, datagram)) = self.peer.poll(now) {
            // A server that has gone is what some runs are about.
            let _ = self.socket.send_to(&datagram, to);
        }
        self.arrivals.resize(self.peer.packets.len(), now);
    }

    fn speak(&mut self, now: Instant) {
        let Some(at) = self.speaks_at.filter(|at| *at <= now) else { return };
        // What a busy machine has kept it from saying is said first; that is no delay of the server's, and not kept.
        let unsent = self.peer.unsent();
        self.speaks_at = Some(at + Duration::from_secs(1) + unsent.saturating_sub(LEAD));
        match self.sound {
            // Whole turns in each second, so that one second continues the other.
            Sound::Tone => self.peer.speak(now, tone(self.hertz, Duration::from_secs(1))),
            Sound::Beeps => {
                self.peer.speak(now, tone(self.hertz, BEEP));
                self.peer.speak(now, silence(BEEPS - BEEP));
                self.beeps.push_back(now + unsent);
            }
            Sound::Quiet => self.peer.speak(now, silence(Duration::from_secs(1))),
            Sound::Silence => {}
        }
    }

    fn tell_changes(&mut self, now: Instant, id: &str) {
        if self.peer.is_connected() != self.is_connected {
            self.is_connected = !self.is_connected;
            if self.films {
                self.camera.get_or_insert_with(|| Camera::new(now));
            } else {
                self.speaks_at = self.speaks_at.or(Some(now));
            }
            tell(if self.is_connected { "connected" } else { "disconnected" }, id, &[]);
        }
        if self.peer.channel_is_open() != self.is_open {
            self.is_open = !self.is_open;
            tell(if self.is_open { "open" } else { "shut" }, id, &[]);
        }
        for text in &self.peer.messages[self.messages..] {
            tell("message", id, &[("text", quote(text))]);
        }
        self.messages = self.peer.messages.len();
    }

    /// What it heard since the last report, which is forgotten then.
    fn recorded(&mut self, now: Instant, id: &str) -> Recorded {
        let heard = std::mem::replace(&mut self.peer.heard, Heard::new(48_000, 1));
        let over = self.beeps.iter().take_while(|beep| now - **beep > BEEPS).count();
        let beeps = self.beeps.drain(..over).collect();
        // What a beep is yet to be found in is kept.
        if let Some(beep) = self.beeps.front() {
            self.peer.heard = heard.since(*beep);
        }
        Recorded {
            id: id.to_owned(),
            hertz: self.hertz,
            heard,
            beeps,
            late: std::mem::take(&mut self.late),
            packets: std::mem::take(&mut self.peer.packets),
            arrivals: std::mem::take(&mut self.arrivals),
            pictures: std::mem::take(&mut self.pictures),
        }
    }
}

fn silence(duration: Duration) -> Chunk {
    let count = (duration.as_secs_f64() * 48_000.0) as usize;
    Chunk { samples: Samples::I16(vec![0; count]), rate: SampleRate::HZ_48000, layout: Layout::Mono }
}

fn tell(kind: &str, id: &str, fields: &[(&str, String)]) {
    let fields: String = fields.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
    println!("{{\"kind\":\"{kind}\",\"id\":{}{fields}}}", quote(id));
}

/// A JSON string (RFC 8259, section 7).
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
