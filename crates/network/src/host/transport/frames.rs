//! Yamux with peers whose frames are large.
//!
//! The specification of Yamux does not limit the size of a frame, and js-libp2p sends as much in one as the window of the stream
//! allows. The library closes the connection at a frame of more than 1 MiB, though the windows that it grants grow beyond that.
//! So larger frames are divided before it reads them. Nothing is buffered but a header.
//!
//! Specification: <https://github.com/hashicorp/yamux/blob/master/spec.md#framing>.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::yamux;

use super::gather::GatherWrites;

/// Most bytes of a frame that the library reads; larger ones are divided into such.
const MAX_FRAME: u32 = 256 << 10;

/// Bytes of a header: version, type, flags (2), stream (4), length (4).
const HEADER: usize = 12;

/// The type of frames whose length is that of the bytes that follow.
const DATA: u8 = 0;

/// The flags that end a stream, FIN and RST: they belong to the last part of a frame, all others to the first.
const ENDS: u16 = 4 | 8;

/// Yamux that reads frames of any size.
#[derive(Clone, Debug)]
pub(super) struct Yamux(pub(super) yamux::Config);

impl UpgradeInfo for Yamux {
    type Info = <yamux::Config as UpgradeInfo>::Info;
    type InfoIter = <yamux::Config as UpgradeInfo>::InfoIter;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.protocol_info()
    }
}

impl<C> InboundConnectionUpgrade<C> for Yamux
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Output = yamux::Muxer<DivideFrames<GatherWrites<C>>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Output>> + Send>>;

    fn upgrade_inbound(self, socket: C, info: Self::Info) -> Self::Future {
        Box::pin(self.0.upgrade_inbound(wrap(socket), info))
    }
}

impl<C> OutboundConnectionUpgrade<C> for Yamux
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Output = yamux::Muxer<DivideFrames<GatherWrites<C>>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Output>> + Send>>;

    fn upgrade_outbound(self, socket: C, info: Self::Info) -> Self::Future {
        Box::pin(self.0.upgrade_outbound(wrap(socket), info))
    }
}

fn wrap<C>(socket: C) -> DivideFrames<GatherWrites<C>> {
    DivideFrames::new(GatherWrites::new(socket))
}

/// A connection whose received data frames have at most [`MAX_FRAME`] bytes.
#[derive(Debug)]
pub(super) struct DivideFrames<C> {
    socket: C,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Reads a header, of which `read` bytes are there.
    ReadHeader { header: [u8; HEADER], read: usize },
    /// Returns a header, of which `returned` bytes are returned. `body` bytes follow, and then `rest` in further frames.
    ReturnHeader {
        header: [u8; HEADER],
        returned: usize,
        body: u32,
        rest: Rest,
    },
    /// Returns `left` bytes of a body.
    Body { left: u32, rest: Rest },
}

/// What remains of a divided frame.
#[derive(Clone, Copy, Debug)]
struct Rest {
    stream: [u8; 4],
    version: u8,
    /// The flags of the last part.
    ends: u16,
    length: u32,
}

impl State {
    const START: Self = Self::ReadHeader {
        header: [0; HEADER],
        read: 0,
    };

    /// What follows a header that was read.
    fn of_header(header: [u8; HEADER]) -> Self {
        let [version, kind, flags @ .., s0, s1, s2, s3, l0, l1, l2, l3] = header;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let flags = u16::from_be_bytes(flags);
        let rest = |ends, length| Rest {
            stream: [s0, s1, s2, s3],
            version,
            ends,
            length,
        };
        if kind != DATA {
            return Self::ReturnHeader {
                header,
                returned: 0,
                body: 0,
                rest: rest(0, 0),
            };
        }
        if length <= MAX_FRAME {
            return Self::ReturnHeader {
                header,
                returned: 0,
                body: length,
                rest: rest(0, 0),
            };
        }
        let rest = rest(flags & ENDS, length - MAX_FRAME);
        rest.frame(flags & !ENDS, MAX_FRAME, rest.ends, rest.length)
    }

    /// What follows a body.
    fn after(rest: Rest) -> Self {
        match rest.length {
            0 => Self::START,
            length if length <= MAX_FRAME => rest.frame(rest.ends, length, 0, 0),
            length => rest.frame(0, MAX_FRAME, rest.ends, length - MAX_FRAME),
        }
    }
}

impl Rest {
    /// A part of the frame with its flags and length, and what remains then.
    fn frame(self, flags: u16, body: u32, ends: u16, length: u32) -> State {
        let mut header = [0; HEADER];
        header[0] = self.version;
        header[1] = DATA;
        header[2..4].copy_from_slice(&flags.to_be_bytes());
        header[4..8].copy_from_slice(&self.stream);
        header[8..].copy_from_slice(&body.to_be_bytes());
        State::ReturnHeader {
            header,
            returned: 0,
            body,
            rest: Self {
                ends,
                length,
                ..self
            },
        }
    }
}

