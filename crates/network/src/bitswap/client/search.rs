//! Searching providers.

use std::sync::Arc;

use cairn_primitives::Cid;
use futures_util::StreamExt as _;

use crate::bitswap::shared::Shared;

/// Searches providers of a block for a session, and dials them as they are found.
pub(crate) async fn search(shared: Arc<Shared>, session: u64, cid: Cid) {
    let mut ended = EndOnDrop {
        shared: &shared,
        session,
        found: 0,
    };
    let searching = async {
        let mut providers = shared.providers.find(&cid);
        while ended.found < shared.settings.search_providers
            && let Some(provider) = providers.next().await
        {
            ended.found += 1;
            let peer = (&provider.peer).into();
            let addresses = provider.addresses.iter().map(Into::into).collect();
            shared.with_client(|client| client.add_candidate(session, peer, addresses));
        }
    };
    let limit = shared.settings.search_timeout;
    if tokio::time::timeout(limit, searching).await.is_err() {
        tracing::debug!("the search for providers of {cid} took too long");
    }
}

/// Notes the end of a search, also of one that panics.
struct EndOnDrop<'a> {
    shared: &'a Shared,
    session: u64,
    found: usize,
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.shared
            .client
            .lock()
            .search_ended(self.session, self.found);
    }
}
