//! The Kubo RPC, `/api/v0`. One file an endpoint.
//!
//! Reference: <https://docs.ipfs.tech/reference/kubo/rpc/>

use serde::{Deserialize, Serialize};

pub mod add;
pub mod block;
pub mod cat;
pub mod cid;
pub mod commands;
pub mod config;
pub mod dag;
pub mod diag;
pub mod filestore;
pub mod get;
pub mod id;
pub mod ls;
pub mod multibase;
pub mod pin;
pub mod refs;
pub mod repo;
pub mod resolve;
pub mod shutdown;
pub mod version;

/// Calls a macro with every endpoint of the Kubo RPC: the one list that the server, the CLI and the docs go by.
#[macro_export]
macro_rules! kubo_endpoints {
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
            $crate::kubo::filestore::dups::FilestoreDups,
            $crate::kubo::filestore::ls::FilestoreLs,
            $crate::kubo::filestore::verify::FilestoreVerify,
            $crate::kubo::get::Get,
            $crate::kubo::id::Id,
            $crate::kubo::ls::Ls,
            $crate::kubo::multibase::decode::MultibaseDecode,
            $crate::kubo::multibase::encode::MultibaseEncode,
            $crate::kubo::multibase::list::MultibaseList,
            $crate::kubo::multibase::transcode::MultibaseTranscode,
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

macro_rules! specs {
    ($($endpoint:path),+ $(,)?) => { &[$( <$endpoint as $crate::Endpoint>::SPEC ),+] };
}

/// The facts of every endpoint of the Kubo RPC.
pub static SPECS: &[crate::Spec] = crate::kubo_endpoints!(specs);

/// A CID as DAG-JSON writes a link.
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
