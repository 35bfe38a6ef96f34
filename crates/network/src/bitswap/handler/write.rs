//! Writing messages to a stream.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cairn_primitives::bitswap::{Message, Version};
use futures_util::future::BoxFuture;
use futures_util::{AsyncWrite, AsyncWriteExt as _, FutureExt as _};

use crate::bitswap::server::{Response, respond};
use crate::bitswap::shared::{Peer, Shared};

/// Bytes that a stream must accept within the timeout.
const CHUNK: usize = 64 << 10;

/// How writing ended.
pub(super) struct End {
    /// Whether a message was written before.
    pub(super) wrote: bool,
    pub(super) error: io::Error,
}

/// Writes wantlists and answers, until the stream fails.
pub(super) async fn write(
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    stream: impl AsyncWrite + Unpin + Send,
    version: Version,
) -> End {
    shared.with_client(|client| client.stream_opened(peer.id, version));
    shared.server.lock().add_peer(&peer);
    let mut writer = Writer {
        stream,
        version,
        timeout: shared.settings.frame_timeout,
        wrote: false,
    };
    let Err(error) = writer.run(&shared, &peer).await;
    End {
        wrote: writer.wrote,
        error,
    }
}

struct Writer<S> {
    stream: S,
    version: Version,
    timeout: Duration,
    wrote: bool,
}

impl<S: AsyncWrite + Unpin + Send> Writer<S> {
    async fn run(
        &mut self,
        shared: &Shared,
        peer: &Arc<Peer>,
    ) -> Result<std::convert::Infallible, io::Error> {
        // One message is read while another is written.
        let mut reading: Option<BoxFuture<'_, Option<Response<'_>>>> = None;
        loop {
            peer.work.store(false, Ordering::Release);
            let wants = shared.with_client(|client| client.next_wantlist(peer.id));
            if let Some((wantlist, full)) = wants {
                let message = Message {
                    wantlist,
                    full,
                    ..Message::default()
                };
                self.write(&message).await?;
                shared.note_exchange(peer);
            }
            let next = reading.get_or_insert_with(|| respond(shared, peer).boxed());
            let response = tokio::select! {
                biased;
                response = next => response,
                () = peer.writer.notified() => continue,
            };
            reading = None;
            let Some(response) = response else {
                if !peer.work.load(Ordering::Acquire) {
                    peer.writer.notified().await;
                }
                continue;
            };
            let mut ahead = respond(shared, peer).boxed();
            let mut ready = None;
            {
                let mut writing = pin!(async {
                    self.write(&response.message).await?;
                    shared.note_exchange(peer);
                    response.sent();
                    io::Result::Ok(())
                });
                loop {
                    tokio::select! {
                        biased;
                        written = &mut writing => {
                            written?;
                            break;
                        }
                        found = &mut ahead, if ready.is_none() => ready = Some(found),
                    }
                }
            }
            reading = match ready {
                Some(Some(response)) => Some(std::future::ready(Some(response)).boxed()),
                Some(None) => None,
                None => Some(ahead),
            };
        }
    }

    async fn write(&mut self, message: &Message) -> io::Result<()> {
        for part in message.encode(self.version) {
            for chunk in part.chunks(CHUNK) {
                in_time(self.timeout, self.stream.write_all(chunk)).await?;
            }
        }
        in_time(self.timeout, self.stream.flush()).await?;
        self.wrote = true;
        Ok(())
    }
}

async fn in_time(limit: Duration, write: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(limit, write)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
