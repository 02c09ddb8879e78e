//! A case as one page that needs no network and no program but a browser. What an intruder wrote into
//! a log is escaped everywhere.

use std::fmt::Write;

use blanik_case::scope::Standing;
use blanik_case::{Case, Sentence, View};
use blanik_model::attack::TACTICS;

use super::{Part, allies, chart, network, text};
use crate::evidence::allies::Cosigned;
use crate::output::{Text, counted};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem;color:#1c2329}\
h1{font-size:1.6rem}h2{font-size:1.3rem;border-top:3px solid #1f6fb4;padding-top:.6rem;margin-top:2.4rem}h3{font-size:1.05rem;margin-bottom:.3rem}\
li{margin:.15rem 0}.n{color:#68737d;font-size:.85em;white-space:nowrap}table{border-collapse:collapse;width:100%;font-size:.9em}\
td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #dfe4e8;vertical-align:top}.pic{overflow-x:auto;border:1px solid #dfe4e8;border-radius:6px}.pic svg{display:block;max-width:max(100%,60rem);height:auto}\
.confirmed{color:#b3261e;font-weight:600}.suspected{color:#a15c00;font-weight:600}.cleared{color:#2b7a3d}.open{color:#555}";

/// Leads that are shown.
const LEADS_SHOWN: usize = 25;

/// The page.
pub fn render((case, cosigned): (&Case, &[Cosigned]), views: &[View], part: Part) -> String {
    let mut out = String::new();
    let leads = case.intrusions.leads.len() as u64 + case.intrusions.further_leads;
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Case {title}</title><style>{STYLE}</style><h1>Case {title}</h1>\
         <p>{}, {}; {}, {}. Numbers in brackets are those of the records in the log \
         that a sentence rests on. Times are UTC.</p>",
        counted(case.records, "record"),
        counted(case.findings, "finding"),
        counted(case.intrusions.found.len() as u64, "intrusion"),
        counted(leads, "further lead"),
        title = Text(&case.title),
    );
    if !case.clocks.is_empty() {
        list(&mut out, case.clocks.iter().map(|c| &c.what));
    }
    for view in views {
        intrusion(&mut out, view, part);
    }
    if part == Part::All {
        let leads = case.leads();
        out.push_str("<h2>What else stands out</h2>");
        list(&mut out, leads.iter().take(LEADS_SHOWN).map(|l| &l.what));
        allies::page(&mut out, case, cosigned);
    }
    out.push_str("</html>\n");
    out
}

fn sentence(out: &mut String, sentence: &Sentence) {
    let _ =
        write!(out, "{} <span class=\"n\">{}</span>", Text(sentence.text()), sentence.rests_on());
}

fn list<'s>(out: &mut String, sentences: impl Iterator<Item = &'s Sentence>) {
    out.push_str("<ul>");
    let mut any = false;
    for s in sentences {
        any = true;
        out.push_str("<li>");
        sentence(out, s);
    }
    if !any {
        out.push_str("<li>Nothing was found of it.");
    }
    out.push_str("</ul>");
}

fn intrusion(out: &mut String, view: &View, part: Part) {
    let _ = write!(out, "<h2>Intrusion {}</h2><p>", view.number);
    sentence(out, &view.summary);
    out.push_str("</p>");
    if matches!(part, Part::All | Part::Timeline) {
        let _ = write!(out, "<div class=\"pic\">{}</div>", chart::svg(view));
    }
    if part == Part::All {
        let story = &view.timeline.story;
        for (title, sentences) in [
            ("How they came in", &story.came_in),
            ("How they moved", &story.moved),
            ("How they stayed", &story.stayed),
            ("What they did in the end", &story.left),
        ] {
            let _ = write!(out, "<h3>{title}</h3>");
            list(out, sentences.iter());
        }
    }
    if matches!(part, Part::All | Part::Timeline) {
        for (title, sentences) in [
            ("Quiet periods", view.timeline.quiet.iter().map(|q| &q.what).collect::<Vec<_>>()),
            ("Clocks that go wrong", view.clocks.iter().map(|c| &c.what).collect()),
            ("Missing telemetry", view.gaps.iter().map(|g| &g.what).collect()),
        ] {
            if !sentences.is_empty() {
                let _ = write!(out, "<h3>{title}</h3>");
                list(out, sentences.into_iter());
            }
        }
        steps(out, view);
    }
    if matches!(part, Part::All | Part::Graph) {
        let _ = write!(out, "<h3>Who and what</h3><div class=\"pic\">{}</div>", network::svg(view));
    }
    if matches!(part, Part::All | Part::Scope) {
        scope(out, view);
    }
    if matches!(part, Part::All | Part::Exposure) {
        exposure(out, view);
    }
    if matches!(part, Part::All | Part::Graph) {
        let _ = write!(
            out,
            "<details><summary>Why these findings belong together ({})</summary>",
            view.links.len()
        );
        list(out, view.links.iter());
        out.push_str("</details>");
    }
}

fn steps(out: &mut String, view: &View) {
    let _ = write!(
        out,
        "<details><summary>All {} steps</summary><table><tr><th>time<th>host<th>tactic<th>level<th>what",
        view.timeline.steps.len()
    );
    for step in &view.timeline.steps {
        let _ = write!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>",
            step.first.to_seconds_string(),
            Text(&step.host),
            step.tactic.map_or("-", |t| TACTICS[t].1),
            step.level
        );
        sentence(out, &step.what);
    }
    out.push_str("</table></details>");
}

fn scope(out: &mut String, view: &View) {
    out.push_str("<h3>Scope</h3><table><tr><th>what<th>standing<th>why");
    for scoped in &view.scope {
        let class = match scoped.standing {
            Standing::Confirmed => "confirmed",
            Standing::Suspected => "suspected",
            Standing::Open => "open",
            Standing::Cleared => "cleared",
        };
        let _ = write!(
            out,
            "<tr><td>{}<td class=\"{class}\">{class}<td>",
            Text(&scoped.entity.to_string())
        );
        sentence(out, &scoped.why);
    }
    out.push_str("</table>");
}

fn exposure(out: &mut String, view: &View) {
    out.push_str("<h3>What was taken</h3><ul>");
    for e in &view.exposure {
        let _ = write!(out, "<li>{}", Text(&text::exposed(e)));
        list(out, e.why.iter());
    }
    if view.exposure.is_empty() {
        out.push_str("<li>No record of the case says what was reached.");
    }
    out.push_str("</ul>");
}
