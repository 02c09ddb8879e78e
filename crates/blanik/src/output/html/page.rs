//! The page from top to bottom.

use std::fmt::Write as _;
use std::io::{self, Write};

use blanik_model::attack::TACTICS;
use blanik_model::{Finding, Level, Timestamp};

use super::list::{self, STATIC_MAX};
use super::{FINDINGS_MAX, chart};
use crate::output::cell::{bytes, count, counted};
use crate::summary::Summary;
use blanik_model::markup::Text;

const CSS: &str = include_str!("report.css");
const JS: &str = include_str!("report.js");
/// Nothing is fetched, nothing is sent, nothing is framed.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     img-src data:; base-uri 'none'; form-action 'none'";
/// The hill, for the mark on the page.
const HILL: &str = "<svg class=\"mark\" viewBox=\"0 0 64 32\" aria-hidden=\"true\">\
     <path d=\"M2 29C14 27 19 9 28 7s9 8 15 9 9 11 19 13z\"/></svg>";
/// Rules, accounts, kinds and rejections listed.
const TOP: usize = 12;

/// Writes the page. `findings` are in the order in which they are listed.
pub fn write(
    out: &mut dyn Write,
    s: &Summary,
    findings: &[&Finding],
    left_out: u64,
) -> io::Result<()> {
    write!(out, "{}", head(s))?;
    write!(out, "<main>\n{}{}", opening(s), levels(s))?;
    if s.levels().total() > 0 {
        write!(out, "{}{}{}{}", over_time(s), tactics(s), hosts(s), rules_and_accounts(s))?;
        write!(out, "{}", list_opening(findings.len(), left_out))?;
        list::write_static(out, findings)?;
        writeln!(
            out,
            "<p id=\"more\" class=\"more\" hidden><button type=\"button\"></button></p>"
        )?;
        writeln!(out, "</section>")?;
    }
    write!(out, "{}</main>\n{FOOT}", reading(s))?;
    write!(out, "<script type=\"application/json\" id=\"data\">")?;
    list::write_data(out, findings)?;
    writeln!(out, "</script>\n<script>\n{JS}</script>\n</body>\n</html>")
}

const FOOT: &str = "<footer>Made by blanik. This page needs no network and sends nothing. Times \
     are UTC. Text from logs is shown as text; characters that would reorder or hide it are \
     written out.</footer>\n";

fn head(s: &Summary) -> String {
    let exercise = s.read().exercise;
    let title = if exercise { "EXERCISE · Hunt report" } else { "Hunt report" };
    let band = "<div class=\"band\" role=\"note\"><strong>EXERCISE</strong> \
         The data on this page is invented.</div>\n";
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n{}",
        if exercise { band } else { "" }
    )
}

/// What a minister reads: one sentence of what was found, one of what was looked at.
fn opening(s: &Summary) -> String {
    let r = s.read();
    let hosts = match r.hosts.len() as u64 {
        0 => String::new(),
        n => format!(" from {}", counted(n, "host")),
    };
    let when = r.first.zip(r.last).map(|(a, b)| format!(", recorded {},", span(a, b)));
    let events = counted(r.accounting.events_read, "event");
    let rules = counted(r.rules, "rule");
    let were = if r.accounting.events_read == 1 { "was" } else { "were" };
    let compared = match r.accounting.evaluated {
        n if n == r.accounting.events_read => " and".to_owned(),
        n => format!(", and {} of them", count(n)),
    };
    format!(
        "<header>{HILL}<p class=\"kind\">Hunt report</p>\n<h1>{}</h1>\n\
         <p class=\"lede\">{events}{hosts}{} {were} read{compared} compared with {rules}.{}</p></header>\n",
        headline(s),
        when.unwrap_or_default(),
        if s.levels().total() == 0 {
            " That none matched says something of these logs and these rules, and of nothing else."
        } else {
            ""
        }
    )
}

fn headline(s: &Summary) -> String {
    let total = s.levels().total();
    let Some(worst) = s.levels().worst() else { return "Nothing found".into() };
    let n = s.levels().of(worst);
    let how_many = if n == total { String::new() } else { count(n) + " of them " };
    format!("{}, {how_many}<em class=\"{worst}\">{worst}</em>", counted(total, "finding"))
}

fn span(first: Timestamp, last: Timestamp) -> String {
    let day = |t: Timestamp| t.to_jiff().strftime("%-d %B %Y").to_string();
    if day(first) == day(last) {
        // Within minutes, seconds matter.
        let close = last.as_nanos().saturating_sub(first.as_nanos()) < 3_600_000_000_000;
        let format = if close { "%H:%M:%S" } else { "%H:%M" };
        let clock = |t: Timestamp| t.to_jiff().strftime(format).to_string();
        return format!("on {} from {} to {} UTC", day(first), clock(first), clock(last));
    }
    format!("between {} and {}", day(first), day(last))
}

