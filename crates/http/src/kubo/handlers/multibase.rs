//! `multibase`.

use bytes::Bytes;
use cairn_primitives::multibase::{self, Base, MultibaseError};
use cairn_wire::kubo::cid::bases::Named;
use cairn_wire::kubo::multibase::decode::MultibaseDecode;
use cairn_wire::kubo::multibase::encode::MultibaseEncode;
use cairn_wire::kubo::multibase::list::MultibaseList;
use cairn_wire::kubo::multibase::transcode::MultibaseTranscode;
use futures_util::StreamExt as _;

use super::super::error::text;
use super::super::files::Files;
use super::super::{Answer, ByteStream, CallContext, Failure, Handler};

/// Maximum size of the input, in bytes: it is held in memory.
const MOST: usize = 16 << 20;
/// Maximum number of bytes that are encoded in a base whose cost grows with the square of the length.
const MOST_QUADRATIC: usize = 4096;
/// Bytes that are encoded at a time: a multiple of 15, so that in every base whose characters encode whole bits a
/// piece ends on a character.
const PIECE: usize = 15 << 10;
/// Bases that Kubo does not list. They can be used anyway.
const UNLISTED: [Base; 3] = [Base::Base8, Base::Base10, Base::Base32Z];

/// The bases that are listed.
pub(super) fn bases() -> Vec<Named> {
    let identity = Named {
        code: 0,
        name: "identity".to_owned(),
    };
    let others = multibase::NAMES
        .iter()
        .filter(|(_, base)| !UNLISTED.contains(base))
        .map(|(name, base)| Named {
            code: u64::from(u32::from(base.code())),
            name: (*name).to_owned(),
        });
    std::iter::once(identity).chain(others).collect()
}

/// The base with this name, for encoding.
pub(super) fn encoder(name: &str) -> Result<Base, Failure> {
    match name {
        "" => Err(Failure::normal("empty multibase encoding")),
        "identity" => Ok(Base::Identity),
        _ => Ok(multibase::by_name(name)?),
    }
}

impl Handler for MultibaseList {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        Ok(bases())
    }
}

impl Handler for MultibaseEncode {
    async fn handle(self, (_, files): (CallContext, Files)) -> Result<Answer<Self>, Failure> {
        let base = encoder(&self.base)?;
        convert(files, move |data| encode(base, data)).await
    }
}

impl Handler for MultibaseDecode {
    async fn handle(self, (_, files): (CallContext, Files)) -> Result<Answer<Self>, Failure> {
        convert(files, |text| Ok(one_piece(decode(line(&text))?))).await
    }
}

impl Handler for MultibaseTranscode {
    async fn handle(self, (_, files): (CallContext, Files)) -> Result<Answer<Self>, Failure> {
        let base = encoder(&self.base)?;
        convert(files, move |text| encode(base, decode(line(&text))?.into())).await
    }
}

/// A text in pieces, none of them empty.
type TextPieces = Box<dyn Iterator<Item = Bytes> + Send>;

fn one_piece(bytes: impl Into<Bytes>) -> TextPieces {
    let bytes = bytes.into();
    Box::new(Some(bytes).filter(|bytes| !bytes.is_empty()).into_iter())
}

/// A text without the trailing line end that `echo` and editors add. In the identity base it is data.
fn line(text: &[u8]) -> &[u8] {
    if text.starts_with(b"\0") {
        return text;
    }
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Responds with the converted file.
async fn convert(
    mut files: Files,
    work: impl FnOnce(Bytes) -> Result<TextPieces, Failure> + Send + 'static,
) -> Result<ByteStream, Failure> {
    if files.next().await?.is_none() {
        return Err(Failure::normal(
            "failed to access file: expected a file argument",
        ));
    }
    let too_long = || Failure::normal(format!("the file has more than {MOST} bytes"));
    let data = files.whole(MOST, too_long).await?;
    let converted = tokio::task::spawn_blocking(move || work(data))
        .await
        .map_err(|_| Failure::normal("the conversion was interrupted"))??;
    Ok(ByteStream {
        media_type: "text/plain",
        length: None,
        stream: futures_util::stream::iter(converted.map(Ok)).boxed(),
    })
}

fn encode(base: Base, data: Bytes) -> Result<TextPieces, Failure> {
    let quadratic = matches!(
        base,
        Base::Base10 | Base::Base36Lower | Base::Base36Upper | Base::Base58Btc | Base::Base58Flickr
    );
    if quadratic && data.len() > MOST_QUADRATIC {
        return Err(Failure::normal(format!(
            "{} takes no more than {MOST_QUADRATIC} bytes",
            multibase::name(base)
        )));
    }
    // In this base the bytes are unchanged, and need not be text.
    if base == Base::Identity {
        let pieces = [Bytes::from_static(&[0]), data].into_iter();
        return Ok(Box::new(pieces.filter(|piece| !piece.is_empty())));
    }
    if quadratic || data.len() <= PIECE {
        return Ok(one_piece(multibase::encode(base, &data)));
    }
    let count = data.len().div_ceil(PIECE);
    Ok(Box::new((0..count).map(move |at| {
        let piece = data.chunks(PIECE).nth(at).unwrap_or_default();
        let mut text = multibase::encode(base, piece);
        // The prefix is written once.
        if at > 0 {
            text.remove(0);
        }
        Bytes::from(text)
    })))
}

fn decode(given: &[u8]) -> Result<Vec<u8>, Failure> {
    if let Some((0, data)) = given.split_first() {
        return Ok(data.to_vec());
    }
    let failed = |error: MultibaseError| {
        Failure::normal(format!("failed to decode multibase: {}", text(&error)))
    };
    // A character that is not text belongs to no base either.
    let (_, data) = multibase::decode(&String::from_utf8_lossy(given)).map_err(failed)?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_whole_text() {
        let data: Bytes = (0..PIECE * 3 + 7).map(|at| (at % 251) as u8).collect();
        for (name, base) in multibase::NAMES {
            match encode(*base, data.clone()) {
                Ok(pieces) => {
                    let text: Vec<u8> = pieces.flatten().collect();
                    let expected = if *base == Base::Identity {
                        [&[0], data.as_ref()].concat()
                    } else {
                        multibase::encode(*base, &data).into_bytes()
                    };
                    assert!(text == expected, "{name}");
                }
                Err(refused) => assert!(refused.to_string().contains("takes no more"), "{name}"),
            }
        }
    }
}
