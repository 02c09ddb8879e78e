//! Whether the files of a pack say the same: the advisory's sentences, STIX's notes, techniques, indicators and
//! hypotheses, Navigator's techniques, CASE's digests of records are those of the publication.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use blanik_evidence::Hash;
use blanik_evidence::hash::from_hex;
use serde_json::Value;

use crate::container::Files;
use crate::form::{CASE, ClaimForm, LAYER, PublicationForm, STIX, advisory_path, read_json};

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

/// So many indicators without a pattern are looked for in notes.
const NOTED_MAX: usize = 1_000;
/// Keeps a page from running or loading anything (Content Security Policy).
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">";
/// What in a claim's element is not allowed: it would be shown, and not be the sentence.
const MARKUP: &str = "has markup within its sentence";

/// All differences; a file that every pack has, and this has not, is one.
pub fn differences(files: &Files, publication: &PublicationForm) -> Vec<Difference> {
    let claims: Vec<&ClaimForm> = publication.chapters.iter().flat_map(|c| &c.claims).collect();
    let mut found = Vec::new();
    for language in ["en", "cs"] {
        let path = advisory_path(language);
        if let Some(page) = text(files, &path, &mut found) {
            advisory(&path, &page, language, &claims, &mut found);
        }
    }
    if let Some(bundle) = json(files, STIX, &mut found) {
        stix(&bundle, publication, &claims, &mut found);
    }
    if let Some(layer) = json(files, LAYER, &mut found) {
        let named = strings(&layer["techniques"], "/techniqueID");
        techniques(LAYER, &named, publication, &mut found);
    }
    if !publication.commitments.is_empty()
        && let Some(graph) = json(files, CASE, &mut found)
    {
        leaves(&graph, publication, &mut found);
    }
    found
}

/// What CASE calls the leaf of a record.
pub fn leaf_name(record: u64) -> String {
    format!("Leaf {record} of the log's tree")
}

/// The digests of the cited records are those that the log holds, and no others.
fn leaves(graph: &Value, publication: &PublicationForm, found: &mut Vec<Difference>) {
    let nodes = graph["@graph"].as_array().map_or(&[][..], Vec::as_slice);
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in nodes.iter().filter(|node| node["@type"] == "observable:ContentData") {
        let value = node.pointer("/core:hasFacet/observable:hash/types:hashValue/@value");
        let name = node["core:name"].as_str().unwrap_or_default();
        named.entry(name).or_default().push(value.and_then(Value::as_str).unwrap_or_default());
    }
    for committed in &publication.commitments {
        let leaf = from_hex(&committed.leaf_bytes()).map(|bytes| Hash::of(&bytes).to_hex());
        let said = named.remove(leaf_name(committed.record).as_str());
        if leaf.is_none_or(|leaf| said.as_deref() != Some(&[leaf.as_str()])) {
            let reason = format!("has another digest of record {}", committed.record);
            found.push(differs(CASE, None, reason));
        }
    }
    for name in named.keys() {
        found.push(differs(CASE, None, format!("has a digest that is not published: {name}")));
    }
}

fn text<'f>(files: &'f Files, path: &str, found: &mut Vec<Difference>) -> Option<Cow<'f, str>> {
    match files.get(path) {
        Some(Ok(bytes)) => Some(String::from_utf8_lossy(bytes)),
        // Why it cannot be unpacked is said of the file.
        Some(Err(_)) => None,
        None => {
            found.push(differs(path, None, "is not in the pack"));
            None
        }
    }
}