fn levels(s: &Summary) -> String {
    let fired = s.rules_by_level();
    let mut out = String::from("<div class=\"levels\" role=\"group\" aria-label=\"Levels\">\n");
    for level in Level::ALL.iter().rev().copied() {
        let n = s.levels().of(level);
        let _ = writeln!(
            out,
            "<button type=\"button\" class=\"card {level}{}\" data-level=\"{level}\">\
             <b>{}</b><span>{level}</span><small>{}</small></button>",
            if n == 0 { " none" } else { "" },
            count(n),
            if n == 0 { "none".into() } else { counted(fired.of(level), "rule") }
        );
    }
    out + "</div>\n"
}

fn section(id: &str, title: &str, note: &str, body: &str) -> String {
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\
         <p class=\"note\">{note}</p>\n{body}</section>\n"
    )
}

fn over_time(s: &Summary) -> String {
    let picture = chart::histogram(s);
    let mut notes = Vec::new();
    if s.without_time() > 0 {
        notes.push(format!("{} bear no time", count(s.without_time())));
    }
    if s.timeline().clock_not_set() > 0 {
        let n = count(s.timeline().clock_not_set());
        notes.push(format!("{n} bear a time before 1990 (a clock that was not set)"));
    }
    let mut note = match s.span() {
        Some((first, last)) => format!("Findings of events recorded {}.", span(first, last)),
        None => "No finding bears a time.".into(),
    };
    if !notes.is_empty() {
        let _ = write!(note, " Not drawn: {}.", notes.join(", "));
    }
    section("over-time", "Over time", &note, &picture)
}

/// All tactics stand in the ribbon, so that one sees how far an intrusion came.
fn tactics(s: &Summary) -> String {
    const EVASION: [&str; 3] = ["defense-evasion", "stealth", "defense-impairment"];
    let seen: Vec<_> = s.tactics().collect();
    let evasion_seen = seen.iter().any(|(slug, _, _)| EVASION.contains(slug));
    let mut out = String::from("<div class=\"ribbon\">\n");
    for (slug, name) in TACTICS {
        if let Some((_, _, t)) = seen.iter().find(|(s, _, _)| s == slug) {
            let worst = t.levels.worst().map_or("", Level::as_str);
            let ids: Vec<_> = t.techniques.keys().map(String::as_str).collect();
            let _ = writeln!(
                out,
                "<button type=\"button\" class=\"tactic {worst}\" data-tactic=\"{slug}\" \
                 title=\"{}\"><span>{name}</span><b>{}</b><small>{}</small></button>",
                Text(&ids.join(" ")),
                count(t.levels.total()),
                counted(ids.len() as u64, "technique"),
            );
        } else if !EVASION.contains(slug) || (!evasion_seen && *slug != EVASION[0]) {
            let _ = writeln!(out, "<div class=\"tactic none\"><span>{name}</span></div>");
        }
    }
    out.push_str("</div>\n");
    let mut note = String::from(
        "MITRE ATT&amp;CK tactics in the order of an intrusion. A finding counts for each tactic \
         that its rule names.",
    );
    if s.without_tactic() > 0 {
        let _ = write!(note, " {} name none.", count(s.without_tactic()));
    }
    section("tactics", "Steps of an intrusion", &note, &out)
}

fn hosts(s: &Summary) -> String {
    if s.hosts().is_empty() {
        return section("hosts", "Hosts", "No finding names a host.", "");
    }
    let note = "Those with the most findings, each over time. The colour is the worst level, its \
                strength the number.";
    section("hosts", "Hosts", note, &chart::hosts(s))
}

fn rules_and_accounts(s: &Summary) -> String {
    let rules = s.rules().worst_first();
    let most = rules.iter().map(|e| e.levels.total()).max().unwrap_or(1);
    let mut left = String::from("<ul class=\"bars\">\n");
    for e in rules.iter().take(TOP) {
        let level = e.extra.level.map_or("", Level::as_str);
        left += &bar("rule", e.name, &e.extra.title, level, e.levels.total(), most);
    }
    left += "</ul>\n";
    left += &chart::more(rules.len(), TOP, s.rules().not_named());
    let accounts = s.accounts().top();
    let most = accounts.first().map_or(1, |e| e.levels.total());
    let mut right = String::from("<ul class=\"bars\">\n");
    for e in accounts.iter().take(TOP) {
        let level = e.levels.worst().map_or("", Level::as_str);
        right += &bar("account", e.name, e.name, level, e.levels.total(), most);
    }
    right += "</ul>\n";
    right += &chart::more(accounts.len(), TOP, s.accounts().not_named());
    let note = match accounts.is_empty() {
        true => "No finding names an account.",
        false => "Those with the most findings.",
    };
    format!(
        "<div class=\"two\">\n{}{}</div>\n",
        section("rules", "Rules", "The worst first.", &left),
        section("accounts", "Accounts", note, &right)
    )
}

