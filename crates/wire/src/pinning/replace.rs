//! `POST /pins/{requestid}`.

use super::{Pin, PinStatus, Pinning};
use crate::shape::Json;

endpoint! {
    /// Replace a pin object with another.
    ///
    /// <https://ipfs.github.io/pinning-services-api-spec/#operation/replacePinByRequestId>
    pub struct ReplacePin: POST "/pins/{requestid}" as "replacePinByRequestId" of Pinning {
        path {
            /// Identifies the pin request.
            requestid: String = "requestid";
        }
        query {}
        body: Json<Pin>,
        reply: 202 One<PinStatus>,
        errors: [400, 401, 404, 409],
        access: Scope("pins:write"),
        safe: false,
        command: "pins/replace",
    }
}
