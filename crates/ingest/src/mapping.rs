//! Formats of the user's own, from a TOML file: how a record is recognised, what it is, and which of
//! its fields are Sigma's. `docs/MAPPING.md` shows one.
//!
//! A format is data, like the tables of `mapping/`, and goes before them. What is wrong in a file is
//! told with its line and key; nothing of a file with an error is used.

mod lines;

use std::ops::Range;
use std::sync::Arc;

use blanik_model::Kind;
use regex::Regex;
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use crate::normalise::forever;

pub(crate) use self::lines::{Lines, LinesAsJson};

/// Formats that there may be, and conditions that they may ask in all.
const FORMATS_MAX: usize = 64;
const CONDITIONS_MAX: usize = 256;
/// Bytes that a compiled pattern of lines may take.
const PATTERN_BYTES_MAX: usize = 4 << 20;
/// Sources that one field may have.
const SOURCES_MAX: usize = 8;

/// The formats of one or more files.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    pub(crate) formats: Vec<UserFormat>,
}

/// One format.
#[derive(Clone, Debug)]
pub(crate) struct UserFormat {
    /// What the user calls it.
    pub name: String,
    /// What its records are.
    pub kind: Kind,
    /// All of these must hold for a record.
    pub conditions: Vec<Condition>,
    /// A field of Sigma's, and the record's fields it is taken from: the first that is there.
    pub fields: Vec<(String, Vec<String>)>,
    /// Where the time stands: in the first of these that reads as one.
    pub time: Option<(Vec<String>, TimeFormat)>,
    /// How its lines are read, if it is text.
    pub lines: Option<Arc<Lines>>,
}

/// What a record must have: a field, and in it one of these texts (any value, if there are none).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub field: String,
    pub values: Vec<String>,
}

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// RFC 3339 or alike; UTC without a zone.
    Text,
    /// Seconds since 1970, or milli-, micro- or nanoseconds by the number of digits.
    Epoch,
    /// `strftime`'s directives; UTC without `%z`.
    Pattern(String),
}

/// What is wrong in a file of mappings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{reason}", if key.is_empty() { String::new() } else { format!("`{key}`: ") })]
pub struct MappingError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The key that stands there, if one does.
    pub key: String,
    /// What is wrong, in words.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    format: Vec<Spanned<Written>>,
}

/// A format as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    #[serde(default, rename = "match")]
    conditions: Option<Spanned<Table>>,
    product: Option<String>,
    service: Option<OneOrMany>,
    category: Option<OneOrMany>,
    host: Option<OneOrMany>,
    account: Option<OneOrMany>,
    #[serde(default)]
    fields: std::collections::BTreeMap<String, Spanned<OneOrMany>>,
    time: Option<WrittenTime>,
    lines: Option<Spanned<WrittenLines>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTime {
    field: OneOrMany,
    format: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLines {
    pattern: Option<Spanned<String>>,
    delimiter: Option<Spanned<String>>,
    columns: Option<Spanned<Vec<String>>>,
}

/// Where in the file something stands, and what is wrong with it.
type Wrong = (Range<usize>, String);

impl Mapping {
    /// Reads the text of a file of that name.
    pub fn parse(file: &str, text: &str) -> Result<Mapping, MappingError> {
        let told = |(span, reason): Wrong| told(file, text, &span, reason);
        let read: File = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            told((span, error.message().trim().to_owned()))
        })?;
        let mut mapping = Mapping::default();
        for format in read.format {
            let span = format.span();
            let format = UserFormat::new(format.into_inner(), span.clone()).map_err(told)?;
            if mapping.formats.iter().any(|known| known.name == format.name) {
                let reason = format!("a format named `{}` stands above already", format.name);
                return Err(told((span, reason)));
            }
            mapping.formats.push(format);
            mapping.check_bounds().map_err(|reason| told((span, reason)))?;
        }
        if mapping.formats.is_empty() {
            return Err(told((0..0, "no [[format]] stands in the file".to_owned())));
        }
        Ok(mapping)
    }

    /// Adds another file's formats, behind those there are.
    pub fn add(&mut self, other: Mapping, file: &str) -> Result<(), MappingError> {
        self.formats.extend(other.formats);
        let at =
            |reason| MappingError { file: file.to_owned(), line: 1, key: String::new(), reason };
        self.check_bounds().map_err(at)
    }

    fn check_bounds(&self) -> Result<(), String> {
        if self.formats.len() > FORMATS_MAX {
            return Err(format!("more than {FORMATS_MAX} formats (limit)"));
        }
        let conditions: usize =
            self.formats.iter().flat_map(|f| &f.conditions).map(|c| c.values.len().max(1)).sum();
        if conditions > CONDITIONS_MAX {
            return Err(format!("more than {CONDITIONS_MAX} conditions in all formats (limit)"));
        }
        Ok(())
    }

    /// The formats that are text, in their order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Arc<Lines>> {
        self.formats.iter().filter_map(|format| format.lines.as_ref())
    }
}

