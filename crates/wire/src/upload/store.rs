//! `POST /store`.

use super::{StoredNft, Success, UploadApi};
use crate::shape::Files;

endpoint! {
    /// Store an NFT: ERC-1155 metadata and its files.
    ///
    /// The form field `meta` is the metadata as JSON. The name of every other field is a path into it, with dots as
    /// separators (`image`, `properties.video`, `properties.files.0`); its file is stored, and the metadata has its URL there.
    ///
    /// <https://nft.storage/api-docs/#operation/store>
    pub struct StoreNft: POST "/store" as "store" of UploadApi {
        path {}
        query {}
        body: Files,
        reply: 200 One<Success<StoredNft>>,
        errors: [400, 401, 403, 413],
        access: Scope("uploads:write"),
        safe: false,
        command: "uploads/store",
    }
}
