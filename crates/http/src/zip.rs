//! ZIP archives of a few small files, stored without compression.
//!
//! Spec: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

/// Most bytes of an archive: sizes and offsets are numbers of 32 bits.
const MAX: usize = 1 << 30;

/// The version of the format that a reader needs: 2.0.
const VERSION: u16 = 20;

/// 1980-01-01, the earliest date.
const DATE: u16 = 0x21;

/// Why a file cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the archive would be larger than {MAX} bytes")]
pub(crate) struct ZipTooLarge;

/// An archive that is being written.
#[derive(Debug, Default)]
pub(crate) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    /// Adds a file.
    pub(crate) fn add(&mut self, name: &str, content: &[u8]) -> Result<(), ZipTooLarge> {
        let total = self.bytes.len() + self.directory.len() + content.len() + 4 * name.len();
        if total > MAX || self.count == u16::MAX {
            return Err(ZipTooLarge);
        }
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let name_length = u16::try_from(name.len()).map_err(|_| ZipTooLarge)?;
        let offset = number(self.bytes.len());
        let mut common = Vec::with_capacity(26);
        // Version, flags (the name is UTF-8), method (stored), time, date.
        for field in [VERSION, 1 << 11, 0, 0, DATE] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        for field in [
            crc32fast::hash(content),
            number(content.len()),
            number(content.len()),
        ] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        common.extend_from_slice(&name_length.to_le_bytes());
        // Length of the extra field.
        common.extend_from_slice(&[0, 0]);

        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&common);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(content);

        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&VERSION.to_le_bytes());
        self.directory.extend_from_slice(&common);
        // Comment, disk, attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.count += 1;
        Ok(())
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let (begin, length) = (number(self.bytes.len()), number(self.directory.len()));
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend_from_slice(&self.count.to_le_bytes());
        self.bytes.extend_from_slice(&self.count.to_le_bytes());
        self.bytes.extend_from_slice(&length);
        self.bytes.extend_from_slice(&begin);
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_have_the_usual_form() {
        let mut zip = Zip::default();
        zip.add("a.txt", b"hello").unwrap();
        zip.add("b", b"").unwrap();
        let bytes = zip.finish();
        assert!(bytes.starts_with(b"PK\x03\x04\x14\0\0\x08"));
        // The end of the directory: two files, and where the directory is.
        let end = bytes.len() - 22;
        assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
        assert_eq!(&bytes[end + 8..end + 12], &[2, 0, 2, 0]);
        let at = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        assert_eq!(at, 30 + 5 + 5 + 30 + 1);
        // CRC-32 of "hello".
        assert_eq!(&bytes[14..18], &0x3610_a686_u32.to_le_bytes());
    }
}
