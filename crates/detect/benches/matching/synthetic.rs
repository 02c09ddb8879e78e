//! Rules, values and batches that look like those of a Windows estate, made from a counter.

use std::sync::Arc;

use blanik_detect::Document;
use blanik_model::{EventBatch, Kind, RawBlock, SourceId, Value};

/// The same numbers on each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A made-up word of some syllables, as rules have them.
    fn word(&mut self, syllables: usize) -> String {
        (0..syllables).map(|_| self.of(SYLLABLES)).collect()
    }

    /// A word as values have them: one in forty is of the kind that rules look for.
    fn ordinary(&mut self, syllables: usize) -> String {
        if self.below(40) == 0 {
            return self.word(syllables);
        }
        (0..syllables).map(|_| self.of(ORDINARY)).collect()
    }
}

const SYLLABLES: &[&str] = &[
    "wi", "ndo", "sys", "tem", "net", "cmd", "ser", "vi", "ce", "po", "we", "rsh", "ell", "ad",
    "min", "con", "fig", "lo", "cal", "re", "mo", "te", "pro", "xy", "ta", "sk", "ho", "st", "ru",
    "nd", "ll", "cu", "rl", "ba", "ck", "up",
];
const ORDINARY: &[&str] = &[
    "ba", "cha", "do", "fe", "gar", "hu", "ik", "jo", "kla", "lem", "mun", "no", "ost", "pra",
    "qui", "rez", "sto", "tul", "ung", "ves", "zar", "svo", "bod", "dny",
];
const FOLDERS: &[&str] = &[
    r"C:\Windows\System32",
    r"C:\Windows\SysWOW64",
    r"C:\Program Files\Common Files",
    r"C:\Users\Public",
    r"C:\ProgramData",
    r"C:\Users\novak\AppData\Local\Temp",
];
const HIVES: &[&str] = &[
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion",
    r"HKLM\System\CurrentControlSet\Services",
    r"HKU\S-1-5-21-1004336348-1177238915-682003330-1001\Software\Classes",
    r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender",
];
const CATEGORIES: &[&str] = &[
    "process_creation",
    "process_creation",
    "process_creation",
    "registry_set",
    "file_event",
    "image_load",
    "network_connection",
    "ps_script",
    "pipe_created",
    "dns_query",
];

/// So many rules, one a document.
pub fn documents(count: usize) -> Vec<Document> {
    let mut draw = Draw(1);
    (0..count).map(|n| Document { origin: format!("{n}.yml"), text: rule(n, &mut draw) }).collect()
}

fn rule(n: usize, draw: &mut Draw) -> String {
    let (source, selection) = match n % 500 {
        8 => (String::new(), keywords(draw)),
        r if r % 10 == 9 => ("service: security".into(), of_event_id(n, draw)),
        _ => {
            let category = draw.of(CATEGORIES);
            (format!("category: {category}"), of_category(n, category, draw))
        }
    };
    format!(
        "title: rule {n}\nid: rule-{n}\nlogsource:\n    product: windows\n    {source}\ndetection:\n    s:\n\
         {selection}    f:\n        Image|startswith: 'C:\\Program Files\\{}'\n    condition: s and not f\n",
        draw.word(2)
    )
}

fn keywords(draw: &mut Draw) -> String {
    let (first, second) = (draw.word(3), draw.word(4));
    format!("        - '{first}::{}'\n        - '{second} {}'\n", draw.word(2), draw.word(3))
}

fn of_event_id(n: usize, draw: &mut Draw) -> String {
    let id = 4600 + n % 200;
    format!("        EventID: {id}\n        SubjectUserName|contains: '{}'\n", draw.word(3))
}

