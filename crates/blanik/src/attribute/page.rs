//! The board: one page that fetches nothing. It carries the additive model: a switch an item, and the bars move.

use std::fmt::Write;

use anyhow::Result;
use blanik_attribution::pool::Pool;
use blanik_attribution::verdict::Verdict;

use super::plain::name_of;
use crate::output::html::Text;

const BARS_MAX: usize = 8;

/// Bars of the leading hypotheses.
pub fn svg(v: &Verdict) -> String {
    let shown: Vec<_> = v.hypotheses.iter().take(BARS_MAX).collect();
    let height = 60 + shown.len() * 26;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n<title>{}</title>\n",
        Text(&v.likelihood)
    );
    let _ = writeln!(out, "<text x=\"8\" y=\"20\">{}</text>", Text(&v.confidence_sentence));
    for (i, h) in shown.iter().enumerate() {
        let y = 36 + i * 26;
        let width = (h.probability * 380.0).max(1.0);
        let _ = writeln!(
            out,
            "<text x=\"8\" y=\"{}\">{}</text><rect x=\"300\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#3b6ea5\"/><text x=\"{:.1}\" y=\"{}\">{:.0} %</text>",
            y + 14,
            Text(&name_of(h, v)),
            306.0 + width,
            y + 14,
            h.probability * 100.0
        );
    }
    out.push_str("</svg>\n");
    out
}

/// The page.
pub fn html(v: &Verdict, pooled: Option<&Pool>) -> Result<String> {
    let mut out = String::from(HEAD);
    let _ = writeln!(
        out,
        "<h1>Attribution</h1><p class=s>{}</p><p class=s>{}</p>",
        Text(&v.likelihood),
        Text(&v.confidence_sentence)
    );
    list(&mut out, "Missing for high confidence", v.missing.iter().map(String::as_str));
    out.push_str("<h2>Hypotheses</h2><p>Switch items off below: the bars show the additive model without them (exact with one off, nearly with several). The words above do not move.</p><div id=bars></div>");
    list(&mut out, "Not told apart by the mathematics", v.apart.iter().map(String::as_str));
    matrix(&mut out, v);
    denial(&mut out, v);
    let leads: Vec<String> = v
        .leads
        .iter()
        .map(|l| {
            format!("{} {} ({:.3} bit), would speak for {}", l.id, l.name, l.bits, l.speaks_for)
        })
        .collect();
    list(&mut out, "Leads: to look for, no evidence", leads.iter().map(String::as_str));
    reliability(&mut out, v);
    if let Some(p) = pooled {
        let text = super::plain::pool(p);
        let _ = writeln!(out, "<h2>Other assessments</h2><pre>{}</pre>", Text(&text));
    }
    list(&mut out, "Notes", v.remarks.iter().map(String::as_str));
    let _ = writeln!(out, "<p>Knowledge: {}</p>", Text(&v.knowledge));
    script(&mut out, v)?;
    out.push_str("</body></html>\n");
    Ok(out)
}

