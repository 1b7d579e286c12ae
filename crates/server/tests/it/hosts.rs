//! The head of a request: its host, and its length.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{TestServer, soon};

/// The answer to a head that is written by hand.
async fn answer(server: &TestServer, head: &str) -> String {
    let mut socket = TcpStream::connect(server.host()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("an answer", socket.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/", "/api/users/current"] {
        for hosts in [
            "",
            "host: one.example\r\nhost: other.example\r\n",
            "host: one.example\r\nhost: one.example\r\n",
            "host:\r\n",
            "host: one.example/path\r\n",
            "host: me@one.example\r\n",
            "host: one.example, other.example\r\n",
        ] {
            let head = format!("GET {path} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
            let answer = answer(&server, &head).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{path} {hosts:?}: {answer}");
            assert!(answer.contains("a request has one Host header"), "{answer}");
        }
    }
    for head in [
        "GET /healthz HTTP/1.1\r\nhost: one.example:8080\r\nconnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: [::1]:8080\r\nconnection: close\r\n\r\n",
        // It was not asked for then.
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nhost: one.example\r\n\r\n",
    ] {
        let answer = answer(&server, head).await;
        assert!(
            answer.contains(" 200 OK\r\n") && answer.ends_with("healthy"),
            "{head}: {answer}"
        );
    }
}

#[tokio::test]
async fn an_ambiguous_head_is_refused() {
    let server = TestServer::start().await;
    for lines in [
        "content-length: 0\r\ncontent-length: 1",
        "content-length: 0, 1",
        "content-length: +0",
        "content-length: 0\r\ntransfer-encoding: chunked, gzip",
        "transfer-encoding: gzip",
        "x-folded: one\r\n two",
        "x-space : one",
        "x-nul: o\0ne",
    ] {
        let head = format!("POST /api/login HTTP/1.1\r\nhost: one.example\r\n{lines}\r\nconnection: close\r\n\r\n");
        let answer = answer(&server, &head).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{lines:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_has_a_length() {
    let server = TestServer::start().await;
    let head = |bytes: usize| {
        let long = "x".repeat(bytes);
        format!("GET /healthz HTTP/1.1\r\nhost: one.example\r\nx-long: {long}\r\nconnection: close\r\n\r\n")
    };
    let answer = answer(&server, &head(30_000)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let mut socket = TcpStream::connect(server.host()).await.unwrap();
    // The rest of it may come too late to be read.
    drop(socket.write_all(head(100_000).as_bytes()).await);
    let mut status = [0; 12];
    soon("an answer", socket.read_exact(&mut status)).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 431");
}
