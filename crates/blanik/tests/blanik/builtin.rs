//! The built-in rules, each against the events that stand beside it: what must fire does, what must
//! not does not, through all that a hunt goes through.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blanik::hunt::{Filter, Hunt};
use blanik::logs::Logs;
use blanik::progress::Progress;
use blanik_detect::{Rules, builtin};
use blanik_ingest::{Input, Normaliser};
use blanik_model::attack::{AttackTag, parse_tag};
use serde_json::Value;

fn rules() -> Rules {
    let (rules, problems) = Rules::compile(&builtin::documents(), &Default::default());
    let fatal: Vec<String> = problems.iter().filter(|p| p.fatal).map(ToString::to_string).collect();
    assert!(fatal.is_empty(), "{}", fatal.join("\n"));
    rules
}

/// The events of a rule's test file: those that must fire, then those that must not.
struct Cases {
    matching: usize,
    events: Vec<Value>,
}

impl Cases {
    fn read(file: &Path) -> Cases {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut cases: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut list = |name: &str| match cases[name].take() {
            Value::Array(events) if !events.is_empty() => events,
            _ => panic!("{}: `{name}` must name at least one event", file.display()),
        };
        let mut events = list("match");
        let matching = events.len();
        events.extend(list("ignore"));
        Cases { matching, events }
    }

    fn write(&self, file: &Path) {
        let lines: String = self.events.iter().map(|e| format!("{e}\n")).collect();
        fs::write(file, lines).expect("a temporary file");
    }
}

/// `builtin:web/x.yml` → the test file beside it, and the name of a log for its events.
fn test_file(origin: &str) -> (PathBuf, String) {
    let name = origin.strip_prefix("builtin:").expect("they are built in");
    let stem = name.strip_suffix(".yml").expect("they are YAML");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../detect/rules");
    (folder.join(format!("{stem}.test.json")), format!("{}.json", stem.replace('/', "-")))
}

#[test]
fn each_fires_on_its_events_and_leaves_their_look_alikes() {
    let rules = Arc::new(rules());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cases = BTreeMap::new();
    for (_, rule) in rules.iter() {
        let (file, log) = test_file(&rule.origin);
        let events = Cases::read(&file);
        events.write(&folder.path().join(&log));
        assert!(cases.insert(log, (rule.id.clone(), events)).is_none(), "{}", rule.origin);
    }
    let fired = hunt(&rules, folder.path());
    let mut wrong = Vec::new();
    for (log, (id, cases)) in &cases {
        for i in 0..cases.events.len() {
            let line = i as u64 + 1;
            let has = fired.contains(&(log.clone(), line, id.clone()));
            match (i < cases.matching, has) {
                (true, false) => wrong.push(format!("{log}: match event {line} does not fire")),
                (false, true) => {
                    let nth = i - cases.matching + 1;
                    wrong.push(format!("{log}: ignore event {nth} fires"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} events:\n{}", wrong.len(), wrong.join("\n"));
}

/// Which rule fired on which line of which log.
fn hunt(rules: &Arc<Rules>, folder: &Path) -> BTreeSet<(String, u64, String)> {
    let hunt = Hunt {
        logs: Logs::new(vec![Input::Path(folder.to_owned())]),
        rules: Arc::clone(rules),
        filter: Filter::default(),
        tools: None,
        indicators: None,
        with_raw: false,
        gather: false,
        threads: 2,
    };
    let mut outcome = hunt.run(&Progress::hidden()).expect("it hunts");
    assert!(outcome.rejections.is_empty(), "{:?}", outcome.reading.rejections);
    let fired = (0..outcome.findings.len()).map(|i| {
        let finding = outcome.findings.get(i).expect("it reads back");
        let log = Path::new(&finding.source).file_name().expect("a log has a name");
        (log.to_string_lossy().into_owned(), finding.record, finding.rule_id)
    });
    fired.collect()
}

#[test]
fn each_is_tagged_and_no_two_share_a_name() {
    let rules = rules();
    assert!(rules.len() >= 60, "only {} rules", rules.len());
    let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    for (_, rule) in rules.iter() {
        let tags: Vec<AttackTag> = rule.tags.iter().filter_map(|tag| parse_tag(tag)).collect();
        let tactic = tags.iter().any(|t| matches!(t, AttackTag::Tactic(_)));
        let technique = tags.iter().any(|t| matches!(t, AttackTag::Technique(_)));
        assert!(tactic && technique, "{}: no tactic or no technique", rule.origin);
        assert!(ids.insert(rule.id.clone()), "{}: its id is another's, too", rule.origin);
        assert!(titles.insert(rule.title.clone()), "{}: its title is another's, too", rule.origin);
    }
}

#[test]
fn each_can_match_a_kind_that_a_reader_makes() {
    let rules = rules();
    let kinds = Normaliser::new().known_kinds();
    for (ix, rule) in rules.iter() {
        assert!(kinds.iter().any(|k| rules.can_match(ix, k)), "{} never matches", rule.origin);
    }
}
