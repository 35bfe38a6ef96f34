//! CIDs, multihashes, peer ids and their texts: what is read is written back as it was.
#![no_main]

use cairn_primitives::keys::{Keypair, PublicKey};
use cairn_primitives::multibase::{self, Base};
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::{Cid, Multihash, PeerId, varint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok((cid, used)) = Cid::read(data) {
        assert_eq!(cid.to_bytes(), &data[..used]);
        assert_eq!(cid.encoded_len(), used);
        assert_eq!(Cid::from_bytes(&cid.to_bytes()), Ok(cid.clone()));
        for base in [
            Base::Base32Lower,
            Base::Base36Lower,
            Base::Base58Btc,
            Base::Base64Url,
        ] {
            assert_eq!(cid.encode(base).parse(), Ok(cid.clone()));
        }
        let _ = HashFunction::verify_allowed(cid.hash());
        let _ = cid.hash().matches(data);
        if let Some(v0) = cid.to_v0() {
            assert_eq!(v0.to_v1(), cid.to_v1());
        }
    }
    if let Ok((hash, used)) = Multihash::read(data) {
        assert_eq!(hash.as_bytes(), &data[..used]);
        assert_eq!(Multihash::wrap(hash.code(), hash.digest()), Ok(hash));
    }
    if let Ok((number, used)) = varint::decode(data) {
        let mut bytes = Vec::new();
        varint::encode(number, &mut bytes);
        assert_eq!(bytes, &data[..used]);
    }
    if let Ok(key) = PublicKey::decode(data) {
        assert_eq!(PublicKey::decode(&key.encode()), Ok(key));
    }
    if let Ok(key) = Keypair::decode(data) {
        if let Ok(signature) = key.sign(data) {
            assert!(key.public().verify(data, &signature));
        }
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok((cid, base)) = Cid::parse(text) {
        // A CIDv0 is read in any base and written in one.
        assert_eq!(cid.encode(base).parse(), Ok(cid));
    }
    if let Ok(id) = text.parse::<PeerId>() {
        assert_eq!(id.to_cid().encode(Base::Base36Lower).parse(), Ok(id));
    }
    if let Ok((base, bytes)) = multibase::decode(text) {
        assert_eq!(
            multibase::decode(&multibase::encode(base, &bytes)).map(|(_, again)| again),
            Ok(bytes)
        );
    }
});
