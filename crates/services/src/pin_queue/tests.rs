//! The queue with a backend whose content is made up.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multiaddr, Multihash};
use cairn_store::shared::{Account, DatabaseUrl, PinState, Quota, SharedRows};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use super::*;
use crate::backend::{
    Backend, BackendError, BackendPin, BackendResult, DagSize, Delegates, Fetched, PinOptions,
    Space,
};

const ORIGIN: &str =
    "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

/// What the backend finds of a CID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Nobody has it, and looking for it takes until the caller gives up.
    Dead,
    /// It is pinned at once.
    Live,
    /// Its root arrives, and then no block.
    Stalls,
    /// Only peers that are connected by hand have it.
    AtOrigin,
    /// It is no DAG.
    Invalid,
}

/// A backend with this content.
#[derive(Debug, Default)]
struct Made {
    content: Mutex<HashMap<Cid, Content>>,
    pinned: Mutex<HashSet<Cid>>,
    connected: Mutex<bool>,
}

impl Made {
    fn has(&self, cid: &Cid) -> Content {
        *self.content.lock().get(cid).unwrap_or(&Content::Dead)
    }
}

impl Backend for Made {
    fn pin<'a>(&'a self, root: &'a Cid, options: PinOptions) -> BackendResult<'a, DagSize> {
        Box::pin(async move {
            match self.has(root) {
                Content::Live => {}
                Content::AtOrigin if *self.connected.lock() => {}
                Content::Invalid => return Err(BackendError::Invalid("no such codec".to_owned())),
                Content::Dead | Content::Stalls | Content::AtOrigin => {
                    let after = options.stall.unwrap_or(Duration::MAX);
                    if let Some(progress) = &options.progress {
                        let mut fetched = Fetched::default();
                        (fetched.blocks, fetched.bytes) = (1, 10);
                        (progress.0)(fetched);
                    }
                    tokio::time::sleep(after).await;
                    return Err(BackendError::Stalled {
                        root: root.clone(),
                        after,
                    });
                }
            }
            self.pinned.lock().insert(root.clone());
            Ok(DagSize {
                blocks: 1_000,
                content: Some(900),
            })
        })
    }

    fn has<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move { Ok(self.has(root) == Content::Live) })
    }

    fn probe<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            match self.has(root) {
                Content::Dead => std::future::pending().await,
                Content::AtOrigin => Ok(false),
                Content::Live | Content::Stalls | Content::Invalid => Ok(true),
            }
        })
    }

    fn unpin<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move { Ok(self.pinned.lock().remove(root)) })
    }

    fn is_pinned<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move { Ok(self.pinned.lock().contains(root)) })
    }

    fn pins(&self) -> BoxStream<'_, Result<BackendPin, BackendError>> {
        stream::empty().boxed()
    }

    fn connect<'a>(&'a self, peer: &'a Multiaddr) -> BackendResult<'a, ()> {
        Box::pin(async move {
            if peer.to_string() == ORIGIN {
                *self.connected.lock() = true;
                return Ok(());
            }
            Err(BackendError::Forbidden {
                address: peer.to_string(),
                reason: "it is private",
            })
        })
    }

    fn delegates(&self) -> BackendResult<'_, Delegates> {
        Box::pin(async { Ok(Delegates::default()) })
    }

    fn space(&self) -> BackendResult<'_, Space> {
        Box::pin(async { Ok(Space::default()) })
    }
}

struct Setup {
    folder: tempfile::TempDir,
    backend: Arc<Made>,
    rows: Arc<dyn SharedRows>,
    owner: Account,
    queue: Arc<PinQueue>,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

impl Setup {
    async fn new(change: impl FnOnce(&mut PinQueueSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(PathBuf::from("rows.sqlite"));
        let rows = cairn_store::shared::open(&url, folder.path())
            .await
            .unwrap();
        let owner = rows.create_account("owner").await.unwrap();
        let backend = Arc::<Made>::default();
        let mut settings = PinQueueSettings {
            search: Duration::from_millis(20),
            stall: Duration::from_millis(20),
            wait: Duration::from_millis(20),
            ..PinQueueSettings::default()
        };
        change(&mut settings);
        let shared: Arc<dyn Backend> = Arc::<Made>::clone(&backend);
        let context = Context::new(Arc::clone(&rows), shared, "peer");
        let queue = Arc::new(PinQueue::new(Arc::new(context), settings));
        Self {
            folder,
            backend,
            rows,
            owner,
            queue,
            stop: CancellationToken::new(),
            running: None,
        }
    }

    fn start(&mut self) {
        self.stop = CancellationToken::new();
        let run = Arc::clone(&self.queue).run(self.stop.clone());
        self.running = Some(tokio::spawn(run));
    }

    async fn stop(&mut self) {
        self.stop.cancel();
        self.running.take().unwrap().await.unwrap();
    }

    fn content(&self, text: &str, content: Content) -> PinSpec {
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(text.as_bytes()));
        self.backend.content.lock().insert(cid.clone(), content);
        PinSpec {
            cid: cid.to_string(),
            name: Some(text.to_owned()),
            ..PinSpec::default()
        }
    }

