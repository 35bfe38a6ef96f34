//! The Kubo RPC, `/api/v0`. One file per command.
//!
//! Reference: <https://docs.ipfs.tech/reference/kubo/rpc/>

use serde::{Deserialize, Serialize};

#[macro_use]
mod declare;

pub mod add;
pub mod block;
pub mod cat;
pub mod cid;
pub mod command;
pub mod commands;
pub mod config;
pub mod dag;
pub mod diag;
pub mod dns;
pub mod files;
pub mod filestore;
pub mod get;
pub mod id;
pub mod key;
pub mod ls;
pub mod multibase;
pub mod name;
pub mod pin;
pub mod refs;
pub mod repo;
pub mod resolve;
pub mod shutdown;
pub mod version;

pub use self::command::{ANY_PATH, Argument, Command, FilesSpec, Group, OptionSpec, Spec};
pub use crate::shape::{STREAM_END, STREAM_END_TRAILER};

/// Calls a macro with every command of the Kubo RPC. The server, the CLI and the docs use this list.
#[macro_export]
macro_rules! kubo_commands {
    ($callback:ident) => {
        $callback! {
            $crate::kubo::add::Add,
            $crate::kubo::block::get::BlockGet,
            $crate::kubo::block::put::BlockPut,
            $crate::kubo::block::rm::BlockRm,
            $crate::kubo::block::stat::BlockStat,
            $crate::kubo::cat::Cat,
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
            $crate::kubo::ls::Ls,
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
            $crate::kubo::pin::add::PinAdd,
            $crate::kubo::pin::ls::PinLs,
            $crate::kubo::pin::rm::PinRm,
            $crate::kubo::pin::update::PinUpdate,
            $crate::kubo::pin::verify::PinVerify,
            $crate::kubo::refs::links::Refs,
            $crate::kubo::refs::local::RefsLocal,
            $crate::kubo::repo::gc::RepoGc,
            $crate::kubo::repo::ls::RepoLs,
            $crate::kubo::repo::stat::RepoStat,
            $crate::kubo::repo::verify::RepoVerify,
            $crate::kubo::repo::version::RepoVersion,
            $crate::kubo::resolve::Resolve,
            $crate::kubo::shutdown::Shutdown,
            $crate::kubo::version::Version,
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
        path: "block",
        summary: "Read and store raw blocks",
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
        path: "pin",
        summary: "Manage pinned objects",
    },
    Group {
        path: "repo",
        summary: "Manage the repository",
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
