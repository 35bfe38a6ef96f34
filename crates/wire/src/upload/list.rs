//! `GET /`.

use super::{Nft, Success, UploadApi};
use crate::shape::NoBody;

reply_headers! {
    /// The headers of a list.
    pub struct ListHeaders {
        /// The total number of uploads, on this page or not.
        count: Option<u64> = Value "Count";
    }
}

endpoint! {
    /// List uploads, the newest first.
    ///
    /// The creation times of an account's uploads differ, so `before` with that of the last one listed gives the next page.
    ///
    /// <https://nft.storage/api-docs/#operation/list>
    pub struct ListUploads: GET "/" as "list" of UploadApi {
        path {}
        query {
            /// Only uploads that were created before this time, as RFC 3339.
            before: Option<String> = Value "before";
            /// Most results.
            limit: u32 = Value "limit", 1..=1000, default 10;
        }
        body: NoBody,
        reply: 200 One<Success<Vec<Nft>>>,
        reply_headers: ListHeaders,
        errors: [400, 401, 403],
        access: Scope("uploads:read"),
        safe: true,
        command: "uploads/ls",
    }
}
