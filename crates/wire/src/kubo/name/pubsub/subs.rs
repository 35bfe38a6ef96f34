//! `name/pubsub/subs`.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// Names that are subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscriptions {
    /// Their paths.
    pub strings: Option<Vec<String>>,
}

command! {
    /// List the names that are subscribed to over pubsub.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-pubsub-subs>
    pub struct NamePubsubSubs: "name/pubsub/subs" {
        arguments {}
        options {
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: NoBody,
        reply: One<Subscriptions>,
        safe: true,
        needs: Repository,
        text: |_, subscriptions, out| {
            for name in subscriptions.strings.iter().flatten() {
                escaped(name, out);
                out.push('\n');
            }
        },
    }
}
