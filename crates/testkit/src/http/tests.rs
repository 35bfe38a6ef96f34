use std::net::TcpListener;

use super::*;

/// Answers one connection with `reply` once the request's head has come.
fn serve(reply: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while !read_line(&mut reader).unwrap().is_empty() {}
        stream.write_all(reply).unwrap();
    });
    base
}

#[test]
fn trailers_and_chunks_are_kept() {
    let base = serve(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Stream-Error: late\r\n\r\n",
    );
    let answer = exchange(&base, &Request::new("POST", "/")).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.chunks),
        (200, b"abcde".as_slice(), Some(2))
    );
    assert_eq!(answer.header("x-a"), Some("1, 2"));
    assert_eq!(answer.trailers["x-stream-error"], "late");
    assert!(!answer.aborted);
}

#[test]
fn a_cut_body_is_aborted_and_what_came_is_kept() {
    let base = serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde");
    let answer = exchange(&base, &Request::new("POST", "/")).unwrap();
    assert!(answer.aborted);
    assert_eq!(
        (answer.body.as_slice(), answer.chunks),
        (b"abcde".as_slice(), Some(1))
    );
}

#[test]
fn a_continue_is_passed_over_and_a_length_is_kept() {
    let base = serve(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nnoMORE",
    );
    let answer = exchange(&base, &Request::new("GET", "/x")).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.chunks),
        (404, b"no".as_slice(), None)
    );
}

#[test]
fn no_answer_is_an_error() {
    let base = serve(b"");
    assert!(exchange(&base, &Request::new("GET", "/")).is_err());
}

#[test]
fn a_given_header_replaces_the_usual_one() {
    let headers = [("host".to_owned(), "evil.example".to_owned())];
    let request = Request {
        headers: &headers,
        ..Request::new("POST", "/v")
    };
    let head = head("127.0.0.1:1", &request);
    assert!(
        head.contains("Host: evil.example\r\n") && !head.contains("127.0.0.1"),
        "{head}"
    );
    assert!(head.contains("Content-Length: 0\r\n"), "{head}");
}
