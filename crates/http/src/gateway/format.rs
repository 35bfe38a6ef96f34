//! The format of a response: `?format=`, else `Accept`.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/path-gateway/#format-request-query-parameter>

use cairn_wire::Values;
use http::{HeaderMap, header};

use super::error::GatewayError;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// What the content is: a file, a directory's page, a value.
    Content,
    /// The block.
    Raw,
    /// A CAR.
    Car,
    /// A tar archive.
    Tar,
    /// JSON as it is.
    Json,
    /// CBOR as it is.
    Cbor,
    /// DAG-JSON.
    DagJson,
    /// DAG-CBOR.
    DagCbor,
    /// The record of an IPNS name.
    IpnsRecord,
}

/// The formats with their names in `?format=` and their media types.
const FORMATS: [(Format, &str, &str); 8] = [
    (Format::Raw, "raw", "application/vnd.ipld.raw"),
    (Format::Car, "car", "application/vnd.ipld.car"),
    (Format::Tar, "tar", "application/x-tar"),
    (Format::Json, "json", "application/json"),
    (Format::Cbor, "cbor", "application/cbor"),
    (Format::DagJson, "dag-json", "application/vnd.ipld.dag-json"),
    (Format::DagCbor, "dag-cbor", "application/vnd.ipld.dag-cbor"),
    (
        Format::IpnsRecord,
        "ipns-record",
        "application/vnd.ipfs.ipns-record",
    ),
];

impl Format {
    /// Its name in `?format=`; empty for [`Format::Content`].
    pub(super) fn name(self) -> &'static str {
        FORMATS
            .iter()
            .find(|(format, ..)| *format == self)
            .map_or("", |(_, name, _)| name)
    }

    /// Its media type; empty for [`Format::Content`].
    pub(super) fn media_type(self) -> &'static str {
        FORMATS
            .iter()
            .find(|(format, ..)| *format == self)
            .map_or("", |(_, _, media_type)| media_type)
    }
}

/// The requested format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestedFormat {
    pub(super) format: Format,
    /// Parameters of its media type in `Accept`, with names in lower case.
    pub(super) parameters: Vec<(String, String)>,
    /// Whether the URL has the format, so that caches can tell responses apart.
    in_url: bool,
}

impl RequestedFormat {
    /// Reads a request. A `?format=` that no format has is somebody else's parameter, and ignored.
    pub(super) fn of(query: &Values, headers: &HeaderMap) -> Result<Self, GatewayError> {
        let in_url = query.loose(&["format"]).and_then(|name| {
            let found = FORMATS.iter().find(|(_, known, _)| *known == name);
            found.map(|(format, ..)| *format)
        });
        let accepted = accepted(headers);
        if let Some(format) = in_url {
            // Parameters belong to the media type that they were given with.
            let accepted = accepted
                .into_iter()
                .find(|range| range.format == Some(format));
            return Ok(Self {
                format,
                parameters: accepted.map(|range| range.parameters).unwrap_or_default(),
                in_url: true,
            });
        }
        let mut first = None;
        for range in accepted {
            match range.format {
                Some(format) if range.is_served() => {
                    return Ok(Self {
                        format,
                        parameters: range.parameters,
                        in_url: false,
                    });
                }
                _ => first = first.or(Some(range)),
            }
        }
        match first {
            None => Ok(Self {
                format: Format::Content,
                parameters: Vec::new(),
                in_url: true,
            }),
            Some(Accepted {
                format: Some(format),
                parameters,
                ..
            }) => Ok(Self {
                format,
                parameters,
                in_url: false,
            }),
            Some(_) => Err(GatewayError::Bad(
                "unsupported response format requested: see https://specs.ipfs.tech/http-gateways/path-gateway/#accept-request-header".to_owned(),
            )),
        }
    }

    /// A parameter of a CAR: the URL's, else that of `Accept`.
    pub(super) fn parameter<'a>(&'a self, query: &'a Values, name: &str) -> Option<&'a str> {
        let in_query = query.loose(&[&format!("car-{name}")]);
        in_query.filter(|value| !value.is_empty()).or_else(|| {
            let found = self.parameters.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        })
    }

    /// The URL that has the format, for `Content-Location`; `None` if that of the request has.
    pub(super) fn location(&self, path: &str, query: &Values) -> Option<String> {
        if self.in_url {
            return None;
        }
        let name = self.format.name();
        let mut pairs: Vec<(String, String)> = query
            .options()
            .filter(|(key, _)| *key != "format")
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        pairs.push(("format".to_owned(), name.to_owned()));
        for (key, value) in &self.parameters {
            let key = format!("{name}-{key}");
            if !pairs.iter().any(|(known, _)| *known == key) {
                pairs.push((key, value.clone()));
            }
        }
        pairs.sort();
        let mut values = Values::default();
        for (key, value) in pairs {
            values.option(key, value);
        }
        Some(format!("{path}?{}", values.to_query()))
    }
}

