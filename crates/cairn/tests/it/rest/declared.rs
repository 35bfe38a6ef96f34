//! Endpoints declared here: bodies, replies and headers that the API of the main file has not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_http::rest::{
    Answer, Attempt, Download, ErrorResponse, Handler, Input, OneOrMany, RawOrFiles, Service,
};
use cairn_wire::pinning::{Failure, Pinning};
use cairn_wire::rest::{Access, Api, Fault, Info, Scheme, TrailingSlash};
use cairn_wire::shape;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue};

pub(crate) enum TestApi {}

impl Api for TestApi {
    const INFO: Info = Info {
        title: "Trial API",
        version: "1",
        spec: "https://example.net/",
    };
    const SCHEMES: &'static [Scheme] = &[];
    const TRAILING_SLASH: TrailingSlash = TrailingSlash::Redirected(308);
    const EMPTY_STREAM: u16 = 204;
    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        Pinning::fault(fault)
    }

    fn message(error: &Failure) -> String {
        Pinning::message(error)
    }
}

#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) size: usize,
}

cairn_wire::reply_headers! {
    /// What is said beside a stored thing.
    pub(crate) struct StoredHeaders {
        /// How many tags it has.
        count: u64 = Value "X-Count";
        /// Where the next one is.
        next: Option<String> = Escaped "X-Next";
    }
}

cairn_wire::endpoint! {
    /// Store files.
    pub(crate) struct PutFiles: POST "/files" as "putFiles" of TestApi {
        path {}
        query {}
        body: shape::Files,
        reply: 200 Many<Stored>,
        errors: [400],
        access: Access::Open,
        safe: false,
        command: "files/put",
    }
}

cairn_wire::endpoint! {
    /// Store bytes.
    pub(crate) struct PutRaw: POST "/raw" as "putRaw" of TestApi {
        path {}
        query {}
        headers {
            /// Their name.
            name: Option<String> = Escaped "X-Name";
            /// Makes the request safe to repeat.
            key: Option<String> = Value "Idempotency-Key", 1..=8;
            /// Tags.
            tags: Vec<String> = List "X-Tags";
        }
        body: shape::RawBody,
        reply: 201 One<Stored>,
        reply_headers: StoredHeaders,
        errors: [400],
        access: Access::Open,
        safe: false,
        command: "raw/put",
    }
}

cairn_wire::endpoint! {
    /// Store bytes or files.
    pub(crate) struct PutAny: POST "/any" as "putAny" of TestApi {
        path {}
        query {}
        body: shape::RawOrFiles,
        reply: 200 One<Stored>,
        errors: [400],
        access: Access::Open,
        safe: false,
        command: "any/put",
    }
}

cairn_wire::endpoint! {
    /// Count.
    pub(crate) struct Count: GET "/count" as "count" of TestApi {
        path {}
        query {
            /// How far.
            upto: u32 = Value "upto", 0..=100000, default 3;
            /// Whether the numbers come one by one.
            stream: bool = Value "stream", default false;
            /// Where to fail.
            fail: Option<u32> = Value "fail";
        }
        body: shape::NoBody,
        reply: 200 One<Vec<u32>> if stream: Many<u32>,
        errors: [400, 409],
        access: Access::Open,
        safe: true,
        command: "count",
    }
}

cairn_wire::endpoint! {
    /// Get bytes.
    pub(crate) struct GetBytes: GET "/bytes/{size}" as "getBytes" of TestApi {
        path {
            /// How many.
            size: usize = "size";
        }
        query {
            /// Whether the answer has a length.
            length: bool = Value "length", default false;
            /// Where to fail.
            fail: Option<usize> = Value "fail";
        }
        body: shape::NoBody,
        reply: 200 Bytes,
        errors: [409],
        access: Access::Open,
        safe: true,
        command: "bytes/get",
    }
}

macro_rules! trial_endpoints {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            $crate::rest::declared::PutFiles,
            $crate::rest::declared::PutRaw,
            $crate::rest::declared::PutAny,
            $crate::rest::declared::Count,
            $crate::rest::declared::GetBytes,
        }
    };
}

