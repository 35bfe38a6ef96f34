//! Lookups of peers, providers and values.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::SystemTime;

use cairn_primitives::multiaddr::{Host, HttpAddr};
use cairn_primitives::{Cid, Multiaddr};
use cairn_store::network::PeerAddresses;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use libp2p::kad::RecordKey;

use super::{Router, peer_addresses};
use crate::routing::dht::{Found, Request};
use crate::routing::record::Valid;

impl crate::Providers for Router {
    fn find(&self, cid: &Cid) -> BoxStream<'static, PeerAddresses> {
        let key = RecordKey::from(cid.hash().as_bytes().to_vec());
        let (router, mut seen) = (self.clone(), HashSet::new());
        let found = self.ask(&Request::Providers(key), false);
        let others = found.filter_map(move |found| {
            let inner = &router.inner;
            std::future::ready(match found {
                Found::Provider(peer)
                    if peer.peer_id != inner.local
                        && !inner.ignored.contains(&peer.peer_id)
                        && seen.insert(peer.peer_id) =>
                {
                    Some(peer_addresses(&peer))
                }
                _ => None,
            })
        });
        others.boxed()
    }
}

impl crate::gateways::FindGateways for Router {
    fn find(&self, cid: &Cid) -> BoxStream<'static, String> {
        let key = RecordKey::from(cid.hash().as_bytes().to_vec());
        let records = self.inner.http.providers(&Request::Providers(key));
        let urls = records.flat_map(|record| {
            let is_gateway = record.protocols.iter().any(|it| it == GATEWAY);
            let addresses = record.addresses.into_iter().filter(move |_| is_gateway);
            let urls = addresses.filter_map(|address| gateway_url(&address));
            stream::iter(urls.collect::<Vec<_>>())
        });
        urls.boxed()
    }
}

/// How routers call gateways.
const GATEWAY: &str = "transport-ipfs-gateway-http";

/// The URL of `/dns/gateway.example/tcp/443/https`.
fn gateway_url(address: &Multiaddr) -> Option<String> {
    let HttpAddr::Tcp { host, port, tls } = address.to_string().parse().ok()? else {
        return None;
    };
    let scheme = if tls { "https" } else { "http" };
    Some(match host {
        Host::Ip(IpAddr::V6(ip)) => format!("{scheme}://[{ip}]:{port}"),
        Host::Ip(ip) => format!("{scheme}://{ip}:{port}"),
        Host::Name(name) => format!("{scheme}://{name}:{port}"),
    })
}

/// Values of one key, of which the best is kept. Invalid ones do not count.
pub(super) struct Values {
    key: Vec<u8>,
    left: usize,
    best: Option<(Valid, Vec<u8>, Option<libp2p::PeerId>)>,
}

impl Values {
    pub(super) fn new(key: Vec<u8>, count: usize) -> Self {
        Self {
            key,
            left: count.max(1),
            best: None,
        }
    }

    pub(super) fn add(&mut self, value: Vec<u8>, from: Option<libp2p::PeerId>) {
        // Most peers have the same one, which is checked once.
        let best = self.best.as_ref();
        if best.is_some_and(|(_, best, _)| *best == value) {
            self.left = self.left.saturating_sub(1);
            return;
        }
        let valid = match Valid::new(&self.key, &value, SystemTime::now()) {
            Ok(valid) => valid,
            Err(error) => return tracing::debug!(%error, "a found value is ignored"),
        };
        self.left = self.left.saturating_sub(1);
        let is_better = self
            .best
            .as_ref()
            .is_none_or(|(best, ..)| valid.preference(best).is_gt());
        if is_better {
            self.best = Some((valid, value, from));
        }
    }

    pub(super) fn are_enough(&self) -> bool {
        self.left == 0
    }

    pub(super) fn into_best(self) -> Option<(Vec<u8>, Option<libp2p::PeerId>)> {
        self.best.map(|(_, value, from)| (value, from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::record::{Space, tests::record};

    #[test]
    fn addresses_of_gateways_are_urls() {
        for (address, url) in [
            (
                "/dns/gateway.example/tcp/443/https",
                Some("https://gateway.example:443"),
            ),
            (
                "/dns4/gateway.example/tcp/443/tls/http",
                Some("https://gateway.example:443"),
            ),
            (
                "/ip6/2001:db8::1/tcp/80/http",
                Some("http://[2001:db8::1]:80"),
            ),
            ("/ip4/192.0.2.1/udp/443/quic-v1", None),
        ] {
            assert_eq!(gateway_url(&address.parse().unwrap()).as_deref(), url);
        }
    }

    #[test]
    fn the_newest_valid_value_is_kept() {
        let (peer, third) = record(1, 3);
        let key = Space::Ipns.key(&peer);
        let mut values = Values::new(key.clone(), 3);
        let from = libp2p::PeerId::random();
        values.add(b"nonsense".to_vec(), None);
        values.add(record(2, 9).1, None);
        assert!(Values::new(key.clone(), 0).into_best().is_none());
        for value in [record(1, 2).1, third.clone(), record(1, 1).1] {
            assert!(!values.are_enough());
            values.add(value, Some(from));
        }
        assert!(values.are_enough());
        assert_eq!(values.into_best(), Some((third.clone(), Some(from))));
        // The same from several peers counts for each, and is that of the first.
        let mut values = Values::new(key, 3);
        for from in [Some(from), None, None] {
            assert!(!values.are_enough());
            values.add(third.clone(), from);
        }
        assert!(values.are_enough());
        assert_eq!(values.into_best(), Some((third, Some(from))));
    }
}
