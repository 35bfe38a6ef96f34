//! Records as JSON, as the text that `ipfs` prints, or as XML.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut as _, Bytes, BytesMut};
use cairn_wire::kubo::Command;
use cairn_wire::kubo::command::RecordOf;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;

use super::super::Failure;
use super::xml;

/// Maximum number of bytes of records that are sent together.
const BATCH: usize = 32 << 10;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Text,
    Xml,
}

impl Encoding {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "text" => Some(Self::Text),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Xml => "application/xml",
        }
    }
}

/// How the records of one answer are written.
pub(super) enum RecordFormat<C> {
    Json,
    /// As text, as `ipfs` prints them.
    Text(C),
    /// As XML elements of this name.
    Xml(Option<&'static str>),
}

pub(super) fn encode<C: Command>(
    record: &RecordOf<C>,
    written: &RecordFormat<C>,
    out: &mut BytesMut,
) -> Result<(), Failure> {
    match written {
        RecordFormat::Xml(None) => {
            return Err(Failure::no_xml());
        }
        RecordFormat::Xml(Some(name)) => {
            let value =
                serde_json::to_value(record).map_err(|error| Failure::normal(error.to_string()))?;
            let mut options = String::new();
            xml::element(name, &value, &mut options);
            out.extend_from_slice(options.as_bytes());
        }
        RecordFormat::Text(request) => {
            let mut options = String::new();
            request.text(record, &mut options);
            out.extend_from_slice(options.as_bytes());
        }
        RecordFormat::Json => json_line(record, out)?,
    }
    Ok(())
}

/// Appends a value and a line end; nothing for `()`.
pub(crate) fn json_line(value: &impl Serialize, out: &mut BytesMut) -> Result<(), Failure> {
    serde_json::to_writer((&mut *out).writer(), value)
        .map_err(|error| Failure::normal(error.to_string()))?;
    out.put_u8(b'\n');
    Ok(())
}

/// Lines of records; those that are ready together are joined.
pub(super) fn lines<C: Command>(
    records: BoxStream<'static, Result<RecordOf<C>, Failure>>,
    written: RecordFormat<C>,
) -> BoxStream<'static, Result<Bytes, Failure>> {
    struct Lines<C: Command> {
        records: Option<BoxStream<'static, Result<RecordOf<C>, Failure>>>,
        written: RecordFormat<C>,
        failed: Option<Failure>,
    }
    impl<C: Command> Unpin for Lines<C> {}
    impl<C: Command> Stream for Lines<C> {
        type Item = Result<Bytes, Failure>;
        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let this = &mut *self;
            if let Some(failed) = this.failed.take() {
                return Poll::Ready(Some(Err(failed)));
            }
            let mut out = BytesMut::new();
            while let Some(records) = &mut this.records {
                match records.as_mut().poll_next(cx) {
                    Poll::Pending if out.is_empty() => return Poll::Pending,
                    Poll::Pending => break,
                    Poll::Ready(None) => this.records = None,
                    Poll::Ready(Some(record)) => {
                        if let Err(failed) =
                            record.and_then(|record| encode::<C>(&record, &this.written, &mut out))
                        {
                            this.records = None;
                            this.failed = Some(failed);
                        }
                    }
                }
                if out.len() >= BATCH {
                    break;
                }
            }
            if out.is_empty() {
                Poll::Ready(this.failed.take().map(Err))
            } else {
                Poll::Ready(Some(Ok(out.freeze())))
            }
        }
    }
    Lines {
        records: Some(records),
        written,
        failed: None,
    }
    .boxed()
}
