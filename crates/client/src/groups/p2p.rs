//! Tunnels over libp2p.

use cairn_wire::kubo::p2p::close::P2pClose;
use cairn_wire::kubo::p2p::forward::P2pForward;
use cairn_wire::kubo::p2p::listen::P2pListen;
use cairn_wire::kubo::p2p::ls::{P2pListener, P2pListeners, P2pLs};
use cairn_wire::kubo::p2p::stream::close::P2pStreamClose;
use cairn_wire::kubo::p2p::stream::ls::{P2pStream, P2pStreamLs, P2pStreams};

use crate::kubo::{Call, IntoPath, nothing, one, setters, text};

group! {
    /// Tunnels over libp2p, an experiment of Kubo.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// for listener in kubo.p2p().ls().await? {
    ///     println!("{} {}", listener.protocol, listener.target_address);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    P2p, p2p
}

impl P2p<'_> {
    /// Closes listeners. Returns their number.
    pub fn close(&self) -> Call<P2pClose> {
        Call::new(self.0, P2pClose::new())
    }

    /// Forwards connections to a peer.
    pub fn forward(
        &self,
        protocol: impl IntoPath,
        listen: impl IntoPath,
        target: impl IntoPath,
    ) -> Call<P2pForward> {
        Call::new(
            self.0,
            P2pForward::new(text(protocol), text(listen), text(target)),
        )
    }

    /// Accepts connections of peers and forwards them to an address.
    pub fn listen(&self, protocol: impl IntoPath, target: impl IntoPath) -> Call<P2pListen> {
        Call::new(self.0, P2pListen::new(text(protocol), text(target)))
    }

    /// Lists the listeners.
    pub fn ls(&self) -> Call<P2pLs> {
        Call::new(self.0, P2pLs::new())
    }

    /// Lists the open tunnels.
    pub fn streams(&self) -> Call<P2pStreamLs> {
        Call::new(self.0, P2pStreamLs::new())
    }

    /// Closes a tunnel.
    pub fn close_stream(&self, id: impl IntoPath) -> Call<P2pStreamClose> {
        Call::new(self.0, P2pStreamClose::new(Some(text(id))))
    }
}

nothing!(P2pForward, P2pListen, P2pStreamClose);

one! {
    P2pClose, i64 => i64, Ok;
    P2pLs, P2pListeners => Vec<P2pListener>, |list| Ok(list.listeners);
    P2pStreamLs, P2pStreams => Vec<P2pStream>, |list| Ok(list.streams);
}

cairn_wire::P2pClose!(setters);
cairn_wire::P2pForward!(setters);
cairn_wire::P2pListen!(setters);
cairn_wire::P2pStreamClose!(setters);
