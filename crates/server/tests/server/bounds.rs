//! Bodies too large, clients too slow, requests malformed, connections too many.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use blanik_model::Tlp;
use blanik_server::{Bounds, Limits, Right};

use crate::client::{Client, Running, TAXII, folder, indicator, start, start_with, token};

/// Sends bytes and gives back what comes until the connection ends.
fn raw(running: &Running, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(running.address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn head(token: &str, length: &str) -> String {
    format!(
        "POST /blanik/collections/shared/objects/ HTTP/1.1\r\nHost: x\r\nAccept: {TAXII}\r\n\
         Content-Type: {TAXII}\r\nAuthorization: Bearer {token}\r\n{length}\r\n\r\n"
    )
}

fn quick() -> Limits {
    Limits {
        head_time_max: Duration::from_millis(400),
        body_time_max: Duration::from_millis(400),
        connection_time_max: Duration::from_secs(20),
        ..Limits::default()
    }
}

#[test]
fn a_body_too_large_is_refused_with_or_without_its_length() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Write, Tlp::Green);
    let bounds = Bounds { body_bytes_max: 1_000, ..Bounds::default() };
    let running = start_with(folder.path(), bounds, quick());
    let told = raw(&running, head(&writer, "Content-Length: 1001").as_bytes());
    assert!(told.starts_with("HTTP/1.1 413") && told.contains("max_content_length"), "{told}");
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1_000)).repeat(3);
    let told = raw(&running, (head(&writer, "Transfer-Encoding: chunked") + &chunk).as_bytes());
    assert!(told.starts_with("HTTP/1.1 413"), "{told}");
    let told = raw(&running, head("wrong", "Content-Length: 1001").as_bytes());
    assert!(told.starts_with("HTTP/1.1 401"), "who is not known is told first: {told}");
}

#[test]
fn slow_clients_are_left_and_others_are_served() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Green);
    let running = start_with(folder.path(), Bounds::default(), quick());
    // More than there are places for bodies.
    let slow: Vec<TcpStream> = (0..80)
        .map(|i| {
            let mut stream = TcpStream::connect(running.address).expect("a connection");
            let half = if i % 2 == 0 {
                "GET /taxii2/ HT".to_owned()
            } else {
                head(&writer, "Content-Length: 500") + "{"
            };
            stream.write_all(half.as_bytes()).expect("sent");
            stream
        })
        .collect();
    Client::new(&running, &writer).add(&[indicator(1, None)]);
    let mut told = Vec::new();
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        told.push(answer);
    }
    let bodies = told.iter().skip(1).step_by(2);
    assert!(
        bodies.clone().all(|t| t.starts_with("HTTP/1.1 408") || t.starts_with("HTTP/1.1 503")),
        "{told:?}"
    );
    assert!(bodies.clone().any(|t| t.starts_with("HTTP/1.1 408")));
}

#[test]
fn what_is_no_request_harms_nobody() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Green);
    let running = start_with(folder.path(), Bounds::default(), quick());
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(5_000));
    let smuggled =
        head(&writer, "Content-Length: 3\r\nTransfer-Encoding: chunked") + "0\r\n\r\nGET /";
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"\x00\x00\x00\x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b"GET http://evil.example/taxii2/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"DELETE /blanik/collections/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
        smuggled.as_bytes(),
    ] {
        let told = raw(&running, bytes);
        assert!(!told.starts_with("HTTP/1.1 2"), "{told}");
    }
    Client::new(&running, &writer).add(&[indicator(1, None)]);
}

#[test]
fn malformed_filters_get_the_error_message() {
    let folder = folder();
    let reader = token(folder.path(), "reader", Right::Read, Tlp::Green);
    let running = start(folder.path());
    let client = Client::new(&running, &reader);
    for query in [
        "limit=0",
        "limit=x",
        "limit=1&limit=1",
        "added_after=now",
        "match[version]=newest",
        "match[spec_version]=2.2",
        "match[name]=x",
        "next=x",
        "next=1.99",
        "next=4.0",
        "next=1.-1",
        "match[id]=%ff",
    ] {
        let answer = client.shared(&format!("objects/?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        let error = answer.json();
        assert_eq!(
            (&error["title"], &error["http_status"]),
            (&"Bad request".into(), &"400".into())
        );
        assert!(error["description"].is_string());
    }
    assert_eq!(client.get("/taxii2/?x=1").status, 400);
}

#[test]
fn connections_beyond_the_bound_are_closed() {
    let folder = folder();
    let reader = token(folder.path(), "reader", Right::Read, Tlp::Green);
    let limits = Limits { connections_max: 2, ..quick() };
    let running = start_with(folder.path(), Bounds::default(), limits);
    let held: Vec<TcpStream> =
        (0..2).map(|_| TcpStream::connect(running.address).expect("a connection")).collect();
    let request = format!(
        "GET /taxii2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {reader}\r\n\r\n"
    );
    assert_eq!(raw(&running, request.as_bytes()), "");
    drop(held);
    // The held ones are gone once the server saw it.
    let served = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        raw(&running, request.as_bytes()).starts_with("HTTP/1.1 200")
    });
    assert!(served);
}
