//! One JavaScript environment (thread): its wake-up function and its sessions.

use crate::errors::{Code, Result};
use crate::options::{EngineOptions, SessionOptions, WireOptions};
use crate::session::NativeSession;
use crate::socket::{NativeSocket, NativeSocketOptions, WireProtocol};
use napi::bindgen_prelude::{Function, Uint32ArraySlice};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use parley_transport::{AttachError, EVENT, ReadyList, SOCKET, SessionHandle, SocketHandle};
use std::collections::HashMap;
use std::sync::Arc;

/// Does what the first session would otherwise wait for, once for the process, on a thread of its own.
#[napi(catch_unwind)]
pub fn warm_up() {
    parley_transport::warm_up();
}

/// One for each JavaScript environment. It never keeps the process alive.
#[napi]
pub struct NativeHost {
    list: Arc<ReadyList>,
    /// Of sessions that became ready, those that are yet to be told.
    ready: Vec<u32>,
    sessions: HashMap<u32, Arc<SessionHandle>>,
    sockets: HashMap<u32, Arc<SocketHandle>>,
}

#[napi]
impl NativeHost {
    /// `wake` is called, weakly and merged, when `poll` has something to tell.
    #[napi(constructor, catch_unwind)]
    pub fn new(wake: Function<'_, (), ()>) -> napi::Result<Self> {
        let wake = wake
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .max_queue_size::<1>()
            .build_callback(|_| Ok(()))?;
        // A full queue means that a wake-up is on its way; a closing environment needs none.
        let list = ReadyList::new(move || {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        let (ready, sessions, sockets) = (Vec::new(), HashMap::new(), HashMap::new());
        Ok(Self { list: Arc::new(list), ready, sessions, sockets })
    }

    /// Fills `into` with pairs of the key of a session or a socket and its ready bits (AUDIO 1, ROOM 2, EVENT 4, VIDEO 8,
    /// VIDEO_ROOM 16; of a socket SOCKET 64, BYTES 128) for what became ready since the last call, and returns how many pairs
    /// that are. When it is full, there may be more.
    #[napi(catch_unwind)]
    pub fn poll(&mut self, mut into: Uint32ArraySlice<'_>) -> u32 {
        // SAFETY: JavaScript stands still during the call, and src/native/host.ts makes this array itself, on memory that no
        // other thread shares, and hands it to nobody. A detached array has no length here.
        let into = unsafe { into.as_mut() };
        let mut ready = std::mem::take(&mut self.ready);
        self.list.take_into(&mut ready);
        let (mut told, mut count) = (0, 0);
        for pair in into.chunks_exact_mut(2) {
            let next = ready[told..].iter().find_map(|key| {
                told += 1;
                self.take_ready(*key).map(|bits| [*key, bits])
            });
            let Some(next) = next else { break };
            pair.copy_from_slice(&next);
            count += 1;
        }
        ready.drain(..told);
        self.ready = ready;
        count
    }

    /// Accepts an SDP offer. Returns at once; the answer comes as an 'answer' or 'rejected' event. Throws
    /// ERR_PARLEY_INVALID_ARGUMENT, naming the option, when an option is out of range.
    #[napi(catch_unwind)]
    pub fn accept(
        &mut self,
        engine: EngineOptions,
        options: SessionOptions,
        offer_sdp: String,
    ) -> Result<NativeSession> {
        let limits = options.limits();
        let options = options.try_into()?;
        let session = Arc::new(parley_transport::accept(
            &engine.try_into()?,
            options,
            limits,
            offer_sdp,
            self.list.clone(),
        ));
        self.sessions.insert(session.key(), session.clone());
        Ok(NativeSession::new(session))
    }

    /// Takes a WebSocket over, right behind its handshake: a media thread reads and writes it from here on. Throws
    /// ERR_PARLEY_INVALID_ARGUMENT when its descriptor can't be used, before anything has become of it.
    #[napi(catch_unwind)]
    pub fn accept_socket(
        &mut self,
        engine: EngineOptions,
        options: NativeSocketOptions,
    ) -> Result<NativeSocket> {
        let engine = engine.try_into()?;
        let carrier = options.carrier()?;
        let head = options.head.to_vec();
        let socket = parley_transport::accept_socket(&engine, carrier, head, self.list.clone());
        let socket = Arc::new(socket);
        self.sockets.insert(socket.key(), socket.clone());
        Ok(NativeSocket { socket })
    }

    /// Begins a session over a socket. 'connected' follows as an event, or 'rejected' when the socket has gone. Throws
    /// ERR_PARLEY_INVALID_ARGUMENT, naming the option, when an option is out of range.
    #[napi(catch_unwind)]
    pub fn open_socket_session(
        &mut self,
        options: SessionOptions,
        wire: WireOptions,
        socket: &NativeSocket,
        protocol: WireProtocol,
    ) -> Result<NativeSession> {
        let limits = options.limits();
        let options = options.try_into()?;
        let wire = (wire.try_into()?, protocol.into());
        let list = self.list.clone();
        let session = Arc::new(parley_transport::open(&socket.socket, options, limits, wire, list));
        self.sessions.insert(session.key(), session.clone());
        Ok(NativeSession::new(session))
    }

    /// The media side of a session that another environment accepted: `poll` tells AUDIO, ROOM, VIDEO and VIDEO_ROOM of
    /// it here, and EVENT goes on to the acceptor. Throws ERR_PARLEY_SESSION_CLOSED when it has ended,
    /// ERR_PARLEY_INVALID_ARGUMENT when it is attached already, or was accepted here.
    #[napi(catch_unwind)]
    pub fn attach(&mut self, key: u32) -> Result<NativeSession> {
        if self.sessions.contains_key(&key) {
            return Err(Code::INVALID_ARGUMENT.error("this environment has the session already"));
        }
        let session = parley_transport::attach(key, self.list.clone()).map_err(|error| match error {
            AttachError::Unknown => Code::SESSION_CLOSED.error("the session has ended"),
            AttachError::Taken => Code::INVALID_ARGUMENT.error("the session is attached already"),
        })?;
        let session = Arc::new(session);
        self.sessions.insert(key, session.clone());
        Ok(NativeSession::new(session))
    }

    /// Lets go of a session that was attached here.
    #[napi(catch_unwind)]
    pub fn detach(&mut self, key: u32) {
        if self.sessions.get(&key).is_some_and(|session| session.is_attached())
            && let Some(session) = self.sessions.remove(&key)
        {
            session.detach();
        }
    }
}

impl NativeHost {
    /// Why a session or a socket is ready; none when it is no more. One that has told its last is forgotten.
    fn take_ready(&mut self, key: u32) -> Option<u32> {
        // Nothing comes after the last event, which waits to be taken even if its bit is yet to be set.
        if let Some(socket) = self.sockets.get(&key) {
            let bits = socket.take_ready();
            if !socket.is_gone() {
                return Some(bits);
            }
            self.sockets.remove(&key);
            return Some(bits | SOCKET);
        }
        let session = self.sessions.get(&key)?;
        let bits = session.take_ready();
        if !session.has_ended() || session.is_attached() {
            return Some(bits);
        }
        self.sessions.remove(&key);
        Some(bits | EVENT)
    }
}

/// The environment ended, a worker thread that was terminated for instance: nobody hears the sessions that it accepted
/// any more. Those of others go on, for their acceptors to end as they see fit.
impl Drop for NativeHost {
    fn drop(&mut self) {
        for session in self.sessions.values() {
            if session.is_attached() {
                session.detach();
            } else {
                session.close();
            }
        }
        for socket in self.sockets.values() {
            socket.terminate();
        }
    }
}

/// `napi::Error` carries N-API's own status; ours carry a code of the project.
impl From<Code> for napi::Status {
    fn from(_: Code) -> Self {
        Self::GenericFailure
    }
}
