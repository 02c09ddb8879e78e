//! MISP: a feed's events in, an event to an instance's API out.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use blanik_model::text::for_terminal;
use serde_json::Value;

use super::intake::{Part, Taking, name_of};
use super::place::Place;
use super::web::Web;
use crate::cli::exchange::PullArgs;
use crate::output::counted;

const JSON: &str = "application/json";
const MANIFEST_BYTES_MAX: u64 = 64 << 20;
const EVENT_BYTES_MAX: u64 = 128 << 20;
const EVENTS_MAX: usize = 100_000;
/// Events, and bytes of them, that are taken in at once; then the place is kept.
const PART_EVENTS: usize = 100;
const PART_BYTES: usize = 32 << 20;
const ANSWER_BYTES_MAX: u64 = 64 << 20;
const FAILURES_SHOWN: usize = 5;

/// Takes in what is new of a feed. 1 if some events could not be got.
pub fn pull(web: &Web, args: &PullArgs, taking: &Taking<'_>) -> Result<ExitCode> {
    let base = args.url.trim_end_matches('/').trim_end_matches("/manifest.json");
    let manifest = web.get(&format!("{base}/manifest.json"), JSON, MANIFEST_BYTES_MAX)?;
    ensure!(manifest.status == 200, "{base}/manifest.json: the server says: {}", manifest.reason());
    let versions = versions(&manifest.body).with_context(|| format!("{base}/manifest.json"))?;
    let mut place = Place::open(taking.workspace(), base)?;
    let mut parts: Vec<(String, String, Part)> = Vec::new();
    let (mut taken, mut failures) = (0, Vec::new());
    for (uuid, timestamp) in &versions {
        if place.events.get(uuid).is_some_and(|at| at == timestamp) {
            continue;
        }
        match event(web, &format!("{base}/{uuid}.json"), uuid) {
            Ok(text) => {
                let part = Part { name: name_of(&format!("misp-{uuid}"), &text), text };
                parts.push((uuid.clone(), timestamp.clone(), part));
                taken += 1;
            }
            Err(error) => failures.push(format!("{uuid}: {error:#}")),
        }
        let bytes: usize = parts.iter().map(|(_, _, part)| part.text.len()).sum();
        if parts.len() >= PART_EVENTS || bytes >= PART_BYTES {
            take(taking, &mut place, &mut parts)?;
        }
    }
    take(taking, &mut place, &mut parts)?;
    for failure in failures.iter().take(FAILURES_SHOWN) {
        eprintln!("blanik: {}", for_terminal(failure));
    }
    let (all, failed) = (versions.len(), failures.len());
    let new = counted(taken as u64, "event");
    println!("{new} taken in, {} were, {failed} could not be got", all - taken - failed);
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn take(
    taking: &Taking<'_>,
    place: &mut Place,
    parts: &mut Vec<(String, String, Part)>,
) -> Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    let (mut versions, mut files) = (Vec::new(), Vec::new());
    for (uuid, timestamp, part) in parts.drain(..) {
        versions.push((uuid, timestamp));
        files.push(part);
    }
    taking.take(files)?;
    place.events.extend(versions);
    place.keep()
}

/// Of a manifest: each event's UUID and the time of its version.
fn versions(manifest: &[u8]) -> Result<BTreeMap<String, String>> {
    let manifest: Value = serde_json::from_slice(manifest).context("no JSON")?;
    let entries = manifest.as_object().context("no manifest of a MISP feed: no object")?;
    ensure!(entries.len() <= EVENTS_MAX, "more than {EVENTS_MAX} events (limit)");
    let mut versions = BTreeMap::new();
    for (uuid, entry) in entries {
        // It becomes a part of an address and of a file's name.
        ensure!(is_uuid(uuid), "{uuid:?} is no UUID");
        let timestamp = match &entry["timestamp"] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => bail!("{uuid} has no timestamp"),
        };
        versions.insert(uuid.to_ascii_lowercase(), timestamp);
    }
    Ok(versions)
}

fn event(web: &Web, url: &str, uuid: &str) -> Result<String> {
    let answer = web.get(url, JSON, EVENT_BYTES_MAX)?;
    ensure!(answer.status == 200, "the server says: {}", answer.reason());
    let text = String::from_utf8(answer.body).context("no UTF-8")?;
    let value: Value = serde_json::from_str(&text).context("no JSON")?;
    let named = value["Event"]["uuid"].as_str();
    ensure!(
        named.is_some_and(|named| named.eq_ignore_ascii_case(uuid)),
        "the file is not the event of this UUID"
    );
    Ok(text)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Sends an event; one that is there is edited. What became of it, in words.
///
/// # Errors
/// If the instance is not reached or refuses it.
pub fn push(web: &Web, url: &str, text: &str) -> Result<&'static str> {
    let value: Value = serde_json::from_str(text).context("no JSON")?;
    let event = &value["Event"];
    let uuid = event["uuid"].as_str().filter(|uuid| is_uuid(uuid));
    let uuid = uuid.context("no MISP event: no Event with a uuid")?;
    let base = url.trim_end_matches('/');
    let answer =
        web.post(&format!("{base}/events/add"), JSON, text.as_bytes(), ANSWER_BYTES_MAX)?;
    if matches!(answer.status, 200 | 201) {
        return accepted(&answer.body, uuid).map(|()| "added");
    }
    // MISP refuses an event that it has with 403, and says so in words.
    if !answer.reason().contains("already exists") {
        bail!("the server says: {}", answer.reason());
    }
    let url = format!("{base}/events/edit/{uuid}");
    let answer = web.post(&url, JSON, text.as_bytes(), ANSWER_BYTES_MAX)?;
    ensure!(answer.status == 200, "the server says: {}", answer.reason());
    accepted(&answer.body, uuid).map(|()| "there before, brought up to date")
}

/// The instance answers with the event as it has it.
fn accepted(body: &[u8], uuid: &str) -> Result<()> {
    let value: Value = serde_json::from_slice(body).context("the answer is no JSON")?;
    let named = value["Event"]["uuid"].as_str().unwrap_or_default();
    ensure!(named.eq_ignore_ascii_case(uuid), "the answer is not about the event that was sent");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_events_and_nothing_else() {
        let uuid = "5f7d3f3e-2d4c-4a6c-8f3a-3d2a950d210f";
        let manifest = |text: String| versions(text.as_bytes());
        let good = manifest(format!(r#"{{"{uuid}": {{"timestamp": "1700000000", "info": "x"}}}}"#));
        assert_eq!(good.expect("a manifest")[uuid], "1700000000");
        for wrong in [
            "[]".to_owned(),
            "{".to_owned(),
            r#"{"../../etc/passwd": {"timestamp": "1"}}"#.to_owned(),
            format!(r#"{{"{uuid}": {{}}}}"#),
            format!(r#"{{"{uuid}": 5}}"#),
        ] {
            assert!(manifest(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
