//! Intelligence in: STIX, MISP, warning lists, tables and lists, by content; and what is found with it.

#![no_main]

use blanik_detect::indicators::fields::Holds;
use blanik_detect::indicators::finder::Finder;
use blanik_detect::indicators::{Index, IndicatorSet, WarningLists};
use blanik_model::Value;
use blanik_share::{Intake, ListAs};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut intake = Intake::new();
    intake.read("fuzz/list", bytes, &ListAs::default());
    assert!(intake.losses.iter().all(|loss| !loss.reason.is_empty()));
    let mut lists = WarningLists::builtin();
    intake.warnings.iter().for_each(|list| lists.add(list));
    let (set, _) = lists.apply(&intake.set.finish());
    assert_eq!(IndicatorSet::from_bytes(&set.to_bytes()).as_ref(), Ok(&set));
    let index = Index::new(set);
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for holds in [Holds::Any, Holds::Text, Holds::Endpoint, Holds::Path, Holds::Hash] {
        Finder::default().find(&index, holds, Value::string(&text), &mut found);
    }
});
