use super::*;

#[test]
fn the_fast_bases_agree_with_the_plain_ones() {
    let data: Vec<u8> = (0..200u8)
        .map(|n| n.wrapping_mul(97).wrapping_add(n >> 3))
        .collect();
    for length in 0..data.len() {
        for zeros in [0, 1, 7] {
            let bytes: Vec<u8> = std::iter::repeat_n(0, zeros)
                .chain(data[..length].iter().copied())
                .collect();
            for base in [Base::Base32Lower, Base::Base58Btc] {
                let text = encode(base, &bytes);
                assert_eq!(text, ::multibase::encode(base, &bytes));
                assert_eq!(decode(&text).unwrap(), (base, bytes.clone()));
            }
        }
    }
    let long = vec![0xff; 300];
    for base in [Base::Base32Lower, Base::Base58Btc] {
        assert_eq!(decode(&encode(base, &long)).unwrap().1, long);
    }
    assert_eq!(
        decode(&encode(Base::Base58Btc, &[0xff; 256])).unwrap().1,
        [0xff; 256]
    );
}

#[test]
fn every_base_round_trips_and_has_a_name() {
    for (text, base) in NAMES {
        assert_eq!(by_name(text).unwrap(), *base);
        assert_eq!(by_name(&base.code().to_string()).unwrap(), *base);
        assert_eq!(name(*base), *text);
        assert_eq!(
            decode(&encode(*base, b"yes mani !")).unwrap(),
            (*base, b"yes mani !".to_vec())
        );
    }
    assert_eq!(
        by_name("nope").unwrap_err().to_string(),
        "unknown multibase encoding \"nope\""
    );
}

#[test]
fn either_case_is_read() {
    for (text, base) in [
        ("fAb01", "base16"),
        ("Fab01", "base16upper"),
        ("bMFRGg", "base32"),
        ("K2DMtQ", "base36upper"),
    ] {
        assert_eq!(name(decode(text).unwrap().0), base);
    }
}

#[test]
fn strangers_are_named_by_position() {
    let invalid = |text: &str| decode(text).unwrap_err();
    assert_eq!(
        invalid("b0189").to_string(),
        "invalid base32 text at byte 0"
    );
    assert_eq!(
        invalid("m+"),
        MultibaseError::Invalid {
            base: "base64",
            at: 1
        }
    );
    assert_eq!(
        invalid("fzz"),
        MultibaseError::Invalid {
            base: "base16",
            at: 0
        }
    );
    assert_eq!(
        invalid("z1l0"),
        MultibaseError::Invalid {
            base: "base58btc",
            at: 1
        }
    );
    assert_eq!(
        invalid("ba"),
        MultibaseError::Invalid {
            base: "base32",
            at: 1
        }
    );
    assert_eq!(invalid("x"), MultibaseError::UnknownPrefix('x'));
    assert_eq!(invalid(""), MultibaseError::Empty);
    assert_eq!(invalid("é"), MultibaseError::UnknownPrefix('é'));
    let long = "1".repeat(1 << 20);
    for prefix in ["z", "k", "9", "Z"] {
        assert!(
            matches!(
                invalid(&format!("{prefix}{long}")),
                MultibaseError::TooLong { .. }
            ),
            "{prefix}"
        );
    }
    assert!(decode_base58(&long).is_err());
}
