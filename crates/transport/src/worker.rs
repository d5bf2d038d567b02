//! A media thread: its socket, its timers, its sessions.

mod lines;
mod sessions;

use crate::addresses;
use crate::inbox::{Command, Inbox, Look};
use crate::load::Load;
use crate::mux::Mux;
use crate::options::EngineOptions;
use crate::panic::{contain, quieten_this_thread};
use crate::ready::ReadyList;
use crate::reflexive::{Mappings, Prober};
use crate::relays::{ByRelay, Relays};
use crate::replies::Replies;
use crate::slot::Slot;
use crate::socket::WorkerSocket;
use crate::timers::Timers;
use bytes::BytesMut;
use lines::Lines;
use parley_session::{Input, LocalAddresses};
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

const SOCKET: mio::Token = mio::Token(0);
const WAKER: mio::Token = mio::Token(1);
/// Waking a sleeping thread costs 30 to 70 µs of CPU (measured), so a busy worker moderates like a network card: it
/// looks once in a round, which lasts a millisecond for each of its sessions, up to this. With few sessions packets
/// seldom share a round; with many nobody hears the few milliseconds.
const LONGEST_ROUND: Duration = Duration::from_millis(6);
const ROUND_PER_SESSION: Duration = Duration::from_millis(1);
/// The same while all sessions only wait for somebody to speak: a start of speech is found after 200 ms of it, and none of
/// it is lost. What the program asks for, but to take a socket's audio, is done at once nevertheless.
const WAITING_ROUND: Duration = Duration::from_millis(40);
/// While nothing was to be heard for seconds where a handler gets all frames.
const SILENT_ROUND: Duration = Duration::from_millis(20);
/// Sessions that only wait are woken together, so much before or after their time.
const TOGETHER: Duration = Duration::from_millis(100);
/// How long after it got frames JavaScript has mostly answered.
const REPLY: Duration = Duration::from_millis(1);
/// Batches read in one round; what is left is read in the next, after the timers had their turn.
const MAX_BATCHES: usize = 16;
/// A worker that met so many faults within so long, none of them a session's, gives up.
const MAX_FAULTS: u32 = 100;
const FAULTS_WITHIN: Duration = Duration::from_secs(10);
/// A worker without anything to do still looks so often.
const IDLE: Duration = Duration::from_secs(60);

/// One worker, as the rest of the engine sees it.
pub(crate) struct WorkerLink {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) local: LocalAddresses,
    pub(crate) mappings: Arc<Mappings>,
    pub(crate) sessions: Arc<AtomicUsize>,
}

/// Starts the `index`th worker of an engine.
pub(crate) fn start(options: &EngineOptions, index: usize) -> io::Result<WorkerLink> {
    let (first, last) = options.udp_ports;
    let mut socket = WorkerSocket::bind(options.bind_address, first..=last)?;
    let local =
        addresses::describe(socket.local_address()?, socket.families()?, &options.announced_addresses);
    let poll = mio::Poll::new()?;
    poll.registry().register(socket.source(), SOCKET, mio::Interest::READABLE)?;
    let inbox = Arc::new(Inbox::new(mio::Waker::new(poll.registry(), WAKER)?));
    let (mappings, sessions) = (Arc::new(Mappings::default()), Arc::new(AtomicUsize::new(0)));
    let prober = Prober::new(Instant::now(), stun_servers(options, &local), mappings.clone());
    let relays = Relays::new(Instant::now(), &options.turn_servers, &local, mappings.clone());
    let worker = Worker {
        poll,
        socket,
        inbox: inbox.clone(),
        slots: HashMap::new(),
        lines: Lines::default(),
        mux: Mux::default(),
        timers: Timers::default(),
        prober,
        relays,
        sessions: sessions.clone(),
        waiting: 0,
        #[cfg(any(test, feature = "fault-injection"))]
        faults: 0,
        scratch: Scratch::default(),
        more: false,
        expects_replies: false,
        replies: Replies::default(),
        took_audio: false,
        is_streaming: false,
        is_busy: false,
        came_at: None,
        has_told: false,
        was_fed: false,
        last_look: Instant::now(),
        woke_at: Instant::now(),
        load: Load::new(Instant::now()),
    };
    std::thread::Builder::new().name(format!("parley-media-{index}")).spawn(move || {
        quieten_this_thread();
        worker.serve();
    })?;
    Ok(WorkerLink { inbox, local, mappings, sessions })
}