impl UserFormat {
    /// What the tables of shapes and times call it.
    pub fn shape_name(&self) -> &'static str {
        forever(&format!("mapping {}", self.name))
    }

    fn new(written: Written, span: Range<usize>) -> Result<UserFormat, Wrong> {
        let name = written.name.get_ref().clone();
        let named = !name.is_empty() && !name.contains(char::is_control);
        if !named {
            return Err((written.name.span(), "a format needs a name".to_owned()));
        }
        let mut conditions = match &written.conditions {
            Some(table) => conditions(table)?,
            None => Vec::new(),
        };
        let lines = written.lines.map(|l| lines_of(&name, l)).transpose()?;
        if let Some(lines) = &lines {
            conditions.push(lines.condition());
        }
        if conditions.is_empty() {
            let reason = "needs `match` (fields that a record has) or `lines` (how a line reads)";
            return Err((span, reason.to_owned()));
        }
        let many = |words: Option<OneOrMany>| words.map_or(Vec::new(), OneOrMany::into_vec);
        let arcs = |words| many(words).into_iter().map(Arc::from).collect();
        let kind = Kind {
            product: written.product.map(Arc::from),
            services: arcs(written.service),
            categories: arcs(written.category),
            event_id: None,
        };
        if kind.is_generic() {
            let reason = "needs a product, service or category: rules are chosen by these";
            return Err((span, reason.to_owned()));
        }
        let mut fields = Vec::new();
        for (target, sources) in written.fields {
            let span = sources.span();
            let sources = sources.into_inner().into_vec();
            if sources.is_empty() || sources.len() > SOURCES_MAX {
                return Err((span, format!("takes 1 to {SOURCES_MAX} fields of the record")));
            }
            fields.push((target, sources));
        }
        for (target, words) in [("host.name", written.host), ("user.name", written.account)] {
            let sources = many(words);
            if !sources.is_empty() {
                fields.push((target.to_owned(), sources.into_iter().take(SOURCES_MAX).collect()));
            }
        }
        let time = written.time.map(time_of).transpose()?;
        Ok(UserFormat { name, kind, conditions, fields, time, lines })
    }
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMany::One(word) => vec![word],
            OneOrMany::Many(words) => words,
        }
    }
}

/// `field = true` asks that it is there; a text, a number or a list of these for its value.
fn conditions(table: &Spanned<Table>) -> Result<Vec<Condition>, Wrong> {
    let wrong = |field: &str| {
        let reason =
            format!("`{field}` takes true, a text, a number, or a list of texts and numbers");
        (table.span(), reason)
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let mut out = Vec::new();
    for (field, value) in flat(table.get_ref()) {
        let values = match value {
            Value::Boolean(true) => Vec::new(),
            Value::Array(list) if !list.is_empty() => {
                let texts: Option<Vec<_>> = list.iter().map(text).collect();
                texts.ok_or_else(|| wrong(&field))?
            }
            one => vec![text(one).ok_or_else(|| wrong(&field))?],
        };
        out.push(Condition { field, values });
    }
    Ok(out)
}

/// The table with dotted names: `a.b = 1` is how TOML writes a table in a table.
fn flat(table: &Table) -> Vec<(String, &Value)> {
    let mut out = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                out.extend(flat(inner).into_iter().map(|(k, v)| (format!("{key}.{k}"), v)));
            }
            _ => out.push((key.clone(), value)),
        }
    }
    out
}

fn time_of(written: WrittenTime) -> Result<(Vec<String>, TimeFormat), Wrong> {
    let format = match written.format {
        None => TimeFormat::Text,
        Some(format) => match format.get_ref().as_str() {
            "rfc3339" => TimeFormat::Text,
            "epoch" => TimeFormat::Epoch,
            pattern if pattern.contains('%') => TimeFormat::Pattern(pattern.to_owned()),
            other => {
                let reason = format!(
                    "`{other}` is no time format: use rfc3339, epoch, or directives such as %Y-%m-%d %H:%M:%S"
                );
                return Err((format.span(), reason));
            }
        },
    };
    Ok((written.field.into_vec(), format))
}

