//! Routers that are composed by hand: `Routing.Type=custom` of Kubo.
//!
//! Each method has a tree: HTTP routers and DHTs, asked at the same time or one after another. See
//! <https://github.com/ipfs/kubo/blob/master/docs/delegated-routing.md>.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::delegated::Delegated;
use super::dht::{Failure, Found, Request};
use super::record::Valid;
use super::router::Router;
use super::settings::DhtMode;

/// The router of each method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// Announces content. HTTP routers have no method for that.
    pub provide: Arc<Tree>,
    /// Finds providers.
    pub find_providers: Arc<Tree>,
    /// Finds peers.
    pub find_peers: Arc<Tree>,
    /// Finds IPNS records.
    pub get_ipns: Arc<Tree>,
    /// Stores IPNS records.
    pub put_ipns: Arc<Tree>,
}

/// Routers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A router over HTTP, by its URL.
    Http(String),
    /// The DHT of the internet.
    Wan(DhtMode),
    /// The DHT of the local network.
    Lan(DhtMode),
    /// All at the same time.
    Parallel(Branches),
    /// One after another. Of one value only: until one has found it.
    Sequential(Branches),
}

/// Several routers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branches {
    /// The routers.
    pub routers: Vec<Branch>,
    /// Timeout of all together.
    pub timeout: Option<Duration>,
}

/// One of several routers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The router.
    pub router: Arc<Tree>,
    /// Its timeout, from when it is asked.
    pub timeout: Option<Duration>,
    /// Time before it is asked; not for routers that are asked one after another.
    pub after: Duration,
    /// Whether the lookup goes on if it fails.
    pub ignore_errors: bool,
}

impl Custom {
    fn trees(&self) -> [&Arc<Tree>; 5] {
        [
            &self.provide,
            &self.find_providers,
            &self.find_peers,
            &self.get_ipns,
            &self.put_ipns,
        ]
    }

    /// The router of a request; `None` for one without a method.
    pub(super) fn tree(&self, request: &Request) -> Option<&Arc<Tree>> {
        match request {
            Request::Closest(_) => None,
            Request::Peer(_) => Some(&self.find_peers),
            Request::Providers(_) => Some(&self.find_providers),
            Request::Value(_) => Some(&self.get_ipns),
            Request::Put(..) => Some(&self.put_ipns),
            Request::Provide(_) => Some(&self.provide),
        }
    }

    /// The modes of the DHTs of the internet and of the local network; `None` for one that no method uses. If routers differ, the
    /// first one counts.
    pub(super) fn modes(&self) -> (Option<DhtMode>, Option<DhtMode>) {
        let (mut wan, mut lan) = (None, None);
        for tree in self.trees() {
            tree.visit(&mut |leaf| match leaf {
                Tree::Wan(mode) => _ = wan.get_or_insert(*mode),
                Tree::Lan(mode) => _ = lan.get_or_insert(*mode),
                _ => {}
            });
        }
        (wan, lan)
    }

    /// The URLs of the HTTP routers that find providers.
    #[must_use]
    pub fn provider_urls(&self) -> Vec<String> {
        self.find_providers.urls()
    }

    /// The HTTP routers of all methods, by their URLs.
    pub(super) fn http_routers(&self) -> HashMap<String, Arc<Delegated>> {
        let urls = self.trees().into_iter().flat_map(|tree| tree.urls());
        urls.map(|url| {
            let urls = std::slice::from_ref(&url);
            let router = Arc::new(Delegated::new(urls, urls));
            (url, router)
        })
        .collect()
    }
}

impl Tree {
    /// Calls with each HTTP router and DHT.
    fn visit(&self, call: &mut impl FnMut(&Self)) {
        match self {
            Self::Parallel(branches) | Self::Sequential(branches) => {
                for branch in &branches.routers {
                    branch.router.visit(call);
                }
            }
            leaf => call(leaf),
        }
    }

    /// The URLs of HTTP routers, each once.
    fn urls(&self) -> Vec<String> {
        let mut urls = Vec::new();
        self.visit(&mut |leaf| {
            if let Self::Http(url) = leaf
                && !urls.contains(url)
            {
                urls.push(url.clone());
            }
        });
        urls
    }

    /// How many HTTP routers and DHTs there are.
    pub(super) fn leaves(&self) -> usize {
        let mut leaves = 0;
        self.visit(&mut |_| leaves += 1);
        leaves
    }
}

/// What a composition asks its routers with.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) router: Router,
    pub(super) request: Request,
    pub(super) steps: bool,
}

