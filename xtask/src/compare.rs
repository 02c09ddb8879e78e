//! What parsing alone costs: the comparators that are no program of somebody else. `cargo xtask bench`
//! runs them as processes of their own, so that reading the file is in their time as it is in ours.

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use simd_json::{Buffers, Tape};

/// Bytes read at once; a line may be longer.
const READ_BYTES: usize = 1 << 20;
/// Bytes hashed at once.
const HASHED_AT_ONCE: usize = 1 << 17;

/// `compare tape FILE…`, `compare split FILE…` or `compare digest FILE…`.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let (what, files) = args.split_first().context("compare what?")?;
    let mut sum = 0u64;
    for file in files {
        let input = File::open(file).with_context(|| format!("cannot read {file}"))?;
        match what.as_str() {
            "tape" => {
                let mut parser = Parser::default();
                lines(input, |line| sum += parser.nodes(line))?;
            }
            "split" => lines(input, |line| sum += cells(line))?,
            "digest" => sum += u64::from(digest(input)?[0]),
            _ => bail!("compare {what}: tape, split or digest"),
        }
    }
    // Printed, so that no compiler can leave the work out.
    println!("{sum}");
    Ok(ExitCode::SUCCESS)
}

/// simd-json's tape, in buffers that are kept.
struct Parser {
    buffers: Buffers,
    tape: Tape<'static>,
}

impl Default for Parser {
    fn default() -> Self {
        Parser { buffers: Buffers::new(0), tape: Tape(Vec::new()) }
    }
}

impl Parser {
    /// How many nodes the tape of a line has; none if it is no JSON.
    fn nodes(&mut self, line: &mut [u8]) -> u64 {
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let parsed = simd_json::fill_tape(line, &mut self.buffers, &mut tape);
        let nodes = if parsed.is_ok() { tape.0.len() as u64 } else { 0 };
        self.tape = tape.reset();
        nodes
    }
}

/// The lengths of a line's cells, summed.
fn cells(line: &mut [u8]) -> u64 {
    line.split(|&b| b == b'\t').map(|cell| cell.len() as u64).sum()
}

/// SHA-256 of a file, by the code and in the pieces by which a hunt makes it.
fn digest(mut input: impl Read) -> Result<[u8; 32]> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; HASHED_AT_ONCE]);
    loop {
        match input.read(&mut buffer).context("cannot read")? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Gives every line to `line`, in the buffer it was read into.
fn lines(mut input: impl Read, mut line: impl FnMut(&mut [u8])) -> Result<()> {
    let mut buffer = vec![0; 2 * READ_BYTES];
    let (mut from, mut filled) = (0, 0);
    loop {
        while let Some(length) = memchr::memchr(b'\n', &buffer[from..filled]) {
            line(&mut buffer[from..from + length]);
            from += length + 1;
        }
        buffer.copy_within(from..filled, 0);
        (from, filled) = (0, filled - from);
        if buffer.len() - filled < READ_BYTES {
            buffer.resize(buffer.len() * 2, 0);
        }
        let read = input.read(&mut buffer[filled..]).context("cannot read")?;
        if read == 0 {
            if filled > 0 {
                line(&mut buffer[..filled]);
            }
            return Ok(());
        }
        filled += read;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_seen_whole() {
        for count in [0, 1, 3, 50_000] {
            let texts: Vec<String> = (0..count).map(|n| format!("{n}").repeat(n % 90)).collect();
            let mut text: String = texts.iter().map(|line| format!("{line}\n")).collect();
            text.push_str("last");
            let mut seen = Vec::new();
            let read = |line: &mut [u8]| seen.push(String::from_utf8_lossy(line).into_owned());
            lines(text.as_bytes(), read).expect("read");
            assert_eq!(seen.pop().as_deref(), Some("last"));
            assert_eq!(seen, texts);
        }
    }

    #[test]
    fn a_digest_is_of_all_bytes() {
        let bytes = vec![b'x'; HASHED_AT_ONCE + 1];
        assert_eq!(digest(&bytes[..]).expect("read"), <[u8; 32]>::from(Sha256::digest(&bytes)));
    }

    #[test]
    fn nodes_and_cells_are_counted() {
        let mut parser = Parser::default();
        let mut text = br#"{"a":1,"b":["c"]}"#.to_vec();
        assert_eq!(parser.nodes(&mut text), 6);
        assert_eq!(parser.nodes(&mut b"{\"a\"".to_vec()), 0);
        assert_eq!(cells(&mut b"ab\t\tc".to_vec()), 3);
    }
}
