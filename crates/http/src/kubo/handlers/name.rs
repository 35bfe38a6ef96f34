//! `name`, and `dns`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use cairn_dag::NodeError;
use cairn_node::config::{DurationError, GoDuration};
use cairn_node::names::PublishOptions;
use cairn_primitives::PeerId;
use cairn_primitives::ipns::{MAX_RECORD, Record, RecordError, SignatureType};
use cairn_primitives::keys::PeerIdError;
use cairn_primitives::path::ContentPath;
use cairn_store::Network;
use cairn_store::names::{NameError, NameOptions};
use cairn_store::network::NameTopics;
use cairn_wire::CommandError;
use cairn_wire::kubo::dns::Dns;
use cairn_wire::kubo::name::NameEntry;
use cairn_wire::kubo::name::get::NameGet;
use cairn_wire::kubo::name::inspect::{
    InspectedRecord, NameInspect, RecordFields, RecordValidation,
};
use cairn_wire::kubo::name::publish::NamePublish;
use cairn_wire::kubo::name::pubsub::cancel::{Canceled, NamePubsubCancel};
use cairn_wire::kubo::name::pubsub::state::{NamePubsubState, PubsubState};
use cairn_wire::kubo::name::pubsub::subs::{NamePubsubSubs, Subscriptions};
use cairn_wire::kubo::name::put::NamePut;
use cairn_wire::kubo::name::resolve::NameResolve;
use cairn_wire::kubo::resolve::ResolvedPath;
use futures_util::StreamExt as _;

use super::super::error::text;
use super::super::files::Files;
use super::super::{Answer, ByteStream, Call, Failure, Handler, OneOrMany, Records};
use super::key::{IdForm, not_found, the_file};

/// Most bytes of what is given as a record; one that is longer than a record may be is refused by name.
const MOST: usize = 1 << 20;

const NO_PUBLISHERS: &str = "no delegated publishers configured: add Ipns.DelegatedPublishers or use --allow-offline for local-only publishing";

/// Refuses options that contradict each other.
fn check_flags(offline: bool, delegated: bool) -> Result<(), Failure> {
    if offline && delegated {
        return Err(Failure::normal(
            "cannot use both --allow-offline and --allow-delegated flags",
        ));
    }
    Ok(())
}

/// Refuses what needs peers on a node without them, and publishers, which this version does not have.
fn check_where(call: &Call, offline: bool, delegated: bool, refusal: &str) -> Result<(), Failure> {
    if delegated {
        let config = call.node().config();
        let named = config
            .ipns
            .delegated_publishers
            .iter()
            .flatten()
            .any(|publisher| publisher != "auto");
        return Err(Failure::normal(if named {
            "publishing to Ipns.DelegatedPublishers is not supported by this version: use --allow-offline for local-only publishing"
        } else {
            NO_PUBLISHERS
        }));
    }
    if !offline && !call.node().name_system().is_online() {
        return Err(Failure::normal(refusal));
    }
    Ok(())
}

impl Handler for NamePublish {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        check_flags(self.allow_offline, self.allow_delegated)?;
        let lifetime: GoDuration = self.lifetime.parse().map_err(|error: DurationError| {
            Failure::normal(format!("error parsing lifetime option: {}", text(&error)))
        })?;
        let ttl = duration(&self.ttl)?;
        let path = call.path(&self.path)?;
        if self.resolve {
            let cid = call.resolve(&self.path).await?;
            call.blocks().get(&cid).await.map_err(NodeError::from)?;
        }
        check_where(
            &call,
            self.allow_offline,
            self.allow_delegated,
            "can't publish while offline: pass `--allow-offline` to override or `--allow-delegated` if Ipns.DelegatedPublishers are set up",
        )?;
        let key = call.node().keystore().find(&self.key).map_err(not_found)?;
        let options = PublishOptions {
            lifetime: lifetime.to_std(),
            ttl: ttl.to_std(),
            v1_compatible: self.v1compat,
            sequence: self.sequence,
            offline: call.is_offline(),
        };
        let name = call
            .node()
            .name_system()
            .publish(&key, &path, &options)
            .await?;
        Ok(NameEntry {
            name: name.to_base36(),
            value: path.to_string(),
        })
    }
}

