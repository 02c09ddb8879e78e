//! Records that are findings of other tools, by the table `mapping/alerts.tsv`: which tool, what it
//! found, and how bad it holds it to be. Says what the record says; judges nothing.

use std::sync::LazyLock;

use blanik_model::{EventBatch, Kind, Level, Type, Value};

use crate::normalise::table::{members, rows};

const TABLE: &str = include_str!("../mapping/alerts.tsv");

/// Characters of a title that are kept.
const TITLE_CHARS_MAX: usize = 500;
/// Techniques that are kept.
const TECHNIQUES_MAX: usize = 32;

/// A finding of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The tool, in lower case.
    pub tool: String,
    /// What it found, in its words.
    pub title: String,
    /// How bad, on Sigma's scale.
    pub level: Level,
    /// What it calls the rule, if it says.
    pub rule: Option<String>,
    /// ATT&CK's techniques that it names, as `t1059.001`.
    pub techniques: Vec<String>,
    /// The fields that say so.
    pub fields: Vec<&'static str>,
}

struct Row {
    product: Option<&'static str>,
    service: Option<&'static str>,
    tool: Tool,
    title: Vec<&'static str>,
    severity: Vec<&'static str>,
    scale: Vec<(Grade, Level)>,
    id: Vec<&'static str>,
    techniques: Vec<&'static str>,
}

enum Tool {
    Named(&'static str),
    /// By what stands before `: ` in the title.
    InTitle,
}

/// A severity of a tool's scale.
enum Grade {
    Text(&'static str),
    Range(f64, f64),
    Other,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let columns = ["product", "service", "tool", "title", "severity", "scale", "id", "techniques"];
    rows(TABLE, columns).into_iter().map(Row::new).collect()
});

/// What the alerts of that kind are called: a tool's name, `others` where each names its own. `None`
/// if records of the kind are no alerts.
pub fn tool(kind: &Kind) -> Option<&'static str> {
    let row = ROWS.iter().find(|row| row.fits(kind))?;
    Some(match row.tool {
        Tool::Named(name) => name,
        Tool::InTitle => "others",
    })
}

/// The alert that a row of a batch is. `None` if it is none, or has no title.
pub fn alert(batch: &EventBatch, row: usize) -> Option<Alert> {
    ROWS.iter().find(|r| r.fits(batch.kind()))?.read(batch, row)
}

impl Row {
    fn new(cells: [&'static str; 8]) -> Row {
        let [product, service, tool, title, severity, scale, id, techniques] = cells;
        let fields = |cell: &'static str| match cell {
            "-" => Vec::new(),
            cell => cell.split('|').collect(),
        };
        Row {
            product: (product != "-").then_some(product),
            service: (service != "*").then_some(service),
            tool: if tool == "in_title" { Tool::InTitle } else { Tool::Named(tool) },
            title: fields(title),
            severity: fields(severity),
            scale: members(scale).into_iter().map(grade).collect(),
            id: fields(id),
            techniques: fields(techniques),
        }
    }

    fn fits(&self, kind: &Kind) -> bool {
        kind.product.as_deref() == self.product
            && self.service.is_none_or(|service| kind.services.iter().any(|s| **s == *service))
    }

    fn read(&self, batch: &EventBatch, row: usize) -> Option<Alert> {
        let mut fields = Vec::new();
        let mut first = |names: &[&'static str]| {
            let found = names.iter().find_map(|name| {
                let value = batch.value(row, name)?.scalars().find(|v| says_something(*v))?;
                Some((*name, value.text))
            })?;
            fields.push(found.0);
            Some(found.1)
        };
        let title = first(&self.title)?;
        let level = first(&self.severity).and_then(|text| self.level(text));
        let rule = first(&self.id).map(str::to_owned);
        let (tool, title) = match self.tool {
            Tool::Named(name) => (name.to_owned(), title),
            Tool::InTitle => {
                let (tool, rest) = title.split_once(": ")?;
                (tool.to_lowercase(), rest)
            }
        };
        let named =
            self.techniques.iter().filter_map(|name| Some((*name, batch.value(row, name)?)));
        let mut techniques = Vec::new();
        for (name, value) in named {
            fields.push(name);
            techniques
                .extend(value.scalars().flat_map(|v| techniques_in(v.text)).take(TECHNIQUES_MAX));
        }
        techniques.sort();
        techniques.dedup();
        techniques.truncate(TECHNIQUES_MAX);
        fields.dedup();
        let title = title.chars().take(TITLE_CHARS_MAX).collect();
        Some(Alert { tool, title, level: level.unwrap_or(Level::Medium), rule, techniques, fields })
    }

    fn level(&self, severity: &str) -> Option<Level> {
        let number: Option<f64> = severity.trim().parse().ok();
        let fits = |grade: &Grade| match grade {
            Grade::Text(text) => severity.trim().eq_ignore_ascii_case(text),
            Grade::Range(from, to) => number.is_some_and(|n| n >= *from && n <= *to),
            Grade::Other => true,
        };
        self.scale.iter().find(|(grade, _)| fits(grade)).map(|(_, level)| *level)
    }
}

