//! The texts that Kubo has for the errors of the crates below: clients look at them.
//!
//! The crates below say what went wrong in their own words and in typed fields. Here an error becomes the text that Kubo
//! answers in its place; where Kubo has no such error, it keeps its own words.

mod dag;
mod import;
mod network;
mod node;
mod primitives;
mod store;

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
            // An error that ends in the words of its cause ends in Kubo's.
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
    /// The whole text, causes included; `None` where the error's own words stand.
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
    cairn_dag::filestore::Problem,
    cairn_dag::gc::CollectError,
    cairn_dag::import::CarFault,
    cairn_dag::import::ImportError,
    cairn_dag::import::OptionError,
    cairn_dag::object::ObjectError,
    cairn_dag::pin::PinError,
    cairn_dag::pin::RemoveError,
    cairn_dag::resolve::ResolveError,
    cairn_node::bootstrap::BootstrapError,
    cairn_node::remote_services::ServiceError,
    cairn_node::swarm_filters::FilterError,
    cairn_primitives::car::CarError,
    cairn_primitives::path::PathError,
    cairn_primitives::keys::PeerIdError,
    cairn_primitives::multiaddr::MultiaddrError,
    cairn_primitives::unixfs::BuildError,
    cairn_primitives::unixfs::ReadError,
    cairn_primitives::unixfs::chunker::ChunkerSpecError,
    cairn_store::BlockError,
    cairn_store::block::ReferenceFault,
    cairn_store::NetworkError,
    crate::logs::LogLevelError,
);

#[cfg(test)]
mod tests;
