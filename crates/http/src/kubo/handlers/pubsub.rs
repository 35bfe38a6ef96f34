//! `pubsub`.
//!
//! Topics are bytes: multibase (base64url) in requests and answers, since URLs and JSON do not hold all of them. With
//! `API.Compat = "0.7"` they are plain text, as they were then.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_primitives::multibase::{self, Base};
use cairn_primitives::{ByteString, PeerId};
use cairn_store::Network;
use cairn_store::network::{Message, PubSub};
use cairn_wire::ParseError;
use cairn_wire::kubo::StringList;
use cairn_wire::kubo::pubsub::ls::PubsubLs;
use cairn_wire::kubo::pubsub::peers::{PubsubPeerList, PubsubPeers};
use cairn_wire::kubo::pubsub::publish::PubsubPub;
use cairn_wire::kubo::pubsub::reset::{PubsubForgotten, PubsubReset};
use cairn_wire::kubo::pubsub::sub::{PubsubMessage, PubsubSub};
use futures_util::StreamExt as _;

use super::super::error::text;
use super::super::files::Files;
use super::super::{Answer, Call, Failure, Handler, Records};

/// Most bytes of a message: what gossipsub carries.
const MAX_MESSAGE: usize = 1 << 20;

const DISABLED: &str =
    "experimental pubsub feature not enabled, run daemon with --enable-pubsub-experiment to use";

/// The network, which has messages by topic: [`enabled`] has looked.
fn network(call: &Call) -> Result<Arc<dyn Network>, Failure> {
    let network = call.node().network();
    network
        .filter(|network| network.pubsub().is_some())
        .ok_or_else(|| Failure::normal(DISABLED))
}

fn enabled(network: &dyn Network) -> Result<&dyn PubSub, Failure> {
    network.pubsub().ok_or_else(|| Failure::normal(DISABLED))
}

impl Handler for PubsubPub {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let topic = topic(&call, &self.topic)?;
        let mut messages = Vec::new();
        if files.next().await?.is_some() {
            let large =
                || Failure::normal(format!("the message is longer than {MAX_MESSAGE} bytes"));
            messages.push(files.whole(MAX_MESSAGE, large).await?.to_vec());
        } else if call.rpc.is_compat() {
            // The payload was the second argument, and might be repeated.
            let rest = call.values.arguments().iter().skip(1);
            messages.extend(rest.map(|message| message.as_bytes().to_vec()));
        }
        if messages.is_empty() {
            return Err(ParseError::MissingFile("data").into());
        }
        let network = network(&call)?;
        for message in messages {
            enabled(&*network)?.publish(topic.clone(), message).await?;
        }
        Ok(())
    }
}

impl Handler for PubsubSub {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let topic = topic(&call, &self.topic)?;
        let network = network(&call)?;
        let compat = call.rpc.is_compat();
        let messages = enabled(&*network)?.subscribe(topic).await?;
        let stopping = call.node().stopping();
        let records = messages
            .map(move |message| message.map(|message| to_record(&message, compat)))
            // The node does not wait for its subscribers when it stops.
            .take_until(async move { stopping.cancelled().await });
        Ok(Records::opened(
            records.map(|record| record.map_err(Failure::from)),
        ))
    }
}

impl Handler for PubsubLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let topics = enabled(&*network)?.topics();
        let compat = call.rpc.is_compat();
        let topics = topics.iter().map(|topic| shown_topic(topic, compat));
        Ok(StringList::from(topics.collect::<Vec<_>>()))
    }
}

impl Handler for PubsubPeers {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let topic = self
            .topic
            .as_ref()
            .map(|given| topic(&call, given))
            .transpose()?;
        let network = network(&call)?;
        let peers = enabled(&*network)?.peers(topic.as_deref());
        let mut strings: Vec<String> = peers.iter().map(PeerId::to_string).collect();
        strings.sort();
        Ok(PubsubPeerList { strings })
    }
}

impl Handler for PubsubReset {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let peer = self.peer.map(|peer| peer.parse::<PeerId>()).transpose();
        let peer =
            peer.map_err(|error| Failure::normal(format!("invalid peer ID: {}", text(&error))))?;
        // Without messages, no numbers are kept.
        let deleted = match call.node().network() {
            Some(network) => match network.pubsub() {
                Some(pubsub) => pubsub.forget(peer.as_ref()).await?,
                None => 0,
            },
            None => 0,
        };
        Ok(PubsubForgotten { deleted })
    }
}

/// The bytes of a topic.
fn topic(call: &Call, given: &ByteString) -> Result<Vec<u8>, Failure> {
    if call.rpc.is_compat() {
        return Ok(given.as_bytes().to_vec());
    }
    match multibase::decode(&given.to_text()) {
        Ok((Base::Base64Url, bytes)) => Ok(bytes),
        Ok(_) => Err(Failure::normal("URL arg must be base64url encoded")),
        Err(error) => Err(Failure::normal(format!(
            "URL arg must be multibase encoded: {}",
            text(&error)
        ))),
    }
}

fn shown_topic(topic: &[u8], compat: bool) -> String {
    if compat {
        return String::from_utf8_lossy(topic).into_owned();
    }
    multibase::encode(Base::Base64Url, topic)
}

fn to_record(message: &Message, compat: bool) -> PubsubMessage {
    let bytes = |bytes: &[u8]| match compat {
        true => STANDARD.encode(bytes),
        false => multibase::encode(Base::Base64Url, bytes),
    };
    PubsubMessage {
        from: match compat {
            // The bytes of the peer ID, as of the payload.
            true => STANDARD.encode(message.from.to_bytes()),
            false => message.from.to_string(),
        },
        data: bytes(&message.data),
        seqno: bytes(&message.sequence),
        topic_ids: vec![shown_topic(&message.topic, compat)],
    }
}
