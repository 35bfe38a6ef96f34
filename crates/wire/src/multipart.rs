//! `multipart/form-data` as it arrives: parts in order, their bytes without a copy.
//!
//! Spec: RFC 7578, RFC 2046 §5.1. [`Decoder`] does no I/O.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

/// Most bytes of a part's header fields.
const MAX_HEADERS: usize = 64 << 10;
/// Most bytes before the first boundary.
const MAX_PREAMBLE: usize = 64 << 10;
/// Longest boundary, RFC 2046.
const MAX_BOUNDARY: usize = 70;

/// Why a body is not what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The content type names no boundary, or one that RFC 2046 forbids.
    #[error("no multipart boundary param in Content-Type")]
    Boundary,
    /// The body ends before its closing boundary.
    #[error("unexpected EOF")]
    Truncated,
    /// A part's header fields are longer than any that are meant.
    #[error("the header of a part is longer than {MAX_HEADERS} bytes")]
    Headers,
    /// Something else stands where a boundary has to.
    #[error("the multipart body is malformed: {0}")]
    Malformed(&'static str),
    /// The connection broke.
    #[error("the request body could not be read: {0}")]
    Read(String),
}

/// What a [`Decoder`] finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A part begins.
    Part(PartHead),
    /// Some of its bytes.
    Data(Bytes),
    /// It ends.
    PartEnd,
    /// The closing boundary: nothing follows that counts.
    End,
}

/// The header fields of a part, names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHead {
    fields: Vec<(String, String)>,
}

impl PartHead {
    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter of `Content-Disposition`, unquoted; `name` and `filename` are the usual ones.
    #[must_use]
    pub fn disposition(&self, parameter: &str) -> Option<String> {
        parameter_of(self.field("content-disposition")?, parameter)
    }

    /// The media type without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        self.field("content-type").map(|value| {
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase()
        })
    }
}

/// A parameter of a header value such as `form-data; name="x"; filename="y"`.
#[must_use]
pub fn parameter_of(value: &str, parameter: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (name, after) = rest.split_once('=')?;
        let found = name.trim().eq_ignore_ascii_case(parameter);
        let (text, left) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let (bare, left) = after.split_once(';').unwrap_or((after, ""));
                (bare.trim().to_owned(), left)
            }
        };
        if found {
            return Some(text);
        }
        rest = left;
    }
}

/// Reads up to the closing quote; returns the text and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((out, text.get(at + 1..).unwrap_or_default())),
            '\\' => match letters.next()? {
                (_, escaped @ ('"' | '\\')) => out.push(escaped),
                (_, other) => out.extend(['\\', other]),
            },
            other => out.push(other),
        }
    }
    None
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    /// Behind a boundary: `--`, or white space and a line end.
    Boundary,
    Headers,
    Data,
    End,
}

/// Splits a body that is pushed in frames into [`Event`]s. Holds back no more than a boundary or a part's header.
#[derive(Debug)]
pub struct Decoder {
    /// `\r\n--boundary`.
    delimiter: Finder<'static>,
    /// Bytes that were pushed and are not yet spoken for.
    frames: VecDeque<Bytes>,
    /// What was held back because a delimiter or a header may go on in the next frame.
    held: BytesMut,
    state: State,
    started: bool,
    passed: usize,
}

impl Decoder {
    /// A decoder for the `Content-Type` of a request.
    pub fn new(content_type: &str) -> Result<Self, MultipartError> {
        let boundary = parameter_of(content_type, "boundary").ok_or(MultipartError::Boundary)?;
        if boundary.is_empty()
            || boundary.len() > MAX_BOUNDARY
            || !boundary.bytes().all(|byte| (b' '..0x7f).contains(&byte))
        {
            return Err(MultipartError::Boundary);
        }
        let delimiter = format!("\r\n--{boundary}");
        Ok(Self {
            delimiter: Finder::new(delimiter.as_bytes()).into_owned(),
            frames: VecDeque::new(),
            // The first boundary has no line before it: pretend one.
            held: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
            started: false,
            passed: 0,
        })
    }

    /// Hands over the next frame. Call [`Decoder::next`] until it gives `None` before the next push.
    pub fn push(&mut self, frame: Bytes) {
        self.started = true;
        if !frame.is_empty() && self.state != State::End {
            self.frames.push_back(frame);
        }
    }

    /// The body has ended: an error unless the closing boundary was seen. An empty body has no parts.
    pub fn finish(&self) -> Result<(), MultipartError> {
        if self.state == State::End || !self.started {
            Ok(())
        } else {
            Err(MultipartError::Truncated)
        }
    }

