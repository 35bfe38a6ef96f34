//! What differs between two runs, and the labels that stand for it in recordings.

use multibase::Base;
use serde_json::Value;

/// Values and their labels.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Value and label, in the order in which they are applied: longest value first, since one may hold another.
    known: Vec<(String, String)>,
    /// Label and the value it stands for in requests.
    given: Vec<(String, String)>,
}

impl Labels {
    /// `value` is called `label` from now on; where it is a peer id, in all its spellings.
    pub(super) fn know(&mut self, value: &str, label: &str) {
        for spelling in peer_id_spellings(value).into_iter().flatten() {
            self.insert(spelling, label);
        }
        self.insert(value.to_owned(), label);
        self.given.retain(|(known, _)| known != label);
        self.given.push((label.to_owned(), value.to_owned()));
    }

    fn insert(&mut self, value: String, label: &str) {
        if value.is_empty() {
            return;
        }
        self.known.retain(|(known, _)| *known != value);
        let position = self
            .known
            .partition_point(|(known, _)| known.len() >= value.len());
        self.known.insert(position, (value, label.to_owned()));
    }

    /// `text` with every value replaced by its label.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, label) in &self.known {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), label);
            }
        }
        text
    }

    /// `value` with every string in it, keys among them, treated as by [`Labels::apply`].
    pub(super) fn apply_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.apply(&text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.apply_value(item))
                .collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (self.apply(&name), self.apply_value(value)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    /// `text` with every label replaced by the value it was given for.
    pub(super) fn resolve(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (label, value) in &self.given {
            if text.contains(label.as_str()) {
                text = text.replace(label.as_str(), value);
            }
        }
        text
    }
}

/// A peer id as base58 multihash, and as CIDv1 in base36, base32 and base58; `None` where it is not a peer id.
fn peer_id_spellings(id: &str) -> Option<[String; 4]> {
    const LIBP2P_KEY: [u8; 2] = [1, 0x72];
    let multihash = match id.chars().next()? {
        'k' | 'b' | 'z' => multibase::decode(id)
            .ok()?
            .1
            .strip_prefix(&LIBP2P_KEY)?
            .to_vec(),
        _ => Base::Base58Btc.decode(id).ok()?,
    };
    let cid = [LIBP2P_KEY.as_slice(), &multihash].concat();
    let spelled = |base| multibase::encode(base, &cid);
    Some([
        Base::Base58Btc.encode(&multihash),
        spelled(Base::Base36Lower),
        spelled(Base::Base32Lower),
        spelled(Base::Base58Btc),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

    #[test]
    fn a_peer_id_is_known_in_all_its_spellings() {
        let mut labels = Labels::default();
        labels.know(ID, "<SELF>");
        let spellings = peer_id_spellings(ID).unwrap();
        assert_eq!(spellings[0], ID);
        for spelling in &spellings {
            assert_eq!(peer_id_spellings(spelling).unwrap(), spellings);
            assert_eq!(labels.apply(&format!("/p2p/{spelling}/x")), "/p2p/<SELF>/x");
        }
        assert_eq!(labels.resolve("arg=<SELF>"), format!("arg={ID}"));
    }

    #[test]
    fn a_longer_value_goes_before_one_that_it_holds() {
        let mut labels = Labels::default();
        labels.know("127.0.0.1:1", "<HOST>");
        labels.know("http://127.0.0.1:1", "<BASE>");
        assert_eq!(
            labels.apply("http://127.0.0.1:1/ 127.0.0.1:1"),
            "<BASE>/ <HOST>"
        );
    }
}
