//! CARs, which a client can verify.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/trustless-gateway/#car-responses-application-vnd-ipld-car>

use axum::body::Body;
use axum::response::Response;
use cairn_dag::export::{ByteRange, CarOptions, CarScope, PathCar};
use cairn_wire::Values;
use http::{HeaderValue, Method, header};
use sha2::{Digest as _, Sha256};

use super::error::GatewayError;
use super::format::RequestedFormat;
use super::response::{describe, disposition, not_modified, put, short_hex, streamed};
use super::target::Target;
use super::{Exchange, conditional};

/// The parameters of a CAR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parameters {
    options: CarOptions,
    /// Whether the client stated that it does not care about the order.
    any_order: bool,
}

impl Parameters {
    fn of(query: &Values, format: &RequestedFormat) -> Result<Self, GatewayError> {
        let bad = |text: &str| GatewayError::Bad(text.to_owned());
        match format.parameter(query, "version") {
            None | Some("" | "1") => {}
            Some(_) => {
                return Err(bad(
                    "unsupported application/vnd.ipld.car version: only version=1 is supported",
                ));
            }
        }
        let any_order = match format.parameter(query, "order") {
            None | Some("" | "dfs") => false,
            Some("unk") => true,
            Some(_) => {
                return Err(bad(
                    "unsupported application/vnd.ipld.car order: expected dfs or unk",
                ));
            }
        };
        let duplicates = match format.parameter(query, "dups") {
            None | Some("" | "n") => false,
            Some("y") => true,
            Some(_) => {
                return Err(bad(
                    "unsupported application/vnd.ipld.car dups: expected y or n",
                ));
            }
        };
        let range = query.loose(&["entity-bytes"]).map(|text| {
            byte_range(text).ok_or_else(|| {
                bad("invalid entity-bytes: expected FROM:TO, where TO may be *, and both may count from the end")
            })
        });
        let range = range.transpose()?;
        let scope = match query.loose(&["dag-scope"]) {
            Some("block") => CarScope::Block,
            Some("entity") => CarScope::Entity(range),
            // A range is always one of an entity.
            Some("all") | None if range.is_some() => CarScope::Entity(range),
            Some("all") | None => CarScope::All,
            Some(_) => {
                return Err(bad("unsupported dag-scope: expected block, entity or all"));
            }
        };
        Ok(Self {
            options: CarOptions { scope, duplicates },
            any_order,
        })
    }

    fn media_type(self) -> String {
        let order = if self.any_order { "unk" } else { "dfs" };
        let dups = if self.options.duplicates { 'y' } else { 'n' };
        format!("application/vnd.ipld.car; version=1; order={order}; dups={dups}")
    }

    /// An ETag that differs for every path and parameter. It is weak: a CAR of the same blocks may have them in another order.
    fn etag(self, target: &Target) -> String {
        let mut hash = Sha256::new();
        hash.update(target.immutable.as_bytes());
        hash.update(format!("\0{self:?}"));
        format!("W/\"{}.car.{}\"", target.cid(), short_hex(&hash.finalize()))
    }
}

/// `entity-bytes`.
fn byte_range(text: &str) -> Option<ByteRange> {
    let (from, to) = text.split_once(':')?;
    let to = match to {
        "*" => None,
        to => Some(to.parse().ok()?),
    };
    let range = ByteRange {
        from: from.parse().ok()?,
        to,
    };
    // Where both count from the same end, nothing could be between them.
    let ordered = match to {
        Some(to) if (to < 0) == (range.from < 0) => range.from <= to,
        _ => true,
    };
    ordered.then_some(range)
}

/// The blocks of the path, and what is asked for of the last.
pub(super) async fn serve(
    exchange: &Exchange<'_>,
    target: &Target,
) -> Result<Response, GatewayError> {
    let parameters = Parameters::of(&exchange.query, &exchange.format)?;
    let etag = parameters.etag(target);
    if conditional::is_known(&exchange.request.headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let mut options = parameters.options;
    if target.is_inside() && options.scope != CarScope::All {
        options.scope = CarScope::Block;
    }
    let car = PathCar::open(&exchange.blocks, &target.traced, options).await?;
    let body = if exchange.request.method == Method::HEAD {
        Body::empty()
    } else {
        streamed(car.into_stream())
    };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    describe(out, target, &etag);
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    put(out, header::CONTENT_TYPE, &parameters.media_type());
    let root = target.traced.roots.first().unwrap_or(target.cid());
    let name = match (exchange.filename(), target.name()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(last)) => format!("{root}_{last}.car"),
        (None, None) => format!("{root}.car"),
    };
    disposition(out, true, &name);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn parameters(query: &str) -> Result<Parameters, GatewayError> {
        let query = Values::from_query(query).unwrap();
        let format = RequestedFormat::of(&query, &HeaderMap::new())?;
        Parameters::of(&query, &format)
    }

    #[test]
    fn reads_parameters() {
        let scope = |query: &str| parameters(query).map(|read| read.options.scope).ok();
        let range = |from, to| Some(CarScope::Entity(Some(ByteRange { from, to })));
        for (query, expected) in [
            ("", Some(CarScope::All)),
            ("dag-scope=block", Some(CarScope::Block)),
            ("dag-scope=entity", Some(CarScope::Entity(None))),
            ("dag-scope=entity&entity-bytes=0:*", range(0, None)),
            ("entity-bytes=-10:-3", range(-10, Some(-3))),
            ("entity-bytes=5:-3", range(5, Some(-3))),
            ("entity-bytes=5:3", None),
            ("entity-bytes=5", None),
            ("entity-bytes=a:b", None),
            ("dag-scope=none", None),
            ("car-version=2", None),
            ("car-order=bfs", None),
            ("car-dups=x", None),
        ] {
            let read = scope(&format!("format=car&{query}"));
            assert_eq!(read, expected, "{query}");
        }
        let read = parameters("format=car&car-order=unk&car-dups=y").unwrap();
        assert_eq!(
            read.media_type(),
            "application/vnd.ipld.car; version=1; order=unk; dups=y"
        );
    }
}
