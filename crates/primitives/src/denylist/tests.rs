use super::*;

/// Rules of the specification's example and of the test list of the format's first implementation.
const LIST: &str = "version: 1
name: test
hints:
  gateway_status: 451
---
# by multihash
/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq
/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/* gateway_status=410
/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/test*
/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/te%20st/*
/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked*
!/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blockednot
!/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/exceptions*
/ipns/domain.example
/ipns/domain2.example/path
/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf
//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7
//3f8b9febd851873b3774b937cce126910699ceac56e72e64b866f8e258d09572
//fb5a70b1aade810d21e8195a0da05f40ebd099e4b4d6bf088dc604e4fcf34263
//6ef262a67f2c7caa9722b0fe46aced2f1559c749eab2bcf2f2701f43f802e900
//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM
//gW813G35CnLsy7gRYYHuf63hrz71U1xoLFDVeV7actx6oX
//QmX6zeaAb8mC285YbXe4ac7LmX3jvrHBiFrw8kNnCM1bk4
/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn
/ipfs/bafkqaaa
";

fn list() -> Denylist {
    let (list, problems) = Denylist::parse(LIST.as_bytes()).unwrap();
    assert_eq!(problems, []);
    list
}

#[test]
fn rules_refuse_paths() {
    let (legal, gone) = (Some(Refusal::Legal), Some(Refusal::Gone));
    let list = list();
    assert_eq!(list.len(), 17);
    for (path, expected) in [
        (
            "/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq",
            legal,
        ),
        (
            "/ipfs/bafkreihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq",
            legal,
        ),
        (
            "/ipfs/QmesfgDQ3q6prBy2Kg2gKbW4MAGuWiRP2DVuGA5MZSERLo",
            legal,
        ),
        ("/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8", gone),
        (
            "/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/a/b",
            gone,
        ),
        ("/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2", None),
        (
            "/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/testing",
            legal,
        ),
        (
            "/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/te st/x",
            legal,
        ),
        (
            "/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked",
            legal,
        ),
        (
            "/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked2",
            legal,
        ),
        (
            "/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blockednot",
            None,
        ),
        (
            "/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/exceptions1",
            None,
        ),
        ("/ipns/domain.example", legal),
        ("/ipns/DOMAIN.example", legal),
        ("/ipns/domain.example/x", None),
        ("/ipns/domain2.example", None),
        ("/ipns/domain2.example/path/", legal),
        (
            "/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf",
            legal,
        ),
        (
            "/ipns/12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA",
            legal,
        ),
        (
            "/ipfs/bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e",
            legal,
        ),
        (
            "/ipfs/bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e/path",
            legal,
        ),
        (
            "/ipfs/bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e/path2",
            None,
        ),
        ("/ipns/very-bad-example.eth", legal),
        (
            "/ipns/k51qzi5uqu5dixwsch9wpd9rolqby1m0uqj5hhxwtxal0dwltastfmh01dlniq",
            legal,
        ),
        (
            "/ipfs/bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acja",
            legal,
        ),
        (
            "/ipfs/bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a/path",
            legal,
        ),
        (
            "/ipfs/bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a/path2",
            None,
        ),
        ("/ipns/my.domain.com", legal),
        ("/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", None),
        ("/ipfs/bafkqaaa", None),
    ] {
        let path = ContentPath::new(path).unwrap();
        assert_eq!(list.refuses_path(&path), expected, "{}", path.root());
    }
}

#[test]
fn cids_are_refused_wherever_they_are_linked() {
    let list = list();
    for (cid, expected) in [
        (
            "bafkreihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq",
            true,
        ),
        ("QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8", true),
        ("Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2", false),
        ("QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR", true),
    ] {
        let refused = list.refuses_cid(&cid.parse().unwrap()).is_some();
        assert_eq!(refused, expected, "{cid}");
    }
}

#[test]
fn lines_that_are_no_rules_are_reported() {
    let text = "/ipfs/nocid\n\n/ipns/ok.example\n/x/y\n//zz\nname\n";
    let (list, problems) = Denylist::parse(text.as_bytes()).unwrap();
    assert_eq!(list.len(), 1);
    let lines: Vec<_> = [1, 4, 5, 6].map(|line| DenylistError::Line { line }).into();
    assert_eq!(problems, lines);
    let newer = Denylist::parse(b"version: 2\n---\n/ipns/a.example");
    assert!(matches!(newer, Err(DenylistError::Version(_))));
    let (empty, _) = Denylist::parse(b"").unwrap();
    assert!(empty.is_empty());
}
