//! A real TURN server on loopback.

use parley_session::stun::binding_request;
use parley_transport::TurnServer;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::PATIENCE;

const MISSING: &str = "these tests need coturn's program `turnserver` (Debian: apt-get install coturn)";

/// coturn, with one user; it ends with this value.
pub(crate) struct Coturn {
    process: Child,
    address: SocketAddr,
    log: Receiver<String>,
    database: PathBuf,
}

impl Coturn {
    pub(crate) fn start() -> Self {
        Self::start_at(
            UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port"),
        )
    }

    /// Ends it, and starts another one at the same address.
    pub(crate) fn restart(self) -> Self {
        let address = self.address;
        drop(self);
        Self::start_at(address)
    }

    fn start_at(address: SocketAddr) -> Self {
        let database =
            std::env::temp_dir().join(format!("parley-turn-{}-{}", std::process::id(), address.port()));
        let mut process = Command::new("turnserver")
            .args(["-n", "--verbose", "--log-file=stdout", "--simple-log", "--no-cli", "--pidfile="])
            .args(["--lt-cred-mech", "--realm=parley.test", "--user=parley:secret", "--no-tls", "--no-dtls"])
            .args(["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers"])
            .arg(format!("--listening-port={}", address.port()))
            .arg(format!("--userdb={}", database.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(MISSING);
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let (sender, log) = channel();
        // Ends with the process.
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let server = Self { process, address, log, database };
        server.wait_until_it_answers();
        server
    }

    fn wait_until_it_answers(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            // Until it listens, loopback refuses what is sent there.
            let _ = socket.send_to(&binding_request([1; 12]), self.address);
            if socket.recv(&mut [0; 512]).is_ok() {
                return;
            }
        }
        panic!("turnserver does not answer at {}", self.address);
    }

    /// The server with the good credentials.
    pub(crate) fn known(&self) -> TurnServer {
        TurnServer { address: self.address, username: "parley".into(), password: "secret".into() }
    }

    /// Waits for a line of its log.
    pub(crate) fn wait_for_log(&self, part: &str) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let line =
                self.log.recv_timeout(left).unwrap_or_else(|_| panic!("turnserver never said {part:?}"));
            if line.contains(part) {
                return;
            }
        }
    }
}

impl Drop for Coturn {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
        // Not there when it ended early.
        let _ = std::fs::remove_file(&self.database);
    }
}
