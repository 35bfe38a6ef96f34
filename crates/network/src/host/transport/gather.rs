//! Fewer and larger reads and writes of a connection.
//!
//! The multiplexer writes each header and each body of a frame by itself and flushes after each, and TLS makes a record and a
//! system call of each write, which also wakes the other side. TLS in turn reads 4 KiB at a time. [`GatherWrites`] stands above
//! the encryption, [`ReadAhead`] below it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use libp2p::futures::{AsyncRead, AsyncWrite};

/// Bytes that are gathered before they are written. As many as TLS encrypts at once.
const GATHER: usize = 64 << 10;

/// Bytes that are read at once while much arrives. A connection keeps this much memory until it reads little at once.
const AHEAD: usize = 64 << 10;

/// A reader that asks for less, and gets it, may have a short message. It is not read ahead for.
const MIN_READ: usize = 2 << 10;

/// Memory that is kept when everything is written.
const KEEP: usize = 4 << 10;

/// Gathers what is written until a flush that no further write precedes.
///
/// The first flush after a write is deferred: it returns `Pending` and wakes the task, so that frames which the multiplexer has
/// ready are written together.
#[derive(Debug)]
pub(super) struct GatherWrites<C> {
    socket: C,
    gathered: Vec<u8>,
    written: usize,
    /// Whether something was written since the last flush.
    is_fresh: bool,
}

impl<C> GatherWrites<C> {
    pub(super) fn new(socket: C) -> Self {
        Self {
            socket,
            gathered: Vec::new(),
            written: 0,
            is_fresh: false,
        }
    }
}

