//! The configuration.

use cairn_wire::kubo::config::profile::{ConfigProfileApply, ProfileChange};
use cairn_wire::kubo::config::replace::ConfigReplace;
use cairn_wire::kubo::config::show::ConfigShow;
use cairn_wire::kubo::config::value::{Config as ConfigValue, Setting};
use serde::Serialize;
use serde_json::Value;

use crate::error::{EncoderError, Error};
use crate::kubo::{Call, IntoPath, nothing, one, setters, text};
use crate::upload::{Source, files};

group! {
    /// The configuration of the server.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let gateway = kubo.config().value("Addresses.Gateway").await?;
    /// kubo.config().set("Gateway.NoFetch", &true)?.await?;
    /// let all = kubo.config().get().await?;
    /// println!("{gateway} {}", all["Addresses"]["API"]);
    /// # Ok(())
    /// # }
    /// ```
    Config, config
}

impl Config<'_> {
    /// Returns the configuration without its secrets.
    pub fn get(&self) -> Call<ConfigShow> {
        Call::new(self.0, ConfigShow::new())
    }

    /// Returns a value by its dotted key.
    pub fn value(&self, key: impl IntoPath) -> Call<ConfigValue> {
        Call::new(self.0, ConfigValue::new(text(key), None))
    }

    /// Sets a value by its dotted key and returns it. Strings are sent as text, anything else as JSON.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Encoding`] if the value cannot be represented in JSON.
    pub fn set(
        &self,
        key: impl IntoPath,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Call<ConfigValue>, Error> {
        let (sent, json) = match to_json(value)? {
            Value::String(text) => (text, false),
            other => (other.to_string(), true),
        };
        Ok(Call::new(self.0, ConfigValue::new(text(key), Some(sent))).json(json))
    }

    /// Replaces the configuration, keeping its secrets. This cannot be undone.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Encoding`] if the value cannot be represented in JSON.
    pub fn replace(
        &self,
        config: &(impl Serialize + ?Sized),
    ) -> Result<Call<ConfigReplace>, Error> {
        let json = to_json(config)?.to_string();
        let upload = files(Source::bytes(json), self.0.chunk_size());
        Ok(Call::new(self.0, ConfigReplace::new()).sending(upload))
    }

    /// Applies a profile and returns the configuration before and after it.
    pub fn apply_profile(&self, profile: impl IntoPath) -> Call<ConfigProfileApply> {
        Call::new(self.0, ConfigProfileApply::new(text(profile)))
    }
}

fn to_json(value: &(impl Serialize + ?Sized)) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| {
        EncoderError::Encoding {
            encoding: "json",
            source: Box::new(error),
        }
        .into()
    })
}

/// The changes of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileEffect {
    /// The previous configuration, without its secrets.
    pub before: Value,
    /// The new configuration, without its secrets.
    pub after: Value,
}

nothing!(ConfigReplace);

one! {
    ConfigShow, Value => Value, Ok;
    ConfigValue, Setting => Value, |setting| Ok(setting.value);
    ConfigProfileApply, ProfileChange => ProfileEffect, |change| Ok(ProfileEffect {
        before: change.old_cfg,
        after: change.new_cfg,
    });
}

cairn_wire::ConfigShow!(setters);

/// The group has the same name as the command.
macro_rules! value_setters {
    (Config $($fields:tt)*) => { setters! { ConfigValue $($fields)* } };
}

cairn_wire::Config!(value_setters);
cairn_wire::ConfigProfileApply!(setters);
