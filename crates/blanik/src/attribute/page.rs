//! The board: one page that fetches nothing. It carries the additive model: a switch an item, and the bars move. Without
//! a script it shows the same verdict, with bars that stand still.

use std::fmt::Write;

use anyhow::Result;
use blanik_attribution::disagreement::Disagreement;
use blanik_attribution::observe::Class;
use blanik_attribution::pool::Pool;
use blanik_attribution::verdict::{Row, Verdict};
use blanik_model::text::is_unsafe_char;

use super::{Shown, plain};
use crate::output::html::Text;

const BARS_MAX: usize = 8;
const EXERCISE_TITLE: &str = "EXERCISE · Attribution";
const EXERCISE_BAND: &str = "<p class=\"band\" role=\"note\"><strong>EXERCISE</strong> The data on this page is invented.</p>\n";
const STYLE: &str = include_str!("page/board.css");
const SCRIPT: &str = include_str!("page/board.js");

/// Bars of the leading hypotheses.
pub fn svg(shown: &Shown) -> String {
    let v = &shown.verdict;
    let exercise = if shown.exercise { "EXERCISE: all of it is invented. " } else { "" };
    let shown: Vec<_> = v.hypotheses.iter().take(BARS_MAX).collect();
    let height = 60 + shown.len() * 26;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{height}\" viewBox=\"0 0 860 {height}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#1c2329\">\n<title>{exercise}{} {}</title>\n<rect width=\"860\" height=\"{height}\" fill=\"#fff\"/>\n",
        Text(&v.likelihood),
        Text(&v.confidence_sentence)
    );
    let _ =
        writeln!(out, "<text x=\"8\" y=\"20\">{exercise}{}</text>", Text(&v.confidence_sentence));
    for (i, h) in shown.iter().enumerate() {
        let y = 36 + i * 26;
        let width = (h.probability * 430.0).max(1.0);
        let _ = writeln!(
            out,
            "<text x=\"8\" y=\"{}\">{}</text><rect x=\"330\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#1f6fb4\"/><text x=\"{:.1}\" y=\"{}\">{:.0} %</text>",
            y + 14,
            Text(&h.name),
            336.0 + width,
            y + 14,
            h.probability * 100.0
        );
    }
    out.push_str("</svg>\n");
    out
}

/// The page.
pub fn html(shown: &Shown) -> Result<String> {
    let v = &shown.verdict;
    let (title, band) =
        if shown.exercise { (EXERCISE_TITLE, EXERCISE_BAND) } else { ("Attribution", "") };
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n{band}<h1>Attribution</h1><p class=\"answer\">{}</p><p class=\"answer\">{}</p>\n",
        Text(&v.likelihood),
        Text(&v.confidence_sentence)
    );
    bars(&mut out, v);
    matrix(&mut out, v);
    out.push_str("<div class=\"two\"><div>");
    list(&mut out, "Missing for high confidence", v.missing.iter().map(String::as_str));
    out.push_str("</div><div>");
    list(&mut out, "What the mathematics cannot tell apart", v.apart.iter().map(String::as_str));
    out.push_str("</div></div>\n");
    denial(&mut out, v);
    if let Some((pooled, apart)) = &shown.pooled {
        pool(&mut out, v, pooled, apart);
    }
    let leads: Vec<String> = v
        .leads
        .iter()
        .map(|l| {
            format!("{} {} ({:.3} bit), would speak for {}", l.id, l.name, l.bits, l.speaks_for)
        })
        .collect();
    list(&mut out, "Leads: what to look for; no evidence", leads.iter().map(String::as_str));
    reliability(&mut out, v);
    list(&mut out, "Notes", v.remarks.iter().map(String::as_str));
    let _ = writeln!(out, "<p class=\"soft\">Knowledge: {}</p>", Text(&v.knowledge));
    script(&mut out, v)?;
    out.push_str("</body></html>\n");
    Ok(out)
}

/// The leading hypotheses. The script draws them anew when a switch moves.
fn bars(out: &mut String, v: &Verdict) {
    out.push_str("<div class=\"top\"><h2>Hypotheses</h2><div id=\"bars\">");
    for h in v.hypotheses.iter().take(BARS_MAX) {
        let _ = write!(
            out,
            "<div class=\"bar\"><span>{}</span><div><b style=\"width:{:.1}%\"></b></div><i>{:.1} %</i></div>",
            Text(&h.name),
            h.probability * 100.0,
            h.probability * 100.0
        );
    }
    out.push_str(
        "</div><p class=\"soft\"><span id=\"state\"></span> · <button id=\"all\">all on</button> <button id=\"none\">all off</button> · \
         The bars follow the switches below by the additive model: near enough with one item off. What items are worth only \
         together, as two tools of one actor, it does not take out with them: the denial test below judges the case anew, and is right \
         where the two differ. All unknown actors are one bar. The two sentences above stay as they are.</p></div>\n",
    );
}

