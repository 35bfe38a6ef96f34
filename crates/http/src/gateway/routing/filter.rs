//! Filters of records: <https://specs.ipfs.tech/ipips/ipip-0484/>.

use super::Refusal;
use super::answer::PeerRecord;

/// Filters; empty lists let everything pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    addresses: Vec<String>,
    protocols: Vec<String>,
}

impl Filter {
    pub(super) fn parse(query: &str) -> Result<Self, Refusal> {
        let query = cairn_wire::Values::from_query(query).map_err(Refusal::bad)?;
        let list = |name| {
            let text = query.loose(&[name]).unwrap_or_default().to_lowercase();
            let parts = text.split(',').filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        };
        Ok(Self {
            addresses: list("filter-addrs"),
            protocols: list("filter-protocols"),
        })
    }

    /// A record with the addresses that pass; `None` if none does.
    pub(super) fn apply(&self, mut record: PeerRecord) -> Option<PeerRecord> {
        // How peers of the DHT transfer content is not known.
        if !self.protocols.is_empty() && !self.protocols.iter().any(|it| it == "unknown") {
            return None;
        }
        let allows_unknown = self.addresses.iter().any(|it| it == "unknown");
        if self.addresses.is_empty() || (record.addresses.is_empty() && allows_unknown) {
            return Some(record);
        }
        let (without, with): (Vec<_>, Vec<_>) =
            self.addresses.iter().partition(|it| it.starts_with('!'));
        record.addresses.retain(|address| {
            let mut without = without.iter().filter_map(|name| name.strip_prefix('!'));
            !without.any(|name| address.has_protocol(name))
                && (with.is_empty() || with.iter().any(|name| address.has_protocol(name)))
        });
        (!record.addresses.is_empty()).then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(query: &str, addresses: &[&str]) -> Option<Vec<String>> {
        let peer = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        let record = PeerRecord::new(peer.parse().unwrap(), addresses.collect());
        let record = Filter::parse(query).unwrap().apply(record)?;
        Some(record.addresses.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn addresses_and_protocols_are_filtered() {
        let (tcp, quic) = ("/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/udp/1/quic-v1");
        let all = [tcp, quic];
        let list = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect());
        for (query, expected) in [
            ("", list(&all)),
            ("filter-addrs=tcp", list(&[tcp])),
            ("filter-addrs=!tcp", list(&[quic])),
            ("filter-addrs=udp,!quic-v1", None),
            ("filter-addrs=ws", None),
            ("filter-protocols=unknown,transport-bitswap", list(&all)),
            ("filter-protocols=transport-bitswap", None),
        ] {
            assert_eq!(passed(query, &all), expected, "{query}");
        }
        assert_eq!(passed("filter-addrs=tcp", &[]), None);
        assert_eq!(passed("filter-addrs=tcp,unknown", &[]), list(&[]));
    }
}
