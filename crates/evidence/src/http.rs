//! As much HTTP/1.1 as witnesses and time-stamping authorities need: one POST, one answer, all bounded.
//! No TLS: a proxy in front does that. Parsing is httparse's, which is hyper's; servers on crates.io are
//! either asynchronous, for which one endpoint is no reason, or without a release since 2022.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::witness::{Answer, Witness};

const HEAD_BYTES_MAX: usize = 16 << 10;
const BODY_BYTES_MAX: usize = 2 << 20;
const HEADERS_MAX: usize = 64;
const CONNECTIONS_MAX: usize = 64;
const PATIENCE: Duration = Duration::from_secs(15);

/// Answers `add-checkpoint` requests until the listener fails. `clock` gives seconds since 1970.
pub fn serve(listener: &TcpListener, witness: Arc<Witness>, clock: fn() -> u64) -> io::Result<()> {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::SeqCst);
            continue; // Dropped: who is honest comes again.
        }
        let (witness, open) = (Arc::clone(&witness), Arc::clone(&open));
        thread::spawn(move || {
            // A client that goes away, or sends no HTTP, has only itself to tell.
            let _ = converse(stream, &witness, clock);
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
    Ok(())
}

/// Answers the requests of one connection.
fn converse(mut stream: TcpStream, witness: &Witness, clock: fn() -> u64) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut waiting = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut waiting)? {
        let (status, ty, body) = answer(&request, witness, clock());
        let connection = if request.close { "close" } else { "keep-alive" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {ty}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        if request.close {
            break;
        }
    }
    Ok(())
}

fn answer(request: &Request, witness: &Witness, now: u64) -> (&'static str, &'static str, String) {
    const TEXT: &str = "text/plain; charset=utf-8";
    if !request.path.ends_with("/add-checkpoint") {
        return ("404 Not Found", TEXT, "no such endpoint\n".to_owned());
    }
    if request.method != "POST" {
        return ("405 Method Not Allowed", TEXT, "POST it\n".to_owned());
    }
    let Ok(text) = std::str::from_utf8(&request.body) else {
        return ("400 Bad Request", TEXT, "no UTF-8\n".to_owned());
    };
    match witness.add_checkpoint(text, now) {
        Answer::Cosigned(line) => ("200 OK", TEXT, line),
        Answer::Malformed(error) => ("400 Bad Request", TEXT, format!("{error}\n")),
        Answer::NotSigned => ("403 Forbidden", TEXT, "not signed by the log\n".to_owned()),
        Answer::UnknownLog => ("404 Not Found", TEXT, "a log that is not known here\n".to_owned()),
        Answer::Conflict(size) => ("409 Conflict", "text/x.tlog.size", format!("{size}\n")),
        Answer::NotConsistent => {
            ("422 Unprocessable Entity", TEXT, "the proof does not hold\n".to_owned())
        }
        Answer::Failed(_) => ("500 Internal Server Error", TEXT, "cannot keep state\n".to_owned()),
    }
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
    close: bool,
}

fn no_http(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Reads a request; `None` where the client has no more.
fn read_request(stream: &mut impl Read, waiting: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let Some(end) = read_head(stream, waiting)? else { return Ok(None) };
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    head.parse(&waiting[..end]).map_err(|_| no_http("no request"))?;
    let (method, path) = (head.method.unwrap_or("").to_owned(), head.path.unwrap_or("").to_owned());
    let close = header(head.headers, "connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
        || head.version == Some(0);
    let length = match header(head.headers, "content-length") {
        Some(length) => length.parse().map_err(|_| no_http("no length"))?,
        None => 0,
    };
    if header(head.headers, "transfer-encoding").is_some() || length > BODY_BYTES_MAX {
        return Err(no_http("too long, or of unknown length"));
    }
    while waiting.len() < end + length {
        if read_more(stream, waiting)? == 0 {
            return Err(no_http("breaks off"));
        }
    }
    let body = waiting[end..end + length].to_vec();
    waiting.drain(..end + length);
    Ok(Some(Request { method, path, body, close }))
}

/// Reads up to the blank line behind the headers; where that ends.
fn read_head(stream: &mut impl Read, waiting: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(at) = waiting.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        if waiting.len() > HEAD_BYTES_MAX {
            return Err(no_http("headers without end"));
        }
        if read_more(stream, waiting)? == 0 {
            return if waiting.is_empty() { Ok(None) } else { Err(no_http("breaks off")) };
        }
    }
}

fn read_more(stream: &mut impl Read, waiting: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    let n = stream.read(&mut buffer)?;
    waiting.extend(&buffer[..n]);
    Ok(n)
}

fn header<'h>(headers: &[httparse::Header<'h>], name: &str) -> Option<&'h str> {
    let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(found.value).ok().map(str::trim)
}

/// An answer to [`post`].
pub struct Response {
    /// The status, as 200.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends this body to an `http://` address.
pub fn post(url: &str, content_type: &str, body: &[u8]) -> Result<Response> {
    let refused = |reason: String| Error::Refused { from: url.to_owned(), reason };
    let rest = url.strip_prefix("http://");
    let rest = rest.ok_or_else(|| refused("only http:// is spoken here".into()))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(refused("no address".into()));
    }
    let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let ask = || {
        let mut addresses = with_port.to_socket_addrs()?;
        let address = addresses.next().ok_or_else(|| no_http("no such host"))?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(&[head.as_bytes(), body].concat())?;
        read_response(&mut stream)
    };
    ask().map_err(|error| refused(error.to_string()))
}

fn read_response(stream: &mut impl Read) -> io::Result<Response> {
    let mut waiting = Vec::new();
    let end = read_head(stream, &mut waiting)?.ok_or_else(|| no_http("no answer"))?;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    head.parse(&waiting[..end]).map_err(|_| no_http("no answer of HTTP"))?;
    let status = head.code.ok_or_else(|| no_http("no status"))?;
    let length = header(head.headers, "content-length").and_then(|v| v.parse::<usize>().ok());
    let chunked = header(head.headers, "transfer-encoding").is_some();
    while length.is_none_or(|length| waiting.len() < end + length) {
        if waiting.len() > end + BODY_BYTES_MAX {
            return Err(no_http("an answer without end"));
        }
        if read_more(stream, &mut waiting)? == 0 {
            break;
        }
    }
    let mut body = waiting.split_off(end);
    if chunked {
        body = unchunked(&body).ok_or_else(|| no_http("chunks that break off"))?;
    } else if length.is_some_and(|length| body.len() < length) {
        return Err(no_http("breaks off"));
    }
    body.truncate(length.unwrap_or(body.len()));
    Ok(Response { status, body })
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((at, size))) = httparse::parse_chunk_size(bytes) else {
            return None;
        };
        let size = usize::try_from(size).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend(bytes.get(at..at.checked_add(size)?)?);
        bytes = bytes.get(at + size + 2..)?;
    }
}
