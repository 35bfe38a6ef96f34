//! `GET /check/{cid}`.

use super::{Checked, Success, UploadApi};
use crate::shape::NoBody;

endpoint! {
    /// Check if a CID is stored.
    ///
    /// Needs no token, and tells nothing about who stored it.
    ///
    /// <https://nft.storage/api-docs/#operation/check>
    pub struct CheckUpload: GET "/check/{cid}" as "check" of UploadApi {
        path {
            /// The CID.
            cid: String = "cid";
        }
        query {}
        body: NoBody,
        reply: 200 One<Success<Checked>>,
        errors: [400, 404],
        access: Open,
        safe: true,
        command: "uploads/check",
    }
}
