//! `DELETE /pins/{requestid}`.

use super::Pinning;
use crate::shape::NoBody;

endpoint! {
    /// Remove a pin object.
    ///
    /// <https://ipfs.github.io/pinning-services-api-spec/#operation/deletePinByRequestId>
    pub struct DeletePin: DELETE "/pins/{requestid}" as "deletePinByRequestId" of Pinning {
        path {
            /// Identifies the pin request.
            requestid: String = "requestid";
        }
        query {}
        body: NoBody,
        reply: 202 Nothing,
        errors: [400, 401, 404, 409],
        access: Scope("pins:write"),
        safe: false,
        command: "pins/rm",
    }
}
