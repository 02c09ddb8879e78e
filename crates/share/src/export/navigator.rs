//! ATT&CK Navigator: a layer of format 4.5
//! (<https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md>).
//!
//! A technique stands once, under every tactic that ATT&CK gives it: rules name tactics of two generations, which a
//! matrix of one release would not have.

use blanik_attribution::knowledge::Knowledge;
use blanik_model::attack::TACTICS;
use serde_json::{Value, json};

use super::{attack, told};
use crate::publication::{Publication, Technique};

/// Of the Navigator whose format this is.
const NAVIGATOR: &str = "5.1.0";
const LAYER: &str = "4.5";

/// The layer. Techniques without an id of ATT&CK have no cell there.
pub fn layer(publication: &Publication) -> Value {
    let known = publication.techniques.iter().filter(|t| attack::is_technique(&t.id));
    let techniques: Vec<Value> = known.map(cell).collect();
    let most = publication.techniques.iter().map(|t| t.findings).max().unwrap_or(1).max(1);
    let release = Knowledge::builtin().release;
    let about = [
        ("case", publication.case.clone()),
        ("publisher", publication.publisher.name.clone()),
        ("published", publication.published.to_string()),
        ("marking", format!("TLP:{}", publication.tlp.as_str().to_ascii_uppercase())),
        ("exercise", publication.exercise.to_string()),
    ];
    json!({
        "name": publication.title.en,
        "versions": {
            "attack": release.split('.').next().unwrap_or(&release),
            "navigator": NAVIGATOR,
            "layer": LAYER,
        },
        "domain": "enterprise-attack",
        "description": told(publication),
        "sorting": 3,
        "layout": { "layout": "side", "showID": true, "showName": true },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": { "colors": ["#fff4d6", "#b3261e"], "minValue": 0, "maxValue": most },
        "legendItems": [],
        "metadata": about.iter().map(|(name, value)| named(name, value)).collect::<Vec<_>>(),
        "showTacticRowBackground": false,
        "selectTechniquesAcrossTactics": true,
        "selectSubtechniquesWithParent": false,
        "selectVisibleTechniques": false,
    })
}

fn cell(technique: &Technique) -> Value {
    let tactics = technique.tactics.iter().filter_map(|t| TACTICS.get(*t)).map(|(_, name)| *name);
    let mut metadata = vec![
        named("first seen", &technique.first.to_string()),
        named("last seen", &technique.last.to_string()),
        named("findings", &technique.findings.to_string()),
    ];
    let tactics: Vec<&str> = tactics.collect();
    if !tactics.is_empty() {
        metadata.push(named("tactics of the rules", &tactics.join(", ")));
    }
    json!({
        "techniqueID": technique.id,
        "score": technique.findings,
        "comment": technique.rules.join("; "),
        "enabled": true,
        "metadata": metadata,
        "links": [{ "label": "ATT&CK", "url": attack::url(&technique.id) }],
        "showSubtechniques": technique.id.contains('.'),
    })
}

fn named(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}
