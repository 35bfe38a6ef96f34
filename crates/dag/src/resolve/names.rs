//! Resolves mutable paths to immutable ones.

use std::time::Duration;

use cairn_primitives::path::{ContentPath, PathError};
use cairn_store::names::{NameError, NameOptions, Names};

use super::ResolveError;

/// Maximum number of names that point to further names, as in Kubo.
pub const MAX_NAMES: usize = 32;

/// The result of resolving the names of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The immutable path.
    pub path: ContentPath,
    /// How long the result is valid.
    pub validity: Validity,
}

/// The validity of a resolved path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Unlimited: the path has no name.
    Immutable,
    /// The shortest validity of its names; `None` if one of them is unknown.
    Ttl(Option<Duration>),
}

/// Resolves the names of a path to a CID, or a single name without `recursive`. Paths outside `/ipns` are returned
/// unchanged.
///
/// # Errors
/// [`ResolveError::Mutable`] on a node without name resolution, otherwise [`ResolveError::Name`].
pub async fn follow_names(
    names: &dyn Names,
    path: ContentPath,
    options: &NameOptions,
    recursive: bool,
) -> Result<Named, ResolveError> {
    let mut named = Named {
        path,
        validity: Validity::Immutable,
    };
    let limit = if recursive { MAX_NAMES } else { 1 };
    let mut first = None;
    for _ in 0..limit {
        if !named.path.is_mutable() {
            break;
        }
        let name = named.path.root().into_owned();
        let target = names
            .resolve(&name, options)
            .await
            .map_err(|error| match error {
                NameError::Unavailable => ResolveError::Mutable(named.path.as_bytes().into()),
                error => error.into(),
            })?;
        named.validity = Validity::Ttl(match named.validity {
            Validity::Immutable => target.ttl,
            Validity::Ttl(before) => before.zip(target.ttl).map(|(one, other)| one.min(other)),
        });
        named.path = below(&target.path, &named.path).map_err(|error| NameError::Failed {
            name: name.clone(),
            reason: error.to_string(),
        })?;
        first.get_or_insert(name);
    }
    match first {
        Some(name) if recursive && named.path.is_mutable() => Err(NameError::TooDeep {
            name,
            limit: MAX_NAMES,
        }
        .into()),
        _ => Ok(named),
    }
}

/// What a path is below the target of its root.
fn below(target: &ContentPath, path: &ContentPath) -> Result<ContentPath, PathError> {
    let joined = target.join(path.names())?;
    if path.ends_in_slash() && !joined.ends_in_slash() {
        return ContentPath::new([joined.as_bytes(), b"/"].concat());
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use cairn_store::names::{FixedNames, NoNames};

    use super::*;

    const CID: &str = "bafkreidb4xu4pn2wecnsec2qmebq3qon4zfej7tzpe6ojdbbqsoisd7l2a";

    fn path(text: &str) -> ContentPath {
        ContentPath::new(text).unwrap()
    }

    fn names() -> FixedNames {
        let seconds = Duration::from_secs;
        FixedNames::new()
            .with("key", path(&format!("/ipfs/{CID}/docs")), Some(seconds(60)))
            .with("example.com", path("/ipns/key/a"), Some(seconds(300)))
            .with("no-ttl", path("/ipns/key"), None)
            .with("loop", path("/ipns/loop"), None)
    }

    async fn follow(text: &str, recursive: bool) -> Result<Named, ResolveError> {
        follow_names(&names(), path(text), &NameOptions::default(), recursive).await
    }

    #[tokio::test]
    async fn names_are_followed_with_what_is_below_them() {
        for (text, recursive, leads, validity) in [
            (
                format!("/ipfs/{CID}/x"),
                true,
                format!("/ipfs/{CID}/x"),
                Validity::Immutable,
            ),
            (
                "/ipns/key".to_owned(),
                true,
                format!("/ipfs/{CID}/docs"),
                Validity::Ttl(Some(Duration::from_secs(60))),
            ),
            (
                "/ipns/example.com/b/".to_owned(),
                true,
                format!("/ipfs/{CID}/docs/a/b/"),
                Validity::Ttl(Some(Duration::from_secs(60))),
            ),
            (
                "/ipns/example.com/b".to_owned(),
                false,
                "/ipns/key/a/b".to_owned(),
                Validity::Ttl(Some(Duration::from_secs(300))),
            ),
            (
                "/ipns/no-ttl".to_owned(),
                true,
                format!("/ipfs/{CID}/docs"),
                Validity::Ttl(None),
            ),
        ] {
            let named = follow(&text, recursive).await.unwrap();
            assert_eq!(named.path, path(&leads), "{text}");
            assert_eq!(named.validity, validity, "{text}");
        }
    }

    #[tokio::test]
    async fn names_that_lead_nowhere_are_errors() {
        assert!(matches!(
            follow("/ipns/absent", true).await,
            Err(ResolveError::Name(NameError::NotFound { .. }))
        ));
        assert!(matches!(
            follow("/ipns/loop", true).await,
            Err(ResolveError::Name(NameError::TooDeep { .. }))
        ));
        let options = NameOptions::default();
        let offline = follow_names(&NoNames, path("/ipns/key/a"), &options, true);
        assert!(matches!(
            offline.await,
            Err(ResolveError::Mutable(path)) if path == "/ipns/key/a"
        ));
    }
}
