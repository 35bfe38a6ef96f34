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
        body: Json<Pin>,
        reply: 202 One<PinStatus>,
        errors: [400, 401, 404, 409],
        access: Scope("pins:write"),
        safe: false,
        command: "pins/add",
    }
}
