//! Texts as intruders write them, times and numbers as broken logs have them: whatever a publication holds, what is
//! written is JSON, CSV, YAML, and obeyed by no terminal and no spreadsheet.

use blanik_detect::indicators::pattern::Pattern;
use blanik_detect::{Document, Rules, compile::Options};
use blanik_model::text::is_unsafe_char;
use blanik_model::{IndicatorType, Level, Timestamp, Tlp};
use blanik_share::export;
use blanik_share::publication::*;
use proptest::prelude::*;

use crate::example::{cited, indicators, publication};

/// Taken in turn, for whatever asks.
#[derive(Clone, Debug)]
struct Wild {
    texts: Vec<String>,
    numbers: Vec<u64>,
    floats: Vec<f64>,
    turn: usize,
}

impl Wild {
    fn turn(&mut self) -> usize {
        self.turn += 1;
        self.turn
    }

    fn text(&mut self) -> String {
        let turn = self.turn();
        self.texts[turn % self.texts.len()].clone()
    }

    fn wording(&mut self) -> Wording {
        Wording { en: self.text(), cs: self.text() }
    }

    fn number(&mut self) -> u64 {
        let turn = self.turn();
        self.numbers[turn % self.numbers.len()]
    }

    fn float(&mut self) -> f64 {
        let turn = self.turn();
        self.floats[turn % self.floats.len()]
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_nanos(self.number() as i64)
    }

    fn cites(&mut self) -> Cited {
        let mut cites = cited(&[self.number(), self.number()]);
        cites.further = self.number();
        cites
    }

    fn marking(&mut self) -> Tlp {
        Tlp::ALL[self.number() as usize % Tlp::ALL.len()]
    }

    fn maybe(&mut self) -> Option<String> {
        (!self.turn().is_multiple_of(3)).then(|| self.text())
    }

    /// The example with everything in it replaced.
    fn publication(&mut self) -> Publication {
        let mut p = publication();
        p.title = self.wording();
        p.case = self.text();
        p.tlp = self.marking();
        (p.published, p.first, p.last) = (self.time(), self.time(), self.time());
        p.publisher = Publisher { name: self.text(), contact: self.maybe() };
        p.victim = self.maybe();
        p.log = Log { origin: self.text(), key: self.text() };
        for claim in p.chapters.iter_mut().flat_map(|chapter| &mut chapter.claims) {
            claim.id = self.text();
            claim.text = self.wording();
            claim.marking = self.marking();
            claim.cites = self.cites();
        }
        for step in &mut p.steps {
            (step.first, step.last) = (self.time(), self.time());
            (step.host, step.tactic) = (self.maybe(), Some(self.number() as usize));
            step.techniques = vec![self.text(), self.text()];
            step.level = Level::ALL[self.number() as usize % Level::ALL.len()];
            (step.rule_id, step.rule_title) = (self.text(), self.text());
            (step.findings, step.cites) = (self.number(), self.cites());
        }
        for unseen in &mut p.unseen {
            (unseen.host, unseen.from, unseen.to) = (self.maybe(), self.time(), self.time());
        }
        for technique in &mut p.techniques {
            (technique.id, technique.name) = (self.text(), self.maybe());
            technique.tactics = vec![self.number() as usize];
            (technique.first, technique.last) = (self.time(), self.time());
            (technique.findings, technique.rules) = (self.number(), vec![self.text()]);
        }
        for software in &mut p.software {
            (software.id, software.name) = (self.maybe(), self.text());
        }
        for taken in &mut p.taken {
            (taken.act, taken.object) = (self.text(), self.text());
            (taken.first, taken.last) = (self.time(), self.time());
            taken.items = Bounds { confirmed: self.number(), possible: Some(self.number()) };
        }
        for indicator in &mut p.indicators {
            indicator.value = self.text();
            (indicator.first, indicator.last) = (self.time(), self.time());
            (indicator.findings, indicator.sources) = (self.number(), vec![self.text()]);
            indicator.marking = self.marking();
        }
        if let Some(attribution) = &mut p.attribution {
            (attribution.confidence, attribution.unknown) = (self.text(), self.float());
            for hypothesis in &mut attribution.hypotheses {
                (hypothesis.id, hypothesis.name) = (self.text(), self.text());
                (hypothesis.country, hypothesis.probability) = (self.maybe(), self.float());
            }
        }
        for opinion in &mut p.opinions {
            (opinion.agency, opinion.grade) = (self.text(), self.text());
            opinion.at = Some(self.time());
            opinion.probabilities = vec![(self.text(), self.text())];
            (opinion.about, opinion.what) = (vec![self.text()], vec![self.text()]);
        }
        p
    }
}

