//! JSON files.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use cairn_wire::kubo::cat::Cat;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use super::{Call, IntoPath, Kubo, decode};
use crate::error::Error;

/// The default limit in bytes.
const LIMIT: usize = 64 << 20;

/// A call that reads a JSON file.
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct GetJson<T> {
    call: Call<Cat>,
    limit: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> GetJson<T> {
    /// Sets the maximum size of the file in bytes [default: 64 MiB].
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// As [`Call::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|call| call.timeout(timeout))
    }

    /// As [`Call::offline`].
    pub fn offline(self, offline: bool) -> Self {
        self.change(|call| call.offline(offline))
    }

    /// As [`Call::option`].
    pub fn option(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(|call| call.option(name, value))
    }

    fn change(self, change: impl FnOnce(Call<Cat>) -> Call<Cat>) -> Self {
        Self {
            call: change(self.call),
            ..self
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for GetJson<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { decode(&self.call.to_vec(self.limit).await?) })
    }
}

impl Kubo {
    /// Reads a JSON file and deserializes it.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let cid = kubo.add_json(&vec![1, 2, 3]).await?;
    /// let numbers: Vec<u32> = kubo.get_json(&cid).await?;
    /// # let _ = numbers; Ok(())
    /// # }
    /// ```
    pub fn get_json<T: DeserializeOwned>(&self, path: impl IntoPath) -> GetJson<T> {
        GetJson {
            call: Call::new(self, Cat::new(vec![path.into_path()])),
            limit: LIMIT,
            value: PhantomData,
        }
    }
}
