//! A streaming decoder of `multipart/form-data`: parts in order, without copying their bytes.
//!
//! Spec: RFC 7578, RFC 2046 §5.1, and what Go's `mime/multipart` accepts besides: lines that end with LF only, white
//! space after a boundary, an epilogue. As there, a part whose `Content-Transfer-Encoding` is
//! `quoted-printable` is decoded, and other encodings are left as they are. [`Decoder`] does no I/O.

mod boundary;
mod error;
mod head;
mod quoted_printable;

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem::Finder;

use self::boundary::{Line, end_of_header, line_of, possible_start};
pub use self::error::MultipartError;
use self::head::parse_head;
pub use self::head::{PartHead, parameter_of};
use self::quoted_printable::QuotedPrintable;

/// Maximum size of a part's header fields, in bytes.
const MAX_HEADERS: usize = 64 << 10;
/// Maximum number of bytes before the first boundary.
const MAX_PREAMBLE: usize = 64 << 10;
/// Maximum length of a boundary, RFC 2046.
const MAX_BOUNDARY: usize = 70;

/// What a [`Decoder`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A part begins.
    Part(PartHead),
    /// Some of its bytes.
    Data(Bytes),
    /// It ends.
    PartEnd,
    /// The closing boundary: the rest of the body is ignored.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    Headers,
    Data,
    /// After a possible boundary: `--` or nothing, white space, and a line end.
    Boundary,
    /// After the closing boundary of a part.
    Closed,
    End,
}

/// Splits a body that is pushed in frames into [`Event`]s. Buffers at most a boundary or the header of a part.
#[derive(Debug)]
pub struct Decoder {
    /// A line end, as in the line of the first boundary, and `--boundary`.
    delimiter: Finder<'static>,
    /// Pushed bytes that are not consumed yet.
    frames: VecDeque<Bytes>,
    /// Buffered bytes: a delimiter or a header may continue in the next frame.
    held: BytesMut,
    state: State,
    started: bool,
    finished: bool,
    passed: usize,
    /// Buffered bytes at the front that are not data: the end of the header's last line, which may also be the line
    /// end before a delimiter.
    borrowed: usize,
    /// The decoder of the current part, if it is encoded.
    encoding: Option<QuotedPrintable>,
    /// The end of the part is the next event; its last bytes were returned before.
    part_end: bool,
}

impl Decoder {
    /// A decoder for the `Content-Type` of a request.
    pub fn new(content_type: &str) -> Result<Self, MultipartError> {
        let boundary = parameter_of(content_type.as_bytes(), "boundary")
            .filter(|boundary| {
                (1..=MAX_BOUNDARY).contains(&boundary.len())
                    && boundary.iter().all(|byte| (b' '..0x7f).contains(byte))
            })
            .ok_or(MultipartError::Boundary)?;
        let delimiter = [b"\r\n--", &*boundary].concat();
        Ok(Self {
            delimiter: Finder::new(&delimiter).into_owned(),
            frames: VecDeque::new(),
            held: BytesMut::new(),
            state: State::Preamble,
            started: false,
            finished: false,
            passed: 0,
            borrowed: 0,
            encoding: None,
            part_end: false,
        })
    }

    /// Hands over the next frame. Call [`Decoder::next`] until it returns `None` before the next push.
    pub fn push(&mut self, frame: Bytes) {
        self.started = true;
        if !frame.is_empty() && self.state != State::End {
            self.frames.push_back(frame);
        }
    }

