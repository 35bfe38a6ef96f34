//! Uploads through a proxy, which the server answers while it reads them.

use super::*;

/// An upload of six bytes, of which half is sent.
async fn upload(served: &Served, path: &str, version: &str, fields: &str) -> TcpStream {
    let mut client = served.connect().await;
    let head =
        format!("POST {path} HTTP/{version}\r\nHost: x\r\nContent-Length: 6\r\n{fields}\r\none");
    client.write_all(head.as_bytes()).await.unwrap();
    client
}

async fn said(client: &mut TcpStream) -> Option<String> {
    let mut out = [0; 4096];
    let read = tokio::time::timeout(SOON, client.read(&mut out))
        .await
        .ok()?;
    Some(String::from_utf8_lossy(&out[..read.unwrap()]).into_owned())
}

const PROXIED: [(&str, &str); 4] = [
    ("1.1", "X-Forwarded-For: 1.2.3.4\r\n"),
    ("1.1", "Forwarded: for=1.2.3.4\r\n"),
    ("1.1", "Via: 1.1 somebody\r\n"),
    ("1.0", ""),
];

#[tokio::test]
async fn a_response_starts_when_the_upload_of_a_proxy_has_ended() {
    let served = Served::tcp(limits()).await;
    for (version, fields) in PROXIED {
        let fields = format!("Connection: close\r\n{fields}");
        let mut client = upload(&served, "/echo", version, &fields).await;
        assert_eq!(said(&mut client).await, None, "{fields}");
        client.write_all(b"two").await.unwrap();
        let all = read_all(&mut client).await;
        assert!(all.starts_with("HTTP/1.") && all.contains(" 200 "), "{all}");
        assert!(all.contains("one") && all.contains("two"), "{all}");
    }
    // Other clients read the response while they send.
    let mut client = upload(&served, "/echo", "1.1", "").await;
    let mut all = String::new();
    while !all.contains("one") {
        all += &said(&mut client).await.expect("the response starts");
    }
    drop(client);
    served.end().await;
}

#[tokio::test]
async fn responses_that_were_held_end_as_others() {
    let served = Served::tcp(limits()).await;
    for (path, end) in [
        ("/echo", Some("\r\n0\r\n\r\n")),
        ("/echo/told", Some("\r\n0\r\nX-Stream-Error: sad\r\n\r\n")),
        ("/echo/cut", None),
    ] {
        let fields = "X-Real-IP: 1.2.3.4\r\nConnection: close\r\n";
        let mut client = upload(&served, path, "1.1", fields).await;
        client.write_all(b"two").await.unwrap();
        let all = read_all(&mut client).await;
        let is_chunked = all
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        assert!(is_chunked && all.contains("two"), "{path}: {all}");
        match end {
            Some(end) => assert!(all.ends_with(end), "{path}: {all}"),
            None => assert!(!all.ends_with("0\r\n\r\n"), "{path}: {all}"),
        }
    }
    // The connection goes on, and a response of a known length has it.
    let mut client = upload(&served, "/", "1.1", "Via: 1.1 x\r\n").await;
    let next = "twoPOST /refused HTTP/1.1\r\nHost: x\r\nVia: 1.1 x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n";
    client.write_all(next.as_bytes()).await.unwrap();
    let all = read_all(&mut client).await.to_ascii_lowercase();
    assert!(
        all.contains("content-length: 7\r\n") && all.contains("6 bytes"),
        "{all}"
    );
    // An answer that does not depend on the rest does not wait for it.
    assert!(
        all.contains("content-length: 2\r\n") && all.ends_with("no"),
        "{all}"
    );
    served.end().await;
}

#[tokio::test]
async fn a_response_beyond_what_is_held_starts() {
    let served = Served::tcp(limits()).await;
    let mut client = upload(&served, "/endless", "1.1", "Via: 1.1 x\r\n").await;
    let mut piece = vec![0; 1 << 20];
    for _ in 0..32 {
        client.read_exact(&mut piece).await.unwrap();
    }
    drop(client);
    served.end().await;
}
