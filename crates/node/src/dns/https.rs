//! Asking a DNS server over HTTPS.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc8484>

use std::error::Error;
use std::sync::Arc;

use cairn_primitives::dns::{self, MAX_MESSAGE, TxtAnswer};
use parking_lot::Mutex;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::Verifier;

use super::DnsError;

const MESSAGE: &str = "application/dns-message";
/// The number of each question: the connection says which answer belongs to it.
const ID: u16 = 0;

/// A client that is made when it is first needed: most nodes never ask that way.
#[derive(Debug, Default)]
pub(super) struct Https {
    client: Mutex<Option<reqwest::Client>>,
}

impl Https {
    /// Asks the server of a URL.
    pub(super) async fn ask(&self, url: &str, domain: &str) -> Result<TxtAnswer, DnsError> {
        let query = dns::txt_query(ID, domain)?;
        let request = self
            .client()?
            .post(url)
            .header(CONTENT_TYPE, MESSAGE)
            .header(ACCEPT, MESSAGE)
            .body(query);
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        if !response.status().is_success() {
            return Err(DnsError::Failed {
                reason: format!("{url} answers with status {}", response.status().as_u16()),
            });
        }
        let mut message = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if message.len() + chunk.len() > MAX_MESSAGE {
                return Err(dns::DnsMessageError::Malformed.into());
            }
            message.extend_from_slice(&chunk);
        }
        Ok(dns::txt_answer(&message, ID, domain)?)
    }

    fn client(&self) -> Result<reqwest::Client, DnsError> {
        let mut client = self.client.lock();
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let made = make().map_err(|error| failed(&*error))?;
        *client = Some(made.clone());
        Ok(made)
    }
}

/// A client that trusts whom the system trusts.
fn make() -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new(Arc::clone(&provider))?);
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = reqwest::Client::builder()
        .no_proxy()
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .tls_backend_preconfigured(tls)
        .build()?;
    Ok(client)
}

/// An error with its causes, of which the last says what happened.
fn failed(error: &(dyn Error + 'static)) -> DnsError {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    DnsError::Failed { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told() {
        let https = Https::default();
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/dns-query", nobody.local_addr().unwrap());
        drop(nobody);
        let asked = https.ask(&url, "example.org").await;
        assert!(matches!(asked, Err(DnsError::Failed { .. })), "{asked:?}");
        assert!(
            https
                .ask("http://127.0.0.1:1/", "example.org")
                .await
                .is_err()
        );
    }
}
