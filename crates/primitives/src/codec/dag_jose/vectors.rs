//! Objects of JOSE, and what a running Kubo makes of them.

/// DAG-JSON that is stored as DAG-JOSE: the CID, and the value when it is read again.
pub(super) const WRITTEN: &[(&str, &str, &str)] = &[
    // jws-general
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
        "bagcqcerar2tdmm6rmidtchrn7sv3jf4yqqlggizzm32puiitzr7ykcxa3wta",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jws-v0
    (
        r#"{"payload":"EiAtcRZCtyawRAFifKn7rDL1yFMPsZA8xNsCJYcXkhpIgQ","signatures":[{"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
        "bagcqceravgzhzz6flaiezc5kexthzpt3sfmkzmtxwwwvoxvcbz5eq6mr3ixq",
        r#"{"link":{"/":"QmRQ353oFNqt8zfZ9X1HgRUszwv9RkEEwmMZZkbkYEsybn"},"payload":"EiAtcRZCtyawRAFifKn7rDL1yFMPsZA8xNsCJYcXkhpIgQ","signatures":[{"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jws-two
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"},{"header":{"kid":"a","n":5},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","protected":"eyJhbGciOiJFZERTQSJ9"}]}"#,
        "bagcqceraznvpazlcpyon4xrvsp2irwgybvqo7ggl5bthlimbws37nxhptfoa",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"},{"header":{"kid":"a","n":5},"protected":"eyJhbGciOiJFZERTQSJ9","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jws-flat-header
    (
        r#"{"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","header":{"kid":"k","crit":["a","b"],"deep":{"z":{"y":[1,2.5,{"x":"w"}]}}}}"#,
        "bagcqcerax6apthmqwury32nlpzacxloozwm2t66r6fdi7wpvu52bg7ijvkkq",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"crit":["a","b"],"deep":{"z":{"y":[1,2.5,{"x":"w"}]}},"kid":"k"},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jws-link
    (
        r#"{"link":{"/":"bafyreibngu7qrnqltwjqxkdz4qwxvrmoxlk3xwkzsjq5bcwqb4w6jx5xlq"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
        "bagcqcera42hmllds5mt7nn2bhahniuh6snjuuodrnme7menhoqhmynqbvw6q",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jws-emptysigs
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[]}"#,
        "bagcqceracmervz62zzwpeaudybott7pqvdoy2ou3axzcfstvrakeevurvb2a",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[]}"#,
    ),
    // jws-payload-bits
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiC","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
        "bagcqcera4yzti6lscrwmw2csrswwbg75b5uv3i4a67e3zqhvxemdazmdw57a",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqi"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiC","signatures":[{"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jws-sig-empty
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":""}"#,
        "bagcqcerauh36oafozgay4duob2mt4ihj2wbxorqaxalani2atpebnywlvi4a",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":""}]}"#,
    ),
    // jws-sig-bits
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"ab"}"#,
        "bagcqceragkpvkwfd3wqzzpv4t7rgpyxd3coviwus3a3ig4wlvfaodhrmlsra",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":"aQ"}]}"#,
    ),
    // jws-extra
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","foo":1}"#,
        "bagcqcera42hmllds5mt7nn2bhahniuh6snjuuodrnme7menhoqhmynqbvw6q",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-int
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 5}}"#,
        "bagcqceraiwzitvcybo4ja5luzcadne7y2tum4j2aqunhhatx556qq7ls2dja",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":5},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-big
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 9007199254740993}}"#,
        "bagcqceraircp5vo3juhkceiw53dxhsmh2fwtzclejenlqusmi4jsoncvyepa",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":9007199254740992},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-huge
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 9223372036854775807}}"#,
        "bagcqcera7trnliboas7avz4wa3we3l7vv4hpoacoolprskk5r4og2hrjcyqq",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":9223372036854776000},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-float
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 1.0}}"#,
        "bagcqceraymcuse2stka7227lo46urvglxrnfvjtrjpux6u6yknlmxrtvjaza",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":1},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-float2
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 1.5}}"#,
        "bagcqceraxk4wenk34u4b4ckmqqkrq4ehy4shs6rhmhehsudfjvuinrwbscha",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":1.5},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-bigf
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 1e+21}}"#,
        "bagcqceraqi4gobddfnowvswl2t7hmkximmyxo723r7ycu54ulzwbc33kntza",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":1e+21},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-tiny
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": 1e-07}}"#,
        "bagcqceraztsm4ek7ujqe7g3jk7fh4heqgxdbqkvpl3557bscyxdouek426ma",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":1e-7},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-str
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": "x"}}"#,
        "bagcqceraerqrthnnxgxrwrahxnaz6q24ihup6ibzfgdxs2ljcm4hf4al2hzq",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":"x"},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-list
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": []}}"#,
        "bagcqceraheyw5n47od7h2gxgkfu6yleuh5bagy2p4vhgqatbkh5w7sjk2rza",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":[]},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-map
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": {}}}"#,
        "bagcqceraascf3w2t4tizoksuvbztjapbwjagmg525n3y6swtyb3bygvz2mqq",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":{}},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-nested
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": [[["a"]]]}}"#,
        "bagcqceraapsusyzckwjljyhnpl232q5edpket765yjjmyol4wkn66y3vsjda",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":[[["a"]]]},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-uni
    (
        r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": "\u00e9\u2028<&>"}}"#,
        "bagcqceraulvxfnfexnf53o32ty26patndips2up7qgmao64llvtxsxsylqoq",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":"é\u2028<&>"},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // header-emptymap
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{}}"#,
        "bagcqceraljfqbzqd5k6jouvbgtbfqua2v4gf3ll5zyalcqijy3gjcehyq43q",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-float-e
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{"v":1e20}}"#,
        "bagcqcera6bcodkozp5pp4seuizbfkdqsmsplpiacstrzquer6kv7diaw2mtq",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":100000000000000000000},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-negzero
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{"v":-0.0}}"#,
        "bagcqcera6bpddewyjgwkfl527hykwmthwbm6wj2prnfsgwymavkt432uza2q",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"v":0},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-slash
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{"/":"x","a":1}}"#,
        "bagcqcerauxqqp2efibzzfazt4vgxr3eygshb4zp752b7vv4jzhka64ceyoga",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"/":"x","a":1},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // hdr-order
    (
        r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{"bb":1,"a":2,"c":3}}"#,
        "bagcqceran2pegvno3cqequj6nrrirv7c4b6gj2um7pc4owtwmotwmxji6ana",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"a":2,"bb":1,"c":3},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}]}"#,
    ),
    // jwe-min
    (
        r#"{"ciphertext":"Y2lwaGVy"}"#,
        "bagcqcerawj77btk2ffyunveyg3zhgzn4logvgcrfbim5gu3qzpnmxrxgug4a",
        r#"{"ciphertext":"Y2lwaGVy"}"#,
    ),
    // jwe-flat
    (
        r#"{"ciphertext":"Y2lwaGVy","iv":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","protected":"eyJhbGciOiJFZERTQSJ9","tag":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","encrypted_key":"a2V5","header":{"alg":"x"},"aad":"a2V5","unprotected":{"a":1}}"#,
        "bagcqcerajyv2npnhi3n4ljyl7lwq3p4ioy5q7je6rzcbv2ugp3wyutgwolyq",
        r#"{"aad":"a2V5","ciphertext":"Y2lwaGVy","iv":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","protected":"eyJhbGciOiJFZERTQSJ9","recipients":[{"encrypted_key":"a2V5","header":{"alg":"x"}}],"tag":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","unprotected":{"a":1}}"#,
    ),
    // jwe-general
    (
        r#"{"ciphertext":"Y2lwaGVy","iv":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","protected":"eyJhbGciOiJFZERTQSJ9","tag":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","recipients":[{"encrypted_key":"a2V5","header":{"alg":"x"}},{"header":{}}]}"#,
        "bagcqceramiyllbiwgux3xc3nqqxnbr5p3gpuq2f3pw6txlk4ffpte7f54eba",
        r#"{"ciphertext":"Y2lwaGVy","iv":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","protected":"eyJhbGciOiJFZERTQSJ9","recipients":[{"encrypted_key":"a2V5","header":{"alg":"x"}},{"header":{}}],"tag":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    ),
    // jwe-recip-emptyfirst
    (
        r#"{"ciphertext":"Y2lwaGVy","recipients":[{}]}"#,
        "bagcqcerawj77btk2ffyunveyg3zhgzn4logvgcrfbim5gu3qzpnmxrxgug4a",
        r#"{"ciphertext":"Y2lwaGVy"}"#,
    ),
    // jwe-recip-emptyfirst2
    (
        r#"{"ciphertext":"Y2lwaGVy","recipients":[{},{"encrypted_key":"a2V5"}]}"#,
        "bagcqcerawj77btk2ffyunveyg3zhgzn4logvgcrfbim5gu3qzpnmxrxgug4a",
        r#"{"ciphertext":"Y2lwaGVy"}"#,
    ),
    // jwe-recip-nullfirst
    (
        r#"{"ciphertext":"Y2lwaGVy","recipients":[null]}"#,
        "bagcqcerawj77btk2ffyunveyg3zhgzn4logvgcrfbim5gu3qzpnmxrxgug4a",
        r#"{"ciphertext":"Y2lwaGVy"}"#,
    ),
    // jwe-extra
    (
        r#"{"ciphertext":"Y2lwaGVy","foo":1}"#,
        "bagcqcerawj77btk2ffyunveyg3zhgzn4logvgcrfbim5gu3qzpnmxrxgug4a",
        r#"{"ciphertext":"Y2lwaGVy"}"#,
    ),
    // jwe-and-jws
    (
        r#"{"ciphertext":"Y2lwaGVy","payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
        "bagcqcerawj77btk2ffyunveyg3zhgzn4logvgcrfbim5gu3qzpnmxrxgug4a",
        r#"{"ciphertext":"Y2lwaGVy"}"#,
    ),
    // jwe-empty
    (
        r#"{"ciphertext":""}"#,
        "bagcqcerabxqv666darmrr6nugl43kcns4ze5tgwih6y54ulfwpwlrajsus5q",
        r#"{"ciphertext":""}"#,
    ),
    // jwe-header-empty
    (
        r#"{"ciphertext":"Y2lwaGVy","header":{}}"#,
        "bagcqcera36lalpzqgvex6wijmzewvd3uu6sxzmzfrcf5em7ezhpqufbhoypa",
        r#"{"ciphertext":"Y2lwaGVy","recipients":[{"header":{}}]}"#,
    ),
];

