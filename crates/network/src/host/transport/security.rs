//! TLS and Noise, by the priorities of the settings.

use std::io;

use futures_util::future::{BoxFuture, Either, FutureExt as _};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::identity::Keypair;
use libp2p::{PeerId, noise};

use super::tls::{Tls, TlsStream};
use crate::host::settings::Transports;

const TLS: &str = "/tls/1.0.0";
const NOISE: &str = "/noise";

/// Encrypts a connection by what both sides have.
#[derive(Clone)]
pub(super) struct Security {
    tls: Tls,
    noise: noise::Config,
    /// The protocols that are on, by priority.
    order: Vec<&'static str>,
}

impl Security {
    pub(super) fn new(identity: &Keypair, transports: &Transports) -> io::Result<Self> {
        let mut order: Vec<_> = [(transports.tls, TLS), (transports.noise, NOISE)]
            .into_iter()
            .filter_map(|(priority, name)| priority.map(|priority| (priority, name)))
            .collect();
        order.sort_unstable_by_key(|(priority, _)| *priority);
        Ok(Self {
            tls: Tls::new(identity)?,
            noise: noise::Config::new(identity).map_err(io::Error::other)?,
            order: order.into_iter().map(|(_, name)| name).collect(),
        })
    }
}

impl UpgradeInfo for Security {
    type Info = &'static str;
    type InfoIter = std::vec::IntoIter<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.order.clone().into_iter()
    }
}

type Encrypted<C> = (PeerId, Either<TlsStream<C>, noise::Output<C>>);

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> InboundConnectionUpgrade<C> for Security {
    type Output = Encrypted<C>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Encrypted<C>>>;

    fn upgrade_inbound(self, socket: C, name: &'static str) -> Self::Future {
        async move {
            if name == TLS {
                let (peer, stream) = self.tls.accept(socket).await?;
                return Ok((peer, Either::Left(stream)));
            }
            let done = self.noise.upgrade_inbound(socket, name).await;
            let (peer, stream) = done.map_err(io::Error::other)?;
            Ok((peer, Either::Right(stream)))
        }
        .boxed()
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> OutboundConnectionUpgrade<C> for Security {
    type Output = Encrypted<C>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Encrypted<C>>>;

    fn upgrade_outbound(self, socket: C, name: &'static str) -> Self::Future {
        async move {
            if name == TLS {
                let (peer, stream) = self.tls.connect(socket).await?;
                return Ok((peer, Either::Left(stream)));
            }
            let done = self.noise.upgrade_outbound(socket, name).await;
            let (peer, stream) = done.map_err(io::Error::other)?;
            Ok((peer, Either::Right(stream)))
        }
        .boxed()
    }
}