fn wild() -> impl Strategy<Value = Wild> {
    let text = prop_oneof![
        Just(String::new()),
        Just("</script><script>alert(1)</script>".to_owned()),
        Just("' OR url:value LIKE '%\\".to_owned()),
        Just("=cmd|' /C calc'!A0\r\n+1".to_owned()),
        Just("a\u{202e}b\u{0}\u{1b}[2J\u{e0041}\u{2028}".to_owned()),
        Just("x: {y: [*a, &b, !!c]}\n- |".to_owned()),
        Just("\"]]>@[attribute](x)`".to_owned()),
        Just("T1003.001".to_owned()),
        Just("assessed".to_owned()),
        "\\PC{0,12}",
        any::<String>(),
    ];
    let number = prop_oneof![Just(0), Just(u64::MAX), Just(1u64 << 63), 0..1000u64, any::<u64>()];
    let float = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), 0.0..1.0f64];
    (
        prop::collection::vec(text, 5..12),
        prop::collection::vec(number, 3..8),
        prop::collection::vec(float, 2..5),
    )
        .prop_map(|(texts, numbers, floats)| Wild { texts, numbers, floats, turn: 0 })
}

fn check(publication: &Publication) {
    for (name, bytes) in export::all(publication) {
        let text = String::from_utf8(bytes).unwrap();
        let breaks = |c: char| c == '\n' || (c == '\r' && name.ends_with(".csv"));
        let obeyed = text.chars().find(|c| is_unsafe_char(*c) && !breaks(*c));
        assert_eq!(obeyed, None, "{name}");
        match name.rsplit('.').next().unwrap() {
            "json" | "jsonld" => {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                patterns(&value);
            }
            "jsonl" => text.lines().for_each(|line| {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(value["datetime"].is_string(), "{name}");
            }),
            "csv" => table(&text, publication.indicators.len()),
            "yml" => {
                let document = Document { origin: name.clone(), text: text.clone() };
                let (_, problems) = Rules::compile(&[document], &Options::default());
                assert_eq!(problems, [], "{name}: {text}");
            }
            other => panic!("{other}"),
        }
    }
}

fn patterns(bundle: &serde_json::Value) {
    for object in bundle["objects"].as_array().into_iter().flatten() {
        if let Some(pattern) = object["pattern"].as_str() {
            Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        }
    }
}

fn table(text: &str, rows: usize) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows);
    let formula = |cell: &&str| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    for record in &records {
        assert_eq!(record.iter().find(formula), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_publication_holds(mut wild in wild()) {
        check(&wild.publication());
    }

    /// Values that are what they are said to be but for a part that is not.
    #[test]
    fn whatever_is_in_a_value(part in "\\PC{0,6}|['\\\\*?%\"<>&]{1,4}") {
        within_values(&part);
    }
}

/// Lines and paragraphs are parted by letters of their own, too, which YAML would write as they are.
#[test]
fn what_parts_lines_is_in_no_rule() {
    for part in ["\u{2028}x", "\u{2029}", "x\u{202e}"] {
        within_values(part);
    }
}

fn within_values(part: &str) {
    let mut p = publication();
    p.indicators = indicators();
    for i in &mut p.indicators {
        match i.kind {
            IndicatorType::Url | IndicatorType::UserAgent | IndicatorType::RegistryKey => {
                i.value.push_str(part)
            }
            IndicatorType::Mutex | IndicatorType::FileName => i.value.insert_str(0, part),
            IndicatorType::FilePath => i.value.insert_str(3, part),
            _ => {}
        }
    }
    check(&p);
}

#[test]
fn nothing_at_all() {
    let mut p = publication();
    p.chapters.clear();
    p.steps.clear();
    p.techniques.clear();
    p.software.clear();
    p.indicators.clear();
    p.attribution = None;
    p.opinions.clear();
    p.taken.clear();
    p.unseen.clear();
    check(&p);
    assert_eq!(export::all(&p).len(), 7, "no rule is about nothing");
}
