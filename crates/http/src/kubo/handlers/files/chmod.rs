//! `files/chmod`.

use std::num::IntErrorKind;

use cairn_primitives::quote::Quoted;
use cairn_wire::kubo::files::chmod::FilesChmod;

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesChmod {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let path = super::path(&self.path)?;
        let mode = mode(&self.mode)?;
        Ok(super::mfs(&call)?.chmod(&path, mode).await?)
    }
}

/// Reads a mode as Go's `strconv.ParseInt` reads an octal number of 32 bits.
fn mode(text: &str) -> Result<u32, Failure> {
    let refuse =
        |why: &str| Failure::normal(format!("strconv.ParseInt: parsing {}: {why}", Quoted(text)));
    i32::from_str_radix(text, 8)
        .map(i32::cast_unsigned)
        .map_err(|error| match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => refuse("value out of range"),
            _ => refuse("invalid syntax"),
        })
}

#[cfg(test)]
mod tests {
    use super::mode;

    #[test]
    fn modes_are_octal() {
        assert_eq!(mode("0755").unwrap(), 0o755);
        assert_eq!(mode("+7").unwrap(), 7);
        for (text, said) in [
            ("999", "strconv.ParseInt: parsing \"999\": invalid syntax"),
            ("", "strconv.ParseInt: parsing \"\": invalid syntax"),
            (
                "77777777777",
                "strconv.ParseInt: parsing \"77777777777\": value out of range",
            ),
        ] {
            assert_eq!(mode(text).unwrap_err().to_string(), said);
        }
    }
}
