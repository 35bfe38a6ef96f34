//! Publish and subscribe.

use cairn_primitives::multibase::{self, Base};
use cairn_primitives::{ByteString, PeerId};
use cairn_wire::kubo::StringList;
use cairn_wire::kubo::pubsub::ls::PubsubLs;
use cairn_wire::kubo::pubsub::peers::{PubsubPeerList, PubsubPeers};
use cairn_wire::kubo::pubsub::publish::PubsubPub;
use cairn_wire::kubo::pubsub::reset::{PubsubForgotten, PubsubReset};
use cairn_wire::kubo::pubsub::sub::{PubsubMessage, PubsubSub};

use crate::error::{EncoderError, Error};
use crate::kubo::{Call, IntoPath, Kubo, list, nothing, one, setters};
use crate::upload::{Source, files};

group! {
    /// Publish and subscribe over peers.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let mut messages = kubo.pubsub().subscribe("hello").stream();
    /// kubo.pubsub().publish("hello", "a message").await?;
    /// if let Some(message) = messages.try_next().await? {
    ///     println!("{}: {:?}", message.from, message.data);
    /// }
    /// // Dropping the stream ends the subscription.
    /// drop(messages);
    /// # Ok(())
    /// # }
    /// ```
    Pubsub, pubsub
}

impl Pubsub<'_> {
    /// Lists the subscribed topics.
    pub fn ls(&self) -> Call<PubsubLs> {
        Call::new(self.0, PubsubLs::new())
    }

    /// Lists the peers of all topics.
    pub fn peers(&self) -> Call<PubsubPeers> {
        Call::new(self.0, PubsubPeers::new(None))
    }

    /// Lists the peers of a topic.
    pub fn peers_of(&self, topic: impl IntoPath) -> Call<PubsubPeers> {
        Call::new(self.0, PubsubPeers::new(Some(encoded(self.0, topic))))
    }

    /// Publishes a message.
    pub fn publish(&self, topic: impl IntoPath, data: impl Into<Vec<u8>>) -> Call<PubsubPub> {
        let data = data.into();
        let call = Call::new(self.0, PubsubPub::new(encoded(self.0, topic)));
        if self.0.workarounds().has_plain_pubsub() {
            return call.option("arg", String::from_utf8_lossy(&data));
        }
        call.sending(files(Source::bytes(data), self.0.chunk_size()))
    }

    /// Subscribes to a topic. The stream of messages has no timeout, unless one is set; dropping it ends the subscription.
    pub fn subscribe(&self, topic: impl IntoPath) -> Call<PubsubSub> {
        Call::new(self.0, PubsubSub::new(encoded(self.0, topic))).no_timeout()
    }

    /// Forgets the sequence numbers of messages. Returns their number.
    pub fn reset(&self) -> Call<PubsubReset> {
        Call::new(self.0, PubsubReset::new())
    }
}

/// A topic as it is sent: multibase, or plain text to servers before 0.11.
fn encoded(kubo: &Kubo, topic: impl IntoPath) -> ByteString {
    let topic = topic.into_path();
    if kubo.workarounds().has_plain_pubsub() {
        topic
    } else {
        multibase::encode(Base::Base64Url, &topic).into()
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The peer ID of the sender.
    pub from: String,
    /// The data.
    pub data: Vec<u8>,
    /// The sequence number.
    pub sequence: Vec<u8>,
    /// The topics.
    pub topics: Vec<String>,
}

/// Decodes bytes: multibase, or base64 of servers before 0.11.
fn bytes(text: &str, plain: bool) -> Result<Vec<u8>, Error> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let decoded = if plain {
        multibase::decode(&format!("M{text}"))
    } else {
        multibase::decode(text)
    };
    decoded
        .map(|(_, bytes)| bytes)
        .map_err(|error| EncoderError::decoding("multibase", error).into())
}

/// A topic as text.
fn topic(text: String, plain: bool) -> Result<String, Error> {
    if plain {
        return Ok(text);
    }
    Ok(ByteString::from(bytes(&text, false)?).into_text())
}

fn message(message: PubsubMessage) -> Result<Message, Error> {
    // Servers before 0.11 send the bytes of the peer ID in base64.
    let plain = !message.from.is_empty() && message.from.parse::<PeerId>().is_err();
    let from = if plain {
        let id = PeerId::from_bytes(&bytes(&message.from, true)?);
        id.map_err(|error| EncoderError::decoding("a peer ID", error))?
            .to_string()
    } else {
        message.from
    };
    let topics = message.topic_ids.into_iter().map(|text| topic(text, plain));
    Ok(Message {
        from,
        data: bytes(&message.data, plain)?,
        sequence: bytes(&message.seqno, plain)?,
        topics: topics.collect::<Result<_, Error>>()?,
    })
}

/// Topics as text. Those of servers before 0.11 are plain; a topic that is not multibase is taken for one.
fn topics(list: StringList) -> Result<Vec<String>, Error> {
    let topics = list.strings.into_iter().map(|text| {
        let decoded = (text.starts_with('u')).then(|| topic(text.clone(), false));
        match decoded {
            Some(Ok(topic)) => topic,
            _ => text,
        }
    });
    Ok(topics.collect())
}

nothing!(PubsubPub);

one! {
    PubsubLs, StringList => Vec<String>, topics;
    PubsubPeers, PubsubPeerList => Vec<String>, |list| Ok(list.strings);
    PubsubReset, PubsubForgotten => u64, |forgotten| Ok(forgotten.deleted);
}

list! {
    PubsubSub, PubsubMessage => Message, |received, items| {
        items.push_back(message(received)?);
        Ok(())
    };
}

cairn_wire::PubsubReset!(setters);
