//! `pin/remote/{add,ls,rm}`.

use std::time::Duration;

use cairn_dag::pin::{self, MAX_NAME};
use cairn_primitives::Cid;
use cairn_wire::kubo::pin::remote::add::PinRemoteAdd;
use cairn_wire::kubo::pin::remote::ls::PinRemoteLs;
use cairn_wire::kubo::pin::remote::rm::PinRemoteRm;
use cairn_wire::pinning::{AddPin, DeletePin, GetPin, GetPins, Pin, PinStatus, Status};

use super::super::super::network::peer_or_address;
use super::super::super::{Answer, Call, Failure, Handler, Records};
use super::{Service, to_record};

/// Time between two questions whether a pin is there, and the longest one that it grows to.
const WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Pins of one page, the most that a service gives.
const PAGE: u32 = 1000;

/// Most CIDs that a service looks for at once.
const MOST_CIDS: usize = 10;

/// Most pins that one command removes.
const MOST_REMOVED: usize = 100_000;

/// Most pages of one listing.
const MOST_PAGES: u32 = 100_000;

/// Maximum number of addresses of this node that are sent to a service.
const MOST_ORIGINS: usize = 20;

impl Handler for PinRemoteAdd {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let service = Service::named(&call, self.service.as_deref())?;
        let cid = call.resolve(&self.path).await?;
        if let Some(name) = &self.name {
            pin::check_name(name)?;
        }
        let pin = Pin {
            cid: cid.to_string(),
            name: self.name,
            origins: origins(&call, &cid).await?,
            ..Pin::default()
        };
        let client = &service.client;
        let mut status = client.add(&service.at, AddPin::new(), pin).await?;
        connect(&call, &status);
        if !self.background {
            status = wait(&service, status).await?;
        }
        let record = Ok(to_record(status, form));
        Ok(Records::stream(futures_util::stream::iter([record])))
    }
}

/// Addresses of this node, where it has the block and peers.
async fn origins(call: &Call, cid: &Cid) -> Result<Vec<String>, Failure> {
    let Some(network) = call.node().network() else {
        return Ok(Vec::new());
    };
    if !call.blocks().has_local(cid).await? {
        return Ok(Vec::new());
    }
    let own = call.node().identity().peer_id();
    let announced = network.swarm().announced();
    let with_id = announced.iter().map(|address| address.text_with_peer(&own));
    Ok(with_id.take(MOST_ORIGINS).collect())
}

/// Connects to the peers that will receive the content, so that they need not look for this node. The pin does not depend
/// on it.
fn connect(call: &Call, status: &PinStatus) {
    let Some(network) = call.node().network() else {
        return;
    };
    let delegates = status.delegates.iter().take(MOST_ORIGINS);
    let peers: Vec<_> = delegates
        .filter_map(|text| peer_or_address(text).ok())
        .collect();
    if peers.is_empty() {
        return;
    }
    let stopping = call.node().stopping();
    tokio::spawn(stopping.run_until_cancelled_owned(async move {
        for peer in peers {
            let id = peer.peer.clone();
            if let Err(error) = network.swarm().connect(peer).await {
                tracing::info!(peer = %id, %error, "cannot connect to a delegate of a remote pin");
            }
        }
    }));
}

/// Waits until a pin is there or has failed.
async fn wait(service: &Service, mut status: PinStatus) -> Result<PinStatus, Failure> {
    let requestid = status.requestid.clone();
    let mut pause = WAIT;
    loop {
        match status.status {
            Status::Pinned => return Ok(status),
            Status::Failed => {
                let why = status.info.get("status_details");
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                return Err(Failure::normal(format!(
                    "remote service failed to pin requestid={requestid:?}{why}"
                )));
            }
            Status::Queued | Status::Pinning => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_WAIT);
        let request = GetPin {
            requestid: requestid.clone(),
        };
        let failed = |why: String| {
            Failure::normal(format!(
                "failed to check pin status for requestid={requestid:?} due to error: {why}"
            ))
        };
        let client = &service.client;
        status =
            (client.get(&service.at, request).await).map_err(|error| failed(error.to_string()))?;
        if status.requestid != requestid {
            return Err(failed(format!(
                "remote service sent unexpected requestid={:?}",
                status.requestid
            )));
        }
    }
}

