//! The built-in rules with bytes flipped, words swapped and lines moved: they compile or are refused
//! with a reason, nothing panics, and what compiles means the same to both evaluators.

use std::sync::Arc;

use blanik_detect::reference::{self, BatchRow};
use blanik_detect::{Document, Options, Rules, Scanner, builtin};
use blanik_model::{EventBatch, Kind, RawBlock, SourceId, Value};

/// Numbers that look random and are the same on every run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// What stands in rule files where it matters.
const PIECES: &[&str] = &[
    "|all",
    "|re",
    "|cidr",
    "|base64offset|contains",
    "|windash",
    "|fieldref",
    "|exists",
    "|expand",
    "|gt",
    "|wide",
    "|cased",
    "|neq",
    "not ",
    " or ",
    "1 of them",
    "all of *",
    "(",
    ")",
    "*",
    "?",
    "\\",
    "null",
    "true",
    "''",
    "[]",
    "{}",
    "- ",
    ": ",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "---\n",
    "\t",
    "\u{0}",
    "\u{feff}",
    "\u{10d}",
    "%a%",
    "9e999",
    "-9223372036854775808",
    ".nan",
    "0x",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "#",
    "action: global\n",
    "action: repeat\n",
];

fn mutated(text: &str, numbers: &mut Numbers) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(chars.len());
        let len = (1 + numbers.below(30)).min(chars.len() - at);
        match numbers.below(5) {
            0 => chars[at] = ['a', '|', ':', '\'', '\n', ' ', '*', '-', '['][numbers.below(9)],
            1 => drop(chars.drain(at..at + len)),
            2 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
            3 => {
                let piece = chars[at..at + len].to_vec();
                let to = numbers.below(chars.len());
                chars.splice(to..to, piece);
            }
            _ => chars.truncate(at + 1),
        }
    }
    chars.into_iter().collect()
}

fn batch() -> EventBatch {
    let mut batch = EventBatch::new(Arc::new(Kind {
        product: Some("windows".into()),
        services: vec!["security".into(), "sysmon".into()],
        categories: vec!["process_creation".into(), "file_event".into(), "registry_set".into()],
        event_id: None,
    }));
    let block: RawBlock = Arc::new(Vec::new());
    let values = ["C:\\Windows\\System32\\rundll32.exe", "", "4688", "/c whoami", "10.1.2.3", "x"];
    for row in 0..12 {
        batch.begin_row(None, SourceId(0), row as u64 + 1, row as u64, &block, 0..0);
        for (i, name) in
            ["Image", "CommandLine", "EventID", "User", "TargetFilename"].iter().enumerate()
        {
            if (row + i) % 4 != 0 {
                batch.set(name, Value::string(values[(row * 5 + i) % values.len()]));
            }
        }
    }
    batch
}

#[test]
fn mutated_rules_compile_or_are_refused() {
    let documents = builtin::documents();
    let batch = batch();
    let options = Options { placeholders: [("a".to_owned(), vec!["x".to_owned()])].into() };
    let mut numbers = Numbers(4);
    let (mut used, mut refused) = (0, 0);
    for time in 0..4000 {
        let source = &documents[time % documents.len()];
        let text = mutated(&source.text, &mut numbers);
        let document = Document { origin: "r.yml".into(), text };
        let (rules, problems) = Rules::compile([&document], &options);
        for problem in &problems {
            assert!(
                !problem.reason.is_empty() && problem.line > 0,
                "{problem:?}\n{}",
                document.text
            );
        }
        refused += usize::from(rules.is_empty());
        used += rules.len();
        assert!(
            !rules.is_empty() || !problems.is_empty(),
            "refused in silence:\n{}",
            document.text
        );
        agree(Arc::new(rules), &batch, &document.text);
    }
    assert!(
        used > 500 && refused > 500,
        "{used} used, {refused} refused: the mutations are one-sided"
    );
}

fn agree(rules: Arc<Rules>, batch: &EventBatch, text: &str) {
    let mut found = Vec::new();
    Scanner::new(Arc::clone(&rules)).scan(batch, |row, ix| found.push((ix, row)));
    let mut expected = Vec::new();
    for (ix, rule) in rules.iter().filter(|(_, rule)| rule.log_source.names(batch.kind())) {
        let meets = |row| reference::meets(&rules, rule, &BatchRow { batch, row });
        expected.extend((0..batch.len()).filter(|row| meets(*row)).map(|row| (ix, row)));
    }
    assert_eq!(found, expected, "{text}");
}

fn rule(detection: &str) -> String {
    format!("title: t\nlogsource:\n    product: windows\ndetection:\n{detection}")
}

/// Files made to exhaust the stack, the memory or the patience of whoever loads them.
#[test]
fn files_made_to_exhaust_the_loader() {
    // Below a limit of the parser's, what it lets through must be borne too.
    for deep in [30, 60, 120, 250, 1_000, 20_000] {
        exhaust(deep);
    }
}

fn exhaust(deep: usize) {
    let condition = |c: String| rule(&format!("    s:\n        A: x\n    condition: {c}\n"));
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let before = format!("*a{}, ", n - 1).repeat(9);
        laughs += &format!("a{n}: &a{n} [{}]\n", before.trim_end_matches(", "));
    }
    let bomb = rule("    s:\n        A: *a11\n    condition: s\n");
    for (what, text) in [
        ("parentheses", condition(format!("{}s{}", "(".repeat(deep), ")".repeat(deep)))),
        ("nots", condition(format!("{}s", "not ".repeat(deep)))),
        ("ands", condition(format!("s{}", " and s".repeat(deep)))),
        ("alternating", condition(format!("{}s{}", "s and (s or ".repeat(deep), ")".repeat(deep)))),
        ("open parentheses", condition("(".repeat(deep))),
        (
            "lists",
            rule(&format!("    s: {}x{}\n    condition: s\n", "[".repeat(deep), "]".repeat(deep))),
        ),
        (
            "maps",
            rule(&format!(
                "    s: {}x{}\n    condition: s\n",
                "{a: ".repeat(deep),
                "}".repeat(deep)
            )),
        ),
        ("aliases", format!("{laughs}{bomb}")),
        (
            "regex",
            rule(&format!(
                "    s:\n        A|re: '{}a{}'\n    condition: s\n",
                "(".repeat(deep),
                ")".repeat(deep)
            )),
        ),
        ("counted regex", rule("    s:\n        A|re: '((a{999}){999}){999}'\n    condition: s\n")),
        ("documents", "---\n".repeat(deep)),
        (
            "modifiers",
            rule(&format!("    s:\n        A{}: x\n    condition: s\n", "|contains".repeat(deep))),
        ),
        ("quantifiers", condition(format!("1 of {}", "*".repeat(deep)))),
    ] {
        let document = Document { origin: "r.yml".into(), text };
        let (rules, problems) = Rules::compile([&document], &Options::default());
        eprintln!("{what} {deep}: {} rules, {} problems", rules.len(), problems.len());
        agree(Arc::new(rules), &batch(), what);
    }
}
