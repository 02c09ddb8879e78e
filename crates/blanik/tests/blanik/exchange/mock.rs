//! A server that says what a test wants, one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request: method, path, the `Authorization`, body.
pub type Request = (String, String, String, Vec<u8>);
/// An answer: status, type, further headers, body.
pub type Reply = (u16, &'static str, String, Vec<u8>);

/// See the module.
pub struct Mock {
    pub url: String,
    /// What was asked.
    pub asked: Arc<Mutex<Vec<Request>>>,
}

impl Mock {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + 'static) -> Mock {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = converse(stream, &answer, &seen);
            }
        });
        Mock { url, asked }
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked.lock().expect("whole").iter().map(|(_, path, ..)| path.clone()).collect()
    }
}

fn converse(
    stream: TcpStream,
    answer: &impl Fn(&Request) -> Reply,
    seen: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = (method, path, authorization, body);
    let (status, ty, headers, body) = answer(&request);
    seen.lock().expect("whole").push(request);
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {ty}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}
