//! The Kubo RPC, `/api/v0`. One file per command.
//!
//! Reference: <https://docs.ipfs.tech/reference/kubo/rpc/>

use serde::{Deserialize, Serialize};

#[macro_use]
mod declare;

pub mod add;
pub mod bitswap;
pub mod block;
pub mod bootstrap;
pub mod cat;
pub mod check;
pub mod cid;
pub mod command;
pub mod commands;
pub mod config;
pub mod dag;
pub mod dht;
pub mod diag;
pub mod dns;
pub mod files;
pub mod filestore;
pub mod get;
pub mod id;
pub mod key;
pub mod log;
pub mod ls;
pub mod mount;
pub mod multibase;
pub mod name;
pub mod object;
pub mod p2p;
pub mod pin;
pub mod ping;
pub mod provide;
pub mod pubsub;
pub mod refs;
pub mod repo;
pub mod resolve;
pub mod routing;
pub mod shutdown;
pub mod stats;
mod strings;
pub mod swarm;
pub mod version;

pub use self::command::{ANY_PATH, Argument, Command, FilesSpec, Group, OptionSpec, Spec};
pub use self::strings::StringList;
pub use crate::shape::{STREAM_END, STREAM_END_TRAILER};

/// Calls a macro with every command of the Kubo RPC. The server, the CLI and the docs use this list.
#[macro_export]
macro_rules! kubo_commands {
    ($callback:ident) => {
        $callback! {
            $crate::kubo::add::Add,
            $crate::kubo::bitswap::ledger::BitswapLedger,
            $crate::kubo::bitswap::stat::BitswapStat,
            $crate::kubo::bitswap::wantlist::BitswapWantlist,
            $crate::kubo::block::get::BlockGet,
            $crate::kubo::block::put::BlockPut,
            $crate::kubo::block::rm::BlockRm,
            $crate::kubo::block::stat::BlockStat,
            $crate::kubo::bootstrap::add::BootstrapAdd,
            $crate::kubo::bootstrap::list::BootstrapList,
            $crate::kubo::bootstrap::rm::BootstrapRm,
            $crate::kubo::bootstrap::rm_all::BootstrapRmAll,
            $crate::kubo::cat::Cat,
            $crate::kubo::check::Check,
            $crate::kubo::cid::base32::CidBase32,
            $crate::kubo::cid::bases::CidBases,
            $crate::kubo::cid::codecs::CidCodecs,
            $crate::kubo::cid::format::CidFormat,
            $crate::kubo::cid::hashes::CidHashes,
            $crate::kubo::cid::inspect::CidInspect,
            $crate::kubo::commands::Commands,
            $crate::kubo::config::value::Config,
            $crate::kubo::config::profile::ConfigProfileApply,
            $crate::kubo::config::replace::ConfigReplace,
            $crate::kubo::config::show::ConfigShow,
            $crate::kubo::dag::export::DagExport,
            $crate::kubo::dag::get::DagGet,
            $crate::kubo::dag::import::DagImport,
            $crate::kubo::dag::put::DagPut,
            $crate::kubo::dag::resolve::DagResolve,
            $crate::kubo::dag::stat::DagStat,
            $crate::kubo::dht::findpeer::DhtFindpeer,
            $crate::kubo::dht::findprovs::DhtFindprovs,
            $crate::kubo::dht::get::DhtGet,
            $crate::kubo::dht::provide::DhtProvide,
            $crate::kubo::dht::put::DhtPut,
            $crate::kubo::dht::query::DhtQuery,
            $crate::kubo::diag::cmds::list::DiagCmds,
            $crate::kubo::diag::cmds::clear::DiagCmdsClear,
            $crate::kubo::diag::cmds::set_time::DiagCmdsSetTime,
            $crate::kubo::diag::healthy::DiagHealthy,
            $crate::kubo::diag::profile::DiagProfile,
            $crate::kubo::diag::sys::DiagSys,
            $crate::kubo::dns::Dns,
            $crate::kubo::files::chcid::FilesChcid,
            $crate::kubo::files::chmod::FilesChmod,
            $crate::kubo::files::cp::FilesCp,
            $crate::kubo::files::flush::FilesFlush,
            $crate::kubo::files::ls::FilesLs,
            $crate::kubo::files::mkdir::FilesMkdir,
            $crate::kubo::files::mv::FilesMv,
            $crate::kubo::files::read::FilesRead,
            $crate::kubo::files::rm::FilesRm,
            $crate::kubo::files::stat::FilesStat,
            $crate::kubo::files::touch::FilesTouch,
            $crate::kubo::files::write::FilesWrite,
            $crate::kubo::filestore::dups::FilestoreDups,
            $crate::kubo::filestore::ls::FilestoreLs,
            $crate::kubo::filestore::verify::FilestoreVerify,
            $crate::kubo::get::Get,
            $crate::kubo::id::Id,
            $crate::kubo::key::generate::KeyGen,
            $crate::kubo::key::import::KeyImport,
            $crate::kubo::key::ls::KeyLs,
            $crate::kubo::key::rename::KeyRename,
            $crate::kubo::key::rm::KeyRm,
            $crate::kubo::key::sign::KeySign,
            $crate::kubo::key::verify::KeyVerify,
            $crate::kubo::log::level::LogLevel,
            $crate::kubo::log::ls::LogLs,
            $crate::kubo::log::tail::LogTail,
            $crate::kubo::ls::Ls,
            $crate::kubo::mount::Mount,
            $crate::kubo::multibase::decode::MultibaseDecode,
            $crate::kubo::multibase::encode::MultibaseEncode,
            $crate::kubo::multibase::list::MultibaseList,
            $crate::kubo::multibase::transcode::MultibaseTranscode,
            $crate::kubo::name::get::NameGet,
            $crate::kubo::name::inspect::NameInspect,
            $crate::kubo::name::publish::NamePublish,
            $crate::kubo::name::pubsub::cancel::NamePubsubCancel,
            $crate::kubo::name::pubsub::state::NamePubsubState,
            $crate::kubo::name::pubsub::subs::NamePubsubSubs,
            $crate::kubo::name::put::NamePut,
            $crate::kubo::name::resolve::NameResolve,
            $crate::kubo::object::data::ObjectData,
            $crate::kubo::object::diff::ObjectDiff,
            $crate::kubo::object::get::ObjectGet,
            $crate::kubo::object::links::ObjectLinks,
            $crate::kubo::object::new::ObjectNew,
            $crate::kubo::object::patch::add_link::ObjectPatchAddLink,
            $crate::kubo::object::patch::append_data::ObjectPatchAppendData,
            $crate::kubo::object::patch::rm_link::ObjectPatchRmLink,
            $crate::kubo::object::patch::set_data::ObjectPatchSetData,
            $crate::kubo::object::put::ObjectPut,
            $crate::kubo::object::stat::ObjectStat,
            $crate::kubo::p2p::close::P2pClose,
            $crate::kubo::p2p::forward::P2pForward,
            $crate::kubo::p2p::listen::P2pListen,
            $crate::kubo::p2p::ls::P2pLs,
            $crate::kubo::p2p::stream::close::P2pStreamClose,
            $crate::kubo::p2p::stream::ls::P2pStreamLs,
            $crate::kubo::pin::add::PinAdd,
            $crate::kubo::pin::ls::PinLs,
            $crate::kubo::pin::remote::add::PinRemoteAdd,
            $crate::kubo::pin::remote::ls::PinRemoteLs,
            $crate::kubo::pin::remote::rm::PinRemoteRm,
            $crate::kubo::pin::remote::service::add::PinRemoteServiceAdd,
            $crate::kubo::pin::remote::service::ls::PinRemoteServiceLs,
            $crate::kubo::pin::remote::service::rm::PinRemoteServiceRm,
            $crate::kubo::pin::rm::PinRm,
            $crate::kubo::pin::update::PinUpdate,
            $crate::kubo::pin::verify::PinVerify,
            $crate::kubo::ping::Ping,
            $crate::kubo::provide::clear::ProvideClear,
            $crate::kubo::provide::once::ProvideOnce,
            $crate::kubo::provide::stat::ProvideStat,
            $crate::kubo::pubsub::ls::PubsubLs,
            $crate::kubo::pubsub::peers::PubsubPeers,
            $crate::kubo::pubsub::publish::PubsubPub,
            $crate::kubo::pubsub::reset::PubsubReset,
            $crate::kubo::pubsub::sub::PubsubSub,
            $crate::kubo::refs::links::Refs,
            $crate::kubo::refs::local::RefsLocal,
            $crate::kubo::repo::gc::RepoGc,
            $crate::kubo::repo::ls::RepoLs,
            $crate::kubo::repo::stat::RepoStat,
            $crate::kubo::repo::verify::RepoVerify,
            $crate::kubo::repo::version::RepoVersion,
            $crate::kubo::resolve::Resolve,
            $crate::kubo::routing::findpeer::RoutingFindpeer,
            $crate::kubo::routing::findprovs::RoutingFindprovs,
            $crate::kubo::routing::get::RoutingGet,
            $crate::kubo::routing::provide::RoutingProvide,
            $crate::kubo::routing::put::RoutingPut,
            $crate::kubo::routing::reprovide::RoutingReprovide,
            $crate::kubo::shutdown::Shutdown,
            $crate::kubo::stats::bw::StatsBw,
            $crate::kubo::stats::dht::StatsDht,
            $crate::kubo::swarm::addrs::known::SwarmAddrs,
            $crate::kubo::swarm::addrs::autonat::SwarmAddrsAutonat,
            $crate::kubo::swarm::addrs::listen::SwarmAddrsListen,
            $crate::kubo::swarm::addrs::local::SwarmAddrsLocal,
            $crate::kubo::swarm::connect::SwarmConnect,
            $crate::kubo::swarm::disconnect::SwarmDisconnect,
            $crate::kubo::swarm::filters::list::SwarmFilters,
            $crate::kubo::swarm::filters::add::SwarmFiltersAdd,
            $crate::kubo::swarm::filters::rm::SwarmFiltersRm,
            $crate::kubo::swarm::peering::add::SwarmPeeringAdd,
            $crate::kubo::swarm::peering::ls::SwarmPeeringLs,
            $crate::kubo::swarm::peering::rm::SwarmPeeringRm,
            $crate::kubo::swarm::peers::SwarmPeers,
            $crate::kubo::swarm::resources::SwarmResources,
            $crate::kubo::version::Version,
            $crate::kubo::version::check::VersionCheck,
            $crate::kubo::version::deps::VersionDeps,
        }
    };
}

