//! The server.

use cairn_wire::kubo::commands::{CommandTree, Commands};
use cairn_wire::kubo::id::{Id, PeerInfo};
use cairn_wire::kubo::mount::Mount;
use cairn_wire::kubo::resolve::{Resolve, ResolvedPath};
use cairn_wire::kubo::shutdown::Shutdown;
use cairn_wire::kubo::version::Version;
use cairn_wire::kubo::version::VersionInfo as Info;
use cairn_wire::kubo::version::check::{VersionCheck, VersionComparison};
use cairn_wire::kubo::version::deps::{Dependency, VersionDeps};

use crate::error::Error;
use crate::kubo::{Call, IntoPath, Kubo, list, nothing, one, setters, some, text};

impl Kubo {
    /// Returns the identity of the server.
    pub fn id(&self) -> Call<Id> {
        Call::new(self, Id::new(None))
    }

    /// Returns the identity of another peer.
    pub fn id_of(&self, peer: impl IntoPath) -> Call<Id> {
        Call::new(self, Id::new(Some(text(peer))))
    }

    /// Returns the version of the server.
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

    /// Compares the version of the server with that of its peers.
    pub fn version_check(&self) -> Call<VersionCheck> {
        Call::new(self, VersionCheck::new())
    }

    /// Mounts `/ipfs`, `/ipns` and MFS as file systems on the server, if it supports this.
    pub fn mount(&self) -> Call<Mount> {
        Call::new(self, Mount::new())
    }

    /// Lists the dependencies of the server's build.
    pub fn version_deps(&self) -> Call<VersionDeps> {
        Call::new(self, VersionDeps::new())
    }

    /// Resolves a name or path. Unlike the command line, only one step is resolved unless `recursive` is set.
    pub fn resolve(&self, name: impl IntoPath) -> Call<Resolve> {
        Call::new(self, Resolve::new(name.into_path())).recursive(false)
    }

    /// Lists the commands of the server.
    pub fn commands(&self) -> Call<Commands> {
        Call::new(self, Commands::new())
    }

    /// Stops the server. Subsequent calls fail with [`ErrorKind::Connection`](crate::ErrorKind::Connection), until a server is
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
    /// Its multiaddrs; empty if offline.
    pub addresses: Vec<String>,
    /// The agent version, as in `kubo/0.42.0`.
    pub agent_version: String,
    /// Its protocols; empty if offline.
    pub protocols: Vec<String>,
}

/// The versions of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionInfo {
    /// The version of Kubo that the server is compatible with.
    pub version: String,
    /// The commit of the build; `None` for releases.
    pub commit: Option<String>,
    /// The version of the repository.
    pub repo: String,
    /// `architecture/system`.
    pub system: String,
    /// The compiler.
    pub compiler: String,
}

/// A dependency of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildDependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its replacement, if there is one.
    pub replaced_by: Option<String>,
    /// The hash of its source.
    pub sum: Option<String>,
}

/// A command and its subcommands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandInfo {
    /// Its name.
    pub name: String,
    /// Its subcommands.
    pub subcommands: Vec<CommandInfo>,
    /// The names of its options, each with its aliases, if `flags` is set.
    pub options: Vec<Vec<String>>,
}

/// Maximum depth of subcommands.
const DEPTH: usize = 32;

fn command(tree: CommandTree, depth: usize) -> CommandInfo {
    let below = if depth < DEPTH {
        tree.subcommands
    } else {
        Vec::new()
    };
    CommandInfo {
        name: tree.name,
        subcommands: below
            .into_iter()
            .map(|below| command(below, depth + 1))
            .collect(),
        options: tree
            .options
            .into_iter()
            .map(|option| option.names)
            .collect(),
    }
}

nothing!(Mount, Shutdown);

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
    VersionCheck, VersionComparison => VersionComparison, Ok;
    Resolve, ResolvedPath => String, |resolved| Ok::<_, Error>(resolved.path);
    Commands, CommandTree => CommandInfo, |tree| Ok(command(tree, 0));
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
cairn_wire::Mount!(setters);
cairn_wire::VersionCheck!(setters);
cairn_wire::Resolve!(setters);
cairn_wire::Commands!(setters);
