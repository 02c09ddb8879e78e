//! Every file of the example, to the byte (`UPDATE_EXPECT=1` writes them anew).

use std::fs;
use std::path::Path;

use blanik_share::export;

use crate::example::{at, publication};

#[test]
fn every_format_of_the_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/exports");
    let files = export::all(&publication());
    for (name, bytes) in &files {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        let expected = fs::read(&path)
            .unwrap_or_else(|e| panic!("{}: {e}; run with UPDATE_EXPECT=1", path.display()));
        assert!(expected == *bytes, "{name} differs; run with UPDATE_EXPECT=1 and read the diff");
    }
}

#[test]
fn names_of_files_are_fixed() {
    let names: Vec<String> = export::all(&publication()).into_iter().map(|(n, _)| n).collect();
    assert_eq!(
        names,
        [
            "stix/bundle.json",
            "misp/event.json",
            "navigator/layer.json",
            "attack-flow/flow.json",
            "timesketch/timeline.jsonl",
            "case-uco/provenance.jsonld",
            "indicators/indicators.csv",
            "indicators/sigma/proxy.yml",
            "indicators/sigma/dns.yml",
            "indicators/sigma/firewall.yml",
            "indicators/sigma/process-hash.yml",
        ]
    );
}

#[test]
fn the_same_publication_gives_the_same_bytes() {
    assert_eq!(export::all(&publication()), export::all(&publication()));
}

/// Ids of a bundle, without those that all publications from one log share, and without observables.
fn ids(publication: &blanik_share::publication::Publication) -> Vec<String> {
    let bundle = export::stix::bundle(publication);
    let objects = bundle["objects"].as_array().unwrap();
    let own = objects.iter().filter(|o| {
        let common = o["identity_class"] == "organization" || o["type"] == "location";
        o["created_by_ref"].is_string() && !common
    });
    own.map(|o| o["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn published_again_it_has_the_same_ids_and_for_others_it_has_others() {
    let first = publication();
    let mut again = first.clone();
    again.published = at("2026-05-01T00:00:00Z");
    assert_eq!(ids(&first), ids(&again));
    let mut wider = first.clone();
    wider.tlp = blanik_model::Tlp::Red;
    let wider = ids(&wider);
    assert!(ids(&first).iter().all(|id| !wider.contains(id)));
    assert_eq!(wider.len(), ids(&first).len());
}

#[test]
fn the_schema_of_a_publication_reads_what_it_writes() {
    let text = serde_json::to_string(&publication()).unwrap();
    let read: blanik_share::publication::Publication = serde_json::from_str(&text).unwrap();
    assert_eq!(export::all(&read), export::all(&publication()));
}
