//! Which content is announced: `Provide.Strategy`.
//!
//! Reference: <https://github.com/ipfs/kubo/blob/master/docs/config.md#providestrategy>

use std::str::FromStr;

use cairn_primitives::quote::Quoted;

use crate::config::Config;

/// Which content is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All blocks.
    All,
    /// These parts.
    Parts(Parts),
}

/// Parts of the content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Pinned blocks: the roots of all pins, and everything below those of recursive ones.
    pub pinned: bool,
    /// The roots of pins.
    pub roots: bool,
    /// The mutable file system, as far as it is local.
    pub mfs: bool,
    /// Whether the blocks inside files are left out, so that of a file only its root is announced.
    pub entities: bool,
}

/// Why a text is not a strategy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrategyError {
    /// It has an unknown part.
    #[error(
        "Provide.Strategy: {} is unknown: expected all, flat, pinned, roots, mfs, unique or entities, joined by +",
        Quoted(.0)
    )]
    Unknown(String),
    /// `all` is joined with something.
    #[error("Provide.Strategy: \"all\" cannot be combined with other strategies")]
    All,
    /// `unique` or `entities` stands alone, or with `roots`.
    #[error(
        "Provide.Strategy: \"unique\" and \"entities\" must be combined with \"pinned\" or \"mfs\", and not with \"roots\""
    )]
    Modifier,
}

impl Strategy {
    /// That of the configuration: `Provide.Strategy`, or `Reprovider.Strategy`, its older name.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_config(config: &Config) -> Result<Self, StrategyError> {
        let strategy = config.provide.strategy.as_deref();
        let strategy = strategy.or(config.reprovider.strategy.as_deref());
        strategy.unwrap_or_default().parse()
    }
}

impl FromStr for Strategy {
    type Err = StrategyError;

    fn from_str(text: &str) -> Result<Self, StrategyError> {
        if text.is_empty() {
            return Ok(Self::All);
        }
        let (mut all, mut modified, mut parts) = (false, false, Parts::default());
        for part in text.split('+') {
            match part {
                "all" | "flat" => all = true,
                "pinned" => parts.pinned = true,
                "roots" => parts.roots = true,
                "mfs" => parts.mfs = true,
                // Blocks that several pins share are announced once anyway.
                "unique" => modified = true,
                "entities" => (modified, parts.entities) = (true, true),
                other => return Err(StrategyError::Unknown(other.to_owned())),
            }
        }
        if all {
            let is_alone = !modified && parts == Parts::default();
            return is_alone.then_some(Self::All).ok_or(StrategyError::All);
        }
        if modified && (parts.roots || !(parts.pinned || parts.mfs)) {
            return Err(StrategyError::Modifier);
        }
        Ok(Self::Parts(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_are_read_as_in_kubo() {
        let parts = Parts::default();
        for (text, expected) in [
            ("", Strategy::All),
            ("all", Strategy::All),
            ("flat", Strategy::All),
            (
                "roots",
                Strategy::Parts(Parts {
                    roots: true,
                    ..parts
                }),
            ),
            (
                "pinned+mfs",
                Strategy::Parts(Parts {
                    pinned: true,
                    mfs: true,
                    ..parts
                }),
            ),
            ("mfs+unique", Strategy::Parts(Parts { mfs: true, ..parts })),
            (
                "pinned+entities",
                Strategy::Parts(Parts {
                    pinned: true,
                    entities: true,
                    ..parts
                }),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for (text, expected) in [
            (
                "everything",
                StrategyError::Unknown("everything".to_owned()),
            ),
            ("pinned+", StrategyError::Unknown(String::new())),
            ("all+mfs", StrategyError::All),
            ("all+unique", StrategyError::All),
            ("entities", StrategyError::Modifier),
            ("roots+unique", StrategyError::Modifier),
        ] {
            assert_eq!(text.parse::<Strategy>(), Err(expected), "{text}");
        }
    }
}