/// A cell's `1=high`, `12-14=high`, `crit=critical` or `*=low`.
fn grade(text: &'static str) -> (Grade, Level) {
    let (severity, level) = text.split_once('=').expect("a severity and a level");
    let level = level.parse().unwrap_or_else(|_| panic!("a level: {text}"));
    let number = |text: &str| text.parse::<f64>().ok();
    let range = severity.split_once('-').unwrap_or((severity, severity));
    let grade = match (severity, number(range.0), number(range.1)) {
        ("*", ..) => Grade::Other,
        (_, Some(from), Some(to)) => Grade::Range(from, to),
        _ => Grade::Text(severity),
    };
    (grade, level)
}

fn says_something(value: Value<'_>) -> bool {
    value.ty != Type::Null && !value.text.is_empty() && value.text != "-"
}

/// Words such as `T1059.001` and `attack.t1059`, in lower case.
fn techniques_in(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
    words.filter_map(|word| {
        let word = word.to_ascii_lowercase().replace('_', ".");
        let id = word.strip_prefix("attack.").unwrap_or(&word);
        let (technique, sub) = id.split_once('.').unwrap_or((id, "000"));
        let digits =
            |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        let is_one = technique.strip_prefix('t').is_some_and(|t| digits(t, 4)) && digits(sub, 3);
        is_one.then(|| id.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use blanik_model::{Everything, SourceId};

    use super::*;
    use crate::block::{Block, Framing};
    use crate::{Batcher, Normaliser};

    /// `tool level rule [techniques] title` of the alert that the JSON is.
    fn check(json: &str, want: &str) {
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything));
        batcher.take(&Block {
            source: SourceId(0),
            seq: 0,
            bytes: Arc::new(json.replace('\n', " ").into_bytes()),
            first: 1,
            framing: Framing::JsonLines,
            last: true,
        });
        let batches = batcher.drain();
        let got = alert(&batches[0], 0).map_or("none".to_owned(), |a| {
            let rule = a.rule.as_deref().unwrap_or("-");
            format!("{} {} {rule} {:?} {}", a.tool, a.level, a.techniques, a.title)
        });
        assert_eq!(got, want, "{json}");
        assert_eq!(tool(batches[0].kind()).is_some(), want != "none", "{json}");
    }

    #[test]
    fn alerts_of_each_tool() {
        check(
            r#"{"event_type":"alert","timestamp":"2024-03-01T10:00:00Z","src_ip":"192.0.2.1",
            "alert":{"signature":"ET X","signature_id":7,"severity":1,"metadata":{"mitre_technique_id":["T1071"]}}}"#,
            r#"suricata high 7 ["t1071"] ET X"#,
        );
        check(
            r#"{"timestamp":"2022-01-20T12:00:00Z","agent":{"name":"a"},"rule":{"level":12,"description":"d","id":"5710",
            "mitre":{"id":["T1110.001","T1021"]}}}"#,
            r#"wazuh high 5710 ["t1021", "t1110.001"] d"#,
        );
        check(
            r#"{"AnalysisComponent":{"AnalysisComponentName":"New path"},"LogData":{"Timestamps":[1]}}"#,
            "aminer medium New path [] New path",
        );
        check(
            r#"{"Timestamp":"2021-12-13 12:49:23.000 +00:00","RuleTitle":"t","Level":"crit","Computer":"pc","Channel":"Sec",
            "RuleID":"r","MitreTags":["T1059.001 ¦ T1003"]}"#,
            r#"hayabusa critical r ["t1003", "t1059.001"] t"#,
        );
        check(
            r#"{"group":"Sigma","name":"n","level":"low","source":"sigma","id":"i","tags":["attack.t1003","attack.execution"],
            "timestamp":"2021-12-13T12:49:23Z","document":{"kind":"evtx"}}"#,
            r#"chainsaw low i ["t1003"] n"#,
        );
        check(
            r#"{"id":"1","incidentId":7,"severity":"High","title":"t","detectionSource":"x","alertCreationTime":"2021-12-13T12:49:23Z"}"#,
            "defender high 1 [] t",
        );
        check(
            r#"{"schemaVersion":"2.0","accountId":"1","type":"Recon:X","severity":7.5,"title":"t","service":{"serviceName":"guardduty"}}"#,
            "guardduty high Recon:X [] t",
        );
        check(
            r#"{"class_uid":2004,"category_uid":2,"severity_id":4,"finding_info":{"title":"t","uid":"u"}}"#,
            "ocsf high u [] t",
        );
        check(
            r#"{"_path":"notice","ts":1,"note":"Scan::Port","msg":"m"}"#,
            "zeek medium Scan::Port [] Scan::Port",
        );
        check(
            r#"{"time":1643069179,"name":"Wazuh: ClamAV update","host":"h","short":"W-Cav","time_label":"x","event_label":"-"}"#,
            "wazuh medium W-Cav [] ClamAV update",
        );
        check(r#"{"rule":{"level":3}}"#, "none");
    }

    #[test]
    fn words_that_are_techniques() {
        let found: Vec<String> =
            techniques_in("T1059,attack.t1003_001 T99 T12345 t1566.x").collect();
        assert_eq!(found, ["t1059", "t1003.001"]);
    }
}
