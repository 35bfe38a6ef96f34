//! Ranges of IP addresses to and from which nothing connects.
//!
//! The check is below name resolution, so that a name cannot lead into a range.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cairn_primitives::Multiaddr;
use libp2p::core::Transport;
use libp2p::core::multiaddr::Protocol;
use libp2p::core::transport::{Boxed, DialOpts, ListenerId, TransportError, TransportEvent};
use parking_lot::RwLock;

/// Ranges, shared by the transports and whoever changes them.
#[derive(Clone, Debug, Default)]
pub(in crate::host) struct Filters(Arc<RwLock<Ranges>>);

#[derive(Debug, Default)]
struct Ranges {
    addresses: Vec<Multiaddr>,
    ranges: Vec<(IpAddr, u8)>,
}

/// The refusal of an address by a filter.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0} is in a range of Swarm.AddrFilters")]
pub(in crate::host) struct Filtered(libp2p::Multiaddr);

impl Filters {
    /// Filters with these ranges. What is no range is ignored.
    pub(in crate::host) fn new(addresses: Vec<Multiaddr>) -> Self {
        let filters = Self::default();
        filters.set(addresses);
        filters
    }

    pub(in crate::host) fn set(&self, addresses: Vec<Multiaddr>) {
        let addresses: Vec<_> = addresses
            .into_iter()
            .filter(|address| address.ip_range().is_some())
            .collect();
        let ranges = addresses.iter().filter_map(Multiaddr::ip_range).collect();
        *self.0.write() = Ranges { addresses, ranges };
    }

    pub(in crate::host) fn addresses(&self) -> Vec<Multiaddr> {
        self.0.read().addresses.clone()
    }

    /// Whether the first IP address of an address is in one of the ranges.
    pub(in crate::host) fn contains(&self, address: &libp2p::Multiaddr) -> bool {
        in_ranges(address, &self.0.read().ranges)
    }

    fn check(&self, address: &libp2p::Multiaddr) -> io::Result<()> {
        if self.contains(address) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                Filtered(address.clone()),
            ));
        }
        Ok(())
    }
}

/// The first IP address of an address.
pub(in crate::host) fn ip_of(address: &libp2p::Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(match ip.to_ipv4_mapped() {
            Some(ip) => IpAddr::V4(ip),
            None => IpAddr::V6(ip),
        }),
        _ => None,
    })
}

/// Whether the first IP address of an address is in one of the ranges.
pub(in crate::host) fn in_ranges(address: &libp2p::Multiaddr, ranges: &[(IpAddr, u8)]) -> bool {
    !ranges.is_empty()
        && ip_of(address).is_some_and(|ip| ranges.iter().any(|range| in_range(ip, *range)))
}

/// Whether an address is in a range of addresses that share the first so many bits.
fn in_range(ip: IpAddr, (base, bits): (IpAddr, u8)) -> bool {
    match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(bits.into()))
                .unwrap_or(0);
            (ip.to_bits() ^ base.to_bits()) & mask == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(bits.into()))
                .unwrap_or(0);
            (ip.to_bits() ^ base.to_bits()) & mask == 0
        }
        _ => false,
    }
}

/// A transport that refuses addresses in the ranges.
pub(super) struct FilteredTransport<O> {
    inner: Boxed<O>,
    filters: Filters,
}

impl<O> FilteredTransport<O> {
    pub(super) fn new(inner: Boxed<O>, filters: Filters) -> Self {
        Self { inner, filters }
    }
}

impl<O: 'static> Transport for FilteredTransport<O> {
    type Output = O;
    type Error = io::Error;
    type ListenerUpgrade = <Boxed<O> as Transport>::ListenerUpgrade;
    type Dial = <Boxed<O> as Transport>::Dial;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: libp2p::Multiaddr,
    ) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: libp2p::Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<io::Error>> {
        self.filters
            .check(&address)
            .map_err(TransportError::Other)?;
        self.inner.dial(address, options)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        loop {
            let event = std::task::ready!(Pin::new(&mut self.inner).poll(context));
            match &event {
                TransportEvent::Incoming { send_back_addr, .. }
                    if self.filters.contains(send_back_addr) =>
                {
                    tracing::debug!(address = %send_back_addr, "refused a connection by an address filter");
                }
                _ => return Poll::Ready(event),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared_by_bits() {
        let filters = Filters::new(
            [
                "/ip4/10.0.0.0/ipcidr/8",
                "/ip6/fc00::/ipcidr/7",
                "/ip4/1.2.3.4/tcp/1",
            ]
            .map(|text| text.parse().unwrap())
            .to_vec(),
        );
        assert_eq!(filters.addresses().len(), 2);
        let contains = |text: &str| filters.contains(&text.parse().unwrap());
        assert!(contains("/ip4/10.255.0.1/tcp/1"));
        assert!(contains("/ip6/fd00::1/udp/1/quic-v1"));
        assert!(contains("/ip6/::ffff:10.0.0.1/tcp/1"));
        assert!(!contains("/ip4/11.0.0.1/tcp/1"));
        assert!(!contains("/dns4/example.com/tcp/1"));
        filters.set(vec!["/ip4/0.0.0.0/ipcidr/0".parse().unwrap()]);
        assert!(filters.contains(&"/ip4/11.0.0.1/tcp/1".parse().unwrap()));
        filters.set(Vec::new());
        assert!(!filters.contains(&"/ip4/10.0.0.1/tcp/1".parse().unwrap()));
    }
}
