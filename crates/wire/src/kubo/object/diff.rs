//! `object/diff`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;
use crate::text::escaped;

/// How a path differs: it was added.
pub const ADDED: u8 = 0;
/// How a path differs: it was removed.
pub const REMOVED: u8 = 1;
/// How a path differs: it leads to something else.
pub const CHANGED: u8 = 2;

/// The differences of two DAGs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectChanges {
    /// In the order of the links.
    pub changes: Vec<ObjectChange>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectChange {
    /// [`ADDED`], [`REMOVED`] or [`CHANGED`].
    pub r#type: u8,
    /// The path from the roots.
    pub path: String,
    /// What it leads to in the first DAG; `null` when it was added.
    pub before: Option<CidLink>,
    /// What it leads to in the second DAG; `null` when it was removed.
    pub after: Option<CidLink>,
}

command! {
    /// Show the differences between two DAGs.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-object-diff>
    pub struct ObjectDiff: "object/diff" {
        arguments {
            /// Path of the first DAG.
            before: String = required "obj_a",
            /// Path of the second DAG.
            after: String = required "obj_b",
        }
        options {
            /// Describe the changes in words.
            verbose: bool = "verbose" | "v", false;
        }
        body: NoBody,
        reply: One<ObjectChanges>,
        safe: true,
        needs: Repository,
        text: |request, list, out| list.changes.iter().for_each(|change| change.line(request.verbose, out)),
    }
}

impl ObjectChange {
    fn line(&self, verbose: bool, out: &mut String) {
        let cid = |link: &Option<CidLink>| link.as_ref().map_or("", |link| &*link.cid).to_owned();
        let (before, after) = (cid(&self.before), cid(&self.after));
        let mut path = String::from('"');
        escaped(&self.path, &mut path);
        path.push('"');
        let _ = match (self.r#type, verbose) {
            (ADDED, true) => writeln!(out, "Added new link {path} pointing to {after}."),
            (ADDED, false) => writeln!(out, "+ {after} {path}"),
            (REMOVED, true) => writeln!(out, "Removed link {path} (was {before})."),
            (REMOVED, false) => writeln!(out, "- {before} {path}"),
            (_, true) => writeln!(out, "Changed {path} from {before} to {after}."),
            (_, false) => writeln!(out, "~ {before} {after} {path}"),
        };
    }
}