    /// Signals the end of the body. Call [`Decoder::next`] again until it returns `None`: it returns the rest, or an
    /// error if the body was cut short. An empty body has no parts.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next event, or `None` when more bytes are needed.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end at the first None"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, MultipartError> {
        if std::mem::take(&mut self.part_end) {
            return Ok(Some(Event::PartEnd));
        }
        loop {
            let event = self.next_encoded()?;
            let decoded = match (&event, &mut self.encoding) {
                (Some(Event::Part(head)), _) => {
                    self.encoding = head.is_quoted_printable().then(QuotedPrintable::default);
                    return Ok(event);
                }
                (Some(Event::Data(data)), Some(encoding)) => encoding.decode(data)?,
                (Some(Event::PartEnd), Some(encoding)) => {
                    let rest = encoding.finish()?;
                    self.encoding = None;
                    if rest.is_empty() {
                        return Ok(event);
                    }
                    self.part_end = true;
                    rest
                }
                _ => return Ok(event),
            };
            if !decoded.is_empty() {
                return Ok(Some(Event::Data(decoded)));
            }
        }
    }

    fn next_encoded(&mut self) -> Result<Option<Event>, MultipartError> {
        loop {
            let event = match self.state {
                State::End => {
                    self.frames.clear();
                    return Ok(None);
                }
                State::Closed => {
                    self.state = State::End;
                    Transition::Event(Event::End)
                }
                State::Preamble => self.preamble()?,
                State::Headers => self.headers()?,
                State::Data => self.data(),
                State::Boundary => self.boundary()?,
            };
            match event {
                Transition::Event(event) => return Ok(Some(event)),
                Transition::GoOn => {}
                Transition::More if self.finished && self.started => {
                    return Err(MultipartError::Truncated);
                }
                Transition::More => return Ok(None),
            }
        }
    }

    /// Skips lines up to the first boundary.
    fn preamble(&mut self) -> Result<Transition, MultipartError> {
        let end = self.gather(MAX_PREAMBLE - self.passed.min(MAX_PREAMBLE), |held| {
            memchr::memchr(b'\n', held).map(|at| at + 1)
        });
        let preamble = || MultipartError::Malformed("it does not begin with its boundary");
        let line = match end.map_err(|_| preamble())? {
            Some(end) => self.held.split_to(end),
            // The last line needs no line end.
            None if self.finished => self.held.split(),
            None => return Ok(Transition::More),
        };
        self.passed += line.len();
        let dashes = self.delimiter.needle().get(2..).unwrap_or_default();
        let rest = line.strip_prefix(dashes);
        match rest.and_then(|rest| line_of(rest, true)) {
            Some(Line::Next { length }) if rest.is_some_and(|rest| rest.len() == length) => {
                if !line.ends_with(b"\r\n") {
                    // The lines of this body end with LF only.
                    let delimiter = [b"\n", dashes].concat();
                    self.delimiter = Finder::new(&delimiter).into_owned();
                }
                self.state = State::Headers;
                Ok(Transition::GoOn)
            }
            Some(Line::Last) => {
                self.state = State::End;
                Ok(Transition::Event(Event::End))
            }
            _ if self.passed > MAX_PREAMBLE => Err(preamble()),
            _ if line.ends_with(b"\n") => Ok(Transition::GoOn),
            _ => Ok(Transition::More),
        }
    }

    fn headers(&mut self) -> Result<Transition, MultipartError> {
        let Some(end) = self.gather(MAX_HEADERS, end_of_header)? else {
            if self.finished && self.held.is_empty() {
                // As in Go, the body may end after the line of a boundary.
                self.state = State::End;
                return Ok(Transition::Event(Event::End));
            }
            return Ok(Transition::More);
        };
        let header = self.held.split_to(end);
        let head = parse_head(&header)?;
        // The line end that closes the header may also belong to a delimiter that follows directly.
        let line_end = self.line_end();
        self.borrowed = line_end.len();
        let rest = self.held.split().freeze();
        if !rest.is_empty() {
            self.frames.push_front(rest);
        }
        self.held.extend_from_slice(line_end);
        self.state = State::Data;
        Ok(Transition::Event(Event::Part(head)))
    }

    fn line_end(&self) -> &'static [u8] {
        if self.delimiter.needle().starts_with(b"\r") {
            b"\r\n"
        } else {
            b"\n"
        }
    }

    fn data(&mut self) -> Transition {
        match self.until_delimiter() {
            Some(BodyPiece::Data(mut data)) => {
                let borrowed = std::mem::take(&mut self.borrowed);
                data.advance(borrowed.min(data.len()));
                if data.is_empty() {
                    Transition::GoOn
                } else {
                    Transition::Event(Event::Data(data))
                }
            }
            Some(BodyPiece::Delimiter) => {
                self.state = State::Boundary;
                Transition::GoOn
            }
            None => Transition::More,
        }
    }

    /// After a delimiter within a part: the part ends if the line ends, or ends with `--`; otherwise it was data.
    fn boundary(&mut self) -> Result<Transition, MultipartError> {
        let finished = self.finished;
        let found = loop {
            if let Some(found) = line_of(&self.held, finished && self.frames.is_empty()) {
                break found;
            }
            let Some(mut frame) = self.frames.pop_front() else {
                return Ok(Transition::More);
            };
            let part = frame.split_to(frame.len().min(16));
            self.held.extend_from_slice(&part);
            if !frame.is_empty() {
                self.frames.push_front(frame);
            }
        };
        match found {
            Line::Next { length } => {
                let _ = self.held.split_to(length);
                self.state = State::Headers;
            }
            Line::Last => self.state = State::Closed,
            Line::Data => {
                let rest = self.held.split().freeze();
                if !rest.is_empty() {
                    self.frames.push_front(rest);
                }
                self.state = State::Data;
                let mut data = Bytes::copy_from_slice(self.delimiter.needle());
                data.advance(std::mem::take(&mut self.borrowed).min(data.len()));
                return Ok(Transition::Event(Event::Data(data)));
            }
        }
        self.borrowed = 0;
        Ok(Transition::Event(Event::PartEnd))
    }

    /// Moves bytes into `held` until `end` finds the end of the wanted part.
    fn gather(
        &mut self,
        most: usize,
        end: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<usize>, MultipartError> {
        loop {
            if let Some(at) = end(&self.held) {
                return Ok(Some(at));
            }
            if self.held.len() > most {
                return Err(MultipartError::Headers);
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

    /// Data up to the next delimiter, or the delimiter itself, which is consumed.
    fn until_delimiter(&mut self) -> Option<BodyPiece> {
        let delimiter_len = self.delimiter.needle().len();
        if !self.held.is_empty() {
            // A delimiter may span frames: search the buffer together with the start of the next frame.
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
                return Some(BodyPiece::Delimiter);
            }
            // No delimiter here: bytes that cannot start one are data.
            let keep = self
                .held
                .get(1..)
                .and_then(|tail| possible_start(tail, self.delimiter.needle()))
                .map_or(self.held.len(), |at| at + 1);
            return Some(BodyPiece::Data(self.held.split_to(keep).freeze()));
        }
        let mut frame = self.frames.pop_front()?;
        match self.delimiter.find(&frame) {
            Some(0) => {
                let _ = frame.split_to(delimiter_len);
                if !frame.is_empty() {
                    self.frames.push_front(frame);
                }
                Some(BodyPiece::Delimiter)
            }
            Some(at) => {
                let data = frame.split_to(at);
                self.frames.push_front(frame);
                Some(BodyPiece::Data(data))
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
                    Some(BodyPiece::Data(frame))
                }
            }
        }
    }
}

enum BodyPiece {
    Data(Bytes),
    Delimiter,
}

/// The result of a decoder state.
enum Transition {
    Event(Event),
    GoOn,
    /// More bytes are needed.
    More,
}

#[cfg(test)]
mod tests;
