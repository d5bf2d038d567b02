//! Accepts offers, and begins sessions of sockets, on a thread of its own: an offer takes 2 to 8 ms (measured), which no
//! live call must feel.

use crate::identity::identity;
use crate::inbox::Command;
use crate::line::{Line, LineShared};
use crate::options::EngineOptions;
use crate::panic::{contain, quieten_this_thread};
use crate::reflexive::{Gathered, random};
use crate::session::Session;
use crate::shared::{Shared, Tenure};
use crate::worker::{self, WorkerLink};
use parley_media::WireOptions;
use parley_session::{LocalAddresses, RtcSession, Seed, SocketSession, TurnServer};
use parley_socket::Protocol;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// A worker gets so many sessions before the next one gets its first; a third of a core, and all wake-ups are shared.
const FEW: usize = 64;
/// How long the first offer waits for what STUN and TURN servers say.
const GATHERING_PATIENCE: Duration = Duration::from_millis(1000);
/// How long a port may still be held by threads that are about to end.
const BIND_PATIENCE: Duration = Duration::from_millis(1000);
const BIND_RETRY: Duration = Duration::from_millis(10);

/// What a session begins with.
pub(crate) enum Beginning {
    /// An offer to accept.
    Offer(String),
    /// A WebSocket that a worker has: its audio, and how it goes over it.
    Socket(Box<(WireOptions, Protocol)>),
}

/// What is to be begun.
pub(crate) enum Request {
    /// A session.
    Session(SessionRequest),
    /// A WebSocket.
    Line(Box<Line>),
}

/// A session to begin.
pub(crate) struct SessionRequest {
    pub(crate) shared: Arc<Shared>,
    pub(crate) beginning: Beginning,
    /// With credentials as fresh as the offer.
    pub(crate) turn_servers: Vec<TurnServer>,
}

#[cfg(any(test, feature = "fault-injection"))]
impl SessionRequest {
    /// Whether an offer asks for a fault.
    fn holds(&self, fault: &str) -> bool {
        matches!(&self.beginning, Beginning::Offer(offer) if offer.contains(fault))
    }
}

/// Starts the thread, which starts the workers with the first offer. When the engine is gone it stops them and ends.
pub(crate) fn spawn(mut options: EngineOptions, requests: Receiver<Request>) -> io::Result<()> {
    let run = move || {
        quieten_this_thread();
        let mut workers = Vec::new();
        for request in requests {
            match request {
                Request::Session(request) => serve(&mut options, &mut workers, &request),
                Request::Line(line) => {
                    let accepted = contain(|| accept(&options, &mut workers, line));
                    if let Err(panic) = accepted {
                        log::error!("a new socket met a fault of the engine: {panic}");
                    }
                }
            }
        }
        stop(&workers);
    };
    std::thread::Builder::new().name("parley-admit".into()).spawn(run).map(drop)
}

fn serve(options: &mut EngineOptions, workers: &mut Vec<WorkerLink>, request: &SessionRequest) {
    let admitted = contain(|| {
        if let Beginning::Offer(_) = request.beginning {
            refresh(options, workers, &request.turn_servers);
        }
        admit(options, workers, request);
    });
    if let Err(panic) = admitted {
        log::error!("a new session met a fault of the engine: {panic}");
        request.shared.reject("transport", &panic);
    }
}

/// Gives a WebSocket to a worker. One that nobody takes tells that it is gone.
fn accept(options: &EngineOptions, workers: &mut Vec<WorkerLink>, line: Box<Line>) {
    if let Err(error) = make_ready(options, workers) {
        log::error!("a socket could not be taken over: {error}");
        return;
    }
    if let Some(worker) = choose(workers) {
        worker.sessions.fetch_add(1, Ordering::Relaxed);
        let shared = line.shared().clone();
        shared.requests.adopt(&worker.inbox, Command::Accept(line));
    }
}

/// Hands fresh credentials to the workers.
fn refresh(options: &mut EngineOptions, workers: &[WorkerLink], turn_servers: &[TurnServer]) {
    if options.turn_servers == turn_servers {
        return;
    }
    options.turn_servers = turn_servers.to_vec();
    for worker in workers {
        worker.inbox.push(Command::TurnServers(turn_servers.to_vec()));
    }
}