macro_rules! listed {
    ($($command:path),+ $(,)?) => {
        $( impl command::Listed for $command {} )+

        /// The declarations of all commands of the Kubo RPC.
        pub static SPECS: &[Spec] = ALL;

        const ALL: &[Spec] = &[$( <$command as Command>::SPEC ),+];
    };
}

crate::kubo_commands!(listed);

/// The groups of the commands.
pub static GROUPS: &[Group] = ALL_GROUPS;

const ALL_GROUPS: &[Group] = &[
    Group {
        path: "bitswap",
        summary: "Show the exchange of blocks with peers",
    },
    Group {
        path: "block",
        summary: "Read and store raw blocks",
    },
    Group {
        path: "bootstrap",
        summary: "Manage bootstrap peers",
    },
    Group {
        path: "cid",
        summary: "Convert and inspect CIDs",
    },
    Group {
        path: "config/profile",
        summary: "Apply configuration profiles",
    },
    Group {
        path: "dag",
        summary: "Read and store IPLD DAGs and CAR files",
    },
    Group {
        path: "dht",
        summary: "Look up peers and records in the DHT",
    },
    Group {
        path: "diag",
        summary: "Show diagnostics",
    },
    Group {
        path: "files",
        summary: "Manage the mutable file system (MFS)",
    },
    Group {
        path: "filestore",
        summary: "Manage files that are referenced in place (filestore)",
    },
    Group {
        path: "key",
        summary: "Manage keys, which own IPNS names",
    },
    Group {
        path: "log",
        summary: "Show and configure the log",
    },
    Group {
        path: "multibase",
        summary: "Encode and decode multibase text",
    },
    Group {
        path: "name",
        summary: "Publish and resolve IPNS names",
    },
    Group {
        path: "name/pubsub",
        summary: "Manage IPNS over pubsub",
    },
    Group {
        path: "object",
        summary: "Read and modify dag-pb nodes",
    },
    Group {
        path: "object/patch",
        summary: "Create modified dag-pb nodes",
    },
    Group {
        path: "p2p",
        summary: "Manage tunnels through peers",
    },
    Group {
        path: "p2p/stream",
        summary: "Manage open tunnels",
    },
    Group {
        path: "pin",
        summary: "Manage pinned objects",
    },
    Group {
        path: "pin/remote",
        summary: "Manage pins at remote pinning services",
    },
    Group {
        path: "pin/remote/service",
        summary: "Manage remote pinning services",
    },
    Group {
        path: "provide",
        summary: "Announce content",
    },
    Group {
        path: "pubsub",
        summary: "Publish and subscribe to messages",
    },
    Group {
        path: "repo",
        summary: "Manage the repository",
    },
    Group {
        path: "routing",
        summary: "Look up peers, providers and records",
    },
    Group {
        path: "stats",
        summary: "Show statistics",
    },
    Group {
        path: "swarm",
        summary: "Manage connections to peers",
    },
    Group {
        path: "swarm/peering",
        summary: "Manage peers that are kept connected",
    },
];

const _: () = assert!(
    command::all_grouped(ALL, ALL_GROUPS),
    "a command is in a group that is not declared: add it to `ALL_GROUPS`"
);

/// Writes a record as a line of JSON, as `ipfs` prints records without a text form.
fn write_json(record: &impl Serialize, out: &mut String) {
    if let Ok(text) = serde_json::to_string(record) {
        out.push_str(&text);
        out.push('\n');
    }
}

/// A link in DAG-JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CidLink {
    /// The CID.
    #[serde(rename = "/")]
    pub cid: String,
}

impl From<String> for CidLink {
    fn from(cid: String) -> Self {
        Self { cid }
    }
}