fn json(files: &Files, path: &str, found: &mut Vec<Difference>) -> Option<Value> {
    let parsed = read_json(text(files, path, found)?.as_bytes());
    parsed.map_err(|reason| found.push(differs(path, None, reason))).ok()
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
    if may_change(page) {
        found.push(differs(path, None, "may run or load something: its words may change"));
    }
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

/// True if a page may run or load something, so that it says other words than stand in it.
pub fn may_change(page: &str) -> bool {
    let head = page.split("<body").next().unwrap_or_default();
    !head.contains(POLICY) || page.to_ascii_lowercase().contains("<script")
}

/// The elements of a page that hold sentences: their claim's id and text; no text where there is markup in it.
pub fn marked(page: &str) -> Vec<(String, Option<String>)> {
    const MARK: &str = "data-claim=\"";
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find(MARK) {
        // What is commented out is shown to nobody.
        if let Some(comment) = rest[..at].find("<!--") {
            let Some(end) = rest[comment..].find("-->") else { break };
            rest = &rest[comment + end..];
            continue;
        }
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
        let end = rest.bytes().take(11).position(|b| b == b';');
        let reference = end.and_then(|end| rest.get(1..end));
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
    let mut notes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for note in of("note") {
        if let (Some(id), Some(content)) = (note["abstract"].as_str(), note["content"].as_str()) {
            notes.entry(id).or_default().push(content);
        }
    }
    for claim in claims {
        match notes.get(claim.id.as_str()).map(Vec::as_slice) {
            Some([content]) if *content == claim.text.en => {}
            Some([_]) => found.push(differs(STIX, Some(&claim.id), "has another sentence")),
            Some(_) => found.push(differs(STIX, Some(&claim.id), "has the sentence twice")),
            None => found.push(differs(STIX, Some(&claim.id), "does not have the sentence")),
        }
    }
    let is_claim = |id: &str| {
        id.strip_prefix('c').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let known: BTreeSet<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
    for id in notes.keys().filter(|id| is_claim(id) && !known.contains(**id)) {
        found.push(differs(STIX, None, format!("has a sentence {id} that is not published")));
    }
    let named = of("attack-pattern").into_iter().flat_map(|o| {
        let list = o["external_references"].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|r| Some(r["external_id"].as_str()?.to_owned())).collect::<Vec<_>>()
    });
    techniques(STIX, &named.collect(), publication, found);
    indicators(&of("indicator"), &notes, publication, found);
    attributions(objects, publication, found);
}

/// Each indicator is published, and each that is published is one; a note, where STIX has no pattern for its kind.
fn indicators(
    of: &[&Value],
    notes: &BTreeMap<&str, Vec<&str>>,
    publication: &PublicationForm,
    found: &mut Vec<Difference>,
) {
    let published: BTreeSet<String> =
        publication.indicators.iter().map(|i| i.value.to_lowercase()).collect();
    let written: BTreeSet<&str> = published.iter().flat_map(|value| spellings(value)).collect();
    let literals: Vec<Vec<String>> =
        of.iter().map(|o| literals(o["pattern"].as_str().unwrap_or_default())).collect();
    for (object, said) in of.iter().zip(&literals) {
        if !said.iter().any(|literal| is_of(literal, &written)) {
            let name = object["name"].as_str().unwrap_or("without a name");
            found.push(differs(
                STIX,
                None,
                format!("has an indicator, {name}, that is not published"),
            ));
        }
    }
    let said: BTreeSet<&str> = literals
        .iter()
        .flatten()
        .flat_map(|literal| [literal.as_str(), without_scheme(literal)])
        .collect();
    let is_said = |value: &&String| spellings(value).any(|spelling| said.contains(spelling));
    let noted: String =
        notes.values().flatten().map(|content| content.to_lowercase() + "\n").collect();
    for (n, value) in published.iter().filter(|value| !is_said(value)).enumerate() {
        // Who makes a pack to be slow is told so.
        if n == NOTED_MAX {
            found.push(differs(
                STIX,
                None,
                "has more indicators without a pattern than are looked for",
            ));
            break;
        }
        if !noted.contains(value.as_str()) {
            found.push(differs(STIX, None, format!("has no indicator {value}")));
        }
    }
}

/// What a pattern may write for an indicator: itself, and of a path its last parts.
fn spellings(value: &str) -> impl Iterator<Item = &str> {
    let parts = value.match_indices(['\\', '/']).map(|(at, _)| &value[at + 1..]);
    std::iter::once(value).chain(parts.filter(|part| part.len() > 2))
}

fn without_scheme(literal: &str) -> &str {
    literal.split_once("://").map_or(literal, |(_, rest)| rest)
}

/// The values that a pattern compares with, in lower case.
fn literals(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, &mut open) {
            ('\'', Some(_)) => found.extend(open.take().map(|text| text.to_lowercase())),
            ('\'', None) => open = Some(String::new()),
            ('\\', Some(text)) => text.extend(chars.next()),
            (c, Some(text)) => text.push(c),
            (_, None) => {}
        }
    }
    found
}

