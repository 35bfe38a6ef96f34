use super::*;
use crate::cid::{Cid, Codec};
use crate::multibase::{self, Base};
use crate::multihash::Multihash;

#[path = "vectors.rs"]
mod vectors;

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
        assert_eq!(PeerId::from_bytes(&id.to_bytes()).unwrap(), id);
        let theirs: libp2p_identity::PeerId = base58.parse().unwrap();
        assert_eq!(PeerId::from(theirs), id);
        assert_eq!(libp2p_identity::PeerId::from(&id), theirs);
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
    assert_eq!(key.sign(data).unwrap(), signature);
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
        KeyError::Invalid(KeyType::Rsa)
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

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

#[test]
fn keys_of_the_specification_are_read_and_written() {
    for (private, public) in vectors::SPEC {
        let (private, public) = (hex(private), hex(public));
        let key = Keypair::decode(&private).unwrap();
        assert_eq!(key.public().encode(), public, "{}", key.key_type());
        assert_eq!(key.encode(), private, "{}", key.key_type());
        let read = PublicKey::decode(&public).unwrap();
        assert_eq!(read, key.public());
        let inline = public.len() <= 42;
        assert_eq!(key.peer_id().public_key().unwrap().is_some(), inline);
        let signature = key.sign(b"data").unwrap();
        assert!(read.verify(b"data", &signature));
        assert!(!read.verify(b"other", &signature));
        assert!(!read.verify(b"data", &signature[1..]));
        let other = Keypair::from_ed25519_seed(&[9; 32]).public();
        assert!(!other.verify(b"data", &signature));
        // libp2p has the same key, and its signatures are ours.
        let theirs = libp2p_identity::Keypair::try_from(&key).unwrap();
        assert_eq!(theirs.public(), read.clone().into());
        assert_eq!(PublicKey::from(theirs.public()).key_type(), key.key_type());
        assert!(read.verify(b"other", &theirs.sign(b"other").unwrap()));
    }
}

#[test]
fn keys_and_signatures_of_openssl_are_read() {
    for (kind, (pem, signature)) in [
        (KeyType::Rsa, vectors::RSA),
        (KeyType::Ecdsa, vectors::ECDSA),
        (KeyType::Ed25519, vectors::ED25519),
    ] {
        let key = Keypair::from_pkcs8_pem(pem.as_bytes()).unwrap();
        assert_eq!(key.key_type(), kind);
        assert!(is_pem(pem.as_bytes()));
        assert!(key.public().verify(vectors::MESSAGE, &hex(signature)));
        // What is written is what OpenSSL writes, byte for byte.
        assert_eq!(key.to_pkcs8_pem().unwrap(), pem);
        let again = Keypair::decode(&key.encode()).unwrap();
        assert_eq!(again.peer_id(), key.peer_id());
        let windows = pem.replace('\n', "\r\n");
        let noted = format!("a note\n{windows}more");
        let read = Keypair::from_pkcs8_pem(noted.as_bytes()).unwrap();
        assert_eq!(read.peer_id(), key.peer_id());
        // Whatever is cut or turned is an error, or a key.
        for at in (0..pem.len()).step_by(7) {
            let mut bytes = pem.as_bytes().to_vec();
            bytes[at] ^= 1;
            let _ = Keypair::from_pkcs8_pem(&bytes);
            assert!(Keypair::from_pkcs8_pem(&pem.as_bytes()[..at]).is_err());
        }
    }
}

#[test]
fn what_is_no_key_in_pem_is_told() {
    let read = |text: &str| Keypair::from_pkcs8_pem(text.as_bytes()).unwrap_err();
    assert_eq!(read(""), Pkcs8Error::NoPem);
    assert_eq!(
        read("-----BEGIN PRIVATE KEY-----\nAAAA\n"),
        Pkcs8Error::NoPem
    );
    let public = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert!(matches!(read(public), Pkcs8Error::Label { .. }));
    let junk = public.replace("PUBLIC", "PRIVATE");
    assert_eq!(read(&junk), Pkcs8Error::Malformed);
    assert_eq!(read(vectors::OTHER_CURVE), Pkcs8Error::Key(KeyError::Curve));
    assert_eq!(
        Keypair::generate(KeyType::Secp256k1)
            .unwrap()
            .to_pkcs8_pem(),
        Err(Pkcs8Error::NoForm(KeyType::Secp256k1))
    );
}