impl<C: AsyncWrite + Unpin> GatherWrites<C> {
    /// Writes what was gathered.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.gathered.get(self.written..)
            && !rest.is_empty()
        {
            let count = ready!(Pin::new(&mut self.socket).poll_write(context, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.gathered.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for GatherWrites<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_read(context, buffer)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for GatherWrites<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.gathered.len() >= GATHER {
            ready!(this.poll_drain(context))?;
        }
        let taken = bytes.len().min(GATHER - this.gathered.len());
        let Some(part) = bytes.get(..taken) else {
            return Poll::Ready(Ok(0));
        };
        if this.gathered.len() + taken > KEEP {
            this.gathered.reserve_exact(GATHER - this.gathered.len());
        }
        this.gathered.extend_from_slice(part);
        this.is_fresh = true;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.is_fresh) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(this.poll_drain(context))?;
        if this.gathered.capacity() > KEEP {
            this.gathered = Vec::new();
        }
        Pin::new(&mut this.socket).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.is_fresh = false;
        ready!(this.poll_drain(context))?;
        Pin::new(&mut this.socket).poll_close(context)
    }
}

/// Reads more than it is asked for while the other side sends much.
#[derive(Debug)]
pub(super) struct ReadAhead<C> {
    socket: C,
    /// What was read; empty while little arrives.
    ahead: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the last read filled the room that it had.
    is_busy: bool,
}

impl<C> ReadAhead<C> {
    pub(super) fn new(socket: C) -> Self {
        Self {
            socket,
            ahead: Vec::new(),
            start: 0,
            end: 0,
            is_busy: false,
        }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for ReadAhead<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let socket = Pin::new(&mut this.socket);
        if this.start == this.end {
            if !this.is_busy || buffer.len() >= AHEAD {
                this.ahead = Vec::new();
                let count = ready!(socket.poll_read(context, buffer))?;
                this.is_busy = count == buffer.len() && count >= MIN_READ;
                return Poll::Ready(Ok(count));
            }
            if this.ahead.is_empty() {
                this.ahead = vec![0; AHEAD];
            }
            (this.start, this.end) = (0, 0);
            this.end = ready!(socket.poll_read(context, &mut this.ahead))?;
            this.is_busy = this.end >= AHEAD / 8;
        }
        let ready = this.ahead.get(this.start..this.end).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        this.start += count;
        if this.start == this.end && !this.is_busy {
            this.ahead = Vec::new();
        }
        Poll::Ready(Ok(count))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for ReadAhead<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write_vectored(context, parts)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_close(context)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use libp2p::futures::executor::block_on;
    use libp2p::futures::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A socket that keeps each write by itself, and returns at most `step` bytes of each read.
    #[derive(Default)]
    struct Socket {
        writes: Vec<Vec<u8>>,
        accepts: usize,
        flushes: usize,
        bytes: Vec<u8>,
        read: usize,
        reads: usize,
        step: usize,
    }

    impl AsyncWrite for Socket {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.accepts == 0 {
                return Poll::Pending;
            }
            let count = bytes.len().min(self.accepts);
            self.accepts -= count;
            self.writes.push(bytes[..count].to_vec());
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncRead for Socket {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let left = self.bytes.len() - self.read;
            let count = left.min(buffer.len()).min(self.step);
            buffer[..count].copy_from_slice(&self.bytes[self.read..self.read + count]);
            self.read += count;
            self.reads += 1;
            Poll::Ready(Ok(count))
        }
    }

    #[test]
    fn frames_that_are_ready_are_written_together() {
        let mut context = Context::from_waker(Waker::noop());
        let mut gather = GatherWrites::new(Socket {
            accepts: usize::MAX,
            ..Socket::default()
        });
        for _ in 0..3 {
            for part in [&[1; 12][..], &[2; 1000]] {
                let written = Pin::new(&mut gather).poll_write(&mut context, part);
                assert!(matches!(written, Poll::Ready(Ok(count)) if count == part.len()));
            }
            // Another frame may follow.
            assert!(Pin::new(&mut gather).poll_flush(&mut context).is_pending());
        }
        assert!(gather.socket.writes.is_empty());
        assert!(Pin::new(&mut gather).poll_flush(&mut context).is_ready());
        assert_eq!(gather.socket.writes.len(), 1);
        assert_eq!(gather.socket.writes[0].len(), 3 * 1012);
        assert_eq!(gather.socket.flushes, 1);
    }

    #[test]
    fn large_writes_are_bounded_and_complete() {
        let all: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        let mut gather = GatherWrites::new(Socket {
            accepts: 3 * GATHER + 7,
            ..Socket::default()
        });
        let mut context = Context::from_waker(Waker::noop());
        let mut taken = 0;
        while let Poll::Ready(count) = Pin::new(&mut gather).poll_write(&mut context, &all[taken..])
        {
            taken += count.unwrap();
        }
        assert_eq!(taken, 4 * GATHER);
        assert!(gather.gathered.capacity() <= GATHER);
        gather.socket.accepts = usize::MAX;
        block_on(async {
            gather.write_all(&all[taken..]).await.unwrap();
            gather.flush().await.unwrap();
        });
        assert!(gather.socket.writes.concat() == all);
        assert!(gather.gathered.capacity() <= KEEP);
    }

    #[test]
    fn what_was_gathered_is_written_before_the_end() {
        let mut gather = GatherWrites::new(Socket {
            accepts: usize::MAX,
            ..Socket::default()
        });
        block_on(async {
            gather.write_all(b"last").await.unwrap();
            gather.close().await.unwrap();
        });
        assert_eq!(gather.socket.writes, [b"last"]);
    }

    #[test]
    fn much_is_read_at_once() {
        let all: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        let mut ahead = ReadAhead::new(Socket {
            bytes: all.clone(),
            step: usize::MAX,
            ..Socket::default()
        });
        let mut read = vec![0; all.len()];
        block_on(async {
            for part in read.chunks_mut(4096) {
                ahead.read_exact(part).await.unwrap();
            }
        });
        assert!(read == all);
        assert!(ahead.socket.reads < 20, "{}", ahead.socket.reads);
    }

    #[test]
    fn little_is_read_as_it_comes() {
        let mut ahead = ReadAhead::new(Socket {
            bytes: vec![7; 10_000],
            step: 1000,
            ..Socket::default()
        });
        let mut read = Vec::new();
        block_on(ahead.read_to_end(&mut read)).unwrap();
        assert_eq!(read.len(), 10_000);
        assert_eq!(ahead.ahead.capacity(), 0);
    }

    proptest::proptest! {
        #[test]
        fn everything_is_read(sizes in proptest::collection::vec(1..100_000_usize, 1..20), step in 1..200_000_usize) {
            let length: usize = sizes.iter().sum();
            let all: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut ahead = ReadAhead::new(Socket { bytes: all.clone(), step, ..Socket::default() });
            let mut read = Vec::new();
            block_on(async {
                for size in sizes {
                    let mut part = vec![0; size];
                    ahead.read_exact(&mut part).await.unwrap();
                    read.extend(part);
                }
            });
            assert!(read == all);
        }
    }
}
