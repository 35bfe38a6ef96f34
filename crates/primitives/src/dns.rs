//! Messages of the DNS, as far as TXT records need them.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc1035#section-4>, <https://www.rfc-editor.org/rfc/rfc6891>

/// Longest message, in bytes: over TCP its length has 16 bits.
pub const MAX_MESSAGE: usize = u16::MAX as usize;
/// Longest message that is asked for over UDP, in bytes: what fits into a packet nearly everywhere.
pub const MAX_UDP: u16 = 1232;
/// Longest domain name as text, in bytes, without a dot at its end.
pub const MAX_DOMAIN: usize = 253;
/// Longest label of a domain name, in bytes.
pub const MAX_LABEL: usize = 63;

const HEAD: usize = 12;
const CNAME: u16 = 5;
const TXT: u16 = 16;
const OPT: u16 = 41;
const INTERNET: u16 = 1;
/// Bits of the flags.
const RESPONSE: u16 = 1 << 15;
const TRUNCATED: u16 = 1 << 9;
const RECURSION_DESIRED: u16 = 1 << 8;
/// The code of a domain that does not exist.
const NO_DOMAIN: u16 = 3;

/// Why a message could not be written, or is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsMessageError {
    /// A domain name is empty or too long, or one of its labels is.
    #[error("not a domain name")]
    Name,
    /// The message ends too early, or has a length or type in it that cannot be.
    #[error("not a DNS message")]
    Malformed,
    /// The message answers another question.
    #[error("a DNS message that answers another question")]
    Other,
    /// The answer did not fit, and is to be asked for over TCP.
    #[error("the DNS answer is truncated")]
    Truncated,
    /// The server cannot or does not want to answer. The codes are listed in
    /// <https://www.iana.org/assignments/dns-parameters>.
    #[error("the DNS server refuses with code {0}")]
    Refused(u16),
}

/// The TXT records of an answer; none where the domain has none or does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxtAnswer {
    /// The texts as bytes. The strings of one record are one text.
    pub texts: Vec<Vec<u8>>,
    /// For how long they may be cached, in seconds; the shortest time of all records on the way.
    pub ttl: u32,
}

/// Whether a text can be a domain name: what registries allow is of no concern here.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= MAX_DOMAIN
        && text
            .split('.')
            .all(|label| (1..=MAX_LABEL).contains(&label.len()))
}

/// Asks for the TXT records of a domain.
///
/// # Errors
/// [`DnsMessageError::Name`].
pub fn txt_query(id: u16, domain: &str) -> Result<Vec<u8>, DnsMessageError> {
    let mut out = Vec::with_capacity(HEAD + domain.len() + 17);
    for number in [id, RECURSION_DESIRED, 1, 0, 0, 1] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&question(domain)?);
    // What is understood besides: answers of more than 512 bytes.
    out.push(0);
    for number in [OPT, MAX_UDP, 0, 0, 0] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    Ok(out)
}

