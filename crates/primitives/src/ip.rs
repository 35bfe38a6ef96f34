//! Kinds of IP addresses.

use std::net::Ipv4Addr;

/// What an IPv4 address is for, by <https://www.iana.org/assignments/iana-ipv4-special-registry>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ipv4Kind {
    /// This machine.
    Loopback,
    /// A private network, or one that a provider shares between customers (`100.64.0.0/10`).
    Private,
    /// The link.
    LinkLocal,
    /// No host on the internet: documentation, benchmarks, multicast, broadcast, and the reserved ones.
    Special,
    /// The internet.
    Public,
}

impl Ipv4Kind {
    /// The kind of an address.
    #[must_use]
    pub fn of(ip: Ipv4Addr) -> Self {
        let [a, b, c, _] = ip.octets();
        if ip.is_loopback() {
            Self::Loopback
        } else if ip.is_private() || (a == 100 && (64..128).contains(&b)) {
            Self::Private
        } else if ip.is_link_local() {
            Self::LinkLocal
        } else if a == 0
            || a >= 224
            || (a == 192 && b == 0 && (c == 0 || c == 2))
            || (a == 192 && b == 88 && c == 99)
            || (a == 198 && (b == 18 || b == 19))
            || (a == 198 && b == 51 && c == 100)
            || (a == 203 && b == 0 && c == 113)
        {
            Self::Special
        } else {
            Self::Public
        }
    }
}