fn duration(text: &str) -> Result<GoDuration, Failure> {
    Ok(text.parse::<GoDuration>()?)
}

impl Handler for NameResolve {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let name = match self.name {
            Some(name) => name,
            None => call.node().identity().peer_id().to_string(),
        };
        let timeout = duration(&self.dht_timeout)?;
        if timeout.as_nanos() < 0 {
            return Err(Failure::normal("DHT timeout value must be >= 0"));
        }
        let options = NameOptions {
            nocache: self.nocache,
            record_count: Some(self.dht_record_count),
            timeout: Some(timeout.to_std()),
            ..NameOptions::default()
        };
        let path = name_path(&name)?;
        let resolve = async move {
            let path = call.names(path, options, self.recursive).await?;
            Ok(ResolvedPath {
                path: path.to_string(),
            })
        };
        if self.stream {
            let found = Records::stream(futures_util::stream::once(resolve));
            return Ok(OneOrMany::Many(found));
        }
        Ok(OneOrMany::One(resolve.await?))
    }
}

/// The path of a name, which may be given as one.
fn name_path(name: &str) -> Result<ContentPath, Failure> {
    let name = name.strip_prefix("/ipns/").unwrap_or(name);
    Ok(ContentPath::new(format!("/ipns/{name}"))?)
}

/// The key that a name is the id of.
fn key_of(name: &str) -> Result<PeerId, Failure> {
    let name = name.strip_prefix("/ipns/").unwrap_or(name);
    Ok(name.parse::<PeerId>()?)
}

impl Handler for Dns {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let path = name_path(&self.domain)?;
        let path = call
            .names(path, NameOptions::default(), self.recursive)
            .await?;
        Ok(ResolvedPath {
            path: path.to_string(),
        })
    }
}

impl Handler for NameGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let name = key_of(&self.name)?;
        let options = NameOptions {
            offline: call.is_offline(),
            ..NameOptions::default()
        };
        let names = call.node().name_system();
        let record = names.record(&name, &options).await.map_err(|error| {
            Failure::normal(match error {
                NameError::NotFound { .. } if !names.is_online() => {
                    "this action must be run in online mode, try running 'ipfs daemon' first"
                        .to_owned()
                }
                NameError::NotFound { .. } => "routing: not found".to_owned(),
                other => text(&other),
            })
        })?;
        let bytes = record.as_bytes().clone();
        Ok(ByteStream {
            media_type: "application/vnd.ipfs.ipns-record",
            length: None,
            stream: futures_util::stream::once(std::future::ready(Ok(bytes))).boxed(),
        })
    }
}

impl Handler for NamePut {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let name = key_of(&self.name)
            .map_err(|error| Failure::normal(format!("invalid IPNS name: {error}")))?;
        let data = the_file(&mut files, MOST).await?;
        if data.is_empty() {
            return Err(Failure::normal("record is empty"));
        }
        if !self.force {
            check_record(&call, &name, &data)?;
        }
        check_flags(self.allow_offline, self.allow_delegated)?;
        check_where(
            &call,
            self.allow_offline,
            self.allow_delegated,
            "can't put while offline: pass `--allow-offline` to store locally or `--allow-delegated` if Ipns.DelegatedPublishers are set up",
        )?;
        let offline = call.is_offline();
        let record = call.node().name_system().put(&name, &data, offline).await?;
        Ok(NameEntry {
            name: name.to_base36(),
            value: record
                .value()
                .map(|path| path.to_string())
                .unwrap_or_default(),
        })
    }
}

/// What `--force` leaves out: most of it is checked again where the record is kept, in other words.
fn check_record(call: &Call, name: &PeerId, data: &Bytes) -> Result<(), Failure> {
    if data.len() > MAX_RECORD {
        return Err(Failure::normal(format!(
            "record exceeds maximum size of {MAX_RECORD} bytes, use --force to skip size check"
        )));
    }
    let record = Record::decode(data)
        .map_err(|error| Failure::normal(format!("invalid IPNS record: {}", text(&error))))?;
    record
        .verify(name, SystemTime::now())
        .map_err(|error| Failure::normal(format!("record validation failed: {}", text(&error))))?;
    let kept = call.node().rows().name_record(name);
    let kept = kept.map_err(|error| Failure::normal(text(&error)))?;
    match kept {
        Some(kept) if kept.record != *data && kept.sequence >= record.sequence()? => {
            Err(Failure::normal(format!(
                "existing IPNS record has sequence {} >= new record sequence {}, use 'ipfs name put --force' to skip this check",
                kept.sequence,
                record.sequence()?
            )))
        }
        _ => Ok(()),
    }
}