#[test]
fn both_signs_of_a_signature_are_accepted() {
    let key = Keypair::generate(KeyType::Secp256k1).unwrap();
    let signature = key.sign(b"data").unwrap();
    let twin = secp256k1::twin(&signature).unwrap();
    assert_ne!(twin, signature);
    assert!(key.public().verify(b"data", &twin));
    assert!(!key.public().verify(b"other", &twin));
    assert_eq!(secp256k1::twin(&twin), Some(signature.clone()));
    for end in 0..signature.len() {
        assert_eq!(secp256k1::twin(&signature[..end]), None);
    }
    let number = |digits: &[u8]| der::value(der::SEQUENCE, &[&der::unsigned(&[1]), digits]);
    // Above the order of the curve.
    assert_eq!(secp256k1::twin(&number(&der::unsigned(&[0xff; 32]))), None);
    assert_eq!(secp256k1::twin(&number(&der::unsigned(&[1; 33]))), None);
}

#[test]
fn ids_that_no_key_has_are_refused() {
    let hash = |code, digest: &[u8]| Multihash::wrap(code, digest).unwrap();
    for bad in [
        hash(0, &[7; 43]),
        hash(0x13, &[7; 64]),
        hash(0x12, &[7; 65]),
    ] {
        let text = Cid::v1(Codec::LIBP2P_KEY, bad.clone()).encode(Base::Base36Lower);
        assert_eq!(text.parse::<PeerId>(), Err(PeerIdError::Unsupported));
        let read = PeerId::from_bytes(bad.as_bytes());
        assert_eq!(read, Err(PeerIdError::Unsupported));
    }
    let id = PeerId::from_bytes(hash(0, &[7; 42]).as_bytes()).unwrap();
    assert_eq!(id.hash(), hash(0, &[7; 42]));
}

/// <https://nvd.nist.gov/vuln/detail/CVE-2023-39533>: verifying with endless keys takes endless time.
#[test]
fn rsa_keys_of_up_to_8192_bits_are_used_and_longer_ones_refused() {
    let key = Keypair::from_pkcs8_pem(include_bytes!("rsa-8192.pem")).unwrap();
    let signature = key.sign(b"data").unwrap();
    let public = PublicKey::decode(&key.public().encode()).unwrap();
    assert!(public.verify(b"data", &signature));
    assert!(!public.verify(b"other", &signature));
    assert_eq!(
        libp2p_identity::Keypair::try_from(&key).unwrap_err(),
        KeyError::RsaIdentity(8192)
    );
    let public = |modulus: &[u8], exponent: &[u8]| {
        let numbers = [der::unsigned(modulus), der::unsigned(exponent)].concat();
        let numbers = der::value(der::SEQUENCE, &[&numbers]);
        let name = der::value(der::OID, &[der::RSA]);
        let algorithm = der::value(der::SEQUENCE, &[&name, &der::value(der::NULL, &[])]);
        let numbers = der::value(der::BIT_STRING, &[&[0], &numbers]);
        let key = der::value(der::SEQUENCE, &[&algorithm, &numbers]);
        PublicKey::decode(&encode_envelope(KeyType::Rsa, &key)).map(|key| key.key_type())
    };
    let usual = [1, 0, 1];
    assert_eq!(public(&[0xff; 1024], &usual), Ok(KeyType::Rsa));
    let longer = [&[1][..], &[0xff; 1024]].concat();
    assert_eq!(public(&longer, &usual), Err(KeyError::TooManyBits(8193)));
    let long = [0xff; 2048];
    assert_eq!(public(&long, &usual), Err(KeyError::TooManyBits(16384)));
    assert_eq!(public(&[0x7f; 256], &usual), Err(KeyError::TooShort(2047)));
    let invalid = Err(KeyError::Invalid(KeyType::Rsa));
    for exponent in [&[][..], &[1], &[2], &[1; 6]] {
        assert_eq!(public(&[0xff; 256], exponent), invalid);
    }
    assert_eq!(public(&[0xfe; 256], &usual), invalid);
}

#[test]
fn rsa_keys_have_bounds() {
    for bits in [0, 512, 2047] {
        let refused = Keypair::generate_rsa(bits).unwrap_err();
        assert_eq!(refused, KeyError::TooShort(bits));
    }
    for bits in [8193, usize::MAX] {
        let refused = Keypair::generate_rsa(bits).unwrap_err();
        assert_eq!(refused, KeyError::TooManyBits(bits));
    }
    let key = Keypair::generate(KeyType::Rsa).unwrap();
    assert_eq!(key.public().key_type(), KeyType::Rsa);
    assert!(libp2p_identity::Keypair::try_from(&key).is_ok());
    assert_eq!(
        Keypair::decode(&key.encode()).unwrap().encode(),
        key.encode()
    );
}
