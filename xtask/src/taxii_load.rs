//! Our TAXII server under load on loopback: a hundred requests a second for five minutes, reads and writes, and what memory it has at
//! the beginning and the end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::bench;
use crate::interop::taxii::Served;

const REQUESTS_A_SECOND: u32 = 100;
const SECONDS: u64 = 300;
/// Of a hundred requests, so many add an object.
const WRITES: u64 = 10;
/// Objects that are there before.
const OBJECTS: u64 = 5_000;
const KIB_A_PAGE_OF_STATUS: &str = "VmRSS:";

/// Runs it, and prints a line every half minute.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let (mut program, mut seconds) = (None, SECONDS);
    for pair in args.chunks(2) {
        match pair {
            [flag, file] if flag == "--program" => program = Some(file.into()),
            [flag, number] if flag == "--seconds" => seconds = number.parse()?,
            _ => bail!("usage: cargo xtask taxii-load [--program FILE] [--seconds N]"),
        }
    }
    let program = program.map_or_else(|| bench::release("blanik"), Ok)?;
    let folder = tempfile::tempdir()?;
    let served = Served::start(&std::fs::canonicalize(program)?, folder.path())?;
    let address = served.url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    let mut client = Client {
        address: address.context("an address")?.into(),
        token: served.token.clone(),
        stream: None,
    };
    for n in 0..OBJECTS / 500 {
        let objects: Vec<String> = (0..500).map(|i| object(n * 500 + i)).collect();
        client.add(&objects.join(","))?;
    }
    let before = memory(served.id())?;
    let started = Instant::now();
    let (mut slowest, mut bytes) = (Duration::ZERO, 0);
    let total = seconds * u64::from(REQUESTS_A_SECOND);
    println!("resident memory before: {before} KiB, {OBJECTS} objects");
    for n in 0..total {
        let due = started + Duration::from_secs(1) / REQUESTS_A_SECOND * u32::try_from(n)?;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let asked = Instant::now();
        bytes += match n % 100 {
            m if m < WRITES => client.add(&object(OBJECTS + n))?,
            m if m < 40 => client.get(&format!("objects/?limit=50&next=4.{}", n % OBJECTS))?,
            m if m < 60 => client.get("manifest/?limit=100")?,
            m if m < 80 => client.get(&format!("objects/{}/", id(n % OBJECTS)))?,
            _ => client.get("")?,
        };
        slowest = slowest.max(asked.elapsed());
        if (n + 1) % (u64::from(REQUESTS_A_SECOND) * 30) == 0 {
            println!("after {:>3} s: {} KiB", started.elapsed().as_secs(), memory(served.id())?);
        }
    }
    let after = memory(served.id())?;
    println!(
        "{total} requests in {:.1} s, {} MiB answered, the slowest {} ms; resident memory {before} -> {after} KiB, {} objects more",
        started.elapsed().as_secs_f64(),
        bytes >> 20,
        slowest.as_millis(),
        total / 100 * WRITES
    );
    Ok(ExitCode::SUCCESS)
}

fn id(n: u64) -> String {
    format!("indicator--00000000-0000-4000-8000-{n:012x}")
}

fn object(n: u64) -> String {
    let time = "2025-01-01T00:00:00.000Z";
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{}","created":"{time}","modified":"{time}","pattern":"[domain-name:value = 'd{n}.example']","pattern_type":"stix","valid_from":"{time}"}}"#,
        id(n)
    )
}

/// Resident memory of a process, in KiB.
fn memory(id: u32) -> Result<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status"))
        .context("memory is measured on Linux alone")?;
    let line = status.lines().find_map(|line| line.strip_prefix(KIB_A_PAGE_OF_STATUS));
    let number = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(number.parse()?)
}

/// One connection, kept as long as the server keeps it.
struct Client {
    address: String,
    token: String,
    stream: Option<TcpStream>,
}

impl Client {
    fn get(&mut self, rest: &str) -> Result<usize> {
        self.ask("GET", rest, "", 200)
    }

    fn add(&mut self, objects: &str) -> Result<usize> {
        self.ask("POST", "objects/", &format!(r#"{{"objects":[{objects}]}}"#), 202)
    }

    /// The answer's length.
    fn ask(&mut self, method: &str, rest: &str, body: &str, expected: u16) -> Result<usize> {
        let head = format!(
            "{method} /blanik/collections/shared/{rest} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/taxii+json;version=2.1\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let kept = self.stream.is_some();
        let answer = self.try_ask(&head, body);
        // A connection ends after its time: the next is a new one.
        let (status, length) = match answer {
            Err(_) if kept => {
                self.stream = None;
                self.try_ask(&head, body)?
            }
            answer => answer?,
        };
        ensure!(status == expected, "{method} {rest}: {status}");
        Ok(length)
    }

    fn try_ask(&mut self, head: &str, body: &str) -> Result<(u16, usize)> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(TcpStream::connect(&self.address)?),
        };
        stream.set_nodelay(true)?;
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut answer = Vec::new();
        let mut buffer = [0; 64 << 10];
        loop {
            let read = stream.read(&mut buffer)?;
            ensure!(read > 0, "the connection ended");
            answer.extend(&buffer[..read]);
            let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&answer[..end])?;
            let status = head.split(' ').nth(1).context("a status")?.parse()?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.context("a length")?.parse()?;
            if answer.len() >= end + 4 + length {
                return Ok((status, length));
            }
        }
    }
}
