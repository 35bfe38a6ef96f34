//! Which content a request's `Host` names: subdomain gateways, DNSLink websites, and plain paths.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/subdomain-gateway/>, <https://specs.ipfs.tech/http-gateways/dnslink-gateway/>.
//! Rules are those of `Gateway.PublicGateways`, with Kubo's default for `localhost`.

use std::collections::HashMap;
use std::net::IpAddr;

use axum::response::Response;
use cairn_node::config::sections::{Gateway as Config, GatewaySpec};
use cairn_primitives::Cid;
use cairn_primitives::dns::MAX_DOMAIN;
use http::{HeaderMap, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;

use super::dnslinks::DnsLinks;
use super::error::GatewayError;
use super::labels;
use super::response::{not_found, redirect};
use crate::hosts::name_of;

/// Longest host with a port, in bytes: a domain, a final dot, a colon and five digits.
const MAX_HOST: usize = MAX_DOMAIN + 7;

/// What separates the content of a response from that of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing: all content has the gateway's own origin.
    Path,
    /// The root has its own subdomain of this gateway.
    Subdomain {
        /// The gateway's host, with its port.
        gateway: String,
    },
    /// The website of a domain.
    DnsLink {
        /// The domain, with the port of the request.
        host: String,
    },
}

impl Origin {
    /// Whether other content has other origins.
    pub(super) fn is_isolated(&self) -> bool {
        *self != Self::Path
    }
}

/// What a request is mapped to.
pub(super) enum Mapped {
    /// Content.
    Content {
        /// The content path with percent-encoding, such as `/ipfs/CID/a%20b`.
        path: String,
        /// The origin of the response.
        origin: Origin,
        /// Whether files are served, or only blocks that clients can verify.
        deserialized: bool,
    },
    /// A response.
    Answer(Box<Response>),
}

/// The rules of one host.
#[derive(Clone, Debug)]
struct Rule {
    paths: Vec<String>,
    subdomains: bool,
    dnslink: bool,
    inline: bool,
    deserialized: bool,
}

/// The rules of all hosts.
#[derive(Debug)]
pub(super) struct Sites {
    exact: HashMap<String, Rule>,
    /// Names with `*` for one label, and their rules.
    wildcards: Vec<(String, Rule)>,
    dnslink: bool,
    deserialized: bool,
}

impl Sites {
    /// From the configuration.
    pub(super) fn from_config(config: &Config) -> Self {
        let deserialized = config.deserialized_responses.unwrap_or(true);
        let mut sites = Self {
            exact: HashMap::new(),
            wildcards: Vec::new(),
            dnslink: !config.no_dnslink,
            deserialized,
        };
        let localhost = Rule {
            paths: vec!["/ipfs".to_owned(), "/ipns".to_owned()],
            subdomains: true,
            dnslink: true,
            inline: true,
            deserialized,
        };
        sites.exact.insert("localhost".to_owned(), localhost);
        for (host, spec) in config.public_gateways.iter().flatten() {
            let host = host.to_ascii_lowercase();
            let Some(spec) = spec else {
                sites.exact.remove(&host);
                continue;
            };
            let rule = rule(spec, deserialized);
            if rule.subdomains && name_of(&host).parse::<IpAddr>().is_ok() {
                tracing::warn!(host, "Gateway.PublicGateways: an address has no subdomains");
            } else if host.contains('*') {
                sites.wildcards.push((host, rule));
            } else {
                sites.exact.insert(host, rule);
            }
        }
        sites
    }

