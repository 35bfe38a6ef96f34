//! `cid`.

use cairn_primitives::keys::PeerId;
use cairn_primitives::multibase::{self, Base};
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::quote::Quoted;
use cairn_primitives::{Cid, Codec, Version};
use cairn_wire::kubo::cid::base32::CidBase32;
use cairn_wire::kubo::cid::bases::{CidBases, Named};
use cairn_wire::kubo::cid::codecs::CidCodecs;
use cairn_wire::kubo::cid::format::{CidFormat, Formatted};
use cairn_wire::kubo::cid::hashes::CidHashes;
use cairn_wire::kubo::cid::inspect::{BasePart, CidInspect, CidParts, CodecPart, HashPart};

use super::super::error::text as text_of;
use super::super::{Answer, CallContext, Failure, Handler, Records};
use super::multibase::{bases, encoder};

impl Handler for CidFormat {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        if !self.format.contains('%') {
            return Err(Failure::normal(format!(
                "invalid format string: {}",
                Quoted(&self.format)
            )));
        }
        let codec = given(self.codec)
            .map(|name| Codec::from_name(&name))
            .transpose()?;
        let base = given(self.base);
        let version = match given(self.version).as_deref() {
            None => base.is_some().then_some(Version::V1),
            Some("1") => Some(Version::V1),
            Some("0") if codec.is_some_and(|codec| codec != Codec::DAG_PB) => {
                return Err(Failure::normal(
                    "cannot convert to CIDv0 with any codec other than dag-pb",
                ));
            }
            Some("0") if base.as_deref().is_some_and(|base| base != "base58btc") => {
                return Err(Failure::normal(
                    "cannot convert to CIDv0 with any multibase other than the implicit base58btc",
                ));
            }
            Some("0") => Some(Version::V0),
            Some(other) => {
                return Err(Failure::normal(format!(
                    "invalid cid version: {}",
                    Quoted(other)
                )));
            }
        };
        let base = base.map(|name| encoder(&name)).transpose()?;
        let form = Conversion {
            format: self.format,
            codec,
            version,
            base,
        };
        Ok(form.answer(self.cids))
    }
}

impl Handler for CidBase32 {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        let form = Conversion {
            format: "%s".to_owned(),
            codec: None,
            version: Some(Version::V1),
            base: Some(Base::Base32Lower),
        };
        Ok(form.answer(self.cids))
    }
}

/// A conversion of CIDs and its output format.
struct Conversion {
    format: String,
    codec: Option<Codec>,
    version: Option<Version>,
    base: Option<Base>,
}

impl Conversion {
    fn answer(self, cids: Vec<String>) -> Records<Formatted> {
        let records = cids.into_iter().map(move |text| {
            let (formatted, error_msg) = match self.convert(&text)? {
                Ok(formatted) => (formatted, String::new()),
                Err(error) => (String::new(), error),
            };
            Ok(Formatted {
                cid_str: text,
                formatted,
                error_msg,
            })
        });
        Records::stream(futures_util::stream::iter(records))
    }

    /// The converted CID, or why it has none; fails if no CID can be converted this way.
    fn convert(&self, text: &str) -> Result<Result<String, String>, Failure> {
        let (mut cid, own_base) = match Cid::parse(text) {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(text_of(&error))),
        };
        if let Some(codec) = self.codec.filter(|codec| *codec != cid.codec()) {
            cid = Cid::v1(codec, cid.hash().clone());
        }
        match self.version {
            Some(Version::V1) => cid = cid.to_v1(),
            Some(Version::V0) if cid.codec() != Codec::DAG_PB => {
                return Ok(Err("can't convert non-dag-pb nodes to cidv0".to_owned()));
            }
            Some(Version::V0) => match Cid::v0(cid.hash().clone()) {
                Ok(converted) => cid = converted,
                Err(error) => return Ok(Err(text_of(&error))),
            },
            None => {}
        }
        let base = match (self.base, cid.version()) {
            (Some(base), _) => base,
            (None, Version::V0) => Base::Base58Btc,
            (None, Version::V1) => own_base,
        };
        match cid.format(&self.format, base) {
            Ok(formatted) => Ok(Ok(formatted)),
            // The format is invalid for every CID.
            Err(error) => Err(error.into()),
        }
    }
}

impl Handler for CidBases {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        Ok(bases())
    }
}

impl Handler for CidCodecs {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        const SUPPORTED: [Codec; 9] = [
            Codec::CBOR,
            Codec::RAW,
            Codec::DAG_PB,
            Codec::DAG_CBOR,
            Codec::LIBP2P_KEY,
            Codec::GIT_RAW,
            Codec::DAG_JOSE,
            Codec::DAG_JSON,
            Codec::JSON,
        ];
        let codecs = Codec::all()
            .filter(|(codec, _)| !self.supported || SUPPORTED.contains(codec))
            .map(|(codec, name)| Named {
                code: codec.0,
                name: name.to_owned(),
            });
        Ok(codecs.collect())
    }
}

impl Handler for CidHashes {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        let functions = HashFunction::all()
            .filter(|function| function.is_allowed())
            .map(|function| Named {
                code: function.code(),
                name: function.name().to_owned(),
            });
        Ok(functions.collect())
    }
}

impl Handler for CidInspect {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        let text = self.cid;
        Ok(match Cid::parse(&text) {
            Ok((cid, base)) => parts(text, &cid, base),
            Err(error) => {
                let mut error_msg = format!("invalid CID: {}", text_of(&error));
                if let Ok(peer) = text.parse::<PeerId>() {
                    error_msg.push_str(
                        "\nNote: the value is a PeerID; inspect its CID representation instead:\n  ",
                    );
                    error_msg.push_str(&peer.to_cid().encode(Base::Base36Lower));
                }
                CidParts {
                    cid: text,
                    error_msg,
                    ..CidParts::default()
                }
            }
        })
    }
}

fn parts(text: String, cid: &Cid, base: Base) -> CidParts {
    let hash = cid.hash();
    // Keys are written in base 36, everything else in base 32.
    let usual = if cid.codec() == Codec::LIBP2P_KEY {
        Base::Base36Lower
    } else {
        Base::Base32Lower
    };
    CidParts {
        cid: text,
        version: u8::from(cid.version() == Version::V1),
        multibase: BasePart {
            prefix: base.code().to_string(),
            name: multibase::name(base).to_owned(),
        },
        multicodec: CodecPart {
            code: cid.codec().0,
            name: cid.codec().name().unwrap_or("unknown").to_owned(),
        },
        multihash: HashPart {
            code: hash.code(),
            name: HashFunction::from_code(hash.code())
                .map_or("unknown", HashFunction::name)
                .to_owned(),
            length: hash.digest().len(),
            digest: Base::Base16Lower.encode(hash.digest()),
        },
        cid_v0: cid.to_v0().map(|cid| cid.to_string()).unwrap_or_default(),
        cid_v1: cid.to_v1().encode(usual),
        error_msg: String::new(),
    }
}
