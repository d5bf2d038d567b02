//! The sessions of a worker.

use super::{Worker, note};
use crate::inbox::Command;
use crate::line::Line;
use crate::mux::Mux;
use crate::panic::contain;
use crate::ready;
use crate::relays::Relays;
use crate::session::Session;
use crate::shared::Tenure;
use crate::slot::{Outlet, Slot};
use bytes::BytesMut;
use parley_session::Input;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A session that was heard within this keeps its address: consent is asked for every two seconds.
const ALIVE: Duration = Duration::from_secs(5);

impl Worker {
    pub(super) fn adopt(&mut self, now: Instant, session: Session, shared: Tenure, answer: Option<String>) {
        let key = shared.key;
        if let Some(ufrag) = session.ufrag() {
            self.mux.add_ufrag(ufrag, key);
        }
        self.slots.insert(key, Slot::new(now, session, shared, answer));
        self.touch(key);
    }

    /// Has a session do what its JavaScript side asks for.
    pub(super) fn obey(&mut self, now: Instant, command: Command) {
        let Some(key) = command.session() else { return };
        let mut ufrag = None;
        self.guarded(key, |slot| ufrag = slot.obey(now, command));
        if let Some(ufrag) = ufrag {
            self.mux.add_ufrag(&ufrag, key);
        }
    }

    pub(super) fn feed(&mut self, now: Instant, key: u32, input: Input<'_>) {
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
    pub(super) fn touch(&mut self, key: u32) {
        if let Some(slot) = self.slots.get_mut(&key)
            && !std::mem::replace(&mut slot.dirty, true)
        {
            self.scratch.dirty.push(key);
        }
    }

    /// JavaScript is woken, so what waits for it to be worth that is told too.
    pub(super) fn tell_more(&mut self) {
        for slot in self.slots.values_mut() {
            if slot.hush.joins() {
                slot.shared.mark(ready::AUDIO);
                slot.shared.each_list(|list| note(&mut self.scratch.lists, list));
            }
        }
    }

    pub(super) fn pump_session(&mut self, now: Instant, key: u32) {
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
                self.has_told |= pumped.frames;
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
    pub(super) fn fail(&mut self, key: u32, panic: &str) {
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

    fn line(&mut self) -> Option<&mut Line> {
        self.line.as_deref_mut()
    }

    fn validated(&mut self, address: SocketAddr) {
        self.claims.push(address);
    }

    fn validated_by_relay(&mut self, relayed: SocketAddr, address: SocketAddr) {
        self.mux.bind_relayed(relayed, address, self.key);
    }
}
