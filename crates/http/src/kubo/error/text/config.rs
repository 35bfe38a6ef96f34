//! Errors of the configuration.

use cairn_node::config::{ConfigCommandError, ConfigError, DurationError};

use super::{KuboText, text};

impl KuboText for DurationError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Invalid { text } => format!("time: invalid duration {text:?}"),
            Self::MissingUnit { text } => format!("time: missing unit in duration {text:?}"),
            Self::UnknownUnit { unit, text } => {
                format!("time: unknown unit {unit:?} in duration {text:?}")
            }
            _ => return None,
        })
    }
}

impl KuboText for ConfigError {
    fn kubo(&self) -> Option<String> {
        match self {
            Self::NotAMap { key } => Some(format!("{key} key is not a map")),
            _ => None,
        }
    }
}

impl KuboText for ConfigCommandError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::PrivateKey => "cannot show or change private key through API",
            Self::PinningCredentials => "cannot show or change pinning services credentials",
            Self::Credentials => "cannot show the credentials of the RPC through API",
            Self::Decode => "failed to decode file as config",
            Self::SetPrivateKey => "setting private key with API is not supported",
            Self::NoPrivateKey => "failed to get PrivKey",
            Self::RemoteServices => {
                "cannot add or remove remote pinning services with 'config replace'"
            }
            Self::RemoteServiceAccess => {
                "cannot change remote pinning services api info with `config replace`"
            }
            Self::Get { cause } => {
                return Some(format!("failed to get config value: {:?}", text(cause)));
            }
            Self::Set { cause, json } => {
                let hint = if *json { "" } else { " (maybe use --json?)" };
                return Some(format!("failed to set config value: {}{hint}", text(cause)));
            }
            Self::Bool { .. } => return Some(format!("failed to set config value: {self}")),
            Self::Json {
                truncated: true, ..
            } => "failed to unmarshal json. unexpected end of JSON input",
            Self::Json { problem, .. } => {
                return Some(format!("failed to unmarshal json. {problem}"));
            }
            Self::NoProfile { name } => return Some(format!("{name} is not a profile")),
            Self::File(error) => return Some(text(error)),
            _ => return None,
        };
        Some(known.to_owned())
    }
}
