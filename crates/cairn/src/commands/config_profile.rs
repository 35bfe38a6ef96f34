//! `config profile apply` of `cairn`: prints each changed key with both values.

use cairn_node::config::Profile;
use cairn_wire::kubo::config::profile::{ConfigProfileApply, ProfileChange};
use cairn_wire::text::escaped;
use serde_json::Value;

use super::generic::{self, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Adds the names of the profiles to the long help.
pub(crate) fn with_names(command: clap::Command) -> clap::Command {
    let about = command.get_about().map(ToString::to_string);
    let names: Vec<_> = Profile::names().map(|name| format!("`{name}`")).collect();
    let about = about.unwrap_or_default();
    command.long_about(format!("{about}.\n\nProfiles: {}", names.join(", ")))
}

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    if request.is_ipfs() || globals.format.is_json() {
        return generic::run(session, request, globals, output).await;
    }
    let asked = request.typed::<ConfigProfileApply>()?;
    let ProfileChange { old_cfg, new_cfg } = session.kubo.call(&asked).await?;
    let mut text = String::new();
    changes("", Some(&old_cfg), Some(&new_cfg), &mut text);
    if text.is_empty() {
        text.push_str("no changes\n");
    }
    output.text(&text)
}

/// Writes a line for each key whose values differ.
fn changes(key: &str, old: Option<&Value>, new: Option<&Value>, out: &mut String) {
    if old == new {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) {
        let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for name in keys {
            let below = if key.is_empty() {
                name.clone()
            } else {
                format!("{key}.{name}")
            };
            changes(&below, old.get(name), new.get(name), out);
        }
        return;
    }
    let shown = |value: Option<&Value>| value.map_or("(not set)".to_owned(), Value::to_string);
    escaped(&format!("{key}: {} -> {}", shown(old), shown(new)), out);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn only_what_differs_is_told() {
        let old = json!({"A": {"x": 1, "y": true}, "B": "same", "C": [1]});
        let new = json!({"A": {"x": 2, "z": {}}, "B": "same", "C": [1, 2]});
        let mut out = String::new();
        super::changes("", Some(&old), Some(&new), &mut out);
        assert_eq!(
            out,
            "A.x: 1 -> 2\nA.y: true -> (not set)\nA.z: (not set) -> {}\nC: [1] -> [1,2]\n"
        );
    }
}