fn bar(what: &str, key: &str, name: &str, level: &str, n: u64, most: u64) -> String {
    format!(
        "<li><button type=\"button\" data-{what}=\"{}\"><span class=\"name\">{}</span>\
         <span class=\"count\">{}</span>\
         <span class=\"bar {level}\" style=\"width:{:.1}%\"></span></button></li>\n",
        Text(key),
        Text(name),
        count(n),
        n as f64 * 100.0 / most.max(1) as f64
    )
}

fn list_opening(embedded: usize, left_out: u64) -> String {
    let mut note = String::new();
    if left_out > 0 {
        let _ = write!(
            note,
            "<p class=\"warning\"><strong>{} not shown.</strong> The page holds at most {}: the \
             worst, and of one level the earliest. All are in the output of \
             <code>blanik hunt --format jsonl -o FILE</code>. The counts above are of all.</p>",
            counted(left_out, "more finding"),
            count(FINDINGS_MAX as u64)
        );
    }
    if embedded > STATIC_MAX {
        let _ = write!(
            note,
            "<noscript><p class=\"warning\">Scripts are off: the worst {STATIC_MAX} findings are \
             listed, of {} on this page.</p></noscript>",
            count(embedded as u64)
        );
    }
    format!(
        "<section aria-labelledby=\"findings\" class=\"list\">\n<h2 id=\"findings\">Findings</h2>\n\
         {note}{FILTERS}"
    )
}

/// Without a script these could do nothing; the script shows them.
const FILTERS: &str = r#"
<form id="filters" hidden>
<label class="wide">Search <input type="search" name="text" placeholder="any text, all words" autocomplete="off"></label>
<label>Host <select name="host"><option value="">all</option></select></label>
<label>Tactic <select name="tactic"><option value="">all</option></select></label>
<label>Account <select name="account"><option value="">all</option></select></label>
<label>Rule <select name="rule"><option value="">all</option></select></label>
<label>From, UTC <input type="datetime-local" name="from" step="1"></label>
<label>To, UTC <input type="datetime-local" name="to" step="1"></label>
<label>Order <select name="order"><option value="worst">worst first</option><option value="time">by time</option></select></label>
<fieldset id="level-chips"><legend>Levels</legend></fieldset>
<p class="state"><output id="shown" aria-live="polite"></output> <button type="reset">Clear filters</button></p>
</form>
"#;

fn reading(s: &Summary) -> String {
    let r = s.read();
    let a = &r.accounting;
    let mut out = String::from("<div class=\"sum\">");
    let _ = write!(out, "<span><b>{}</b>events read</span>", count(a.events_read));
    for (sign, n, name) in [
        ("=", a.evaluated, "matched against rules"),
        ("+", a.not_evaluated, "not matched"),
        ("+", a.rejected, "rejected"),
    ] {
        let _ = write!(out, "<i>{sign}</i><span><b>{}</b>{name}</span>", count(n));
    }
    out.push_str("</div>\n");
    if !a.adds_up() {
        out.push_str("<p class=\"warning\">These numbers do not add up. Please report it.</p>\n");
    }
    let _ = writeln!(
        out,
        "<p class=\"note\">“Not matched” are events that no loaded rule’s log source names. Events with \
         findings: {}. Read: {}, {} in {}.</p>",
        count(a.events_with_findings),
        bytes(r.bytes),
        counted(r.sources, "log"),
        counted(r.files, "file")
    );
    out += &kinds(s);
    out += &rejections(s);
    section("reading", "What was read", "", &out)
}

fn kinds(s: &Summary) -> String {
    let kinds = &s.read().kinds;
    if kinds.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("<details class=\"plain\"><summary>Kinds of events</summary><table>\n");
    for kind in kinds.iter().take(100) {
        let name = Text(&kind.name);
        let _ = writeln!(out, "<tr><td>{name}</td><td class=\"n\">{}</td></tr>", count(kind.count));
    }
    out + "</table>" + &chart::more(kinds.len(), 100, 0) + "</details>\n"
}

fn rejections(s: &Summary) -> String {
    let r = s.read();
    if r.rejections_total == 0 {
        return String::new();
    }
    let mut out = format!(
        "<details class=\"plain\"><summary>Not read: {}</summary><table>\n",
        counted(r.rejections_total, "place")
    );
    for rejection in &r.rejections {
        let (place, reason) = (Text(&rejection.place), Text(&rejection.reason));
        let _ = writeln!(out, "<tr><td>{place}</td><td>{reason}</td></tr>");
    }
    let more = r.rejections_total.saturating_sub(r.rejections.len() as u64);
    out.push_str("</table>");
    if more > 0 {
        let _ = write!(
            out,
            "<p class=\"more\">and {} more; <code>--rejections FILE</code> lists all</p>",
            count(more)
        );
    }
    out + "</details>\n"
}
