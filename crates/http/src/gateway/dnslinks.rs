//! Whether a domain has a DNSLink, for requests that only name it in `Host`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_node::Node;
use cairn_primitives::PeerId;
use cairn_primitives::dns::is_domain;
use cairn_store::names::{NameError, NameOptions};
use parking_lot::Mutex;

/// How long a lookup may take. A request whose `Host` is some name waits for it.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a domain without a DNSLink is remembered, so that requests with made-up hosts do not become DNS queries.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How many of them are remembered. At the bound all are forgotten.
const MAX_REMEMBERED: usize = 4096;

/// Looks up DNSLinks through the node's names, which cache those that exist.
pub(super) struct DnsLinks {
    node: Arc<Node>,
    absent: Mutex<HashMap<String, Instant>>,
}

impl DnsLinks {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            absent: Mutex::default(),
        }
    }

    /// Whether a domain has a DNSLink. Failing lookups count as none.
    pub(super) async fn exist(&self, domain: &str) -> bool {
        if !is_domain(domain) || domain.parse::<PeerId>().is_ok() {
            return false;
        }
        let now = Instant::now();
        let known = self.absent.lock().get(domain).copied();
        if known.is_some_and(|since| now.duration_since(since) < REMEMBERED) {
            return false;
        }
        let options = NameOptions {
            timeout: Some(TIMEOUT),
            ..NameOptions::default()
        };
        let found = self.node.names().resolve(domain, &options).await;
        match found {
            // Several links are an error of the website, which its visitors are told.
            Ok(_) | Err(NameError::ManyDnsLinks { .. }) => true,
            Err(error) => {
                tracing::debug!(domain, %error, "no DNSLink");
                let mut absent = self.absent.lock();
                if absent.len() >= MAX_REMEMBERED {
                    absent.clear();
                }
                absent.insert(domain.to_owned(), now);
                false
            }
        }
    }
}
