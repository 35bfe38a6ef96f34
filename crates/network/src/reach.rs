//! Where an address can be reached from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cairn_primitives::ip::Ipv4Kind;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// Where an address can be reached from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Public,
    Private,
    Loopback,
    /// From nowhere, or it is unknown.
    None,
}

/// Whether the address leads through a relay.
pub(crate) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// Where an address can be reached from, by its first part.
pub(crate) fn reach(address: &Multiaddr) -> Reach {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => of_ip4(ip),
        Some(Protocol::Ip6(ip)) => of_ip6(ip),
        Some(
            Protocol::Dns(name)
            | Protocol::Dns4(name)
            | Protocol::Dns6(name)
            | Protocol::Dnsaddr(name),
        ) => of_name(&name),
        // Only within one process, for tests.
        Some(Protocol::Memory(_)) => Reach::Loopback,
        _ => Reach::None,
    }
}

fn of_ip4(ip: Ipv4Addr) -> Reach {
    match Ipv4Kind::of(ip) {
        Ipv4Kind::Loopback => Reach::Loopback,
        Ipv4Kind::Private | Ipv4Kind::LinkLocal => Reach::Private,
        Ipv4Kind::Special => Reach::None,
        Ipv4Kind::Public => Reach::Public,
    }
}

fn of_ip6(ip: Ipv6Addr) -> Reach {
    let [first, second, ..] = ip.segments();
    if let Some(ip) = ip.to_ipv4_mapped() {
        of_ip4(ip)
    } else if ip.is_loopback() {
        Reach::Loopback
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 {
        Reach::Private
    } else if first & 0xe000 == 0x2000 && !(first == 0x2001 && second == 0x0db8) {
        Reach::Public
    } else {
        Reach::None
    }
}

fn of_name(name: &str) -> Reach {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    match last {
        "localhost" => Reach::Loopback,
        "local" | "internal" | "lan" => Reach::Private,
        "" | "test" | "invalid" => Reach::None,
        _ => Reach::Public,
    }
}

/// Whether an IP address is a loopback or a private one.
pub(crate) fn is_local(address: &Multiaddr) -> bool {
    matches!(reach(address), Reach::Private | Reach::Loopback)
}

/// Whether a host of a URL is one of the internet. Used for addresses that other peers report.
pub(crate) fn is_public_ip(ip: IpAddr) -> bool {
    let reach = match ip {
        IpAddr::V4(ip) => of_ip4(ip),
        IpAddr::V6(ip) => of_ip6(ip),
    };
    reach == Reach::Public
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sorted_by_where_they_are_reached_from() {
        for (text, expected) in [
            ("/ip4/1.1.1.1/tcp/1", Reach::Public),
            ("/ip4/10.0.0.1/tcp/1", Reach::Private),
            ("/ip4/172.31.255.1/tcp/1", Reach::Private),
            ("/ip4/192.168.1.1/tcp/1", Reach::Private),
            ("/ip4/100.64.0.1/tcp/1", Reach::Private),
            ("/ip4/169.254.0.1/tcp/1", Reach::Private),
            ("/ip4/127.0.0.1/tcp/1", Reach::Loopback),
            ("/ip4/0.0.0.0/tcp/1", Reach::None),
            ("/ip4/192.0.2.1/tcp/1", Reach::None),
            ("/ip4/224.0.0.1/udp/1", Reach::None),
            ("/ip6/::1/tcp/1", Reach::Loopback),
            ("/ip6/fe80::1/tcp/1", Reach::Private),
            ("/ip6/fd00::1/tcp/1", Reach::Private),
            ("/ip6/2606:4700::1/tcp/1", Reach::Public),
            ("/ip6/2001:db8::1/tcp/1", Reach::None),
            ("/ip6/::ffff:10.0.0.1/tcp/1", Reach::Private),
            ("/dns4/example.com/tcp/1", Reach::Public),
            ("/dns/printer.local/tcp/1", Reach::Private),
            ("/dns/localhost/tcp/1", Reach::Loopback),
            ("/p2p-circuit", Reach::None),
        ] {
            assert_eq!(reach(&text.parse().unwrap()), expected, "{text}");
        }
    }
}
