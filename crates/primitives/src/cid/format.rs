//! Formats CIDs by a format string such as `%v-%c-%h-%L`.
//!
//! Reference: `ipfs cid format --help`.

use super::{Cid, Version};
use crate::multibase::{self, Base};
use crate::multihash::HashFunction;

/// Why a format string is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The string ends in a single `%`.
    #[error("the format string ends after %")]
    Ends,
    /// An unknown specifier.
    #[error("unknown specifier %{0} in the format string")]
    Unknown(char),
}

impl Cid {
    /// Expands a format string:
    ///
    /// | | stands for |
    /// |---|---|
    /// | `%%` | a percent sign |
    /// | `%b` `%B` | the base: its name, its prefix |
    /// | `%v` `%V` | the version: `cidv1`, `1` |
    /// | `%c` `%C` | the codec: its name, its code |
    /// | `%h` `%H` | the hash function: its name, its code |
    /// | `%L` | bytes of the digest |
    /// | `%m` `%M` | the multihash in the base: with its prefix, without |
    /// | `%d` `%D` | the digest in the base: with its prefix, without |
    /// | `%s` `%S` | the CID: as text, as bytes in the base without a prefix |
    /// | `%P` | `%v-%c-%h-%L` |
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn format(&self, format: &str, base: Base) -> Result<String, FormatError> {
        let mut out = String::new();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            if letter == '%' {
                let specifier = letters.next().ok_or(FormatError::Ends)?;
                out.push_str(&self.part(specifier, base)?);
            } else {
                out.push(letter);
            }
        }
        Ok(out)
    }

    fn part(&self, specifier: char, base: Base) -> Result<String, FormatError> {
        let hash = self.hash();
        let version = match self.version() {
            Version::V0 => 0,
            Version::V1 => 1,
        };
        let function = || {
            HashFunction::from_code(hash.code()).map_or_else(
                |_| format!("hash?{}", hash.code()),
                |function| function.name().to_owned(),
            )
        };
        let bare = |text: String| {
            let mut letters = text.chars();
            letters.next();
            letters.as_str().to_owned()
        };
        Ok(match specifier {
            '%' => "%".to_owned(),
            'b' => multibase::name(base).to_owned(),
            'B' => base.code().to_string(),
            'v' => format!("cidv{version}"),
            'V' => version.to_string(),
            'c' => self.codec().to_string(),
            'C' => self.codec().0.to_string(),
            'h' => function(),
            'H' => hash.code().to_string(),
            'L' => hash.digest().len().to_string(),
            'm' => multibase::encode(base, hash.as_bytes()),
            'M' => bare(multibase::encode(base, hash.as_bytes())),
            'd' => multibase::encode(base, hash.digest()),
            'D' => bare(multibase::encode(base, hash.digest())),
            's' => self.encode(base),
            'S' => bare(multibase::encode(base, &self.to_bytes())),
            'P' => format!(
                "cidv{version}-{}-{}-{}",
                self.codec(),
                function(),
                hash.digest().len()
            ),
            other => return Err(FormatError::Unknown(other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "bafybeiansn2yi3ox4ovathlh3jmjevhszsihe5b7lxsj5gyyaj7ybhwd6e";

    #[test]
    fn formats_as_kubo_does() {
        let cid: Cid = FILE.parse().unwrap();
        let digest = "0d9375846dd7e3aa099d67da589254f2cc9072743f5de49e9b18027f809ec3f1";
        for (format, shown) in [
            ("%v-%c-%h-%L", "cidv1-dag-pb-sha2-256-32".to_owned()),
            ("%P", "cidv1-dag-pb-sha2-256-32".to_owned()),
            ("%V %C %H %b %B 100%%", "1 112 18 base16 f 100%".to_owned()),
            ("%d|%D", format!("f{digest}|{digest}")),
            ("%m|%M", format!("f1220{digest}|1220{digest}")),
            ("%s|%S", format!("f01701220{digest}|01701220{digest}")),
        ] {
            assert_eq!(cid.format(format, Base::Base16Lower), Ok(shown));
        }
        let unknown = Cid::v1(
            crate::Codec(0x9999),
            crate::Multihash::wrap(0x9999, b"x").unwrap(),
        );
        assert_eq!(
            unknown.format("%P", Base::Base32Lower).unwrap(),
            "cidv1-Code(39321)-hash?39321-1"
        );
    }

    #[test]
    fn refuses_what_means_nothing() {
        let cid: Cid = FILE.parse().unwrap();
        for (format, text) in [
            ("%", "the format string ends after %"),
            ("%s%x", "unknown specifier %x in the format string"),
        ] {
            let error = cid.format(format, Base::Base32Lower).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
