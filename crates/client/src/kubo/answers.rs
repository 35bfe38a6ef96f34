//! How the answers of commands become what a call gives.

/// A command that answers with one record: `one! { Command, Record => Output, |record| … }`, the closure giving a `Result`.
macro_rules! one {
    ($($command:ty, $record:ty => $output:ty, $read:expr;)+) => { $(
        impl $crate::kubo::Callable for $command {
            type Output = $output;

            async fn run(call: $crate::kubo::Call<Self>) -> Result<$output, $crate::Error> {
                let read: fn($record) -> Result<$output, $crate::Error> = $read;
                read(call.record().await?)
            }
        }
    )+ };
}
pub(crate) use one;

/// A command that answers with many records, where it is asked for them: the closure adds the items of a record to a list.
macro_rules! many {
    ($($command:ty, $record:ty => $item:ty, $read:expr;)+) => { $(
        impl $crate::kubo::Streamable for $command {
            type Item = $item;

            const READ: $crate::kubo::ReadItems<$item> = |line, items| {
                let read: fn(
                    $record,
                    &mut std::collections::VecDeque<$item>,
                ) -> Result<(), $crate::Error> = $read;
                read($crate::kubo::decode(line)?, items)
            };
        }
    )+ };
}
pub(crate) use many;

/// A command that always answers with many records: awaited, it gives a list.
macro_rules! list {
    ($($command:ty, $record:ty => $item:ty, $read:expr;)+) => { $(
        $crate::kubo::many! { $command, $record => $item, $read; }

        impl $crate::kubo::Callable for $command {
            type Output = Vec<$item>;

            async fn run(call: $crate::kubo::Call<Self>) -> Result<Vec<$item>, $crate::Error> {
                call.stream().try_collect().await
            }
        }
    )+ };
}
pub(crate) use list;

/// A command that answers with bytes.
macro_rules! binary {
    ($($command:ty),+ $(,)?) => { $(
        impl $crate::kubo::Callable for $command {
            type Output = $crate::Answer;

            async fn run(call: $crate::kubo::Call<Self>) -> Result<$crate::Answer, $crate::Error> {
                call.answer(false).await
            }
        }
    )+ };
}
pub(crate) use binary;

/// A command that answers with nothing.
macro_rules! nothing {
    ($($command:ty),+ $(,)?) => { $(
        impl $crate::kubo::Callable for $command {
            type Output = ();

            async fn run(call: $crate::kubo::Call<Self>) -> Result<(), $crate::Error> {
                call.finish().await
            }
        }
    )+ };
}
pub(crate) use nothing;
