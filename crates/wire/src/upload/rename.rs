//! `PATCH /upload/{cid}`.

use super::{NewName, Nft, Success, UploadApi};
use crate::shape::Json;

endpoint! {
    /// Change the name of an upload.
    ///
    /// <https://github.com/nftstorage/nft.storage/blob/main/packages/api/src/routes/nfts-upload.js>
    pub struct RenameUpload: PATCH "/upload/{cid}" as "updateUpload" of UploadApi {
        path {
            /// The upload's CID.
            cid: String = "cid";
        }
        query {}
        body: Json<NewName>,
        reply: 200 One<Success<Nft>>,
        errors: [400, 401, 403, 404],
        access: Scope("uploads:write"),
        safe: false,
        command: "uploads/rename",
    }
}
