//! One JSON record → the same record with fresh values: same keys, same order, valid JSON.

use std::ops::Range;

use super::draw;
use super::fields::{self, Role};
use super::json::{Leaf, Names};
use super::moment;
use super::pace::Pacer;
use super::tally::{Rate, Tally};

/// Values longer than this are not looked for in messages.
const ECHO_BYTES_MAX: usize = 4096;

/// What the originals hold.
#[derive(Debug)]
pub struct Survey {
    names: Names,
    leaves: Vec<Leaf>,
    /// What was counted.
    pub tally: Tally,
    /// Records.
    pub events: u64,
    /// Lines that are none.
    pub others: u64,
}

impl Survey {
    /// Of nothing yet.
    pub fn new() -> Survey {
        let (names, leaves) = (Names::new(), Vec::new());
        Survey { names, leaves, tally: Tally::default(), events: 0, others: 0 }
    }

    /// Counts a line.
    pub fn add(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        if !self.names.leaves(line, &mut self.leaves) {
            self.others += 1;
            return;
        }
        self.events += 1;
        for leaf in &self.leaves {
            self.tally.add(leaf.field, &line[leaf.at.clone()]);
        }
    }

    /// A field's name.
    pub fn name(&self, field: usize) -> &str {
        self.names.name(field)
    }

    /// The role and the rate of each field.
    pub fn roles(&self) -> Vec<(Role, Rate)> {
        let of = |field| (self.tally.rate(field), self.name(field));
        let all = (0..self.names.len()).map(of);
        all.map(|(rate, name)| (fields::role(name, rate), rate)).collect()
    }
}

/// See the module. Rewrites what it surveyed.
#[derive(Debug)]
pub struct Rewriter {
    /// The originals.
    pub survey: Survey,
    /// What was written.
    pub tally: Tally,
    /// Records written.
    pub events: u64,
    roles: Vec<Role>,
    tells_kind: Vec<bool>,
    pacer: Pacer,
    round: u32,
    scratch: Vec<u8>,
    replaced: Vec<(Range<usize>, Range<usize>)>,
}

