//! `commands`.

use serde::{Deserialize, Serialize};

/// A command with its subcommands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CommandTree {
    /// Its name.
    pub name: String,
    /// Its subcommands.
    pub subcommands: Vec<CommandTree>,
    /// Options.
    pub options: Vec<CommandOption>,
}

/// An option of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CommandOption {
    /// Its name, then its aliases.
    pub names: Vec<String>,
}

/// The name of the root command.
const ROOT: &str = "ipfs";

/// The options that every command takes.
const COMMON: &[&[&str]] = &[
    &["offline"],
    &["cid-base"],
    &["upgrade-cidv0-in-output"],
    &["encoding", "enc"],
    &["stream-channels"],
    &["timeout"],
];

command! {
    /// List all commands.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-commands>
    pub struct Commands: "commands" {
        arguments {}
        options {
            /// Include the options of each command.
            flags: bool = "flags" | "f", false;
        }
        body: NoBody,
        reply: One<CommandTree>,
        safe: true,
        needs: Nothing,
        xml: "Command",
        text: |request, tree, out| {
            let mut lines = Vec::new();
            tree.lines("", request.flags, &mut lines);
            lines.sort_unstable();
            for line in lines {
                out.push_str(&line);
                out.push('\n');
            }
        },
    }
}

impl CommandTree {
    /// Every endpoint of the Kubo RPC.
    #[must_use]
    pub fn all() -> Self {
        let mut root = Self {
            name: ROOT.to_owned(),
            options: COMMON.iter().copied().map(CommandOption::new).collect(),
            ..Self::default()
        };
        for spec in super::SPECS {
            for path in std::iter::once(&spec.path).chain(spec.aliases) {
                let place = path.split('/').fold(&mut root, Self::below);
                place.options = spec
                    .options
                    .iter()
                    .map(|option| CommandOption::new(option.names))
                    .collect();
            }
        }
        root
    }

    /// The subcommand with this name, added if missing.
    fn below(&mut self, word: &str) -> &mut Self {
        let at = match self
            .subcommands
            .binary_search_by(|command| command.name.as_str().cmp(word))
        {
            Ok(at) => at,
            Err(at) => {
                let command = Self {
                    name: word.to_owned(),
                    ..Self::default()
                };
                self.subcommands.insert(at, command);
                at
            }
        };
        &mut self.subcommands[at]
    }

    fn lines(&self, above: &str, flags: bool, lines: &mut Vec<String>) {
        let full_name = format!("{above}{}", self.name);
        if flags && !above.is_empty() {
            for option in &self.options {
                let names = option.names.iter().map(|name| match name.len() {
                    1 => format!("{full_name} -{name}"),
                    _ => format!("{full_name} --{name}"),
                });
                lines.push(names.collect::<Vec<_>>().join(" / "));
            }
        }
        let prefix = format!("{full_name} ");
        lines.push(full_name);
        for command in &self.subcommands {
            command.lines(&prefix, flags, lines);
        }
    }
}

impl CommandOption {
    fn new(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubo::Command as _;

    #[test]
    fn every_endpoint_is_listed_once() {
        let tree = CommandTree::all();
        let mut out = String::new();
        Commands::new().text(&tree, &mut out);
        let lines: Vec<&str> = out.lines().collect();
        for spec in crate::kubo::SPECS {
            let line = format!("ipfs {}", spec.path.replace('/', " "));
            assert_eq!(lines.iter().filter(|known| **known == line).count(), 1);
        }
        // A group has its own line.
        assert!(lines.contains(&"ipfs block"));
    }

    #[test]
    fn flags_are_shown_with_their_aliases() {
        let mut out = String::new();
        let request = Commands { flags: true };
        request.text(&CommandTree::all(), &mut out);
        assert!(out.contains("\nipfs pin ls --quiet / ipfs pin ls -q\n"));
    }
}
