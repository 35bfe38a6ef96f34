//! Keys, each of which owns an IPNS name. One file a command.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

pub mod generate;
pub mod import;
pub mod ls;
pub mod rename;
pub mod rm;
pub mod sign;
pub mod verify;

/// A key and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Its id: the IPNS name that it owns.
    pub id: String,
}

/// Keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<Key>,
}

/// Writes the keys by name, or with their ids before them in columns.
fn write_keys(list: &KeyList, with_ids: bool, out: &mut String) {
    let names = list.keys.iter().map(|key| {
        let mut name = String::new();
        escaped(&key.name, &mut name);
        name
    });
    let rows: Vec<_> = list.keys.iter().map(|key| &key.id).zip(names).collect();
    let width =
        |length: fn(&(&String, String)) -> usize| rows.iter().map(length).max().unwrap_or(0) + 1;
    let (ids, names) = (
        width(|(id, _)| id.chars().count()),
        width(|(_, name)| name.chars().count()),
    );
    for (id, name) in &rows {
        if with_ids {
            out.push_str(&format!("{id:ids$}{name:names$}\n"));
        } else {
            out.push_str(name);
            out.push('\n');
        }
    }
}
