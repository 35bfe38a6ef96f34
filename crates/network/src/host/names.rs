//! Addresses behind names: `/dnsaddr/HOST`.
//!
//! The TXT records of `_dnsaddr.HOST` name addresses, which may be such names again.
//! See <https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md>.

use std::sync::Arc;

use cairn_store::network::NetworkError;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use libp2p::Multiaddr;
use libp2p::core::multiaddr::Protocol;

use super::transport::system_names;
use crate::convert::peer_of;

/// Lookups and addresses of one name. Further ones are ignored.
const MAX_LOOKUPS: usize = 32;
const MAX_ADDRESSES: usize = 128;

/// Resolves names by the servers of the system.
pub(super) struct Names(TokioResolver);

/// The name servers of the system cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the name servers of the system")]
pub(super) struct NamesError(#[source] hickory_resolver::net::NetError);

impl Names {
    pub(super) fn new() -> Result<Self, NamesError> {
        let (config, options) = system_names();
        let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(NamesError)?;
        Ok(Self(resolver))
    }

    /// The addresses behind a `/dnsaddr`; with a peer ID at its end, only those of that peer. Other addresses are returned as
    /// they are.
    pub(super) async fn resolve(
        &self,
        address: &Multiaddr,
    ) -> Result<Vec<Multiaddr>, NetworkError> {
        let mut waiting = vec![address.clone()];
        let mut found = Vec::new();
        let mut failure = None;
        let mut lookups = 0;
        while let Some(address) = waiting.pop() {
            let Some(host) = dnsaddr(&address) else {
                if found.len() < MAX_ADDRESSES && !found.contains(&address) {
                    found.push(address);
                }
                continue;
            };
            if lookups == MAX_LOOKUPS {
                break;
            }
            lookups += 1;
            let wanted = peer_of(&address);
            match self.0.txt_lookup(format!("_dnsaddr.{host}")).await {
                Ok(answer) => {
                    let texts = answer
                        .answers()
                        .iter()
                        .filter_map(|record| match &record.data {
                            RData::TXT(text) => Some(text.txt_data.concat()),
                            _ => None,
                        });
                    let addresses = texts.filter_map(|text| parse(&text));
                    let mine = addresses.filter(|found| match (wanted, peer_of(found)) {
                        (Some(wanted), Some(peer)) => wanted == peer,
                        (wanted, None) => wanted.is_none() || dnsaddr(found).is_some(),
                        (None, Some(_)) => true,
                    });
                    waiting.extend(mine.take(MAX_ADDRESSES));
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if found.is_empty() => Err(NetworkError::Failed {
                action: "resolving the address",
                source: Arc::new(error),
            }),
            _ => Ok(found),
        }
    }
}

fn parse(text: &[u8]) -> Option<Multiaddr> {
    let text = std::str::from_utf8(text).ok()?;
    text.strip_prefix("dnsaddr=")?.parse().ok()
}

fn dnsaddr(address: &Multiaddr) -> Option<String> {
    match address.iter().next()? {
        Protocol::Dnsaddr(host) => Some(host.into_owned()),
        _ => None,
    }
}