impl Handler for NameInspect {
    async fn handle(self, (_, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        if files.next().await?.is_none() {
            return Err(Failure::normal("expected a file argument"));
        }
        let data = files
            .whole(MAX_RECORD, || RecordError::TooLarge.into())
            .await?;
        let record = Record::decode(&data)?;
        let validation = match &self.verify {
            None => None,
            Some(name) => {
                let name = key_of(name)?;
                let verified = record.verify(&name, SystemTime::now());
                Some(RecordValidation {
                    valid: verified.is_ok(),
                    reason: verified.err().map(|error| text(&error)).unwrap_or_default(),
                    name: name.to_base36(),
                })
            }
        };
        Ok(InspectedRecord {
            entry: fields(&record),
            pb_size: data.len(),
            signature_type: match record.signature_type() {
                SignatureType::V1AndV2 => "V1+V2",
                SignatureType::V2 => "V2",
            }
            .to_owned(),
            hex_dump: if self.dump {
                hex_dump(&data)
            } else {
                String::new()
            },
            validation,
        })
    }
}

/// What can be read of a record: one that is not good is shown as well.
fn fields(record: &Record) -> RecordFields {
    let ttl = record.ttl().ok();
    RecordFields {
        value: record
            .value()
            .map(|path| path.to_string())
            .unwrap_or_default(),
        validity_type: record.validity_type().ok(),
        validity: record.validity().ok().map(str::to_owned),
        sequence: record.sequence().ok(),
        ttl: ttl.and_then(|ttl| u64::try_from(ttl.as_nanos()).ok()),
    }
}

/// Bytes as `hexdump -C` shows them, sixteen a line.
fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 5 + 64);
    for (at, line) in bytes.chunks(16).enumerate() {
        let _ = write!(out, "{:08x} ", at * 16);
        for place in 0..16 {
            if place == 8 {
                out.push(' ');
            }
            match line.get(place) {
                Some(byte) => drop(write!(out, " {byte:02x}")),
                None => out.push_str("   "),
            }
        }
        out.push_str("  |");
        out.extend(line.iter().map(|&byte| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '.',
        }));
        out.push_str("|\n");
    }
    out
}

/// The network, if IPNS over pubsub is on: [`topics`] has its names.
fn topics_network(call: &Call) -> Result<Arc<dyn Network>, Failure> {
    let network = call.node().network();
    let network = network.filter(|network| network.name_topics().is_some());
    network.ok_or_else(pubsub_off)
}

fn topics(network: &dyn Network) -> Result<&dyn NameTopics, Failure> {
    network.name_topics().ok_or_else(pubsub_off)
}

fn pubsub_off() -> Failure {
    CommandError::client("IPNS pubsub subsystem is not enabled").into()
}

impl Handler for NamePubsubState {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        Ok(PubsubState {
            enabled: topics_network(&call).is_ok(),
        })
    }
}

impl Handler for NamePubsubSubs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let network = topics_network(&call)?;
        let names = topics(&*network)?.names();
        let paths: Vec<_> = names
            .iter()
            .map(|name| format!("/ipns/{}", form.show(name)))
            .collect();
        Ok(Subscriptions {
            strings: (!paths.is_empty()).then_some(paths),
        })
    }
}

impl Handler for NamePubsubCancel {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = topics_network(&call)?;
        let name = self.name.strip_prefix("/ipns/").unwrap_or(&self.name);
        let name: PeerId = name.parse().map_err(|error: PeerIdError| {
            let why = format!("not a valid IPNS name: {}", text(&error));
            Failure::from(CommandError::client(why))
        })?;
        Ok(Canceled {
            canceled: topics(&*network)?.cancel(&name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_dumped_as_go_does() {
        assert_eq!(hex_dump(b""), "");
        assert_eq!(
            hex_dump(b"0123456789abcdef\x00~\xff"),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
             00000010  00 7e ff                                          |.~.|\n"
        );
    }
}
