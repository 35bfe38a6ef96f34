//! Lines of records.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream::{BoxStream, Stream};
use serde::Serialize;

/// Maximum number of bytes of lines that are sent together.
const BATCH: usize = 32 << 10;

/// Appends a value as JSON and the end of its line.
pub(crate) fn json_line(
    value: &impl Serialize,
    out: &mut BytesMut,
) -> Result<(), serde_json::Error> {
    serde_json::to_writer((&mut *out).writer(), value)?;
    out.put_u8(b'\n');
    Ok(())
}

/// The lines of records; those that are ready together are one piece. An error comes after all lines before it.
pub(crate) struct Lines<R, E, F> {
    records: Option<BoxStream<'static, Result<R, E>>>,
    write: F,
    failed: Option<E>,
}

impl<R, E, F> Lines<R, E, F>
where
    F: FnMut(&R, &mut BytesMut) -> Result<(), E>,
{
    /// `write` appends the line of a record, whole.
    pub(crate) fn new(records: BoxStream<'static, Result<R, E>>, write: F) -> Self {
        Self {
            records: Some(records),
            write,
            failed: None,
        }
    }
}

impl<R, E, F> Unpin for Lines<R, E, F> {}

impl<R, E, F> Stream for Lines<R, E, F>
where
    F: FnMut(&R, &mut BytesMut) -> Result<(), E>,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(failed) = this.failed.take() {
            return Poll::Ready(Some(Err(failed)));
        }
        let mut out = BytesMut::new();
        while let Some(records) = &mut this.records {
            match records.as_mut().poll_next(cx) {
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(None) => this.records = None,
                Poll::Ready(Some(record)) => {
                    let written = record.and_then(|record| (this.write)(&record, &mut out));
                    if let Err(failed) = written {
                        this.records = None;
                        this.failed = Some(failed);
                    }
                }
            }
            if out.len() >= BATCH {
                break;
            }
        }
        if out.is_empty() {
            Poll::Ready(this.failed.take().map(Err))
        } else {
            Poll::Ready(Some(Ok(out.freeze())))
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_ready_goes_together_and_an_error_comes_last() {
        let (sender, receiver) = tokio::sync::mpsc::channel(8);
        for record in [Ok(1), Ok(2)] {
            sender.send(record).await.unwrap();
        }
        let records = futures_util::stream::unfold(receiver, |mut receiver| async move {
            let record: Result<u8, &str> = receiver.recv().await?;
            Some((record, receiver))
        });
        let mut lines = Lines::new(records.boxed(), |record, out: &mut BytesMut| {
            out.extend_from_slice(format!("{record}\n").as_bytes());
            Ok(())
        });
        assert_eq!(lines.next().await, Some(Ok("1\n2\n".into())));
        for record in [Ok(3), Err("it failed"), Ok(4)] {
            sender.send(record).await.unwrap();
        }
        assert_eq!(lines.next().await, Some(Ok("3\n".into())));
        assert_eq!(lines.next().await, Some(Err("it failed")));
        assert_eq!(lines.next().await, None);
    }

    #[tokio::test]
    async fn a_piece_is_bounded() {
        let record = "x".repeat(BATCH / 2 + 1);
        let records = futures_util::stream::iter(vec![Ok::<_, ()>(record); 4]);
        let lines = Lines::new(records.boxed(), |record: &String, out: &mut BytesMut| {
            out.extend_from_slice(record.as_bytes());
            Ok(())
        });
        assert_eq!(lines.count().await, 2);
    }
}
