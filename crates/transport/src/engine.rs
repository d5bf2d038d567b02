//! The media threads of the process: started with the first session, gone after the last one.

use crate::admission::{self, Beginning, Request, SessionRequest};
use crate::handle::SessionHandle;
use crate::line::{Carrier, Line, LineShared};
use crate::options::EngineOptions;
use crate::ready::ReadyList;
use crate::shared::{QueueLimits, Shared, channel_state};
use crate::socket_handle::SocketHandle;
use parley_media::WireOptions;
use parley_session::{SessionOptions, TurnServer};
use parley_socket::Protocol;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// The threads behind one set of options. They end when nobody holds it any more: the admission thread's channel closes,
/// and that thread stops the workers.
pub(crate) struct Engine {
    requests: Mutex<Sender<Request>>,
}

static ENGINES: LazyLock<Mutex<HashMap<EngineOptions, Weak<Engine>>>> = LazyLock::new(Mutex::default);
static NEXT_KEY: AtomicU32 = AtomicU32::new(1);

/// What the sides of a new session share, known by a key that no other session of the process has.
pub(crate) fn share(options: SessionOptions, limits: QueueLimits, list: Arc<ReadyList>) -> Arc<Shared> {
    let key = next_key();
    let shared = Arc::new(Shared::new(key, options, limits, list));
    sessions().insert(key, Arc::downgrade(&shared));
    shared
}

/// A key that no session and no socket of the process has.
pub(crate) fn next_key() -> u32 {
    NEXT_KEY.fetch_add(1, Ordering::Relaxed)
}

/// Begins a session for an offer. Returns at once; the answer comes as an `answer` or `rejected` event on `list`.
#[must_use]
pub fn accept(
    engine: &EngineOptions,
    options: SessionOptions,
    limits: QueueLimits,
    offer: String,
    list: Arc<ReadyList>,
) -> SessionHandle {
    let turn_servers = engine.turn_servers.clone();
    begin(Engine::get(engine), share(options, limits, list), Beginning::Offer(offer), turn_servers)
}

/// Takes a WebSocket over, right behind its handshake. `head` is what was read of it already. It shares the threads of sessions
/// with equal options, whatever their servers; else it has some that listen nowhere but on any free port of loopback. Returns at
/// once; what comes is told on `list`.
#[must_use]
pub fn accept_socket(
    engine: &EngineOptions,
    carrier: Carrier,
    head: Vec<u8>,
    list: Arc<ReadyList>,
) -> SocketHandle {
    let shared = Arc::new(LineShared::new(next_key(), list));
    let line = Line::new(Instant::now(), shared.clone(), carrier, head);
    let engine = match Engine::for_sockets(engine) {
        Ok(engine) => {
            shared.hold_threads(engine.clone());
            engine.request(Request::Line(Box::new(line)));
            Arc::downgrade(&engine)
        }
        Err(error) => {
            // Dropped, the line tells that it is gone.
            log::error!("a socket could not be taken over: {error}");
            Weak::new()
        }
    };
    SocketHandle { shared, engine }
}

/// Begins a session over a socket. Returns at once; `connected` follows as an event on `list`, or `rejected` when the socket is
/// no more.
#[must_use]
pub fn open(
    socket: &SocketHandle,
    options: SessionOptions,
    limits: QueueLimits,
    (wire, protocol): (WireOptions, Protocol),
    list: Arc<ReadyList>,
) -> SessionHandle {
    let shared = share(options, limits, list);
    // Messages go over the socket itself.
    shared.channel.store(channel_state::CLOSED, Ordering::SeqCst);
    shared.line.get_or_init(|| socket.shared.clone());
    let engine = socket.engine.upgrade().ok_or_else(|| "the socket is closed".to_owned());
    begin(engine, shared, Beginning::Socket(Box::new((wire, protocol))), Vec::new())
}

fn begin(
    engine: Result<Arc<Engine>, String>,
    shared: Arc<Shared>,
    beginning: Beginning,
    turn_servers: Vec<TurnServer>,
) -> SessionHandle {
    match engine {
        Ok(engine) => {
            shared.hold(engine.clone());
            let request = SessionRequest { shared: shared.clone(), beginning, turn_servers };
            if !engine.request(Request::Session(request)) {
                shared.reject("transport", "the media threads could not be started");
            }
        }
        Err(error) => shared.reject("transport", &error),
    }
    SessionHandle::new(shared)
}

/// Why a session can't be attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachError {
    /// No session has that key, or it has ended.
    Unknown,
    /// Another environment has it.
    Taken,
}

/// Gives the audio of a session that another environment accepted to the one of `list`, which is signalled at once.
///
/// # Errors
/// See [`AttachError`].
pub fn attach(key: u32, list: Arc<ReadyList>) -> Result<SessionHandle, AttachError> {
    // The registry is let go of before the session: its own end needs the registry.
    let shared = sessions().get(&key).and_then(Weak::upgrade).ok_or(AttachError::Unknown)?;
    if shared.ended.load(Ordering::SeqCst) {
        return Err(AttachError::Unknown);
    }
    let place = shared.attach(list.clone()).ok_or(AttachError::Taken)?;
    list.signal();
    Ok(SessionHandle::attached(shared, place))
}

/// All sessions that somebody holds, by their keys.
fn sessions() -> MutexGuard<'static, HashMap<u32, Weak<Shared>>> {
    static SESSIONS: LazyLock<Mutex<HashMap<u32, Weak<Shared>>>> = LazyLock::new(Mutex::default);
    SESSIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Shared {
    fn drop(&mut self) {
        sessions().remove(&self.key);
    }
}

impl Engine {
    /// Asks the admission thread; false when it is gone.
    fn request(&self, request: Request) -> bool {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).send(request).is_ok()
    }

    /// One whose sessions need no network.
    fn for_sockets(options: &EngineOptions) -> Result<Arc<Self>, String> {
        let wanted = without_servers(options);
        let known = {
            let engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
            engines
                .iter()
                .find_map(|(options, engine)| engine.upgrade().filter(|_| without_servers(options) == wanted))
        };
        let nowhere = EngineOptions {
            bind_address: Ipv4Addr::LOCALHOST.into(),
            udp_ports: (0, 0),
            announced_addresses: Vec::new(),
            ..wanted
        };
        known.map_or_else(|| Self::get(&nowhere), Ok)
    }

    fn get(options: &EngineOptions) -> Result<Arc<Self>, String> {
        let known_as = without_credentials(options);
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(&known_as).and_then(Weak::upgrade) {
            return Ok(engine);
        }
        engines.retain(|_, engine| engine.strong_count() > 0);
        let (requests, receiver) = std::sync::mpsc::channel();
        let engine = Arc::new(Self { requests: Mutex::new(requests) });
        admission::spawn(options.clone(), receiver)
            .map_err(|error| format!("no thread could be started: {error}"))?;
        engines.insert(known_as, Arc::downgrade(&engine));
        Ok(engine)
    }
}

/// Where the threads listen, and how many there are.
fn without_servers(options: &EngineOptions) -> EngineOptions {
    EngineOptions { stun_servers: Vec::new(), turn_servers: Vec::new(), ..options.clone() }
}

/// What tells engines apart. Credentials may be fresh with each offer, and are handed to the engine that is there.
fn without_credentials(options: &EngineOptions) -> EngineOptions {
    let mut options = options.clone();
    for server in &mut options.turn_servers {
        server.username.clear();
        server.password.clear();
    }
    options
}
