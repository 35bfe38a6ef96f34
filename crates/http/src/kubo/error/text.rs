//! Kubo's error texts, which clients match on.
//!
//! The crates below describe errors in their own words and typed fields. Here an error becomes the text that Kubo
//! answers in its place; an error that Kubo does not have keeps its own text.

mod codec;
mod config;
mod dag;
mod identifiers;
mod import;
mod mfs;
mod names;
mod network;
mod node;
mod primitives;
mod store;
mod wire;

use std::error::Error;

/// The text of an error and its causes, in one line.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    if let Some(known) = known(error) {
        return known;
    }
    let own = error.to_string();
    match error.source() {
        None => own,
        Some(cause) => {
            // If the text of an error ends with that of its cause, the cause's is replaced by Kubo's.
            let head = own.strip_suffix(&cause.to_string());
            head.map_or_else(
                || format!("{own}: {}", text(cause)),
                |head| format!("{head}{}", text(cause)),
            )
        }
    }
}

/// An error for which Kubo has a text.
trait KuboText {
    /// The full text, causes included; `None` to keep the error's own text.
    fn kubo(&self) -> Option<String>;
}

macro_rules! known {
    ($($error:ty),+ $(,)?) => {
        fn known(error: &(dyn Error + 'static)) -> Option<String> {
            $(
                if let Some(error) = error.downcast_ref::<$error>() {
                    return KuboText::kubo(error);
                }
            )+
            None
        }
    };
}

known!(
    cairn_dag::FetchError,
    cairn_dag::NodeError,
    cairn_dag::export::CarError,
    cairn_dag::export::ExportError,
    cairn_dag::filestore::ReferenceProblem,
    cairn_dag::gc::CollectError,
    cairn_dag::import::CarFault,
    cairn_dag::import::ImportError,
    cairn_dag::import::OptionError,
    cairn_dag::mfs::MfsError,
    cairn_dag::object::ObjectError,
    cairn_dag::pin::PinError,
    cairn_dag::pin::RemoveError,
    cairn_dag::resolve::ResolveError,
    cairn_node::bootstrap::BootstrapError,
    cairn_node::config::ConfigCommandError,
    cairn_node::config::ConfigError,
    cairn_node::config::DurationError,
    cairn_node::keystore::KeystoreError,
    cairn_node::names::PublishError,
    cairn_node::remote_services::ServiceError,
    cairn_node::swarm_filters::FilterError,
    cairn_primitives::car::CarError,
    cairn_primitives::cid::CidError,
    cairn_primitives::cid::FormatError,
    cairn_primitives::codec::CodecError,
    cairn_primitives::ipns::RecordError,
    cairn_primitives::keys::KeyError,
    cairn_primitives::keys::Pkcs8Error,
    cairn_primitives::multibase::MultibaseError,
    cairn_primitives::multihash::HashError,
    cairn_primitives::path::PathError,
    cairn_primitives::keys::PeerIdError,
    cairn_primitives::multiaddr::MultiaddrError,
    cairn_primitives::unixfs::BuildError,
    cairn_primitives::unixfs::ReadError,
    cairn_primitives::unixfs::chunker::ChunkerSpecError,
    cairn_primitives::varint::VarintError,
    cairn_store::BlockError,
    cairn_store::block::ReferenceFault,
    cairn_store::NetworkError,
    cairn_store::network::TunnelError,
    cairn_store::names::NameError,
    cairn_wire::ParseError,
    cairn_wire::multipart::MultipartError,
    crate::logs::LogLevelError,
);

#[cfg(test)]
mod tests;
