//! `POST /upload`.

use super::{Nft, Success, UploadApi};
use crate::shape::RawOrFiles;

endpoint! {
    /// Upload a file, a directory or a CAR.
    ///
    /// The request's `Content-Type` selects: `multipart/form-data` is a directory of its `file` parts, `application/car` a CAR
    /// with one root, anything else one file of that type. CARs with the same root are parts of one upload, whose pin
    /// has the status `pinning` until all of its blocks have arrived.
    ///
    /// <https://nft.storage/api-docs/#operation/upload>
    pub struct Upload: POST "/upload" as "upload" of UploadApi {
        path {}
        query {}
        headers {
            /// A name for the upload.
            name: Option<String> = Escaped "X-Name", 0..=1024;
        }
        body: RawOrFiles,
        reply: 200 One<Success<Nft>>,
        errors: [400, 401, 403, 413],
        access: Scope("uploads:write"),
        safe: false,
        command: "uploads/add",
    }
}
