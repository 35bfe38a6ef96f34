//! `GET /pins`.

use std::collections::BTreeMap;

use super::{PinResults, Pinning, Status, TextMatchingStrategy};
use crate::shape::NoBody;

endpoint! {
    /// List pin objects, the newest first.
    ///
    /// <https://ipfs.github.io/pinning-services-api-spec/#operation/getPins>
    pub struct GetPins: GET "/pins" as "getPins" of Pinning {
        path {}
        query {
            /// Only pins of these CIDs.
            cid: Vec<String> = List "cid", 1..=10;
            /// Only pins of this name.
            name: Option<String> = Value "name", 0..=255;
            /// How names are compared: `exact`, `iexact`, `partial` or `ipartial`; `exact` when it is not given.
            r#match: Option<TextMatchingStrategy> = Value "match";
            /// Only pins with these statuses; `pinned` when none is given.
            status: Vec<Status> = List "status", 1..=4;
            /// Only pins that were created before this time, as RFC 3339.
            before: Option<String> = Value "before";
            /// Only pins that were created after this time, as RFC 3339.
            after: Option<String> = Value "after";
            /// Most results.
            limit: u32 = Value "limit", 1..=1000, default 10;
            /// Only pins whose metadata has these keys and values, as JSON.
            meta: Option<BTreeMap<String, String>> = Json "meta";
        }
        body: NoBody,
        reply: 200 One<PinResults>,
        errors: [400, 401, 404, 409],
        access: Scope("pins:read"),
        safe: true,
        command: "pins/ls",
    }
}

impl GetPins {
    /// The pins that a service lists by default.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cid: Vec::new(),
            name: None,
            r#match: None,
            status: Vec::new(),
            before: None,
            after: None,
            limit: 10,
            meta: None,
        }
    }
}

impl Default for GetPins {
    fn default() -> Self {
        Self::new()
    }
}
