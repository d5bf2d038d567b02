//! What carries a line's bytes.

use super::LineShared;
use std::io;

/// A line's bytes.
pub enum Carrier {
    /// Come and go by a descriptor.
    #[cfg(unix)]
    Native(native::Connection),
    /// Are brought and taken by JavaScript.
    Carried,
}

/// What became of bytes to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// All have left.
    All,
    /// So many; the connection takes no more now.
    #[cfg_attr(not(unix), allow(dead_code, reason = "JavaScript takes all"))]
    Partly(usize),
}

/// What reading brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), allow(dead_code, reason = "JavaScript brings all"))]
pub(crate) enum Readiness {
    /// So many bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The connection has ended or failed.
    Over,
}

impl Carrier {
    /// By a duplicate of a descriptor, which stays open.
    ///
    /// # Errors
    /// When it is no connected stream socket.
    #[cfg(unix)]
    pub fn duplicate(descriptor: std::os::fd::BorrowedFd<'_>) -> io::Result<Self> {
        native::Connection::duplicate(descriptor).map(Self::Native)
    }

    pub(crate) fn write(&mut self, bytes: &[u8], shared: &LineShared) -> io::Result<Written> {
        match self {
            #[cfg(unix)]
            Self::Native(connection) => connection.write(bytes),
            Self::Carried => {
                shared.carry(bytes);
                Ok(Written::All)
            }
        }
    }

    /// Nothing more will be written. An error ends the connection.
    pub(crate) fn shut(&mut self) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Self::Native(connection) => connection.shut(),
            // JavaScript writes what it has yet to write, and closes the stream.
            Self::Carried => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

#[cfg(unix)]
pub(crate) mod native {
    use super::{Readiness, Written};
    use mio::unix::SourceFd;
    use socket2::{Socket, Type};
    use std::io::{self, Read};
    use std::net::Shutdown;
    use std::os::fd::{AsRawFd, BorrowedFd};

    /// A connection's descriptor, our own.
    pub struct Connection {
        socket: Socket,
        /// Whether it is watched for taking more.
        watches_room: bool,
    }

    impl Connection {
        pub(super) fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
            let socket = Socket::from(descriptor.try_clone_to_owned()?);
            if socket.r#type()? != Type::STREAM {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no stream socket"));
            }
            socket.peer_addr()?;
            socket.set_nonblocking(true)?;
            #[cfg(target_vendor = "apple")]
            socket.set_nosigpipe(true)?;
            if let Err(error) = socket.set_tcp_nodelay(true) {
                log::debug!("a socket isn't TCP: {error}");
            }
            Ok(Self { socket, watches_room: false })
        }

        pub(crate) fn watch(&mut self, registry: &mio::Registry, token: mio::Token) -> io::Result<()> {
            registry.register(&mut SourceFd(&self.socket.as_raw_fd()), token, mio::Interest::READABLE)
        }

        /// Watches for the connection taking more, or no longer.
        pub(crate) fn watch_room(
            &mut self,
            registry: &mio::Registry,
            token: mio::Token,
            watches: bool,
        ) -> io::Result<()> {
            if std::mem::replace(&mut self.watches_room, watches) == watches {
                return Ok(());
            }
            let readable = mio::Interest::READABLE;
            let interest = if watches { readable | mio::Interest::WRITABLE } else { readable };
            registry.reregister(&mut SourceFd(&self.socket.as_raw_fd()), token, interest)
        }

        pub(crate) fn unwatch(&mut self, registry: &mio::Registry) -> io::Result<()> {
            registry.deregister(&mut SourceFd(&self.socket.as_raw_fd()))
        }

        pub(crate) fn read(&mut self, into: &mut [u8]) -> Readiness {
            loop {
                match self.socket.read(into) {
                    Ok(0) => return Readiness::Over,
                    Ok(bytes) => return Readiness::Bytes(bytes),
                    Err(error) => match error.kind() {
                        io::ErrorKind::Interrupted => {}
                        io::ErrorKind::WouldBlock => return Readiness::Nothing,
                        _ => return Readiness::Over,
                    },
                }
            }
        }

        pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Written> {
            let mut left = 0;
            while let Some(rest) = bytes.get(left..).filter(|rest| !rest.is_empty()) {
                match self.socket.send_with_flags(rest, FLAGS) {
                    Ok(sent) => left += sent,
                    Err(error) => match error.kind() {
                        io::ErrorKind::Interrupted => {}
                        io::ErrorKind::WouldBlock => return Ok(Written::Partly(left)),
                        _ => return Err(error),
                    },
                }
            }
            Ok(Written::All)
        }

        pub(super) fn shut(&mut self) -> io::Result<()> {
            self.socket.shutdown(Shutdown::Write)
        }
    }

    /// A far end that has gone is an error here, and no signal.
    #[cfg(target_os = "linux")]
    const FLAGS: std::ffi::c_int = libc::MSG_NOSIGNAL;
    #[cfg(not(target_os = "linux"))]
    const FLAGS: std::ffi::c_int = 0;
}
