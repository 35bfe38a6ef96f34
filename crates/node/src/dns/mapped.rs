//! DNSLinks from a table, before others are looked up: `IPFS_NS_MAP` of Kubo.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::path::ContentPath;
use futures_util::future::BoxFuture;

use super::{Dns, DnsError, Txt};

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entry:?} is not of the form DOMAIN:/ipfs/CID or DOMAIN:/ipns/NAME")]
pub struct MapError {
    /// The part that is wrong.
    pub entry: String,
}

/// A table of DNSLinks in front of a resolver. What is in the table is not looked up. Its entries are not cached by
/// clients: their validity is not known.
pub struct MappedDns {
    links: HashMap<String, String>,
    others: Arc<dyn Dns>,
}

impl std::fmt::Debug for MappedDns {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("MappedDns")
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}

impl MappedDns {
    /// Reads a table such as `example.com:/ipfs/CID,example.net:/ipns/KEY`.
    ///
    /// # Errors
    /// [`MapError`] for the first entry that cannot be read.
    pub fn parse(table: &str, others: Arc<dyn Dns>) -> Result<Self, MapError> {
        let mut links = HashMap::new();
        for entry in table.split(',').map(str::trim) {
            if entry.is_empty() {
                continue;
            }
            let read = entry.split_once(':').filter(|(domain, path)| {
                !domain.is_empty() && ContentPath::new(path.as_bytes()).is_ok()
            });
            let Some((domain, path)) = read else {
                return Err(MapError {
                    entry: entry.to_owned(),
                });
            };
            let domain = domain.trim_end_matches('.').to_ascii_lowercase();
            links.insert(domain, format!("dnslink={path}"));
        }
        Ok(Self { links, others })
    }
}

impl Dns for MappedDns {
    fn txt<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Txt, DnsError>> {
        let name = domain.trim_end_matches('.').to_ascii_lowercase();
        let link = name
            .strip_prefix("_dnslink.")
            .and_then(|name| self.links.get(name));
        match link {
            Some(link) => {
                let txt = Txt {
                    texts: vec![link.clone()],
                    ttl: Duration::ZERO,
                };
                Box::pin(std::future::ready(Ok(txt)))
            }
            None => self.others.txt(domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FixedDns;
    use super::*;

    #[tokio::test]
    async fn the_table_comes_first() {
        let others =
            FixedDns::new().with("_dnslink.b.example", &["dnslink=/ipns/x"], Duration::ZERO);
        let table = "A.example:/ipfs/bafkqaaa, c.example:/ipns/a.example,";
        let dns = MappedDns::parse(table, Arc::new(others)).unwrap();
        let text = async |domain: &str| dns.txt(domain).await.map(|txt| txt.texts.concat());
        assert_eq!(
            text("_dnslink.a.example.").await.as_deref(),
            Ok("dnslink=/ipfs/bafkqaaa")
        );
        assert_eq!(
            text("_dnslink.b.example").await.as_deref(),
            Ok("dnslink=/ipns/x")
        );
        assert_eq!(text("a.example").await, Err(DnsError::NotFound));
        for bad in ["a.example", "a.example:x", ":/ipfs/bafkqaaa"] {
            assert!(MappedDns::parse(bad, Arc::new(FixedDns::new())).is_err());
        }
    }
}