/// DAG-JSON that has no form.
pub(super) const UNWRITABLE: &[&str] = &[
    // jws-nosig
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB"}"#,
    // jws-nullsigs
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": null}"#,
    // jws-emptysig
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": [{}]}"#,
    // jws-sigstr
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": ["x"]}"#,
    // jws-sigsmap
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": {}}"#,
    // jws-both
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": [{"signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}], "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-both2
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": [{"signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}], "protected": "eyJhbGciOiJFZERTQSJ9"}"#,
    // jws-both3
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": [{"signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}], "header": {}}"#,
    // jws-payload-notcid
    r#"{"payload": "aGVsbG8", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-short
    r#"{"payload": "", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-bad64
    r#"{"payload": "A=!", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-null
    r#"{"payload": null, "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-int
    r#"{"payload": 1, "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-bytes
    r#"{"payload":{"/":{"bytes":"AXESIA"}},"signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-padded
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB=", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-payload-trail
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiBeA", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln"}"#,
    // jws-sig-null
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": null}"#,
    // jws-sig-std64
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "ab+/"}"#,
    // jws-sig-one
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "abcde"}"#,
    // jws-sig-extra
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signatures": [{"signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "foo": 1}]}"#,
    // hdr-bool
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": true}}"#,
    // hdr-null
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": {"v": null}}"#,
    // header-bool
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": true}"#,
    // header-null
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": null}"#,
    // header-int
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": 5}"#,
    // header-str
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": "x"}"#,
    // header-list
    r#"{"payload": "AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB", "signature": "c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln", "header": []}"#,
    // hdr-link
    r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{"v":{"/":"bafkqaaa"}}}"#,
    // hdr-bytes
    r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln","header":{"v":{"/":{"bytes":"AAEC"}}}}"#,
    // jwe-recip-empty
    r#"{"ciphertext": "Y2lwaGVy", "recipients": []}"#,
    // jwe-recip-null
    r#"{"ciphertext": "Y2lwaGVy", "recipients": null}"#,
    // jwe-recip-nullsecond
    r#"{"ciphertext": "Y2lwaGVy", "recipients": [{"encrypted_key": "a2V5"}, null]}"#,
    // jwe-both
    r#"{"ciphertext": "Y2lwaGVy", "recipients": [{"encrypted_key": "a2V5"}], "header": {}}"#,
    // jwe-both2
    r#"{"ciphertext": "Y2lwaGVy", "recipients": [{"encrypted_key": "a2V5"}], "encrypted_key": "a2V5"}"#,
    // jwe-recip-extra
    r#"{"ciphertext": "Y2lwaGVy", "recipients": [{"encrypted_key": "a2V5", "foo": "x"}]}"#,
    // jwe-null
    r#"{"ciphertext": null}"#,
    // jwe-int
    r#"{"ciphertext": 3}"#,
    // jwe-aad-null
    r#"{"ciphertext": "Y2lwaGVy", "aad": null}"#,
    // jwe-unprot-null
    r#"{"ciphertext": "Y2lwaGVy", "unprotected": null}"#,
    // jwe-unprot-str
    r#"{"ciphertext": "Y2lwaGVy", "unprotected": "x"}"#,
    // jwe-bad64
    r#"{"ciphertext": "="}"#,
    // jwe-bytes
    r#"{"ciphertext":{"/":{"bytes":"AAEC"}}}"#,
    // jwe-key-int
    r#"{"ciphertext": "Y2lwaGVy", "encrypted_key": 5}"#,
    // jwe-rkey-int
    r#"{"ciphertext": "Y2lwaGVy", "recipients": [{"encrypted_key": 5}]}"#,
    // jwe-rkey-null
    r#"{"ciphertext": "Y2lwaGVy", "recipients": [{"encrypted_key": null}]}"#,
    // not-map
    r#"[]"#,
    // not-str
    r#""x""#,
    // not-null
    r#"null"#,
    // not-empty
    r#"{}"#,
    // not-foo
    r#"{"foo":1}"#,
    // compact
    r#""eyJhbGciOiJFZERTQSJ9.AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB.c2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2lnc2ln""#,
    // not-bytes
    r#"{"/":{"bytes":"AAEC"}}"#,
    // not-link
    r#"{"/":"bafkqaaa"}"#,
];

