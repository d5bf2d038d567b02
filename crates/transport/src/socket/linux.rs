//! `recvmmsg` and `sendmmsg`: a third of a session's cost is the kernel's UDP, so it is asked seldom.

use super::{BATCH, BUFFER};
use bytes::BytesMut;
use socket2::{SockAddr, SockAddrStorage, Socket};
use std::io;
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::ptr;

/// Most errors that one call looks through.
const MAX_ERRORS: usize = 256;
const ERROR_BYTES: libc::c_uint = size_of::<libc::sock_extended_err>() as libc::c_uint;
/// How often a datagram is tried again that met another's error.
const MAX_ATTEMPTS: usize = 8;

/// The buffers of one batch, made once.
pub(super) struct Batch {
    buffers: Vec<[u8; BUFFER]>,
    addresses: Vec<SockAddrStorage>,
    /// Where a batch goes.
    destinations: Vec<SockAddr>,
    slices: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
    /// The kernel has errors to tell.
    troubled: bool,
}

// SAFETY: the pointers in `slices` and `headers` are written anew before each call and are never read after it, so
// moving the value to another thread between calls moves nothing that anybody uses.
unsafe impl Send for Batch {}

impl Batch {
    pub(super) fn new() -> Self {
        let slice = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        // SAFETY: all zeros is a valid `mmsghdr`: null pointers and zero lengths.
        let header: libc::mmsghdr = unsafe { std::mem::zeroed() };
        Self {
            buffers: vec![[0; BUFFER]; BATCH],
            addresses: (0..BATCH).map(|_| SockAddrStorage::zeroed()).collect(),
            destinations: Vec::with_capacity(BATCH),
            slices: vec![slice; BATCH],
            headers: vec![header; BATCH],
            troubled: false,
        }
    }

    /// Reads what waits, at most a batch, and returns how many datagrams that was.
    pub(super) fn receive(
        &mut self,
        socket: &impl AsRawFd,
        mut each: impl FnMut(SocketAddr, &[u8]),
    ) -> usize {
        for index in 0..BATCH {
            self.slices[index] =
                libc::iovec { iov_base: self.buffers[index].as_mut_ptr().cast(), iov_len: BUFFER };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = ptr::from_mut(&mut self.addresses[index]).cast();
            header.msg_namelen = size_of::<SockAddrStorage>() as libc::socklen_t;
            header.msg_iov = &mut self.slices[index];
            header.msg_iovlen = 1;
        }
        let received = self.receive_batch(socket);
        for index in 0..received {
            let header = &self.headers[index];
            let storage = std::mem::replace(&mut self.addresses[index], SockAddrStorage::zeroed());
            // SAFETY: the kernel wrote an address of `msg_namelen` bytes here.
            let address = unsafe { SockAddr::new(storage, header.msg_hdr.msg_namelen) };
            if let Some(from) = address.as_socket() {
                each(from, &self.buffers[index][..(header.msg_len as usize).min(BUFFER)]);
            }
        }
        received
    }

    fn receive_batch(&mut self, socket: &impl AsRawFd) -> usize {
        // An error that an earlier datagram of ours met is told by whichever call comes next, once.
        for _ in 0..MAX_ERRORS {
            // SAFETY: every header points at a buffer, an address and an I/O vector of `self`, which live through the
            // call, with their true lengths; there are BATCH of each.
            let received = unsafe {
                libc::recvmmsg(
                    socket.as_raw_fd(),
                    self.headers.as_mut_ptr(),
                    BATCH as libc::c_uint,
                    libc::MSG_DONTWAIT,
                    ptr::null_mut(),
                )
            };
            match usize::try_from(received) {
                Ok(received) => return received,
                Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock => return 0,
                Err(_) => self.troubled = true,
            }
        }
        0
    }

