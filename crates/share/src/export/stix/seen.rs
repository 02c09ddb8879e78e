//! What was seen: techniques, software, infrastructure, indicators with their patterns, observed data and sightings.

use serde_json::{Value, json};

use super::objects::{Bundle, count, named, span, time};
use super::pattern;
use crate::export::attack;
use crate::publication::{Cited, Indicator, Software, Technique};
use blanik_model::IndicatorType;

/// Adds all of it; returns ids of what others can look for.
pub fn add(bundle: &mut Bundle<'_>, campaign: &str, victim: Option<&str>) -> Vec<String> {
    let publication = bundle.publication;
    let mut to_look_for = Vec::new();
    let place = victim.unwrap_or(bundle.author()).to_owned();
    for technique in &publication.techniques {
        let pattern = attack_pattern(bundle, technique);
        uses(bundle, campaign, technique, &pattern);
        let seen = Seen { of: &pattern, data: None, place: &place };
        let what = (technique.first, technique.last, technique.findings);
        seen.add(bundle, what, &technique.cites, publication.tlp);
        to_look_for.push(pattern);
    }
    for software in &publication.software {
        let id = malware_or_tool(bundle, software);
        bundle.relate((campaign, "uses", &id), publication.tlp, Value::Null);
        to_look_for.push(id);
    }
    for indicator in &publication.indicators {
        to_look_for.extend(look_for(bundle, indicator, campaign, &place));
    }
    to_look_for
}

/// Adds a technique; its id.
pub fn attack_pattern(bundle: &mut Bundle<'_>, technique: &Technique) -> String {
    let reference = attack::is_technique(&technique.id).then(|| {
        json!([{
            "source_name": "mitre-attack",
            "external_id": technique.id,
            "url": attack::url(&technique.id),
        }])
    });
    let phase = |tactic: &usize| {
        let (slug, _) = blanik_model::attack::TACTICS.get(*tactic)?;
        Some(json!({ "kill_chain_name": "mitre-attack", "phase_name": slug }))
    };
    let phases: Vec<Value> = technique.tactics.iter().filter_map(phase).collect();
    let name = technique.name.as_deref().unwrap_or(&technique.id);
    let properties = json!({
        "name": named(name),
        "external_references": reference,
        "kill_chain_phases": (!phases.is_empty()).then_some(phases),
    });
    bundle.add("attack-pattern", &[&technique.id, name], bundle.publication.tlp, properties)
}

fn uses(bundle: &mut Bundle<'_>, campaign: &str, technique: &Technique, pattern: &str) {
    let (start, stop) = span(technique.first, technique.last);
    let what = json!({
        "description": format!("By rules: {}.", technique.rules.join("; ")),
        // It must be later than the start.
        "stop_time": (stop != start).then_some(stop),
        "start_time": start,
    });
    bundle.relate((campaign, "uses", pattern), bundle.publication.tlp, what);
}

fn malware_or_tool(bundle: &mut Bundle<'_>, software: &Software) -> String {
    let id = software.id.as_deref().filter(|id| attack::is_software(id));
    let reference = id.map(|id| {
        let url = format!("https://attack.mitre.org/software/{id}");
        json!([{ "source_name": "mitre-attack", "external_id": id, "url": url }])
    });
    let key = [software.name.as_str(), software.id.as_deref().unwrap_or("")];
    let name = named(&software.name);
    let marking = bundle.publication.tlp;
    if software.is_malware {
        let properties =
            json!({ "name": name, "is_family": true, "external_references": reference });
        bundle.add("malware", &key, marking, properties)
    } else {
        bundle.add("tool", &key, marking, json!({ "name": name, "external_references": reference }))
    }
}