/// Blocks in hexadecimal digits, and their values.
pub(super) const READ: &[(&str, &str)] = &[
    // c-jws
    (
        "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a1697369676e617475726543616263",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":"YWJj"}]}"#,
    ),
    // c-jws-order
    (
        "a26a7369676e61747572657381a2697369676e61747572654361626366686561646572a2616201616102677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"a":2,"b":1},"signature":"YWJj"}]}"#,
    ),
    // c-jws-text
    (
        "a2677061796c6f616478304158455349433178466b4b334a72424541574a38716675734d76584955772d786b447a453277496c68786553476b69426a7369676e61747572657381a1697369676e61747572656459574a6a",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"signature":"YWJj"}]}"#,
    ),
    // c-jws-nosigs
    (
        "a1677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB"}"#,
    ),
    // c-jws-emptysigs
    (
        "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657380",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[]}"#,
    ),
    // c-jws-link
    (
        "a2646c696e6bd82a450001550000677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        r#"{"link":{"/":"bafkqaaa"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB"}"#,
    ),
    // c-jws-hdrs
    (
        "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a66161016162fb3ff00000000000006163430001026164806165a061666178697369676e617475726543616263",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"a":1,"b":1,"c":{"/":{"bytes":"AAEC"}},"d":[],"e":{},"f":"x"},"signature":"YWJj"}]}"#,
    ),
    // c-jws-hdrstr
    (
        "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a2666865616465726178697369676e617475726543616263",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":"x","signature":"YWJj"}]}"#,
    ),
    // c-jws-hdrslash
    (
        "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a1612f6178697369676e617475726543616263",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"/":"x"},"signature":"YWJj"}]}"#,
    ),
    // c-jws-hdrslash2
    (
        "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a1612fa16562797465736441414543697369676e617475726543616263",
        r#"{"link":{"/":"bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{"header":{"/":{"bytes":"AAEC"}},"signature":"YWJj"}]}"#,
    ),
    // c-jwe
    (
        "a16a6369706865727465787443616263",
        r#"{"ciphertext":"YWJj"}"#,
    ),
    // c-jwe-text
    (
        "a16a636970686572746578746459574a6a",
        r#"{"ciphertext":"YWJj"}"#,
    ),
    // c-jwe-all
    (
        "a76a636970686572746578744361626363616164416162697641626970726f74656374656441636a726563697069656e747382a0a266686561646572a1616b016d656e637279707465645f6b657941656374616741646b756e70726f74656374656483010203",
        r#"{"aad":"YQ","ciphertext":"YWJj","iv":"Yg","protected":"Yw","recipients":[{},{"encrypted_key":"ZQ","header":{"k":1}}],"tag":"ZA","unprotected":[1,2,3]}"#,
    ),
    // c-jwe-emptyrec
    (
        "a26a63697068657274657874436162636a726563697069656e747380",
        r#"{"ciphertext":"YWJj","recipients":[]}"#,
    ),
    // c-longhead
    (
        "b900016a6369706865727465787443616263",
        r#"{"ciphertext":"YWJj"}"#,
    ),
    // c-jwe-unprotint
    (
        "a26a63697068657274657874436162636b756e70726f74656374656405",
        r#"{"ciphertext":"YWJj","unprotected":5}"#,
    ),
];

