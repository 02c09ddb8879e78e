//! Zeek's tab-separated logs → more of them. Logs of one path with the same fields become one log, its
//! header written once; each column gets fresh values by its type and at its rate.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};

use super::draw;
use super::fields::{self, Role};
use super::json::Names;
use super::pace::Pacer;
use super::report::{Compared, Made};
use super::sink::Sink;
use super::tally::{Rate, Tally};
use super::units::{self, Log, UNITS};
use crate::tree;

/// Logs that are alike.
#[derive(Debug)]
struct Family {
    /// `conn`, or `conn-2` for the second set of fields.
    name: String,
    header: Vec<u8>,
    /// For each column its number among all, and its type.
    columns: Vec<(usize, Vec<u8>)>,
}

/// All logs, with what was counted in them.
#[derive(Debug)]
struct Survey {
    families: Vec<Family>,
    logs: Vec<(Log, usize)>,
    names: Names,
    tally: Tally,
    rows: u64,
}

/// Expands the logs below `from` into `to`, `bytes` in all.
pub fn expand(from: &Path, to: &Path, bytes: u64, seed: u64) -> Result<Made> {
    let mut survey = survey(from)?;
    ensure!(survey.rows > 0, "{} holds no Zeek log with a header", from.display());
    let mut sinks = Vec::new();
    for family in &survey.families {
        let mut sink = Sink::create(&to.join(format!("{}.log", family.name)), bytes)?;
        sink.write(&family.header)?;
        sinks.push(sink);
    }
    let (here, rows) = write(&mut survey, &mut sinks, bytes, seed)?;
    let names = &survey.names;
    let original = survey.tally.rates(|column| names.name(column));
    let here = here.rates(|column| names.name(column));
    let types: BTreeMap<&str, &[u8]> = survey
        .families
        .iter()
        .flat_map(|f| f.columns.iter().map(|(column, kind)| (names.name(*column), &kind[..])))
        .collect();
    let kept = |name: &str, rate| role(name, types[name], rate) != Role::Fresh;
    let note = format!(
        "from {} logs of {} sorts, {} rows, {:.2} times",
        survey.logs.len(),
        survey.families.len(),
        survey.rows,
        rows as f64 / survey.rows as f64
    );
    let files = sinks.into_iter().map(Sink::finish).collect::<Result<_>>()?;
    let rates = Compared::all(&original, &here, kept);
    Ok(Made { files, events: rows, rates, notes: vec![note], ..Made::default() })
}

fn survey(from: &Path) -> Result<Survey> {
    let mut survey = Survey {
        families: Vec::new(),
        logs: Vec::new(),
        names: Names::new(),
        tally: Tally::default(),
        rows: 0,
    };
    for path in tree::files(from)? {
        survey.add(&path)?;
    }
    Ok(survey)
}

impl Survey {
    fn add(&mut self, path: &Path) -> Result<()> {
        let (mut header, mut family) = (Vec::new(), None);
        let mut whole = true;
        let log = Log::survey(path, |line| {
            if line.starts_with(b"#") && family.is_none() {
                header.extend_from_slice(line);
                header.push(b'\n');
                // `#types` is the last line of a header.
                if line.starts_with(b"#types\t") {
                    family = self.family(&header);
                }
            } else if !line.is_empty() && !line.starts_with(b"#") {
                match family {
                    Some(family) => self.row(family, line),
                    // A log that begins with rows has no header to write them under.
                    None => whole = false,
                }
            }
        })?;
        if let (Some(family), true) = (family, whole) {
            self.logs.push((log, family));
        }
        Ok(())
    }

    /// The family of a header; a new one if there is none.
    fn family(&mut self, header: &[u8]) -> Option<usize> {
        let line = |name: &[u8]| header.split(|&b| b == b'\n').find_map(|l| l.strip_prefix(name));
        let path = String::from_utf8_lossy(line(b"#path\t")?).into_owned();
        let fields: Vec<&[u8]> = line(b"#fields\t")?.split(|&b| b == b'\t').collect();
        let types: Vec<&[u8]> = line(b"#types\t")?.split(|&b| b == b'\t').collect();
        if fields.len() != types.len()
            || !path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            return None;
        }
        let parent = self.names.number(None, path.as_bytes());
        let columns: Vec<(usize, Vec<u8>)> = std::iter::zip(fields, types)
            .map(|(field, kind)| (self.names.number(Some(parent), field), kind.to_vec()))
            .collect();
        let known = self.families.iter().position(|f| f.path() == path && f.columns == columns);
        if known.is_some() {
            return known;
        }
        let alike = self.families.iter().filter(|f| f.path() == path).count();
        let name = if alike == 0 { path } else { format!("{path}-{}", alike + 1) };
        self.families.push(Family { name, header: header.to_vec(), columns });
        Some(self.families.len() - 1)
    }

    fn row(&mut self, family: usize, line: &[u8]) {
        if self.families[family].is_row(line) {
            self.rows += 1;
            count(&self.families[family], line, &mut self.tally);
        }
    }
}

