//! The parameters of a path.

use axum::extract::RawPathParams;
use cairn_wire::rest::{Invalid, Spec};
use http::Uri;
use percent_encoding::percent_decode_str;

/// The parameters as text, in order. `decoded` is absent if one of them is not UTF-8.
///
/// # Errors
/// When it is absent. The error names the parameter.
pub(super) fn values(
    spec: &Spec,
    decoded: Option<&RawPathParams>,
    uri: &Uri,
) -> Result<Vec<String>, Invalid> {
    let Some(decoded) = decoded else {
        return Err(Invalid {
            name: undecodable(spec.path, uri.path()).to_owned(),
            reason: "not UTF-8".to_owned(),
        });
    };
    Ok(decoded.iter().map(|(_, value)| value.to_owned()).collect())
}

/// The first parameter of a template whose value is not UTF-8.
fn undecodable<'a>(template: &'a str, path: &str) -> &'a str {
    let mut rest = path;
    for segment in template.split('/') {
        let (value, behind) = rest.split_once('/').unwrap_or((rest, ""));
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        if let Some(name) = name {
            let (name, value) = match name.strip_prefix('*') {
                Some(name) => (name, rest),
                None => (name, value),
            };
            if percent_decode_str(value).decode_utf8().is_err() {
                return name;
            }
        }
        rest = behind;
    }
    "path"
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use cairn_wire::rest::{Access, Fault};
    use cairn_wire::upload::{CheckUpload, Failure, GetUpload, UploadApi};
    use http::{HeaderMap, header};
    use http_body_util::BodyExt as _;

    use super::super::{Answer, Attempt, ErrorResponse, Handler, Input, Mount, Service};
    use super::*;

    /// Admits everyone with a credential, and has nothing.
    #[derive(Clone)]
    struct Trial;

    impl Service for Trial {
        type Api = UploadApi;
        type Caller = ();

        async fn authenticate(&self, attempt: Attempt<'_>, _: &mut HeaderMap) -> Result<(), Fault> {
            match attempt.access {
                Access::Open => Ok(()),
                Access::Scope(_) => attempt.credential.map(|_| ()).map_err(Fault::from),
            }
        }
    }

    type Refusal = ErrorResponse<UploadApi>;

    impl Handler<Trial> for GetUpload {
        async fn handle(self, _: Input<Trial, Self>) -> Result<Answer<Self>, Refusal> {
            Err(Fault::NoSuchPath.into())
        }
    }

    impl Handler<Trial> for CheckUpload {
        async fn handle(self, _: Input<Trial, Self>) -> Result<Answer<Self>, Refusal> {
            Err(Fault::NoSuchPath.into())
        }
    }

    #[tokio::test]
    async fn a_path_that_is_not_utf8_is_refused_in_the_form_of_the_api() {
        let router = Mount::default()
            .with::<GetUpload>()
            .with::<CheckUpload>()
            .into_router(Trial);
        let service = crate::Service::from(router);
        let token = Some("Bearer x");
        for (path, token, status, message) in [
            ("/%ff", None, 401, "API Key is missing"),
            ("/%ff", token, 400, "invalid parameter cid: not UTF-8"),
            ("/check/%ff", None, 400, "invalid parameter cid: not UTF-8"),
            ("/%61", token, 404, "not found"),
        ] {
            let mut request = Request::builder().uri(path);
            if let Some(token) = token {
                request = request.header(header::AUTHORIZATION, token);
            }
            let response = service.call(request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status(), status, "{path}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let failure: Failure = serde_json::from_slice(&body).unwrap();
            assert!(failure.error.message.starts_with(message), "{failure:?}");
        }
    }

    #[test]
    fn the_parameter_that_is_not_utf8_is_named() {
        for (template, path, name) in [
            ("/{cid}", "/%ff", "cid"),
            ("/{cid}", "/%ff/", "cid"),
            ("/check/{cid}", "/check/x%C3", "cid"),
            (
                "/accounts/{account}/tokens/{token}",
                "/accounts/a/tokens/%80",
                "token",
            ),
            (
                "/accounts/{account}/tokens/{token}",
                "/accounts/%80/tokens/%80",
                "account",
            ),
            ("/pins/{namespace}/{*path}", "/pins/ipfs/a/%ff/b", "path"),
        ] {
            assert_eq!(undecodable(template, path), name, "{template} {path}");
        }
    }
}
