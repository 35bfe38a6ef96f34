//! The part of the swarm.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use cairn_store::network::Message;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::gossipsub::{
    self, ConfigBuilderError, IdentTopic, MessageAcceptance, MessageAuthenticity, MessageId,
    PublishError,
};
use libp2p::identity::Keypair;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;

use super::admission::Admission;
use super::discovery::{ENOUGH_PEERS, Lookups};
use super::error::PubSubError;
use super::filter::{self, TopicFilter};
use super::handle::{Command, Join, MAX_COMMANDS, PubSub};
use super::protocols::Protocols;
use super::sequences::Sequences;
use super::settings::{Settings, max_message};
use super::shared::{Peer, Shared};
use super::subscription::{Queue, Reader, deliver};
use super::validator::{Acceptance, Validator};

/// The library's behaviour, and what else is observed.
#[derive(NetworkBehaviour)]
pub struct Parts {
    gossip: gossipsub::Behaviour<Admission, TopicFilter>,
    protocols: Protocols,
}

/// Exchanges messages by topic with peers. Belongs to one swarm.
pub struct Behaviour {
    parts: Parts,
    own: PeerId,
    /// The number of the last own message.
    own_sequence: Arc<AtomicU64>,
    sequences: Sequences,
    subscribed: HashMap<String, Topic>,
    /// Number of subscriptions of all topics.
    subscriptions: usize,
    lookups: Option<Lookups>,
    commands: mpsc::Receiver<Command>,
    shared: Arc<Shared>,
    settings: Settings,
}

/// A subscribed topic.
#[derive(Default)]
struct Topic {
    queues: Vec<Arc<Queue>>,
    /// Checks messages, until its subscription ends.
    validator: Option<(Arc<Queue>, Arc<dyn Validator>)>,
}

/// Makes the behaviour, and the handle to it. Messages are signed with the key.
///
/// # Errors
///
/// Fails if the parameters contradict each other, or the key cannot sign.
pub fn new(settings: Settings, key: &Keypair) -> Result<(Behaviour, PubSub), PubSubError> {
    let own = key.public().to_peer_id();
    let shared = Arc::new(Shared::default());
    let own_sequence = Arc::new(AtomicU64::new(0));
    let last = Arc::clone(&own_sequence);
    let config = settings.config(move |message| {
        let number = message.sequence_number.unwrap_or_default();
        if message.source == Some(own) {
            last.store(number, Ordering::Relaxed);
        }
        let mut id = message.source.map(PeerId::to_bytes).unwrap_or_default();
        id.extend(number.to_be_bytes());
        MessageId(id)
    });
    let config =
        config.map_err(|error: ConfigBuilderError| PubSubError::Library(error.to_string()))?;
    let gossip = gossipsub::Behaviour::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Signed(key.clone()),
        config,
        filter::of(&settings),
        Admission::new(Arc::clone(&shared), settings.receive_rate),
    );
    let gossip = gossip.map_err(|reason| PubSubError::Library(reason.to_owned()))?;
    let (sender, commands) = mpsc::channel(MAX_COMMANDS);
    let handle = PubSub {
        commands: sender,
        shared: Arc::clone(&shared),
    };
    let behaviour = Behaviour {
        parts: Parts {
            gossip,
            protocols: Protocols::default(),
        },
        own,
        own_sequence,
        sequences: Sequences::new(settings.max_authors),
        subscribed: HashMap::new(),
        subscriptions: 0,
        lookups: settings.discovery.clone().map(Lookups::new),
        commands,
        shared,
        settings,
    };
    Ok((behaviour, handle))
}

impl Behaviour {
    fn on_command(&mut self, command: Command) {
        // A caller that has left does not get its answer.
        match command {
            Command::Publish { topic, data, done } => drop(done.send(self.publish(topic, data))),
            Command::Subscribe {
                topic,
                validator,
                done,
            } => drop(done.send(self.subscribe(topic, validator))),
            Command::Forget { author, done } => {
                let _ = done.send(self.sequences.forget(author.as_ref()));
            }
        }
    }

