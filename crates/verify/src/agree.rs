//! Whether the files of a pack say the same: the advisory's sentences, STIX's notes, techniques, indicators and
//! hypotheses, Navigator's techniques are those of the publication.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::container::Files;
use crate::form::{ClaimForm, LAYER, PublicationForm, STIX, advisory_path};

/// Where a file says something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub path: String,
    /// The sentence, where it is about one.
    pub claim: Option<String>,
    /// What differs.
    pub reason: String,
}

/// What in a claim's element is not allowed: it would be shown, and not be the sentence.
const MARKUP: &str = "has markup within its sentence";

/// All differences; of files that are not there, none.
pub fn differences(files: &Files, publication: &PublicationForm) -> Vec<Difference> {
    let claims: Vec<&ClaimForm> = publication.chapters.iter().flat_map(|c| &c.claims).collect();
    let mut found = Vec::new();
    let text = |path: &str| files.get(path)?.as_ref().ok().map(|b| String::from_utf8_lossy(b));
    for language in ["en", "cs"] {
        let path = advisory_path(language);
        if let Some(page) = text(&path) {
            advisory(&path, &page, language, &claims, &mut found);
        }
    }
    let json = |path: &str| serde_json::from_str::<Value>(&text(path)?).ok();
    if let Some(bundle) = json(STIX) {
        stix(&bundle, publication, &claims, &mut found);
    }
    if let Some(layer) = json(LAYER) {
        let named = strings(&layer["techniques"], "/techniqueID");
        techniques(LAYER, &named, publication, &mut found);
    }
    found
}

fn differs(path: &str, claim: Option<&str>, reason: impl Into<String>) -> Difference {
    Difference { path: path.to_owned(), claim: claim.map(str::to_owned), reason: reason.into() }
}

/// Each sentence stands in the page once, and is what the publication says.
fn advisory(
    path: &str,
    page: &str,
    language: &str,
    claims: &[&ClaimForm],
    found: &mut Vec<Difference>,
) {
    let mut said: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (id, text) in marked(page) {
        said.entry(id).or_default().push(text);
    }
    for claim in claims {
        let each = claim.text.each();
        let wanted = each.iter().find(|(code, _)| *code == language).map_or("", |(_, text)| text);
        let reason = match said.remove(&claim.id).as_deref() {
            None => Some("does not have the sentence"),
            Some([None]) => Some(MARKUP),
            Some([Some(text)]) if squeezed(text) == squeezed(wanted) => None,
            Some([_]) => Some("has another sentence"),
            Some(_) => Some("has the sentence more than once"),
        };
        if let Some(reason) = reason {
            found.push(differs(path, Some(&claim.id), reason));
        }
    }
    for id in said.keys() {
        found.push(differs(path, None, format!("has a sentence {id} that is not published")));
    }
}

/// The elements of a page that hold sentences: their claim's id and text; no text where there is markup in it.
pub fn marked(page: &str) -> Vec<(String, Option<String>)> {
    const MARK: &str = "data-claim=\"";
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find(MARK) {
        rest = &rest[at + MARK.len()..];
        let Some((id, behind)) = rest.split_once('"') else { break };
        let Some((_, behind)) = behind.split_once('>') else { break };
        let end = behind.find('<').unwrap_or(behind.len());
        let is_plain = behind[end..].starts_with("</");
        found.push((unescaped(id), is_plain.then(|| unescaped(&behind[..end]))));
        rest = &behind[end..];
    }
    found
}

/// HTML's text without its references to characters.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest.find(';').filter(|end| *end <= 10).map(|end| &rest[1..end]);
        match reference.and_then(|name| Some((name, character(name)?))) {
            Some((name, c)) => {
                out.push(c);
                rest = &rest[name.len() + 2..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    let code =
        |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => code(&hex[1..], 16),
            digits => code(digits, 10),
        },
    }
}

/// White space as a page shows it.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stix(
    bundle: &Value,
    publication: &PublicationForm,
    claims: &[&ClaimForm],
    found: &mut Vec<Difference>,
) {
    let objects = bundle["objects"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |ty: &str| objects.iter().filter(move |o| o["type"] == ty).collect::<Vec<_>>();
    let notes: BTreeMap<&str, &str> = of("note")
        .into_iter()
        .filter_map(|o| Some((o["abstract"].as_str()?, o["content"].as_str()?)))
        .collect();
    for claim in claims {
        match notes.get(claim.id.as_str()) {
            Some(content) if *content == claim.text.en => {}
            Some(_) => found.push(differs(STIX, Some(&claim.id), "has another sentence")),
            None => found.push(differs(STIX, Some(&claim.id), "does not have the sentence")),
        }
    }
    let named = of("attack-pattern").into_iter().flat_map(|o| {
        let list = o["external_references"].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|r| Some(r["external_id"].as_str()?.to_owned())).collect::<Vec<_>>()
    });
    techniques(STIX, &named.collect(), publication, found);
    let patterns: String = of("indicator")
        .into_iter()
        .filter_map(|o| o["pattern"].as_str())
        .map(|pattern| pattern.replace("\\\\", "\\").replace("\\'", "'") + "\n")
        .collect();
    let lower = patterns.to_lowercase();
    for indicator in &publication.indicators {
        if !lower.contains(&indicator.value.to_lowercase()) {
            let reason = format!("has no indicator {}", indicator.value);
            found.push(differs(STIX, None, reason));
        }
    }
    hypotheses(&of("relationship"), publication, found);
}

/// The probabilities of the hypotheses are the confidence of who it is attributed to.
fn hypotheses(
    relationships: &[&Value],
    publication: &PublicationForm,
    found: &mut Vec<Difference>,
) {
    let Some(attribution) = &publication.attribution else { return };
    let attributed = relationships.iter().filter(|o| o["relationship_type"] == "attributed-to");
    let said: BTreeSet<u64> = attributed.filter_map(|o| o["confidence"].as_u64()).collect();
    let mut published = attribution.hypotheses.iter().map(|h| {
        let percent = (h.probability * 100.0).round().clamp(0.0, 100.0);
        // In 0..=100: a whole number.
        percent as u64
    });
    let all: BTreeSet<u64> = published.by_ref().collect();
    for stranger in said.difference(&all) {
        let reason = format!("attributes with {stranger} %, which the publication does not");
        found.push(differs(STIX, None, reason));
    }
}

fn techniques(
    path: &str,
    named: &BTreeSet<String>,
    publication: &PublicationForm,
    found: &mut Vec<Difference>,
) {
    let published: BTreeSet<String> = publication.techniques.iter().map(|t| t.id.clone()).collect();
    for id in published.symmetric_difference(named) {
        let reason = match published.contains(id) {
            true => format!("does not have technique {id}"),
            false => format!("has technique {id}, which is not published"),
        };
        found.push(differs(path, None, reason));
    }
}

fn strings(list: &Value, pointer: &str) -> BTreeSet<String> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|o| Some(o.pointer(pointer)?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_a_page() {
        let page = r#"<p><span data-claim="c1">A &lt;b&gt; &amp; &#x10d; “c”.</span><sup>1</sup>
            <span class="x" data-claim="c2" lang="en">Two
            lines.</span> <i data-claim="c3">with <b>markup</b></i> <i data-claim="c4">&nope;&</i>"#;
        let found = marked(page);
        assert_eq!(found[0], ("c1".into(), Some("A <b> & č “c”.".into())));
        assert_eq!(squeezed(found[1].1.as_deref().expect("plain")), "Two lines.");
        assert_eq!(found[2], ("c3".into(), None));
        assert_eq!(found[3], ("c4".into(), Some("&nope;&".into())));
    }
}
