//! A session without a thread and a socket, for tests in virtual time.

use crate::engine;
use crate::handle::SessionHandle;
use crate::identity::identity;
use crate::inbox::{Command, Inbox, Look};
use crate::line::{Carrier, Line, LineShared};
use crate::ready::ReadyList;
use crate::session::Session;
use crate::shared::{QueueLimits, Shared, Tenure, channel_state};
use crate::slot::{Outlet, Slot};
use crate::socket_handle::SocketHandle;
use bytes::BytesMut;
use parley_media::WireOptions;
use parley_session::{Input, LocalAddresses, RtcSession, Seed, SessionOptions, SocketSession};
use parley_socket::Protocol;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// A session that is run by its owner, who brings the datagrams and moves the time; all else is as on a media thread.
pub struct ManualSession {
    slot: Slot,
    line: Option<Line>,
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

    /// Begins a session over a WebSocket that its owner carries: what is fed to the handle is what comes.
    ///
    /// # Errors
    /// What is out of its range, or why a session can't be run.
    pub fn open(
        now: Instant,
        (options, limits): (SessionOptions, QueueLimits),
        (wire, protocol): (WireOptions, Protocol),
        list: &Arc<ReadyList>,
    ) -> Result<(SessionHandle, SocketHandle, Self), String> {
        let mut session = Session::Socket(Box::new(
            SocketSession::new(now, &options, wire).map_err(|error| error.to_string())?,
        ));
        let line_shared = Arc::new(LineShared::new(engine::next_key(), list.clone()));
        let mut line = Line::new(now, line_shared.clone(), Carrier::Carried, Vec::new());
        let shared = engine::share(options, limits, list.clone());
        shared.channel.store(channel_state::CLOSED, Ordering::SeqCst);
        line.attach(now, shared.key, protocol, &mut session);
        shared.line.get_or_init(|| line_shared.clone());
        let mut manual = Self::new(now, session, &shared, None).map_err(|error| error.to_string())?;
        line_shared.requests.adopt_here(&manual.inbox);
        manual.slot.line = Some(line_shared.key);
        manual.line = Some(line);
        let socket = SocketHandle { shared: line_shared, engine: Weak::new() };
        Ok((SessionHandle::new(shared), socket, manual))
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
        Ok(Self { slot, line: None, inbox, commands: Vec::new(), wake_at: Some(now), _poll: poll })
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
            self.obey(now, command);
        }
        self.commands = commands;
        if self.wake_at.is_some_and(|at| at <= now) {
            self.slot.session.handle(now, Input::Wake);
            if let Some(line) = &mut self.line {
                line.wake(now);
            }
        }
        let mut sent = Sent { datagrams: Vec::new(), line: self.line.as_mut() };
        self.wake_at = self.slot.pump(now, &mut sent).wake_at;
        let datagrams = sent.datagrams;
        if let Some(line) = &mut self.line {
            self.wake_at = [self.wake_at, line.flush(now).wake_at].into_iter().flatten().min();
        }
        self.slot.shared.each_list(|list| list.signal());
        datagrams
    }

    fn obey(&mut self, now: Instant, command: Command) {
        match (command, &mut self.line) {
            (Command::Line(_, request), Some(line)) => {
                line.obey(now, request, Some(&mut self.slot.session));
            }
            (command, _) => drop(self.slot.obey(now, command)),
        }
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

struct Sent<'a> {
    datagrams: Vec<(SocketAddr, BytesMut)>,
    line: Option<&'a mut Line>,
}

impl Outlet for Sent<'_> {
    fn datagram(&mut self, to: SocketAddr, bytes: BytesMut) {
        self.datagrams.push((to, bytes));
    }

    fn relayed(&mut self, _: SocketAddr, _: SocketAddr, _: &[u8]) {
        unreachable!("no TURN server lends this session an address");
    }

    fn line(&mut self) -> Option<&mut Line> {
        self.line.as_deref_mut()
    }

    fn validated(&mut self, _: SocketAddr) {}

    fn validated_by_relay(&mut self, _: SocketAddr, _: SocketAddr) {}
}
