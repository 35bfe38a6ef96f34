//! Errors of peers and their addresses.

use cairn_primitives::multiaddr::MultiaddrError;
use cairn_primitives::quote::Quoted;
use cairn_store::NetworkError;
use cairn_store::network::TunnelError;

use super::{KuboText, text};

impl KuboText for MultiaddrError {
    fn kubo(&self) -> Option<String> {
        let (address, reason) = match self {
            Self::NoSlash { address } => (address, "must begin with /".to_owned()),
            Self::Empty { address } => (address, "empty multiaddr".to_owned()),
            Self::UnknownProtocol { address, protocol } => {
                (address, format!("unknown protocol {protocol}"))
            }
            Self::Incomplete { address, .. } => (address, "unexpected end of multiaddr".to_owned()),
            Self::Value {
                address,
                protocol,
                value,
            } => (
                address,
                format!("invalid value {} for protocol {protocol}", Quoted(value)),
            ),
            _ => return None,
        };
        Some(format!(
            "failed to parse multiaddr {}: {reason}",
            Quoted(address)
        ))
    }
}

impl KuboText for NetworkError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::NoSuchConnection => "conn not found".to_owned(),
            Self::NotFound => "routing: not found".to_owned(),
            Self::Dial(cause) => format!("failed to dial: {}", text(&**cause)),
            Self::NoPeers => "failed to find any peer in table".to_owned(),
            _ => return None,
        })
    }
}

impl KuboText for TunnelError {
    fn kubo(&self) -> Option<String> {
        match self {
            Self::Exists(_) => Some("listener already registered".to_owned()),
            _ => None,
        }
    }
}
