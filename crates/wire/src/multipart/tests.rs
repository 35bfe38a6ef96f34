use super::*;

type Part = (Option<Vec<u8>>, Vec<u8>);

/// Decodes a body cut into frames of `cut` bytes.
fn decode(boundary: &str, body: &[u8], cut: usize) -> Result<Vec<Part>, MultipartError> {
    let mut decoder = Decoder::new(&format!("multipart/form-data; boundary={boundary}"))?;
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    let take = |decoder: &mut Decoder,
                parts: &mut Vec<Part>,
                open: &mut bool|
     -> Result<(), MultipartError> {
        while let Some(event) = decoder.next()? {
            match event {
                Event::Part(head) => {
                    assert!(!*open);
                    *open = true;
                    parts.push((head.disposition("filename"), Vec::new()));
                }
                Event::Data(data) => {
                    assert!(*open && !data.is_empty());
                    parts.last_mut().unwrap().1.extend_from_slice(&data);
                }
                Event::PartEnd => {
                    assert!(*open);
                    *open = false;
                }
                Event::End => assert!(!*open),
            }
        }
        Ok(())
    };
    for frame in body.chunks(cut) {
        decoder.push(Bytes::copy_from_slice(frame));
        take(&mut decoder, &mut parts, &mut open)?;
    }
    decoder.finish();
    take(&mut decoder, &mut parts, &mut open)?;
    assert!(!open);
    Ok(parts)
}

fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, data) in parts {
        out.extend_from_slice(format!("--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: x/y\r\n\r\n").as_bytes());
        out.extend_from_slice(data);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"--b0--\r\n");
    out
}

#[test]
fn any_cut_gives_the_same_parts() {
    let tricky: &[u8] = b"x\r\n--b\r\n--\r\r\n--b1\r\n\r\r\n-";
    let whole = body(&[
        ("a", b"hello"),
        ("empty", b""),
        ("t", tricky),
        ("crlf", b"\r\n"),
    ]);
    let expected = decode("b0", &whole, whole.len()).unwrap();
    assert_eq!(expected.len(), 4);
    assert_eq!(expected[2].1, tricky);
    assert_eq!(expected[3].1, b"\r\n");
    for cut in 1..whole.len() {
        assert_eq!(
            decode("b0", &whole, cut).unwrap(),
            expected,
            "frames of {cut}"
        );
    }
}

#[test]
fn every_truncation_is_an_error() {
    let whole = body(&[("a", b"hello"), ("b", b"world")]);
    for end in 1..whole.len() - 4 {
        // As in Go, a body may end behind the line of a boundary.
        let at_boundary = whole[..end].ends_with(b"--b0\r\n");
        let decoded = decode("b0", &whole[..end], 7);
        assert_eq!(decoded.is_ok(), at_boundary, "cut at {end}");
    }
    assert_eq!(decode("b0", b"", 1), Ok(Vec::new()));
}

#[test]
fn refuses_what_grows_without_end() {
    let mut endless = b"--b0\r\nX: ".to_vec();
    endless.resize(1 << 20, b'a');
    assert_eq!(decode("b0", &endless, 8192), Err(MultipartError::Headers));
    assert!(matches!(
        decode("b0", &vec![b'a'; 1 << 20], 8192),
        Err(MultipartError::Malformed(_))
    ));
    assert_eq!(
        Decoder::new("multipart/form-data").unwrap_err(),
        MultipartError::Boundary
    );
    assert_eq!(
        Decoder::new(&format!("multipart/form-data; boundary={}", "b".repeat(71))).unwrap_err(),
        MultipartError::Boundary
    );
}

