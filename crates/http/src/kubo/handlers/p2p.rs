//! `p2p`: refusals, as this node makes no tunnels.

use cairn_wire::kubo::p2p::close::P2pClose;
use cairn_wire::kubo::p2p::forward::P2pForward;
use cairn_wire::kubo::p2p::listen::P2pListen;
use cairn_wire::kubo::p2p::ls::P2pLs;
use cairn_wire::kubo::p2p::stream::close::P2pStreamClose;
use cairn_wire::kubo::p2p::stream::ls::P2pStreamLs;

use super::super::{Answer, Call, Failure, Handler};

/// Why there are no tunnels.
fn refused(call: &Call) -> Failure {
    if !call.node().config().experimental.libp2p_stream_mounting {
        return Failure::normal("libp2p stream mounting not enabled");
    }
    call.network().err().unwrap_or_else(|| {
        Failure::normal("libp2p stream mounting is not supported by this program")
    })
}

macro_rules! refuse {
    ($($command:ty),+ $(,)?) => { $(
        impl Handler for $command {
            async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
                Err(refused(&call))
            }
        }
    )+ };
}

refuse! { P2pClose, P2pForward, P2pListen, P2pLs, P2pStreamClose, P2pStreamLs }
