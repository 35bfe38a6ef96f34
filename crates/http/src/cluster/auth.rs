//! Authentication, which comes before everything else: also unknown paths need a credential.

use axum::extract::Request;
use axum::response::Response;
use cairn_services::cluster::{AuthRefusal, Cluster, Credential};
use cairn_wire::cluster::Failure;
use http::{HeaderMap, HeaderValue, header};

use super::error::plain;

const BASIC: &str = r#"Basic realm="Restricted IPFS Cluster API""#;
const BEARER: &str = r#"Bearer realm="Restricted IPFS Cluster API""#;
const BAD_TOKEN: &str = r#"Bearer realm="Restricted IPFS Cluster API", error="invalid_token""#;

fn credential(headers: &HeaderMap) -> Option<Credential<'_>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        Some(Credential::Basic(secret))
    } else if scheme.eq_ignore_ascii_case("bearer") {
        Some(Credential::Bearer(secret))
    } else {
        None
    }
}

/// Authenticates a request. Its caller, a [`ClusterCaller`](cairn_services::cluster::ClusterCaller), becomes one of its
/// extensions.
pub(super) async fn authenticate(cluster: &Cluster, request: &mut Request) -> Result<(), Response> {
    let caller = cluster.authenticate(credential(request.headers())).await;
    let caller = caller.map_err(|refusal| refused(&refusal))?;
    request.extensions_mut().insert(caller);
    Ok(())
}

/// The refusal of a caller.
pub(super) fn refused(refusal: &AuthRefusal) -> Response {
    let (message, schemes): (&str, &[&'static str]) = match refusal {
        AuthRefusal::Missing => ("unauthorized: no auth provided", &[BEARER, BASIC]),
        AuthRefusal::Password => ("unauthorized: access denied", &[BASIC]),
        AuthRefusal::Token => ("unauthorized: invalid token", &[BAD_TOKEN]),
        error => {
            let (status, failure) = super::error::of_auth(error);
            return plain(status, &failure);
        }
    };
    let mut response = plain(401, &Failure::new(401, message));
    for scheme in schemes {
        response
            .headers_mut()
            .append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
    response
}
