//! What `blanik demo` says at its end: where everything lies, how many of the intruders' steps the
//! rules found, and which they did not see.

use std::io::{self, Write};
use std::path::Path;

use super::answer::Score;

/// Writes it. The texts are the exercise's own; only the folder's name comes from outside.
pub fn tell(out: &mut impl Write, folder: &Path, page: &Path, score: &Score) -> io::Result<()> {
    let steps = score.found + u64::try_from(score.missed.len()).expect("a count fits");
    writeln!(out)?;
    writeln!(out, "EXERCISE: every name, address, account and event here is invented.")?;
    writeln!(
        out,
        "Of {steps} steps of two intruders the rules found {}; {} findings point elsewhere.",
        score.found, score.other
    )?;
    if !score.missed.is_empty() {
        writeln!(out, "Not found, for a person to look for:")?;
    }
    for step in &score.missed {
        let time = step.time.to_seconds_string();
        writeln!(out, "  {time}  {:<10} {:<20} {}", step.technique, step.host, step.what)?;
    }
    writeln!(out)?;
    // Debug quotes and escapes what a folder's name may hold.
    writeln!(out, "Folder:     {folder:?} (EXERCISE.txt says what lies there)")?;
    writeln!(out, "Report:     {page:?}")?;
    writeln!(out, "Answer key: {:?}", folder.join("answer-key.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::Step;

    #[test]
    fn what_was_missed_is_named() {
        let step = Step {
            time: "2024-02-13T08:41:00Z".parse().expect("a time"),
            host: "PC-PRO04.mzv.example".into(),
            account: String::new(),
            technique: "T1566.002".into(),
            what: "A letter.".into(),
            file: "x".into(),
            record: 1,
            also: vec![],
        };
        let score = Score { found: 4, missed: vec![step], other: 2 };
        let mut out = vec![];
        let page = Path::new("d/report.html");
        tell(&mut out, Path::new("d\u{1b}[31m"), page, &score).expect("to memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.contains("Of 5 steps of two intruders the rules found 4; 2 findings"));
        assert!(text.contains("2024-02-13 08:41:00  T1566.002"));
        assert!(!text.contains('\u{1b}'));
    }
}
