//! Finding peers, providers and records.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

pub mod findpeer;
pub mod findprovs;
pub mod get;
pub mod provide;
pub mod put;
pub mod reprovide;

/// A peer and its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeerAddresses {
    /// Multiaddrs, without the peer ID.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub addrs: Vec<String>,
    /// The peer ID.
    #[serde(rename = "ID")]
    pub id: String,
}

/// A step of a lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryEvent {
    /// A value as base64, or why a step failed.
    #[serde(default)]
    pub extra: String,
    /// The peer that the step is about; empty when there is none.
    #[serde(rename = "ID", default)]
    pub id: String,
    /// Peers that were found. None are `null` in JSON.
    #[serde(
        default,
        serialize_with = "crate::json::empty_as_null",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub responses: Vec<PeerAddresses>,
    /// What the step is: one of the constants of this type.
    pub r#type: u8,
}

impl QueryEvent {
    /// A query is sent to a peer.
    pub const SENDING_QUERY: u8 = 0;
    /// A peer has answered with other peers.
    pub const PEER_RESPONSE: u8 = 1;
    /// A peer that was looked for, or the closest one.
    pub const FINAL_PEER: u8 = 2;
    /// A query failed.
    pub const QUERY_ERROR: u8 = 3;
    /// A provider was found.
    pub const PROVIDER: u8 = 4;
    /// A value was found or stored.
    pub const VALUE: u8 = 5;
    /// A peer is added to the lookup.
    pub const ADDING_PEER: u8 = 6;
    /// A connection to a peer is opened.
    pub const DIALING_PEER: u8 = 7;

    /// Writes what every lookup prints of a step.
    pub(crate) fn line(&self, verbose: bool, out: &mut String) {
        let mut say = |before: &str, text: &str, after: &str| {
            out.push_str(before);
            escaped(text, out);
            out.push_str(after);
        };
        match (self.r#type, verbose) {
            (Self::VALUE, false) => say("", &self.extra, ""),
            (_, false) => {}
            (Self::SENDING_QUERY, _) => say("* querying ", &self.id, "\n"),
            (Self::PEER_RESPONSE, _) => {
                say("* ", &self.id, " says use ");
                for peer in &self.responses {
                    say("", &peer.id, " ");
                }
                say("", "", "\n");
            }
            (Self::FINAL_PEER, _) => say("* closest peer ", &self.id, "\n"),
            (Self::QUERY_ERROR, _) => say("error: ", &self.extra, "\n"),
            (Self::VALUE, _) => say("got value: '", &self.extra, "'\n"),
            (Self::ADDING_PEER, _) => say("adding peer to query: ", &self.id, "\n"),
            (Self::DIALING_PEER, _) => say("dialing peer: ", &self.id, "\n"),
            (other, _) => say("unrecognized event type: ", &other.to_string(), "\n"),
        }
    }

    /// Writes a step of a lookup of providers.
    pub(crate) fn provider_line(&self, verbose: bool, out: &mut String) {
        match self.responses.first() {
            Some(provider) if self.r#type == Self::PROVIDER => {
                if verbose {
                    out.push_str("provider: ");
                }
                escaped(&provider.id, out);
                out.push('\n');
                for address in provider.addrs.iter().filter(|_| verbose) {
                    out.push('\t');
                    escaped(address, out);
                    out.push('\n');
                }
            }
            _ => self.line(verbose, out),
        }
    }

    /// Writes a step of a lookup of a peer.
    pub(crate) fn peer_lines(&self, verbose: bool, out: &mut String) {
        match self.responses.first() {
            Some(peer) if self.r#type == Self::FINAL_PEER => {
                for address in &peer.addrs {
                    escaped(address, out);
                    out.push('\n');
                }
            }
            _ => self.line(verbose, out),
        }
    }

    /// Writes a step of an announcement.
    pub(crate) fn provide_line(&self, verbose: bool, out: &mut String) {
        match self.r#type {
            Self::FINAL_PEER if verbose => {
                out.push_str("sending provider record to peer ");
                escaped(&self.id, out);
                out.push('\n');
            }
            _ => self.line(verbose, out),
        }
    }

    /// Writes a step of storing a value.
    pub(crate) fn put_line(&self, verbose: bool, out: &mut String) {
        match self.r#type {
            Self::VALUE => {
                escaped(&self.id, out);
                out.push('\n');
            }
            _ => self.line(verbose, out),
        }
    }
}
