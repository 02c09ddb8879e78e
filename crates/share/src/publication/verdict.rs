//! The verdict on record → who it was, as it is published: sentences in each language, the alternatives, the matrix,
//! the denial test.

use std::collections::BTreeMap;

use blanik_attribution::verdict::{Likelihood, Put};
use blanik_model::Tlp;
use serde::Deserialize;

use super::gathered::technique_names;
use super::names::Names;
use super::saying::{Saying, counted, percent};
use super::{Attribution, Cited, Denial, Hypothesis, Item, Wording, likelihood};

/// Hypotheses that are published by name.
const HYPOTHESES_MAX: usize = 12;
/// Items of the denial test that have a sentence.
const DENIALS_MAX: usize = 6;

/// As much of a verdict's JSON as is published.
#[derive(Deserialize)]
struct Form {
    likelihood: String,
    said: Likelihood,
    confidence_sentence: String,
    confidence: String,
    #[serde(default)]
    missing: Vec<String>,
    hypotheses: Vec<Hypothesis>,
    unknown: f64,
    against: Vec<String>,
    matrix: Vec<Row>,
    denial: Vec<Denial>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    what: String,
    class: String,
    grade: String,
    source: String,
    citation: Option<u64>,
    #[serde(default)]
    counts: bool,
    decibans: Vec<f64>,
}

impl Row {
    /// Whether it was found in the case's own records. Of what others told, who did and what is for those with whom
    /// the network is defended.
    fn is_ours(&self) -> bool {
        ["techniques", "software", "timing"].contains(&self.class.to_lowercase().as_str())
    }
}

/// Software that the verdict's matrix names.
pub struct Named {
    /// Its id, as the verdict has it.
    pub id: String,
    /// In words.
    pub what: String,
    /// The record.
    pub citation: Option<u64>,
}

/// What a verdict comes to in a publication.
pub struct Told {
    /// As data.
    pub attribution: Attribution,
    /// The sentences of who it was.
    pub who: Vec<Saying>,
    /// The sentences of the denial test.
    pub denial: Vec<Saying>,
    /// Software among the evidence.
    pub software: Vec<Named>,
}

/// Of the JSON of a verdict on record.
///
/// # Errors
/// If it is no verdict.
pub fn told(json: &str, cites: Cited, names: &Names) -> Result<Told, serde_json::Error> {
    let form: Form = serde_json::from_str(json)?;
    let known = technique_names();
    let clean = |text: &str| names.text(text);
    let is_inside = names.tlp() >= Tlp::Amber;
    let told_by_others: BTreeMap<&str, &str> = form
        .matrix
        .iter()
        .filter(|row| !row.is_ours() && !is_inside)
        .flat_map(|row| {
            [(row.id.as_str(), row.class.as_str()), (row.what.as_str(), row.class.as_str())]
        })
        .collect();
    let item_name =
        |without: &str| told_by_others.get(without).copied().unwrap_or(without).to_owned();
    let likelihood =
        Wording { en: clean(&form.likelihood), cs: clean(&likelihood::czech(&form.said)) };
    let missing = form.missing.len() as u64;
    let confidence_sentence = Wording {
        en: clean(&form.confidence_sentence),
        cs: confidence_cs(&form.confidence, missing),
    };
    let mut who = vec![said(likelihood.clone()), said(confidence_sentence.clone())];
    who.extend(alternatives(&form, names));
    let denial =
        form.denial.iter().filter(|d| d.changes).chain(form.denial.iter().filter(|d| !d.changes));
    let denial: Vec<Saying> = denial
        .take(DENIALS_MAX)
        .map(|d| {
            without(
                &Denial { without: item_name(&d.without), ..d.clone() },
                form.hypotheses.first(),
                &known,
                names,
            )
        })
        .collect();
    let software = form.matrix.iter().filter(|row| row.class.eq_ignore_ascii_case("software"));
    let software = software
        .map(|row| Named { id: row.id.clone(), what: clean(&row.what), citation: row.citation })
        .collect();
    let item = |row: &Row| Item {
        what: if row.is_ours() || is_inside { clean(&row.what) } else { row.class.clone() },
        class: row.class.clone(),
        grade: row.grade.clone(),
        source: if row.is_ours() || is_inside { clean(&row.source) } else { String::new() },
        record: row.citation,
        decibans: row.decibans.clone(),
    };
    let attribution = Attribution {
        likelihood,
        has_word: matches!(form.said.put, Put::Word(_)),
        confidence_sentence,
        confidence: form.confidence.to_lowercase(),
        unknown: form.unknown,
        against: form.against.iter().map(|id| clean(&name_of(&form.hypotheses, id))).collect(),
        matrix: form.matrix.iter().filter(|row| row.counts).map(item).collect(),
        denial: form
            .denial
            .iter()
            .map(|d| Denial {
                without: clean(&item_name(&d.without)),
                leader: clean(&d.leader),
                ..d.clone()
            })
            .collect(),
        hypotheses: form
            .hypotheses
            .iter()
            .take(HYPOTHESES_MAX)
            .map(|h| Hypothesis { name: clean(&h.name), ..h.clone() })
            .collect(),
        cites,
    };
    Ok(Told { attribution, who, denial, software })
}