/// An indicator with all that belongs to it: what was observed, whose machine it is, that it was sighted.
fn look_for(
    bundle: &mut Bundle<'_>,
    indicator: &Indicator,
    campaign: &str,
    place: &str,
) -> Vec<String> {
    let observable = pattern::observable(bundle, indicator);
    let data = observable.as_deref().map(|id| observed(bundle, indicator, id));
    let infrastructure = infrastructure(bundle, indicator, campaign, observable.as_deref());
    let Some(pattern) = pattern::pattern(indicator) else {
        let id = without_pattern(bundle, indicator, campaign);
        return data.into_iter().chain([id]).collect();
    };
    let sources = indicator.sources.join("; ");
    let said = (!sources.is_empty()).then(|| format!("Known from: {sources}."));
    let properties = json!({
        "name": format!("{} {}", indicator.kind, indicator.value),
        "description": said,
        "indicator_types": ["malicious-activity"],
        "pattern": pattern,
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": time(indicator.first.min(indicator.last)),
    });
    let key = [indicator.kind.as_str(), indicator.value.as_str()];
    let id = bundle.add("indicator", &key, indicator.marking, properties);
    bundle.relate((&id, "indicates", campaign), indicator.marking, Value::Null);
    if let Some(infrastructure) = &infrastructure {
        bundle.relate((&id, "indicates", infrastructure), indicator.marking, Value::Null);
    }
    if let Some(data) = &data {
        bundle.relate((&id, "based-on", data), indicator.marking, Value::Null);
    }
    let seen = Seen { of: &id, data: data.as_deref(), place };
    let what = (indicator.first, indicator.last, indicator.findings);
    seen.add(bundle, what, &indicator.cites, indicator.marking);
    [Some(id), data, infrastructure].into_iter().flatten().collect()
}

fn observed(bundle: &mut Bundle<'_>, indicator: &Indicator, observable: &str) -> String {
    let (first, last) = span(indicator.first, indicator.last);
    let properties = json!({
        "first_observed": first,
        "last_observed": last,
        "number_observed": count(indicator.findings),
        "object_refs": [observable],
    });
    let key = [indicator.kind.as_str(), indicator.value.as_str()];
    bundle.add("observed-data", &key, indicator.marking, properties)
}

/// Addresses and names of machines that the intruder used.
fn infrastructure(
    bundle: &mut Bundle<'_>,
    indicator: &Indicator,
    campaign: &str,
    observable: Option<&str>,
) -> Option<String> {
    use IndicatorType::{Address, Domain, Network};
    if !matches!(indicator.kind, Address | Domain | Network) {
        return None;
    }
    let observable = observable?;
    let (first, last) = span(indicator.first, indicator.last);
    let properties = json!({
        "name": indicator.value,
        "infrastructure_types": ["unknown"],
        "first_seen": first,
        "last_seen": last,
    });
    let marking = indicator.marking;
    let id = bundle.add("infrastructure", &[&indicator.value], marking, properties);
    bundle.relate((campaign, "uses", &id), marking, Value::Null);
    bundle.relate((&id, "consists-of", observable), marking, Value::Null);
    Some(id)
}

/// STIX has no pattern for it: it is said, and not lost.
fn without_pattern(bundle: &mut Bundle<'_>, indicator: &Indicator, campaign: &str) -> String {
    let properties = json!({
        "abstract": "An indicator for which STIX has no pattern",
        "content": format!("{}: {}", indicator.kind, indicator.value),
        "authors": [bundle.publication.publisher.name],
        "labels": ["indicator", indicator.kind.as_str()],
        "object_refs": [campaign],
    });
    let key = ["indicator", indicator.kind.as_str(), &indicator.value];
    bundle.add("note", &key, indicator.marking, properties)
}

/// What was sighted, by which data, at whom.
struct Seen<'s> {
    of: &'s str,
    data: Option<&'s str>,
    place: &'s str,
}

type When = (blanik_model::Timestamp, blanik_model::Timestamp, u64);

impl Seen<'_> {
    fn add(&self, bundle: &mut Bundle<'_>, what: When, cites: &Cited, marking: blanik_model::Tlp) {
        let (first, last, findings) = what;
        let (first, last) = span(first, last);
        let origin = named(&bundle.publication.log.origin);
        let reference =
            |record: &u64| json!({ "source_name": origin, "external_id": record.to_string() });
        let properties = json!({
            "first_seen": first,
            "last_seen": last,
            "count": findings.min(999_999_999),
            "sighting_of_ref": self.of,
            "observed_data_refs": self.data.map(|data| [data]),
            "where_sighted_refs": [self.place],
            "external_references": cites.records.iter().map(reference).collect::<Vec<Value>>(),
        });
        bundle.add("sighting", &[self.of], marking, properties);
    }
}
