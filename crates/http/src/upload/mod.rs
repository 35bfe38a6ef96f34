//! The face of the upload API.
//!
//! It also has the endpoints of the pinning service, with the same tokens, as the hosted service had them.

mod body;
mod error;
mod handlers;
mod records;

use std::sync::Arc;

use axum::extract::Request;
use cairn_services::Services;
use cairn_services::accounts::RateClass;
use cairn_wire::rest::Fault;
use cairn_wire::upload::UploadApi;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};

use crate::mount_endpoints;
use crate::rest::bearer::{self, Visitor};
use crate::rest::{self, Attempt};

/// The version that the service tells.
#[derive(Clone, Debug)]
pub struct Version {
    /// The version of the program.
    pub version: String,
    /// The commit that it was built from; may be empty.
    pub commit: String,
}

/// State of the handlers.
#[derive(Clone)]
pub(crate) struct Face {
    services: Arc<Services>,
    version: Arc<Version>,
}

impl rest::Service for Face {
    type Api = UploadApi;
    type Caller = Visitor;

    async fn authenticate(
        &self,
        attempt: Attempt<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Visitor, Fault> {
        bearer::authenticate(
            self.services.accounts(),
            RateClass::Upload,
            &attempt,
            headers,
        )
        .await
    }
}

/// The service of the upload API.
pub fn service(services: Arc<Services>, version: Version) -> crate::Service {
    let pins = crate::pinning::service(
        Arc::clone(services.pin_queue()),
        Arc::clone(services.accounts()),
    );
    let face = Face {
        services,
        version: Arc::new(version),
    };
    let router = cairn_wire::upload_endpoints!(mount_endpoints)
        .with_openapi(cairn_wire::upload::openapi)
        .into_router(face);
    let uploads = crate::Service::from(router);
    crate::Service::new(move |mut request: Request| {
        if let Some(uri) = plain(request.uri()) {
            *request.uri_mut() = uri;
        }
        match is_pins(request.uri().path()) {
            true => pins.call(request),
            false => uploads.call(request),
        }
    })
}

/// Whether a path is one of the pinning service.
fn is_pins(path: &str) -> bool {
    path.strip_prefix("/pins")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path without `/api`, which older clients have in front of every path, and without the slash at the end of paths of
/// the pinning service; `None` if it is so already.
fn plain(uri: &Uri) -> Option<Uri> {
    let query = uri.query().map(|query| format!("?{query}"));
    let whole = uri.path();
    let path = match whole.strip_prefix("/api") {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => whole,
    };
    let path = match path.strip_suffix('/') {
        Some(rest) if is_pins(rest) => rest,
        _ => path,
    };
    if path == whole {
        return None;
    }
    let path = format!("{path}{}", query.unwrap_or_default());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_longer_paths_are_the_same() {
        for (path, expected) in [
            ("/api", Some("/")),
            ("/api/", Some("/")),
            ("/api?limit=1", Some("/?limit=1")),
            ("/api/check/x/?a", Some("/check/x/?a")),
            ("/api/pins/", Some("/pins")),
            ("/pins/x/?a", Some("/pins/x?a")),
            ("/apis", None),
            ("/check/api", None),
            ("/pinsx/", None),
            ("/", None),
        ] {
            let uri: Uri = path.parse().unwrap();
            let found = plain(&uri).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }
}
