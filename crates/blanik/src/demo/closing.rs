//! What `blanik demo` says at its end: where everything lies, how many of the intruders' steps the
//! rules found, by intrusion and by format, and which they did not see and why. For people, and as JSON.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::NOTICE;
use super::score::Score;
use super::{OnRecord, Scores, case_score};

/// Writes it. The texts are the exercise's own; only the folder's name comes from outside.
pub fn tell(out: &mut impl Write, folder: &Path, page: &Path, scores: &Scores) -> io::Result<()> {
    let score = &scores.findings;
    writeln!(out)?;
    writeln!(out, "{NOTICE}")?;
    let steps = score.intrusions.values().map(|of| of.steps).sum::<u64>();
    let each = score.intrusions.iter().map(|(id, of)| format!("{id} {} of {}", of.found, of.steps));
    let each = each.collect::<Vec<_>>().join(", ");
    writeln!(out, "Of {steps} steps of two intruders the rules found {} ({each}).", score.found)?;
    writeln!(
        out,
        "Of {} findings {} point at a step and {} at ordinary work.",
        score.findings_true + score.findings_false,
        score.findings_true,
        score.findings_false
    )?;
    writeln!(out)?;
    writeln!(out, "By format                               steps  found  false findings")?;
    for (format, of) in &score.formats {
        writeln!(
            out,
            "  {format:<37} {:>5}  {:>5}  {:>14}",
            of.steps, of.found, of.findings_false
        )?;
    }
    tell_missed(out, score)?;
    tell_false(out, score)?;
    writeln!(out)?;
    case_score::tell(out, &scores.case)?;
    writeln!(out)?;
    // Debug quotes and escapes what a folder's name may hold.
    writeln!(out, "Folder:     {folder:?} (EXERCISE.txt says what lies there)")?;
    writeln!(out, "Report:     {page:?}")?;
    writeln!(out, "Answer key: {:?}", folder.join("answer-key.json"))
}

fn tell_missed(out: &mut impl Write, score: &Score) -> io::Result<()> {
    if score.missed.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "Not found, for a person to look for:")?;
    for missed in &score.missed {
        let step = &missed.step;
        let time = step.time.to_seconds_string();
        writeln!(
            out,
            "  {}  {time}  {:<10} {:<20} {} ({})",
            missed.intrusion, step.technique, step.host, step.what, missed.reason
        )?;
    }
    Ok(())
}

fn tell_false(out: &mut impl Write, score: &Score) -> io::Result<()> {
    if score.false_by_rule.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "Findings on ordinary work, by rule:")?;
    let mut rules: Vec<(&String, &u64)> = score.false_by_rule.iter().collect();
    rules.sort_by_key(|(title, count)| (std::cmp::Reverse(**count), *title));
    for (title, count) in rules {
        writeln!(out, "  {count:>5}  {title}")?;
    }
    Ok(())
}

/// The same for programs.
pub fn for_programs(folder: &Path, page: &Path, scores: &Scores, on_record: &OnRecord) -> Value {
    json!({
        "exercise": NOTICE,
        "folder": folder,
        "logs": folder.join("logs"),
        "report": page,
        "answer_key": folder.join("answer-key.json"),
        "score": scores.findings,
        "case": scores.case,
        "workspace": on_record.workspace,
        "passphrase": on_record.passphrase,
        "records_verified": on_record.report.records_verified,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::Step;
    use crate::demo::score::{Missed, OfFormat, Reason, Steps};

    #[test]
    fn what_was_missed_is_named_with_its_reason() {
        let step = Step {
            time: "2024-02-13T08:41:00Z".parse().expect("a time"),
            host: "PC-PRO04.mzv.example".into(),
            from: None,
            account: String::new(),
            tactic: "initial-access".into(),
            technique: "T1566.002".into(),
            what: "A letter.".into(),
            records: vec![],
        };
        let missed = Missed { intrusion: "B".into(), step, reason: Reason::NoTelemetry };
        let score = Score {
            found: 4,
            missed: vec![missed],
            findings_true: 7,
            findings_false: 2,
            intrusions: [("B".to_owned(), Steps { found: 4, steps: 5 })].into(),
            formats: [("Zeek".to_owned(), OfFormat { steps: 3, found: 1, findings_false: 2 })]
                .into(),
            false_by_rule: [("R".to_owned(), 2)].into(),
        };
        let mut out = vec![];
        let page = Path::new("d/report.html");
        let case = case_score::CaseScore { found: vec![], intruders: vec![], clocks: vec![] };
        let scores = Scores { findings: score, case };
        tell(&mut out, Path::new("d\u{1b}[31m"), page, &scores).expect("to memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.contains("Of 5 steps of two intruders the rules found 4 (B 4 of 5)."));
        assert!(text.contains("Of 9 findings 7 point at a step and 2 at ordinary work."));
        assert!(text.contains("B  2024-02-13 08:41:00  T1566.002"));
        assert!(text.contains("A letter. (no telemetry)"));
        assert!(
            text.contains("  Zeek                                      3      1               2")
        );
        assert!(!text.contains('\u{1b}'));
        let json = serde_json::to_value(&scores.findings).expect("JSON");
        assert_eq!(json["missed"][0]["reason"], "no_telemetry");
        assert_eq!(json["missed"][0]["technique"], "T1566.002");
    }
}
