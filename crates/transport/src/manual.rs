//! A session without a thread and a socket, for tests in virtual time.

use crate::engine;
use crate::handle::SessionHandle;
use crate::identity::identity;
use crate::inbox::{Command, Inbox, Look};
use crate::ready::ReadyList;
use crate::session::Session;
use crate::shared::{QueueLimits, Shared, Tenure};
use crate::slot::{Outlet, Slot};
use bytes::BytesMut;
use parley_media::WireOptions;
use parley_session::{Input, LocalAddresses, RtcSession, Seed, SessionOptions, SocketSession};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// A session that is run by its owner, who brings the datagrams and moves the time; all else is as on a media thread.
pub struct ManualSession {
    slot: Slot,
    inbox: Arc<Inbox>,
    commands: Vec<Command>,
    wake_at: Option<Instant>,
    /// Holds what the inbox wakes.
    _poll: mio::Poll,
}

impl ManualSession {
    /// Answers an offer at once, as an `answer` or a `rejected` event. Without a session there is nothing to run.
    ///
    /// `address` is where the session's owner takes datagrams for it; `seed` is where its media begins.
    pub fn accept(
        now: Instant,
        address: SocketAddr,
        seed: Seed,
        (options, limits): (SessionOptions, QueueLimits),
        offer: &str,
        list: Arc<ReadyList>,
    ) -> (SessionHandle, Option<Self>) {
        let shared = engine::share(options, limits, list);
        if let Some(video) = &shared.video {
            video.run_by_hand();
        }
        let session = Self::answer(now, address, seed, &shared, offer);
        let session = session.map_err(|(code, message)| shared.reject(code, &message)).ok();
        (SessionHandle::new(shared), session)
    }

    /// Begins a session for a socket that is open.
    ///
    /// # Errors
    /// What is out of its range, or why a session can't be run.
    pub fn open(
        now: Instant,
        (options, limits): (SessionOptions, QueueLimits),
        wire: WireOptions,
        list: Arc<ReadyList>,
    ) -> Result<(SessionHandle, Self), String> {
        let session = SocketSession::new(now, &options, wire).map_err(|error| error.to_string())?;
        let shared = engine::share(options, limits, list);
        let session = Self::new(now, Session::Socket(Box::new(session)), &shared, None)
            .map_err(|error| error.to_string())?;
        Ok((SessionHandle::new(shared), session))
    }

    fn new(
        now: Instant,
        session: Session,
        shared: &Arc<Shared>,
        answer: Option<String>,
    ) -> std::io::Result<Self> {
        let (poll, inbox) = inbox()?;
        shared.adopt_here(&inbox);
        let slot = Slot::new(now, session, Tenure::new(shared.clone()), answer);
        Ok(Self { slot, inbox, commands: Vec::new(), wake_at: Some(now), _poll: poll })
    }

    fn answer(
        now: Instant,
        address: SocketAddr,
        seed: Seed,
        shared: &Arc<Shared>,
        offer: &str,
    ) -> Result<Self, (&'static str, String)> {
        let identity = identity().map_err(|error| ("transport", error))?;
        let (v4, v6) = if address.is_ipv4() { (Some(address), None) } else { (None, Some(address)) };
        let local = LocalAddresses { v4, v6, candidates: vec![address], ..LocalAddresses::default() };
        let (session, answer) =
            RtcSession::accept(now, identity, Arc::new(local), shared.options.clone(), seed, offer)
                .map_err(|rejection| (rejection.code, rejection.message))?;
        Self::new(now, Session::Rtc(Box::new(session)), shared, Some(answer))
            .map_err(|error| ("transport", error.to_string()))
    }

    /// Takes a datagram from that address.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.slot.session.handle(now, Input::Datagram(from, datagram));
    }

    /// Does what was asked for and what is due. Returns the datagrams to send, and where to.
    pub fn run(&mut self, now: Instant) -> Vec<(SocketAddr, BytesMut)> {
        let mut commands = std::mem::take(&mut self.commands);
        self.inbox.take(&mut commands);
        self.inbox.announce(Look::Soon);
        for command in commands.drain(..) {
            self.slot.obey(now, command);
        }
        self.commands = commands;
        if self.wake_at.is_some_and(|at| at <= now) {
            self.slot.session.handle(now, Input::Wake);
        }
        let mut sent = Sent(Vec::new());
        self.wake_at = self.slot.pump(now, &mut sent).wake_at;
        self.slot.shared.each_list(|list| list.signal());
        sent.0
    }

    /// When [`run`](Self::run) is to be called next, if nothing happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        self.wake_at
    }
}

fn inbox() -> std::io::Result<(mio::Poll, Arc<Inbox>)> {
    let poll = mio::Poll::new()?;
    let inbox = Inbox::new(mio::Waker::new(poll.registry(), mio::Token(0))?);
    // Nobody sleeps here who would have to be woken.
    inbox.announce(Look::Soon);
    Ok((poll, Arc::new(inbox)))
}

struct Sent(Vec<(SocketAddr, BytesMut)>);

impl Outlet for Sent {
    fn datagram(&mut self, to: SocketAddr, bytes: BytesMut) {
        self.0.push((to, bytes));
    }

    fn relayed(&mut self, _: SocketAddr, _: SocketAddr, _: &[u8]) {
        unreachable!("no TURN server lends this session an address");
    }

    fn validated(&mut self, _: SocketAddr) {}

    fn validated_by_relay(&mut self, _: SocketAddr, _: SocketAddr) {}
}
