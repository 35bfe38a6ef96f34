//! `upload` and `uploads`: any server of nft.storage's upload API.

mod manage;
mod send;
mod store;

use cairn_client::Cid;
use cairn_client::nft_storage::{NftStorage, StorageError};
use cairn_client::rest::CallError;
use cairn_node::config::Face;
use cairn_wire::upload::Code;
use clap::{Arg, ArgAction, ArgMatches, Command};

pub(super) use self::manage::{
    check, check_command, list, list_command, remove, remove_command, rename, rename_command,
    status, status_command,
};
pub(super) use self::send::{upload, upload_command};
pub(super) use self::store::{store, store_command};
use super::pins::{missing, parse_cid, unreachable};
use super::service::{self, Connected};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

/// A connection to a server.
struct Server {
    client: NftStorage,
    is_local: bool,
}

impl Server {
    fn connect(invocation: &Invocation, globals: &Globals) -> Result<(Self, ArgMatches), Problem> {
        let matches = invocation
            .matches()
            .ok_or_else(|| Problem::usage("a command is missing"))?;
        let Connected { client, is_local } =
            service::connect::<NftStorage>(matches, globals, Face::Upload)?;
        Ok((Self { client, is_local }, matches.clone()))
    }

    /// The problem of a failed call.
    fn problem(&self, error: StorageError) -> Problem {
        let status = error.status();
        let scope = error.code() == Some(Code::Forbidden.name());
        let problem = match error {
            StorageError::Call(CallError::Transport(error)) => {
                return unreachable(error, self.is_local);
            }
            StorageError::Refused {
                status,
                code,
                message,
                ..
            } => {
                let text = if message.is_empty() { code } else { message };
                Problem::failed(format!("{text} ({status})"))
            }
            other => Problem::from_error(&other),
        };
        service::with_hint(problem, status, scope, self.is_local)
    }

    /// The problem of a failed call about an upload.
    fn problem_of(&self, cid: &Cid, error: StorageError) -> Problem {
        if error.is_not_found() {
            Problem::failed(format!("there is no upload {cid}"))
                .because(&error)
                .hint("`{program} uploads ls` lists the uploads")
        } else {
            self.problem(error)
        }
    }
}

fn command(name: &'static str, about: &'static str, more: &str) -> Command {
    let command = Command::new(name)
        .about(about)
        .long_about(format!("{about}.\n\n{more}"));
    service::options(command, Face::Upload)
}

const CID: &str = "uploads:cid";

/// The argument for uploads.
fn cids(many: bool) -> Arg {
    let argument = Arg::new(CID)
        .value_name("CID")
        .help("CID of the upload")
        .required(true);
    if many {
        argument.num_args(1..).action(ArgAction::Append)
    } else {
        argument
    }
}

fn given_cids(matches: &ArgMatches) -> Result<Vec<Cid>, Problem> {
    let texts = matches.get_many::<String>(CID).into_iter().flatten();
    let cids: Vec<Cid> = texts
        .map(|text| parse_cid(text))
        .collect::<Result<_, _>>()?;
    // The grammar lets arguments be missing, as standard input may have them for other commands.
    if cids.is_empty() {
        return Err(missing("CID"));
    }
    Ok(cids)
}