impl<C> DivideFrames<C> {
    fn new(socket: C) -> Self {
        Self {
            socket,
            state: State::START,
        }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for DivideFrames<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let this = self.get_mut();
        loop {
            match &mut this.state {
                State::ReadHeader { header, read } => {
                    let missing = header.get_mut(*read..).unwrap_or_default();
                    let count = ready!(Pin::new(&mut this.socket).poll_read(context, missing))?;
                    if count == 0 {
                        // A part of a header says as much as none.
                        let cut = *read > 0;
                        this.state = State::START;
                        return Poll::Ready(if cut {
                            Err(io::ErrorKind::UnexpectedEof.into())
                        } else {
                            Ok(0)
                        });
                    }
                    *read += count;
                    if *read >= HEADER {
                        this.state = State::of_header(*header);
                    }
                }
                State::ReturnHeader {
                    header,
                    returned,
                    body,
                    rest,
                } => {
                    let remaining = header.get(*returned..).unwrap_or_default();
                    let count = remaining.len().min(buffer.len());
                    buffer[..count].copy_from_slice(&remaining[..count]);
                    *returned += count;
                    if *returned >= HEADER {
                        this.state = match *body {
                            0 => State::START,
                            left => State::Body { left, rest: *rest },
                        };
                    }
                    return Poll::Ready(Ok(count));
                }
                State::Body { left, rest } => {
                    let most = buffer.len().min(*left as usize);
                    let part = &mut buffer[..most];
                    let count = ready!(Pin::new(&mut this.socket).poll_read(context, part))?;
                    *left = left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
                    if *left == 0 {
                        this.state = State::after(*rest);
                    }
                    return Poll::Ready(Ok(count));
                }
            }
        }
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for DivideFrames<C> {
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
    use libp2p::futures::executor::block_on;
    use libp2p::futures::io::{AsyncReadExt as _, Cursor};

    use super::*;

    fn frame(kind: u8, flags: u16, stream: u32, length: u32) -> Vec<u8> {
        let mut header = vec![0, kind];
        header.extend(flags.to_be_bytes());
        header.extend(stream.to_be_bytes());
        header.extend(length.to_be_bytes());
        header
    }

    fn data(flags: u16, stream: u32, body: &[u8]) -> Vec<u8> {
        let header = frame(DATA, flags, stream, u32::try_from(body.len()).unwrap());
        [header, body.to_vec()].concat()
    }

    /// Returns at most so many bytes of each read.
    struct Slow<'a>(Cursor<&'a [u8]>, usize);

    impl AsyncRead for Slow<'_> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let count = buffer.len().min(self.1);
            Pin::new(&mut self.0).poll_read(context, &mut buffer[..count])
        }
    }

    fn read(bytes: &[u8], step: usize, size: usize) -> (Vec<u8>, io::Result<usize>) {
        let mut frames = DivideFrames::new(Slow(Cursor::new(bytes), step));
        let mut read = Vec::new();
        let mut buffer = vec![0; size];
        loop {
            match block_on(frames.read(&mut buffer)) {
                Ok(count) if count > 0 => read.extend(&buffer[..count]),
                end => return (read, end),
            }
        }
    }

    #[test]
    fn large_frames_are_divided() {
        let body: Vec<u8> = (0..2 * MAX_FRAME + 5).map(|at| (at % 251) as u8).collect();
        let (part, rest) = body.split_at(MAX_FRAME as usize);
        let (other, end) = rest.split_at(MAX_FRAME as usize);
        // SYN, ACK, FIN and RST.
        let bytes = [data(0xf, 7, &body), data(1, 8, b"next")].concat();
        let expected = [
            data(0x3, 7, part),
            data(0, 7, other),
            data(0xc, 7, end),
            data(1, 8, b"next"),
        ];
        for (step, size) in [(1 << 20, 1 << 20), (5, 7), (1, 1 << 20)] {
            let (frames, end) = read(&bytes, step, size);
            assert!(frames == expected.concat());
            assert_eq!(end.unwrap(), 0);
        }
    }

    #[test]
    fn other_frames_pass() {
        // The length of a window update may be large: no bytes follow it.
        let bytes = [
            frame(1, 0, 3, u32::MAX),
            data(0, 3, &vec![7; MAX_FRAME as usize]),
            data(4, 3, b""),
            frame(2, 1, 0, 4),
        ];
        let (frames, end) = read(&bytes.concat(), 1000, 1000);
        assert!(frames == bytes.concat());
        assert_eq!(end.unwrap(), 0);
    }

    #[test]
    fn a_header_that_is_cut_off_is_an_error() {
        let (frames, end) = read(&frame(1, 0, 3, 9)[..5], 9, 9);
        assert!(frames.is_empty());
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>, step in 1..20_usize, size in 1..20_usize) {
            let (frames, end) = read(&bytes, step, size);
            // Without large frames all complete headers and bodies pass.
            assert!(frames.len() <= bytes.len() || end.is_ok());
        }
    }
}