fn of_category(n: usize, category: &str, draw: &mut Draw) -> String {
    let mut text = String::new();
    if n.is_multiple_of(3) {
        let list: Vec<String> = (0..3).map(|_| format!(r"'\{}.exe'", draw.word(3))).collect();
        text += &format!("        Image|endswith: [{}]\n", list.join(", "));
    }
    let field = if category == "registry_set" { "TargetObject" } else { "CommandLine" };
    let all = if n.is_multiple_of(4) { "|all" } else { "" };
    let list: Vec<String> = (0..2 + n % 5).map(|_| literal(draw)).collect();
    text += &format!("        {field}|contains{all}: [{}]\n", list.join(", "));
    if n.is_multiple_of(50) {
        text += &format!("        ParentCommandLine|re: '{}\\s+[a-z]{{2,9}}'\n", draw.word(2));
    }
    text
}

fn literal(draw: &mut Draw) -> String {
    match draw.below(4) {
        0 => format!("' -{} '", draw.word(3)),
        1 => format!(r"'\{}\{}'", draw.word(2), draw.word(2)),
        2 => format!("'{}.{}'", draw.word(2), draw.word(1)),
        _ => format!("'{}'", draw.word(4)),
    }
}

/// Kinds such as a Windows estate has.
pub fn kinds() -> Vec<Arc<Kind>> {
    let kind = |service: &str, category: Option<&str>, event_id| {
        Arc::new(Kind {
            product: Some("windows".into()),
            services: vec![service.into()],
            categories: category.into_iter().map(Into::into).collect(),
            event_id: Some(event_id),
        })
    };
    let mut kinds: Vec<_> =
        CATEGORIES[2..].iter().zip(1..).map(|(c, id)| kind("sysmon", Some(c), id)).collect();
    kinds.extend((4600..4800).map(|id| kind("security", None, id)));
    kinds.push(kind("security", Some("process_creation"), 4688));
    kinds.extend((1..150).map(|id| kind("system", None, id)));
    kinds
}

/// Paths of programs.
pub fn images(count: usize) -> Vec<String> {
    let mut draw = Draw(2);
    (0..count).map(|_| format!(r"{}\{}.exe", draw.of(FOLDERS), draw.ordinary(3))).collect()
}

/// Command lines of some 150 bytes.
pub fn command_lines(count: usize) -> Vec<String> {
    let mut draw = Draw(3);
    let line = |_| {
        let mut line = format!("\"{}\\{}.exe\"", draw.of(FOLDERS), draw.ordinary(3));
        for _ in 0..6 {
            line += &format!(" -{} {}.{}", draw.ordinary(1), draw.ordinary(3), draw.below(100_000));
        }
        line
    };
    (0..count).map(line).collect()
}

/// Registry keys.
pub fn target_objects(count: usize) -> Vec<String> {
    let mut draw = Draw(4);
    let key = |_| {
        let id = draw.below(1 << 30);
        format!(r"{}\{}\{{{id:08x}-0000}}\{}", draw.of(HIVES), draw.ordinary(4), draw.ordinary(3))
    };
    (0..count).map(key).collect()
}

/// Batches of process creation: of programs, 30 distinct; of command lines, 80 % new.
pub fn batches(rows: usize, count: usize) -> Vec<EventBatch> {
    let kind = kinds().swap_remove(0);
    let (images, lines) = (images(30), command_lines(rows * count));
    let mut draw = Draw(5);
    let block: RawBlock = Arc::new(Vec::new());
    let mut batch_of = |number: usize| {
        let mut batch = EventBatch::new(Arc::clone(&kind));
        for row in 0..rows {
            batch.begin_row(None, SourceId(0), 0, 0, &block, 0..0);
            let line = if draw.below(5) == 0 { row % 40 } else { number * rows + row };
            batch.set("Image", Value::string(&images[draw.below(30)]));
            batch.set("ParentCommandLine", Value::string(&lines[draw.below(200)]));
            batch.set("CommandLine", Value::string(&lines[line % lines.len()]));
            for _ in 0..12 {
                batch.push_rest(Value::string(&images[draw.below(30)]));
            }
        }
        batch
    };
    (0..count).map(&mut batch_of).collect()
}