impl Handler for PinRemoteLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let service = Service::named(&call, self.service.as_deref())?;
        let mut pages = Pages::new(service, self.name, &self.cid, &self.status)?;
        Ok(Records::work(move |out| async move {
            while let Some(page) = pages.next().await? {
                for pin in page {
                    out.send(to_record(pin, form)).await?;
                }
            }
            Ok(())
        }))
    }
}

impl Handler for PinRemoteRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let service = Service::named(&call, self.service.as_deref())?;
        if let Some(extra) = call.values.arguments().first() {
            return Err(Failure::normal(format!(
                "unexpected argument {:?}",
                extra.to_text()
            )));
        }
        let listing =
            |error: Failure| Failure::normal(format!("error while listing remote pins: {error}"));
        let mut pages = Pages::new(service, self.name, &self.cid, &self.status).map_err(listing)?;
        let mut found = Vec::new();
        while let Some(page) = pages.next().await.map_err(listing)? {
            found.extend(page.into_iter().map(|pin| pin.requestid));
            if found.len() > 1 && !self.force {
                return Err(Failure::normal(
                    "multiple remote pins are matching this query, add --force to confirm the bulk removal",
                ));
            }
            if found.len() > MOST_REMOVED {
                return Err(Failure::normal(format!(
                    "more than {MOST_REMOVED} pins match: give a name, CIDs or statuses"
                )));
            }
        }
        let Service { client, at } = &pages.service;
        for requestid in found {
            let request = DeletePin {
                requestid: requestid.clone(),
            };
            client.delete(at, request).await.map_err(|error| {
                Failure::normal(format!(
                    "removing pin identified by requestid={requestid:?} failed: {error}"
                ))
            })?;
        }
        Ok(())
    }
}

/// The pins that match a query, page by page, the newest first.
struct Pages {
    service: Service,
    request: GetPins,
    /// The CIDs of the next queries: a service takes few at once.
    cids: std::vec::IntoIter<Vec<String>>,
    /// How many pages may come; none at the end.
    left: u32,
}

impl Pages {
    fn new(
        service: Service,
        name: Option<String>,
        cids: &[String],
        statuses: &[String],
    ) -> Result<Self, Failure> {
        if name.as_ref().is_some_and(|name| name.len() > MAX_NAME) {
            pin::check_name(name.as_deref().unwrap_or_default())?;
        }
        let mut parsed = Vec::new();
        for text in words(cids) {
            let cid: Cid = text.parse().map_err(|error| {
                Failure::normal(format!(
                    "CID {text:?} cannot be parsed: {}",
                    super::super::super::error::text(&error)
                ))
            })?;
            parsed.push(cid.to_string());
        }
        let mut status = Vec::new();
        for text in words(statuses) {
            let known = Status::ALL.into_iter().find(|known| known.name() == text);
            let known =
                known.ok_or_else(|| Failure::normal(format!("status {text:?} is not valid")))?;
            if !status.contains(&known) {
                status.push(known);
            }
        }
        let mut cids: Vec<Vec<String>> = parsed.chunks(MOST_CIDS).map(<[_]>::to_vec).collect();
        if cids.is_empty() {
            cids.push(Vec::new());
        }
        let mut cids = cids.into_iter();
        Ok(Self {
            service,
            request: GetPins {
                cid: cids.next().unwrap_or_default(),
                name,
                status,
                limit: PAGE,
                ..GetPins::new()
            },
            cids,
            left: MOST_PAGES,
        })
    }

    /// The next page; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<PinStatus>>, Failure> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let Service { client, at } = &self.service;
        let page = client.list(at, self.request.clone()).await?;
        let more = page.count > page.results.len() as u64;
        // The next page is of what was created before the oldest of this one; without progress it would come again.
        let oldest = page.results.iter().map(|pin| &pin.created).min().cloned();
        if more && oldest.is_some() && oldest != self.request.before {
            self.request.before = oldest;
        } else if let Some(cids) = self.cids.next() {
            self.request.cid = cids;
            self.request.before = None;
        } else {
            self.left = 0;
        }
        Ok(Some(page.results))
    }
}

/// The words of options that may be repeated and hold commas.
fn words(options: &[String]) -> impl Iterator<Item = &str> {
    let words = options.iter().flat_map(|option| option.split(','));
    words.map(str::trim).filter(|word| !word.is_empty())
}
