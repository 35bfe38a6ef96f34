//! `GET /{cid}`.

use super::{Nft, Success, UploadApi};
use crate::shape::NoBody;

endpoint! {
    /// Get an upload and the state of its pin.
    ///
    /// <https://nft.storage/api-docs/#operation/status>
    pub struct GetUpload: GET "/{cid}" as "status" of UploadApi {
        path {
            /// The upload's CID.
            cid: String = "cid";
        }
        query {}
        body: NoBody,
        reply: 200 One<Success<Nft>>,
        errors: [400, 401, 403, 404],
        access: Scope("uploads:read"),
        safe: true,
        command: "uploads/status",
    }
}
