//! Which pin requests a listing has.

use std::collections::BTreeMap;

use cairn_primitives::Cid;

use super::PinState;
use crate::shared::Millis;

/// How a name is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameMatch {
    /// Equal.
    #[default]
    Exact,
    /// Equal but for case.
    ExactFolded,
    /// Contained.
    Partial,
    /// Contained but for case.
    PartialFolded,
}

/// Which pin requests a listing has: those that match everything that is given.
#[derive(Clone, Debug, Default)]
pub struct PinFilter {
    /// Any of these CIDs; those of both versions are equal.
    pub cids: Vec<Cid>,
    /// A name.
    pub name: Option<(String, NameMatch)>,
    /// Any of these statuses.
    pub states: Vec<PinState>,
    /// Created before this time.
    pub before: Option<Millis>,
    /// Created after this time.
    pub after: Option<Millis>,
    /// All of these keys with these values.
    pub meta: BTreeMap<String, String>,
}

/// A text without case, the same in every database: every character in capitals, then in small letters, by Unicode.
pub(in crate::shared) fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}
