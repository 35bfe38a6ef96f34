//! Multistream-select, with which every stream of libp2p begins: the protocol, read from what the accepting side sends.
//!
//! Spec: <https://github.com/multiformats/multistream-select>

use crate::varint;

/// Most bytes that are read: the longest negotiation that libp2p's implementations make is shorter. Above, the stream has no name.
const MAX_BYTES: usize = 1_024;

/// The protocol of a stream, by the bytes that the accepting side sends first; `None` if they do not tell.
#[must_use]
pub fn protocol(answer: &[u8]) -> Option<String> {
    match Negotiation::default().push(answer) {
        Progress::Agreed(name) => Some(name),
        Progress::Pending | Progress::Unknown => None,
    }
}

/// The state of a negotiation.
#[derive(Debug, Default)]
pub struct Negotiation {
    bytes: Vec<u8>,
}

/// What is known after some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// The negotiation continues.
    Pending,
    /// This protocol was agreed on.
    Agreed(String),
    /// It is no negotiation.
    Unknown,
}

impl Negotiation {
    /// Takes further bytes of the accepting side.
    pub fn push(&mut self, bytes: &[u8]) -> Progress {
        let room = MAX_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        let mut rest = &self.bytes[..];
        loop {
            let Ok((length, used)) = varint::decode(rest) else {
                return self.more();
            };
            let message = usize::try_from(length)
                .ok()
                .and_then(|length| rest.get(used..)?.split_at_checked(length));
            let Some((message, after)) = message else {
                return self.more();
            };
            rest = after;
            let Some(message) = message.strip_suffix(b"\n") else {
                return Progress::Unknown;
            };
            match message {
                b"/multistream/1.0.0" | b"na" | b"ls" => {}
                [b'/', ..] => {
                    return match std::str::from_utf8(message) {
                        Ok(name) => Progress::Agreed(name.to_owned()),
                        Err(_) => Progress::Unknown,
                    };
                }
                _ => return Progress::Unknown,
            }
        }
    }

    fn more(&self) -> Progress {
        if self.bytes.len() >= MAX_BYTES {
            Progress::Unknown
        } else {
            Progress::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(text.len() + 1).unwrap()];
        bytes.extend(text.as_bytes());
        bytes.push(b'\n');
        bytes
    }

    #[test]
    fn the_agreed_protocol_is_found_however_the_bytes_are_split() {
        let bytes = [
            message("/multistream/1.0.0"),
            message("na"),
            message("/ipfs/ping/1.0.0"),
            b"data".to_vec(),
        ]
        .concat();
        let agreed = Progress::Agreed("/ipfs/ping/1.0.0".to_owned());
        assert_eq!(Negotiation::default().push(&bytes), agreed);
        let mut negotiation = Negotiation::default();
        let found = bytes.iter().map(|byte| negotiation.push(&[*byte]));
        assert_eq!(
            found
                .into_iter()
                .find(|progress| *progress != Progress::Pending),
            Some(agreed)
        );
    }

    #[test]
    fn other_bytes_have_no_protocol() {
        assert_eq!(Negotiation::default().push(b"\x03abc"), Progress::Unknown);
        assert_eq!(Negotiation::default().push(b"\x04abc\n"), Progress::Unknown);
        assert_eq!(
            Negotiation::default().push(b"\x03\xff\xff\n"),
            Progress::Unknown
        );
        assert_eq!(
            Negotiation::default().push(&[0xff; 4_096]),
            Progress::Unknown
        );
        assert_eq!(Negotiation::default().push(b""), Progress::Pending);
    }
}
