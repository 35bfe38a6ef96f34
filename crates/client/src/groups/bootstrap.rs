//! The bootstrap list.

use cairn_wire::kubo::bootstrap::BootstrapPeers;
use cairn_wire::kubo::bootstrap::add::BootstrapAdd;
use cairn_wire::kubo::bootstrap::list::BootstrapList;
use cairn_wire::kubo::bootstrap::rm::BootstrapRm;
use cairn_wire::kubo::bootstrap::rm_all::BootstrapRmAll;

use crate::kubo::{Call, IntoPaths, one, setters, texts};

group! {
    /// The list of bootstrap peers.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// for peer in kubo.bootstrap().list().await? {
    ///     println!("{peer}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Bootstrap, bootstrap
}

impl Bootstrap<'_> {
    /// Adds peers, given as multiaddrs that end in `/p2p/PEER_ID`, and returns them.
    pub fn add(&self, peers: impl IntoPaths) -> Call<BootstrapAdd> {
        Call::new(self.0, BootstrapAdd::new(texts(peers)))
    }

    /// Lists the peers as multiaddrs.
    pub fn list(&self) -> Call<BootstrapList> {
        Call::new(self.0, BootstrapList::new())
    }

    /// Removes peers and returns them.
    pub fn rm(&self, peers: impl IntoPaths) -> Call<BootstrapRm> {
        Call::new(self.0, BootstrapRm::new(texts(peers)))
    }

    /// Removes all peers and returns them.
    pub fn rm_all(&self) -> Call<BootstrapRmAll> {
        Call::new(self.0, BootstrapRmAll::new())
    }
}

one! {
    BootstrapAdd, BootstrapPeers => Vec<String>, |list| Ok(list.peers);
    BootstrapList, BootstrapPeers => Vec<String>, |list| Ok(list.peers);
    BootstrapRm, BootstrapPeers => Vec<String>, |list| Ok(list.peers);
    BootstrapRmAll, BootstrapPeers => Vec<String>, |list| Ok(list.peers);
}

cairn_wire::BootstrapList!(setters);
