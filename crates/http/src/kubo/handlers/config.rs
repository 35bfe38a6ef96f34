//! `config`.

use cairn_wire::kubo::config::show::ConfigShow;
use cairn_wire::kubo::config::value::{Config, Setting};
use serde_json::Value;

use super::super::{Answer, Call, Failure, Handler};

impl Handler for Config {
    async fn handle(self, call: Call) -> Result<Answer<Setting>, Failure> {
        let node = call.node().clone();
        let Self {
            key,
            value,
            bool,
            json,
            ..
        } = self;
        // Writing waits for the disk.
        let done = tokio::task::spawn_blocking(move || {
            let file = node.config_file();
            let value = match value {
                None => file.get_command(&key)?,
                Some(value) => file.set_command(&key, &value, bool, json)?,
            };
            Ok::<_, Failure>(Setting { key, value })
        });
        Ok(Answer::One(done.await.map_err(|_| {
            Failure::normal("the write was interrupted")
        })??))
    }
}

impl Handler for ConfigShow {
    async fn handle(self, call: Call) -> Result<Answer<Value>, Failure> {
        Ok(Answer::One(call.node().config_file().show_command()?))
    }
}