impl Rewriter {
    /// For the originals surveyed.
    pub fn new(seed: u64, survey: Survey) -> Rewriter {
        let (roles, rates): (Vec<_>, Vec<Rate>) = survey.roles().into_iter().unzip();
        let tells_kind = (0..roles.len()).map(|f| fields::tells_kind(survey.name(f))).collect();
        let digits_min = (0..roles.len()).map(|f| fields::digits_min(survey.name(f)));
        let pacer = Pacer::new(seed, std::iter::zip(rates, digits_min));
        Rewriter {
            survey,
            tally: Tally::default(),
            events: 0,
            roles,
            tells_kind,
            pacer,
            round: 0,
            scratch: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// The number of the round that begins.
    pub fn begin_round(&mut self, round: u32) {
        self.round = round;
    }

    /// Writes the record of a line and a line's end to `out`. False, and nothing written, if the line is
    /// no record.
    pub fn write(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        let mut leaves = std::mem::take(&mut self.survey.leaves);
        let is_record = self.survey.names.leaves(line, &mut leaves);
        if is_record {
            self.record(line, &leaves, out);
        }
        self.survey.leaves = leaves;
        is_record
    }

    /// Counts what was written last. Apart from [`Rewriter::write`], for the last record of a file may
    /// not fit into it.
    pub fn count(&mut self, written: &[u8]) {
        let mut leaves = std::mem::take(&mut self.survey.leaves);
        self.survey.names.leaves(written, &mut leaves);
        for leaf in &leaves {
            self.tally.add(leaf.field, &written[leaf.at.clone()]);
        }
        self.survey.leaves = leaves;
        self.events += 1;
    }

    fn record(&mut self, line: &[u8], leaves: &[Leaf], out: &mut Vec<u8>) {
        self.replace(line, leaves);
        let mut end = 0;
        for leaf in leaves {
            match self.roles[leaf.field] {
                Role::Kept => continue,
                Role::Fresh => {
                    // Both lists are in the order of the line.
                    let at = self.replaced.partition_point(|(old, _)| old.start < leaf.at.start);
                    out.extend_from_slice(&line[end..leaf.at.start]);
                    out.extend_from_slice(&self.scratch[self.replaced[at].1.clone()]);
                }
                Role::Echo => {
                    out.extend_from_slice(&line[end..leaf.at.start]);
                    self.echo(line, leaf.at.clone(), out);
                }
            }
            end = leaf.at.end;
        }
        out.extend_from_slice(&line[end..]);
        out.push(b'\n');
    }

    /// Draws the values of all fields that get fresh ones.
    fn replace(&mut self, line: &[u8], leaves: &[Leaf]) {
        self.scratch.clear();
        self.replaced.clear();
        let telling = leaves.iter().filter(|leaf| self.tells_kind[leaf.field]);
        let kind = telling.fold(0, |kind, leaf| draw::hash(kind, &line[leaf.at.clone()]));
        for leaf in leaves.iter().filter(|leaf| self.roles[leaf.field] == Role::Fresh) {
            let from = self.scratch.len();
            // A number never stands for a text.
            let kind = kind & !1 | u64::from(leaf.is_text);
            let value = &line[leaf.at.clone()];
            self.pacer.write(leaf.field, kind, self.round, value, &mut self.scratch);
            if !leaf.is_text && !is_number(&self.scratch[from..]) {
                self.scratch.truncate(from);
                self.scratch.extend_from_slice(value);
            }
            self.replaced.push((leaf.at.clone(), from..self.scratch.len()));
        }
    }

    /// Writes a message with the values of the other fields as they are now. A message is lines of
    /// `Name: value`; the lines' ends and tabulators are escapes.
    fn echo(&self, line: &[u8], at: Range<usize>, out: &mut Vec<u8>) {
        let from = out.len();
        let text = &line[at];
        let mut written = 0;
        for colon in memchr::memchr_iter(b':', text) {
            let mut start = colon + 1;
            loop {
                match text.get(start..) {
                    Some([b' ', ..]) => start += 1,
                    Some([b'\\', b't', ..]) => start += 2,
                    _ => break,
                }
            }
            if start == colon + 1 || start < written {
                continue;
            }
            let end = value_end(text, start);
            if let Some(new) = self.replacement(line, &text[start..end]) {
                out.extend_from_slice(&text[written..start]);
                out.extend_from_slice(new);
                written = end;
            }
        }
        out.extend_from_slice(&text[written..]);
        // A message that repeats no value is of this round by its times alone.
        if written == 0 && self.round > 0 {
            moment::shift(&mut out[from..], 31 * i64::from(self.round));
        }
    }

    fn replacement(&self, line: &[u8], value: &[u8]) -> Option<&[u8]> {
        if value.is_empty() || value.len() > ECHO_BYTES_MAX {
            return None;
        }
        let same = |old: &Range<usize>| {
            old.len() == value.len() && line[old.clone()].eq_ignore_ascii_case(value)
        };
        let (_, new) = self.replaced.iter().find(|(old, _)| same(old))?;
        Some(&self.scratch[new.clone()])
    }
}

/// Where the value ends that begins at `start`: at the line's end, or the message's.
fn value_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'\\', Some(b'r' | b'n')) => return at,
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// True if a number of JSON: without leading zeroes.
fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] => true,
        [b'0', second, ..] => !second.is_ascii_digit(),
        _ => digits.iter().all(|b| b.is_ascii_digit()) && !digits.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn event(number: usize) -> String {
        let event = serde_json::json!({
            "EventID": 1,
            "Message": format!("Process Create:\r\nImage: C:\\Windows\\a{}.exe\r\nProcessId:\t{}", number % 40, 4000 + number),
            "Channel": "Sysmon",
            "Image": format!("C:\\Windows\\a{}.exe", number % 40),
            "ProcessId": 4000 + number,
            "winlog": {"time": format!("2020-10-12T22:32:48.{:03}Z", number % 1000)},
        });
        event.to_string()
    }

    fn rewriter(seed: u64) -> Rewriter {
        let mut survey = Survey::new();
        for number in 0..2000 {
            survey.add(event(number).as_bytes());
        }
        Rewriter::new(seed, survey)
    }

    fn expand(seed: u64, rounds: u32) -> (Rewriter, Vec<Value>) {
        let (mut rewriter, mut out, mut values) = (rewriter(seed), Vec::new(), Vec::new());
        for round in 0..rounds {
            rewriter.begin_round(round);
            for number in 0..2000 {
                assert!(rewriter.write(event(number).as_bytes(), &mut out));
                rewriter.count(&out);
                values.push(serde_json::from_slice(&out).expect("valid JSON"));
            }
        }
        (rewriter, values)
    }

    #[test]
    fn the_same_seed_gives_the_same_records_and_another_others() {
        assert_eq!(expand(1, 2).1, expand(1, 2).1);
        assert_ne!(expand(1, 2).1, expand(2, 2).1);
    }

    #[test]
    fn rates_are_kept() {
        let (rewriter, _) = expand(1, 5);
        for field in 0..rewriter.survey.names.len() {
            if rewriter.roles[field] == Role::Kept {
                continue;
            }
            let (old, new) = (rewriter.survey.tally.rate(field), rewriter.tally.rate(field));
            let off = (new.rate() / old.rate() - 1.0).abs();
            assert!(off < 0.1, "{}: {old:?} {new:?}", rewriter.survey.name(field));
        }
    }

    #[test]
    fn keys_and_kinds_stay_and_the_message_follows() {
        let (_, values) = expand(1, 2);
        let last = &values[3999];
        let keys: Vec<&String> = last.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["EventID", "Message", "Channel", "Image", "ProcessId", "winlog"]);
        assert_eq!((&last["EventID"], &last["Channel"]), (&1.into(), &"Sysmon".into()));
        let message = last["Message"].as_str().expect("text");
        let expected = format!(
            "Process Create:\r\nImage: {}\r\nProcessId:\t{}",
            last["Image"].as_str().expect("text"),
            last["ProcessId"]
        );
        assert_eq!(message, expected);
        assert_ne!(last["ProcessId"], 5999);
    }
}