impl Asker {
    /// Asks a router.
    pub(super) fn ask(&self, tree: &Tree) -> BoxStream<'static, Found> {
        match tree {
            Tree::Http(url) => match self.router.custom_http(url) {
                Some(http) => http.ask(&self.request),
                None => stream::empty().boxed(),
            },
            Tree::Wan(_) => self.router.ask_one(true, &self.request, self.steps),
            Tree::Lan(_) => self.router.ask_one(false, &self.request, self.steps),
            Tree::Parallel(branches) => {
                let all = branches.routers.iter();
                let all =
                    stream::select_all(all.map(|branch| self.ask_later(branch.clone()))).boxed();
                let found = match self.request {
                    // What one cannot store the others still store.
                    Request::Put(..) | Request::Provide(_) => all,
                    _ => self.until_failure(all),
                };
                self.limited(found, branches.timeout, false)
            }
            Tree::Sequential(branches) => {
                let found = self.in_turn(branches.routers.clone());
                self.limited(found, branches.timeout, false)
            }
        }
    }

    /// Asks a router after its time, from which on its timeout counts.
    fn ask_later(&self, branch: Branch) -> BoxStream<'static, Found> {
        let asker = self.clone();
        let start = async move {
            if !branch.after.is_zero() {
                tokio::time::sleep(branch.after).await;
            }
            asker.ask_branch(&branch)
        };
        stream::once(start).flatten().boxed()
    }

    fn ask_branch(&self, branch: &Branch) -> BoxStream<'static, Found> {
        self.limited(
            self.ask(&branch.router),
            branch.timeout,
            branch.ignore_errors,
        )
    }

    /// Whether this is what was asked for: a value may be of another key, or too old.
    fn is_answer(&self, found: &Found) -> bool {
        match (found, &self.request) {
            (Found::Step(_) | Found::Failed(_), _) => false,
            (Found::Value { value, .. }, Request::Value(key)) => {
                Valid::new(key.as_ref(), value, SystemTime::now()).is_ok()
            }
            _ => true,
        }
    }

    /// Whether one answer is all that is asked for.
    fn is_one(&self) -> bool {
        matches!(self.request, Request::Peer(_) | Request::Value(_))
    }

    /// Whether an answer of one router is a failure that ends the lookup. Providers are collected from whoever has any. An
    /// empty routing table has nothing, as a router that has not found anything.
    fn ends_all(&self, found: &Found) -> bool {
        matches!(found, Found::Failed(failure) if *failure != Failure::NoPeers)
            && !matches!(self.request, Request::Providers(_))
    }

    /// Ends with a timeout, which is a failure. Failures are dropped if they are ignored.
    fn limited(
        &self,
        found: BoxStream<'static, Found>,
        timeout: Option<Duration>,
        ignore_errors: bool,
    ) -> BoxStream<'static, Found> {
        let found = match timeout {
            None => found,
            Some(timeout) => with_timeout(found, timeout),
        };
        if !ignore_errors {
            return found;
        }
        let found = found.filter(|found| {
            let failed = matches!(found, Found::Failed(_));
            std::future::ready(!failed)
        });
        found.boxed()
    }

    /// The answers up to the first failure that ends all.
    fn until_failure(&self, found: BoxStream<'static, Found>) -> BoxStream<'static, Found> {
        let state = Some((self.clone(), found));
        let found = stream::unfold(state, |state| async move {
            let (asker, mut found) = state?;
            let next = found.next().await?;
            let left = (!asker.ends_all(&next)).then_some((asker, found));
            Some((next, left))
        });
        found.boxed()
    }

    /// Asks routers one after another.
    fn in_turn(&self, branches: Vec<Branch>) -> BoxStream<'static, Found> {
        struct State {
            asker: Asker,
            left: std::vec::IntoIter<Branch>,
            found: BoxStream<'static, Found>,
            is_over: bool,
            has_answer: bool,
        }
        let state = State {
            asker: self.clone(),
            left: branches.into_iter(),
            found: stream::empty().boxed(),
            is_over: false,
            has_answer: false,
        };
        let all = stream::unfold(state, |mut state| async move {
            loop {
                if state.is_over {
                    return None;
                }
                let Some(found) = state.found.next().await else {
                    if state.has_answer && state.asker.is_one() {
                        return None;
                    }
                    let next = state.left.next()?;
                    state.found = state.asker.ask_branch(&next);
                    continue;
                };
                state.is_over = state.asker.ends_all(&found);
                state.has_answer |= state.asker.is_answer(&found);
                return Some((found, state));
            }
        });
        all.boxed()
    }
}

/// Ends a lookup after a time, with a failure.
fn with_timeout(found: BoxStream<'static, Found>, timeout: Duration) -> BoxStream<'static, Found> {
    // The time begins with the first poll.
    let state = Some((found, None));
    let limited = stream::unfold(state, move |state| async move {
        let (mut found, deadline) = state?;
        let deadline = deadline.unwrap_or_else(|| tokio::time::Instant::now() + timeout);
        match tokio::time::timeout_at(deadline, found.next()).await {
            Ok(next) => next.map(|next| (next, Some((found, Some(deadline))))),
            Err(_) => Some((Found::Failed(Failure::TimedOut), None)),
        }
    });
    limited.boxed()
}