/// Blocks that are refused, in hexadecimal digits.
pub(super) const REFUSED: &[&str] = &[
    // c-jws-text-bad
    "a2677061796c6f616478304158455349433178466b4b334a72424541574a38716675734d76584955772d786b447a453277496c68786553476b69426a7369676e61747572657381a1697369676e617475726563593d3d",
    // c-jws-linknull
    "a2646c696e6bf6677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    // c-jws-extra
    "a263666f6f01677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    // c-jws-flat
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881697369676e617475726543616263",
    // c-jws-hdrbool
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a16161f5697369676e617475726543616263",
    // c-jws-hdrnull
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a16161f6697369676e617475726543616263",
    // c-jws-hdrlink
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a16161d82a450001550000697369676e617475726543616263",
    // c-jws-nosig
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a0",
    // c-jws-notcid
    "a1677061796c6f61644568656c6c6f",
    // c-jws-emptypayload
    "a1677061796c6f616440",
    // c-jws-dup
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    // c-jws-trailing
    "a1677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a488100",
    // c-jws-int
    "a1677061796c6f616401",
    // c-jws-dupextra
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881677061796c6f616401",
    // c-jwe-extra
    "a26a636970686572746578744361626363666f6f01",
    // c-jwe-recextra
    "a26a63697068657274657874436162636a726563697069656e747381a163666f6f01",
    // c-jwe-jws
    "a26a6369706865727465787443616263677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    // c-empty
    "a0",
    // c-list
    "80",
    // c-text
    "6178",
    // c-nothing
    "",
    // c-cut
    "a1677061796c6f6164",
    // c-null
    "f6",
    // c-jwe-unprotbool
    "a26a63697068657274657874436162636b756e70726f746563746564f4",
    // c-jwe-aadnull
    "a26a636970686572746578744361626363616164f6",
    // c-jws-hdrdup
    "a2677061796c6f61645824017112202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48816a7369676e61747572657381a266686561646572a2616101616101697369676e617475726543616263",
];