    async fn add(&self, spec: PinSpec) -> PinRequest {
        self.queue.add(self.owner.id, spec).await.unwrap()
    }

    async fn get(&self, pin: &PinRequest) -> PinRequest {
        let id = pin.id.to_string();
        self.queue.get(self.owner.id, &id).await.unwrap()
    }

    /// Waits until a request is as wanted.
    async fn until(&self, pin: &PinRequest, wanted: impl Fn(&PinRequest) -> bool) -> PinRequest {
        loop {
            let found = self.get(pin).await;
            if wanted(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn count(&self, states: &[PinState]) -> u64 {
        let filter = PinFilter {
            states: states.to_vec(),
            ..PinFilter::default()
        };
        self.queue
            .list(self.owner.id, filter, 1)
            .await
            .unwrap()
            .count
    }
}

#[tokio::test]
async fn dead_content_does_not_hold_up_live_content() {
    let mut setup = Setup::new(|settings| {
        settings.requests = 16;
        settings.fetches = 2;
    })
    .await;
    for number in 0..200 {
        setup
            .add(setup.content(&format!("dead {number}"), Content::Dead))
            .await;
    }
    for number in 0..20 {
        let content = if number % 4 == 0 {
            Content::Stalls
        } else {
            Content::Live
        };
        setup
            .add(setup.content(&format!("{number}"), content))
            .await;
    }
    setup.start();
    while setup.count(&[PinState::Pinned]).await < 15 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(setup.count(&[PinState::Pinned, PinState::Failed]).await, 15);
    setup.stop().await;
}

#[tokio::test]
async fn one_that_nobody_has_waits_and_says_so_until_it_is_there() {
    let mut setup = Setup::new(|_| ()).await;
    let spec = setup.content("late", Content::Dead);
    let pin = setup.add(spec.clone()).await;
    assert_eq!(info(&pin)["status_details"], "waiting for its turn");
    setup.start();
    let waits = setup
        .until(&pin, |pin| {
            pin.queue.as_ref().is_some_and(|queue| queue.next.is_some())
        })
        .await;
    let said = &info(&waits)["status_details"];
    assert!(
        said.starts_with("no peer that has the content was found; attempt "),
        "{said}"
    );
    setup.content("late", Content::Live);
    let pinned = setup.until(&pin, |pin| pin.state == PinState::Pinned).await;
    let info = info(&pinned);
    assert_eq!(
        (info["dag_size"].as_str(), info["raw_size"].as_str()),
        ("1000", "900")
    );
    assert_eq!(info.get("status_details"), None);
    setup.stop().await;
}

#[tokio::test]
async fn is_given_up_with_a_reason() {
    let mut setup = Setup::new(|settings| settings.give_up = Duration::ZERO).await;
    let dead = setup.add(setup.content("dead", Content::Dead)).await;
    let stalls = setup.add(setup.content("stalls", Content::Stalls)).await;
    let invalid = setup.add(setup.content("invalid", Content::Invalid)).await;
    setup.start();
    for (pin, reason) in [
        (dead, "no peer that has the content was found"),
        (stalls, "no block of "),
        (invalid, "no such codec"),
    ] {
        let failed = setup.until(&pin, |pin| pin.state == PinState::Failed).await;
        let said = &info(&failed)["status_details"];
        assert!(said.contains(reason), "{said}");
    }
    // Asking again is another request, with its own time.
    let again = setup.add(setup.content("dead", Content::Live)).await;
    setup
        .until(&again, |pin| pin.state == PinState::Pinned)
        .await;
    setup.stop().await;
}

#[tokio::test]
async fn blocks_that_arrived_are_said_and_count() {
    let mut setup = Setup::new(|settings| settings.wait = Duration::from_secs(3_600)).await;
    let pin = setup.add(setup.content("stalls", Content::Stalls)).await;
    setup.start();
    let waits = setup
        .until(&pin, |pin| {
            pin.queue.as_ref().is_some_and(|queue| queue.next.is_some())
        })
        .await;
    assert_eq!(waits.state, PinState::Queued);
    let queue = waits.queue.as_ref().unwrap();
    assert_eq!((queue.blocks, queue.bytes), (1, 10));
    let said = &info(&waits)["status_details"];
    assert!(said.contains("1 blocks, 10 bytes so far"), "{said}");
    setup.stop().await;
}

#[tokio::test]
async fn origins_are_dialled_and_forbidden_ones_are_noted() {
    let mut setup = Setup::new(|_| ()).await;
    let private = ORIGIN.replace("192.0.2.1", "10.0.0.1");
    let spec = PinSpec {
        origins: vec![ORIGIN.to_owned(), private.clone()],
        ..setup.content("there", Content::AtOrigin)
    };
    let pin = setup.add(spec).await;
    setup.start();
    let pinned = setup.until(&pin, |pin| pin.state == PinState::Pinned).await;
    assert_eq!(
        info(&pinned)["status_details"],
        format!("origin {private} is not dialled: it is private")
    );
    setup.stop().await;
}

#[tokio::test]
async fn a_quota_on_bytes_is_kept() {
    let mut setup = Setup::new(|_| ()).await;
    let quota = Quota {
        bytes: Some(1_500),
        ..Quota::default()
    };
    setup.rows.set_quota(setup.owner.id, quota).await.unwrap();
    let first = setup.add(setup.content("first", Content::Live)).await;
    setup.start();
    setup
        .until(&first, |pin| pin.state == PinState::Pinned)
        .await;
    let second = setup.add(setup.content("second", Content::Live)).await;
    let failed = setup
        .until(&second, |pin| pin.state == PinState::Failed)
        .await;
    assert!(info(&failed)["status_details"].contains("quota of 1500 bytes"));
    let releases = setup.rows.releases("peer", 10).await.unwrap();
    assert_eq!(releases.len(), 1);
    setup.stop().await;
}

#[tokio::test]
async fn stopping_gives_the_work_back() {
    let mut setup = Setup::new(|settings| settings.search = Duration::from_secs(3_600)).await;
    let pin = setup.add(setup.content("late", Content::Dead)).await;
    setup.start();
    setup
        .until(&pin, |pin| {
            pin.queue.as_ref().is_some_and(|queue| queue.attempts == 1)
        })
        .await;
    setup.stop().await;
    setup.content("late", Content::Live);
    setup.start();
    setup.until(&pin, |pin| pin.state == PinState::Pinned).await;
    setup.stop().await;
    assert!(setup.folder.path().join("rows.sqlite").exists());
}

#[tokio::test]
async fn what_is_no_pin_is_refused() {
    let setup = Setup::new(|_| ()).await;
    let good = setup.content("good", Content::Live);
    let many = |count: usize| {
        (0..count)
            .map(|number| (number.to_string(), String::new()))
            .collect()
    };
    let origins = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let twenty: Vec<_> = (0..20)
        .map(|port| ORIGIN.replace("4001", &format!("{}", 4001 + port)))
        .collect();
    for allowed in [
        PinSpec {
            name: Some("ß".repeat(255)),
            ..good.clone()
        },
        PinSpec {
            meta: many(1_000),
            ..good.clone()
        },
        PinSpec {
            origins: twenty.clone(),
            ..good.clone()
        },
    ] {
        setup.add(allowed).await;
    }
    let mut more = twenty;
    more.push(ORIGIN.replace("4001", "1"));
    for (refused, wrong) in [
        (
            PinSpec {
                cid: String::new(),
                ..good.clone()
            },
            "cid",
        ),
        (
            PinSpec {
                cid: "Qm1".to_owned(),
                ..good.clone()
            },
            "cid",
        ),
        (
            PinSpec {
                name: Some("n".repeat(256)),
                ..good.clone()
            },
            "name",
        ),
        (
            PinSpec {
                name: Some("\0".to_owned()),
                ..good.clone()
            },
            "name",
        ),
        (
            PinSpec {
                meta: many(1_001),
                ..good.clone()
            },
            "meta",
        ),
        (
            PinSpec {
                origins: more,
                ..good.clone()
            },
            "origins",
        ),
        (
            PinSpec {
                origins: origins(&[ORIGIN, ORIGIN]),
                ..good.clone()
            },
            "origins",
        ),
        (
            PinSpec {
                origins: origins(&["/ip4/192.0.2.1/tcp/1"]),
                ..good.clone()
            },
            "origins",
        ),
        (
            PinSpec {
                origins: origins(&["nowhere"]),
                ..good.clone()
            },
            "origins",
        ),
        (
            PinSpec {
                idempotency_key: Some(String::new()),
                ..good.clone()
            },
            "Idempotency-Key",
        ),
    ] {
        let refusal = setup.queue.add(setup.owner.id, refused).await.unwrap_err();
        assert!(
            matches!(&refusal, PinError::Invalid { field, .. } if *field == wrong),
            "{refusal}"
        );
    }
    for id in ["", "x", "../pins", &"0".repeat(26)] {
        let refusal = setup.queue.get(setup.owner.id, id).await.unwrap_err();
        assert!(matches!(refusal, PinError::NotFound), "{refusal}");
    }
}

#[test]
fn waits_grow_up_to_a_bound() {
    let settings = PinQueueSettings::default();
    let seconds: Vec<_> = (1..9)
        .map(|attempt| settings.wait_after(attempt).as_secs())
        .collect();
    assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(settings.wait_after(u64::MAX), settings.longest_wait);
    assert_eq!(settings.stall_of(0), settings.stall);
}
