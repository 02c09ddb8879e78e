//! Inputs for which the program's ideas do not hold: values that never repeat, expressions without a
//! literal to look for, very long values, one kind of event, thousands of kinds.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::draw::Draw;
use super::lines;
use super::report::Made;
use super::rules;
use super::sink::Sink;

/// Channels, each with as many event ids.
const CHANNELS: u64 = 100;
const IDS: u64 = 50;
/// Characters of the long command lines.
const LONG: usize = 10_000;
/// Rules of regular expressions.
const EXPRESSIONS: usize = 60;

/// The cases by name.
pub const CASES: &[&str] = &["values", "regex", "long", "one-kind", "kinds"];

/// Makes one of the cases: `bytes` of events in `to/NAME`, and rules in `to/NAME-rules` where it has some.
pub fn make(case: &str, data: &Path, to: &Path, bytes: u64, seed: u64) -> Result<Made> {
    let file = to.join(case).join("events.json");
    let draw = |number| Draw::of(seed, case.as_bytes(), number);
    match case {
        "one-kind" => {
            // Accesses to processes, of which Sysmon writes most.
            let only = |line: &[u8]| {
                memchr::memmem::find(line, b"\"EventID\":10,").is_some()
                    && memchr::memmem::find(line, b"Sysmon/Operational").is_some()
            };
            let from = data.join("windows-json-otrf");
            lines::expand(&lines::Task { from, only: &only, to: &file, bytes, seed })
        }
        "values" => events(&file, bytes, |number| fresh(&mut draw(number), number)),
        "long" => events(&file, bytes, |number| long(&mut draw(number), number)),
        "kinds" => {
            let mut made = events(&file, bytes, |number| of_kind(&mut draw(number), number))?;
            let sources = log_sources();
            made.files.push(rules::write(to, "kinds-rules/log-sources.yml", &sources)?);
            Ok(made)
        }
        _ => {
            let mut made = events(&file, bytes, |number| near(&mut draw(number), number))?;
            let text = expressions(seed);
            made.files.push(rules::write(to, "regex-rules/expressions.yml", &text)?);
            Ok(made)
        }
    }
}

fn events(file: &Path, bytes: u64, event: impl Fn(u64) -> serde_json::Value) -> Result<Made> {
    let mut sink = Sink::create(file, bytes)?;
    let mut count = 0;
    while sink.write(format!("{}\n", event(count)).as_bytes())? {
        count += 1;
    }
    Ok(Made { files: vec![sink.finish()?], events: count, ..Made::default() })
}

fn word(draw: &mut Draw, length: usize) -> String {
    let mut word = Vec::with_capacity(length);
    draw.word(length, &mut word);
    word.into_iter().map(char::from).collect()
}

