//! HTTP clients for servers of others.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::Verifier;

/// Timeout of a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Timeout of the next bytes of a response.
const READ: Duration = Duration::from_secs(15);
/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// The name of this program.
const AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[from] reqwest::Error),
}

/// A client that trusts whom the system trusts, and uses no proxy.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, ClientError> {
    Ok(builder(timeout)?.build()?)
}

/// The same, still to be changed.
pub(crate) fn builder(timeout: Duration) -> Result<reqwest::ClientBuilder, ClientError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new(Arc::clone(&provider))?);
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let builder = reqwest::Client::builder()
        .no_proxy()
        .user_agent(AGENT)
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .timeout(timeout)
        .tls_backend_preconfigured(tls);
    Ok(builder)
}