    /// Has the kernel tell which destinations answered "port unreachable".
    pub(super) fn ask_for_errors(socket: &Socket, address: SocketAddr) -> io::Result<()> {
        let (level, name) = if address.is_ipv6() {
            (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        } else {
            (libc::IPPROTO_IP, libc::IP_RECVERR)
        };
        set_flag(socket, level, name)?;
        // Mapped IPv4 destinations report on the IPv4 side.
        if address.is_ipv6() { set_flag(socket, libc::IPPROTO_IP, libc::IP_RECVERR) } else { Ok(()) }
    }

    /// Whether errors wait; true at most once for each time that the kernel said so.
    pub(super) fn take_trouble(&mut self) -> bool {
        std::mem::take(&mut self.troubled)
    }

    /// Names the destinations that answered "port unreachable" since the last call.
    pub(super) fn errors(&mut self, socket: &impl AsRawFd, mut each: impl FnMut(SocketAddr)) {
        for _ in 0..MAX_ERRORS {
            let (storage, length) = match unreachable_destination(socket) {
                Some(Ok(address)) => address,
                Some(Err(())) => continue,
                None => return,
            };
            // SAFETY: the kernel wrote an address of `length` bytes.
            if let Some(address) = unsafe { SockAddr::new(storage, length) }.as_socket() {
                each(address);
            }
        }
    }

    /// Sends at most a batch, and returns how many datagrams could not be sent.
    pub(super) fn send(&mut self, socket: &impl AsRawFd, datagrams: &[(SocketAddr, BytesMut)]) -> usize {
        self.destinations.clear();
        self.destinations.extend(datagrams.iter().map(|(to, _)| SockAddr::from(*to)));
        for (index, (address, (_, datagram))) in self.destinations.iter().zip(datagrams).enumerate() {
            // sendmmsg only reads what `iov_base` and `msg_name` point at; the types are shared with recvmmsg.
            self.slices[index] =
                libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = address.as_ptr().cast_mut().cast();
            header.msg_namelen = address.len();
            header.msg_iov = &mut self.slices[index];
            header.msg_iovlen = 1;
        }
        let (mut done, mut failed, mut attempts) = (0, 0, 0);
        while done < datagrams.len() {
            let rest = &mut self.headers[done..datagrams.len()];
            // SAFETY: `rest` are headers written above; what they point at (`datagrams`, and of `self`
            // `destinations` and `slices`)
            // lives through the call.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    rest.as_mut_ptr(),
                    rest.len() as libc::c_uint,
                    libc::MSG_DONTWAIT,
                )
            };
            match usize::try_from(sent) {
                Ok(sent) if sent > 0 => {
                    done += sent;
                    attempts = 0;
                }
                // It may be the error of an earlier datagram to somebody else, told once.
                _ if attempts < MAX_ATTEMPTS => {
                    attempts += 1;
                    self.troubled = true;
                }
                // The first of the rest can't be sent: no route, no room. The others may.
                _ => {
                    done += 1;
                    failed += 1;
                    attempts = 0;
                }
            }
        }
        failed
    }
}

fn set_flag(socket: &Socket, level: libc::c_int, name: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option's value is an int, which lives through the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            ptr::from_ref(&on).cast(),
            size_of::<libc::c_int>() as u32,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// One entry of the error queue: the destination, `Err` when it says something else, `None` when the queue is empty.
fn unreachable_destination(socket: &impl AsRawFd) -> Option<Result<(SockAddrStorage, libc::socklen_t), ()>> {
    let mut storage = SockAddrStorage::zeroed();
    let mut control = [0_u64; 64];
    // SAFETY: all zeros is a valid `msghdr`.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = ptr::from_mut(&mut storage).cast();
    header.msg_namelen = size_of::<SockAddrStorage>() as libc::socklen_t;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    // SAFETY: the header points at an address and a control buffer that live through the call, with their lengths; no
    // payload is asked for.
    let result =
        unsafe { libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    if result < 0 {
        return None;
    }
    // SAFETY: the kernel filled `control` with well-formed messages and set its length; the macros stay inside it. What
    // is read as an error is long enough for one.
    let refused = unsafe {
        let mut message = libc::CMSG_FIRSTHDR(&header);
        let mut refused = false;
        while !message.is_null() {
            let kind = ((*message).cmsg_level, (*message).cmsg_type);
            let is_whole = (*message).cmsg_len as usize >= libc::CMSG_LEN(ERROR_BYTES) as usize;
            if is_whole
                && matches!(
                    kind,
                    (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
                )
            {
                let error: libc::sock_extended_err = ptr::read_unaligned(libc::CMSG_DATA(message).cast());
                let by_icmp = matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6);
                refused |= by_icmp && error.ee_errno == libc::ECONNREFUSED as u32;
            }
            message = libc::CMSG_NXTHDR(&header, message);
        }
        refused
    };
    Some(if refused { Ok((storage, header.msg_namelen)) } else { Err(()) })
}
