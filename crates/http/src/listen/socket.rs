//! The send queue of sockets.

use tokio::net::{TcpStream, UnixStream};

/// A socket whose send queue can be measured.
pub(crate) trait SendQueue {
    /// Bytes that were written and not acknowledged by the peer; `None` where this is unknown.
    fn queued_bytes(&self) -> Option<u64>;
}

impl SendQueue for TcpStream {
    fn queued_bytes(&self) -> Option<u64> {
        queued_bytes(self)
    }
}

impl SendQueue for UnixStream {
    fn queued_bytes(&self) -> Option<u64> {
        queued_bytes(self)
    }
}

#[cfg(target_os = "linux")]
fn queued_bytes(socket: &impl std::os::fd::AsFd) -> Option<u64> {
    use std::os::fd::AsRawFd as _;
    let mut count: libc::c_int = 0;
    // SIOCOUTQ, see tcp(7) and unix(7). The descriptor is open while it is borrowed; one int is written.
    #[expect(unsafe_code, reason = "the question has no safe wrapper")]
    let outcome =
        unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    (outcome == 0).then(|| u64::try_from(count).ok()).flatten()
}

#[cfg(not(target_os = "linux"))]
fn queued_bytes(_: &impl std::os::fd::AsFd) -> Option<u64> {
    None
}