    fn publish(&mut self, topic: String, data: Vec<u8>) -> Result<(), PubSubError> {
        self.check_topic(&topic)?;
        let limit = max_message(&topic);
        if data.len() > limit {
            return Err(PubSubError::MessageTooLong {
                length: data.len(),
                limit,
            });
        }
        // Copied only for those who read it here.
        let own = self.subscribed.contains_key(&topic).then(|| data.clone());
        let sent = (self.parts.gossip).publish(IdentTopic::new(topic.clone()), data);
        match sent {
            // As in Kubo, a message may have no receivers.
            Ok(_) | Err(PublishError::NoPeersSubscribedToTopic) => {}
            Err(PublishError::AllQueuesFull(peers)) => return Err(PubSubError::Congested(peers)),
            Err(error) => return Err(PubSubError::Library(error.to_string())),
        }
        let number = self.own_sequence.load(Ordering::Relaxed);
        self.sequences.accept(self.own, number);
        if let (Some(topic_state), Some(data)) = (self.subscribed.get(&topic), own) {
            let message = Message {
                from: self.own.into(),
                data,
                sequence: number.to_be_bytes().to_vec(),
                topic: topic.into_bytes(),
            };
            deliver(&topic_state.queues, &message, &self.shared);
        }
        Ok(())
    }

    fn check_topic(&self, topic: &str) -> Result<(), PubSubError> {
        let limit = self.settings.max_topic_length;
        if topic.len() > limit {
            return Err(PubSubError::TopicTooLong {
                length: topic.len(),
                limit,
            });
        }
        Ok(())
    }

    fn subscribe(
        &mut self,
        topic: String,
        validator: Option<Arc<dyn Validator>>,
    ) -> Result<Reader, PubSubError> {
        self.check_topic(&topic)?;
        // What was dropped does not count.
        self.remove_abandoned();
        if self.subscriptions >= self.settings.max_subscriptions {
            return Err(PubSubError::TooManySubscriptions(self.subscriptions));
        }
        match self.subscribed.get(&topic) {
            Some(known) if validator.is_some() && known.validator.is_some() => {
                return Err(PubSubError::Validated);
            }
            Some(_) => {}
            None => {
                if self.subscribed.len() >= self.settings.max_topics {
                    return Err(PubSubError::TooManyTopics(self.subscribed.len()));
                }
                let subscribed = self.parts.gossip.subscribe(&IdentTopic::new(topic.clone()));
                subscribed.map_err(|error| PubSubError::Library(error.to_string()))?;
                self.shared.topics.write().insert(topic.clone());
            }
        }
        let queue = Arc::new(match validator {
            Some(_) => Queue::silent(),
            None => Queue::new(
                self.settings.subscription_messages,
                self.settings.subscription_bytes,
            ),
        });
        let state = self.subscribed.entry(topic).or_default();
        state.queues.push(Arc::clone(&queue));
        if let Some(validator) = validator {
            state.validator = Some((Arc::clone(&queue), validator));
        }
        self.subscriptions += 1;
        Ok(Reader::new(queue, Arc::clone(&self.shared)))
    }

    /// Ends the subscriptions that nobody reads.
    fn remove_abandoned(&mut self) {
        if !self.shared.take_signal() {
            return;
        }
        let mut count = 0;
        self.subscribed.retain(|topic, state| {
            state.queues.retain(|queue| !queue.is_abandoned());
            state.validator.take_if(|(queue, _)| queue.is_abandoned());
            count += state.queues.len();
            if state.queues.is_empty() {
                self.parts
                    .gossip
                    .unsubscribe(&IdentTopic::new(topic.clone()));
                self.shared.topics.write().remove(topic);
            }
            !state.queues.is_empty()
        });
        self.subscriptions = count;
    }

