//! What an exchange brings, STIX or MISP: knowledge of actors, indicators, opinions about what we published, cosigned checkpoints. An
//! opinion is taken only if it is about something of ours and of somebody known; what goes on record is bounded.

#![no_main]

use std::sync::LazyLock;

use blanik_attribution::intake;
use blanik_attribution::knowledge::{Knowledge, Source};
use blanik_attribution::observe::Grade;
use blanik_evidence::Note;
use blanik_model::Timestamp;
use blanik_share::reply::{self, Ours, cosigned};
use blanik_share::{Intake, ListAs};
use serde_json::{Value, json};

static KNOWN: LazyLock<Knowledge> = LazyLock::new(Knowledge::builtin);
const US: &str = "identity--22222222-2222-4222-8222-222222222222";
const CAMPAIGN: &str = "campaign--33333333-3333-4333-8333-333333333333";
static OURS: LazyLock<Ours> = LazyLock::new(|| {
    let ours =
        |ty: &str, id: &str| json!({"type": ty, "id": id, "created_by_ref": US, "name": "ours"});
    let report = ours("report", "report--77777777-7777-4777-8777-777777777777");
    let bundle = json!({"objects": [ours("identity", US), ours("campaign", CAMPAIGN), report]});
    let mut all = Ours::default();
    all.add(7, "17", Timestamp::from_nanos(0), &bundle);
    all
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut intake = Intake::new();
    intake.read("in/taxii.example.json", bytes, &ListAs::default());
    assert!(intake.losses.iter().all(|loss| !loss.reason.is_empty()));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let source = Source {
        name: "fuzz".into(),
        sha256: "0".repeat(64),
        grade: Grade { source: 2, information: 3 },
        until: String::new(),
    };
    let mut known = KNOWN.clone();
    if let Ok(taken) = intake::add(&mut known, text, &source) {
        assert!(taken.problems.iter().all(|problem| !problem.is_empty()));
    }
    let Ok(Value::Object(bundle)) = serde_json::from_str::<Value>(text) else { return };
    let Some(Value::Array(objects)) = bundle.get("objects") else { return };
    let identities: std::collections::BTreeMap<&str, String> = reply::identities(objects).collect();
    let who = |id: &str| identities.get(id).cloned();
    for answer in reply::opinions(objects, &OURS, 1, &who).taken {
        let opined = answer.opined;
        assert_eq!((opined.on, &opined.about[..]), (7, &[CAMPAIGN.to_owned()][..]));
        assert!(identities.contains_key(opined.identity.as_str()) && opined.identity != US);
        assert!(!opined.agency.is_empty() && opined.agency.chars().count() <= 120);
        assert!(opined.why.chars().count() <= 4_000);
    }
    for note in cosigned::notes(objects, "a.example/log") {
        if let Ok(parsed) = Note::parse(&note) {
            assert_eq!(parsed.to_string(), note);
        }
    }
});
