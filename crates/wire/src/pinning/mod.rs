//! The IPFS Pinning Service API 1.0.0. One file per endpoint.
//!
//! Reference: <https://ipfs.github.io/pinning-services-api-spec/>

mod add;
mod delete;
mod get;
mod list;
mod records;
mod replace;

pub use self::add::AddPin;
pub use self::delete::DeletePin;
pub use self::get::GetPin;
pub use self::list::GetPins;
pub use self::records::{
    Failure, FailureError, Pin, PinResults, PinStatus, Status, TextMatchingStrategy,
};
pub use self::replace::ReplacePin;
use crate::rest::openapi::Document;
use crate::rest::{AllowedHeaders, AllowedOrigin, Api, Cors, Fault, Info, Scheme};

/// Calls a macro with every endpoint of the API. The server, the CLI and the OpenAPI document use this list.
#[macro_export]
macro_rules! pinning_endpoints {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            $crate::pinning::AddPin,
            $crate::pinning::DeletePin,
            $crate::pinning::GetPin,
            $crate::pinning::GetPins,
            $crate::pinning::ReplacePin,
        }
    };
}

crate::pinning_endpoints!(list_endpoints);

/// The API's OpenAPI document.
#[must_use]
pub fn openapi() -> serde_json::Value {
    let document: Document = crate::pinning_endpoints!(describe_endpoints);
    document.finish::<Pinning>()
}

/// The API.
#[derive(Debug)]
pub enum Pinning {}

impl Api for Pinning {
    const INFO: Info = Info {
        title: "IPFS Pinning Service API",
        version: "1.0.0",
        spec: "https://ipfs.github.io/pinning-services-api-spec/",
    };

    const SCHEMES: &'static [Scheme] = &[Scheme::Bearer];

    const CORS: Option<Cors> = Some(Cors {
        origin: AllowedOrigin::Any,
        methods: &["GET", "POST", "DELETE"],
        headers: AllowedHeaders::These(&["authorization", "content-type", "idempotency-key"]),
        exposed: &[
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "retry-after",
        ],
        max_age: Some(86_400),
    });

    const ERROR_RANGES: &'static [&'static str] = &["4XX", "5XX"];

    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        let (status, reason) = match fault {
            Fault::Parameter(_) | Fault::Body(_) => (400, "BAD_REQUEST"),
            Fault::TooLarge(_) => (413, "BAD_REQUEST"),
            Fault::Unauthorized => (401, "UNAUTHORIZED"),
            Fault::Denied(denial) => match denial.status() {
                401 => (401, "UNAUTHORIZED"),
                429 => (429, "TOO_MANY_REQUESTS"),
                status => (status, "FORBIDDEN"),
            },
            Fault::NoSuchPath => (404, "NOT_FOUND"),
            Fault::Method => (405, "METHOD_NOT_ALLOWED"),
            Fault::Internal => (500, "INTERNAL_SERVER_ERROR"),
            Fault::Unavailable => (503, "SERVICE_UNAVAILABLE"),
        };
        (status, Failure::new(reason, fault.to_string()))
    }

    fn message(error: &Failure) -> String {
        let FailureError { reason, details } = &error.error;
        details.clone().unwrap_or_else(|| reason.clone())
    }
}
