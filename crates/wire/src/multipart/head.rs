//! The header of a part.

use cairn_primitives::bytestring::to_text;

use super::MultipartError;

/// The header fields of a part, with names in lower case. Values are bytes: some clients send file names that are not
/// UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHead {
    fields: Vec<(String, Vec<u8>)>,
}

impl PartHead {
    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_slice())
    }

    /// A parameter of `Content-Disposition`, unquoted; `name` and `filename` are the usual ones.
    #[must_use]
    pub fn disposition(&self, parameter: &str) -> Option<Vec<u8>> {
        parameter_of(self.field("content-disposition")?, parameter)
    }

    /// Whether the bytes of the part are encoded as quoted-printable.
    pub(super) fn is_quoted_printable(&self) -> bool {
        self.field("content-transfer-encoding")
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"quoted-printable"))
    }

    /// The media type without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        self.field("content-type").map(|value| {
            let kind = value.split(|&byte| byte == b';').next();
            to_text(kind.unwrap_or_default())
                .trim()
                .to_ascii_lowercase()
        })
    }
}

pub(super) fn parse_head(bytes: &[u8]) -> Result<PartHead, MultipartError> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            let (_, value) = fields
                .last_mut()
                .ok_or(MultipartError::Malformed("a header field has no name"))?;
            value.push(b' ');
            value.extend_from_slice(line.trim_ascii());
            continue;
        }
        let colon = memchr::memchr(b':', line)
            .ok_or(MultipartError::Malformed("a header field has no colon"))?;
        let (name, value) = line.split_at(colon);
        fields.push((
            to_text(name.trim_ascii()).to_ascii_lowercase(),
            value.get(1..).unwrap_or_default().trim_ascii().to_vec(),
        ));
    }
    Ok(PartHead { fields })
}

/// A parameter of a header value such as `form-data; name="x"; filename="y"`.
///
/// As in Go, the extended form of RFC 8187 (`filename*=utf-8''%E6%97%A5`) has precedence over the plain one, and the
/// numbered pieces of RFC 2231 are joined; extended forms in character sets other than UTF-8 are skipped.
#[must_use]
pub fn parameter_of(value: &[u8], parameter: &str) -> Option<Vec<u8>> {
    let mut plain = None;
    let mut extended = None;
    let mut pieces: Vec<(usize, bool, Vec<u8>)> = Vec::new();
    let mut rest = value.get(memchr::memchr(b';', value)? + 1..)?;
    loop {
        while let [b' ' | b'\t' | b';', left @ ..] = rest {
            rest = left;
        }
        let Some(equals) = memchr::memchr(b'=', rest) else {
            break;
        };
        let name = rest.get(..equals)?.trim_ascii();
        let after = rest.get(equals + 1..)?.trim_ascii_start();
        let text;
        (text, rest) = match after.split_first() {
            Some((b'"', quoted)) => unquote(quoted)?,
            _ => {
                let end = memchr::memchr(b';', after).unwrap_or(after.len());
                let (bare, left) = after.split_at(end);
                (bare.trim_ascii().to_vec(), left)
            }
        };
        let Some((own, suffix)) = name.split_at_checked(parameter.len()) else {
            continue;
        };
        if !own.eq_ignore_ascii_case(parameter.as_bytes()) {
            continue;
        }
        match suffix {
            b"" => plain = plain.or(Some(text)),
            b"*" => extended = extended.or_else(|| charset_decoded(&text)),
            [b'*', number @ ..] => {
                let (number, encoded) = match number.strip_suffix(b"*") {
                    Some(number) => (number, true),
                    None => (number, false),
                };
                let number = std::str::from_utf8(number).ok();
                if let Some(number) = number.and_then(|number| number.parse().ok()) {
                    pieces.push((number, encoded, text));
                }
            }
            _ => {}
        }
    }
    extended.or_else(|| joined(pieces)).or(plain)
}

/// The pieces of a value in order, up to the first that is missing.
fn joined(mut pieces: Vec<(usize, bool, Vec<u8>)>) -> Option<Vec<u8>> {
    pieces.sort_by_key(|(number, ..)| *number);
    let mut whole = Vec::new();
    for (at, (number, encoded, text)) in pieces.into_iter().enumerate() {
        match (number == at, encoded) {
            (false, _) if at == 0 => return None,
            (false, _) => break,
            (true, false) => whole.extend(text),
            (true, true) if at == 0 => whole.extend(charset_decoded(&text)?),
            (true, true) => whole.extend(percent_decoded(&text)?),
        }
    }
    Some(whole).filter(|whole| !whole.is_empty())
}

/// Reads `utf-8'language'percent-encoded`.
fn charset_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut parts = text.splitn(3, |&byte| byte == b'\'');
    let charset = parts.next()?;
    let (_language, value) = (parts.next()?, parts.next()?);
    let known = charset.eq_ignore_ascii_case(b"utf-8") || charset.eq_ignore_ascii_case(b"us-ascii");
    known.then(|| percent_decoded(value)).flatten()
}

/// `None` if a percent sign is not followed by two digits.
fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let sound = memchr::memchr_iter(b'%', text).all(|at| {
        text.get(at + 1..at + 3)
            .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    });
    sound.then(|| percent_encoding::percent_decode(text).collect())
}

/// Reads up to the closing quote; returns the text and the rest. As in Go, a backslash before a letter is literal:
/// browsers sent Windows paths.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        match (*text.get(at)?, text.get(at + 1)) {
            (b'"', _) => return Some((out, text.get(at + 1..).unwrap_or_default())),
            (b'\\', Some(&next)) if br#"()<>@,;:\"/[]?="#.contains(&next) => {
                out.push(next);
                at += 1;
            }
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
}
