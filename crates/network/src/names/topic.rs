//! Topics and keys of names.

use cairn_primitives::PeerId;
use data_encoding::BASE64URL_NOPAD;

/// What precedes the name in a key.
const SPACE: &[u8] = b"/ipns/";

/// The key of the record of a name, in the DHT and in the fetch protocol: `/ipns/` and the bytes of the peer ID.
pub(super) fn key(name: &PeerId) -> Vec<u8> {
    [SPACE, &name.to_bytes()[..]].concat()
}

/// The name of a key.
pub(super) fn name(key: &[u8]) -> Option<PeerId> {
    PeerId::from_bytes(key.strip_prefix(SPACE)?).ok()
}

/// The topic of the records of a name: `/record/` and the key in base64url.
#[must_use]
pub fn topic(name: &PeerId) -> String {
    format!("/record/{}", BASE64URL_NOPAD.encode(&key(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_topics_of_names() {
        let text = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";
        let id: PeerId = text.parse().unwrap();
        assert_eq!(name(&key(&id)), Some(id.clone()));
        assert_eq!(name(b"/pk/x"), None);
        assert_eq!(name(b"/ipns/x"), None);
        assert!(topic(&id).starts_with("/record/L2lwbnMvACQIARIg"));
    }
}
