//! Macros that define the results of commands.

/// A command that returns one record: `one! { Command, Record => Output, |record| … }`; the closure returns a `Result`.
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

/// A command that can return many records: the closure appends the items of a record to a queue.
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

/// A command that always returns many records: if awaited, it returns a list.
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

/// A command that returns bytes.
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

/// A command with an empty response.
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
