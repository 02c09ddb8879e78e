//! Comparing with a file, and running a writer into memory.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use blanik::output::{OutputFormat, Style, WriteOptions, writer};
use blanik::summary::{ReadingStats, Summary};
use blanik_model::Finding;

/// Asserts that `actual` is what the golden file of that name holds.
pub fn check(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, actual).expect("golden is writable");
        return;
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; run with UPDATE_EXPECT=1", path.display()));
    if expected != actual {
        let at = expected.lines().zip(actual.lines()).position(|(a, b)| a != b);
        let line = at.unwrap_or_else(|| expected.lines().count().min(actual.lines().count()));
        panic!(
            "{name} differs from line {}:\nexpected: {:?}\nactual:   {:?}\nrun with UPDATE_EXPECT=1",
            line + 1,
            expected.lines().nth(line),
            actual.lines().nth(line)
        );
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

/// What the format makes of the findings, and the note it ends with.
pub fn written(
    format: OutputFormat,
    style: Style,
    findings: &[Finding],
    reading: ReadingStats,
) -> (String, Option<String>) {
    let out = Shared::default();
    let options = WriteOptions { style, exercise: reading.exercise };
    let mut writer = writer(format, Box::new(out.clone()), options);
    let mut summary = Summary::new();
    writer.begin().expect("writes to memory");
    for finding in findings {
        writer.write(finding).expect("writes to memory");
        summary.add(&finding.into());
    }
    summary.reading(reading);
    let note = writer.finish(&summary).expect("writes to memory");
    let bytes = out.0.borrow().clone();
    (String::from_utf8(bytes).expect("formats are UTF-8"), note)
}

/// [`written`] in the style of a pipe.
pub fn plain(format: OutputFormat, findings: &[Finding]) -> String {
    written(format, Style::plain(160), findings, super::sample::reading(findings)).0
}
