//! Keys of private networks.
//!
//! The file has three lines: `/key/swarm/psk/1.0.0/`, the encoding (`/base16/`, `/base64/` or `/bin/`), and 32 bytes in that encoding.
//! See <https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md>.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use libp2p::pnet::PreSharedKey;

const KIND: &[u8] = b"/key/swarm/psk/1.0.0/";

/// Most bytes that a file may have.
const MAX_FILE: usize = 1_024;

/// The key of a private network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SwarmKey(PreSharedKey);

/// Why a file is no key of a private network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwarmKeyError {
    /// It does not have three lines.
    #[error("a swarm key has three lines: /key/swarm/psk/1.0.0/, its encoding and the key")]
    Lines,
    /// The first line is another.
    #[error("a swarm key begins with /key/swarm/psk/1.0.0/")]
    Kind,
    /// The encoding is unknown.
    #[error("the encoding of a swarm key is /base16/, /base64/ or /bin/")]
    Encoding,
    /// The last line does not have 32 bytes in that encoding.
    #[error("the key is not 32 bytes in its encoding")]
    Key,
}

impl SwarmKey {
    /// Reads the content of a key file.
    ///
    /// # Errors
    /// See [`SwarmKeyError`].
    pub fn parse(file: &[u8]) -> Result<Self, SwarmKeyError> {
        if file.len() > MAX_FILE {
            return Err(SwarmKeyError::Lines);
        }
        let (kind, rest) = line(file).ok_or(SwarmKeyError::Lines)?;
        if kind != KIND {
            return Err(SwarmKeyError::Kind);
        }
        let (encoding, rest) = line(rest).ok_or(SwarmKeyError::Lines)?;
        // The bytes of a binary key may be those of a line's end.
        let text = rest.trim_ascii_end();
        let key = match encoding {
            b"/base16/" => HEXLOWER_PERMISSIVE.decode(text).ok(),
            b"/base64/" => BASE64.decode(text).ok(),
            b"/bin/" => rest.get(..32).map(<[u8]>::to_vec),
            _ => return Err(SwarmKeyError::Encoding),
        };
        let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok());
        key.map(|key| Self(PreSharedKey::new(key)))
            .ok_or(SwarmKeyError::Key)
    }

    /// A fingerprint that does not reveal the key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }

    pub(super) fn pre_shared(self) -> PreSharedKey {
        self.0
    }
}

impl std::fmt::Debug for SwarmKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SwarmKey({})", self.fingerprint())
    }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at(end);
    Some((line.trim_ascii_end(), rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fAA";

    #[test]
    fn every_encoding_is_read() {
        let hex = SwarmKey::parse(format!("/key/swarm/psk/1.0.0/\n/base16/\n{HEX}\n").as_bytes())
            .unwrap();
        let bytes = HEXLOWER_PERMISSIVE.decode(HEX.as_bytes()).unwrap();
        let text = BASE64.encode(&bytes);
        let base64 =
            SwarmKey::parse(format!("/key/swarm/psk/1.0.0/\r\n/base64/\r\n{text}").as_bytes());
        assert_eq!(base64, Ok(hex));
        let binary = [b"/key/swarm/psk/1.0.0/\n/bin/\n".as_slice(), &bytes].concat();
        assert_eq!(SwarmKey::parse(&binary), Ok(hex));
        assert!(!format!("{hex:?}").contains("0102"));
    }

    #[test]
    fn other_files_are_refused() {
        let parse = |text: &str| SwarmKey::parse(text.as_bytes()).unwrap_err();
        assert_eq!(parse(""), SwarmKeyError::Lines);
        assert_eq!(
            parse("/key/swarm/psk/2.0.0/\n/base16/\n00"),
            SwarmKeyError::Kind
        );
        assert_eq!(
            parse("/key/swarm/psk/1.0.0/\n/base32/\n00"),
            SwarmKeyError::Encoding
        );
        assert_eq!(
            parse("/key/swarm/psk/1.0.0/\n/base16/\n00"),
            SwarmKeyError::Key
        );
        assert_eq!(
            parse("/key/swarm/psk/1.0.0/\n/bin/\n00"),
            SwarmKeyError::Key
        );
        assert_eq!(parse(&"x".repeat(MAX_FILE + 1)), SwarmKeyError::Lines);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_files_do_not_panic(encoding in "(/base16/|/base64/|/bin/)?", key: Vec<u8>) {
            let head = format!("/key/swarm/psk/1.0.0/\n{encoding}\n");
            let _ = SwarmKey::parse(&[head.as_bytes(), &key].concat());
            let _ = SwarmKey::parse(&key);
        }
    }
}
