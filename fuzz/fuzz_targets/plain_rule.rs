//! Rule files in the plain part of YAML: what the quick reader takes, it takes as the parser does.
//! Either of two comments is put behind the text; one of them sends it to the parser.

#![no_main]

use blanik_detect::{Document, Options, Rules};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Of several documents, the comment would send the last alone.
    if text.contains("---") {
        return;
    }
    // The quick reader knows no tabs.
    assert_eq!(compiled(format!("{text}\n# \n")), compiled(format!("{text}\n#\t\n")), "{text}");
});

/// The rules and the problems, as text.
fn compiled(text: String) -> String {
    let document = Document { origin: "fuzz.yml".into(), text };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    let rules_of: Vec<_> = rules.iter().map(|(_, rule)| rule).collect();
    let known = rules.predicates();
    let asked: Vec<_> = known.ids().map(|id| known.get(id)).collect();
    format!("{rules_of:?} {asked:?} {problems:?}")
}
