//! Topics of names.

use cairn_primitives::PeerId;
use cairn_primitives::ipns::routing_key;
use data_encoding::BASE64URL_NOPAD;

/// The topic of the records of a name: `/record/` and the key in base64url.
#[must_use]
pub fn topic(name: &PeerId) -> String {
    format!("/record/{}", BASE64URL_NOPAD.encode(&routing_key(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_names() {
        let text = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";
        let id: PeerId = text.parse().unwrap();
        assert!(topic(&id).starts_with("/record/L2lwbnMvACQIARIg"));
    }
}
