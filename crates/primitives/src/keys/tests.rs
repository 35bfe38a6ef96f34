use super::*;
use crate::multibase::{self, Base};

fn golden() -> Keypair {
    use sha2::Digest as _;
    Keypair::from_ed25519_seed(&sha2::Sha256::digest(b"golden key").into())
}

#[test]
fn ids_are_those_of_kubo() {
    let id = golden().peer_id();
    assert_eq!(
        id.to_base36(),
        "k51qzi5uqu5dlp9v9n9ymuh18el4fg85yhh5e4me7nyxf3e0hb8grox773q52c"
    );
    for (base58, base36) in [
        (
            "12D3KooWSKuiiz2jYLNyrgB92odbn6Q8C7VF9WSAbSPuFjBod8VA",
            "k51qzi5uqu5dmaopp9ushbjk5a0btbvcn68piwy45lk92c8xno48cuf8fz3f6l",
        ),
        (
            "Qme3Xm2qv6QuWttK4nPKDBtLmcCRSPxs84zSbTgqLdTR6r",
            "k2k4r8p8dw5icprxesq1zntj18b4fficp2f1pvpfxsig186lpraub59f",
        ),
    ] {
        let id: PeerId = base58.parse().unwrap();
        assert_eq!(id.to_string(), base58);
        assert_eq!(id.to_base36(), base36);
        for base in [
            Base::Base32Lower,
            Base::Base36Lower,
            Base::Base58Btc,
            Base::Base16Upper,
        ] {
            assert_eq!(id.to_cid().encode(base).parse::<PeerId>().unwrap(), id);
        }
        assert_eq!(PeerId::from_bytes(id.as_bytes()).unwrap(), id);
    }
}

#[test]
fn reads_what_it_writes_and_the_old_form() {
    let key = golden();
    let encoded = key.encode();
    assert_eq!(encoded.len(), 68);
    assert_eq!(Keypair::decode(&encoded).unwrap().encode(), encoded);
    let old = encode_envelope(KeyType::Ed25519, &[&encoded[4..], &encoded[36..]].concat());
    assert_eq!(Keypair::decode(&old).unwrap().peer_id(), key.peer_id());
    let public = key.public();
    assert_eq!(PublicKey::decode(&public.encode()).unwrap(), public);
    assert_eq!(key.peer_id().public_key().unwrap(), Some(public));
    assert_ne!(
        Keypair::generate(KeyType::Ed25519).unwrap().encode(),
        encoded
    );
    assert!(!format!("{key:?}").contains(&data_encoding::HEXLOWER.encode(&encoded[4..36])));
}

#[test]
fn signatures_hold_and_wrong_ones_do_not() {
    // What Kubo's `key sign` gave for this key.
    let signature =
        "uo5keGUOSmR6_Sce33jTs_p4bPWMZ4rpWbTMWDCMAXw66PkSqVNHl5woKRYed8YSEvUy2JwK19tbEAytmKoXuAA";
    let (_, signature) = multibase::decode(signature).unwrap();
    let data = b"libp2p-key signed message:hello world\n";
    let key = golden();
    assert!(key.public().verify(data, &signature));
    assert_eq!(key.sign(data), signature);
    assert!(!key.public().verify(b"other", &signature));
    assert!(!key.public().verify(data, &signature[..63]));
    assert!(!key.public().verify(data, &[0; 64]));
    assert!(
        !Keypair::generate(KeyType::Ed25519)
            .unwrap()
            .public()
            .verify(data, &signature)
    );
}

#[test]
fn hostile_keys_are_errors() {
    let whole = golden().encode();
    for end in 0..whole.len() {
        assert!(Keypair::decode(&whole[..end]).is_err());
    }
    let mut mismatched = whole.clone();
    mismatched[40] ^= 1;
    assert_eq!(
        Keypair::decode(&mismatched).unwrap_err(),
        KeyError::Invalid(KeyType::Ed25519)
    );
    assert_eq!(
        PublicKey::decode(&[8, 0, 0x12, 0]).unwrap_err(),
        KeyError::Unsupported(KeyType::Rsa)
    );
    assert_eq!(
        PublicKey::decode(&[8, 9, 0x12, 0]).unwrap_err(),
        KeyError::UnknownType(9)
    );
    assert!(PublicKey::decode(&[8, 1, 8, 1, 0x12, 0]).is_err());
    assert!(PublicKey::decode(&vec![0; 9000]).is_err());
    for (text, message) in [
        ("12D3KooWSKuiiz2jYLNyrgB92odbn6Q8C7VF9WSAbSPuFjBod8V", None),
        ("1", Some("not a peer ID: a multihash has at least 2 bytes")),
        ("zz", Some("not a peer ID: invalid CID: unknown version 57")),
        (
            "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
            Some("a CID of codec \"raw\" is not a peer ID"),
        ),
    ] {
        let error = text.parse::<PeerId>().unwrap_err().to_string();
        assert!(message.is_none_or(|message| message == error), "{error}");
    }
}