const HEAD: &str = "<!doctype html><html lang=en><head><meta charset=utf-8>\
<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
<title>Attribution</title><style>body{font:15px/1.45 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1b1f24;background:#fff}\
.s{font-size:1.15em;font-weight:600;margin:.3em 0}table{border-collapse:collapse;margin:.5em 0}td,th{border-bottom:1px solid #ccc;padding:.2em .6em;text-align:left}\
td.n{text-align:right;font-variant-numeric:tabular-nums}.for{background:#dcecd9}.against{background:#f6dcd9}.bar{display:flex;align-items:center;gap:.6em;margin:.2em 0}\
.bar b{display:inline-block;height:1.1em;background:#3b6ea5}.bar span{width:20em}\
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e6e6}.for{background:#203a20}.against{background:#472222}}</style></head><body>";

fn list<'a>(out: &mut String, title: &str, items: impl Iterator<Item = &'a str>) {
    let items: String = items.map(|i| format!("<li>{}</li>", Text(i))).collect();
    if !items.is_empty() {
        let _ = writeln!(out, "<h2>{title}</h2><ul>{items}</ul>");
    }
}

fn matrix(out: &mut String, v: &Verdict) {
    out.push_str("<h2>Evidence, in decibans</h2><table><tr><th></th><th>item</th><th>what</th><th>grade</th><th>source</th><th>log</th>");
    for a in &v.against {
        let _ = write!(out, "<th>{}</th>", Text(a));
    }
    out.push_str("</tr>");
    for (i, r) in v.matrix.iter().enumerate() {
        let state = if r.counts { "checked" } else { "disabled" };
        let mut what = Text(&r.what).to_string();
        if let Some(tool) = &r.explained_by {
            let _ = write!(what, " <small>(brought by {})</small>", Text(tool));
        }
        if r.judged {
            what.push_str(" <small>(an analyst's weight)</small>");
        }
        let citation = r.citation.map(|c| c.to_string()).unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td><input type=checkbox data-i={i} {state} aria-label=\"{}\"></td><td>{}</td><td>{what}</td><td>{}</td><td>{}</td><td>{citation}</td>",
            Text(&r.id),
            Text(&r.id),
            r.grade,
            Text(&r.source)
        );
        for d in &r.decibans {
            let class = match d {
                d if *d > 1.0 => " for",
                d if *d < -1.0 => " against",
                _ => "",
            };
            let _ = write!(out, "<td class=\"n{class}\">{d:.1}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

fn denial(out: &mut String, v: &Verdict) {
    out.push_str("<h2>Denial test</h2><table><tr><th>without</th><th>leads then</th><th></th><th>the leader, if it was planted</th><th></th></tr>");
    for d in &v.denial {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=n>{:.0} %</td><td class=n>{:.0} %</td><td>{}</td></tr>",
            Text(&d.without),
            Text(&d.leader),
            d.probability * 100.0,
            d.if_forged * 100.0,
            if d.changes { "the answer changes" } else { "" }
        );
    }
    let set = if v.smallest_set.is_empty() {
        "none found".to_owned()
    } else {
        Text(&v.smallest_set.join(", ")).to_string()
    };
    let _ = writeln!(out, "</table><p>Smallest set whose loss changes the leader: {set}</p>");
}

fn reliability(out: &mut String, v: &Verdict) {
    out.push_str("<h2>Reliability on held-out reports</h2><table><tr><th>evidence</th><th>from</th><th>cases</th><th>right</th><th>promised</th><th></th></tr>");
    for r in &v.reliability {
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
        let _ = write!(
            out,
            "<tr><td>{}</td><td class=n>{:.0} %</td><td class=n>{}</td><td>{right}</td><td class=n>{:.0} %</td><td>{}</td></tr>",
            r.size,
            r.from * 100.0,
            r.cases,
            r.promised * 100.0,
            if r.is_here { "this verdict" } else { "" }
        );
    }
    out.push_str("</table>");
}

/// The additive model: bases and parts of all actors, and the unknown one's.
fn script(out: &mut String, v: &Verdict) -> Result<()> {
    let names: Vec<String> = v
        .board
        .names
        .iter()
        .map(|n| {
            n.chars()
                .map(|c| if blanik_model::text::is_unsafe_char(c) { '\u{fffd}' } else { c })
                .collect()
        })
        .collect();
    // `<` as an escape: nothing in the data ends the script.
    let data = serde_json::to_string(
        &serde_json::json!({"names": names, "base": v.board.base, "items": v.board.items}),
    )?
    .replace('<', "\\u003c");
    let _ = writeln!(out, "<script>const M={data};{SCRIPT}</script>");
    Ok(())
}

const SCRIPT: &str = "\
const boxes=[...document.querySelectorAll('input[data-i]')],bars=document.getElementById('bars');\
function draw(){const s=M.base.slice();for(const b of boxes)if(b.checked){const p=M.items[+b.dataset.i];for(let k=0;k<p.length;k++)s[k]+=p[k]}\
const t=Math.max(...s),e=s.map(x=>Math.exp(x-t)),z=e.reduce((a,b)=>a+b,0);\
const o=e.map((x,k)=>[x/z,M.names[k]]).sort((a,b)=>b[0]-a[0]).slice(0,8);bars.textContent='';\
for(const[p,n]of o){const d=document.createElement('div');d.className='bar';const l=document.createElement('span');l.textContent=n;\
const r=document.createElement('b');r.style.width=(p*30)+'em';const q=document.createElement('i');q.textContent=(p*100).toFixed(1)+' %';d.append(l,r,q);bars.append(d)}}\
for(const b of boxes)b.addEventListener('change',draw);draw();";
