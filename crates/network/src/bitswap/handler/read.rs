//! Reading messages from a stream.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use cairn_primitives::bitswap::{DecodeError, Message, Prefix};
use cairn_store::exchange::HashedBytes;
use futures_util::{AsyncRead, AsyncReadExt as _};

use crate::bitswap::client::Verdict;
use crate::bitswap::shared::{Command, Peer, Shared, count};
use crate::bitswap::{MAX_MESSAGE, server};

/// The room for a message grows from this on with the bytes that arrive, to at most four times as many.
const FIRST_ROOM: usize = 64 << 10;

/// Bytes that are hashed before other tasks get their turn.
const HASH_AT_ONCE: usize = 512 << 10;

/// Why a stream was closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the stream failed: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("half a message arrived, and not the rest in time")]
    TimedOut,
    #[error("too much of unfinished messages is in memory")]
    Memory,
}

impl ReadError {
    /// Whether the peer does what no good peer does.
    pub(super) fn is_violation(&self) -> bool {
        matches!(self, Self::Decode(_))
    }
}

/// Reads the messages of a stream until it ends.
pub(super) async fn read(
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    mut stream: impl AsyncRead + Unpin + Send,
) -> Result<(), ReadError> {
    shared.server.lock().add_peer(&peer);
    loop {
        // Between messages a stream may be idle for as long as it likes.
        let mut first = [0];
        if stream.read(&mut first).await? == 0 {
            return Ok(());
        }
        let [first] = first;
        let mut room = Room::new(&shared, &peer);
        let rest = read_rest(&mut stream, first, &mut room);
        let message = tokio::time::timeout(shared.settings.frame_timeout, rest)
            .await
            .map_err(|_| ReadError::TimedOut)??;
        let message = Message::decode(&message)?;
        take(&shared, &peer, message).await;
    }
}

/// The room that a message takes, accounted to its peer.
struct Room<'a> {
    shared: &'a Shared,
    peer: &'a Peer,
    held: usize,
}

impl<'a> Room<'a> {
    fn new(shared: &'a Shared, peer: &'a Peer) -> Self {
        let held = 0;
        Self { shared, peer, held }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.held += bytes;
        if self.shared.hold_received(self.peer, bytes) {
            Ok(())
        } else {
            Err(ReadError::Memory)
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.shared.release_received(self.peer, self.held);
    }
}

/// Reads a message whose length begins with this byte.
async fn read_rest(
    stream: &mut (impl AsyncRead + Unpin),
    first: u8,
    room: &mut Room<'_>,
) -> Result<Bytes, ReadError> {
    let mut length = usize::from(first & 0x7f);
    let mut byte = [first];
    let mut shift = 7;
    while byte[0] & 0x80 != 0 {
        // Four bytes suffice for every message that is accepted.
        if shift > 21 {
            return Err(DecodeError::TooLarge(u64::MAX).into());
        }
        stream.read_exact(&mut byte).await?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
    }
    if length > MAX_MESSAGE {
        return Err(DecodeError::TooLarge(length as u64).into());
    }
    let mut data = BytesMut::new();
    let mut filled = 0;
    while filled < length {
        if filled == data.len() {
            let grown = length.min(FIRST_ROOM.max(filled * 4));
            room.grow(grown - filled)?;
            data.resize(grown, 0);
        }
        let free = data.get_mut(filled..).unwrap_or_default();
        let read = stream.read(free).await?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        filled += read;
        room.shared.note_heard(room.peer);
    }
    Ok(data.freeze())
}

/// Hands over what a message contains.
async fn take(shared: &Shared, peer: &Arc<Peer>, message: Message) {
    count(&shared.counters.messages_received, 1);
    shared.note_heard(peer);
    shared.note_exchange(peer);
    if !message.blocks.is_empty() {
        let number = message.blocks.len();
        let allowed = shared.client.lock().allow(peer.id, number);
        let mut wrong = number - allowed;
        let mut hashed = Vec::with_capacity(allowed);
        let (mut bytes, mut turn) = (0, 0);
        for block in message.blocks.into_iter().take(allowed) {
            turn += block.data.len();
            bytes += block.data.len() as u64;
            if turn > HASH_AT_ONCE {
                turn = 0;
                tokio::task::yield_now().await;
            }
            let Prefix { hash, length, .. } = block.prefix;
            match HashedBytes::new(hash, length, block.data) {
                Ok(block) => hashed.push(block),
                Err(_) => wrong += 1,
            }
        }
        shared
            .server
            .lock()
            .note_received(&peer.id, hashed.len(), bytes);
        let verdict =
            shared.with_client(|client| client.blocks(peer.id, &hashed, wrong, &shared.counters));
        if verdict == Verdict::Ban {
            shared.command(Command::Ban(peer.id));
        }
    }
    if !message.presences.is_empty() {
        shared.with_client(|client| client.presences(peer.id, &message.presences));
    }
    if !message.wantlist.is_empty() || message.full {
        server::receive(shared, peer, message.wantlist, message.full).await;
    }
}