    /// Maps a request to content. `path` is that of the request, clean and percent-encoded.
    pub(super) async fn map(
        &self,
        dnslinks: &DnsLinks,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Mapped, GatewayError> {
        let path = uri.path();
        let Some(written) = host_of(uri, headers) else {
            return Ok(content(path, Origin::Path, self.deserialized));
        };
        let host = written.to_ascii_lowercase();
        let name = name_of(&host);
        // What nearly all requests of programs have: an address needs no lookups.
        if name.parse::<IpAddr>().is_ok() && !self.exact.contains_key(name) {
            return Ok(content(path, Origin::Path, self.deserialized));
        }
        let link = Link {
            is_https: is_https(uri, headers),
            query: uri.query(),
            dnslinks,
        };
        if let Some(rule) = self.rule_of(&host) {
            if rule.serves(path) {
                if rule.subdomains
                    && let Some(to) = link.to_subdomain(&host, path, rule.inline).await?
                {
                    return Ok(moved(&to));
                }
                return Ok(content(path, Origin::Path, rule.deserialized));
            }
            if rule.dnslink && dnslinks.exist(name).await {
                return Ok(website(name, path, host.clone(), rule.deserialized));
            }
            return Ok(absent());
        }
        if let Some((rule, gateway, namespace, root)) = self.subdomain(&host) {
            // As it is written: some bases of CIDs distinguish case.
            let root = written.get(..root.len()).unwrap_or(root);
            return link
                .in_subdomain(rule, gateway, namespace, root, path)
                .await;
        }
        if self.dnslink && name.contains('.') && dnslinks.exist(name).await {
            return Ok(website(name, path, host.clone(), self.deserialized));
        }
        Ok(content(path, Origin::Path, self.deserialized))
    }

    /// The rule of a host, with or without its port.
    fn rule_of(&self, host: &str) -> Option<&Rule> {
        let name = name_of(host);
        let exact = self.exact.get(host).or_else(|| self.exact.get(name));
        exact.or_else(|| {
            let found = self
                .wildcards
                .iter()
                .find(|(pattern, _)| matches_wildcard(pattern, host));
            found.map(|(_, rule)| rule)
        })
    }

    /// Splits a host such as `ROOT.ipfs.example.com` into the rule and host of its gateway, the namespace and the root.
    fn subdomain<'a>(&self, host: &'a str) -> Option<(&Rule, &'a str, &'a str, &'a str)> {
        // From the end, as the root may be a domain.
        for (dot, _) in host.rmatch_indices('.') {
            let (below, gateway) = (host.get(..dot)?, host.get(dot + 1..)?);
            let (root, namespace) = below.rsplit_once('.')?;
            if matches!(namespace, "ipfs" | "ipns")
                && let Some(rule) = self.rule_of(gateway)
            {
                return Some((rule, gateway, namespace, root));
            }
        }
        None
    }
}

fn rule(spec: &GatewaySpec, deserialized: bool) -> Rule {
    Rule {
        paths: spec.paths.clone().unwrap_or_default(),
        subdomains: spec.use_subdomains,
        dnslink: !spec.no_dnslink,
        inline: spec.inline_dnslink.unwrap_or(false),
        deserialized: spec.deserialized_responses.unwrap_or(deserialized),
    }
}

