//! Findings whose every text is hostile, through every writer: nothing panics, and nothing of a log
//! reaches a terminal, a spreadsheet or a page as more than text.

#![no_main]

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use arbitrary::Arbitrary;
use blanik::output::{OutputFormat, Style, WriteOptions, writer};
use blanik::summary::{ReadingStats, Summary};
use blanik_model::finding::Fields;
use blanik_model::text::is_unsafe_char;
use blanik_model::{Finding, Level, ListBuilder, Timestamp, Value};

#[derive(Arbitrary, Debug)]
struct Hostile<'a> {
    texts: [&'a str; 6],
    tags: Vec<&'a str>,
    fields: Vec<(&'a str, Field<'a>)>,
    level: u8,
    nanos: Option<i64>,
    record: u64,
    raw: Option<&'a str>,
}

#[derive(Arbitrary, Debug)]
enum Field<'a> {
    Null,
    Number(f64),
    Text(&'a str),
    List(Vec<&'a str>),
}

libfuzzer_sys::fuzz_target!(|input: (u8, bool, Vec<Hostile<'_>>)| {
    let (width, exercise, hostile) = input;
    let findings: Vec<Finding> = hostile.iter().take(20).map(finding).collect();
    for format in OutputFormat::ALL {
        check(*format, &written(*format, usize::from(width), exercise, &findings));
    }
    serde_json::to_vec(&summary(&findings, exercise).for_programs()).expect("a summary serializes");
});

/// What each format promises, whatever the findings hold.
fn check(format: OutputFormat, text: &str) {
    let harmful = |c: char| is_unsafe_char(c) && c != '\n';
    match format {
        OutputFormat::Table => assert!(!text.chars().any(harmful), "{text:?}"),
        // CRLF ends a row (RFC 4180); no other control character is in one.
        OutputFormat::Csv => {
            assert!(!text.replace("\r\n", "\n").chars().any(harmful), "{text:?}");
        }
        OutputFormat::Html => {
            assert_eq!(text.matches("<script").count(), 2, "the page's own");
            assert_eq!(text.matches("</script").count(), 2, "the page's own");
            assert!(!text.contains("<!--") && !text.contains("<img"));
            assert!(!text.chars().any(harmful));
        }
        OutputFormat::Jsonl | OutputFormat::Timesketch => {
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        }
    }
}

fn written(format: OutputFormat, width: usize, exercise: bool, findings: &[Finding]) -> String {
    let out = Shared::default();
    let options = WriteOptions { style: Style::plain(width), exercise };
    let mut writer = writer(format, Box::new(out.clone()), options);
    writer.begin().expect("writes to memory");
    for finding in findings {
        writer.write(finding).expect("writes to memory");
    }
    writer.finish(&summary(findings, exercise)).expect("writes to memory");
    let bytes = out.0.borrow().clone();
    String::from_utf8(bytes).expect("formats are UTF-8")
}

fn summary(findings: &[Finding], exercise: bool) -> Summary {
    let mut summary = Summary::new();
    findings.iter().for_each(|finding| summary.add(finding));
    summary.reading(ReadingStats { exercise, ..ReadingStats::default() });
    summary
}

fn finding(hostile: &Hostile<'_>) -> Finding {
    let [rule_id, rule_title, kind, host, account, source] = hostile.texts.map(str::to_owned);
    let mut list = ListBuilder::default();
    let mut fields = Vec::new();
    for (name, field) in &hostile.fields {
        let value = match field {
            Field::Null => Value::NULL.to_owned(),
            Field::Number(n) => Value::number(&n.to_string()).to_owned(),
            Field::Text(text) => Value::string(text).to_owned(),
            Field::List(members) => {
                list.clear();
                members.iter().for_each(|m| list.push(Value::string(m)));
                list.value().to_owned()
            }
        };
        fields.push(((*name).to_owned(), value));
    }
    let level = match hostile.level % 5 {
        0 => Level::Informational,
        1 => Level::Low,
        2 => Level::Medium,
        3 => Level::High,
        _ => Level::Critical,
    };
    Finding {
        rule_id,
        rule_title,
        level,
        status: None,
        tags: hostile.tags.iter().map(|t| (*t).to_owned()).collect(),
        tool: hostile.tags.first().map(|t| (*t).to_owned()),
        kind,
        time: hostile.nanos.map(Timestamp::from_nanos),
        host: Some(host),
        account: Some(account),
        matched: Fields(fields.clone()),
        source,
        record: hostile.record,
        event: Fields(fields),
        raw: hostile.raw.map(str::to_owned),
        indicator: None,
    }
}

/// Memory that can be looked at after a writer took it.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