fn admit(options: &EngineOptions, workers: &mut Vec<WorkerLink>, request: &SessionRequest) {
    #[cfg(any(test, feature = "fault-injection"))]
    assert!(!request.holds("a=x-panic-outside"), "injected");
    if let Err(error) = make_ready(options, workers) {
        return request.shared.reject("transport", &error);
    }
    let line = request.shared.line.get();
    let worker = match line {
        Some(line) => of_line(workers, line),
        None => choose(workers),
    };
    let Some(worker) = worker else {
        return request.shared.reject("transport", "there are no media threads");
    };
    match contain(|| begin(request, worker)) {
        Ok(Ok(adopt)) => {
            // One over a socket was counted with that.
            worker.sessions.fetch_add(usize::from(line.is_none()), Ordering::Relaxed);
            request.shared.adopt(&worker.inbox, adopt);
        }
        Ok(Err((code, message))) => request.shared.reject(code, &message),
        Err(panic) => request.shared.reject("invalid_sdp", &format!("the session can't begin: {panic}")),
    }
}

/// Starts what isn't running. A worker that gave up after too many faults is replaced.
fn make_ready(options: &EngineOptions, workers: &mut Vec<WorkerLink>) -> Result<(), String> {
    workers.retain(|worker| !worker.inbox.is_shut());
    start_missing(options, workers)
}

/// The worker that has the WebSocket.
fn of_line<'a>(workers: &'a [WorkerLink], line: &LineShared) -> Option<&'a WorkerLink> {
    workers
        .iter()
        .find(|worker| line.requests.inbox().is_some_and(|inbox| Arc::ptr_eq(&inbox, &worker.inbox)))
}

/// The first worker with few sessions, else the one with the fewest: few sessions on one thread share its wake-ups,
/// which are what costs.
fn choose(workers: &[WorkerLink]) -> Option<&WorkerLink> {
    let load = |worker: &&WorkerLink| worker.sessions.load(Ordering::Relaxed);
    workers.iter().find(|worker| load(worker) < FEW).or_else(|| workers.iter().min_by_key(load))
}

fn begin(request: &SessionRequest, worker: &WorkerLink) -> Result<Command, (&'static str, String)> {
    let (session, answer, line) = match &request.beginning {
        Beginning::Offer(offer) => {
            let (session, answer) = answer(request, offer, worker)?;
            (Session::Rtc(Box::new(session)), Some(answer), None)
        }
        Beginning::Socket(beginning) => {
            let (wire, protocol) = &**beginning;
            let session = SocketSession::new(Instant::now(), &request.shared.options, *wire)
                .map_err(|error| ("unsupported_codec", error.to_string()))?;
            let line = request.shared.line.get().map(|line| Box::new((line.key, protocol.clone())));
            (Session::Socket(Box::new(session)), None, line)
        }
    };
    Ok(Command::Adopt { session, shared: Tenure::new(request.shared.clone()), answer, line })
}

fn answer(
    request: &SessionRequest,
    offer: &str,
    worker: &WorkerLink,
) -> Result<(RtcSession, String), (&'static str, String)> {
    #[cfg(any(test, feature = "fault-injection"))]
    assert!(!request.holds("a=x-panic"), "injected");
    let identity = identity().map_err(|error| ("transport", error))?;
    let Gathered { reflexive, relayed } = worker.mappings.wait(GATHERING_PATIENCE);
    let local = Arc::new(LocalAddresses { reflexive, relayed, ..worker.local.clone() });
    let random = random();
    let seed = Seed {
        ssrc: (random >> 32) as u32,
        sequence_number: (random >> 16) as u16,
        timestamp: (random as u32).rotate_left(16),
    };
    let options = request.shared.options.clone();
    RtcSession::accept(Instant::now(), identity, local, options, seed, offer)
        .map_err(|rejection| (rejection.code, rejection.message))
}

/// Starts the workers that there are none of, all of them with the first offer.
fn start_missing(options: &EngineOptions, workers: &mut Vec<WorkerLink>) -> Result<(), String> {
    let give_up = Instant::now() + BIND_PATIENCE;
    while workers.len() < options.workers.max(1) {
        match worker::start(options, workers.len()) {
            Ok(worker) => workers.push(worker),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < give_up => {
                // The threads of an engine that just ended close their sockets on their own.
                std::thread::sleep(BIND_RETRY);
            }
            // Sessions that live on the others go on there.
            Err(_) if workers.iter().any(|worker| worker.sessions.load(Ordering::Relaxed) > 0) => break,
            Err(error) => {
                stop(workers);
                workers.clear();
                return Err(describe(options, &error));
            }
        }
    }
    Ok(())
}

fn stop(workers: &[WorkerLink]) {
    for worker in workers {
        worker.inbox.push(Command::Stop);
    }
}

fn describe(options: &EngineOptions, error: &io::Error) -> String {
    let EngineOptions { bind_address, udp_ports: (first, last), workers, .. } = options;
    format!(
        "{workers} media thread(s) could not bind a UDP port each on {bind_address}, ports {first} to {last}: {error}; \
         check media.bindAddress and media.udpPorts"
    )
}
