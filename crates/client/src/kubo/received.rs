//! What a caller receives for each kind of reply.

use std::future::Future;

use cairn_wire::shape::{Bytes, Large, Many, Nothing, One, OneOrMany, Record, Reply};

use super::{Answer, Records};
use crate::error::Error;

/// A reply that [`Kubo::call`](super::Kubo::call) can receive.
pub trait Received: Reply {
    /// What the caller receives.
    type Value: Send;

    /// Reads it from the bytes of an answer.
    fn receive(answer: Answer) -> impl Future<Output = Result<Self::Value, Error>> + Send;
}

impl<T: Record> Received for One<T> {
    type Value = T;

    async fn receive(answer: Answer) -> Result<T, Error> {
        only(answer).await
    }
}

impl<T: Record> Received for Large<T> {
    type Value = T;

    async fn receive(answer: Answer) -> Result<T, Error> {
        only(answer).await
    }
}

impl<A: Record, B: Record> Received for OneOrMany<A, B> {
    type Value = A;

    async fn receive(answer: Answer) -> Result<A, Error> {
        only(answer).await
    }
}

impl<T: Record> Received for Many<T> {
    type Value = Records<T>;

    async fn receive(answer: Answer) -> Result<Records<T>, Error> {
        Ok(Records::new(answer))
    }
}

impl Received for Bytes {
    type Value = Answer;

    async fn receive(answer: Answer) -> Result<Answer, Error> {
        Ok(answer)
    }
}

impl Received for Nothing {
    type Value = ();

    async fn receive(mut answer: Answer) -> Result<(), Error> {
        while answer.chunk().await?.is_some() {}
        Ok(())
    }
}

pub(super) async fn only<T: Record>(answer: Answer) -> Result<T, Error> {
    let mut records = Records::<T>::new(answer);
    let record = records.next().await?.ok_or(Error::Empty)?;
    // What is behind the record may be the news that it is void.
    while records.next_line().await?.is_some() {}
    Ok(record)
}