fn said(text: Wording) -> Saying {
    Saying { text, marking: Tlp::Clear }
}

fn name_of(hypotheses: &[Hypothesis], id: &str) -> String {
    hypotheses.iter().find(|h| h.id == id).map_or_else(|| id.to_owned(), |h| h.name.clone())
}

/// A hypothesis's name in Czech: actors keep theirs, the unknown one has none.
pub(crate) fn name_cs(name: &str) -> String {
    let Some(rest) = name.strip_prefix("an unknown actor") else { return name.to_owned() };
    let rest = rest.replace(" of ", " státu ");
    let words = [
        ("(low confidence)", "(nízká míra jistoty)"),
        ("(moderate confidence)", "(střední míra jistoty)"),
        ("(high confidence)", "(vysoká míra jistoty)"),
    ];
    words.iter().fold(format!("neznámý aktér{rest}"), |name, (en, cs)| name.replace(en, cs))
}

fn is_unknown(h: &Hypothesis) -> bool {
    h.id.starts_with("UNKNOWN")
}

fn confidence_cs(level: &str, missing: u64) -> String {
    let word = match level.to_lowercase().as_str() {
        "high" => "vysoká",
        "moderate" => "střední",
        _ => "nízká",
    };
    let why = match missing {
        0 => "všechny podmínky vysoké míry jistoty jsou splněny".to_owned(),
        n => {
            let what = counted(n, ["", ""], ["podmínka", "podmínky", "podmínek"]).cs;
            format!("pro vysokou míru jistoty chybí {what}")
        }
    };
    format!("Míra naší jistoty v tomto úsudku je {word}: {why}.")
}

fn alternatives(form: &Form, names: &Names) -> Vec<Saying> {
    let mut rest: Vec<String> = Vec::new();
    let mut rest_cs: Vec<String> = Vec::new();
    // Unknown actors of all nations are one answer: where it leads, its parts are no alternatives to it.
    let leads = form.hypotheses.first().is_some_and(is_unknown);
    let others = form.hypotheses.iter().skip(1).filter(|h| !(leads && is_unknown(h)));
    for h in others.take(4) {
        rest.push(format!("{} {}", names.text(&h.name), percent(h.probability)));
        rest_cs.push(format!("{} {}", names.text(&name_cs(&h.name)), percent(h.probability)));
    }
    if rest.is_empty() {
        return Vec::new();
    }
    let (rest, rest_cs) = (rest.join(", "), rest_cs.join(", "));
    let word = form.confidence.to_lowercase();
    let cs = match word.as_str() {
        "high" => "vysoká",
        "moderate" => "střední",
        _ => "nízká",
    };
    vec![said(Wording {
        en: format!("The alternatives, at the same {word} confidence: {rest}."),
        cs: format!("Alternativy (míra jistoty je stejně {cs}): {rest_cs}."),
    })]
}

fn without(
    d: &Denial,
    first: Option<&Hypothesis>,
    known: &BTreeMap<String, String>,
    names: &Names,
) -> Saying {
    // Who does not know ATT&CK by heart reads the technique's name beside its number.
    let item = match known.get(&d.without) {
        Some(name) => format!("{} {name}", d.without),
        None => d.without.clone(),
    };
    let (item, leader) = (names.text(&item), names.text(&d.leader));
    let (p, forged) = (percent(d.probability), percent(d.if_forged));
    let is_first = first.is_some_and(|h| {
        h.name == d.leader || (is_unknown(h) && d.leader.starts_with("an unknown actor"))
    });
    let leader_cs = names.text(&name_cs(&d.leader));
    let (en, cs) = match d.changes {
        true if is_first => ("how likely it is changes", "se mění míra pravděpodobnosti"),
        true => ("the answer changes", "odpověď se mění"),
        false => ("the answer stays", "odpověď se nemění"),
    };
    said(Wording {
        en: format!(
            "Without \"{item}\", {en}: {leader} leads with {p}; if it was planted, the present leader has {forged}."
        ),
        cs: format!(
            "Bez položky „{item}“ {cs}: vede {leader_cs} s {p}; byla-li podvržena, má nynější vedoucí hypotéza {forged}."
        ),
    })
}
