//! `log`.

use std::collections::BTreeMap;

use bytes::Bytes;
use cairn_wire::kubo::StringList;
use cairn_wire::kubo::log::level::{LogLevel, LogLevels};
use cairn_wire::kubo::log::ls::LogLs;
use cairn_wire::kubo::log::tail::LogTail;
use futures_util::StreamExt as _;
use std::sync::Arc;

use super::super::{Answer, ByteStream, Call, Failure, Handler};
use crate::logs;

/// The log of the process.
fn log(call: &Call) -> Result<Arc<dyn logs::LogLevels>, Failure> {
    call.rpc
        .logs
        .clone()
        .ok_or_else(|| Failure::normal("this command needs a running daemon"))
}

impl Handler for LogLevel {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let log = log(&call)?;
        let part = self.subsystem.unwrap_or_default();
        let all = matches!(&*part, "all" | "*");
        if let Some(level) = self.level.filter(|level| !level.is_empty()) {
            let level = match &*level {
                "default" => log.default_level(),
                _ => level,
            };
            log.set((!all).then_some(&*part), &level)?;
            let shown = if all { "*" } else { &part };
            return Ok(LogLevels {
                message: format!("Changed log level of '{shown}' to '{level}'\n"),
                ..LogLevels::default()
            });
        }
        let mut levels = BTreeMap::new();
        if part.is_empty() {
            levels.insert(part, log.default_level());
        } else {
            levels = log.levels();
            if all {
                levels.insert("(default)".to_owned(), log.default_level());
            } else {
                levels.retain(|name, _| *name == part);
            }
        }
        if levels.is_empty() {
            return Err(Failure::normal("error: No such logger"));
        }
        Ok(LogLevels {
            levels,
            ..LogLevels::default()
        })
    }
}

impl Handler for LogLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let parts: Vec<String> = log(&call)?.levels().into_keys().collect();
        Ok(StringList::from(parts))
    }
}

impl Handler for LogTail {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let log = log(&call)?;
        let level = Some(self.log_level.as_str()).filter(|level| !level.is_empty());
        let lines = log.follow(level).map_err(|error| {
            Failure::normal(format!(
                "setting log level {}: {}",
                self.log_level,
                super::super::error::text(&error)
            ))
        })?;
        // Behind the reader, so that it is the first that the reader sees.
        tracing::info!("a client follows the log");
        let stopping = call.node().stopping();
        let lines = lines.take_until(async move { stopping.cancelled().await });
        // An empty piece begins the answer, however long the first message is in coming.
        let opening = futures_util::stream::iter([Bytes::new()]);
        Ok(ByteStream {
            media_type: "text/plain",
            length: None,
            stream: opening.chain(lines).map(Ok).boxed(),
        })
    }
}
