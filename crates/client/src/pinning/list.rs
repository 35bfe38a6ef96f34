//! Listing pin requests.

use std::future::IntoFuture;
use std::pin::Pin as Pinned;
use std::task::{Context, Poll};
use std::time::SystemTime;

use cairn_primitives::Cid;
use cairn_wire::pinning::{GetPins, Status, TextMatchingStrategy};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};

use super::{Pin, PinningError, PinningService};
use crate::paging::{Bounds, Pager, text};

/// The largest page that the API allows.
const MOST: u32 = 1000;

/// A call that lists pin requests, the newest first.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is awaited or streamed"]
pub struct ListPins {
    service: PinningService,
    request: GetPins,
    limit: Option<u32>,
}

impl ListPins {
    pub(super) fn new(service: PinningService) -> Self {
        Self {
            service,
            request: GetPins::new(),
            limit: None,
        }
    }

    /// Only pins of this CID. If it is called several times, pins of any of these CIDs; a service takes at most 10.
    pub fn cid(mut self, cid: &Cid) -> Self {
        self.request.cid.push(cid.to_string());
        self
    }

    /// Only pins of one of these CIDs.
    pub fn cids<'a>(self, cids: impl IntoIterator<Item = &'a Cid>) -> Self {
        cids.into_iter().fold(self, Self::cid)
    }

    /// Only pins with this name; see [`Self::name_match`].
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.request.name = Some(name.into());
        self
    }

    /// Sets how names are compared [default: exactly].
    pub fn name_match(mut self, how: TextMatchingStrategy) -> Self {
        self.request.r#match = Some(how);
        self
    }

    /// Only pins with this status. If it is called several times, pins with any of these.
    pub fn status(mut self, status: Status) -> Self {
        if !self.request.status.contains(&status) {
            self.request.status.push(status);
        }
        self
    }

    /// Pins with any status. Without this and [`Self::status`] the service lists the pinned ones.
    pub fn any_status(self) -> Self {
        Status::ALL.into_iter().fold(self, Self::status)
    }

    /// Only pins that were created before this time.
    pub fn before(mut self, time: SystemTime) -> Self {
        self.request.before = Some(text(time));
        self
    }

    /// Only pins that were created after this time.
    pub fn after(mut self, time: SystemTime) -> Self {
        self.request.after = Some(text(time));
        self
    }

    /// Only pins with this metadata. If it is called several times, pins with all of it.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let meta = self.request.meta.get_or_insert_default();
        meta.insert(key.into(), value.into());
        self
    }

    /// Sets the size of a page, from 1 to 1000 [default: 10 for a single page, 1000 for streams].
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The number of pins that match.
    ///
    /// # Errors
    ///
    /// Any [`PinningError`].
    pub async fn count(mut self) -> Result<u64, PinningError> {
        self.request.limit = 1;
        Ok(self.service.rest.call(&self.request).await?.count)
    }

    /// All pins that match, page by page. Every pin that exists while it is read is listed once; pins that are added meanwhile may be
    /// listed or not. This also holds for services whose creation times are not unique or only precise to the second, that list pins
    /// in any order, and that include pins created at exactly the time `before`.
    pub fn stream(self) -> Pins {
        let Self {
            service,
            request,
            limit,
        } = self;
        let bounds = Bounds {
            before: request.before.clone(),
            after: request.after.clone(),
            limit: limit.unwrap_or(MOST),
        };
        let pager = Pager::new(bounds, true);
        let pages = stream::try_unfold(pager, move |mut pager| {
            let rest = service.rest.clone();
            let mut request = request.clone();
            async move {
                let Some(bounds) = pager.request() else {
                    return Ok::<_, PinningError>(None);
                };
                request.before = bounds.before;
                request.after = bounds.after;
                request.limit = bounds.limit;
                let page = rest.call(&request).await?;
                let records = pager.take(page.count, page.results)?;
                let pins: Vec<_> = records.into_iter().map(Pin::read).collect();
                Ok(Some((stream::iter(pins), pager)))
            }
        });
        Pins(pages.try_flatten().boxed())
    }

    async fn page(mut self) -> Result<Page, PinningError> {
        self.request.limit = self.limit.unwrap_or(self.request.limit);
        let page = self.service.rest.call(&self.request).await?;
        let pins = page.results.into_iter().map(Pin::read);
        Ok(Page {
            count: page.count,
            pins: pins.collect::<Result<_, _>>()?,
        })
    }
}

impl IntoFuture for ListPins {
    type Output = Result<Page, PinningError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.page())
    }
}

/// A page of pin requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The number of pins that match, on this page or not.
    pub count: u64,
    /// The pins on this page, the newest first.
    pub pins: Vec<Pin>,
}

/// The number of pin requests with each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// In the queue.
    pub queued: u64,
    /// Being fetched.
    pub pinning: u64,
    /// Pinned.
    pub pinned: u64,
    /// Failed.
    pub failed: u64,
}

/// A stream of pin requests. Pages are requested as they are needed.
#[must_use = "a stream does nothing unless it is read"]
pub struct Pins(BoxStream<'static, Result<Pin, PinningError>>);

impl std::fmt::Debug for Pins {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pins").finish_non_exhaustive()
    }
}

impl Pins {
    /// The next pin; `None` after the last one. Cancel safe.
    ///
    /// # Errors
    ///
    /// Any [`PinningError`]. After an error the stream has ended.
    pub async fn try_next(&mut self) -> Result<Option<Pin>, PinningError> {
        self.0.next().await.transpose()
    }

    /// Collects the remaining pins.
    ///
    /// # Errors
    ///
    /// Any [`PinningError`].
    pub async fn try_collect(self) -> Result<Vec<Pin>, PinningError> {
        self.0.try_collect().await
    }
}

impl Stream for Pins {
    type Item = Result<Pin, PinningError>;

    fn poll_next(
        mut self: Pinned<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
