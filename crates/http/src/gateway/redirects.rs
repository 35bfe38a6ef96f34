//! Applies the `_redirects` file of a website to a path that it does not have.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/web-redirects-file/>. Only on origins of their own: a rule of one website must
//! not lead into another.

use axum::response::Response;
use cairn_dag::export::{Content, FileReader, Node as Opened};
use cairn_dag::resolve::{self, ResolveError};
use cairn_primitives::Cid;
use cairn_primitives::path::{ContentPath, Namespace};
use cairn_primitives::redirects::{MAX_SIZE, Redirects, RedirectsError};
use cairn_wire::Values;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::error::GatewayError;
use super::response::redirect;
use super::send::{self, MediaType, Source};
use super::target::{Named, Target, trace};
use super::{Exchange, Gateway, refuse_cids, refuse_path};

/// What a rule says.
pub(super) enum Applied {
    /// The response.
    Answer(Response),
    /// The content of another path.
    Rewritten(Box<Target>),
}

/// Applies the first rule that matches; `None` if there is no file, or no rule.
pub(super) async fn apply(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    named: &Named,
) -> Result<Option<Applied>, GatewayError> {
    let Some(root) = named.immutable.cid() else {
        return Ok(None);
    };
    let Some(file) = read(exchange, root).await? else {
        return Ok(None);
    };
    let broken = |error: RedirectsError| {
        GatewayError::Website(format!("could not parse _redirects: {error}"))
    };
    let rules = Redirects::parse(&file).map_err(broken)?;
    let names: Option<Vec<&str>> = named
        .immutable
        .names()
        .map(|name| std::str::from_utf8(name).ok())
        .collect();
    // Rules are text: no rule matches a name that is not.
    let Some(names) = names else { return Ok(None) };
    let Some(found) = rules.find(&names).map_err(broken)? else {
        return Ok(None);
    };
    if !matches!(found.status, 200 | 404 | 410 | 451) {
        let status = StatusCode::from_u16(found.status)
            .map_err(|error| GatewayError::Internal(error.to_string()))?;
        let to = with_query(&found.to, exchange.request.uri.query());
        return Ok(Some(Applied::Answer(redirect(status, &to))));
    }
    let path = below(root, &found.to)?;
    refuse_path(gateway, &path)?;
    let rewritten = Named {
        path: named.path.clone(),
        immutable: path,
        validity: named.validity,
    };
    let target = trace(&exchange.blocks, &rewritten, true).await;
    let target = target.map_err(|error| {
        GatewayError::Website(format!(
            "trouble processing _redirects: {:?} is not there: {error}",
            found.to
        ))
    })?;
    if found.status == 200 {
        return Ok(Some(Applied::Rewritten(Box::new(target))));
    }
    refuse_cids(gateway, &target.traced.roots)?;
    let opened = Opened::open(&exchange.blocks, target.cid()).await?;
    let Content::File(reader) = opened.content else {
        return Err(GatewayError::Website(format!(
            "trouble processing _redirects: {:?} is not a file",
            found.to
        )));
    };
    let answer = error_page(gateway, exchange, &target, reader, found.status).await?;
    Ok(Some(Applied::Answer(answer)))
}