/// One a second, from 2024 on.
fn time(number: u64) -> String {
    let (day, second) = (number / 86_400, number % 86_400);
    let (month, day) = (1 + day / 28 % 12, 1 + day % 28);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("2024-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

fn sysmon(number: u64, image: &str, parent: &str, command: &str, user: &str) -> serde_json::Value {
    json!({
        "@timestamp": time(number), "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon", "EventID": 1, "Hostname": format!("pc-{number}.example"),
        "RecordNumber": number, "UtcTime": time(number), "ProcessId": format!("{}", 4 * number),
        "Image": image, "ParentImage": parent, "CommandLine": command, "User": user,
        "ParentCommandLine": parent, "CurrentDirectory": parent, "OriginalFileName": user,
        "Description": user, "Product": user, "Company": user, "IntegrityLevel": "Medium",
        "Hashes": format!("SHA256={user}"), "LogonId": format!("0x{number:x}"),
    })
}

/// No value but the kind's stands twice.
fn fresh(draw: &mut Draw, number: u64) -> serde_json::Value {
    let (a, b, c) = (word(draw, 9), word(draw, 12), word(draw, 10));
    let image = format!("C:\\Users\\{a}\\{b}.exe");
    let parent = format!("C:\\Program Files\\{c}\\{a}{b}.exe");
    let command = format!("\"{image}\" --{c} {b} /{a}:{number} \"{parent}\"");
    sysmon(number, &image, &parent, &command, &format!("{c}\\{b}"))
}

/// Command lines of ten thousand characters.
fn long(draw: &mut Draw, number: u64) -> serde_json::Value {
    let mut command = String::from("powershell.exe ");
    while command.len() < LONG {
        command.push_str(&word(draw, 8));
        command.push(' ');
    }
    command.truncate(LONG);
    let image = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
    sysmon(number, image, "C:\\Windows\\explorer.exe", &command, "EXAMPLE\\user")
}

/// Values in which expressions of classes and repetitions get far before they fail.
fn near(draw: &mut Draw, number: u64) -> serde_json::Value {
    let mut command = String::new();
    for _ in 0..12 {
        let length = 3 + draw.below(9) as usize;
        command.push_str(&word(draw, length));
        command.push(char::from(draw.one_of(b" .-_/=0123456789")));
    }
    let image = format!("C:\\{}\\{}.exe", word(draw, 8), word(draw, 6));
    sysmon(number, &image, "C:\\Windows\\explorer.exe", &command, "EXAMPLE\\user")
}

/// One of 5,000 pairs of channel and event id, of which only a few are known.
fn of_kind(draw: &mut Draw, number: u64) -> serde_json::Value {
    let kind = number % (CHANNELS * IDS);
    let (channel, id) = (kind % CHANNELS, kind / CHANNELS);
    let channel = match channel {
        0 => "Security".to_owned(),
        1 => "System".to_owned(),
        2 => "Microsoft-Windows-Sysmon/Operational".to_owned(),
        3 => "Microsoft-Windows-PowerShell/Operational".to_owned(),
        _ => format!("Example-Provider-{channel}/Operational"),
    };
    let id = if channel == "Security" { 4608 + 7 * id } else { 1 + id };
    let (a, b) = (draw.below(2000), draw.below(200));
    json!({
        "@timestamp": time(number), "Channel": channel, "EventID": id, "RecordNumber": number,
        "Hostname": format!("pc-{b}.example"), "Image": format!("C:\\Windows\\program{b}.exe"),
        "CommandLine": format!("program{b}.exe --job {a}"), "User": format!("EXAMPLE\\user{b}"),
        "TargetObject": format!("HKLM\\Software\\Example\\{a}"), "Data": word(draw, 12),
    })
}

fn rule(number: usize, title: &str, source: &str, detection: &str) -> String {
    let id = format!("00000000-0000-4000-8{:03}-{number:012}", title.len());
    format!(
        "title: {title} {number}\nid: {id}\nstatus: test\nlevel: low\nlogsource:\n{source}\
         detection:\n  selection:\n{detection}  condition: selection\n"
    )
}

/// Expressions of classes, alternatives and repetitions: no text stands in any of them.
fn expressions(seed: u64) -> String {
    let classes = ["[a-z]", "[0-9]", "\\w", "\\d", "[^ ]", "[a-f0-9]", "[b-df-hj-np-tv-z]", "\\S"];
    let repeats = ["+", "{2,6}", "{3}", "*", "{1,12}"];
    let separators = ["\\s", "[ ._-]", "[/=]", "\\W"];
    let mut documents = Vec::new();
    for number in 0..EXPRESSIONS {
        let mut draw = Draw::of(seed, b"expression", number as u64);
        let mut pick = |from: &[&'static str]| from[draw.below(from.len() as u64) as usize];
        let part = |pick: &mut dyn FnMut(&[&'static str]) -> &'static str| {
            format!("{}{}{}", pick(&classes), pick(&repeats), pick(&separators))
        };
        let (one, two, three) = (part(&mut pick), part(&mut pick), part(&mut pick));
        let pattern = match number % 4 {
            0 => format!("^(?:{one}|{two})+{three}$"),
            1 => format!("{one}{two}{three}[A-Z]{{9}}"),
            2 => format!("(?:{one}{two}){{3,}}{three}\\d{{5}}$"),
            _ => format!("^.*{one}.*{two}.*{three}\\d\\d\\d\\d$"),
        };
        let source = "  product: windows\n  category: process_creation\n";
        let detection = format!("    CommandLine|re: '{pattern}'\n");
        documents.push(rule(number, "Expression without literals", source, &detection));
    }
    documents.join("---\n")
}

/// A rule for each of 5,000 log sources, none of which any table knows.
fn log_sources() -> String {
    let one = |number: usize| {
        let source = format!("  product: windows\n  service: example-service-{number}\n");
        let detection = format!("    Image|endswith: '\\program{}.exe'\n", number % 200);
        rule(number, "Log source", &source, &detection)
    };
    (0..(CHANNELS * IDS) as usize).map(one).collect::<Vec<_>>().join("---\n")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_case_is_what_it_is_called() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |case: &str| {
            let made = make(case, folder.path(), folder.path(), 3_000_000, 1).expect("made");
            let text = std::fs::read_to_string(folder.path().join(case).join("events.json"));
            let events: Vec<serde_json::Value> = text
                .expect("written")
                .lines()
                .map(|line| serde_json::from_str(line).expect("JSON"))
                .collect();
            assert_eq!(made.events, events.len() as u64);
            events
        };
        let values = read("values");
        for field in ["Image", "CommandLine", "User", "ProcessId", "ParentImage"] {
            let distinct: HashSet<String> = values.iter().map(|e| e[field].to_string()).collect();
            assert_eq!(distinct.len(), values.len(), "{field}");
        }
        assert!(read("long").iter().all(|e| e["CommandLine"].as_str().map(str::len) == Some(LONG)));
        let kinds: HashSet<String> =
            read("kinds").iter().map(|e| format!("{} {}", e["Channel"], e["EventID"])).collect();
        assert_eq!(kinds.len() as u64, CHANNELS * IDS);
        assert!(!read("regex").is_empty());
        let rules = std::fs::read_to_string(folder.path().join("regex-rules/expressions.yml"));
        assert_eq!(rules.expect("written").matches("|re:").count(), EXPRESSIONS);
    }
}
