//! `ping`.

use std::time::Duration;

use cairn_store::network::{Network, PeerAddresses, QueryStep};
use cairn_wire::kubo::ping::{Ping, PingResult};
use futures_util::StreamExt as _;

use super::super::error::text;
use super::super::network::{first, peer_or_address};
use super::super::{Answer, Call, Failure, Handler, Records};

/// How long a lookup may take, and how long one ping may.
const LIMIT: Duration = Duration::from_secs(10);

/// Time between two pings.
const PAUSE: Duration = Duration::from_secs(1);

/// Most pings of one command.
const MOST: i32 = 1_000_000;

impl Handler for Ping {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let given = first(&self.peers)?;
        let peer = peer_or_address(given).map_err(|error| {
            Failure::normal(format!("failed to parse peer address '{given}': {error}"))
        })?;
        if peer.peer == call.node().identity().peer_id() {
            return Err(Failure::normal("error: can't ping self"));
        }
        if !(1..=MOST).contains(&self.count) {
            return Err(Failure::normal(format!(
                "ping count must be greater than 0, was {}",
                self.count
            )));
        }
        Ok(Records::work(move |out| async move {
            let message = |text: String| PingResult {
                success: true,
                text,
                time: 0,
            };
            let id = peer.peer.clone();
            let is_known = !peer.addresses.is_empty()
                || network
                    .swarm()
                    .known()
                    .get(&id)
                    .is_some_and(|known| !known.is_empty());
            let peer = if is_known {
                peer
            } else {
                out.send(message(format!("Looking up peer {id}"))).await?;
                look_up(&*network, peer)
                    .await
                    .map_err(|why| Failure::trailer(format!("peer lookup failed: {why}")))?
            };
            out.send(message(format!("PING {id}."))).await?;
            if let Err(error) = network.swarm().connect(peer).await {
                out.send(failed(&text(&error))).await?;
                return Err(Failure::trailer("ping failed".to_owned()));
            }
            let mut pings = network.swarm().ping(id);
            let (mut count, mut total) = (0_u32, Duration::ZERO);
            for number in 0..self.count {
                if number > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                let record = match tokio::time::timeout(LIMIT, pings.next()).await {
                    Ok(Some(Ok(time))) => {
                        count += 1;
                        total += time;
                        PingResult {
                            success: true,
                            time: u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
                            text: String::new(),
                        }
                    }
                    Ok(Some(Err(error))) => failed(&text(&error)),
                    Err(_) => failed("context deadline exceeded"),
                    Ok(None) => break,
                };
                out.send(record).await?;
            }
            if count == 0 {
                return Err(Failure::trailer("ping failed".to_owned()));
            }
            let average = total.as_secs_f64() * 1000.0 / f64::from(count);
            out.send(message(format!("Average latency: {average:.2}ms")))
                .await
        }))
    }
}

fn failed(why: &str) -> PingResult {
    PingResult {
        success: false,
        time: 0,
        text: format!("Ping error: {why}"),
    }
}

/// The addresses of a peer.
async fn look_up(network: &dyn Network, peer: PeerAddresses) -> Result<PeerAddresses, String> {
    let lookup = async {
        let mut events = network.routing().find_peer(&peer.peer);
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| text(&error))?;
            if event.step == QueryStep::FinalPeer
                && let Some(found) = event.responses.into_iter().next()
            {
                return Ok(found);
            }
        }
        Err("routing: not found".to_owned())
    };
    tokio::time::timeout(LIMIT, lookup)
        .await
        .unwrap_or_else(|_| Err("context deadline exceeded".to_owned()))
}