impl Rule {
    /// Whether a path begins with one of the rule's.
    fn serves(&self, path: &str) -> bool {
        self.paths.iter().any(|prefix| {
            let rest = path.strip_prefix(prefix.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// What links to subdomains are made of.
struct Link<'a> {
    is_https: bool,
    query: Option<&'a str>,
    dnslinks: &'a DnsLinks,
}

impl Link<'_> {
    /// The URL of a content path on its subdomain; `None` for a path that has none.
    async fn to_subdomain(
        &self,
        gateway: &str,
        path: &str,
        inline: bool,
    ) -> Result<Option<String>, GatewayError> {
        let mut parts = path.splitn(4, '/').skip(1);
        let (Some(namespace @ ("ipfs" | "ipns")), Some(root)) = (parts.next(), parts.next()) else {
            return Ok(None);
        };
        let rest = parts.next().unwrap_or_default();
        let root = percent_decode_str(root).decode_utf8_lossy();
        let label = if let Some(label) = labels::of_root(namespace, &root) {
            label.map_err(|error| GatewayError::Bad(error.to_string()))?
        } else if namespace == "ipfs" || root.is_empty() {
            return Ok(None);
        } else {
            self.domain_label(&root, inline).await?
        };
        let scheme = if self.is_https { "https" } else { "http" };
        let query = self.query.map(|query| format!("?{query}"));
        let query = query.unwrap_or_default();
        Ok(Some(format!(
            "{scheme}://{label}.{namespace}.{gateway}/{rest}{query}"
        )))
    }

    /// The labels of a domain, which is inlined to one for wildcard certificates.
    async fn domain_label(&self, root: &str, inline: bool) -> Result<String, GatewayError> {
        let mut domain = root.to_ascii_lowercase();
        if !domain.contains('.') && domain.contains('-') {
            // It may be inlined already.
            let whole = labels::expand(&domain);
            if self.dnslinks.exist(&whole).await {
                domain = whole;
            }
        }
        if !domain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        {
            return Err(GatewayError::bad_path(&format!("/ipns/{root}")));
        }
        if (inline || self.is_https) && domain.contains('.') && self.dnslinks.exist(&domain).await {
            return labels::inline(&domain).map_err(|error| GatewayError::Bad(error.to_string()));
        }
        Ok(domain)
    }

    /// Maps a request that names its root in its host.
    async fn in_subdomain(
        &self,
        rule: &Rule,
        gateway: &str,
        namespace: &str,
        root: &str,
        path: &str,
    ) -> Result<Mapped, GatewayError> {
        let prefix = format!("/{namespace}/{root}");
        if !rule.subdomains || !rule.serves(&prefix) {
            return Ok(absent());
        }
        let mut root = root.to_owned();
        if let Some(label) = labels::of_root(namespace, &root) {
            let label = label.map_err(|error| GatewayError::Bad(error.to_string()))?;
            // One root has one origin.
            if label != root {
                let whole = format!("{prefix}{path}");
                let to = self.to_subdomain(gateway, &whole, rule.inline).await?;
                return Ok(to.map_or_else(absent, |to| moved(&to)));
            }
        } else if namespace == "ipns" && !root.contains('.') && root.contains('-') {
            root.make_ascii_lowercase();
            let whole = labels::expand(&root);
            if self.dnslinks.exist(&whole).await || !self.dnslinks.exist(&root).await {
                root = whole;
            }
        } else if namespace == "ipfs" {
            return Err(match root.parse::<Cid>() {
                Err(error) => GatewayError::Bad(format!("invalid path {prefix:?}: {error}")),
                Ok(_) => GatewayError::bad_path(&prefix),
            });
        }
        let origin = Origin::Subdomain {
            gateway: gateway.to_owned(),
        };
        let path = format!("/{namespace}/{root}{path}");
        Ok(content(&path, origin, rule.deserialized))
    }
}

fn content(path: &str, origin: Origin, deserialized: bool) -> Mapped {
    Mapped::Content {
        path: path.to_owned(),
        origin,
        deserialized,
    }
}

fn website(domain: &str, path: &str, host: String, deserialized: bool) -> Mapped {
    let path = format!("/ipns/{domain}{path}");
    content(&path, Origin::DnsLink { host }, deserialized)
}

fn moved(to: &str) -> Mapped {
    Mapped::Answer(Box::new(redirect(StatusCode::MOVED_PERMANENTLY, to)))
}

fn absent() -> Mapped {
    Mapped::Answer(Box::new(not_found()))
}

/// The host that the client means: a proxy names it in `X-Forwarded-Host`.
fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("x-forwarded-host")
        .filter(|host| !host.is_empty())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str))
        .or_else(|| text(header::HOST.as_str()))?;
    let is_host = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']')
    };
    // What else stands there must not get into links; what is longer than any host is none.
    let is_any = (1..=MAX_HOST).contains(&host.len()) && host.bytes().all(is_host);
    is_any.then(|| host.to_owned())
}

fn is_https(uri: &Uri, headers: &HeaderMap) -> bool {
    uri.scheme() == Some(&http::uri::Scheme::HTTPS)
        || headers
            .get("x-forwarded-proto")
            .is_some_and(|scheme| scheme == "https")
}

/// Whether a host matches a pattern in which `*` stands for one label, or a part of one.
fn matches_wildcard(pattern: &str, host: &str) -> bool {
    let host = if pattern.contains(':') {
        host
    } else {
        name_of(host)
    };
    let (mut patterns, mut labels) = (pattern.split('.'), host.split('.'));
    loop {
        match (patterns.next(), labels.next()) {
            (None, None) => return true,
            (Some(pattern), Some(label)) => {
                let fits = match pattern.split_once('*') {
                    Some((start, end)) => {
                        label.len() > start.len() + end.len()
                            && label.starts_with(start)
                            && label.ends_with(end)
                    }
                    None => pattern == label,
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
