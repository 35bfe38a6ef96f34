//! How Go writes lists that are nil: as `null`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Reads `null` as the default.
pub(crate) fn null_as_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Writes an empty list as `null`.
pub(crate) fn empty_as_null<S, T>(list: &[T], to: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize,
{
    if list.is_empty() {
        to.serialize_none()
    } else {
        list.serialize(to)
    }
}
