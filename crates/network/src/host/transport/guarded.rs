//! The outermost layer: a handshake ends in time, a panic below fails its connection and nothing else, and bytes are counted.

use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use cairn_store::network::Direction;
use futures_util::future::{BoxFuture, FutureExt as _};
use libp2p::Multiaddr;
use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, DialOpts, ListenerId, TransportError, TransportEvent};

use super::Output;
use crate::host::guard::{Panicked, log_panic};
use crate::host::meter::{CountedMuxer, Meters};
use crate::host::settings::Limits;

/// See the module.
pub(super) struct Guarded {
    inner: Boxed<Output>,
    meters: Meters,
    limits: Limits,
}

impl Guarded {
    pub(super) fn new(inner: Boxed<Output>, meters: Meters, limits: Limits) -> Self {
        Self {
            inner,
            meters,
            limits,
        }
    }

    fn guard(
        &self,
        handshake: <Boxed<Output> as Transport>::Dial,
        direction: Direction,
        address: Multiaddr,
        limit: Duration,
    ) -> BoxFuture<'static, io::Result<Output>> {
        let meters = self.meters.clone();
        let streams = if self.limits.enabled {
            self.limits.streams
        } else {
            usize::MAX
        };
        async move {
            let handshake = AssertUnwindSafe(handshake).catch_unwind();
            let (peer, muxer) = match tokio::time::timeout(limit, handshake).await {
                Ok(Ok(done)) => done?,
                Ok(Err(panic)) => {
                    log_panic("handshake", &*panic);
                    return Err(io::Error::other(Panicked));
                }
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            };
            let connection = meters.connection(peer, direction, address);
            let muxer = CountedMuxer::new(muxer, connection, streams);
            Ok((peer, StreamMuxerBox::new(muxer)))
        }
        .boxed()
    }
}

impl Transport for Guarded {
    type Output = Output;
    type Error = io::Error;
    type ListenerUpgrade = BoxFuture<'static, io::Result<Output>>;
    type Dial = BoxFuture<'static, io::Result<Output>>;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<io::Error>> {
        let handshake = self.inner.dial(address.clone(), options)?;
        Ok(self.guard(handshake, Direction::Outbound, address, self.limits.dial))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        let event = std::task::ready!(Pin::new(&mut self.inner).poll(context));
        let from = match &event {
            TransportEvent::Incoming { send_back_addr, .. } => send_back_addr.clone(),
            _ => Multiaddr::empty(),
        };
        let limit = self.limits.handshake;
        Poll::Ready(
            event.map_upgrade(|upgrade| self.guard(upgrade, Direction::Inbound, from, limit)),
        )
    }
}