/// The file of a website, if it has one.
async fn read(exchange: &Exchange<'_>, root: &Cid) -> Result<Option<Vec<u8>>, GatewayError> {
    let names = [&b"_redirects"[..]];
    let found = resolve::below(&exchange.blocks, Namespace::Ipfs, root, &names).await;
    let cid = match found {
        Ok(found) => found.cid,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut reader = FileReader::open(&exchange.blocks, &cid).await?;
    let mut file = Vec::new();
    // One byte more than a file may have is enough to refuse it.
    reader.seek(0, Some(MAX_SIZE as u64 + 1));
    while let Some(bytes) = reader.next().await? {
        file.extend_from_slice(&bytes);
    }
    Ok(Some(file))
}

/// Whether a path does not exist, as opposed to a failure.
pub(super) fn is_absent(error: &ResolveError) -> bool {
    matches!(
        error,
        ResolveError::NoLink { .. }
            | ResolveError::NoKey(_)
            | ResolveError::NotAnIndex(_)
            | ResolveError::WrongKind { .. }
    )
}

/// The path of a target on the website.
fn below(root: &Cid, to: &str) -> Result<ContentPath, GatewayError> {
    let elsewhere = || {
        GatewayError::Website(format!(
            "could not use _redirects: {to:?} is not a path of this website, as rewrites and error pages must be"
        ))
    };
    if !to.starts_with('/') {
        return Err(elsewhere());
    }
    let path = to.split(['?', '#']).next().unwrap_or_default();
    let names = path.split('/').filter(|name| !name.is_empty());
    let names: Vec<Vec<u8>> = names
        .map(|name| percent_decode_str(name).collect())
        .collect();
    let is_name =
        |name: &Vec<u8>| !matches!(name.as_slice(), b"." | b"..") && !name.contains(&b'/');
    if !names.iter().all(is_name) {
        return Err(elsewhere());
    }
    let joined = ContentPath::from_cid(root.clone()).join(&names);
    joined.map_err(|_| elsewhere())
}

/// A redirect's target with the parameters of the request, which have precedence over its own.
fn with_query(to: &str, query: Option<&str>) -> String {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return to.to_owned();
    };
    let Ok(asked) = Values::from_query(query) else {
        return to.to_owned();
    };
    let (to, fragment) = match to.split_once('#') {
        Some((to, fragment)) => (to, format!("#{fragment}")),
        None => (to, String::new()),
    };
    let (base, own) = to.split_once('?').unwrap_or((to, ""));
    let own = Values::from_query(own).unwrap_or_default();
    let pairs = |values: &Values| -> Vec<(String, String)> {
        let options = values
            .options()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let arguments = values.arguments().iter();
        options
            .chain(arguments.map(|value| ("arg".to_owned(), value.to_text().into_owned())))
            .collect()
    };
    let asked = pairs(&asked);
    let mut all: Vec<(String, String)> = pairs(&own)
        .into_iter()
        .filter(|(name, _)| !asked.iter().any(|(known, _)| known == name))
        .chain(asked.iter().cloned())
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    let mut merged = Values::default();
    for (name, value) in all {
        merged.option(name, value);
    }
    format!("{base}?{}{fragment}", merged.to_query())
}

/// A file of the website as the page of an error.
async fn error_page(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    target: &Target,
    reader: FileReader,
    status: u16,
) -> Result<Response, GatewayError> {
    let status =
        StatusCode::from_u16(status).map_err(|error| GatewayError::Internal(error.to_string()))?;
    let etag = format!("\"{}\"", target.cid());
    let content = send::Content {
        source: Source::File(Box::new(reader)),
        media_type: MediaType::Known("text/html"),
        etag: &etag,
        mtime: None,
        max_ranged: gateway.settings.max_ranged,
    };
    // Whole, whatever ranges of the absent path were asked for.
    let whole = http::HeaderMap::new();
    let method = match exchange.request.method {
        Method::HEAD => Method::HEAD,
        _ => Method::GET,
    };
    let mut response = send::send(content, target, &method, &whole).await?;
    *response.status_mut() = status;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_request_have_precedence() {
        for (to, query, expected) in [
            ("/t", None, "/t"),
            ("/t?a=1", None, "/t?a=1"),
            ("/t?a=1&b=2", Some("b=3&c=4"), "/t?a=1&b=3&c=4"),
            (
                "https://e.example/t#x",
                Some("q=a%26b"),
                "https://e.example/t?q=a%26b#x",
            ),
        ] {
            assert_eq!(with_query(to, query), expected);
        }
    }

    #[test]
    fn targets_stay_on_the_website() {
        let root: Cid = "bafkqaaa".parse().unwrap();
        let path = |to: &str| below(&root, to).map(|path| path.as_bytes().to_vec()).ok();
        assert_eq!(
            path("/a%20b/c?q#f").as_deref(),
            Some(&b"/ipfs/bafkqaaa/a b/c"[..])
        );
        assert_eq!(path("https://e.example/"), None);
        assert_eq!(path("/../x"), None);
        assert_eq!(path("/%2e%2e/x"), None);
        assert_eq!(path("/a%2Fb"), None);
    }
}
