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

const REQUESTS_A_SECOND: u64 = 100;
/// Clients, each of which waits for its answers.
const CLIENTS: u64 = 4;
const SECONDS: u64 = 300;
/// Of a hundred requests, so many add an object, unless `--writes` says otherwise.
const WRITES: u64 = 10;
/// Objects that are there before.
const OBJECTS: u64 = 5_000;
const RESIDENT: &str = "VmRSS:";

/// Runs it, and prints a line every half minute.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let (mut program, mut seconds, mut writes) = (None, SECONDS, WRITES);
    for pair in args.chunks(2) {
        match pair {
            [flag, file] if flag == "--program" => program = Some(file.into()),
            [flag, number] if flag == "--seconds" => seconds = number.parse()?,
            [flag, number] if flag == "--writes" => writes = number.parse::<u64>()?.min(40),
            _ => bail!(
                "usage: cargo xtask taxii-load [--program FILE] [--seconds N] [--writes 0..40]"
            ),
        }
    }
    let program = program.map_or_else(|| bench::release("blanik"), Ok)?;
    let folder = tempfile::tempdir()?;
    let served = Served::start(&std::fs::canonicalize(program)?, folder.path())?;
    let address = served.url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    let address = address.context("an address")?;
    let client = || Client { address: address.into(), token: served.token.clone(), stream: None };
    let mut first = client();
    for n in 0..OBJECTS / 500 {
        let objects: Vec<String> = (0..500).map(|i| object(n * 500 + i)).collect();
        first.add(&objects.join(","))?;
    }
    let before = memory(served.id())?;
    println!("resident memory before: {before} KiB, {OBJECTS} objects");
    let total = seconds * REQUESTS_A_SECOND;
    let started = Instant::now();
    let clients = (0..CLIENTS).map(|number| (number, client()));
    let done: Vec<Result<(usize, Duration)>> = thread::scope(|scope| {
        let ask =
            |(number, client)| scope.spawn(move || asked(client, (number, total, writes), started));
        let threads: Vec<_> = clients.map(ask).collect();
        for seconds in (30..=seconds).step_by(30) {
            thread::sleep(
                (started + Duration::from_secs(seconds)).saturating_duration_since(Instant::now()),
            );
            let now = memory(served.id()).unwrap_or_default();
            println!("after {seconds:>3} s: {now} KiB");
        }
        threads.into_iter().map(|thread| thread.join().expect("no client panics")).collect()
    });
    let done = done.into_iter().collect::<Result<Vec<_>>>()?;
    println!(
        "{total} requests in {:.1} s, {} MiB answered, the slowest {} ms; resident memory {before} -> {} KiB, {} objects more",
        started.elapsed().as_secs_f64(),
        done.iter().map(|(bytes, _)| bytes).sum::<usize>() >> 20,
        done.iter().map(|(_, slowest)| slowest.as_millis()).max().unwrap_or_default(),
        memory(served.id())?,
        total / 100 * writes
    );
    Ok(ExitCode::SUCCESS)
}

/// One client's share of the requests, each when it is due. Bytes answered, and the slowest.
fn asked(
    mut client: Client,
    (number, total, writes): (u64, u64, u64),
    started: Instant,
) -> Result<(usize, Duration)> {
    let (mut bytes, mut slowest) = (0, Duration::ZERO);
    for n in (number..total).step_by(usize::try_from(CLIENTS)?) {
        let due = started + Duration::from_millis(n * 1_000 / REQUESTS_A_SECOND);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let asked = Instant::now();
        bytes += match n / CLIENTS % 100 {
            m if m < writes => client.add(&object(OBJECTS + n))?,
            m if m < 40 => client.get(&format!("objects/?limit=50&next=4.{}", n % OBJECTS))?,
            m if m < 60 => client.get("manifest/?limit=100")?,
            m if m < 80 => client.get(&format!("objects/{}/", id(n % OBJECTS)))?,
            _ => client.get("")?,
        };
        slowest = slowest.max(asked.elapsed());
    }
    Ok((bytes, slowest))
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
    let line = status.lines().find_map(|line| line.strip_prefix(RESIDENT));
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
