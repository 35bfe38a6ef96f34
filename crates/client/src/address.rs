//! The address of a server: a URL or a multiaddr.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use cairn_primitives::multiaddr::{HttpAddr, HttpAddrError};

/// The address of a server.
///
/// Read from a URL (`http://host:5001`) or a multiaddr (`/ip4/127.0.0.1/tcp/5001`, `/dns/host/tcp/5001/http`,
/// `/unix/run/cairn.sock`). See <https://github.com/multiformats/multiaddr>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// `scheme://host[:port][/path]`, without a slash at its end.
    Url(String),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a text is not an [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Neither a URL nor a multiaddr.
    #[error(
        "{0:?} is neither a multiaddr like /ip4/127.0.0.1/tcp/5001 nor a URL like http://127.0.0.1:5001"
    )]
    Unknown(String),
    /// A text that starts with a slash and is not the address of an HTTP server.
    #[error(transparent)]
    Multiaddr(#[from] HttpAddrError),
}

impl Address {
    /// Whether TLS is used.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Url(url) if url.starts_with("https:"))
    }

    /// The base of every request's URL.
    #[must_use]
    pub fn base(&self) -> &str {
        match self {
            Self::Url(url) => url,
            Self::Unix(_) => "http://localhost",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => out.write_str(url),
            Self::Unix(path) => write!(out, "/unix{}", path.display()),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.starts_with('/') {
            return Ok(text.parse::<HttpAddr>()?.into());
        }
        let unknown = || AddressError::Unknown(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(unknown)?;
        if !matches!(scheme, "http" | "https") || rest.is_empty() || rest.starts_with('/') {
            return Err(unknown());
        }
        let url: http::Uri = text.parse().map_err(|_| unknown())?;
        if url.query().is_some() || url.authority().is_none() {
            return Err(unknown());
        }
        Ok(Self::Url(text.trim_end_matches('/').to_owned()))
    }
}

impl From<HttpAddr> for Address {
    fn from(address: HttpAddr) -> Self {
        match address {
            HttpAddr::Unix(path) => Self::Unix(path),
            HttpAddr::Tcp { host, port, tls } => {
                let scheme = if tls { "https" } else { "http" };
                Self::Url(format!("{scheme}://{host}:{port}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_urls_and_multiaddrs() {
        for (text, base) in [
            ("/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001"),
            ("/ip4/127.0.0.1/tcp/5001/\n", "http://127.0.0.1:5001"),
            ("/ip6/::1/tcp/5001/http", "http://[::1]:5001"),
            (
                "/dns4/node.example/tcp/443/https",
                "https://node.example:443",
            ),
            (
                "/dns/node.example/tcp/443/tls/http",
                "https://node.example:443",
            ),
            ("http://127.0.0.1:5001/", "http://127.0.0.1:5001"),
            ("https://node.example/ipfs", "https://node.example/ipfs"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().base(), base, "{text:?}");
        }
        assert_eq!(
            "/unix/run/x.sock".parse(),
            Ok(Address::Unix("/run/x.sock".into()))
        );
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "/",
            "127.0.0.1:5001",
            "ftp://x",
            "http://",
            "/ip4/300.0.0.1/tcp/1",
            "/ip4/1.2.3.4/udp/1",
            "/ip4/1.2.3.4/tcp/70000",
            "/ip4/1.2.3.4",
            "/unix/",
            "/dns/a b/tcp/1",
            "http://a/?q",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
