//! Marks of the services in the names of Kubo's pins.
//!
//! Kubo has one pin for each CID. A pin that the services made is named [`OURS`]. A pin that a user had made before is kept, and
//! its name says so, with its own name and mode, which are restored when the services let go of it.

use cairn_client::groups::pins::PinKind;

/// The name of a pin of the services, and the beginning of the name of one that they share with a user.
pub(super) const OURS: &str = "cairn-services";

const SHARED_RECURSIVE: &str = "cairn-services, recursive pin of a user: ";
const SHARED_DIRECT: &str = "cairn-services, direct pin of a user: ";

/// The longest name that Kubo accepts, in bytes.
const MAX_NAME: usize = 255;

/// Who needs a pin of Kubo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The services alone.
    Services,
    /// The services, and a user with this pin.
    Both(UserPin),
    /// A user alone.
    User(UserPin),
}

/// A user's pin, as it was before the services used it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserPin {
    pub(super) recursive: bool,
    pub(super) name: String,
}

impl Holder {
    /// Reads the name of a pin.
    pub(super) fn of(name: &str, kind: &PinKind) -> Self {
        let user = |recursive, name: &str| UserPin {
            recursive,
            name: name.to_owned(),
        };
        if name == OURS {
            Self::Services
        } else if let Some(name) = name.strip_prefix(SHARED_RECURSIVE) {
            Self::Both(user(true, name))
        } else if let Some(name) = name.strip_prefix(SHARED_DIRECT) {
            Self::Both(user(false, name))
        } else {
            Self::User(user(*kind == PinKind::Recursive, name))
        }
    }

    /// Whether the services need it.
    pub(super) fn has_services(&self) -> bool {
        !matches!(self, Self::User(_))
    }
}

impl UserPin {
    /// The name of the pin while the services need it as well; `None` if that would be too long for Kubo: then the
    /// user's pin is left alone, and is all that keeps the content.
    pub(super) fn shared_name(&self) -> Option<String> {
        let mark = if self.recursive {
            SHARED_RECURSIVE
        } else {
            SHARED_DIRECT
        };
        let name = format!("{mark}{}", self.name);
        (name.len() <= MAX_NAME).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for (recursive, name) in [(true, ""), (false, "a name"), (true, OURS)] {
            let user = UserPin {
                recursive,
                name: name.to_owned(),
            };
            let shared = user.shared_name().unwrap();
            // Whatever the pin is now: a direct one may have become recursive for the services.
            assert_eq!(Holder::of(&shared, &PinKind::Recursive), Holder::Both(user));
        }
        assert_eq!(Holder::of(OURS, &PinKind::Direct), Holder::Services);
        let long = UserPin {
            recursive: true,
            name: "n".repeat(MAX_NAME),
        };
        assert_eq!(long.shared_name(), None);
        assert_eq!(
            Holder::of(&long.name, &PinKind::Recursive),
            Holder::User(long)
        );
    }
}
