//! The media threads of the process: started with the first session, gone after the last one.

use crate::admission::{self, Request};
use crate::handle::SessionHandle;
use crate::inbox::{Command, Inbox};
use crate::ready::ReadyList;
use crate::shared::{QueueLimits, SessionEvent, Shared};
use parley_session::{Identity, LocalAddresses, SessionOptions, TurnServer};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};

use crate::reflexive::Mappings;

/// Where the media threads listen. Sessions with equal options share their threads and ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EngineOptions {
    /// Media threads, each with one UDP port; 1 or more.
    pub workers: usize,
    /// The address to bind; the unspecified IPv6 address takes IPv4 too.
    pub bind_address: IpAddr,
    /// First and last UDP port to try; both 0 for any.
    pub udp_ports: (u16, u16),
    /// What answers name instead of the machine's own addresses (behind NAT, in a container).
    pub announced_addresses: Vec<IpAddr>,
    /// STUN servers that tell where the socket is seen from outside.
    pub stun_servers: Vec<SocketAddr>,
    /// TURN servers that lend addresses to the socket, for peers that reach no other one.
    pub turn_servers: Vec<TurnServer>,
}

/// One worker, as the rest of the engine sees it.
pub(crate) struct WorkerLink {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) local: LocalAddresses,
    pub(crate) mappings: Arc<Mappings>,
    pub(crate) sessions: Arc<AtomicUsize>,
}

/// The threads behind one set of options.
pub(crate) struct Engine {
    requests: Mutex<Sender<Request>>,
    /// The workers, once the admission thread has started them.
    pub(crate) workers: OnceLock<Vec<WorkerLink>>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        for worker in self.workers.get().into_iter().flatten() {
            worker.inbox.push(Command::Stop);
        }
    }
}

static ENGINES: LazyLock<Mutex<HashMap<EngineOptions, Weak<Engine>>>> = LazyLock::new(Mutex::default);
static NEXT_KEY: AtomicU32 = AtomicU32::new(1);

/// One certificate for the process: peers recognise us by it, and making one takes a while.
pub(crate) fn identity() -> Result<&'static Identity, String> {
    static IDENTITY: OnceLock<Result<Identity, String>> = OnceLock::new();
    IDENTITY
        .get_or_init(|| Identity::generate().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(Clone::clone)
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
    let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    let shared = Arc::new(Shared::new(key, options, limits, list));
    match Engine::get(engine) {
        Ok(engine) => {
            *shared.engine.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.clone());
            let request = Request { shared: shared.clone(), offer };
            let requests = engine.requests.lock().unwrap_or_else(PoisonError::into_inner);
            if requests.send(request).is_err() {
                reject(&shared, "transport", "the media threads could not be started");
            }
        }
        Err(error) => reject(&shared, "transport", &error),
    }
    SessionHandle::new(shared)
}

/// Tells that there will be no session.
pub(crate) fn reject(shared: &Shared, code: &'static str, message: &str) {
    shared.push_event(SessionEvent::coded("rejected", code, message.to_owned()));
    shared.close("failed");
    shared.list.signal();
}

impl Engine {
    fn get(options: &EngineOptions) -> Result<Arc<Self>, String> {
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(options).and_then(Weak::upgrade) {
            return Ok(engine);
        }
        engines.retain(|_, engine| engine.strong_count() > 0);
        let (requests, receiver) = std::sync::mpsc::channel();
        let engine = Arc::new(Self { requests: Mutex::new(requests), workers: OnceLock::new() });
        admission::spawn(options.clone(), receiver)
            .map_err(|error| format!("no thread could be started: {error}"))?;
        engines.insert(options.clone(), Arc::downgrade(&engine));
        Ok(engine)
    }
}
