//! The figures as tables, and their place in `docs/BENCHMARKS.md`: between two marks. What stands
//! around them is written by people.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use super::inputs::Input;
use super::measure::Measured;
use super::record::Recorded;

const BEGIN: &str = "<!-- written by `cargo xtask bench --write` -->";
const END: &str = "<!-- end -->";

/// What is wanted of a row's ratio (or of its seconds, or megabytes).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// At most this.
    pub at_most: f64,
    /// Better still.
    pub stretch: f64,
}

/// A row of the table, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    work: String,
    ours: String,
    comparator: String,
    ratio: String,
    target: String,
    stretch: String,
    met: &'static str,
}

impl Line {
    fn new(work: &str, value: f64, target: Option<Target>, unit: &str) -> Line {
        let limit = |of: fn(Target) -> f64| {
            target.map_or("–".to_owned(), |target| format!("{} {unit}", of(target)))
        };
        Line {
            work: work.to_owned(),
            ours: String::new(),
            comparator: "–".to_owned(),
            ratio: "–".to_owned(),
            target: limit(|t| t.at_most),
            stretch: limit(|t| t.stretch),
            met: match target {
                None => "–",
                Some(target) if value <= target.stretch => "stretch",
                Some(target) if value <= target.at_most => "yes",
                Some(_) => "no",
            },
        }
    }

    fn beside(work: &str, ratio: f64, target: Option<Target>) -> Line {
        Line { ratio: format!("{ratio:.2}"), ..Line::new(work, ratio, target, "×") }
    }

    /// Processor time of the same input, start-up excluded.
    pub fn cpu(
        work: &str,
        input: &Input,
        ours: Measured,
        named: &str,
        other: Measured,
        target: Option<Target>,
    ) -> Line {
        let ratio = ours.cpu_s() / other.cpu_s().max(0.01);
        Line {
            ours: cpu(ours, input),
            comparator: format!("{named}: {}", cpu(other, input)),
            ..Line::beside(work, ratio, target)
        }
    }

    /// Time from start to end.
    pub fn wall(work: &str, ours: Measured, named: &str, other: Measured, target: Target) -> Line {
        Line {
            ours: format!("{:.2} s", ours.wall_s),
            comparator: format!("{named}: {:.2} s", other.wall_s),
            ..Line::beside(work, ours.wall_s / other.wall_s, Some(target))
        }
    }

    /// Seconds of their own.
    pub fn seconds(work: &str, ours: Measured, target: Option<Target>) -> Line {
        Line {
            ours: format!("{:.3} s wall, {:.2} s CPU", ours.wall_s, ours.whole_cpu_s),
            ..Line::new(work, ours.wall_s, target, "s")
        }
    }

    /// Megabytes of their own.
    pub fn memory(work: &str, ours: Measured, target: Target) -> Line {
        let megabytes = ours.rss_kib as f64 * 1024.0 / 1e6;
        Line {
            ours: format!("{megabytes:.0} MB"),
            ..Line::new(work, megabytes, Some(target), "MB")
        }
    }

    /// The cost of an event beside that of a smaller input.
    pub fn per_event(input: &Input, ours: Measured, first: &(&Input, Measured)) -> Line {
        let (small, measured) = first;
        let (cost, before) = (per_event(ours, input), per_event(*measured, small));
        let target = Target { at_most: 1.1, stretch: 1.1 };
        let work = format!("an event of {} beside one of {}", input.name, small.name);
        Line {
            ours: format!("{cost:.2} µs/event"),
            comparator: format!("{before:.2} µs/event"),
            stretch: "–".to_owned(),
            met: if cost <= before * target.at_most { "yes" } else { "no" },
            ..Line::beside(&work, cost / before, Some(target))
        }
    }

    fn cells(&self) -> String {
        format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            self.work, self.ours, self.comparator, self.ratio, self.target, self.stretch, self.met
        )
    }
}

fn per_event(measured: Measured, input: &Input) -> f64 {
    measured.cpu_s() * 1e6 / input.events.max(1) as f64
}

fn cpu(measured: Measured, input: &Input) -> String {
    format!(
        "{:.2} s ({:.2} µs/event; start-up {:.2} s)",
        measured.cpu_s(),
        per_event(measured, input),
        measured.start_cpu_s
    )
}

/// A pathological case.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    case: String,
    events: u64,
    event_us: f64,
    megabytes_per_s: f64,
    beside_tape: f64,
    start_s: f64,
    rss_kib: u64,
}

impl Rate {
    /// From what was measured, and the tape of the same bytes.
    pub fn new(case: &str, input: &Input, ours: Measured, tape: Measured) -> Rate {
        Rate {
            case: case.to_owned(),
            events: input.events,
            event_us: per_event(ours, input),
            megabytes_per_s: input.bytes as f64 / 1e6 / ours.cpu_s().max(0.01),
            beside_tape: ours.cpu_s() / tape.cpu_s().max(0.01),
            start_s: ours.start_cpu_s,
            rss_kib: ours.rss_kib,
        }
    }

