//! The peers of the cluster.

mod add;
mod list;
mod remove;

pub use self::add::{AddPeer, PeerToAdd};
pub use self::list::GetPeers;
pub use self::remove::RemovePeer;