fn list<'a>(out: &mut String, title: &str, items: impl Iterator<Item = &'a str>) {
    let items: String = items.map(|i| format!("<li>{}</li>", Text(i))).collect();
    if !items.is_empty() {
        let _ = writeln!(out, "<h2>{title}</h2><ul>{items}</ul>");
    }
}

/// The matrix: what speaks most between the first two comes first, class by class.
fn matrix(out: &mut String, v: &Verdict) {
    out.push_str(
        "<h2>Evidence</h2><p class=\"soft\">In decibans: above 0 for a hypothesis, below 0 against it; 10 make the odds ten times as high. \
         Weights of techniques and software are fitted on reports; those of other classes are analysts', and no public data validates \
         them.</p><div class=\"wide\"><table><thead><tr><th>counts<th>item<th>what<th>grade<th>source<th class=\"n\">record",
    );
    for id in &v.against {
        let name = v.hypotheses.iter().find(|h| h.id == *id).map_or(id.as_str(), |h| &h.name);
        let _ = write!(out, "<th class=\"n\">{}", Text(name));
    }
    out.push_str("</thead><tbody>");
    let mut order: Vec<(usize, &Row)> = v.matrix.iter().enumerate().collect();
    let weight = |r: &Row| r.decibans.iter().fold(0.0f64, |most, d| most.max(d.abs()));
    order.sort_by(|(i, a), (j, b)| {
        a.class.cmp(&b.class).then(weight(b).total_cmp(&weight(a))).then(i.cmp(j))
    });
    let mut class: Option<Class> = None;
    for (i, r) in order {
        if class != Some(r.class) {
            class = Some(r.class);
            let wide = 6 + v.against.len();
            let whose = if r.judged { ", weighed by analysts" } else { "" };
            let _ = write!(out, "<tr><th colspan=\"{wide}\">{}{whose}</th></tr>", r.class.name());
        }
        row(out, i, r);
    }
    out.push_str("</tbody></table></div>\n");
}

fn row(out: &mut String, i: usize, r: &Row) {
    let state = if r.counts { "checked" } else { "disabled" };
    let mut what = Text(&r.what).to_string();
    if let Some(tool) = &r.explained_by {
        let _ = write!(what, " <span class=\"soft\">(brought by {})</span>", Text(tool));
    }
    if !r.counts {
        what.push_str(" <span class=\"soft\">(a copy, or not known; counts not)</span>");
    }
    let citation = r.citation.map(|c| format!("[{c}]")).unwrap_or_default();
    let _ = write!(
        out,
        "<tr><td><input type=\"checkbox\" data-i=\"{i}\" {state} aria-label=\"{id}\"><td>{id}<td>{what}<td>{}<td>{}<td class=\"n\">{citation}",
        Text(&r.grade),
        Text(&r.source),
        id = Text(&r.id)
    );
    for d in &r.decibans {
        let class = match d {
            d if *d > 1.0 => " for",
            d if *d < -1.0 => " against",
            _ => "",
        };
        let _ = write!(out, "<td class=\"n{class}\">{:.1}", plain::of_weight(*d));
    }
    out.push_str("</tr>\n");
}