#[test]
fn reads_parameters() {
    let of = |value: &str, name| {
        parameter_of(value.as_bytes(), name).map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let value = r#"form-data; name="a\"b"; filename="x; y=z"; bare=1"#;
    assert_eq!(of(value, "name").as_deref(), Some("a\"b"));
    assert_eq!(of(value, "filename").as_deref(), Some("x; y=z"));
    assert_eq!(of(value, "bare").as_deref(), Some("1"));
    assert_eq!(of(value, "none"), None);
    assert_eq!(of("form-data; name=\"open", "name"), None);
    // What Go's `mime.ParseMediaType` makes of them.
    for (value, name) in [
        (r"x; filename*=utf-8''%E6%97%A5", Some("日")),
        (r#"x; filename="p"; filename*=utf-8''%E6%97%A5"#, Some("日")),
        (
            r#"x; filename*=UTF-8'en'%E6%97%A5; filename="p""#,
            Some("日"),
        ),
        (r#"x; filename="p"; filename*=iso-8859-1''%E9"#, Some("p")),
        (r"x; filename*=iso-8859-1''%E9", None),
        (r#"x; filename="p"; filename*=utf-8''%E"#, Some("p")),
        (r#"x; filename*0="ab"; filename*1="cd""#, Some("abcd")),
        (
            r#"x; filename*0*=utf-8''%E6; filename*1*=%97%A5; filename*2=".txt""#,
            Some("日.txt"),
        ),
        (r#"x; filename*1="cd""#, None),
        (r#"x; filename="a\"b\\c\d""#, Some(r#"a"b\c\d"#)),
        (r#"x; filename="C:\dir\x.txt""#, Some(r"C:\dir\x.txt")),
        (r#"x; FileName="a;b";"#, Some("a;b")),
        (r#"x; filename2="q"; filename = "r""#, Some("r")),
    ] {
        assert_eq!(of(value, "filename").as_deref(), name, "{value}");
    }
    assert_eq!(
        parameter_of(b"x; filename=\"caf\xe9\"", "filename").as_deref(),
        Some(&b"caf\xe9"[..])
    );
}

/// A part with this name line and content, from a body with other bytes around it; whatever the cut.
fn parts(body: &str) -> Result<Vec<(String, String)>, MultipartError> {
    let body = body.as_bytes();
    let whole = decode("bnd", body, body.len().max(1));
    for cut in 1..body.len() {
        assert_eq!(decode("bnd", body, cut), whole, "frames of {cut}");
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(whole?
        .into_iter()
        .map(|(name, data)| (text(name.unwrap_or_default()), text(data)))
        .collect())
}

#[test]
fn reads_what_clients_send() {
    let head = "Content-Disposition: form-data; filename=\"a\"";
    for (body, want) in [
        // Lines that end with LF alone, as hand-written bodies have them.
        (format!("--bnd\n{head}\n\nl1\nl2\n--bnd\n{head}\n\n\n--bnd--\n"), vec!["l1\nl2", ""]),
        // Content that looks like a boundary of another form.
        (format!("--bnd\r\n{head}\r\n\r\nhi\n--bnd\nx\n--bnd--\r\nmore\r\n--bnd--\r\n"), vec!["hi\n--bnd\nx\n--bnd--\r\nmore"]),
        (format!("--bnd\r\n{head}\r\n\r\n--bn\r\n--bndx\r\n--bnd-x\r\n--bnd--x\r\n--bnd x\r\nhi\r\n--bnd--\r\n"), vec!["--bn\r\n--bndx\r\n--bnd-x\r\n--bnd--x\r\n--bnd x\r\nhi"]),
        // Before the first boundary and after the last.
        (format!("pre\r\nx --bnd\r\n\r\n--bnd\r\n{head}\r\n\r\nhi\r\n--bnd--\r\nepilogue\r\n--bnd\r\n"), vec!["hi"]),
        // White space behind boundaries; the closing line without an end.
        (format!("--bnd  \t\r\n{head}\r\n\r\nhi\r\n--bnd \t\r\n\r\nx\r\n--bnd--  "), vec!["hi", "x"]),
        (format!("--bnd\r\n{head}\r\n\r\nhi\r\n--bnd--"), vec!["hi"]),
        // An empty part whose boundary follows its header at once, and one with a line between.
        (format!("--bnd\r\n{head}\r\n\r\n--bnd\r\n{head}\r\n\r\n\r\n--bnd--"), vec!["", ""]),
        // Folded lines, and no header at all.
        ("--bnd\r\nContent-Disposition: form-data;\r\n name=\"f\";\r\n\tfilename=\"a\"\r\n\r\nhi\r\n--bnd--".to_owned(), vec!["hi"]),
        ("--bnd\r\n\r\nhi\r\n--bnd--".to_owned(), vec!["hi"]),
        // As Go: a boundary that nothing follows.
        (format!("--bnd\r\n{head}\r\n\r\nhi\r\n--bnd\r\n"), vec!["hi"]),
        ("--bnd--\r\n".to_owned(), vec![]),
    ] {
        let found = parts(&body).unwrap();
        let data: Vec<&str> = found.iter().map(|(_, data)| data.as_str()).collect();
        assert_eq!(data, want, "{body:?}");
    }
    for body in [
        format!("--bnd\r\n{head}\r\n\r\nhi\r\n"),
        format!("--bnd\r\n{head}\r\n\r\nhi\r\n--bnd"),
        format!("--bnd\r\n{head}\r\n\r\nhi\r\n--bnd-"),
        format!("--bnd\r\n{head}\r\n\r\nhi\r--bnd--"),
        format!("--bnd\r\n{head}\r\n"),
        "junk".to_owned(),
    ] {
        assert_eq!(parts(&body), Err(MultipartError::Truncated), "{body:?}");
    }
    assert!(parts("--bnd\r\nzzz\r\n\r\nhi\r\n--bnd--").is_err());
}

#[test]
fn reads_boundaries_as_they_are_quoted() {
    for (content_type, boundary) in [
        ("multipart/form-data; boundary=\"b nd\"", "b nd"),
        ("multipart/form-data; charset=x; BOUNDARY=Q", "Q"),
        (
            "multipart/form-data; boundary=----WebKit=1:2",
            "----WebKit=1:2",
        ),
        ("multipart/form-data; boundary=\"a\\\"b\"", "a\"b"),
    ] {
        let mut decoder = Decoder::new(content_type).unwrap();
        decoder.push(format!("--{boundary}\r\n\r\nx\r\n--{boundary}--").into());
        decoder.finish();
        let mut data = Vec::new();
        while let Some(event) = decoder.next().unwrap() {
            if let Event::Data(bytes) = event {
                data.extend_from_slice(&bytes);
            }
        }
        assert_eq!(data, b"x", "{content_type}");
    }
}

#[test]
fn quoted_printable_is_decoded_and_no_other_encoding() {
    let part = |encoding: &str, data: &str| {
        format!("--bnd\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{data}\r\n--bnd--")
    };
    for (encoding, data, want) in [
        (
            "quoted-printable",
            "caf=C3=A9 =\r\n=3D x \r\n",
            "café = x\r\n",
        ),
        ("Quoted-Printable", "=\r\n", ""),
        ("quoted-printable", "", ""),
        ("base64", "aGk=", "aGk="),
        ("binary", "caf=C3=A9", "caf=C3=A9"),
    ] {
        let found = parts(&part(encoding, data)).unwrap();
        assert_eq!(found, [(String::new(), want.to_owned())], "{data:?}");
    }
    assert!(matches!(
        parts(&part("quoted-printable", "a\0")),
        Err(MultipartError::QuotedPrintable(_))
    ));
    // The encoding of one part is not that of the next.
    let two = "--bnd\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n--bnd\r\n\r\n=41\r\n--bnd--";
    let data: Vec<String> = parts(two).unwrap().into_iter().map(|part| part.1).collect();
    assert_eq!(data, ["A", "=41"]);
}