fn stun_servers(options: &EngineOptions, local: &LocalAddresses) -> Vec<(SocketAddr, SocketAddr)> {
    let servers = options.stun_servers.iter();
    servers.filter_map(|server| local.towards(*server).map(|base| (*server, base))).collect()
}

struct Worker {
    poll: mio::Poll,
    socket: WorkerSocket,
    inbox: Arc<Inbox>,
    slots: HashMap<u32, Slot>,
    lines: Lines,
    mux: Mux,
    timers: Timers,
    prober: Prober,
    relays: Relays,
    sessions: Arc<AtomicUsize>,
    /// Sessions whose packets may wait a little.
    waiting: usize,
    /// Rounds that are to panic.
    #[cfg(any(test, feature = "fault-injection"))]
    faults: u32,
    scratch: Scratch,
    /// Datagrams were left in the socket.
    more: bool,
    /// Frames were just handed to JavaScript, which mostly answers within a millisecond…
    expects_replies: bool,
    /// …or doesn't answer at all.
    replies: Replies,
    /// JavaScript wrote audio since the last round.
    took_audio: bool,
    /// Audio came in the last round, not long after that before.
    is_streaming: bool,
    /// Packets come in every round of sessions that wait.
    is_busy: bool,
    /// When the last look found anything.
    came_at: Option<Instant>,
    /// JavaScript is told of frames in this round.
    has_told: bool,
    /// JavaScript brought what far ends sent in this round.
    was_fed: bool,
    /// When the socket was last read.
    last_look: Instant,
    /// When a session was last woken because its time had come.
    woke_at: Instant,
    load: Load,
}

/// What a worker woke for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Everything.
    Full,
    /// What JavaScript wrote since it was told of frames; the socket can wait.
    Replies,
}

/// Lists that keep their memory from round to round.
#[derive(Default)]
struct Scratch {
    commands: Vec<Command>,
    dirty: Vec<u32>,
    gone: HashSet<u32>,
    datagrams: Vec<(SocketAddr, BytesMut)>,
    lists: Vec<Arc<ReadyList>>,
}

impl Worker {
    /// Runs until it is stopped. A panic that no session is to blame for costs a round; too many end the worker, and
    /// with it its sessions.
    fn serve(mut self) {
        let (mut faults, mut since) = (0, Instant::now());
        while let Err(panic) = contain(|| self.run()) {
            if since.elapsed() > FAULTS_WITHIN {
                (faults, since) = (0, Instant::now());
            }
            faults += 1;
            if faults > MAX_FAULTS {
                log::error!("a media worker gives up, after {MAX_FAULTS} faults: {panic}");
                break;
            }
            log::error!("a media worker goes on after a fault of its own: {panic}");
            self.recover();
        }
        self.inbox.shut();
    }

    /// What was under way may be lost, so all sessions get their turn, at once.
    fn recover(&mut self) {
        self.scratch.dirty.clear();
        for (key, slot) in &mut self.slots {
            slot.dirty = true;
            self.scratch.dirty.push(*key);
        }
        self.lines.touch_all();
        self.more = true;
    }

    fn run(&mut self) {
        let mut events = mio::Events::with_capacity(4);
        loop {
            let round = self.sleep(&mut events);
            let now = Instant::now();
            let stop = self.take_commands(now);
            self.replies.round(round == Round::Replies, std::mem::take(&mut self.took_audio));
            if round == Round::Full {
                self.look(now);
                let told = events.iter().any(mio::event::Event::is_error);
                self.take_errors(now, told);
            }
            self.take_timers(now);
            self.pump(now);
            // The socket's turn comes after each such round.
            self.expects_replies &= round == Round::Full;
            self.load.worked(now, Instant::now());
            if stop {
                self.relays.release(now);
                self.pump(now);
                if self.socket.unsent() > 0 {
                    log::warn!(
                        "{} datagrams could not be sent: the kernel had no room",
                        self.socket.unsent()
                    );
                }
                return;
            }
        }
    }