/// Whether a pattern's value is one of these: a URL with its scheme is.
fn is_of(literal: &str, written: &BTreeSet<&str>) -> bool {
    written.contains(literal) || written.contains(without_scheme(literal))
}

/// Whom it is attributed to, and with which confidence, are the published hypotheses and their probabilities.
fn attributions(objects: &[Value], publication: &PublicationForm, found: &mut Vec<Difference>) {
    let names: BTreeMap<&str, &str> =
        objects.iter().filter_map(|o| Some((o["id"].as_str()?, o["name"].as_str()?))).collect();
    let hypotheses = publication.attribution.as_ref().map_or(&[][..], |a| &a.hypotheses);
    for object in objects.iter().filter(|o| o["relationship_type"] == "attributed-to") {
        let target = object["target_ref"].as_str().unwrap_or_default();
        let name = names.get(target).copied().unwrap_or(target);
        let is_published = hypotheses.iter().any(|h| {
            h.name == name && object["confidence"].as_f64() == Some((h.probability * 100.0).round())
        });
        if !is_published {
            let reason = format!("attributes to {name} otherwise than is published");
            found.push(differs(STIX, None, reason));
        }
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
        let page = r#"<!-- <i data-claim="c0">not shown</i> --><p><span data-claim="c1">A &lt;b&gt; &amp; &#x10d; “c”.</span><sup>1</sup>
            <span class="x" data-claim="c2" lang="en">Two
            lines.</span> <i data-claim="c3">with <b>markup</b></i> <i data-claim="c4">&nope;&</i>"#;
        let found = marked(page);
        assert_eq!(found[0], ("c1".into(), Some("A <b> & č “c”.".into())));
        assert_eq!(squeezed(found[1].1.as_deref().expect("plain")), "Two lines.");
        assert_eq!(found[2], ("c3".into(), None));
        assert_eq!(found[3], ("c4".into(), Some("&nope;&".into())));
    }

    #[test]
    fn the_digests_of_records_are_those_that_the_log_holds() {
        let entry = format!("01{}", "ab".repeat(32));
        let publication: PublicationForm = serde_json::from_value(serde_json::json!({
            "chapters": [], "techniques": [], "indicators": [], "attribution": null,
            "commitments": [{ "record": 7, "entry": entry }],
        }))
        .expect("a publication");
        let digest = Hash::of(&from_hex(&format!("00{entry}")).expect("hex")).to_hex();
        let node = |name: &str, digest: &str| {
            serde_json::json!({ "@type": "observable:ContentData", "core:name": name,
                "core:hasFacet": { "observable:hash": { "types:hashValue": { "@value": digest } } } })
        };
        let reasons = |nodes: Vec<Value>| {
            let mut found = Vec::new();
            leaves(&serde_json::json!({ "@graph": nodes }), &publication, &mut found);
            found.into_iter().map(|d| d.reason).collect::<Vec<_>>()
        };
        let right = node(&leaf_name(7), &digest);
        assert!(reasons(vec![right.clone()]).is_empty());
        let other = ["has another digest of record 7"];
        assert_eq!(reasons(vec![]), other);
        assert_eq!(reasons(vec![node(&leaf_name(7), &"0".repeat(64))]), other);
        assert_eq!(reasons(vec![right.clone(), right.clone()]), other, "twice");
        assert!(reasons(vec![right, node(&leaf_name(8), &digest)])[0].contains("Leaf 8"));
    }

    #[test]
    fn values_of_a_pattern() {
        let said =
            literals(r"[file:name = 'It\'s.exe' AND file:parent_directory_ref.path = 'C:\\x']");
        assert_eq!(said, ["it's.exe", r"c:\x"]);
        let written = |value| spellings(value).collect::<BTreeSet<&str>>();
        assert!(is_of("http://a.example/b", &written("a.example/b")));
        assert!(is_of("x.exe", &written(r"c:\y\x.exe")) && !is_of("exe", &written(r"c:\y\x.exe")));
        assert!(!is_of("10.0.0.11", &written("10.0.0.1")));
    }
}
