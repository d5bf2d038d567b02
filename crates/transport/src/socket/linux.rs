//! `recvmmsg` and `sendmmsg`: a third of a session's cost is the kernel's UDP, so it is asked seldom.

use super::{BATCH, BUFFER};
use bytes::BytesMut;
use socket2::{SockAddr, SockAddrStorage};
use std::io;
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::ptr;

/// The buffers of one batch, made once.
pub(super) struct Batch {
    buffers: Vec<[u8; BUFFER]>,
    addresses: Vec<SockAddrStorage>,
    slices: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
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
            slices: vec![slice; BATCH],
            headers: vec![header; BATCH],
        }
    }

    /// Reads what waits, at most a batch, and returns how many datagrams that was.
    pub(super) fn receive(&mut self, socket: &impl AsRawFd, mut each: impl FnMut(SocketAddr, &[u8])) -> usize {
        for index in 0..BATCH {
            self.slices[index] = libc::iovec { iov_base: self.buffers[index].as_mut_ptr().cast(), iov_len: BUFFER };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = ptr::from_mut(&mut self.addresses[index]).cast();
            header.msg_namelen = size_of::<SockAddrStorage>() as libc::socklen_t;
            header.msg_iov = &mut self.slices[index];
            header.msg_iovlen = 1;
        }
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
        let received = usize::try_from(received).unwrap_or(0);
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

    /// Sends at most a batch, and returns how many datagrams could not be sent.
    pub(super) fn send(&mut self, socket: &impl AsRawFd, datagrams: &[(SocketAddr, BytesMut)]) -> usize {
        let addresses: Vec<SockAddr> = datagrams.iter().map(|(to, _)| SockAddr::from(*to)).collect();
        for (index, (address, (_, datagram))) in addresses.iter().zip(datagrams).enumerate() {
            // sendmmsg only reads what `iov_base` and `msg_name` point at; the types are shared with recvmmsg.
            self.slices[index] = libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = address.as_ptr().cast_mut().cast();
            header.msg_namelen = address.len();
            header.msg_iov = &mut self.slices[index];
            header.msg_iovlen = 1;
        }
        let (mut done, mut failed) = (0, 0);
        while done < datagrams.len() {
            let rest = &mut self.headers[done..datagrams.len()];
            // SAFETY: `rest` are headers written above; what they point at (`addresses`, `datagrams`, `self.slices`)
            // lives through the call.
            let sent = unsafe {
                libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as libc::c_uint, libc::MSG_DONTWAIT)
            };
            match usize::try_from(sent) {
                Ok(sent) if sent > 0 => done += sent,
                _ if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                // The first of the rest can't be sent: no route, no room. The others may.
                _ => {
                    done += 1;
                    failed += 1;
                }
            }
        }
        failed
    }
}
