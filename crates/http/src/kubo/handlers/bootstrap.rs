//! `bootstrap`.

use std::sync::Arc;

use cairn_node::bootstrap::{self, BootstrapError};
use cairn_node::config::ConfigFile;
use cairn_wire::kubo::bootstrap::BootstrapPeers;
use cairn_wire::kubo::bootstrap::add::BootstrapAdd;
use cairn_wire::kubo::bootstrap::list::BootstrapList;
use cairn_wire::kubo::bootstrap::rm::BootstrapRm;
use cairn_wire::kubo::bootstrap::rm_all::BootstrapRmAll;

use super::super::{Answer, Call, Failure, Handler};

impl Handler for BootstrapList {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let config = call.node().config();
        Ok(BootstrapPeers {
            peers: config.bootstrap.clone().unwrap_or_default(),
        })
    }
}

impl Handler for BootstrapAdd {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        changed(&call, move |file| bootstrap::add(file, self.peers)).await
    }
}

impl Handler for BootstrapRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        changed(&call, move |file| {
            if self.all {
                bootstrap::clear(file)
            } else {
                bootstrap::remove(file, &self.peers)
            }
        })
        .await
    }
}

impl Handler for BootstrapRmAll {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        changed(&call, bootstrap::clear).await
    }
}

/// Changes the list on a thread that may wait for the disk.
async fn changed(
    call: &Call,
    change: impl FnOnce(&ConfigFile) -> Result<Vec<String>, BootstrapError> + Send + 'static,
) -> Result<BootstrapPeers, Failure> {
    let file = Arc::clone(call.node().config_file());
    let peers = tokio::task::spawn_blocking(move || change(&file))
        .await
        .map_err(|_| Failure::normal("the write was interrupted"))??;
    Ok(BootstrapPeers { peers })
}