impl Family {
    /// True if a line has the columns that the header names. One of the originals has one more in every
    /// row; it is copied.
    fn is_row(&self, line: &[u8]) -> bool {
        !line.starts_with(b"#")
            && memchr::memchr_iter(b'\t', line).count() + 1 >= self.columns.len()
    }

    fn path(&self) -> &str {
        self.name.split('-').next().unwrap_or(&self.name)
    }
}

fn count(family: &Family, line: &[u8], tally: &mut Tally) {
    for ((column, _), value) in std::iter::zip(&family.columns, line.split(|&b| b == b'\t')) {
        if !is_unset(value) {
            tally.add(*column, value);
        }
    }
}

fn is_unset(value: &[u8]) -> bool {
    matches!(value, b"" | b"-" | b"(empty)")
}

/// What becomes of a column: its type tells more than its name.
fn role(name: &str, kind: &[u8], rate: Rate) -> Role {
    match kind {
        b"bool" | b"enum" => Role::Kept,
        b"time" | b"addr" | b"port" | b"interval" => Role::Fresh,
        _ => match fields::role(name, rate) {
            // Zeek's messages are values like others.
            Role::Echo => Role::Fresh,
            role => role,
        },
    }
}

/// Writes rounds until `bytes` are full; returns what was counted, and the rows.
fn write(survey: &mut Survey, sinks: &mut [Sink], bytes: u64, seed: u64) -> Result<(Tally, u64)> {
    let mut roles = vec![Role::Kept; survey.names.len()];
    for (column, kind) in survey.families.iter().flat_map(|f| &f.columns) {
        roles[*column] = role(survey.names.name(*column), kind, survey.tally.rate(*column));
    }
    let field = |f| (survey.tally.rate(f), fields::digits_min(survey.names.name(f)));
    let mut pacer = Pacer::new(seed, (0..survey.names.len()).map(field));
    let (mut tally, mut rows) = (Tally::default(), 0);
    let mut written: u64 = sinks.iter().map(Sink::bytes).sum();
    let (mut text, mut row) = (Vec::new(), Vec::new());
    for round in 0.. {
        for turn in 0..UNITS {
            for (log, family) in &survey.logs {
                let columns = &survey.families[*family];
                let kind = draw::hash(0, columns.name.as_bytes());
                log.read(turn, &mut text)?;
                for line in units::lines(&text).filter(|line| columns.is_row(line)) {
                    row.clear();
                    for (at, value) in line.split(|&b| b == b'\t').enumerate() {
                        let column = columns.columns.get(at).map(|(column, _)| *column);
                        match column.filter(|&c| roles[c] == Role::Fresh && !is_unset(value)) {
                            Some(column) => pacer.write(column, kind, round, value, &mut row),
                            None => row.extend_from_slice(value),
                        }
                        row.push(b'\t');
                    }
                    row.pop();
                    count(columns, &row, &mut tally);
                    row.push(b'\n');
                    written += row.len() as u64;
                    if written > bytes || !sinks[*family].write(&row)? {
                        return Ok((tally, rows));
                    }
                    rows += 1;
                }
            }
        }
    }
    unreachable!("a round writes a row at least, and the size is bounded")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tproto\tservice\n\
                          #types\ttime\tstring\taddr\tenum\tstring\n";

    #[test]
    fn rows_keep_their_columns_and_rates() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("in"), folder.path().join("out"));
        std::fs::create_dir(&from).expect("made");
        for file in 0..3 {
            let row =
                |n| format!("17134883{:02}.5\tC{n}x{file}\t10.0.{}.7\ttcp\t-\n", n % 90, n % 50);
            let rows: String = (0..500).map(row).collect();
            let text = format!("{HEADER}{rows}#close\tx\n");
            std::fs::write(from.join(format!("{file}.log")), text).expect("written");
        }
        let made = expand(&from, &to, 200_000, 1).expect("made");
        assert!(made.bytes() <= 200_000 && made.bytes() > 199_900);
        let text = std::fs::read_to_string(to.join("conn.log")).expect("read");
        assert!(text.starts_with(HEADER));
        let rows: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(rows.len() as u64, made.events);
        for row in rows {
            let cells: Vec<&str> = row.split('\t').collect();
            assert_eq!((cells.len(), cells[3], cells[4]), (5, "tcp", "-"));
            assert!(cells[0].parse::<f64>().is_ok() && cells[2].starts_with("10."));
        }
        assert!(made.text().contains(" 0 further off than a tenth"), "{}", made.text());
        let again = expand(&from, &folder.path().join("again"), 200_000, 1).expect("made");
        assert_eq!(made.digest(), again.digest());
    }
}
