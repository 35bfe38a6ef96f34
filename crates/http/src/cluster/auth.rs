//! Authentication, which comes before everything else: also unknown paths need a credential.

use axum::extract::Request;
use axum::response::Response;
use cairn_services::cluster::{AuthRefusal, Cluster, ClusterCaller, Credential};
use cairn_wire::cluster::Failure;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::plain;

/// Where the caller is noted for the handlers. A header of this name that came with the request is removed.
const CALLER: HeaderName = HeaderName::from_static("x-cluster-caller");

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

/// Authenticates a request, and notes its caller in it.
pub(super) async fn authenticate(cluster: &Cluster, request: &mut Request) -> Result<(), Response> {
    let caller = cluster.authenticate(credential(request.headers())).await;
    let caller = caller.map_err(|refusal| refused(&refusal))?;
    let note = match caller {
        ClusterCaller::User(name) => {
            format!("u{}", utf8_percent_encode(&name, NON_ALPHANUMERIC))
        }
        ClusterCaller::Anybody => "a".to_owned(),
    };
    let note = HeaderValue::from_str(&note)
        .map_err(|_| plain(500, &Failure::new(500, "internal server error")))?;
    request.headers_mut().insert(CALLER, note);
    Ok(())
}

/// Removes what a client may have sent in the place of the note.
pub(super) fn forget(request: &mut Request) {
    request.headers_mut().remove(CALLER);
}

/// The noted caller.
pub(super) fn noted(headers: &HeaderMap) -> Option<ClusterCaller> {
    let note = headers.get(CALLER)?.to_str().ok()?;
    match note.strip_prefix('u') {
        Some(name) => {
            let name = percent_decode_str(name).decode_utf8().ok()?;
            Some(ClusterCaller::User(name.into_owned()))
        }
        None => Some(ClusterCaller::Anybody),
    }
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
