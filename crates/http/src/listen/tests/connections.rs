//! Many connections, odd heads, slow readers.

use super::*;

/// More than a test asks for before it is satisfied.
const MANY: usize = 48;

fn slow() -> Limits {
    Limits {
        write: Duration::from_secs(1),
        ..limits()
    }
}

/// Reads steadily, far less than the system's buffers hold in the time for which a client may take nothing.
async fn read_steadily(client: &mut (impl tokio::io::AsyncRead + Unpin)) {
    let mut piece = vec![0; 64 << 10];
    for _ in 0..MANY {
        tokio::time::sleep(Duration::from_millis(50)).await;
        client.read_exact(&mut piece).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_reads_steadily_is_served() {
    let served = Served::tcp(slow()).await;
    let mut client = served.connect().await;
    client
        .write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    read_steadily(&mut client).await;
    assert_eq!(served.dropped.load(Ordering::SeqCst), 0);
    drop(client);
    served.end().await;
}

#[tokio::test]
async fn a_client_that_reads_steadily_is_served_over_a_unix_socket_and_dropped_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cairn.sock");
    let served = Served::start(&format!("/unix{}", path.display()), slow(), None).await;
    let mut client = UnixStream::connect(&path).await.unwrap();
    client
        .write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    read_steadily(&mut client).await;
    assert_eq!(served.dropped.load(Ordering::SeqCst), 0);
    served.gives_up(1).await;
    drop(client);
    served.end().await;
}

#[tokio::test]
async fn idle_connections_make_way_for_those_that_work() {
    let most = 8;
    let served = Served::tcp(Limits {
        connections: most,
        ..limits()
    })
    .await;
    let mut working = served.connect().await;
    working
        .write_all(ASK.replace("hi", "h").as_bytes())
        .await
        .unwrap();
    // Some say nothing, some say half, some have been answered.
    let mut idle = Vec::new();
    for turn in 0..4 * most {
        let mut client = served.connect().await;
        if turn % 2 == 0 {
            client.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        }
        idle.push(client);
        if turn % 4 == 0 {
            let said = tokio::time::timeout(PATIENCE, served.ask(ASK))
                .await
                .unwrap();
            assert!(said.ends_with("2 bytes"), "{said}");
        }
    }
    // Whoever was at work is answered.
    working.write_all(b"i").await.unwrap();
    let said = read_all(&mut working).await;
    assert!(said.ends_with("2 bytes"), "{said}");
    served.end().await;
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let served = Served::tcp(limits()).await;
    for (head, said) in [
        ("HTTP/1.1", "missing required Host header"),
        ("HTTP/1.1\r\nHost: a\r\nHost: b", "too many Host headers"),
        ("HTTP/1.1\r\nHost: a\r\nhost: a", "too many Host headers"),
        ("HTTP/1.1\r\nHost: a/b", "malformed Host header"),
    ] {
        let answer = served.ask(&format!("GET / {head}\r\n\r\n")).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        assert!(
            answer.ends_with(&format!("400 Bad Request: {said}")),
            "{answer}"
        );
    }
    for head in [
        "HTTP/1.0",
        "HTTP/1.1\r\nHost:",
        "HTTP/1.1\r\nHost: [::1]:5001",
    ] {
        let answer = served
            .ask(&format!("GET / {head}\r\nConnection: close\r\n\r\n"))
            .await;
        assert!(answer.contains(" 200 OK\r\n"), "{answer}");
    }
    served.end().await;
}

#[tokio::test]
async fn heads_may_be_large_and_not_endless() {
    let served = Served::tcp(limits()).await;
    let ask = |fields: usize, size: usize| {
        let value = "v".repeat(size);
        let fields: String = (0..fields)
            .map(|at| format!("X-Field-{at}: {value}\r\n"))
            .collect();
        format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n")
    };
    let said = served.ask(&ask(1000, 100)).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    for (fields, size) in [(2000, 1), (1000, 400)] {
        let said = served.ask(&ask(fields, size)).await;
        assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    }
    served.end().await;
}

#[tokio::test]
async fn what_was_sent_before_a_cut_arrives() {
    let served = Served::tcp(limits()).await;
    for te in ["", "TE: trailers\r\n"] {
        let said = served
            .ask(&format!("GET /cut HTTP/1.1\r\nHost: x\r\n{te}\r\n"))
            .await;
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
        assert!(said.ends_with("5\r\nhello\r\n"), "{said}");
    }
    served.end().await;
}