fn denial(out: &mut String, v: &Verdict) {
    let set = if v.smallest_set.is_empty() {
        "No set of items was found whose loss changes the leader.".to_owned()
    } else {
        format!(
            "The smallest set found whose loss changes the leader: <b>{}</b>.",
            Text(&v.smallest_set.join(", "))
        )
    };
    let _ = write!(
        out,
        "<h2>Denial test</h2><p>{set}</p><div class=\"wide\"><table><thead><tr><th>without<th>leads then<th class=\"n\">with\
         <th class=\"n\">today's leader, if it was planted<th></thead><tbody>"
    );
    let mut shown: Vec<_> = v.denial.iter().collect();
    shown.sort_by(|a, b| b.changes.cmp(&a.changes).then(a.if_forged.total_cmp(&b.if_forged)));
    for d in shown {
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td class=\"n\">{:.0} %<td class=\"n\">{:.0} %<td class=\"changes\">{}</tr>",
            Text(&d.without),
            Text(&d.leader),
            d.probability * 100.0,
            d.if_forged * 100.0,
            super::what_changes(d, v)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn pool(out: &mut String, v: &Verdict, pooled: &Pool, apart: &[Disagreement]) {
    let _ = write!(
        out,
        "<h2>Other assessments</h2><p class=\"soft\">Made coherent, then pooled; less weight for who is incoherent or far from the rest. \
         Their words, no judgement of ours. {}</p><div class=\"wide\"><table><thead><tr><th>hypothesis<th class=\"n\">the model",
        Text(&v.confidence_sentence)
    );
    for a in &pooled.assessments {
        let _ = write!(
            out,
            "<th class=\"n\">{}<br><span class=\"soft\">weight {:.2}, incoherence {:.2}</span>",
            Text(&a.agency),
            a.weight,
            a.incoherence
        );
    }
    out.push_str("<th class=\"n\">pool</thead><tbody>");
    let name = |id: &str| v.hypotheses.iter().find(|h| h.id == id).map(|h| h.name.clone());
    for (id, p) in &pooled.probabilities {
        let model = v.hypotheses.iter().find(|h| h.id == *id).map_or(0.0, |h| h.probability);
        let shown = name(id).unwrap_or_else(|| format!("{id} (not known)"));
        let _ = write!(out, "<tr><td>{}<td class=\"n\">{:.0} %", Text(&shown), model * 100.0);
        for a in &pooled.assessments {
            let p = a.probabilities.get(id).copied().unwrap_or(0.0);
            let given = a.given.get(id).map_or("–".to_owned(), |g| format!("{:.0}", g * 100.0));
            let _ = write!(
                out,
                "<td class=\"n\">{:.0} % <span class=\"soft\">(said {given})</span>",
                p * 100.0
            );
        }
        let _ = writeln!(out, "<td class=\"n\"><b>{:.0} %</b></tr>", p * 100.0);
    }
    out.push_str("</tbody></table></div>");
    list(out, "Incoherent input", pooled.remarks.iter().map(String::as_str));
    out.push_str("<h2>Where they disagree most, and on which evidence</h2><ul>");
    for d in apart {
        let items: String =
            d.on.iter().map(|t| format!("<li>{}</li>", Text(&plain::tells(t)))).collect();
        let _ = write!(out, "<li>{}<ul>{items}</ul></li>", Text(&plain::disagreement(d)));
    }
    out.push_str("</ul>\n");
}

fn reliability(out: &mut String, v: &Verdict) {
    out.push_str("<h2>Reliability on held-out reports that nobody tampered with</h2><div class=\"wide\"><table><thead><tr><th>evidence<th class=\"n\">from<th class=\"n\">cases<th>right<th class=\"n\">promised<th></thead><tbody>");
    let here = v.reliability.iter().find(|r| r.is_here).map(|r| r.size);
    for r in v.reliability.iter().filter(|r| Some(r.size) == here) {
        let right = if r.refused {
            "refused: too few".to_owned()
        } else {
            format!(
                "{:.0} % ({:.0} to {:.0})",
                r.right * 100.0,
                r.interval.0 * 100.0,
                r.interval.1 * 100.0
            )
        };
        let _ = writeln!(
            out,
            "<tr><td>{}<td class=\"n\">{:.0} %<td class=\"n\">{}<td>{right}<td class=\"n\">{:.0} %<td>{}</tr>",
            r.size,
            r.from * 100.0,
            r.cases,
            r.promised * 100.0,
            match (r.is_here, r.promises_too_much && !r.refused) {
                (true, true) => "this verdict; too much is promised: refused",
                (true, false) => "this verdict",
                (false, true) => "too much is promised: refused",
                (false, false) => "",
            }
        );
    }
    out.push_str("</tbody></table></div>\n");
}

/// The additive model: bases and parts of all actors, and the unknown one's.
fn script(out: &mut String, v: &Verdict) -> Result<()> {
    let safe = |c: char| if is_unsafe_char(c) { '\u{fffd}' } else { c };
    let names: Vec<String> = v.board.names.iter().map(|n| n.chars().map(safe).collect()).collect();
    // `<` as an escape: nothing in the data ends the script.
    let data = serde_json::to_string(
        &serde_json::json!({"names": names, "base": v.board.base, "items": v.board.items}),
    )?
    .replace('<', "\\u003c");
    let _ = writeln!(out, "<script>const M={data};\n{SCRIPT}</script>");
    Ok(())
}
