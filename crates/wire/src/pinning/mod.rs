//! The IPFS Pinning Service API 1.0.0. One file an endpoint.
//!
//! Reference: <https://ipfs.github.io/pinning-services-api-spec/>

mod get;
mod records;

pub use self::get::GetPin;
pub use self::records::{Failure, FailureError, Pin, PinStatus, Status};
use crate::rest::{Api, Fault, Info, Scheme};

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

    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        let (status, reason) = match fault {
            Fault::Parameter(_) | Fault::Body(_) => (400, "BAD_REQUEST"),
            Fault::TooLarge(_) => (413, "BAD_REQUEST"),
            Fault::Unauthorized => (401, "UNAUTHORIZED"),
            Fault::Forbidden => (403, "FORBIDDEN"),
            Fault::NoSuchPath => (404, "NOT_FOUND"),
            Fault::Method => (405, "METHOD_NOT_ALLOWED"),
            Fault::Internal => (500, "INTERNAL_SERVER_ERROR"),
        };
        (status, Failure::new(reason, fault.to_string()))
    }
}
