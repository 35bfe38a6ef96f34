//! `key`.

use bytes::Bytes;
use cairn_node::keystore::{KeystoreError, NamedKey, NewKey};
use cairn_primitives::PeerId;
use cairn_primitives::keys::{self, DEFAULT_RSA_BITS, KeyError, KeyType, Keypair};
use cairn_primitives::multibase::{self, Base};
use cairn_wire::kubo::key::generate::KeyGen;
use cairn_wire::kubo::key::import::KeyImport;
use cairn_wire::kubo::key::ls::KeyLs;
use cairn_wire::kubo::key::rename::{KeyRename, RenamedKey};
use cairn_wire::kubo::key::rm::KeyRm;
use cairn_wire::kubo::key::sign::{KeySign, KeySignature};
use cairn_wire::kubo::key::verify::{KeyVerification, KeyVerify};
use cairn_wire::kubo::key::{Key, KeyList};

use super::super::files::Files;
use super::super::{Answer, Call, Failure, Handler, Records};
use super::multibase::encoder;

/// Most bytes of a key: one of RSA with 8,192 bits has 6,500 as PEM.
const MOST_KEY: usize = 64 << 10;
/// Most bytes that are signed: they are held as a whole.
const MOST_DATA: usize = 16 << 20;
/// What stands before data that is signed, so that the signature is good for nothing else.
const DOMAIN: &[u8] = b"libp2p-key signed message:";

/// How ids of keys are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdForm(Option<Base>);

impl IdForm {
    /// The form of a name: a bare multihash, or a CID in a base.
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        match name {
            "b58mh" | "v0" => Ok(Self(None)),
            name => encoder(name).map(|base| Self(Some(base))),
        }
    }

    pub(super) fn show(self, id: &PeerId) -> String {
        match self.0 {
            None => id.to_string(),
            Some(base) => id.to_cid().encode(base),
        }
    }

    fn key(self, key: NamedKey) -> Key {
        Key {
            id: self.show(&key.id),
            name: key.name,
        }
    }
}

/// The one file of a request.
pub(super) async fn the_file(files: &mut Files, most: usize) -> Result<Bytes, Failure> {
    if files.next().await?.is_none() {
        return Err(Failure::normal("expected a file argument"));
    }
    let too_long = || Failure::normal(format!("the file has more than {most} bytes"));
    files.whole(most, too_long).await
}

/// A key that was looked up by name and is not there.
pub(super) fn not_found(error: KeystoreError) -> Failure {
    match error {
        KeystoreError::Missing { .. } => Failure::normal("no key by the given name was found"),
        other => other.into(),
    }
}

impl Handler for KeyGen {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let kind = match self.kind.as_str() {
            "ed25519" => NewKey::Ed25519,
            "rsa" => NewKey::Rsa(match self.size {
                None | Some(-1) => DEFAULT_RSA_BITS,
                Some(bits) => usize::try_from(bits).unwrap_or(0),
            }),
            other => return Err(Failure::normal(format!("unrecognized key type: {other}"))),
        };
        let made = call.node().keystore().generate(&self.name, kind).await?;
        Ok(form.key(made))
    }
}

impl Handler for KeyImport {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let data = the_file(&mut files, MOST_KEY).await?;
        let key = read_key(&self.format, &data)?;
        if !self.allow_any_key_type {
            check_type(key.key_type())?;
        }
        let imported = call.node().keystore().import(&self.name, &key).await?;
        Ok(form.key(imported))
    }
}

fn read_key(format: &str, data: &[u8]) -> Result<Keypair, Failure> {
    match format {
        "pem-pkcs8-cleartext" => Ok(Keypair::from_pkcs8_pem(data)?),
        "libp2p-protobuf-cleartext" => Keypair::decode(data).map_err(|error: KeyError| {
            Failure::normal(if keys::is_pem(data) {
                format!("unexpected PEM block for format={format}: try again with format=pem-pkcs8-cleartext")
            } else {
                let reason = super::super::error::text(&error);
                format!("unable to unmarshall format={format}: {reason}")
            })
        }),
        other => Err(Failure::normal(format!(
            "unrecognized import format: {other}"
        ))),
    }
}

