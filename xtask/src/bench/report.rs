//! The figures as a table, and their place in `docs/BENCHMARKS.md`: between two marks. What stands
//! around them is written by people.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::measure::{Sample, median};

const BEGIN: &str = "<!-- written by `cargo xtask bench --write` -->";
const END: &str = "<!-- end -->";

/// Logs hunted with rules.
#[derive(Clone, Debug, Default)]
pub struct Row {
    logs: &'static str,
    folder: &'static str,
    rules: &'static str,
    rule_count: u64,
    events: u64,
    bytes: u64,
    findings: u64,
    wall_s: f64,
    cpu_s: f64,
    rss_kib: u64,
}

impl Row {
    /// From the samples and the program's own summary.
    pub fn new(samples: &[Sample], summary: &Value) -> Result<Row> {
        let number = |path: &str| {
            summary
                .pointer(path)
                .and_then(Value::as_u64)
                .with_context(|| format!("no {path} in the summary"))
        };
        Ok(Row {
            rule_count: number("/read/rules")?,
            events: number("/read/accounting/events_read")?,
            bytes: number("/read/bytes")?,
            findings: number("/findings")?,
            wall_s: median(samples.iter().map(|s| s.wall_s)).context("no run")?,
            cpu_s: median(samples.iter().map(|s| s.cpu_s)).context("no run")?,
            rss_kib: samples.iter().map(|s| s.rss_kib).max().context("no run")?,
            ..Row::default()
        })
    }

    /// With the logs' name, their folder in the data set, and the name of the rules.
    pub fn named(self, logs: &'static str, folder: &'static str, rules: &'static str) -> Row {
        Row { logs, folder, rules, ..self }
    }

    fn cells(&self) -> String {
        let mib = |bytes: u64| bytes >> 20;
        let rate = self.events as f64 / self.cpu_s.max(0.01);
        format!(
            "| {} (`{}`) | {} MiB | {} | {} ({}) | {} | {:.1} s | {:.1} s | {rate:.0} | {} MiB |",
            self.logs,
            self.folder,
            mib(self.bytes),
            self.events,
            self.rules,
            self.rule_count,
            self.findings,
            self.wall_s,
            self.cpu_s,
            mib(self.rss_kib << 10),
        )
    }
}

/// All rows of one go.
#[derive(Debug)]
pub struct Run {
    /// The day.
    pub date: String,
    /// The machine.
    pub machine: String,
    /// Runs a row.
    pub runs: usize,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Run {
    /// The table with where, when and how.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{}; {}. `cargo xtask bench --runs {}`: times are medians, memory is the largest.\n\n\
             | logs | read | events | rules | findings | wall | processor | events per processor second | memory |\n\
             |---|--:|--:|---|--:|--:|--:|--:|--:|\n",
            self.date, self.machine, self.runs
        );
        for row in &self.rows {
            writeln!(text, "{}", row.cells()).expect("writing to memory");
        }
        text
    }

    /// The page with this table in place of the last.
    pub fn into_page(self, old: &str) -> Result<String> {
        let (head, rest) = old.split_once(BEGIN).with_context(|| format!("no line {BEGIN}"))?;
        let (_, tail) = rest.split_once(END).with_context(|| format!("no line {END}"))?;
        Ok(format!("{head}{BEGIN}\n{}{END}{tail}", self.table()))
    }
}

/// Processor, their number and memory, as the kernel tells; no name of the machine.
pub fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|l| l.starts_with(name))?.to_owned();
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kib =
        field("/proc/meminfo", "MemTotal").and_then(|t| t.split(' ').next()?.parse::<u64>().ok());
    let memory = kib.map_or_else(String::new, |kib| format!(", {} GiB of memory", kib >> 20));
    format!("{model}, {cores} processors{memory}, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_replaces_the_last_and_nothing_else() {
        let run = Run { date: "2026-01-01".into(), machine: "M".into(), runs: 3, rows: vec![] };
        let table = run.table();
        let old = format!("head\n{BEGIN}\nold\n{END}\ntail\n");
        let new = run.into_page(&old).expect("it has marks");
        assert_eq!(new, format!("head\n{BEGIN}\n{table}{END}\ntail\n"));
        let run = Run { date: String::new(), machine: String::new(), runs: 1, rows: vec![] };
        assert!(run.into_page("no marks").is_err());
    }

    #[test]
    fn a_row_is_what_the_summary_and_the_clock_say() {
        let summary = serde_json::json!({
            "findings": 7,
            "read": {"rules": 2, "bytes": 3 << 20, "accounting": {"events_read": 100}},
        });
        let sample = Sample { wall_s: 2.0, cpu_s: 4.0, rss_kib: 4096 };
        let row = Row::new(&[sample], &summary).expect("all is there").named("L", "l", "R");
        let cells = "| L (`l`) | 3 MiB | 100 | R (2) | 7 | 2.0 s | 4.0 s | 25 | 4 MiB |";
        assert_eq!(row.cells(), cells);
    }
}
