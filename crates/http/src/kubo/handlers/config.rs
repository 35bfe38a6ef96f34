//! `config`.

use cairn_node::config::{Changes, ConfigCommandError};
use cairn_wire::kubo::config::profile::{ConfigProfileApply, ProfileChange};
use cairn_wire::kubo::config::replace::ConfigReplace;
use cairn_wire::kubo::config::show::ConfigShow;
use cairn_wire::kubo::config::value::{Config, Setting};

use super::super::files::Files;
use super::super::{Answer, Call, Failure, Handler};

/// Maximum size of a configuration, in bytes.
const MOST: usize = 4 << 20;

/// What the caller may change: a caller that needs a credential cannot change credentials.
fn changes(call: &Call) -> Changes {
    if call.rpc.asks_for_credentials() {
        Changes::NoCredentials
    } else {
        Changes::All
    }
}

impl Handler for Config {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let node = call.node().clone();
        let changes = changes(&call);
        let Self {
            key,
            value,
            bool,
            json,
            ..
        } = self;
        // Writing blocks on the disk.
        let done = tokio::task::spawn_blocking(move || {
            let file = node.config_file();
            let value = match value {
                None => file.get_command(&key)?,
                Some(value) => file.set_command(&key, &value, bool, json, changes)?,
            };
            Ok::<_, Failure>(Setting { key, value })
        });
        done.await
            .map_err(|_| Failure::normal("the write was interrupted"))?
    }
}

impl Handler for ConfigShow {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        Ok(call.node().config_file().show_command()?)
    }
}

impl Handler for ConfigReplace {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        if files.next().await?.is_none() {
            return Err(Failure::normal("expected a file argument"));
        }
        let text = files
            .whole(MOST, || ConfigCommandError::Decode.into())
            .await?;
        let node = call.node().clone();
        let changes = changes(&call);
        tokio::task::spawn_blocking(move || node.config_file().replace(&text, changes))
            .await
            .map_err(|_| Failure::normal("the write was interrupted"))??;
        Ok(())
    }
}

impl Handler for ConfigProfileApply {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let node = call.node().clone();
        let change = tokio::task::spawn_blocking(move || {
            node.config_file()
                .profile_command(&self.profile, self.dry_run)
        })
        .await
        .map_err(|_| Failure::normal("the write was interrupted"))??;
        Ok(ProfileChange {
            old_cfg: change.old,
            new_cfg: change.new,
        })
    }
}
