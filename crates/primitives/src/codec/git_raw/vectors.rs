//! Objects, and what a running Kubo makes of them.

/// Objects as Git writes them, mostly written by it: the object, its CID, its value as DAG-JSON.
pub(super) const WHOLE: &[(&[u8], &str, &str)] = &[
    // blob: hello
    (
        b"blob 6\x00hello\n",
        "baf4bcfgoae3ckaylvdn2sbxxk2lh7hu4uokemsq",
        r#"{"/":{"bytes":"YmxvYiA2AGhlbGxvCg"}}"#,
    ),
    // blob: empty
    (
        b"blob 0\x00",
        "baf4bcfhgtxrjxmwr2zbuxczjvz3vvwgc4sgfhei",
        r#"{"/":{"bytes":"YmxvYiAwAA"}}"#,
    ),
    // tree: root
    (
        b"tree 230\x00100644 a.txt\x00\xce\x016%\x03\x0b\xa8\xdb\xa9\x06\xf7V\x96\x7f\x9e\x9c\xa3\x94FJ40000 b\
            in\x00\xe2\xb1gM\xbcpF\x05\xdbh\xea\x9bC|\xf4\xf5,e\xb3\xc840000 dir\x00J\xe2%\xc9?\x80\x8d\xb2\x8f\
            \x1f\xd0{\x15\x875*\xee\x91\x1a\xd1100644 empty\x00\xe6\x9d\xe2\x9b\xb2\xd1\xd6CK\x8b)\xaewZ\xd8\xc2\
            \xe4\x8cS\x91120000 link\x00\x8d\x14\xcb\xf9\x83\xb3\xfa\xd6\x83\x17\x1c\x94\x18\x99\x8d\x9fh4\x08#1\
            60000 module\x00\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab1006\
            44 with space\x00V\xa6\x05\x1c\xa2\xb0+\x04\xef\x92\xd5\x15\x0c\x9e\xf6\x00@<\xb1\xde",
        "baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a",
        r#"{"a.txt":{"hash":{"/":"baf4bcfgoae3ckaylvdn2sbxxk2lh7hu4uokemsq"},"mode":"100644"},"bin":{"hash":{"/":"baf4bcfhcwftu3pdqiyc5w2hktnbxz5hvfrs3hsa"},"mode":"40000"},"dir":{"hash":{"/":"baf4bcfck4is4sp4arwzi6h6qpmkyonjk52irvui"},"mode":"40000"},"empty":{"hash":{"/":"baf4bcfhgtxrjxmwr2zbuxczjvz3vvwgc4sgfhei"},"mode":"100644"},"link":{"hash":{"/":"baf4bcfenctf7ta5t7lligfy4sqmjtdm7na2aqiy"},"mode":"120000"},"module":{"hash":{"/":"baf4bcfflvov2xk5lvov2xk5lvov2xk5lvov2xky"},"mode":"160000"},"with space":{"hash":{"/":"baf4bcfcwuycrzivqfmco7ewvcugj55qaia6ldxq"},"mode":"100644"}}"#,
    ),
    // tree: modes
    (
        b"tree 265\x00100644 f0\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\
            \x13100755 f1\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13100664 \
            f2\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x1340000 f3\x00\x00\
            \x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13040000 f4\x00\x00\x01\x02\
            \x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13120000 f5\x00\x00\x01\x02\x03\x04\
            \x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13160000 f6\x00\x00\x01\x02\x03\x04\x05\x06\
            \x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x130 f7\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\
            \x0b\x0c\r\x0e\x0f\x10\x11\x12\x137777777 f8\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\
            \x0e\x0f\x10\x11\x12\x13",
        "baf4bcfh6dfrmmp3nv4lf2mffvecky6swg4bltcq",
        r#"{"f0":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100644"},"f1":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100755"},"f2":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100664"},"f3":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"40000"},"f4":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"040000"},"f5":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"120000"},"f6":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"160000"},"f7":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"0"},"f8":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"7777777"}}"#,
    ),
    // tree: empty
    (
        b"tree 0\x00",
        "baf4bcfclqjo4mqwln242ayhfjp4nneui7pxesba",
        r#"{}"#,
    ),
    // tree: named-tree
    (
        b"tree 66\x00100644 tree\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\
            \x13100644 object\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
        "baf4bcfgs56d2kbjqlz6u4tlcyqdm5tkqow76kvq",
        r#"{"object":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100644"},"tree":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100644"}}"#,
    ),
    // tree: unsorted
    (
        b"tree 58\x00100644 b\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x131\
            00644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
        "baf4bcfdvtm4wfrslyy6i57oyrx2us5qab5xvopq",
        r#"{"a":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100644"},"b":{"hash":{"/":"baf4bcfaaaebagbafaydqqcikbmga2dqpcaireey"},"mode":"100644"}}"#,
    ),
    // commit: first
    (
        b"commit 174\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter Carl  Committer <carl@example.com> 1700000001 -0730\n\nfirst\n\nbody\n",
        "baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"carl@example.com","name":"Carl  Committer","timezone":"-0730"},"encoding":null,"mergetag":[],"message":"first\n\nbody\n","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: merge
    (
        b"commit 264\x00tree 74f1f734e667d3bc8a32908c9085db8934ba720a\nparent dda8c41a18baf498d33cf947503501a5\
            93b4f579\nparent 55ed907521f7edea3a7a2dfa125886878d2ba679\nauthor Ann Author <ann@example.com> 17000\
            00000 +0100\ncommitter Carl  Committer <carl@example.com> 1700000001 -0730\n\nMerge\n",
        "baf4bcfakc7irw52zd52f7vqd4hfpr2bs6uf3vyq",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"carl@example.com","name":"Carl  Committer","timezone":"-0730"},"encoding":null,"mergetag":[],"message":"Merge\n","other":[],"parents":[{"/":"baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i"},{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"}],"signature":null,"tree":{"/":"baf4bcfdu6h3tjzth2o6iumuqrsiilw4jgs5hecq"}}"#,
    ),
    // commit: signed
    (
        b"commit 332\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nparent dda8c41a18baf498d33cf947503501a5\
            93b4f579\nparent 55ed907521f7edea3a7a2dfa125886878d2ba679\nauthor Ann Author <ann@example.com> 17000\
            00000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAABC\
            AAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\n\nmessage\n",
        "baf4bcfgmnfynxscwg2zrggxq2ttvjqf2p3fayhy",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":[],"parents":[{"/":"baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i"},{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"}],"signature":" \n iQEzBAABCAAdFiEE\n =abcd\n","tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: signed-version
    (
        b"commit 256\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n Version: G\
            nuPG v2\n Comment: hi\n \n iQEz\n =abcd\n -----END PGP SIGNATURE-----\n\nmessage\n",
        "baf4bcfcygqfrbrqyh6o2pd2wltz5ld46dxn3xay",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":[],"parents":[],"signature":" Version: GnuPG v2\n Comment: hi\n \n iQEz\n =abcd\n","tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: signed-trail
    (
        b"commit 238\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAA\
            BCAAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\n \n\nmessage\n",
        "baf4bcfgpwhjnm2asrmxre2pjgoxmlufvoxee7oy",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":[" "],"parents":[],"signature":" \n iQEzBAABCAAdFiEE\n =abcd\n","tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: mergetag-sig
    (
        b"commit 466\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nparent dda8c41a18baf498d33cf947503501a5\
            93b4f579\nparent 55ed907521f7edea3a7a2dfa125886878d2ba679\nauthor Ann Author <ann@example.com> 17000\
            00000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878d2\
            ba679\n type commit\n tag v1\n tagger Tag Ger <t@g> 1700000002 +0000\n \n A tag\n \n body\ngpgsig --\
            ---BEGIN PGP SIGNATURE-----\n \n iQEzBAABCAAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\n\nmessage\n",
        "baf4bcffwnzekgqjgdjw5xv5ejp45rod3rcqjgyi",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[{"message":" A tag\n \n body\n","object":{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"},"tag":"v1","tagger":{"date":"1700000002","email":"t@g","name":"Tag Ger","timezone":"+0000"},"type":"commit"}],"message":"message\n","other":[],"parents":[{"/":"baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i"},{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"}],"signature":" \n iQEzBAABCAAdFiEE\n =abcd\n","tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: mergetag2
    (
        b"commit 507\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nparent dda8c41a18baf498d33cf947503501a5\
            93b4f579\nparent 55ed907521f7edea3a7a2dfa125886878d2ba679\nauthor Ann Author <ann@example.com> 17000\
            00000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878d2\
            ba679\n type commit\n tag v1\n tagger Tag Ger <t@g> 1700000002 +0000\n \n A tag\n \n body\nmergetag \
            object 55ed907521f7edea3a7a2dfa125886878d2ba679\n type commit\n tag v1\n tagger Tag Ger <t@g> 170000\
            0002 +0000\n \n A tag\n \n body\n\nmessage\n",
        "baf4bcfcclnzgn3anuz7e3h4i44mo4tuencp73hy",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[{"message":" A tag\n \n body\n","object":{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"},"tag":"v1","tagger":{"date":"1700000002","email":"t@g","name":"Tag Ger","timezone":"+0000"},"type":"commit"},{"message":" A tag\n \n body\n","object":{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"},"tag":"v1","tagger":{"date":"1700000002","email":"t@g","name":"Tag Ger","timezone":"+0000"},"type":"commit"}],"message":"message\n","other":[],"parents":[{"/":"baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i"},{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"}],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: encoding-utf8
    (
        b"commit 163\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nencoding ISO-8859-1\n\nmessage\n",
        "baf4bcfbhupcop4xejuifanwicflt2kcjhug7epy",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":"ISO-8859-1","mergetag":[],"message":"message\n","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: other
    (
        b"commit 190\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nHG:extra rebase_source:abc\nHG:rename-source hg\n\
            \nmessage\n",
        "baf4bcfh4hyjqkgmqt3puf4mql2yigolu3kkytsi",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":["HG:extra rebase_source:abc","HG:rename-source hg"],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: sig256
    (
        b"commit 243\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig-sha256 -----BEGIN PGP SIGNATURE-----\n \n \
            iQEzBAABCAAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\n\nmessage\n",
        "baf4bcffpd4l6eglevinvuxvo24fephs7vvu2dci",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":["gpgsig-sha256 -----BEGIN PGP SIGNATURE-----"," "," iQEzBAABCAAdFiEE"," =abcd"," -----END PGP SIGNATURE-----"],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: spaces
    (
        b"commit 111\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A  B   C <a@b> 5 +0000\ncommitte\
            r A <b c> 5 +0000\n\nmessage\n",
        "baf4bcfdycknmrxk2s3obaqvlgdv4w4r5tqpm3bi",
        r#"{"author":{"date":"5","email":"a@b","name":"A  B   C","timezone":"+0000"},"committer":{"date":"5","email":"b c","name":"A","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: gt
    (
        b"commit 102\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A <b>c> 5 +0000\ncommitter A <b\
            > 5 +0000\n\nmessage\n",
        "baf4bcfaanhfzw7tp5gpotlo7af7fqjtmzb2tcoy",
        r#"{"author":{"date":"5","email":"b>c","name":"A","timezone":"+0000"},"committer":{"date":"5","email":"b","name":"A","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"message\n","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: notz
    (
        b"commit 90\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A <a@b> 5\ncommitter C <c@x>\n\nm\
            essage\n",
        "baf4bcfe4rbzgc3wyxcwmjedym7gfazjcvzxrj2y",
        r#"{"author":{"date":"5","email":"a@b","name":"A","timezone":""},"committer":{"date":"","email":"c@x","name":"C","timezone":""},"encoding":null,"mergetag":[],"message":"message\n","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: emptymessage
    (
        b"commit 135\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\n",
        "baf4bcfcxnjgmwxsr47rrv3tt644w4qe7d2tufsq",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // commit: nul
    (
        b"commit 139\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\na\x00b\n",
        "baf4bcfbgh6vkhnize6qj4yzn2mip55dvwpyrkwa",
        r#"{"author":{"date":"1700000000","email":"ann@example.com","name":"Ann Author","timezone":"+0100"},"committer":{"date":"1700000001","email":"c@x","name":"C","timezone":"+0000"},"encoding":null,"mergetag":[],"message":"a\u0000b\n","other":[],"parents":[],"signature":null,"tree":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}}"#,
    ),
    // tag: annotated
    (
        b"tag 144\x00object 55ed907521f7edea3a7a2dfa125886878d2ba679\ntype commit\ntag v1\ntagger Carl  Commit\
            ter <carl@example.com> 1700000001 -0730\n\nA tag\n\nwith body\n",
        "baf4bcfdx32a2omguot4o2udo54jjjyfns6mllji",
        r#"{"message":"A tag\n\nwith body\n","object":{"/":"baf4bcfcv5wihkipx5xvdu6rn7ijfrbuhruv2m6i"},"tag":"v1","tagger":{"date":"1700000001","email":"carl@example.com","name":"Carl  Committer","timezone":"-0730"},"type":"commit"}"#,
    ),
    // tag: tree
    (
        b"tag 89\x00object ac7cd5017fe495553f12fae9c78e101942a64e6c\ntype tree\ntag v\ntagger T <t@g> 1 +0000\
            \n\nm",
        "baf4bcfbfj25epka676bfelncuvbay23em5lu2wy",
        r#"{"message":"m","object":{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"},"tag":"v","tagger":{"date":"1","email":"t@g","name":"T","timezone":"+0000"},"type":"tree"}"#,
    ),
    // tag: signed
    (
        b"tag 155\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +00\
            00\n\nm\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
        "baf4bcfgkqbxwhoqhh6o2a3p75oixl3a6mvdhv4i",
        r#"{"message":"m\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n","object":{"/":"baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i"},"tag":"v","tagger":{"date":"1","email":"t@g","name":"T","timezone":"+0000"},"type":"commit"}"#,
    ),
    // tag: nomsg
    (
        b"tag 89\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n",
        "baf4bcfacqn2qfvz6rdbj4avvupc545qleccuqrq",
        r#"{"message":"","object":{"/":"baf4bcfg5vdcbugf26smngphzi5idkanfso2pk6i"},"tag":"v","tagger":{"date":"1","email":"t@g","name":"T","timezone":"+0000"},"type":"commit"}"#,
    ),
];

/// Objects that are not as Git writes them: the object, the CID under which it is stored, what is stored.
pub(super) const ODD: &[(&[u8], &str, &[u8])] = &[
    // hdr-long
    (
        b"blob 5\x00hello!",
        "baf4bcffw7rggec3h3fpzkos4dqjdbkvllw22dma",
        b"blob 5\x00hello",
    ),
    // hdr-zeros
    (
        b"blob 005\x00hello",
        "baf4bcffw7rggec3h3fpzkos4dqjdbkvllw22dma",
        b"blob 5\x00hello",
    ),
    // hdr-plus
    (
        b"blob +5\x00hello",
        "baf4bcffw7rggec3h3fpzkos4dqjdbkvllw22dma",
        b"blob 5\x00hello",
    ),
    // hdr-minus0
    (
        b"blob -0\x00",
        "baf4bcfhgtxrjxmwr2zbuxczjvz3vvwgc4sgfhei",
        b"blob 0\x00",
    ),
    // hdr-treesize
    (
        b"tree 999\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
        "baf4bcfe5iiotd7pkvcbh4reo37tuxrhhrkbbxgq",
        b"tree 29\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
    ),
    // hdr-commitsize
    (
        b"commit 3\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 17000\
            00000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
        "baf4bcfenxwt3hftbkwuqv5i67z3bru4gswhyxda",
        b"commit 143\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    ),
    // hdr-tagnan
    (
        b"tag x\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +0000\
            \n\nm\n",
        "baf4bcfe22wotl7g4sl7bmw23wugaazk3mrnicta",
        b"tag 92\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n\nm\n",
    ),
    // tree-trailing
    (
        b"tree 33\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13j\
            unk",
        "baf4bcfe5iiotd7pkvcbh4reo37tuxrhhrkbbxgq",
        b"tree 29\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
    ),
    // tree-trailing2
    (
        b"tree 37\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x131\
            00644 b",
        "baf4bcfe5iiotd7pkvcbh4reo37tuxrhhrkbbxgq",
        b"tree 29\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
    ),
    // tree-trailing3
    (
        b"tree 38\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x131\
            00644 b\x00",
        "baf4bcfe5iiotd7pkvcbh4reo37tuxrhhrkbbxgq",
        b"tree 29\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
    ),
    // commit-crlf
    (
        b"commit 142\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\r\nauthor Ann Author <ann@example.com> 1\
            700000000 +0100\r\ncommitter C <c@x> 1700000001 +0000\r\n\r\nm\r\n",
        "baf4bcfarc7o4qqcbvrypt2wzhpa6iw67qe42zha",
        b"commit 138\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nm\r\n",
    ),
    // commit-cr-author
    (
        b"commit 144\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\r\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
        "baf4bcfenxwt3hftbkwuqv5i67z3bru4gswhyxda",
        b"commit 143\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    ),
    // commit-nomessage
    (
        b"commit 134\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n",
        "baf4bcfcxnjgmwxsr47rrv3tt644w4qe7d2tufsq",
        b"commit 135\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\n",
    ),
    // commit-noname
    (
        b"commit 101\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor <a@b> 5 +0000\ncommitter  <c@x> \
            5 +0000\n\nmessage\n",
        "baf4bcfg4v3fwlfxzuxqcjbvobzwv6ruijgpah2q",
        b"commit 102\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor  <a@b> 5 +0000\ncommitter  <c@x\
            > 5 +0000\n\nmessage\n",
    ),
    // commit-moreperson
    (
        b"commit 105\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A <b> 5 +0000 more\ncommitter A \
            <b> 5 +0000\n\nmessage\n",
        "baf4bcfdzy3ljbvjhcforamnfedzpwstrlcxkezq",
        b"commit 100\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A <b> 5 +0000\ncommitter A <b> \
            5 +0000\n\nmessage\n",
    ),
    // commit-twotree
    (
        b"commit 189\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\ntree bc7cd5017fe495553f12fbe9c78e101942\
            b64e6c\nauthor Ann Author <ann@example.com> 1700000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\n\
            message\n",
        "baf4bcfdhdmortydq7nifiybhf23silis3vbqpbq",
        b"commit 143\x00tree bc7cd5017fe495553f12fbe9c78e101942b64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    ),
    // commit-twoauthor
    (
        b"commit 231\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nauthor Bob Author <ann@example.com> 1700000000 +0\
            100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
        "baf4bcfglbid5a25zf2u5nhoa7gpsym6c5fpmjzq",
        b"commit 143\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Bob Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    ),
    // commit-upperhex
    (
        b"commit 143\x00tree ABABABABABABABABABABABABABABABABABABABAB\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
        "baf4bcfa75zy332dlpdg5ssgf4msx2kbrjqg3sti",
        b"commit 143\x00tree abababababababababababababababababababab\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    ),
    // commit-order
    (
        b"commit 303\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nHG:extra rebase_source:abc\nHG:rename-source hg\n\
            encoding ISO-8859-1\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAABCAAdFiEE\n =abcd\n -----END P\
            GP SIGNATURE-----\n\nmessage\n",
        "baf4bcfaolxjztcbf5luy2jkydabzsl3mkpigg4a",
        b"commit 303\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nencoding ISO-8859-1\ngpgsig -----BEGIN PGP SIGNAT\
            URE-----\n \n iQEzBAABCAAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\nHG:extra rebase_source:abc\nHG\
            :rename-source hg\n\nmessage\n",
    ),
    // commit-mergetag-eof
    (
        b"commit 212\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n",
        "baf4bcfg7wwf5evqu3puewz5wapki4l3pbcdn5ia",
        b"commit 227\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n tagger  <>\n \n\n",
    ),
    // commit-mergetag-odd
    (
        b"commit 254\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n foo bar\n tagger T <t> 1 +0\n \n m\n\nmessage\n",
        "baf4bcfcx54h3tqcmqei6suenf3cgm4wtlpsnhfq",
        b"commit 245\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n tagger T <t> 1 +0\n \n m\n\nmessage\n",
    ),
    // commit-mergetag-nomsg
    (
        b"commit 240\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n tagger T <t> 1 +0\n\nmessage\n",
        "baf4bcfawdaaaenfj23mju6chxgb3ylra7bdzdxi",
        b"commit 234\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n tagger T <t> 1 +0\n \n\n",
    ),
    // tag-notagger
    (
        b"tag 69\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\n\nm\n",
        "baf4bcfhuj2xj4oacrk3r4d6indcc2cdm4g34pjy",
        b"tag 80\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger  <>\n\nm\n",
    ),
    // tag-emptymsg
    (
        b"tag 90\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n\n",
        "baf4bcfacqn2qfvz6rdbj4avvupc545qleccuqrq",
        b"tag 89\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n",
    ),
    // tag-order
    (
        b"tag 92\x00type commit\nobject dda8c41a18baf498d33cf947503501a593b4f579\ntag v\ntagger T <t@g> 1 +000\
            0\n\nm\n",
        "baf4bcfe22wotl7g4sl7bmw23wugaazk3mrnicta",
        b"tag 92\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n\nm\n",
    ),
    // tree-latin
    (
        b"tree 61\x00100644 caf\xe9\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\
            \x12\x13100644 z\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
        "baf4bcfg726wulpzaowgr2p2nvgwuk3xamr6mtyy",
        b"tree 61\x00100644 caf\xe9\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\
            \x12\x13100644 z\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
    ),
    // tag-latin
    (
        b"tag 93\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n\nm\xe9\n",
        "baf4bcfcoyehb555gwnfip4ckd4xr73lukcbvp3a",
        b"tag 93\x00object dda8c41a18baf498d33cf947503501a593b4f579\ntype commit\ntag v\ntagger T <t@g> 1 +000\
            0\n\nm\xe9\n",
    ),
    // commit-encoding
    (
        b"commit 158\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nencoding ISO-8859-1\n\nh\xe9\n",
        "baf4bcfbbbfl2j6tmy3cerctse7qghh3oulgzz7i",
        b"commit 158\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nencoding ISO-8859-1\n\nh\xe9\n",
    ),
];

/// What is refused.
pub(super) const REFUSED: &[&[u8]] = &[
    // hdr-empty
    b"",
    // hdr-blob
    b"blob",
    // hdr-blobsp
    b"blob ",
    // hdr-noNul
    b"blob 5",
    // hdr-nan
    b"blob x\x00hello",
    // hdr-short
    b"blob 5\x00hell",
    // hdr-minus
    b"blob -1\x00hello",
    // hdr-huge
    b"blob 9223372036854775807\x00x",
    // hdr-huge2
    b"blob 99999999999999999999\x00x",
    // hdr-big
    b"blob 1099511627776\x00x",
    // hdr-under
    b"blob 1_0\x00xxxxxxxxxx",
    // hdr-foo
    b"foo 1\x00x",
    // hdr-quote
    b"a\"b\x01 1\x00",
    // hdr-upper
    b"Blob 1\x00x",
    // hdr-treenan
    b"tree x\x00",
    // hdr-commitnan
    b"commit x\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 17000\
            00000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    // hdr-emptysize
    b"blob \x00",
    // tree-shortsha
    b"tree 24\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e",
    // tree-dup
    b"tree 58\x00100644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x131\
            00644 a\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13",
    // commit-badhex
    b"commit 143\x00tree zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    // commit-oddhex
    b"commit 142\x00tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nauthor Ann Author <ann@example.com> 1700\
            000000 +0100\ncommitter C <c@x> 1700000001 +0000\n\nmessage\n",
    // commit-noemail
    b"commit 88\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A\ncommitter A <b> 5 +0000\n\nmes\
            sage\n",
    // commit-noemail2
    b"commit 92\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A B C\ncommitter A <b> 5 +0000\n\
            \nmessage\n",
    // commit-openemail
    b"commit 93\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A <b c\ncommitter A <b> 5 +0000\n\
            \nmessage\n",
    // commit-nospace
    b"commit 99\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor A<b> 5 +0000\ncommitter A <b> 5 +\
            0000\n\nmessage\n",
    // commit-sigeof
    b"commit 178\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n",
    // commit-sigonly
    b"commit 142\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig x",
    // commit-ssh
    b"commit 219\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\ngpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lH\
            \n -----END SSH SIGNATURE-----\n\nmessage\n",
    // commit-mergetag-eof2
    b"commit 236\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\nauthor Ann Author <ann@example.com> 170\
            0000000 +0100\ncommitter C <c@x> 1700000001 +0000\nmergetag object 55ed907521f7edea3a7a2dfa125886878\
            d2ba679\n type commit\n tag v1\n tagger T <t> 1 +0\n \n m\n",
    // commit-empty
    b"commit 0\x00",
    // commit-noauthor
    b"commit 81\x00tree ac7cd5017fe495553f12fae9c78e101942a64e6c\ncommitter C <c@x> 1 +0000\n\nmessage\n",
];
