//! A report for people: every sentence green or red, with its reason.

use std::fmt::Write;

use crate::check::{FileResult, Report};

/// How a report is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours, for a terminal.
    pub colour: bool,
}

/// The report, line by line. Nothing in it can reach a terminal unescaped.
pub fn text(report: &Report, style: Style) -> String {
    let mut out = String::new();
    head(&mut out, report);
    let mut chapter = "";
    for sentence in &report.sentences {
        if sentence.chapter != chapter {
            chapter = &sentence.chapter;
            let _ = writeln!(out, "\n{}", plain(chapter));
        }
        let is_right = sentence.wrong.is_empty();
        let records: Vec<String> = sentence.records.iter().take(6).map(u64::to_string).collect();
        let more = (sentence.records.len() - records.len()) as u64;
        let more = more.saturating_add(sentence.further);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(
            out,
            "  {} {} [{}{more}{}]",
            mark(is_right, style),
            plain(&sentence.text),
            records.join(", "),
            match sentence.grounds {
                0 => String::new(),
                n => format!("; {n} of its values stand there"),
            }
        );
        for reason in &sentence.wrong {
            let _ = writeln!(out, "        {} {}", plain(&sentence.id), plain(reason));
        }
    }
    files(&mut out, report, style);
    tail(&mut out, report, style);
    out
}

fn head(out: &mut String, report: &Report) {
    let Some(manifest) = &report.manifest else { return };
    if manifest.exercise {
        out.push_str("EXERCISE: what this pack says is invented\n");
    }
    let mut line = |what: &str, text: &str| {
        let _ = writeln!(out, "{what:<10} {}", plain(text));
    };
    line("Pack", &format!("{} (TLP:{})", manifest.title, manifest.tlp.to_uppercase()));
    line("Publisher", &format!("{}, {}", manifest.publisher, manifest.published));
    if let Some(key) = &report.log {
        line("Log", key);
    }
}

fn files(out: &mut String, report: &Report, style: Style) {
    let of = |is: fn(&FileResult) -> bool| report.files.iter().filter(|f| is(f)).count();
    out.push_str("\nfiles\n");
    let right = of(|f| f.wrong.is_none() && f.is_checked);
    if right > 0 {
        let _ = writeln!(out, "  {} {right} files are what was put on record", mark(true, style));
    }
    let unchecked = of(|f| f.wrong.is_none() && !f.is_checked);
    if unchecked > 0 {
        let red = mark(false, style);
        let _ = writeln!(
            out,
            "  {red} {unchecked} files were not checked: what was put on record cannot be told"
        );
    }
    for file in &report.files {
        if let Some(reason) = &file.wrong {
            let (path, reason) = (plain(&file.path), plain(reason));
            let _ = writeln!(out, "  {} {path}: {reason}", mark(false, style));
        }
    }
}

fn tail(out: &mut String, report: &Report, style: Style) {
    let _ = writeln!(out);
    if let Some((index, size)) = report.record {
        let _ = writeln!(
            out,
            "The publication is record {index} of {size}; {} cited records stand in the same log.",
            report.proofs
        );
    }
    let by: Vec<String> = report
        .cosigners
        .iter()
        .map(|c| match c.at {
            Some(at) => format!("{} at {at}", plain(&c.name)),
            None => format!("{} (not verified)", plain(&c.name)),
        })
        .collect();
    if !by.is_empty() {
        let _ = writeln!(out, "Cosigned by {}.", by.join(", "));
    }
    if !report.trusted && !report.asked {
        out.push_str("Whose log this is was not checked: give its key (--key) or a policy (--policy) that you have from elsewhere.\n");
    }
    out.push_str("Verified are the sentences that bear numbers of records; other words of the pages and sheets are the publisher's.\n");
    for remark in &report.remarks {
        let _ = writeln!(out, "{}", plain(remark));
    }
    let red = report.sentences.iter().filter(|s| !s.wrong.is_empty()).count();
    let wrong = report.files.iter().filter(|f| f.wrong.is_some() || !f.is_checked).count();
    let _ = match report.holds() {
        true => {
            writeln!(out, "{} all {} sentences hold", mark(true, style), report.sentences.len())
        }
        false => writeln!(
            out,
            "{} the pack does not hold: {red} of {} sentences, {wrong} of {} files{}",
            mark(false, style),
            report.sentences.len(),
            report.files.len(),
            damaged(report)
        ),
    };
}

/// Which files are wrong, as far as a line takes them.
fn damaged(report: &Report) -> String {
    const SHOWN: usize = 3;
    let all: Vec<String> =
        report.files.iter().filter(|f| f.wrong.is_some()).map(|f| plain(&f.path)).collect();
    match all.len() {
        0 => String::new(),
        n if n > SHOWN => format!(" ({} and {} more)", all[..SHOWN].join(", "), n - SHOWN),
        _ => format!(" ({})", all.join(", ")),
    }
}

fn mark(is_right: bool, style: Style) -> &'static str {
    match (is_right, style.colour) {
        (true, true) => "\x1b[32m✔ green\x1b[0m",
        (false, true) => "\x1b[31m✘ red  \x1b[0m",
        (true, false) => "green",
        (false, false) => "RED  ",
    }
}

/// Text without what a terminal would obey or not show: control characters, those that turn its direction, and those that nobody
/// sees.
pub fn plain(text: &str) -> String {
    let is_obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::SentenceResult;

    #[test]
    fn nothing_of_a_pack_writes_lines_of_its_own() {
        let hostile = "\x1b[2J\ngreen all 40 sentences hold\u{202e}\u{2066}";
        let text_of = || hostile.to_owned();
        let sentence = SentenceResult {
            id: text_of(),
            chapter: text_of(),
            text: text_of(),
            records: vec![1],
            further: 0,
            grounds: 0,
            wrong: vec![text_of()],
        };
        let file = FileResult { path: text_of(), wrong: Some(text_of()), is_checked: true };
        let report = Report {
            files: vec![file],
            sentences: vec![sentence],
            log: Some(text_of()),
            remarks: vec![text_of()],
            ..Report::default()
        };
        let said = text(&report, Style::default());
        assert!(said.lines().all(|line| !line.starts_with("green")), "{said}");
        assert!(
            said.chars().all(|c| c == '\n' || plain(&c.to_string()) == c.to_string()),
            "{said:?}"
        );
    }
}