fn lines_of(name: &str, written: Spanned<WrittenLines>) -> Result<Arc<Lines>, Wrong> {
    let span = written.span();
    let lines = match written.into_inner() {
        WrittenLines { pattern: Some(pattern), delimiter: None, columns: None } => {
            let compiled = regex::RegexBuilder::new(pattern.get_ref())
                .size_limit(PATTERN_BYTES_MAX)
                .build()
                .map_err(|error| (pattern.span(), error.to_string()))?;
            if names(&compiled).next().is_none() {
                let reason = "names no field: write groups such as (?<user>[^ ]+)".to_owned();
                return Err((pattern.span(), reason));
            }
            Lines::by_pattern(name, compiled)
        }
        WrittenLines { pattern: None, delimiter: Some(delimiter), columns: Some(columns) } => {
            if delimiter.get_ref().is_empty() {
                return Err((delimiter.span(), "may not be empty".to_owned()));
            }
            if columns.get_ref().len() < 2 {
                return Err((columns.span(), "takes two names or more".to_owned()));
            }
            Lines::by_delimiter(name, delimiter.into_inner(), columns.into_inner())
        }
        _ => {
            let reason = "takes either `pattern`, or `delimiter` and `columns`".to_owned();
            return Err((span, reason));
        }
    };
    Ok(Arc::new(lines))
}

fn names(pattern: &Regex) -> impl Iterator<Item = &str> {
    pattern.capture_names().flatten()
}

fn told(file: &str, text: &str, span: &Range<usize>, reason: String) -> MappingError {
    let before = text.get(..span.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let written = text.lines().nth(line - 1).unwrap_or("").trim();
    let key = match written.split_once('=') {
        Some((key, _)) => key.trim(),
        None => written.trim_matches(['[', ']']),
    };
    MappingError { file: file.to_owned(), line, key: key.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[[format]]
name = "gate"
match = { "event.kind" = ["enter", 7], badge = true }
product = "acme"
category = ["physical", "door"]
host = "door"
account = ["login", "user"]
[format.fields]
SourceIp = "from.ip"
[format.time]
field = "at"
format = "%d.%m.%Y %H:%M:%S"

[[format]]
name = "old"
service = "old"
lines = { delimiter = ";", columns = ["a", "b"] }
"#;

    #[test]
    fn a_file_with_everything() {
        let mapping = Mapping::parse("m.toml", WHOLE).expect("it is right");
        let gate = &mapping.formats[0];
        assert_eq!(gate.kind.to_string(), "acme/physical");
        let condition = |field: &str, values: &[&str]| Condition {
            field: field.into(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        };
        let mut conditions = gate.conditions.clone();
        conditions.sort_by(|a, b| a.field.cmp(&b.field));
        assert_eq!(conditions, [condition("badge", &[]), condition("event.kind", &["enter", "7"])]);
        assert_eq!(gate.fields.len(), 3);
        let pattern = TimeFormat::Pattern("%d.%m.%Y %H:%M:%S".into());
        assert_eq!(gate.time, Some((vec!["at".into()], pattern)));
        assert_eq!(mapping.lines().count(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_key() {
        let head = "[[format]]\nname = \"x\"\nproduct = \"p\"\n";
        for (text, want) in [
            (String::new(), "m.toml:1: no [[format]]"),
            (format!("{head}colour = 1"), "m.toml:4: `colour`: unknown field `colour`"),
            (format!("{head}match = {{ a = 1.5 }}"), "m.toml:4: `match`: `a` takes true"),
            (format!("{head}match = {{}}\n"), "m.toml:1: `format`: needs `match`"),
            (
                "[[format]]\nname = \"x\"\nmatch = {a=true}".into(),
                "m.toml:1: `format`: needs a product",
            ),
            (format!("{head}match = {{a=true}}\nservice = 7"), "m.toml:5: `service`: a text or"),
            (
                format!(
                    "{head}match = {{a=true}}\n[format.time]\nfield = \"t\"\nformat = \"noon\""
                ),
                "m.toml:7: `format`: `noon` is no time format",
            ),
            (format!("{head}[format.lines]\npattern = \"(\""), "m.toml:5: `pattern`: regex parse"),
            (
                format!("{head}[format.lines]\npattern = \"x\""),
                "m.toml:5: `pattern`: names no field",
            ),
            (
                format!("{head}[format.lines]\ndelimiter = \";\""),
                "m.toml:4: `format.lines`: takes either",
            ),
            (
                format!(
                    "{head}match = {{a=true}}\n[[format]]\nname = \"x\"\nproduct = \"p\"\nmatch = {{a=true}}"
                ),
                "m.toml:5: `format`: a format named `x`",
            ),
            ("[[format]\n".into(), "m.toml:1: `format`"),
        ] {
            let error = Mapping::parse("m.toml", &text).expect_err(want).to_string();
            assert!(error.starts_with(want), "{error}\nwanted: {want}");
        }
    }
}
