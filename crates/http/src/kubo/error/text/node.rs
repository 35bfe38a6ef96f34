//! Errors of the node's settings, of single nodes of DAGs, and of the log.

use cairn_dag::object::{LinkChange, ObjectError};
use cairn_node::bootstrap::BootstrapError;
use cairn_node::remote_services::ServiceError;
use cairn_node::swarm_filters::FilterError;
use cairn_primitives::quote::Quoted;
use cairn_primitives::unixfs::NodeKind;

use super::import::BIG_BLOCK;
use super::{KuboText, text};
use crate::logs::LogLevelError;

impl KuboText for ObjectError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::NotDagPb { .. } => "expected protobuf dag node".to_owned(),
            Self::NoLink { .. } => "no link by that name".to_owned(),
            Self::EmptyName => "cannot create link with no name".to_owned(),
            Self::NotUnixFs { change, .. } => {
                let what = match change {
                    LinkChange::Add => "add named links to",
                    LinkChange::Remove => "remove links from",
                };
                format!(
                    "cannot {what} a non-UnixFS dag-pb node; pass --allow-non-unixfs to skip validation"
                )
            }
            Self::NotDirectory {
                kind: NodeKind::HamtShard,
                change,
                ..
            } => {
                let (what, instead) = match change {
                    LinkChange::Add => ("add links to", "'ipfs files' commands"),
                    LinkChange::Remove => ("remove links from", "'ipfs files rm'"),
                };
                format!(
                    "cannot {what} a HAMTShard at the dag-pb level (would corrupt the HAMT bitfield); use {instead} instead, or pass --allow-non-unixfs to override"
                )
            }
            Self::NotDirectory { kind, change, .. } => {
                let (what, noun) = match change {
                    LinkChange::Add => ("add named links to", "addition"),
                    LinkChange::Remove => ("remove links from", "removal"),
                };
                format!(
                    "cannot {what} a UnixFS {kind} node, only Directory nodes support link {noun} at the dag-pb level (see https://specs.ipfs.tech/unixfs/)"
                )
            }
            Self::TooBig { .. } => BIG_BLOCK.to_owned(),
            Self::Build(error) => text(error),
            Self::Node(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for BootstrapError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::None => "no bootstrap peers to add".to_owned(),
            Self::NoAutoConf => "cannot add default bootstrap peers: AutoConf is disabled (AutoConf.Enabled=false). Enable AutoConf by setting AutoConf.Enabled=true in your config, or add specific peer addresses instead".to_owned(),
            Self::Auto => "cannot remove individual bootstrap peers when using 'auto' placeholder: the 'auto' value is managed by AutoConf. Either disable AutoConf by setting AutoConf.Enabled=false and replace 'auto' with specific peer addresses, or use 'ipfs bootstrap rm --all' to remove all peers".to_owned(),
            Self::NoPeer { address } => format!("invalid bootstrap address: {address}"),
            Self::OnlyPeer { address } => format!("bootstrap address without a transport: {address}"),
            Self::Address(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for FilterError {
    fn kubo(&self) -> Option<String> {
        match self {
            Self::Form(_) => Some("invalid multiaddr-filter format".to_owned()),
            _ => None,
        }
    }
}

impl KuboText for ServiceError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::Unknown { .. } => "service not known",
            Self::Exists { .. } => "service already present",
            Self::NotHttp { .. } => "service endpoint must be a valid HTTP URL",
            Self::Query => "service endpoint should be provided without any query parameters",
            Self::PinsSuffix => "service endpoint should be provided without the /pins suffix",
            _ => return None,
        };
        Some(known.to_owned())
    }
}

impl KuboText for LogLevelError {
    fn kubo(&self) -> Option<String> {
        match self {
            Self::Level(level) => Some(format!("unrecognized level: {}", Quoted(level))),
            Self::Part(_) => Some("error: No such logger".to_owned()),
            Self::Readers(_) => None,
        }
    }
}
