//! The media threads of the process: started with the first session, gone after the last one.

use crate::admission::{self, Beginning, Request};
use crate::handle::SessionHandle;
use crate::options::EngineOptions;
use crate::ready::ReadyList;
use crate::shared::{QueueLimits, Shared, channel_state};
use parley_media::WireOptions;
use parley_session::{SessionOptions, TurnServer};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

/// The threads behind one set of options. They end when nobody holds it any more: the admission thread's channel closes,
/// and that thread stops the workers.
struct Engine {
    requests: Mutex<Sender<Request>>,
}

static ENGINES: LazyLock<Mutex<HashMap<EngineOptions, Weak<Engine>>>> = LazyLock::new(Mutex::default);
static NEXT_KEY: AtomicU32 = AtomicU32::new(1);

/// What the sides of a new session share, known by a key that no other session of the process has.
pub(crate) fn share(options: SessionOptions, limits: QueueLimits, list: Arc<ReadyList>) -> Arc<Shared> {
    let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    let shared = Arc::new(Shared::new(key, options, limits, list));
    sessions().insert(key, Arc::downgrade(&shared));
    shared
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

/// Begins a session for a socket that is open. Returns at once; `connected` follows as an event on `list`. It shares the
/// threads of other sessions with equal options, whatever their servers; else it has some that listen nowhere but on any
/// free port of loopback.
#[must_use]
pub fn open(
    engine: &EngineOptions,
    options: SessionOptions,
    limits: QueueLimits,
    wire: WireOptions,
    list: Arc<ReadyList>,
) -> SessionHandle {
    let shared = share(options, limits, list);
    // Messages go over the socket itself.
    shared.channel.store(channel_state::CLOSED, Ordering::SeqCst);
    begin(Engine::for_sockets(engine), shared, Beginning::Socket(wire), Vec::new())
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
            let request = Request { shared: shared.clone(), beginning, turn_servers };
            let requests = engine.requests.lock().unwrap_or_else(PoisonError::into_inner);
            if requests.send(request).is_err() {
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