    fn on_event(&mut self, event: PartsEvent) {
        match event {
            PartsEvent::Gossip(gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            }) => {
                let acceptance = self.receive(message);
                self.parts.gossip.report_message_validation_result(
                    &message_id,
                    &propagation_source,
                    acceptance,
                );
            }
            PartsEvent::Gossip(gossipsub::Event::Subscribed { peer_id, topic }) => {
                // An event may arrive after the peer has left.
                if let Some(peer) = self.shared.peers.write().get_mut(&peer_id) {
                    peer.takes_part = true;
                    if self.subscribed.contains_key(topic.as_str()) {
                        // Nobody may be listening.
                        let _ = self.shared.joins.send(Join {
                            peer: peer_id,
                            topic: topic.as_str().into(),
                        });
                    }
                    peer.topics.insert(topic.into_string());
                }
            }
            PartsEvent::Gossip(gossipsub::Event::Unsubscribed { peer_id, topic }) => {
                if let Some(peer) = self.shared.peers.write().get_mut(&peer_id) {
                    peer.topics.remove(topic.as_str());
                }
            }
            PartsEvent::Gossip(gossipsub::Event::GossipsubNotSupported { peer_id }) => {
                if let Some(peer) = self.shared.peers.write().get_mut(&peer_id) {
                    peer.takes_part = false;
                }
            }
            PartsEvent::Gossip(gossipsub::Event::SlowPeer { peer_id, .. }) => {
                tracing::debug!(peer = %peer_id, "a peer takes messages too slowly, and loses some");
            }
            PartsEvent::Protocols(found) => {
                if let Some(peer) = self.shared.peers.write().get_mut(&found.0) {
                    peer.takes_part = true;
                }
            }
        }
    }

    /// Checks a message of another node, and delivers it.
    fn receive(&mut self, message: gossipsub::Message) -> MessageAcceptance {
        let Some(author) = message.source else {
            return MessageAcceptance::Reject;
        };
        let number = message.sequence_number.unwrap_or_default();
        if !self.sequences.accept(author, number) {
            return MessageAcceptance::Ignore;
        }
        let Some(topic) = self.subscribed.get(message.topic.as_str()) else {
            return MessageAcceptance::Ignore;
        };
        let message = Message {
            from: author.into(),
            data: message.data,
            sequence: number.to_be_bytes().to_vec(),
            topic: message.topic.into_string().into_bytes(),
        };
        let checked = match &topic.validator {
            Some((_, validator)) => validator.check(&message),
            None => Acceptance::Accept,
        };
        match checked {
            Acceptance::Accept => {
                deliver(&topic.queues, &message, &self.shared);
                MessageAcceptance::Accept
            }
            Acceptance::Ignore => MessageAcceptance::Ignore,
            Acceptance::Reject => MessageAcceptance::Reject,
        }
    }

    /// Looks for peers of topics that have few.
    fn poll_lookups(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        let Some(lookups) = &mut self.lookups else {
            return Poll::Pending;
        };
        let (shared, gossip) = (&self.shared, &self.parts.gossip);
        let needs_peers = |topic: &str| {
            let topic = IdentTopic::new(topic).hash();
            gossip.mesh_peers(&topic).count() < ENOUGH_PEERS
        };
        lookups
            .poll(context, || shared.topics.read().clone(), needs_peers)
            .map(|opts| ToSwarm::Dial { opts })
    }
}

impl Drop for Behaviour {
    fn drop(&mut self) {
        for queue in self.subscribed.values().flat_map(|topic| &topic.queues) {
            queue.close();
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = <Parts as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.parts
            .handle_pending_inbound_connection(connection, local, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.parts
            .handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.parts
            .handle_pending_outbound_connection(connection, peer, addresses, role)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.parts
            .handle_established_outbound_connection(connection, peer, address, role, port_use)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::ConnectionEstablished(established) if established.other_established == 0 => {
                let peer = Peer::default();
                self.shared.peers.write().insert(established.peer_id, peer);
            }
            FromSwarm::ConnectionClosed(closed) if closed.remaining_established == 0 => {
                self.shared.peers.write().remove(&closed.peer_id);
            }
            _ => {}
        }
        self.parts.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.parts
            .on_connection_handler_event(peer, connection, event);
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.shared.register(context.waker());
        loop {
            self.remove_abandoned();
            match self.parts.poll(context) {
                Poll::Ready(ToSwarm::GenerateEvent(event)) => self.on_event(event),
                Poll::Ready(other) => {
                    return Poll::Ready(other.map_out(|_| unreachable!("matched above")));
                }
                Poll::Pending => match self.commands.poll_recv(context) {
                    Poll::Ready(Some(command)) => self.on_command(command),
                    Poll::Ready(None) | Poll::Pending => return self.poll_lookups(context),
                },
            }
        }
    }
}