/// Kubo imports by itself only what it makes.
fn check_type(kind: KeyType) -> Result<(), Failure> {
    let name = match kind {
        KeyType::Ed25519 | KeyType::Rsa => return Ok(()),
        KeyType::Secp256k1 => "*crypto.Secp256k1PrivateKey",
        KeyType::Ecdsa => "*crypto.ECDSAPrivateKey",
    };
    Err(Failure::normal(format!(
        "key type {name} is not allowed to be imported, only RSA or Ed25519; use flag --allow-any-key-type if you are sure of what you're doing"
    )))
}

impl Handler for KeyLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)
            .map_err(|error| Failure::normal(format!("cannot get key encoder: {error}")))?;
        let node = call.node().clone();
        // Each key is a file.
        let keys = tokio::task::spawn_blocking(move || node.keystore().list())
            .await
            .map_err(|_| Failure::normal("the listing was interrupted"))??;
        Ok(KeyList {
            keys: keys.into_iter().map(|key| form.key(key)).collect(),
        })
    }
}

impl Handler for KeyRename {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let renamed = call
            .node()
            .keystore()
            .rename(&self.name, &self.new_name, self.force)
            .await;
        let (key, overwrite) = renamed.map_err(|error| match error {
            KeystoreError::Exists { .. } => {
                Failure::normal("key by that name already exists, refusing to overwrite")
            }
            other => other.into(),
        })?;
        Ok(RenamedKey {
            was: self.name,
            now: self.new_name,
            id: form.show(&key.id),
            overwrite,
        })
    }
}

impl Handler for KeyRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let mut keys = Vec::with_capacity(self.names.len());
        // Those before one that cannot be removed are removed all the same, as with Kubo.
        for name in &self.names {
            keys.push(form.key(call.node().keystore().remove(name).await?));
        }
        Ok(KeyList { keys })
    }
}

/// The name of a key, as `key/sign` and `key/verify` take it.
fn named(key: Option<&str>) -> &str {
    key.filter(|name| !name.is_empty())
        .unwrap_or(cairn_node::keystore::SELF)
}

impl Handler for KeySign {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let data = the_file(&mut files, MOST_DATA).await?;
        let name = named(self.key.as_deref()).to_owned();
        let key = call.node().keystore().get(&name).map_err(not_found)?;
        let id = key.peer_id();
        let signed = tokio::task::spawn_blocking(move || key.sign(&[DOMAIN, &data].concat()));
        let signature = signed
            .await
            .map_err(|_| Failure::normal("signing was interrupted"))??;
        Ok(one(KeySignature {
            key: form.key(NamedKey { name, id }),
            signature: multibase::encode(Base::Base64Url, &signature),
        }))
    }
}

impl Handler for KeyVerify {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = IdForm::named(&self.ipns_base)?;
        let text = self.signature.as_deref().unwrap_or_default();
        let (_, signature) =
            multibase::decode(text).map_err(|error| Failure::normal(error.to_string()))?;
        let data = the_file(&mut files, MOST_DATA).await?;
        let (named, key) = call.node().keystore().public(named(self.key.as_deref()))?;
        let message = [DOMAIN, &data].concat();
        let verified = tokio::task::spawn_blocking(move || key.verify(&message, &signature));
        let signature_valid = verified
            .await
            .map_err(|_| Failure::normal("verifying was interrupted"))?;
        Ok(one(KeyVerification {
            key: form.key(named),
            signature_valid,
        }))
    }
}

/// One record, where a command could answer several.
fn one<R: Send + 'static>(record: R) -> Records<R> {
    Records::stream(futures_util::stream::once(std::future::ready(Ok(record))))
}
