//! `POST /pins`.

use super::{Pin, PinStatus, Pinning};
use crate::shape::Json;

endpoint! {
    /// Add a pin object.
    ///
    /// <https://ipfs.github.io/pinning-services-api-spec/#operation/addPin>
    pub struct AddPin: POST "/pins" as "addPin" of Pinning {
        path {}
        query {}
        headers {
            /// A random text that identifies the request, so that it can be repeated: the response is then the pin object that
            /// the first request with this text added. An extension of the specification.
            idempotency_key: Option<String> = Value "Idempotency-Key", 1..=255;
        }
        body: Json<Pin>,
        reply: 202 One<PinStatus>,
        errors: [400, 401, 404, 409],
        access: Scope("pins:write"),
        safe: false,
        command: "pins/add",
    }
}

impl AddPin {
    /// A request without an idempotency key.
    #[must_use]
    pub fn new() -> Self {
        Self {
            idempotency_key: None,
        }
    }
}

impl Default for AddPin {
    fn default() -> Self {
        Self::new()
    }
}