    fn sleep(&mut self, events: &mut mio::Events) -> Round {
        events.clear();
        if std::mem::take(&mut self.expects_replies) && self.replies.are_expected() {
            self.inbox.announce(Look::Soon);
            std::thread::sleep(REPLY);
            return Round::Replies;
        }
        if !std::mem::take(&mut self.more) {
            if self.is_busy && self.all_wait() {
                return self.rest(events);
            }
            if !self.is_streaming {
                self.wait(events);
            }
            self.finish_round();
        }
        Round::Full
    }

    fn all_wait(&self) -> bool {
        self.waiting > 0 && self.waiting == self.slots.len()
    }

    /// Waits until the round is over or something is asked for. Neither packets nor timers matter until then.
    fn rest(&mut self, events: &mut mio::Events) -> Round {
        let round =
            if self.slots.values().all(|slot| slot.session.listens()) { WAITING_ROUND } else { SILENT_ROUND };
        let Some(pause) = round.checked_sub(self.last_look.elapsed()) else { return Round::Full };
        if let Err(error) = self.poll.registry().deregister(self.socket.source()) {
            log::error!("a media worker can't leave its socket alone: {error}");
            return Round::Full;
        }
        #[cfg(unix)]
        self.unwatch_lines();
        self.inbox.announce(Look::Later);
        self.poll(events, pause);
        #[cfg(unix)]
        if let Err(error) = self.watch_lines() {
            log::error!("a media worker can't watch its sockets: {error}");
        }
        if let Err(error) =
            self.poll.registry().register(self.socket.source(), SOCKET, mio::Interest::READABLE)
        {
            log::error!("a media worker can't watch its socket: {error}");
        }
        Round::Full
    }

    /// Waits for the socket, a command or a timer.
    fn wait(&mut self, events: &mut mio::Events) {
        let sessions = self.timers.next();
        let sessions =
            if self.all_wait() { sessions.map(|due| due.max(self.woke_at + TOGETHER)) } else { sessions };
        let due = [sessions, self.prober.next(), self.relays.next()].into_iter().flatten().min();
        let pause = due.map_or(IDLE, |due| due.saturating_duration_since(Instant::now()));
        self.inbox.announce(if pause <= self.round() { Look::Soon } else { Look::Sometime });
        self.poll(events, pause);
    }

