//! Records as JSON, as the text that `ipfs` prints, or as XML.

use bytes::{Bytes, BytesMut};
use cairn_wire::kubo::Command;
use cairn_wire::kubo::command::RecordOf;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::super::Failure;
use super::xml;
use crate::lines::{Lines, json_line};

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
        RecordFormat::Json => {
            json_line(record, out).map_err(|error| Failure::normal(error.to_string()))?;
        }
    }
    Ok(())
}

/// Lines of records.
pub(super) fn lines<C: Command>(
    records: BoxStream<'static, Result<RecordOf<C>, Failure>>,
    written: RecordFormat<C>,
) -> BoxStream<'static, Result<Bytes, Failure>> {
    let write = move |record: &RecordOf<C>, out: &mut BytesMut| encode(record, &written, out);
    Lines::new(records, write).boxed()
}
