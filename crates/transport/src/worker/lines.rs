//! The WebSockets of a worker.

use super::Worker;
#[cfg(unix)]
use crate::line::Carrier;
use crate::line::carrier::Readiness;
use crate::line::{Line, LineRequest};
use crate::panic::contain;
use crate::session::Session;
#[cfg(unix)]
use mio::unix::SourceFd;
use std::collections::HashMap;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[cfg(unix)]
const LINES: mio::Token = mio::Token(2);
/// Sockets that are found ready by one look, and pieces that are read of one in a round; what is left is read in the next.
const MAX_READY: usize = 64;
const MAX_READS: usize = 4;
/// Bytes that are read at once.
const BUFFER: usize = 65_536;

/// A worker's WebSockets, and how it learns which of them brought something.
#[derive(Default)]
pub(super) struct Lines {
    lines: HashMap<u32, Line>,
    /// Those to flush at the end of the round.
    dirty: Vec<u32>,
    /// Those that brought something, and whether the far end has ended.
    ready: Vec<(u32, bool)>,
    /// Lent to whoever is read.
    buffer: Vec<u8>,
    watch: Option<Watch>,
}

/// Watches descriptors, apart from the worker's own socket: by one call all of them can be left alone.
struct Watch {
    poll: mio::Poll,
    events: mio::Events,
    /// By the worker.
    #[cfg(unix)]
    is_watched: bool,
}

impl Watch {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        let events = mio::Events::with_capacity(MAX_READY);
        Ok(Self { poll: mio::Poll::new()?, events, is_watched: false })
    }

    /// Appends who is ready to `into`; true when there may be more.
    fn look(&mut self, into: &mut Vec<(u32, bool)>) -> bool {
        self.events.clear();
        if let Err(error) = self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            let is_harmless = error.kind() == io::ErrorKind::Interrupted;
            if !is_harmless {
                log::error!("a media worker can't look after its sockets: {error}");
            }
            return is_harmless;
        }
        let before = into.len();
        into.extend(self.events.iter().map(|event| {
            let is_over = event.is_read_closed() || event.is_error();
            (u32::try_from(event.token().0).unwrap_or_default(), is_over)
        }));
        into.len() - before == MAX_READY
    }
}

impl Lines {
    pub(super) fn has(&self, key: u32) -> bool {
        self.lines.contains_key(&key)
    }

    pub(super) fn get_mut(&mut self, key: u32) -> Option<&mut Line> {
        self.lines.get_mut(&key)
    }

    /// Has a line flushed at the end of the round.
    pub(super) fn touch(&mut self, key: u32) {
        if let Some(line) = self.lines.get_mut(&key)
            && !std::mem::replace(&mut line.dirty, true)
        {
            self.dirty.push(key);
        }
    }

    pub(super) fn touch_all(&mut self) {
        self.dirty.clear();
        for (key, line) in &mut self.lines {
            line.dirty = true;
            self.dirty.push(*key);
        }
    }

    /// What is ready when a descriptor is, when it was not watched, or was, by the worker and is to be otherwise.
    #[cfg(unix)]
    fn watched(&mut self, watches: bool) -> Option<RawFd> {
        let watch = self.watch.as_mut()?;
        let watched = std::mem::replace(&mut watch.is_watched, watches);
        (watched != watches).then(|| watch.poll.as_raw_fd())
    }

    #[cfg(unix)]
    fn watch(&mut self, key: u32) -> io::Result<()> {
        let Some(line) = self.lines.get_mut(&key) else { return Ok(()) };
        let Carrier::Native(connection) = line.carrier() else { return Ok(()) };
        if self.watch.is_none() {
            self.watch = Some(Watch::new()?);
        }
        let Some(watch) = &self.watch else { return Ok(()) };
        connection.watch(watch.poll.registry(), mio::Token(key as usize))
    }

    #[cfg(unix)]
    fn watch_room(&mut self, key: u32, watches: bool) -> io::Result<()> {
        if let Some(watch) = &self.watch
            && let Some(line) = self.lines.get_mut(&key)
            && let Carrier::Native(connection) = line.carrier()
        {
            connection.watch_room(watch.poll.registry(), mio::Token(key as usize), watches)?;
        }
        Ok(())
    }

    fn remove(&mut self, key: u32) -> Option<Line> {
        #[cfg_attr(not(unix), allow(unused_mut, reason = "nothing is watched"))]
        let mut line = self.lines.remove(&key)?;
        #[cfg(unix)]
        if let Some(watch) = &self.watch
            && let Carrier::Native(connection) = line.carrier()
            && let Err(error) = connection.unwatch(watch.poll.registry())
        {
            log::debug!("a socket was not watched: {error}");
        }
        Some(line)
    }

    /// Reads a piece of what a line's descriptor has.
    #[cfg(unix)]
    fn read(&mut self, key: u32, into: &mut [u8]) -> Readiness {
        match self.lines.get_mut(&key).map(Line::carrier) {
            Some(Carrier::Native(connection)) => connection.read(into),
            Some(Carrier::Carried) | None => Readiness::Nothing,
        }
    }

    #[cfg(not(unix))]
    fn read(&mut self, _: u32, _: &mut [u8]) -> Readiness {
        Readiness::Nothing
    }
}

impl Worker {
    /// Takes a WebSocket over.
    pub(super) fn accept_line(&mut self, now: Instant, line: Line) {
        let key = line.key();
        self.lines.lines.insert(key, line);
        self.with_line(key, |line, _| {
            line.begin(now);
            false
        });
        #[cfg(unix)]
        if let Err(error) = self.lines.watch(key).and_then(|()| self.watch_lines()) {
            log::error!("a media worker can't watch a socket: {error}");
            self.with_line(key, |line, _| {
                line.lose(now);
                false
            });
        }
    }

