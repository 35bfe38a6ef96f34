//! Negotiation of the protocol's version.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use cairn_primitives::bitswap::Version;
use libp2p::Stream;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};

/// Negotiates a version.
#[derive(Clone, Debug)]
pub struct Negotiate(Arc<[Version]>);

impl Negotiate {
    pub(super) fn new(versions: Arc<[Version]>) -> Self {
        Self(versions)
    }
}

impl UpgradeInfo for Negotiate {
    type Info = Version;
    type InfoIter = Vec<Version>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.to_vec()
    }
}

impl InboundUpgrade<Stream> for Negotiate {
    type Output = (Stream, Version);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, version: Version) -> Self::Future {
        ready(Ok((stream, version)))
    }
}

impl OutboundUpgrade<Stream> for Negotiate {
    type Output = (Stream, Version);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, version: Version) -> Self::Future {
        ready(Ok((stream, version)))
    }
}
