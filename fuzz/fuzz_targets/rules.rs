//! Rule files: any text compiles or is refused with a reason; what compiled means the same to the
//! scanner and to the slow evaluator.

#![no_main]

use std::sync::{Arc, LazyLock};

use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_fuzz::agreement;
use blanik_model::{EventBatch, ListBuilder, RawBlock, Value};

static BATCHES: LazyLock<[EventBatch; 2]> = LazyLock::new(|| [batch(None), batch(Some(4688))]);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let document = Document { origin: "fuzz.yml".into(), text: text.to_owned() };
    let options =
        Options { placeholders: [("a".to_owned(), vec!["x".into(), "y*".into()])].into() };
    let (rules, problems) = Rules::compile([&document], &options);
    for problem in &problems {
        assert!(!problem.reason.is_empty() && problem.line > 0, "{problem:?}");
    }
    if rules.is_empty() {
        return;
    }
    let rules = Arc::new(rules);
    let mut scanner = Scanner::new(Arc::clone(&rules));
    for batch in &*BATCHES {
        agreement::check(&rules, &mut scanner, batch);
    }
});

/// Rows with something of each type under the names that the seeds use.
fn batch(event_id: Option<u32>) -> EventBatch {
    let mut batch = EventBatch::new(agreement::kind(event_id));
    let block: RawBlock = Arc::new(Vec::new());
    let mut list = ListBuilder::default();
    list.push(Value::string("C:\\Windows\\System32\\cmd.exe"));
    list.push(Value::number("4"));
    let values = [
        Value::string("C:\\Windows\\System32\\cmd.exe"),
        Value::string(""),
        Value::number("4688"),
        Value::NULL,
        Value::bool(true),
        list.value(),
        Value::string("10.1.2.3"),
        Value::string("2024-05-06T07:08:09Z"),
        Value::string("\u{10d}au \u{212a} -enc dGVzdA=="),
    ];
    let names = ["Image", "CommandLine", "User", "a", "Hashes", "DestinationIp", "UtcTime"];
    for first in 0..values.len() {
        agreement::begin_row(&mut batch, &block);
        if event_id.is_some() {
            batch.set("EventID", Value::number("4688"));
        }
        for (i, name) in names.iter().enumerate().filter(|(i, _)| (i + first) % 5 != 0) {
            batch.set(name, values[(first + i) % values.len()]);
        }
    }
    batch
}
