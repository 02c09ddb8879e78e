//! What is known from outside of intrusion A's relays: a bundle of STIX 2.1 of our own making, with facts that
//! CERT-FR and Sekoia.io published (see [`super::relays`]). It lies beside the logs and is no part of them.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::random::Random;
use super::relays::{CERT_FR, NAME, SEKOIA};

const OURS: &str = "identity--b1a11c00-0000-4000-8000-000000000001";
const ACTOR: &str = "intrusion-set--b1a11c00-0000-4000-8000-000000000031";
/// STIX's own object for TLP:WHITE (STIX 2.1, section 7.2.1.4).
const WHITE: &str = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
const MADE: &str = "2026-11-22T00:00:00.000Z";

/// Writes the folder.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("relays.stix.json"), serde_json::to_vec_pretty(&bundle())?)
}

/// An id in the form of a UUID of version 4, fixed by the value.
fn id(kind: &str, value: &str) -> String {
    let mut digits = Random::stream(31, value);
    let (a, b, c, d) = (digits.hex(8), digits.hex(4), digits.hex(3), digits.hex(3));
    format!("{kind}--{a}-{b}-4{c}-8{d}-{}", digits.hex(12))
}

fn bundle() -> Value {
    let cert_fr = (
        "CERT-FR",
        "CERTFR-2021-IOC-003",
        "https://www.cert.ssi.gouv.fr/ioc/CERTFR-2021-IOC-003/",
        "2021-07-21",
    );
    let sekoia =
        ("Sekoia.io", "APT31 indicators", "https://github.com/SEKOIA-IO/Community", "2021-11-10");
    let relays = CERT_FR
        .iter()
        .map(|address| (*address, cert_fr))
        .chain(SEKOIA.iter().map(|a| (*a, sekoia)));
    let mut objects = vec![
        json!({
            "type": "identity", "spec_version": "2.1", "id": OURS, "created": MADE, "modified": MADE,
            "name": "blanik's exercise", "identity_class": "system",
            "description": "Gathered from public lists for the exercise; no finding of our own.",
        }),
        json!({
            "type": "intrusion-set", "spec_version": "2.1", "id": ACTOR, "created": MADE, "modified": MADE,
            "created_by_ref": OURS, "name": "APT31", "aliases": ["ZIRCONIUM", "JUDGMENT PANDA", "BRONZE VINEWOOD"],
            "object_marking_refs": [WHITE],
            "external_references": [{ "source_name": "mitre-attack", "external_id": "G0128" }],
        }),
    ];
    for (address, source) in relays {
        indicator(&mut objects, address, &format!("[ipv4-addr:value = '{address}']"), source);
    }
    indicator(&mut objects, NAME, &format!("[domain-name:value = '{NAME}']"), sekoia);
    json!({ "type": "bundle", "id": id("bundle", "relays"), "objects": objects })
}

type Source = (&'static str, &'static str, &'static str, &'static str);

fn indicator(objects: &mut Vec<Value>, value: &str, pattern: &str, source: Source) {
    let (by, title, url, date) = source;
    let indicator = id("indicator", value);
    objects.push(json!({
        "type": "indicator", "spec_version": "2.1", "id": indicator, "created": MADE, "modified": MADE,
        "created_by_ref": OURS, "name": value, "pattern": pattern, "pattern_type": "stix",
        "indicator_types": ["anonymization"], "valid_from": format!("{date}T00:00:00Z"),
        "object_marking_refs": [WHITE],
        "description": format!("Published by {by} on {date}: {title}."),
        "external_references": [{ "source_name": by, "description": title, "url": url }],
    }));
    objects.push(json!({
        "type": "relationship", "spec_version": "2.1", "id": id("relationship", value), "created": MADE,
        "modified": MADE, "created_by_ref": OURS, "relationship_type": "indicates", "source_ref": indicator,
        "target_ref": ACTOR, "object_marking_refs": [WHITE],
    }));
}
