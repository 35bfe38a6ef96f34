//! `pin/ls`.

use std::collections::BTreeMap;

use bytes::{BufMut as _, Bytes, BytesMut};
use cairn_dag::pin::{Listed, PinKind, PinState, Query};
use cairn_store::meta::PinMode;
use cairn_wire::kubo::pin::ls::{PinInfo, PinList, PinLs, PinnedItem};
use futures_util::StreamExt as _;

use super::super::super::answer::Encoding;
use super::super::super::call::CidForm;
use super::super::super::{Answer, Call, Failure, Handler, OneOrMany, Records};

/// Bytes of a list that are sent together.
const BATCH: usize = 32 << 10;

impl Handler for PinLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let kind: PinKind = self.r#type.parse()?;
        if self.paths.is_empty() {
            let names = self.names || self.name.is_some();
            let query = Query {
                kind,
                name_contains: self.name.unwrap_or_default(),
            };
            let list = call.node().pins().list(query);
            if call.encoding == Encoding::Xml {
                return Err(Failure::no_xml());
            }
            // Text output is the same with and without `stream`.
            return Ok(if self.stream || call.encoding == Encoding::Text {
                stream(list, form, names)
            } else {
                json_object(list, form, names)
            });
        }
        let mut cids = Vec::with_capacity(self.paths.len());
        for path in &self.paths {
            cids.push(call.resolve(path).await?);
        }
        let states = call.node().pins().state(kind, cids.clone()).await?;
        let mut found = Vec::with_capacity(cids.len());
        for ((cid, state), path) in cids.iter().zip(states).zip(&self.paths) {
            let (r#type, name) = match state {
                PinState::Pinned {
                    mode: PinMode::Recursive,
                    name,
                } => ("recursive".to_owned(), name),
                PinState::Pinned {
                    mode: PinMode::Direct,
                    name,
                } => ("direct".to_owned(), name),
                PinState::Indirect { via } => (
                    format!("indirect through {}", form.show(&via)),
                    String::new(),
                ),
                _ => return Err(Failure::normal(format!("path '{path}' is not pinned"))),
            };
            found.push((
                form.show(cid),
                r#type,
                if self.names { name } else { String::new() },
            ));
        }
        if self.stream {
            let records = found.into_iter().map(|(cid, r#type, name)| {
                Ok(PinnedItem {
                    cid,
                    info: PinInfo {
                        r#type,
                        name: Some(name).filter(|name| !name.is_empty()),
                    },
                })
            });
            return Ok(OneOrMany::Many(Records::stream(
                futures_util::stream::iter(records),
            )));
        }
        let keys: BTreeMap<_, _> = found
            .into_iter()
            .map(|(cid, r#type, name)| {
                (
                    cid,
                    PinInfo {
                        r#type,
                        name: Some(name),
                    },
                )
            })
            .collect();
        Ok(OneOrMany::One(PinList { keys }))
    }
}

/// The answer of `pin/ls`.
type PinAnswer = OneOrMany<PinList, PinnedItem>;

type List = cairn_dag::listing::Listing<Listed, cairn_dag::pin::PinError>;

/// One record per pin.
fn stream(mut list: List, form: CidForm, names: bool) -> PinAnswer {
    OneOrMany::Many(Records::work(move |out| async move {
        while let Some(pin) = list.next().await.transpose()? {
            let name = Some(pin.name().to_owned()).filter(|name| names && !name.is_empty());
            out.send(PinnedItem {
                cid: form.show(pin.cid()),
                info: PinInfo {
                    r#type: pin.kind().to_owned(),
                    name,
                },
            })
            .await?;
        }
        Ok(())
    }))
}

/// One JSON object of all pins, written as they are read and never held in memory as a whole.
fn json_object(list: List, form: CidForm, names: bool) -> PinAnswer {
    enum Step {
        Begin,
        Pins { first: bool },
        End,
    }
    let pieces =
        futures_util::stream::try_unfold((list, Step::Begin), move |(mut list, step)| async move {
            let mut out = BytesMut::with_capacity(BATCH + 1024);
            let mut first = match step {
                Step::Begin => {
                    out.put_slice(b"{\"Keys\":{");
                    true
                }
                Step::Pins { first } => first,
                Step::End => return Ok(None),
            };
            while out.len() < BATCH {
                let Some(pin) = list.next().await.transpose()? else {
                    out.put_slice(b"}}\n");
                    return Ok::<_, Failure>(Some((out.freeze(), (list, Step::End))));
                };
                if !std::mem::take(&mut first) {
                    out.put_u8(b',');
                }
                put(&mut out, &pin, form, names)?;
            }
            Ok(Some((out.freeze(), (list, Step::Pins { first }))))
        });
    let pieces: futures_util::stream::BoxStream<'static, Result<Bytes, Failure>> = pieces.boxed();
    OneOrMany::Json(pieces)
}

/// Writes `"CID":{"Type":…,"Name":…}`.
fn put(out: &mut BytesMut, pin: &Listed, form: CidForm, names: bool) -> Result<(), Failure> {
    // In the identity base a CID can be any bytes.
    serde_json::to_writer(out.writer(), &form.show(pin.cid()))
        .map_err(|error| Failure::normal(error.to_string()))?;
    out.put_slice(b":{\"Type\":\"");
    out.put_slice(pin.kind().as_bytes());
    out.put_slice(b"\",\"Name\":");
    let name = if names { pin.name() } else { "" };
    serde_json::to_writer(out.writer(), name)
        .map_err(|error| Failure::normal(error.to_string()))?;
    out.put_u8(b'}');
    Ok(())
}