    /// Has what a WebSocket brings end a sleep.
    #[cfg(unix)]
    pub(super) fn watch_lines(&mut self) -> io::Result<()> {
        let Some(watched) = self.lines.watched(true) else { return Ok(()) };
        self.poll.registry().register(&mut SourceFd(&watched), LINES, mio::Interest::READABLE)
    }

    /// Has it end no sleep.
    #[cfg(unix)]
    pub(super) fn unwatch_lines(&mut self) {
        let Some(watched) = self.lines.watched(false) else { return };
        if let Err(error) = self.poll.registry().deregister(&mut SourceFd(&watched)) {
            log::error!("a media worker can't leave its sockets alone: {error}");
        }
    }

    /// Joins a session to the WebSocket that its audio goes over.
    pub(super) fn attach_line(
        &mut self,
        now: Instant,
        session: u32,
        (key, protocol): (u32, parley_socket::Protocol),
    ) {
        let Some(slot) = self.slots.get_mut(&session) else { return };
        slot.line = Some(key);
        if let Some(line) = self.lines.get_mut(key) {
            line.session = Some(session);
        }
        self.with_line(key, |line, own| {
            if let Some(own) = own {
                line.attach(now, session, protocol, own);
            }
            true
        });
    }

    pub(super) fn obey_line(&mut self, now: Instant, key: u32, request: LineRequest) {
        self.with_line(key, |line, session| line.obey(now, request, session));
    }

    pub(super) fn wake_line(&mut self, now: Instant, key: u32) {
        self.with_line(key, |line, _| {
            line.wake(now);
            false
        });
    }

    /// Reads all WebSockets that brought something. True when there were any.
    pub(super) fn look_at_lines(&mut self, now: Instant) -> bool {
        let mut ready = std::mem::take(&mut self.lines.ready);
        if let Some(watch) = &mut self.lines.watch {
            self.more |= watch.look(&mut ready);
        }
        let mut buffer = std::mem::take(&mut self.lines.buffer);
        if !ready.is_empty() {
            buffer.resize(BUFFER, 0);
        }
        let mut any = false;
        for (key, is_over) in ready.drain(..) {
            any |= self.read_line(now, key, is_over, &mut buffer);
        }
        self.lines.buffer = buffer;
        // Whoever has more was noted meanwhile.
        ready.append(&mut self.lines.ready);
        self.lines.ready = ready;
        any
    }

    fn read_line(&mut self, now: Instant, key: u32, is_over: bool, buffer: &mut [u8]) -> bool {
        // It may have been told that there is room again.
        self.lines.touch(key);
        for read in 0..MAX_READS {
            match self.lines.read(key, buffer) {
                Readiness::Bytes(bytes) => {
                    let length = buffer.len();
                    let bytes = buffer.get_mut(..bytes).unwrap_or_default();
                    let is_all = bytes.len() < length && !is_over;
                    self.with_line(key, |line, session| {
                        line.receive(now, bytes, session);
                        true
                    });
                    if is_all {
                        return true;
                    }
                }
                Readiness::Nothing => return read > 0,
                Readiness::Over => {
                    self.with_line(key, |line, _| {
                        line.lose(now);
                        false
                    });
                    return true;
                }
            }
        }
        self.lines.ready.push((key, is_over));
        self.more = true;
        true
    }

    /// Lets `work` at a WebSocket and its session, and ends both alone if it panics. `work` returns whether the session may have
    /// something to do.
    fn with_line(&mut self, key: u32, work: impl FnOnce(&mut Line, Option<&mut Session>) -> bool) {
        let Self { lines, slots, .. } = self;
        let Some(line) = lines.get_mut(key) else { return };
        let session = line.session;
        let slot = session.and_then(|session| slots.get_mut(&session));
        match contain(|| work(line, slot.map(|slot| &mut slot.session))) {
            Ok(touches) => {
                lines.touch(key);
                if let Some(session) = session.filter(|_| touches) {
                    self.touch(session);
                }
            }
            Err(panic) => {
                if let Some(session) = session {
                    self.fail(session, &panic);
                }
                self.fail_line(key, &panic);
            }
        }
    }

    /// Writes what the touched WebSockets have to write.
    pub(super) fn flush_lines(&mut self, now: Instant) {
        let mut dirty = std::mem::take(&mut self.lines.dirty);
        for key in dirty.drain(..) {
            self.flush_line(now, key);
        }
        dirty.append(&mut self.lines.dirty);
        self.lines.dirty = dirty;
    }

    fn flush_line(&mut self, now: Instant, key: u32) {
        let Some(line) = self.lines.get_mut(key) else { return };
        line.dirty = false;
        match contain(|| line.flush(now)) {
            Ok(flushed) => {
                super::note(&mut self.scratch.lists, line.shared().place.list());
                self.timers.set(key, flushed.wake_at);
                #[cfg(unix)]
                if let Err(error) = self.lines.watch_room(key, flushed.is_blocked) {
                    log::error!("a media worker can't watch a socket: {error}");
                }
                if flushed.is_gone {
                    self.remove_line(key);
                }
            }
            Err(panic) => self.fail_line(key, &panic),
        }
    }

    /// Ends a WebSocket that panicked.
    fn fail_line(&mut self, key: u32, panic: &str) {
        log::error!("a socket ended by a fault: {panic}");
        self.remove_line(key);
    }

    fn remove_line(&mut self, key: u32) {
        let Some(line) = self.lines.remove(key) else { return };
        self.timers.set(key, None);
        self.sessions.fetch_sub(1, Ordering::Relaxed);
        // One that isn't gone tells that now.
        if let Err(panic) = contain(|| drop(line)) {
            log::error!("a socket could not be dropped cleanly: {panic}");
        }
    }
}
