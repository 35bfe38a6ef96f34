//! `swarm/filters`.

use std::sync::Arc;

use cairn_node::config::ConfigFile;
use cairn_node::swarm_filters::{self, FilterError};
use cairn_store::Network;
use cairn_wire::kubo::StringList;
use cairn_wire::kubo::swarm::filters::add::SwarmFiltersAdd;
use cairn_wire::kubo::swarm::filters::list::SwarmFilters;
use cairn_wire::kubo::swarm::filters::rm::SwarmFiltersRm;

use super::super::super::network::texts;
use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for SwarmFilters {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let filters = call.network()?.swarm().filters();
        Ok(StringList::from(texts(&filters)))
    }
}

impl Handler for SwarmFiltersAdd {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        changed(&call, move |file, network| {
            swarm_filters::add(file, network, self.addresses)
        })
        .await
    }
}

impl Handler for SwarmFiltersRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        changed(&call, move |file, network| {
            let all = matches!(
                self.addresses.first().map(String::as_str),
                Some("all" | "*")
            );
            let ranges = (!all).then_some(self.addresses.as_slice());
            swarm_filters::remove(file, network, ranges)
        })
        .await
    }
}

/// Changes the filters on a thread that may wait for the disk.
async fn changed(
    call: &Call,
    change: impl FnOnce(&ConfigFile, &dyn Network) -> Result<Vec<String>, FilterError> + Send + 'static,
) -> Result<StringList, Failure> {
    let network = call.network()?;
    let file = Arc::clone(call.node().config_file());
    let filters = tokio::task::spawn_blocking(move || change(&file, &*network))
        .await
        .map_err(|_| Failure::normal("the write was interrupted"))??;
    Ok(StringList::from(filters))
}
