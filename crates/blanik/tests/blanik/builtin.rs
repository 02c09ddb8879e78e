//! The built-in rules, each against the events that stand beside it: what must fire does, what must
//! not does not, through all that a hunt goes through.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
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

/// The events of a rule's test file: those that must fire, then those that must not. An event is an object, or the
/// text of a record as it stands in a log; `head` is what stands above the first.
struct Cases {
    head: Option<String>,
    matching: usize,
    events: Vec<Value>,
}

impl Cases {
    fn read(file: &Path) -> Cases {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut cases: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let head = cases["head"].as_str().map(str::to_owned);
        let mut list = |name: &str| match cases[name].take() {
            Value::Array(events) if !events.is_empty() => events,
            _ => panic!("{}: `{name}` must name at least one event", file.display()),
        };
        let mut events = list("match");
        let matching = events.len();
        events.extend(list("ignore"));
        Cases { head, matching, events }
    }

    /// Writes some of the events, and says in which line each begins.
    fn write(&self, file: &Path, which: Range<usize>) -> Vec<u64> {
        let mut text = self.head.iter().map(|head| format!("{head}\n")).collect::<String>();
        let mut begins = Vec::new();
        for event in &self.events[which] {
            begins.push(text.lines().count() as u64 + 1);
            match event {
                Value::String(record) => text += record,
                object => text += &object.to_string(),
            }
            text.push('\n');
        }
        fs::write(file, text).expect("a temporary file");
        begins
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
    let correlated: BTreeSet<&str> = rules.correlations().map(|(_, c)| &*c.origin).collect();
    for (_, rule) in rules.iter().filter(|(_, rule)| !correlated.contains(&*rule.origin)) {
        let (file, log) = test_file(&rule.origin);
        let events = Cases::read(&file);
        let begins = events.write(&folder.path().join(&log), 0..events.events.len());
        assert!(cases.insert(log, (rule.id.clone(), events, begins)).is_none(), "{}", rule.origin);
    }
    let fired = hunt(&rules, folder.path());
    let mut wrong = Vec::new();
    for (log, (id, cases, begins)) in &cases {
        for (i, &line) in begins.iter().enumerate() {
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

#[test]
fn each_correlation_is_met_by_its_events_and_not_by_their_look_alikes() {
    let rules = Arc::new(rules());
    assert!(rules.correlations().count() > 0, "no correlation is built in");
    for (_, rule) in rules.correlations() {
        let (file, log) = test_file(&rule.origin);
        let cases = Cases::read(&file);
        let found = |which| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            cases.write(&folder.path().join(&log), which);
            hunt(&rules, folder.path()).iter().any(|(_, _, id)| *id == rule.id)
        };
        assert!(found(0..cases.matching), "{} is not met", rule.origin);
        assert!(
            !found(cases.matching..cases.events.len()),
            "{} is met by ordinary work",
            rule.origin
        );
    }
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
