//! Request bodies as the content of uploads.

use std::sync::Arc;

use cairn_primitives::ByteString;
use cairn_services::backend::import::{Content, SourceError};
use cairn_services::uploads::{FilePart, FileParts};
use cairn_wire::rest::Fault;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::rest::{Files, Raw};

fn source(fault: Fault) -> SourceError {
    Arc::new(fault)
}

/// The bytes of a body.
pub(super) fn content(body: Raw) -> Content<'static> {
    let bytes = stream::try_unfold(body, |mut body| async move {
        let bytes = body.chunk().await.map_err(source)?;
        Ok(bytes.map(|bytes| (bytes, body)))
    });
    bytes.boxed()
}

/// What a form's fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// Files in the field `file`, all of which have names.
    Files,
    /// Files and other data in any field.
    Any,
}

/// The files of a form.
pub(super) fn files(form: Files, fields: Fields) -> FileParts<'static> {
    let parts = stream::try_unfold(form, move |mut form| async move {
        // Bytes of the part that is open; there are none before the first, and behind the end of one.
        if let Some(bytes) = form.chunk().await.map_err(source)? {
            return Ok(Some((FilePart::Data(bytes), form)));
        }
        let Some(head) = form.next().await.map_err(source)? else {
            return Ok(None);
        };
        let text = |parameter| head.disposition(parameter).map(ByteString::from);
        let field = text("name").unwrap_or_default().into_text();
        let name = text("filename");
        if fields == Fields::Files {
            if field != "file" {
                return Err(source(Fault::Body(format!(
                    "the form field {field:?} is not `file`"
                ))));
            }
            if name.as_ref().is_none_or(|name| name.is_empty()) {
                let reason = "a file of the form has no `filename`".to_owned();
                return Err(source(Fault::Body(reason)));
            }
        }
        let part = FilePart::File {
            field,
            name: name.unwrap_or_default(),
            kind: head.media_type().unwrap_or_default(),
        };
        Ok(Some((part, form)))
    });
    parts.boxed()
}
