//! Clients that ask before they send an upload.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use cairn_testkit::http;

use super::rest::{Peer, login};

#[test]
fn an_upload_is_permitted_before_it_is_answered() {
    let peer = Peer::start(&[]);
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nsent later\r\n--b--\r\n";
    let login = login();
    let mut connection = TcpStream::connect(http::authority(&peer.url).unwrap()).unwrap();
    let wait = Some(Duration::from_secs(60));
    connection.set_read_timeout(wait).unwrap();
    let head = format!(
        "POST /add HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {login}\r\nExpect: 100-continue\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut response = BufReader::new(connection.try_clone().unwrap());
    let mut line = String::new();
    response.read_line(&mut line).unwrap();
    assert_eq!(line.trim_end(), "HTTP/1.1 100 Continue");
    connection.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    response.read_to_string(&mut rest).unwrap();
    assert!(rest.trim_start().starts_with("HTTP/1.1 200"), "{rest}");
    assert!(rest.contains("\"cid\""), "{rest}");
}
