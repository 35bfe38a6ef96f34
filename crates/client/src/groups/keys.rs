//! Keys.

use cairn_wire::kubo::key::generate::KeyGen;
use cairn_wire::kubo::key::import::KeyImport;
use cairn_wire::kubo::key::ls::KeyLs;
use cairn_wire::kubo::key::rename::{KeyRename, RenamedKey as Renamed};
use cairn_wire::kubo::key::rm::KeyRm;
use cairn_wire::kubo::key::sign::{KeySign, KeySignature};
use cairn_wire::kubo::key::verify::{KeyVerification, KeyVerify};
use cairn_wire::kubo::key::{Key as Record, KeyList};

use crate::error::Error;
use crate::kubo::{Call, Callable, IntoPath, IntoPaths, many, one, setters, text, texts};
use crate::upload::{IntoSource, files};

group! {
    /// Keys, each of which owns an IPNS name.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let key = kubo.keys().generate("notes").kind("ed25519").await?;
    /// println!("{} {}", key.name, key.id);
    /// kubo.keys().rename("notes", "old-notes").await?;
    /// kubo.keys().rm("old-notes").await?;
    /// # Ok(())
    /// # }
    /// ```
    Keys, keys
}

impl Keys<'_> {
    /// Creates a key pair.
    pub fn generate(&self, name: impl IntoPath) -> Call<KeyGen> {
        Call::new(self.0, KeyGen::new(text(name)))
    }

    /// Imports a private key.
    pub fn import(&self, name: impl IntoPath, key: impl IntoSource) -> Call<KeyImport> {
        let upload = files(key.into_source(), self.0.chunk_size());
        Call::new(self.0, KeyImport::new(text(name))).sending(upload)
    }

    /// Lists all keys.
    pub fn ls(&self) -> Call<KeyLs> {
        Call::new(self.0, KeyLs::new())
    }

    /// Renames a key.
    pub fn rename(&self, name: impl IntoPath, new_name: impl IntoPath) -> Call<KeyRename> {
        Call::new(self.0, KeyRename::new(text(name), text(new_name)))
    }

    /// Removes keys and returns them.
    pub fn rm(&self, names: impl IntoPaths) -> Call<KeyRm> {
        Call::new(self.0, KeyRm::new(texts(names)))
    }

    /// Signs data with a key.
    pub fn sign(&self, data: impl IntoSource) -> Call<KeySign> {
        let upload = files(data.into_source(), self.0.chunk_size());
        Call::new(self.0, KeySign::new()).sending(upload)
    }

    /// Verifies a signature of [`Self::sign`].
    pub fn verify(&self, data: impl IntoSource, signature: impl IntoPath) -> Call<KeyVerify> {
        let upload = files(data.into_source(), self.0.chunk_size());
        Call::new(self.0, KeyVerify::new())
            .signature(text(signature))
            .sending(upload)
    }
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Its ID: the IPNS name that it owns.
    pub id: String,
}

impl From<Record> for Key {
    fn from(key: Record) -> Self {
        Self {
            name: key.name,
            id: key.id,
        }
    }
}

/// A renamed key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenamedKey {
    /// Its old name.
    pub was: String,
    /// Its new name.
    pub now: String,
    /// Its ID.
    pub id: String,
    /// Whether another key was overwritten.
    pub overwrite: bool,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// The key.
    pub key: Key,
    /// The signature as multibase text.
    pub signature: String,
}

/// The result of verifying a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The key.
    pub key: Key,
    /// Whether the signature is valid.
    pub valid: bool,
}

fn keys(list: KeyList) -> Result<Vec<Key>, Error> {
    Ok(list.keys.into_iter().map(Key::from).collect())
}

one! {
    KeyGen, Record => Key, |key| Ok(key.into());
    KeyImport, Record => Key, |key| Ok(key.into());
    KeyLs, KeyList => Vec<Key>, keys;
    KeyRm, KeyList => Vec<Key>, keys;
    KeyRename, Renamed => RenamedKey, |renamed| Ok(RenamedKey {
        was: renamed.was,
        now: renamed.now,
        id: renamed.id,
        overwrite: renamed.overwrite,
    });
}

many! {
    KeySign, KeySignature => Signature, |signed, items| {
        items.push_back(Signature { key: signed.key.into(), signature: signed.signature });
        Ok(())
    };
    KeyVerify, KeyVerification => Verification, |verified, items| {
        items.push_back(Verification { key: verified.key.into(), valid: verified.signature_valid });
        Ok(())
    };
}

impl Callable for KeySign {
    type Output = Signature;

    async fn run(call: Call<Self>) -> Result<Signature, Error> {
        call.stream().try_next().await?.ok_or(Error::Empty)
    }
}

impl Callable for KeyVerify {
    type Output = Verification;

    async fn run(call: Call<Self>) -> Result<Verification, Error> {
        call.stream().try_next().await?.ok_or(Error::Empty)
    }
}

cairn_wire::KeyGen!(setters);
cairn_wire::KeyImport!(setters);
cairn_wire::KeyLs!(setters);
cairn_wire::KeyRename!(setters);
cairn_wire::KeyRm!(setters);
cairn_wire::KeySign!(setters);
cairn_wire::KeyVerify!(setters);
