//! `key/rename`.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// A key that was renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RenamedKey {
    /// Its old name.
    pub was: String,
    /// Its new name.
    pub now: String,
    /// Its id.
    pub id: String,
    /// Whether another key had the new name, and is gone.
    pub overwrite: bool,
}

command! {
    /// Rename a key pair.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-key-rename>
    pub struct KeyRename: "key/rename" {
        arguments {
            /// Name of the key.
            name: String = required "name",
            /// New name of the key.
            new_name: String = required "newName",
        }
        options {
            /// Overwrite an existing key.
            force: bool = "force" | "f", false;
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: NoBody,
        reply: One<RenamedKey>,
        safe: false,
        needs: Repository,
        text: |_, key, out| {
            out.push_str(&format!("Key {} renamed to ", key.id));
            escaped(&key.now, out);
            out.push_str(if key.overwrite { " with overwriting\n" } else { "\n" });
        },
    }
}
