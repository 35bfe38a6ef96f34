use super::*;

type Part = (Option<String>, Vec<u8>);

/// Decodes a body cut into frames of `cut` bytes.
fn decode(boundary: &str, body: &[u8], cut: usize) -> Result<Vec<Part>, MultipartError> {
    let mut decoder = Decoder::new(&format!("multipart/form-data; boundary={boundary}"))?;
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    let mut take = |decoder: &mut Decoder| -> Result<(), MultipartError> {
        while let Some(event) = decoder.next()? {
            match event {
                Event::Part(head) => {
                    assert!(!open);
                    open = true;
                    parts.push((head.disposition("filename"), Vec::new()));
                }
                Event::Data(data) => {
                    assert!(open && !data.is_empty());
                    parts.last_mut().unwrap().1.extend_from_slice(&data);
                }
                Event::PartEnd => {
                    assert!(open);
                    open = false;
                }
                Event::End => assert!(!open),
            }
        }
        Ok(())
    };
    for frame in body.chunks(cut) {
        decoder.push(Bytes::copy_from_slice(frame));
        take(&mut decoder)?;
    }
    decoder.finish()?;
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
        assert!(decode("b0", &whole[..end], 7).is_err(), "cut at {end}");
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
    let value = r#"form-data; name="a\"b"; filename="x; y=z"; bare=1"#;
    assert_eq!(parameter_of(value, "name").as_deref(), Some("a\"b"));
    assert_eq!(parameter_of(value, "filename").as_deref(), Some("x; y=z"));
    assert_eq!(parameter_of(value, "bare").as_deref(), Some("1"));
    assert_eq!(parameter_of(value, "none"), None);
    assert_eq!(parameter_of("form-data; name=\"open", "name"), None);
}
