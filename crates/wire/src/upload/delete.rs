//! `DELETE /{cid}`.

use super::{Deleted, UploadApi};
use crate::shape::NoBody;

endpoint! {
    /// Stop storing an upload.
    ///
    /// The content stays available while somebody else stores it.
    ///
    /// <https://nft.storage/api-docs/#operation/delete>
    pub struct DeleteUpload: DELETE "/{cid}" as "delete" of UploadApi {
        path {
            /// The upload's CID.
            cid: String = "cid";
        }
        query {}
        body: NoBody,
        reply: 200 One<Deleted>,
        errors: [400, 401, 403, 404],
        access: Scope("uploads:write"),
        safe: false,
        command: "uploads/rm",
    }
}
