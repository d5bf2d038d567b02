//! A media thread: its socket, its timers, its sessions.

mod lines;

use crate::addresses;
use crate::inbox::{Command, Inbox, Look};
use crate::line::Line;
use crate::load::Load;
use crate::mux::Mux;
use crate::options::EngineOptions;
use crate::panic::{contain, quieten_this_thread};
use crate::ready::ReadyList;
use crate::reflexive::{Mappings, Prober};
use crate::relays::{ByRelay, Relays};
use crate::replies::Replies;
use crate::session::Session;
use crate::shared::Tenure;
use crate::slot::{Outlet, Slot};
use crate::socket::WorkerSocket;
use crate::timers::Timers;
use bytes::BytesMut;
use lines::Lines;
use parley_session::{Input, LocalAddresses};
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
/// How long after it got frames JavaScript has mostly answered.
const REPLY: Duration = Duration::from_millis(1);
/// Batches read in one round; what is left is read in the next, after the timers had their turn.
const MAX_BATCHES: usize = 16;
/// A session that was heard within this keeps its address: consent is asked for every two seconds.
const ALIVE: Duration = Duration::from_secs(5);
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
        was_fed: false,
        last_look: Instant::now(),
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
    /// JavaScript brought what far ends sent in this round.
    was_fed: bool,
    /// When the socket was last read.
    last_look: Instant,
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
            if self.all_wait() {
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
        let Some(pause) = WAITING_ROUND.checked_sub(self.last_look.elapsed()) else { return Round::Full };
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
        let due = [self.timers.next(), self.prober.next(), self.relays.next()].into_iter().flatten().min();
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

    fn adopt(&mut self, now: Instant, session: Session, shared: Tenure, answer: Option<String>) {
        let key = shared.key;
        if let Some(ufrag) = session.ufrag() {
            self.mux.add_ufrag(ufrag, key);
        }
        self.slots.insert(key, Slot::new(now, session, shared, answer));
        self.touch(key);
    }

    /// Has a session do what its JavaScript side asks for.
    fn obey(&mut self, now: Instant, command: Command) {
        let Some(key) = command.session() else { return };
        let mut ufrag = None;
        self.guarded(key, |slot| ufrag = slot.obey(now, command));
        if let Some(ufrag) = ufrag {
            self.mux.add_ufrag(&ufrag, key);
        }
    }

    fn feed(&mut self, now: Instant, key: u32, input: Input<'_>) {
        self.guarded(key, |slot| slot.session.handle(now, input));
    }

    /// Lets `work` at a session, and ends that session alone if it panics.
    fn guarded(&mut self, key: u32, work: impl FnOnce(&mut Slot)) {
        let Some(slot) = self.slots.get_mut(&key) else { return };
        if let Err(panic) = contain(|| work(slot)) {
            self.fail(key, &panic);
        }
        self.touch(key);
    }

    /// Has a session pumped at the end of the round.
    fn touch(&mut self, key: u32) {
        if let Some(slot) = self.slots.get_mut(&key)
            && !std::mem::replace(&mut slot.dirty, true)
        {
            self.scratch.dirty.push(key);
        }
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
        while let Some(key) = self.timers.expire(now) {
            if self.lines.has(key) {
                self.wake_line(now, key);
            } else {
                self.feed(now, key, Input::Wake);
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

    fn pump_session(&mut self, now: Instant, key: u32) {
        let Self { slots, lines, mux, relays, scratch, load, .. } = self;
        // A session that failed in this round is gone already.
        let Some(slot) = slots.get_mut(&key) else { return };
        slot.dirty = false;
        slot.load = load.share();
        let line = slot.line.and_then(|line| lines.get_mut(line));
        let mut exit =
            Exit { now, key, mux, relays, line, datagrams: &mut scratch.datagrams, claims: Vec::new() };
        match contain(|| slot.pump(now, &mut exit)) {
            Ok(pumped) => {
                let claims = exit.claims;
                if let Some(line) = slot.line {
                    lines.touch(line);
                }
                self.expects_replies |= pumped.frames;
                slot.shared.each_list(|list| note(&mut scratch.lists, list));
                self.timers.set(key, pumped.wake_at);
                let is_closed = slot.session.is_closed();
                let is_waiting = slot.session.is_waiting();
                let was_waiting = std::mem::replace(&mut slot.is_waiting, is_waiting);
                self.waiting = self.waiting + usize::from(is_waiting) - usize::from(was_waiting);
                for address in claims {
                    self.claim(now, key, address);
                }
                if is_closed {
                    self.remove(key);
                }
            }
            Err(panic) => self.fail(key, &panic),
        }
    }

    /// Binds an address to the session that a signed check from there was for. It stays with another session that is
    /// alive: whoever has a session of his own can sign checks for it, and forge where they come from.
    fn claim(&mut self, now: Instant, key: u32, address: SocketAddr) {
        let owner =
            self.mux.at(address).filter(|owner| *owner != key).and_then(|owner| self.slots.get(&owner));
        if !owner.is_some_and(|slot| slot.session.was_heard_within(now, ALIVE)) {
            self.mux.bind(address, key);
        }
    }

    /// Ends a session that panicked.
    fn fail(&mut self, key: u32, panic: &str) {
        let Some(slot) = self.slots.get_mut(&key) else { return };
        slot.shared.fail(panic);
        let datagrams = &mut self.scratch.datagrams;
        if let Err(panic) = contain(|| slot.take_leave(Instant::now(), datagrams)) {
            log::debug!("a session could not take leave of its peer: {panic}");
        }
        self.remove(key);
    }

    fn remove(&mut self, key: u32) {
        let Some(slot) = self.slots.remove(&key) else { return };
        self.waiting -= usize::from(slot.is_waiting);
        self.timers.set(key, None);
        self.scratch.gone.insert(key);
        match slot.line {
            Some(line) => {
                if let Some(line) = self.lines.get_mut(line) {
                    line.session = None;
                }
            }
            None => drop(self.sessions.fetch_sub(1, Ordering::Relaxed)),
        }
        // After a panic the value may be half-changed, and dropping it may panic again.
        if let Err(panic) = contain(|| drop(slot)) {
            log::error!("a session could not be dropped cleanly: {panic}");
        }
    }
}

fn note(lists: &mut Vec<Arc<ReadyList>>, list: &Arc<ReadyList>) {
    if !lists.iter().any(|known| Arc::ptr_eq(known, list)) {
        lists.push(list.clone());
    }
}

/// Where a session's datagrams leave.
struct Exit<'a> {
    now: Instant,
    key: u32,
    mux: &'a mut Mux,
    relays: &'a mut Relays,
    line: Option<&'a mut Line>,
    datagrams: &'a mut Vec<(SocketAddr, BytesMut)>,
    /// Addresses that signed checks came from.
    claims: Vec<SocketAddr>,
}

impl Outlet for Exit<'_> {
    fn datagram(&mut self, to: SocketAddr, bytes: BytesMut) {
        self.mux.sent(self.now, &bytes, self.key);
        self.datagrams.push((to, bytes));
    }

    fn relayed(&mut self, relayed: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.mux.sent(self.now, bytes, self.key);
        self.relays.send(self.now, relayed, to, bytes);
    }

    fn payload(&mut self, payload: &[u8]) {
        if let Some(line) = &mut self.line {
            line.send_audio(self.now, payload);
        }
    }

    fn clear_sent(&mut self) {
        if let Some(line) = &mut self.line {
            line.clear();
        }
    }

    fn settle(&mut self, waits: Duration) -> u64 {
        self.line.as_mut().map_or(0, |line| line.settle(self.now, waits))
    }

    fn validated(&mut self, address: SocketAddr) {
        self.claims.push(address);
    }

    fn validated_by_relay(&mut self, relayed: SocketAddr, address: SocketAddr) {
        self.mux.bind_relayed(relayed, address, self.key);
    }
}
