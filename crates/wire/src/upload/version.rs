//! `GET /version`.

use super::{ServiceVersion, UploadApi};
use crate::shape::NoBody;

endpoint! {
    /// Get the version of the service.
    ///
    /// <https://github.com/nftstorage/nft.storage/blob/main/packages/api/src/index.js>
    pub struct GetVersion: GET "/version" as "version" of UploadApi {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<ServiceVersion>,
        errors: [],
        access: Open,
        safe: true,
        command: "uploads/version",
    }
}