    fn poll(&mut self, events: &mut mio::Events, pause: Duration) {
        match self.poll.poll(events, Some(pause)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                log::error!("a media worker can't wait for its socket: {error}");
                std::thread::sleep(LONGEST_ROUND);
            }
            _ => {}
        }
    }

    /// Sleeps until the round is over that began with the last look at the socket.
    fn finish_round(&mut self) {
        if let Some(rest) = self.round().checked_sub(self.last_look.elapsed()) {
            self.inbox.announce(Look::Soon);
            std::thread::sleep(rest);
        }
    }

    fn round(&self) -> Duration {
        let sessions = u32::try_from(self.slots.len()).unwrap_or(u32::MAX).max(1);
        ROUND_PER_SESSION.saturating_mul(sessions).min(LONGEST_ROUND)
    }

    /// Reads the socket. While audio comes in every round, the next look needs no waiting for it.
    fn look(&mut self, now: Instant) {
        let was_soon = now.saturating_duration_since(self.last_look) < 2 * self.round();
        self.last_look = now;
        let came = self.take_datagrams(now) | self.look_at_lines(now) | std::mem::take(&mut self.was_fed);
        self.is_streaming = came && was_soon && self.slots.len() > 1;
        if came {
            let before = self.came_at.replace(now);
            self.is_busy =
                before.is_some_and(|before| now.saturating_duration_since(before) < 2 * WAITING_ROUND);
        } else {
            self.is_busy = false;
        }
    }

    /// Does what other threads asked for; true when the worker should end.
    fn take_commands(&mut self, now: Instant) -> bool {
        let mut commands = std::mem::take(&mut self.scratch.commands);
        self.inbox.take(&mut commands);
        let mut stop = false;
        for command in commands.drain(..) {
            self.was_fed |= command.is_from_far();
            self.took_audio |= matches!(command, Command::Audio(..));
            // One by one, so that a fault with one doesn't take the others with it.
            let done = contain(|| match command {
                Command::Adopt { session, shared, answer, line } => {
                    let key = shared.key;
                    self.adopt(now, session, shared, answer);
                    if let Some(line) = line {
                        self.attach_line(now, key, *line);
                    }
                }
                Command::Accept(line) => self.accept_line(now, *line),
                Command::Line(key, request) => self.obey_line(now, key, request),
                Command::Stop => stop = true,
                Command::TurnServers(servers) => self.relays.refresh(&servers),
                #[cfg(any(test, feature = "fault-injection"))]
                Command::PanicOutside(rounds) => self.faults = rounds,
                command => self.obey(now, command),
            });
            if let Err(panic) = done {
                log::error!("a media worker could not do what it was asked: {panic}");
            }
        }
        self.scratch.commands = commands;
        stop
    }

    /// True when there were any.
    fn take_datagrams(&mut self, now: Instant) -> bool {
        let mut any = false;
        for _ in 0..MAX_BATCHES {
            let mut failed = Vec::new();
            let Self { socket, mux, slots, prober, relays, scratch, .. } = self;
            let full = socket.receive(|from, datagram| {
                any = true;
                let by_relay =
                    if relays.is_empty() { ByRelay::Unknown } else { relays.take(now, from, datagram) };
                let (key, input) = match by_relay {
                    ByRelay::Unknown => (mux.route(from, datagram), Input::Datagram(from, datagram)),
                    ByRelay::Data(relayed, from, datagram) => (
                        mux.route_relayed(relayed, from, datagram),
                        Input::Relayed { relayed, from, datagram },
                    ),
                    ByRelay::Taken => return,
                };
                let Some(key) = key else {
                    prober.take(now, from, datagram);
                    return;
                };
                let Some(slot) = slots.get_mut(&key) else { return };
                if !std::mem::replace(&mut slot.dirty, true) {
                    scratch.dirty.push(key);
                }
                if let Err(panic) = contain(|| slot.session.handle(now, input)) {
                    failed.push((key, panic));
                }
            });
            for (key, panic) in failed {
                self.fail(key, &panic);
            }
            if !full {
                return any;
            }
        }
        self.more = true;
        any
    }

    fn take_errors(&mut self, now: Instant, told: bool) {
        let mut shut = Vec::new();
        self.socket.errors(told, |address| shut.push(address));
        for address in shut {
            if let Some(key) = self.mux.at(address) {
                self.feed(now, key, Input::Unreachable(address));
            }
        }
    }

    fn take_timers(&mut self, now: Instant) {
        #[cfg(any(test, feature = "fault-injection"))]
        if let Some(left) = self.faults.checked_sub(1) {
            self.faults = left;
            panic!("injected");
        }
        let mut until = now;
        while let Some(key) = self.timers.expire(until) {
            self.woke_at = now;
            if self.lines.has(key) {
                self.wake_line(now, key);
            } else {
                self.feed(now, key, Input::Wake);
            }
            if self.all_wait() {
                until = now + TOGETHER;
            }
        }
        let datagrams = &mut self.scratch.datagrams;
        self.relays.wake(now);
        self.prober.ask(now, |to, bytes| datagrams.push((to, BytesMut::from(bytes))));
    }

    /// Takes what the touched sessions have to do, sends it, and tells JavaScript.
    fn pump(&mut self, now: Instant) {
        let mut dirty = std::mem::take(&mut self.scratch.dirty);
        for key in dirty.drain(..) {
            self.pump_session(now, key);
        }
        self.scratch.dirty = dirty;
        if std::mem::take(&mut self.has_told) {
            self.tell_more();
        }
        self.flush_lines(now);
        if !self.relays.is_empty() {
            self.relays.pump(&mut self.scratch.datagrams);
        }
        self.socket.send(&mut self.scratch.datagrams);
        if !self.scratch.gone.is_empty() {
            self.mux.remove(&self.scratch.gone);
            self.scratch.gone.clear();
        }
        for list in self.scratch.lists.drain(..) {
            list.signal();
        }
    }
}

fn note(lists: &mut Vec<Arc<ReadyList>>, list: &Arc<ReadyList>) {
    if !lists.iter().any(|known| Arc::ptr_eq(known, list)) {
        lists.push(list.clone());
    }
}
