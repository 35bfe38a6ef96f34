//! Decodes parts in quoted-printable: <https://www.rfc-editor.org/rfc/rfc2045#section-6.7>.
//!
//! As Go's `mime/quotedprintable`, which Kubo uses: a line may end with LF only, bytes from 0x80 on are literal, an equals
//! sign that is not followed by two hexadecimal digits is literal, and the last line may end with an equals sign.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::MultipartError;

/// Maximum length of a line with its end, in bytes; RFC 2045 allows 76, Go 4096.
const MAX_LINE: usize = 4096;

/// Decodes a part that arrives in pieces. Buffers at most one line.
#[derive(Debug, Default)]
pub(super) struct QuotedPrintable {
    line: Vec<u8>,
}

impl QuotedPrintable {
    /// Decodes the lines that end in these bytes.
    pub(super) fn decode(&mut self, data: &[u8]) -> Result<Bytes, MultipartError> {
        let mut out = BytesMut::with_capacity(self.line.len() + data.len());
        for piece in data.split_inclusive(|&byte| byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if self.line.len() + piece.len() > MAX_LINE - usize::from(!whole) {
                return Err(MultipartError::QuotedPrintable("a line is too long"));
            }
            self.line.extend_from_slice(piece);
            if whole {
                decode_line(&self.line, false, &mut out)?;
                self.line.clear();
            }
        }
        Ok(out.freeze())
    }

    /// Decodes the last line, if it has no line end.
    pub(super) fn finish(&mut self) -> Result<Bytes, MultipartError> {
        let mut out = BytesMut::new();
        if !self.line.is_empty() {
            decode_line(&std::mem::take(&mut self.line), true, &mut out)?;
        }
        Ok(out.freeze())
    }
}

fn decode_line(line: &[u8], last: bool, out: &mut BytesMut) -> Result<(), MultipartError> {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let end = line.len() - line.iter().rev().take_while(blank).count();
    let (text, end) = line.split_at(end);
    let Some(text) = text.strip_suffix(b"=") else {
        decode_text(text, out)?;
        out.put_slice(if end.ends_with(b"\r\n") {
            b"\r\n"
        } else if end.ends_with(b"\n") {
            b"\n"
        } else {
            b""
        });
        return Ok(());
    };
    decode_text(text, out)?;
    // A soft line break.
    let padding = end.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    match end.get(padding.count()..).unwrap_or_default() {
        [b'\n', ..] | [b'\r', b'\n', ..] => Ok(()),
        [] if last && !text.is_empty() => Ok(()),
        _ => Err(MultipartError::QuotedPrintable(
            "an equals sign precedes a broken line end",
        )),
    }
}

fn decode_text(mut text: &[u8], out: &mut BytesMut) -> Result<(), MultipartError> {
    while let Some((&byte, rest)) = text.split_first() {
        text = rest;
        match (byte, rest) {
            (b'=', [high, low, rest @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                out.put_u8(digit(*high) << 4 | digit(*low));
                text = rest;
            }
            (b'=', [] | [b'\r', ..]) => {
                return Err(MultipartError::QuotedPrintable(
                    "an equals sign precedes the end of a line",
                ));
            }
            (b'\t' | b'\r' | b' '..=b'~' | 0x80.., _) => out.put_u8(byte),
            _ => {
                return Err(MultipartError::QuotedPrintable(
                    "a control character is not encoded",
                ));
            }
        }
    }
    Ok(())
}

/// The value of a hexadecimal digit.
fn digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in pieces of every size, which must not change the result.
    fn decoded(data: &[u8]) -> Result<Vec<u8>, MultipartError> {
        let with = |cut: usize| {
            let mut part = QuotedPrintable::default();
            let mut out = Vec::new();
            for piece in data.chunks(cut) {
                out.extend_from_slice(&part.decode(piece)?);
            }
            out.extend_from_slice(&part.finish()?);
            Ok(out)
        };
        let whole = with(data.len().max(1));
        for cut in 1..data.len().min(100) {
            assert_eq!(with(cut), whole, "pieces of {cut}");
        }
        whole
    }

    #[test]
    fn text_is_decoded_as_in_go() {
        for (data, want) in [
            (&b""[..], Some(&b""[..])),
            (b"foo bar", Some(b"foo bar")),
            (b"foo bar=3D", Some(b"foo bar=")),
            (b"foo bar=3d", Some(b"foo bar=")),
            (b"foo bar=\n", Some(b"foo bar")),
            (b"foo bar\n", Some(b"foo bar\n")),
            (b"foo bar=0", Some(b"foo bar=0")),
            (b"foo bar=0D=0A", Some(b"foo bar\r\n")),
            (b" A B        \r\n C ", Some(b" A B\r\n C")),
            (b" A B =\r\n C ", Some(b" A B  C")),
            (b" A B =\n C ", Some(b" A B  C")),
            (b"a= \t\r\nb", Some(b"ab")),
            (b"foo=\nbar", Some(b"foobar")),
            (b"foo=", Some(b"foo")),
            (b"foo= ", Some(b"foo")),
            (b"=", None),
            (b"==", None),
            (b"a==\nb", None),
            (b"=\r \n", None),
            (b"a=\rb\n", None),
            (b"=A\nx", Some(b"=A\nx")),
            (b"=xy", Some(b"=xy")),
            (b"=9g", Some(b"=9g")),
            (b"caf\xc3\xa9", Some(b"caf\xc3\xa9")),
            (b"a\tb\rc", Some(b"a\tb\rc")),
            (b"a\0b", None),
            (b"a\x7fb", None),
        ] {
            let found = decoded(data).ok();
            assert_eq!(
                found.as_deref(),
                want,
                "{:?}",
                data.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn lines_are_bounded() {
        let mut line = vec![b'a'; MAX_LINE - 1];
        line.push(b'\n');
        assert_eq!(decoded(&line).as_deref(), Ok(&line[..]));
        line.insert(0, b'a');
        assert!(decoded(&line).is_err());
        assert!(decoded(&vec![b'a'; MAX_LINE - 1]).is_ok());
        assert!(decoded(&vec![b'a'; MAX_LINE]).is_err());
    }
}