/// The name, type and class that are asked for.
fn question(domain: &str) -> Result<Vec<u8>, DnsMessageError> {
    if !is_domain(domain) {
        return Err(DnsMessageError::Name);
    }
    let mut out = Vec::with_capacity(domain.len() + 6);
    for label in domain.strip_suffix('.').unwrap_or(domain).split('.') {
        out.push(u8::try_from(label.len()).map_err(|_| DnsMessageError::Name)?);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out.extend_from_slice(&TXT.to_be_bytes());
    out.extend_from_slice(&INTERNET.to_be_bytes());
    Ok(out)
}

/// Reads the answer to [`txt_query`].
///
/// # Errors
/// See [`DnsMessageError`]. Whoever waits goes on waiting after [`DnsMessageError::Other`] and
/// [`DnsMessageError::Malformed`]: anybody can send those.
pub fn txt_answer(message: &[u8], id: u16, domain: &str) -> Result<TxtAnswer, DnsMessageError> {
    let mut reader = Reader { message, at: 0 };
    let (answered, flags) = (reader.number()?, reader.number()?);
    let (questions, answers) = (reader.number()?, reader.number()?);
    reader.skip(4)?;
    if answered != id || flags & RESPONSE == 0 || questions != 1 {
        return Err(DnsMessageError::Other);
    }
    let asked = question(domain)?;
    if !reader.take(asked.len())?.eq_ignore_ascii_case(&asked) {
        return Err(DnsMessageError::Other);
    }
    match flags & 15 {
        0 => {}
        // A name on the way may exist all the same, without records.
        NO_DOMAIN => return Ok(TxtAnswer::default()),
        code => return Err(DnsMessageError::Refused(code)),
    }
    if flags & TRUNCATED != 0 {
        return Err(DnsMessageError::Truncated);
    }
    let mut found = TxtAnswer {
        texts: Vec::new(),
        ttl: u32::MAX,
    };
    for _ in 0..answers {
        reader.record(&mut found)?;
    }
    if found.texts.is_empty() {
        found.ttl = 0;
    }
    Ok(found)
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], DnsMessageError> {
        let end = self
            .at
            .checked_add(count)
            .ok_or(DnsMessageError::Malformed)?;
        let taken = self.message.get(self.at..end);
        self.at = end;
        taken.ok_or(DnsMessageError::Malformed)
    }

    fn skip(&mut self, count: usize) -> Result<(), DnsMessageError> {
        self.take(count).map(drop)
    }

    fn number(&mut self) -> Result<u16, DnsMessageError> {
        match self.take(2)? {
            [high, low] => Ok(u16::from_be_bytes([*high, *low])),
            _ => Err(DnsMessageError::Malformed),
        }
    }

    /// Passes over a name. It may end in a pointer to another one, which is not followed: whose record it is follows from the
    /// question.
    fn name(&mut self) -> Result<(), DnsMessageError> {
        loop {
            let length = usize::from(*self.take(1)?.first().ok_or(DnsMessageError::Malformed)?);
            match length >> 6 {
                0 if length == 0 => return Ok(()),
                0 => self.skip(length)?,
                3 => return self.skip(1),
                _ => return Err(DnsMessageError::Malformed),
            }
        }
    }

    /// Reads a record of the answer: the domain's own, or one of another that it is an alias of.
    fn record(&mut self, found: &mut TxtAnswer) -> Result<(), DnsMessageError> {
        self.name()?;
        let (kind, class) = (self.number()?, self.number()?);
        let ttl = u32::from(self.number()?) << 16 | u32::from(self.number()?);
        let length = usize::from(self.number()?);
        let data = self.take(length)?;
        if class != INTERNET || (kind != TXT && kind != CNAME) {
            return Ok(());
        }
        // The highest bit is no time: <https://www.rfc-editor.org/rfc/rfc2181#section-8>.
        found.ttl = found.ttl.min(if ttl >> 31 == 0 { ttl } else { 0 });
        if kind == TXT {
            let mut strings = Reader {
                message: data,
                at: 0,
            };
            let mut text = Vec::with_capacity(data.len());
            while strings.at < data.len() {
                let length = strings.take(1)?.first().copied().unwrap_or(0);
                text.extend_from_slice(strings.take(length.into())?);
            }
            found.texts.push(text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "_dnslink.example.org";

    /// An answer with these records: type, time and data.
    fn answer(id: u16, flags: u16, name: &str, records: &[(u16, u32, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        let count = u16::try_from(records.len()).unwrap();
        for number in [id, RESPONSE | flags, 1, count, 0, 0] {
            out.extend(number.to_be_bytes());
        }
        out.extend(question(name).unwrap());
        for (kind, ttl, data) in records {
            out.extend([0xc0, 12]);
            out.extend(kind.to_be_bytes());
            out.extend(INTERNET.to_be_bytes());
            out.extend(ttl.to_be_bytes());
            out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            out.extend(*data);
        }
        out
    }

    #[test]
    fn questions_have_their_form() {
        let query = txt_query(0x1234, "a.bc.").unwrap();
        assert_eq!(
            query,
            [
                0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, b'a', 2, b'b', b'c', 0, 0, 16, 0, 1,
                0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0
            ]
        );
        for name in ["", ".", "a..b", &"a".repeat(64), &"a.".repeat(128)] {
            assert_eq!(txt_query(1, name), Err(DnsMessageError::Name));
        }
    }

    #[test]
    fn texts_are_read() {
        let message = answer(
            7,
            0,
            NAME,
            &[
                (CNAME, 30, b"\x01x\x00"),
                (TXT, 300, b"\x02ab\x00\x01c"),
                (TXT, 60, b""),
                (46, 1, b"signature"),
            ],
        );
        let read = txt_answer(&message, 7, NAME).unwrap();
        assert_eq!(read.texts, [b"abc".to_vec(), Vec::new()]);
        assert_eq!(read.ttl, 30);
        let loud = NAME.to_ascii_uppercase();
        assert_eq!(txt_answer(&message, 7, &loud).unwrap(), read);
        let none = answer(7, 0, NAME, &[(CNAME, 30, b"\x00")]);
        assert_eq!(txt_answer(&none, 7, NAME), Ok(TxtAnswer::default()));
        let absent = answer(7, NO_DOMAIN, NAME, &[]);
        assert_eq!(txt_answer(&absent, 7, NAME), Ok(TxtAnswer::default()));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let good = answer(7, 0, NAME, &[(TXT, 300, b"\x02ab")]);
        let read = |message: &[u8]| txt_answer(message, 7, NAME);
        assert_eq!(txt_answer(&good, 8, NAME), Err(DnsMessageError::Other));
        assert_eq!(txt_answer(&good, 7, "a.b"), Err(DnsMessageError::Other));
        let query = txt_query(7, NAME).unwrap();
        assert_eq!(read(&query), Err(DnsMessageError::Other));
        let refused = answer(7, 5, NAME, &[]);
        assert_eq!(read(&refused), Err(DnsMessageError::Refused(5)));
        let cut = answer(7, TRUNCATED, NAME, &[]);
        assert_eq!(read(&cut), Err(DnsMessageError::Truncated));
        let long = answer(7, 0, NAME, &[(TXT, 300, b"\x03ab")]);
        assert_eq!(read(&long), Err(DnsMessageError::Malformed));
        for end in 0..good.len() {
            assert!(read(&good[..end]).is_err(), "{end}");
        }
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut turned = good.clone();
                turned[at] ^= 1 << bit;
                let _ = read(&turned);
            }
        }
    }
}
