//! `GET /pins/{requestid}`.

use super::{PinStatus, Pinning};
use crate::shape::NoBody;

endpoint! {
    /// Get a pin object and its status.
    ///
    /// <https://ipfs.github.io/pinning-services-api-spec/#operation/getPinByRequestId>
    pub struct GetPin: GET "/pins/{requestid}" as "getPinByRequestId" of Pinning {
        path {
            /// Identifies the pin request.
            requestid: String = "requestid";
        }
        query {}
        body: NoBody,
        reply: 200 One<PinStatus>,
        errors: [400, 401, 404, 409],
        access: Scope("pins:read"),
        safe: true,
        command: "pins/get",
    }
}
