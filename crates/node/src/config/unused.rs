//! Settings that are accepted and have no effect yet.
//!
//! Each section lists these settings next to its declaration. Remove a setting there when it takes effect.

use serde_json::Value;

use super::Config;
use super::sections::IdentitySection;
use super::values::default;

/// The settings of a section that have no effect yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnusedKeys {
    /// All of them have an effect.
    None,
    /// None of them has an effect.
    All,
    /// These, and everything below them, have no effect.
    Keys(&'static [&'static str]),
}

/// A section of the configuration.
pub(super) trait Section {
    /// Its settings that have no effect yet.
    const UNUSED: UnusedKeys;
}

impl Section for Option<Vec<String>> {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// The unused keys of a section.
pub(super) fn idle<S: Section>(_: &S) -> UnusedKeys {
    S::UNUSED
}

impl Config {
    /// Dotted keys of settings that differ from a new repository and have no effect yet. Empty lists, maps and texts
    /// are not reported.
    #[must_use]
    pub fn idle_keys(&self) -> Vec<String> {
        let plain = [Self::default(), Self::initial(IdentitySection::default())];
        let Ok(own) = serde_json::to_value(self) else {
            return Vec::new();
        };
        let plain = plain.map(|config| serde_json::to_value(config).unwrap_or_default());
        let mut found = Vec::new();
        for (section, idle) in self.sections() {
            let whole =
                |name: &str| format!("{section}{}{name}", if name.is_empty() { "" } else { "." });
            let keys: &[&str] = match idle {
                UnusedKeys::None => &[],
                UnusedKeys::All => &[""],
                UnusedKeys::Keys(keys) => keys,
            };
            for key in keys {
                let path = whole(key);
                let pointer = format!("/{}", path.replace('.', "/"));
                let plain = plain.each_ref().map(|plain| plain.pointer(&pointer));
                collect(&path, own.pointer(&pointer), &plain, &mut found);
            }
        }
        for (name, service) in self.pinning.remote_services.iter().flatten() {
            if !default(&service.policies) {
                found.push(format!("Pinning.RemoteServices.{name}.Policies"));
            }
        }
        found
    }
}

/// Lists the settings at and below a path that differ from all default ones.
fn collect(path: &str, own: Option<&Value>, plain: &[Option<&Value>], found: &mut Vec<String>) {
    let Some(own) = own else { return };
    let is_empty = match own {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if is_empty || plain.contains(&Some(own)) {
        return;
    }
    match own {
        Value::Object(entries) => {
            for (name, value) in entries {
                let below: Vec<_> = plain
                    .iter()
                    .map(|plain| plain.and_then(|plain| plain.get(name)))
                    .collect();
                collect(&format!("{path}.{name}"), Some(value), &below, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Document, StringOrList};

    #[test]
    fn plain_configurations_have_none() {
        assert!(Config::default().idle_keys().is_empty());
        let initial = Config::initial(IdentitySection::default());
        assert_eq!(initial.idle_keys(), Vec::<String>::new());
    }

    #[test]
    fn settings_without_effect_are_named() {
        let mut config = Config::initial(IdentitySection::default());
        config.datastore.storage_max = "1GB".to_owned();
        config.addresses.api = StringOrList::one("/ip4/127.0.0.1/tcp/1");
        config.bootstrap = Some(Vec::new());
        assert!(config.idle_keys().is_empty());
        config.addresses.pinning = Some(StringOrList::one("/ip4/127.0.0.1/tcp/2"));
        config.backend.kubo = Some("/ip4/127.0.0.1/tcp/3".to_owned());
        config.database.url = Some(serde_json::from_value("sqlite:x".into()).unwrap());
        config.swarm.relay_service.buffer_size = Some(7);
        assert_eq!(config.idle_keys(), ["Swarm.RelayService.BufferSize"]);
    }

    #[test]
    fn what_sections_declare_are_settings() {
        for (section, idle) in Config::default().sections() {
            let keys: &[&str] = match idle {
                UnusedKeys::Keys(keys) => keys,
                _ => &[],
            };
            let mut entries = Value::Object(serde_json::Map::new());
            for key in keys {
                let place = key.split('.').fold(&mut entries, |place, name| {
                    if place.is_null() {
                        *place = Value::Object(serde_json::Map::new());
                    }
                    let entries = place.as_object_mut().unwrap();
                    entries.entry(name).or_insert(Value::Null)
                });
                assert!(place.is_null(), "{key}");
            }
            let text = if section == "Bootstrap" {
                "{\"Bootstrap\": null}".to_owned()
            } else {
                serde_json::json!({ section: entries }).to_string()
            };
            let (_, unknown) = Document::parse(&text).unwrap().interpret().unwrap();
            assert_eq!(unknown, Vec::<String>::new());
        }
    }
}