pub(crate) use trial_endpoints;

trial_endpoints!(cairn_wire::list_endpoints);

#[derive(Clone, Default)]
pub(crate) struct Trials {
    /// How many pieces a client has made.
    pub(crate) made: Arc<AtomicUsize>,
}

impl Service for Trials {
    type Api = TestApi;
    type Caller = ();

    async fn authenticate(&self, _: Attempt<'_>, _: &mut HeaderMap) -> Result<(), Fault> {
        Ok(())
    }
}

type TestError = ErrorResponse<TestApi>;

pub(crate) fn conflict() -> TestError {
    ErrorResponse {
        status: 409,
        body: Failure::new("CONFLICT", "so weit, ü\n"),
    }
}

impl Handler<Trials> for PutFiles {
    async fn handle(self, call: Input<Trials, Self>) -> Result<Answer<Self>, TestError> {
        let files = call.body;
        Ok(
            futures_util::stream::try_unfold(files, |mut files| async move {
                let Some(head) = files.next().await? else {
                    return Ok(None);
                };
                let mut size = 0;
                while let Some(bytes) = files.chunk().await? {
                    size += bytes.len();
                }
                let name = head.disposition("filename").unwrap_or_default();
                let name = String::from_utf8_lossy(&name).into_owned();
                Ok(Some((Stored { name, size }, files)))
            })
            .boxed(),
        )
    }
}

impl Handler<Trials> for PutRaw {
    async fn handle(self, call: Input<Trials, Self>) -> Result<Answer<Self>, TestError> {
        let mut body = call.body;
        let mut size = 0;
        let mut received = 0;
        while let Some(bytes) = body.chunk().await? {
            size += bytes.len();
            received += 1;
            // The client makes no more than the server has nearly read.
            let ahead = call
                .service
                .made
                .load(Ordering::SeqCst)
                .saturating_sub(received);
            assert!(ahead <= 8, "{ahead} pieces are in memory");
        }
        let headers = StoredHeaders {
            count: self.tags.len() as u64,
            next: self.key,
        };
        let name = self.name.unwrap_or_default() + body.media_type().unwrap_or("");
        Ok((headers, Stored { name, size }))
    }
}

impl Handler<Trials> for PutAny {
    async fn handle(self, call: Input<Trials, Self>) -> Result<Answer<Self>, TestError> {
        let (mut size, mut name) = (0, String::new());
        match call.body {
            RawOrFiles::Raw(mut raw) => {
                while let Some(bytes) = raw.chunk().await? {
                    size += bytes.len();
                }
            }
            RawOrFiles::Files(mut files) => {
                while files.next().await?.is_some() {
                    name.push('f');
                    while let Some(bytes) = files.chunk().await? {
                        size += bytes.len();
                    }
                }
            }
        }
        Ok(Stored { name, size })
    }
}

impl Handler<Trials> for Count {
    async fn handle(self, _: Input<Trials, Self>) -> Result<Answer<Self>, TestError> {
        let fail = self.fail;
        let numbers = (0..self.upto).map(move |at| match fail == Some(at) {
            true => Err(conflict()),
            false => Ok(at),
        });
        if self.stream {
            Ok(OneOrMany::Many(futures_util::stream::iter(numbers).boxed()))
        } else {
            numbers.collect::<Result<Vec<_>, _>>().map(OneOrMany::One)
        }
    }
}

impl Handler<Trials> for GetBytes {
    async fn handle(self, _: Input<Trials, Self>) -> Result<Answer<Self>, TestError> {
        let fail = self.fail;
        let pieces = (0..self.size).map(move |at| match fail == Some(at) {
            true => Err(conflict()),
            false => Ok(Bytes::from_static(b"x")),
        });
        Ok(Download {
            media_type: HeaderValue::from_static("text/plain"),
            length: self.length.then_some(self.size as u64),
            bytes: futures_util::stream::iter(pieces).boxed(),
        })
    }
}
