//! What a request says about its caller.

use std::net::IpAddr;

use axum::extract::Request;
use cairn_wire::rest::{Access, Denial, Scheme};
use http::{Extensions, HeaderMap, header};

use crate::listen::ClientAddress;

/// A request that is to be authenticated.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// Its credential, or why there is none: [`Denial::Missing`] or [`Denial::Malformed`].
    pub credential: Result<Credential<'a>, Denial>,
    /// Who may call the endpoint.
    pub access: Access,
    /// The address of the client, or of the last proxy before the server. Absent for calls within the process.
    pub client: Option<IpAddr>,
    /// What other layers have noted in the request.
    pub extensions: &'a Extensions,
}

/// A credential of `Authorization`.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// The authentication scheme.
    pub scheme: Scheme,
    /// The token, or the pair of name and password in base64.
    pub secret: &'a str,
}

// Written by hand: credentials do not belong in logs.
impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Credential")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Attempt<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Attempt")
            .field("credential", &self.credential)
            .field("access", &self.access)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn of(request: &'a Request, access: Access) -> Self {
        Self {
            credential: credential(request.headers()),
            access,
            client: request
                .extensions()
                .get::<ClientAddress>()
                .map(|client| client.0),
            extensions: request.extensions(),
        }
    }
}

fn credential(headers: &HeaderMap) -> Result<Credential<'_>, Denial> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or(Denial::Missing)?
        .to_str()
        .map_err(|_| Denial::Malformed)?;
    let (name, secret) = value.split_once(' ').ok_or(Denial::Malformed)?;
    let scheme = [Scheme::Bearer, Scheme::Basic]
        .into_iter()
        .find(|scheme| scheme.name().eq_ignore_ascii_case(name))
        .ok_or(Denial::Malformed)?;
    match secret.trim() {
        "" => Err(Denial::Missing),
        secret => Ok(Credential { scheme, secret }),
    }
}
