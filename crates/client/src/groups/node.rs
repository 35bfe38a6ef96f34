//! The server itself.

use cairn_wire::kubo::commands::{CommandTree, Commands};
use cairn_wire::kubo::diag::sys::DiagSys;
use cairn_wire::kubo::id::{Id, PeerInfo};
use cairn_wire::kubo::resolve::{Resolve, ResolvedPath};
use cairn_wire::kubo::shutdown::Shutdown;
use cairn_wire::kubo::version::Version;
use cairn_wire::kubo::version::VersionInfo as Info;
use cairn_wire::kubo::version::deps::{Dependency, VersionDeps};
use serde_json::Value;

use crate::error::Error;
use crate::kubo::{Call, IntoPath, Kubo, list, nothing, one, setters, some, text};

impl Kubo {
    /// Who the server is.
    pub fn id(&self) -> Call<Id> {
        Call::new(self, Id::new(None))
    }

    /// Who another peer is.
    pub fn id_of(&self, peer: impl IntoPath) -> Call<Id> {
        Call::new(self, Id::new(Some(text(peer))))
    }

    /// Which versions the server has.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let (version, id) = (kubo.version().await?, kubo.id().await?);
    /// println!("{} {}", version.version, id.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn version(&self) -> Call<Version> {
        Call::new(self, Version::new())
    }

    /// What the server was built from.
    pub fn version_deps(&self) -> Call<VersionDeps> {
        Call::new(self, VersionDeps::new())
    }

    /// Where a name or path leads. One step is taken, unless `recursive` asks for all; the command line takes all.
    pub fn resolve(&self, name: impl IntoPath) -> Call<Resolve> {
        Call::new(self, Resolve::new(name.into_path())).recursive(false)
    }

    /// All commands of the server.
    pub fn commands(&self) -> Call<Commands> {
        Call::new(self, Commands::new())
    }

    /// What the server says of its system and process.
    pub fn diag_sys(&self) -> Call<DiagSys> {
        Call::new(self, DiagSys::new())
    }

    /// Stops the server. Calls after it fail with [`ErrorKind::Connection`](crate::ErrorKind::Connection), until a server is
    /// started at the same address.
    pub fn stop(&self) -> Call<Shutdown> {
        Call::new(self, Shutdown::new())
    }
}

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Its peer ID.
    pub id: String,
    /// Its public key as protobuf in base64.
    pub public_key: String,
    /// The multiaddrs where it listens; none while offline.
    pub addresses: Vec<String>,
    /// The program that runs there, as in `kubo/0.42.0`.
    pub agent_version: String,
    /// The protocols that it speaks; none while offline.
    pub protocols: Vec<String>,
}

/// The versions of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionInfo {
    /// Version of the Kubo whose RPC is answered.
    pub version: String,
    /// Commit of the build, unless it is a release.
    pub commit: Option<String>,
    /// Version of the repository.
    pub repo: String,
    /// `architecture/system`.
    pub system: String,
    /// The compiler.
    pub compiler: String,
}

/// A part that a server was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildDependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What stands in its place.
    pub replaced_by: Option<String>,
    /// The hash of its source.
    pub sum: Option<String>,
}

/// A command of a server, and those below it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandInfo {
    /// Its word.
    pub name: String,
    /// The commands below it.
    pub subcommands: Vec<CommandInfo>,
    /// Its options, each with its aliases, where `flags` asks for them.
    pub options: Vec<Vec<String>>,
}

/// How deep commands may lie below one another; none lies deeper than five.
const DEPTH: usize = 32;

fn command(tree: CommandTree, depth: usize) -> CommandInfo {
    let below = if depth < DEPTH { tree.subcommands } else { Vec::new() };
    CommandInfo {
        name: tree.name,
        subcommands: below
            .into_iter()
            .map(|below| command(below, depth + 1))
            .collect(),
        options: tree.options.into_iter().map(|option| option.names).collect(),
    }
}

nothing!(Shutdown);

one! {
    Id, PeerInfo => Peer, |peer| Ok(Peer {
        id: peer.id,
        public_key: peer.public_key,
        addresses: peer.addresses.unwrap_or_default(),
        agent_version: peer.agent_version,
        protocols: peer.protocols.unwrap_or_default(),
    });
    Version, Info => VersionInfo, |info| Ok(VersionInfo {
        version: info.version,
        commit: some(info.commit),
        repo: info.repo,
        system: info.system,
        compiler: info.golang,
    });
    Resolve, ResolvedPath => String, |resolved| Ok::<_, Error>(resolved.path);
    Commands, CommandTree => CommandInfo, |tree| Ok(command(tree, 0));
    DiagSys, Value => Value, Ok;
}

list! {
    VersionDeps, Dependency => BuildDependency, |part, items| {
        items.push_back(BuildDependency {
            name: part.path,
            version: part.version,
            replaced_by: some(part.replaced_by),
            sum: some(part.sum),
        });
        Ok(())
    };
}

cairn_wire::Id!(setters);
cairn_wire::Resolve!(setters);
cairn_wire::Commands!(setters);