    fn cells(&self) -> String {
        format!(
            "| {} | {} | {:.2} | {:.0} | {:.1} × | {:.2} s | {:.0} MB |",
            self.case,
            self.events,
            self.event_us,
            self.megabytes_per_s,
            self.beside_tape,
            self.start_s,
            self.rss_kib as f64 * 1024.0 / 1e6
        )
    }
}

/// All rows of one go.
#[derive(Debug, Default)]
pub struct Run {
    /// The day.
    pub date: String,
    /// The machine.
    pub machine: String,
    /// The command.
    pub command: String,
    /// How the comparators were installed.
    pub installed: &'static [&'static str],
    /// The table's rows.
    pub lines: Vec<Line>,
    /// Hunts on record.
    pub recorded: Vec<Recorded>,
    /// The pathological cases.
    pub cases: Vec<Rate>,
    /// What the micro-benchmarks wrote.
    pub micro: Vec<(String, String)>,
}

impl Run {
    /// True if nothing was measured.
    pub fn is_empty(&self) -> bool {
        let tables = self.lines.len() + self.recorded.len() + self.cases.len();
        tables + self.micro.len() == 0
    }

    /// The tables with where, when and how.
    pub fn text(&self) -> String {
        let mut text = format!("{}; {}. `{}`\n", self.date, self.machine, self.command);
        if !self.lines.is_empty() {
            text.push_str(
                "\n| work | ours | comparator | ratio | target | stretch | met |\n\
                 |---|---|---|--:|--:|--:|---|\n",
            );
            self.lines.iter().for_each(|line| push_line(&mut text, &line.cells()));
            let how: Vec<String> = self.installed.iter().map(|i| format!("`{i}`")).collect();
            push_line(&mut text, &format!("\nComparators: {}.", how.join(", ")));
        }
        if !self.recorded.is_empty() {
            text.push_str("\n### A hunt on record\n\n");
            text.push_str(Recorded::HEAD);
            self.recorded.iter().for_each(|row| push_line(&mut text, &row.cells()));
        }
        if !self.cases.is_empty() {
            text.push_str(
                "\n### Worst cases\n\n| 100 MB of | events | µs/event | MB/s | beside simd-json's tape | \
                 start-up | memory |\n|---|--:|--:|--:|--:|--:|--:|\n",
            );
            self.cases.iter().for_each(|case| push_line(&mut text, &case.cells()));
        }
        for (package, out) in &self.micro {
            push_line(&mut text, &format!("\n### Stages: `cargo bench -p {package}`\n"));
            push_line(&mut text, &format!("```text\n{}\n```", out.trim_end()));
        }
        text
    }

    /// The page with this in place of the last.
    pub fn into_page(self, old: &str) -> Result<String> {
        let (head, rest) = old.split_once(BEGIN).with_context(|| format!("no line {BEGIN}"))?;
        let (_, tail) = rest.split_once(END).with_context(|| format!("no line {END}"))?;
        Ok(format!("{head}{BEGIN}\n{}{END}{tail}", self.text()))
    }
}

fn push_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to memory");
}

/// Processor, their number, memory and kernel; no name of the machine.
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
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = kernel.trim().split('-').next().unwrap_or_default();
    format!("{model}, {cores} processors{memory}, {} {release}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(events: u64) -> Input {
        let (folder, logs) = (std::path::PathBuf::new(), Vec::new());
        Input { name: format!("n-{events}"), folder, logs, events, bytes: 100_000_000 }
    }

    fn measured(whole: f64, start: f64) -> Measured {
        Measured { whole_cpu_s: whole, start_cpu_s: start, wall_s: whole, rss_kib: 100_000 }
    }

    #[test]
    fn the_tables_replace_the_last_and_nothing_else() {
        let line = Line::seconds("w", measured(1.0, 0.0), None);
        let run = || Run { date: "2026-01-01".into(), lines: vec![line.clone()], ..Run::default() };
        let old = format!("head\n{BEGIN}\nold\n{END}\ntail\n");
        let new = run().into_page(&old).expect("it has marks");
        assert_eq!(new, format!("head\n{BEGIN}\n{}{END}\ntail\n", run().text()));
        assert!(run().into_page("no marks").is_err());
    }

    #[test]
    fn a_ratio_is_of_times_without_start_up() {
        let target = Some(Target { at_most: 2.0, stretch: 1.4 });
        let cells = |whole| {
            let (ours, other) = (measured(whole, 1.0), measured(2.0, 0.0));
            Line::cpu("W", &input(1_000_000), ours, "other", other, target).cells()
        };
        let expected = "| W | 4.00 s (4.00 µs/event; start-up 1.00 s) | \
                        other: 2.00 s (2.00 µs/event; start-up 0.00 s) | 2.00 | 2 × | 1.4 × | yes |";
        assert_eq!(cells(5.0), expected);
        assert!(cells(5.1).ends_with("| no |"));
        assert!(cells(3.5).ends_with("| stretch |"));
    }

    #[test]
    fn an_event_of_a_larger_input_may_cost_a_tenth_more() {
        let small = input(1_000);
        let first = (&small, measured(1.0, 0.0));
        let met = |whole| Line::per_event(&input(10_000), measured(whole, 0.0), &first).met;
        assert_eq!((met(10.9), met(11.2)), ("yes", "no"));
    }
}