/// A media range of `Accept` that is about formats of this gateway.
#[derive(Clone, Debug)]
struct Accepted {
    /// `None` for a format that does not exist.
    format: Option<Format>,
    parameters: Vec<(String, String)>,
    /// Weight in thousandths.
    weight: u16,
}

impl Accepted {
    /// Whether the gateway has this variant; a client may prefer one that it does not have.
    fn is_served(&self) -> bool {
        self.format != Some(Format::Car)
            || self
                .parameters
                .iter()
                .all(|(name, value)| match name.as_str() {
                    "version" => value == "1",
                    "order" => matches!(value.as_str(), "" | "dfs" | "unk"),
                    "dups" => matches!(value.as_str(), "" | "y" | "n"),
                    _ => true,
                })
    }
}

/// The ranges of `Accept` that are about formats, the preferred ones first. Those for browsers are no formats.
fn accepted(headers: &HeaderMap) -> Vec<Accepted> {
    let mut found: Vec<Accepted> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(range)
        .filter(|range| range.weight > 0)
        .collect();
    found.sort_by_key(|range| std::cmp::Reverse(range.weight));
    found
}

fn range(text: &str) -> Option<Accepted> {
    let mut parts = text.split(';');
    let media_type = parts.next()?.trim().to_ascii_lowercase();
    let format = FORMATS.iter().find(|(.., known)| *known == media_type);
    let format = format.map(|(format, ..)| *format);
    let is_ours = media_type.starts_with("application/vnd.ipld.")
        || media_type.starts_with("application/vnd.ipfs.");
    if format.is_none() && !is_ours {
        return None;
    }
    let mut range = Accepted {
        format,
        parameters: Vec::new(),
        weight: 1000,
    };
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let value = value.trim_matches('"');
        if name == "q" {
            let weight: f32 = value.parse().unwrap_or(1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is between 0 and 1000"
            )]
            let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            range.weight = weight;
        } else if !name.is_empty() {
            range.parameters.push((name, value.to_owned()));
        }
    }
    Some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(query: &str, accept: &str) -> RequestedFormat {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        RequestedFormat::of(&Values::from_query(query).unwrap(), &headers).unwrap()
    }

    #[test]
    fn the_url_has_precedence() {
        for (query, accept, format) in [
            ("", "", Format::Content),
            (
                "",
                "text/html,application/xhtml+xml,*/*;q=0.8",
                Format::Content,
            ),
            ("format=raw", "application/vnd.ipld.car", Format::Raw),
            ("format=webp", "", Format::Content),
            ("format=webp", "application/vnd.ipld.car", Format::Car),
            ("", "application/x-tar", Format::Tar),
            ("", "text/html, application/vnd.ipld.raw", Format::Raw),
            (
                "",
                "application/vnd.ipld.raw;q=0.1, application/vnd.ipld.car;q=0.2",
                Format::Car,
            ),
            ("", "application/vnd.ipld.raw;q=0", Format::Content),
            (
                "",
                "application/vnd.ipld.car;version=2, application/vnd.ipld.raw;q=0.5",
                Format::Raw,
            ),
            ("", "application/vnd.ipld.car;version=2", Format::Car),
        ] {
            assert_eq!(requested(query, accept).format, format, "{query} {accept}");
        }
        let headers = HeaderMap::from_iter([(
            header::ACCEPT,
            "application/vnd.ipld.unknown".parse().unwrap(),
        )]);
        assert!(RequestedFormat::of(&Values::default(), &headers).is_err());
    }

    #[test]
    fn parameters_come_from_the_url_first() {
        let accept = "application/vnd.ipld.car; version=1; order=dfs; dups=y";
        let query = Values::from_query("format=car&car-dups=n").unwrap();
        let both = requested("format=car&car-dups=n", accept);
        assert_eq!(both.parameter(&query, "dups"), Some("n"));
        assert_eq!(both.parameter(&query, "order"), Some("dfs"));
        assert_eq!(both.location("/ipfs/x", &query), None);
        let raw = requested("format=raw", accept);
        assert!(raw.parameters.is_empty());
    }

    #[test]
    fn caches_are_told_the_format() {
        let accept = "application/vnd.ipld.car;order=dfs";
        let query = Values::from_query("filename=a b&dag-scope=block").unwrap();
        let location =
            requested("filename=a b&dag-scope=block", accept).location("/ipfs/x", &query);
        assert_eq!(
            location.as_deref(),
            Some("/ipfs/x?car-order=dfs&dag-scope=block&filename=a%20b&format=car")
        );
    }
}
