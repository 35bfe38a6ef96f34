//! Listing uploads.

use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use cairn_wire::upload::ListUploads as Request;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};

use super::{NftStorage, StorageError, Upload};
use crate::paging::{Bounds, Pager, text};

/// The size of a single page.
const PAGE: u32 = 10;
/// The largest page that the API allows.
const MOST: u32 = 1000;

/// A call that lists uploads, the newest first.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is awaited or streamed"]
pub struct ListUploads {
    client: NftStorage,
    before: Option<String>,
    limit: Option<u32>,
}

impl ListUploads {
    pub(super) fn new(client: NftStorage) -> Self {
        Self {
            client,
            before: None,
            limit: None,
        }
    }

    /// Only uploads that were created before this time.
    pub fn before(mut self, time: SystemTime) -> Self {
        self.before = Some(text(time));
        self
    }

    /// Sets the size of a page, from 1 to 1000 [default: 10 for a single page, 1000 for streams].
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// All uploads, page by page. Every upload that exists while it is read is listed once, also by servers that include those created
    /// at exactly the time `before`.
    pub fn stream(self) -> Uploads {
        let Self {
            client,
            before,
            limit,
        } = self;
        let bounds = Bounds {
            before,
            after: None,
            limit: limit.unwrap_or(MOST),
        };
        let pager = Pager::new(bounds, false);
        let pages = stream::try_unfold(pager, move |mut pager| {
            let rest = client.rest.clone();
            async move {
                let Some(Bounds { before, limit, .. }) = pager.request() else {
                    return Ok::<_, StorageError>(None);
                };
                let (headers, page) = rest.call(&Request { before, limit }).await?;
                let length = page.value.len() as u64;
                let records = pager.take(headers.count.unwrap_or(length), page.value)?;
                let uploads: Vec<_> = records.into_iter().map(Upload::read).collect();
                Ok(Some((stream::iter(uploads), pager)))
            }
        });
        Uploads(pages.try_flatten().boxed())
    }

    async fn page(self) -> Result<UploadPage, StorageError> {
        let request = Request {
            before: self.before,
            limit: self.limit.unwrap_or(PAGE),
        };
        let (headers, page) = self.client.rest.call(&request).await?;
        let uploads = page.value.into_iter().map(Upload::read);
        Ok(UploadPage {
            count: headers.count,
            uploads: uploads.collect::<Result<_, _>>()?,
        })
    }
}

impl IntoFuture for ListUploads {
    type Output = Result<UploadPage, StorageError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.page())
    }
}

/// A page of uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadPage {
    /// The number of uploads, on this page or not, if the server sends it.
    pub count: Option<u64>,
    /// The uploads on this page, the newest first.
    pub uploads: Vec<Upload>,
}

/// A stream of uploads. Pages are requested as they are needed.
#[must_use = "a stream does nothing unless it is read"]
pub struct Uploads(BoxStream<'static, Result<Upload, StorageError>>);

impl std::fmt::Debug for Uploads {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Uploads").finish_non_exhaustive()
    }
}

impl Uploads {
    /// The next upload; `None` after the last one. Cancel safe.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`]. After an error the stream has ended.
    pub async fn try_next(&mut self) -> Result<Option<Upload>, StorageError> {
        self.0.next().await.transpose()
    }

    /// Collects the remaining uploads.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`].
    pub async fn try_collect(self) -> Result<Vec<Upload>, StorageError> {
        self.0.try_collect().await
    }
}

impl Stream for Uploads {
    type Item = Result<Upload, StorageError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
