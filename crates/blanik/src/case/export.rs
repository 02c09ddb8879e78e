//! A case for programs: JSON, Timesketch's JSON lines, CSV.

use anyhow::{Context, Result};
use blanik_case::{Case, View};
use blanik_model::attack::TACTICS;
use blanik_model::text::for_spreadsheet;
use serde_json::{Value, json};

use super::Part;
use crate::evidence::allies::Cosigned;

/// One JSON object: all of it, or of each intrusion the part.
pub fn json((case, cosigned): (&Case, &[Cosigned]), views: &[View], part: Part) -> Result<String> {
    let of = |view: &View| -> Result<Value> {
        Ok(match part {
            Part::All => serde_json::to_value(view)?,
            Part::Timeline => {
                json!({ "number": view.number, "timeline": view.timeline, "gaps": view.gaps })
            }
            Part::Graph => {
                json!({ "number": view.number, "graph": view.graph, "links": view.links })
            }
            Part::Scope => json!({ "number": view.number, "scope": view.scope }),
            Part::Exposure => json!({ "number": view.number, "exposure": view.exposure }),
        })
    };
    let intrusions = views.iter().map(of).collect::<Result<Vec<_>>>()?;
    let tactics: Vec<&str> = TACTICS.iter().map(|(slug, _)| *slug).collect();
    let mut object = json!({
        "case": case.title,
        "records": case.records,
        "findings": case.findings,
        "tactics": tactics,
        "intrusions": intrusions,
    });
    if part == Part::All {
        object["leads"] = serde_json::to_value(case.leads())?;
        object["further_leads"] = case.intrusions.further_leads.into();
        object["judgements"] = serde_json::to_value(&case.judgements)?;
        object["cosigned"] = serde_json::to_value(cosigned)?;
        object["taken_along"] = serde_json::to_value(&case.taken_along)?;
        object["without_time"] = serde_json::to_value(&case.without_time)?;
    }
    let mut text = serde_json::to_string_pretty(&object).context("the case is no JSON")?;
    text.push('\n');
    Ok(text)
}

/// A line a step.
pub fn timesketch(views: &[View]) -> Result<String> {
    let mut out = String::new();
    for view in views {
        for step in &view.timeline.steps {
            let tactic = step.tactic.map_or("", |t| TACTICS[t].0);
            let line = json!({
                "message": step.what.text(),
                "datetime": step.first.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
                "timestamp": step.first.as_nanos().div_euclid(1000),
                "timestamp_desc": "First finding",
                "hostname": step.host,
                "level": step.level,
                "tactic": tactic,
                "intrusion": view.number,
                "records": step.what.rests_on().to_string(),
                "tag": [format!("intrusion-{}", view.number), if step.core { "core" } else { "context" }.to_owned()],
            });
            out.push_str(&serde_json::to_string(&line).context("a step is no JSON")?);
            out.push('\n');
        }
    }
    Ok(out)
}

/// A row a step.
pub fn csv(views: &[View]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "intrusion",
        "first",
        "last",
        "host",
        "tactic",
        "level",
        "tied",
        "what",
        "records",
    ])?;
    for view in views {
        for step in &view.timeline.steps {
            let tactic = step.tactic.map_or("", |t| TACTICS[t].0);
            let cells = [
                view.number.to_string(),
                step.first.to_string(),
                step.last.to_string(),
                step.host.clone(),
                tactic.to_owned(),
                step.level.to_string(),
                if step.core { "core" } else { "context" }.to_owned(),
                step.what.text().to_owned(),
                step.what.rests_on().to_string(),
            ];
            writer.write_record(cells.iter().map(|cell| for_spreadsheet(cell).into_owned()))?;
        }
    }
    let bytes = writer.into_inner().context("the table cannot be written")?;
    String::from_utf8(bytes).context("a table of text is text")
}