    /// The next event, or `None` when more bytes are needed.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end at the first None"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, MultipartError> {
        loop {
            match self.state {
                State::End => {
                    self.frames.clear();
                    return Ok(None);
                }
                State::Preamble => match self.until_delimiter() {
                    Some(Found::Data(data)) => {
                        self.passed += data.len();
                        if self.passed > MAX_PREAMBLE {
                            return Err(MultipartError::Malformed(
                                "it does not begin with its boundary",
                            ));
                        }
                    }
                    Some(Found::Delimiter) => self.state = State::Boundary,
                    None => return Ok(None),
                },
                State::Data => match self.until_delimiter() {
                    Some(Found::Data(data)) => return Ok(Some(Event::Data(data))),
                    Some(Found::Delimiter) => {
                        self.state = State::Boundary;
                        return Ok(Some(Event::PartEnd));
                    }
                    None => return Ok(None),
                },
                State::Boundary => {
                    let Some(end) = self.gather(2, |held| {
                        memchr::memmem::find(held, b"\r\n")
                            .map(|at| at + 2)
                            .or(held.starts_with(b"--").then_some(2))
                    })?
                    else {
                        return Ok(None);
                    };
                    let line = self.held.split_to(end);
                    if line.starts_with(b"--") {
                        self.state = State::End;
                        return Ok(Some(Event::End));
                    }
                    if !line
                        .iter()
                        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                    {
                        return Err(MultipartError::Malformed("text follows a boundary"));
                    }
                    self.state = State::Headers;
                }
                State::Headers => {
                    let whole = |held: &[u8]| {
                        if held.starts_with(b"\r\n") {
                            Some(2)
                        } else {
                            memchr::memmem::find(held, b"\r\n\r\n").map(|at| at + 4)
                        }
                    };
                    let Some(end) = self.gather(2, whole)? else {
                        return Ok(None);
                    };
                    let head = parse_head(&self.held.split_to(end))?;
                    // The line end that closes the header is also the one before a delimiter that follows at once.
                    self.state = State::Data;
                    let rest = self.held.split().freeze();
                    if !rest.is_empty() {
                        self.frames.push_front(rest);
                    }
                    return Ok(Some(Event::Part(head)));
                }
            }
        }
    }

    /// Moves bytes into `held` until `end` finds where the wanted part of them ends.
    fn gather(
        &mut self,
        least: usize,
        end: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<usize>, MultipartError> {
        loop {
            if self.held.len() >= least {
                if let Some(at) = end(&self.held) {
                    return Ok(Some(at));
                }
                if self.held.len() > MAX_HEADERS {
                    return Err(MultipartError::Headers);
                }
            }
            let Some(mut frame) = self.frames.pop_front() else {
                return Ok(None);
            };
            let part = frame.split_to(frame.len().min(4096));
            self.held.extend_from_slice(&part);
            if !frame.is_empty() {
                self.frames.push_front(frame);
            }
        }
    }

    /// Data up to the next delimiter, or the delimiter itself, which is then gone.
    fn until_delimiter(&mut self) -> Option<Found> {
        let delimiter_len = self.delimiter.needle().len();
        if !self.held.is_empty() {
            // A delimiter may span the frames: look at what is held with as much of what follows.
            while self.held.len() < delimiter_len {
                let mut frame = self.frames.pop_front()?;
                let part = frame.split_to(frame.len().min(delimiter_len - self.held.len()));
                self.held.extend_from_slice(&part);
                if !frame.is_empty() {
                    self.frames.push_front(frame);
                }
            }
            if self.held.starts_with(self.delimiter.needle()) {
                let _ = self.held.split_to(delimiter_len);
                let rest = self.held.split().freeze();
                if !rest.is_empty() {
                    self.frames.push_front(rest);
                }
                return Some(Found::Delimiter);
            }
            // Not a delimiter here: what cannot begin one is data.
            let keep = self
                .held
                .get(1..)
                .and_then(|tail| possible_start(tail, self.delimiter.needle()))
                .map_or(self.held.len(), |at| at + 1);
            return Some(Found::Data(self.held.split_to(keep).freeze()));
        }
        let mut frame = self.frames.pop_front()?;
        match self.delimiter.find(&frame) {
            Some(0) => {
                let _ = frame.split_to(delimiter_len);
                if !frame.is_empty() {
                    self.frames.push_front(frame);
                }
                Some(Found::Delimiter)
            }
            Some(at) => {
                let data = frame.split_to(at);
                self.frames.push_front(frame);
                Some(Found::Data(data))
            }
            None => {
                let tail_from = frame.len().saturating_sub(delimiter_len - 1);
                let keep = frame
                    .get(tail_from..)
                    .and_then(|tail| possible_start(tail, self.delimiter.needle()))
                    .map_or(frame.len(), |at| tail_from + at);
                let tail = frame.split_off(keep);
                self.held.extend_from_slice(&tail);
                if frame.is_empty() {
                    self.until_delimiter()
                } else {
                    Some(Found::Data(frame))
                }
            }
        }
    }
}

enum Found {
    Data(Bytes),
    Delimiter,
}

/// Where, in a tail shorter than the delimiter, the delimiter may begin.
fn possible_start(tail: &[u8], delimiter: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\r', tail)
        .find(|&at| tail.get(at..).is_some_and(|end| delimiter.starts_with(end)))
}

fn parse_head(bytes: &[u8]) -> Result<PartHead, MultipartError> {
    let text = String::from_utf8_lossy(bytes);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields
                .last_mut()
                .ok_or(MultipartError::Malformed("a header field has no name"))?;
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or(MultipartError::Malformed("a header field has no colon"))?;
        fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(PartHead { fields })
}

#[cfg(test)]
mod tests;
