//! A rule written in the [plain part of YAML](super::plain_yaml) → what `rsigma-parser` makes of it, in
//! a tenth of the time. What has a problem, or is unusual, is `None`: the parser reads it then, and
//! words the problem.
//!
//! Only what is compiled is read: authors, dates and references are left empty.

use std::str::FromStr;

use rsigma_parser::{
    Detection, DetectionItem, Detections, Level, LogSource, Modifier, RelationType, SigmaRule,
    SigmaString, SigmaValue, Status, parse_condition, parse_field_spec,
};

use super::plain_yaml::{self, Node};

/// Entries by name.
type Map<'t> = [(&'t str, Node<'t>)];

/// What makes a document something else than a rule by itself, or changes how a rule is read.
const NOT_PLAIN: [&str; 5] =
    ["action", "correlation", "filter", "sigma-version", "custom_attributes"];

/// The rule, if the document is one, and nothing is to be said of how it is written.
pub fn read(text: &str) -> Option<SigmaRule> {
    let map = plain_yaml::map(text)?;
    if map.iter().any(|(key, _)| NOT_PLAIN.contains(key)) {
        return None;
    }
    if get(&map, "related").is_some_and(|related| !is_related(related)) {
        return None;
    }
    Some(SigmaRule {
        title: text_at(&map, "title")??,
        logsource: get(&map, "logsource").map_or(Some(LogSource::default()), log_source)?,
        detection: detections(as_map(get(&map, "detection")?)?)?,
        sigma_version: None,
        id: text_at(&map, "id")?,
        name: text_at(&map, "name")?,
        related: Vec::new(),
        taxonomy: text_at(&map, "taxonomy")?,
        status: word_at::<Status>(&map, "status")?,
        description: text_at(&map, "description")?,
        license: None,
        author: None,
        references: Vec::new(),
        date: None,
        modified: None,
        fields: Vec::new(),
        falsepositives: Vec::new(),
        level: word_at::<Level>(&map, "level")?,
        tags: get(&map, "tags").map_or(Some(Vec::new()), texts)?,
        scope: Vec::new(),
        custom_attributes: Default::default(),
    })
}

fn get<'m, 't>(map: &'m Map<'t>, key: &str) -> Option<&'m Node<'t>> {
    map.iter().find(|(k, _)| *k == key).map(|(_, node)| node)
}

fn as_map<'m, 't>(node: &'m Node<'t>) -> Option<&'m Map<'t>> {
    match node {
        Node::Map(map) => Some(map),
        _ => None,
    }
}

fn as_text<'m>(node: &'m Node<'_>) -> Option<&'m str> {
    match node {
        Node::Text(text) => Some(text),
        _ => None,
    }
}

/// The text of a key that may be missing. `None` where it is no text.
fn text_at(map: &Map<'_>, key: &str) -> Option<Option<String>> {
    match get(map, key) {
        Some(node) => Some(Some(as_text(node)?.to_owned())),
        None => Some(None),
    }
}

/// The word of a key that may be missing. `None` where it is none of those known.
fn word_at<T: FromStr>(map: &Map<'_>, key: &str) -> Option<Option<T>> {
    match get(map, key) {
        Some(node) => Some(Some(as_text(node)?.parse().ok()?)),
        None => Some(None),
    }
}

fn texts(node: &Node<'_>) -> Option<Vec<String>> {
    match node {
        Node::Text(text) => Some(vec![text.to_string()]),
        Node::List(items) => items.iter().map(|i| as_text(i).map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Are these relations of which there is nothing to say?
fn is_related(node: &Node<'_>) -> bool {
    let is_one = |item: &Node<'_>| {
        let text = |key| as_map(item).and_then(|m| get(m, key)).and_then(as_text);
        text("id").is_some() && text("type").is_some_and(|t| t.parse::<RelationType>().is_ok())
    };
    matches!(node, Node::List(items) if items.iter().all(is_one))
}

fn log_source(node: &Node<'_>) -> Option<LogSource> {
    let map = as_map(node)?;
    if !map.iter().all(|(_, node)| as_text(node).is_some()) {
        return None;
    }
    Some(LogSource {
        category: text_at(map, "category")?,
        product: text_at(map, "product")?,
        service: text_at(map, "service")?,
        definition: None,
        custom: Default::default(),
    })
}

fn detections(map: &Map<'_>) -> Option<Detections> {
    let condition_strings = texts(get(map, "condition")?)?;
    let conditions = condition_strings.iter().map(|c| parse_condition(c).ok());
    let conditions = conditions.collect::<Option<_>>()?;
    let named = map.iter().filter(|(key, _)| !matches!(*key, "condition" | "timeframe"));
    Some(Detections {
        named: named
            .map(|(name, node)| Some(((*name).to_owned(), detection(node)?)))
            .collect::<Option<_>>()?,
        conditions,
        condition_strings,
        timeframe: text_at(map, "timeframe")?,
    })
}

fn detection(node: &Node<'_>) -> Option<Detection> {
    let all_of = |map: &Map<'_>| map.iter().map(|(k, v)| item(k, v)).collect::<Option<_>>();
    match node {
        Node::Map(map) => all_of(map).map(Detection::AllOf),
        Node::List(items) if items.iter().all(|i| matches!(i, Node::Map(_))) => {
            items.iter().map(detection).collect::<Option<_>>().map(Detection::AnyOf)
        }
        Node::List(items) => {
            items.iter().map(|i| value(i, false)).collect::<Option<_>>().map(Detection::Keywords)
        }
        scalar => Some(Detection::Keywords(vec![value(scalar, false)?])),
    }
}

fn item(key: &str, node: &Node<'_>) -> Option<DetectionItem> {
    let field = parse_field_spec(key).ok()?;
    let is_regex = field.has_modifier(Modifier::Re);
    let values = match node {
        Node::List(items) => items.iter().map(|i| value(i, is_regex)).collect::<Option<_>>()?,
        scalar => vec![value(scalar, is_regex)?],
    };
    Some(DetectionItem { field, values })
}

fn value(node: &Node<'_>, is_regex: bool) -> Option<SigmaValue> {
    Some(match node {
        Node::Null => SigmaValue::Null,
        Node::Bool(truth) => SigmaValue::Bool(*truth),
        Node::Integer(n) => SigmaValue::Integer(*n),
        Node::Text(text) if is_regex => SigmaValue::from_raw_string(text),
        Node::Text(text) => SigmaValue::String(SigmaString::new(text)),
        Node::Map(_) | Node::List(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::{Document, builtin};

    /// What the parser makes of the text, without what is not read here; `None` if it has anything to
    /// say of it.
    fn parsed(text: &str) -> Option<SigmaRule> {
        let found = rsigma_parser::parse_sigma_yaml(text).ok()?;
        let [rule] = found.rules.as_slice() else { return None };
        let alone =
            found.errors.is_empty() && found.correlations.is_empty() && found.filters.is_empty();
        let mut rule = alone.then(|| rule.clone())?;
        (rule.license, rule.author, rule.date, rule.modified) = Default::default();
        (rule.references, rule.fields, rule.falsepositives) = Default::default();
        (rule.related, rule.scope, rule.custom_attributes) = Default::default();
        (rule.logsource.definition, rule.logsource.custom) = Default::default();
        Some(rule)
    }

    #[track_caller]
    fn agrees(text: &str) -> bool {
        let plain = read(text);
        if plain.is_some() {
            assert_eq!(plain, parsed(text), "{text}");
        }
        plain.is_some()
    }

    #[test]
    fn most_built_in_rules_are_plain_and_mean_the_same() {
        let documents = builtin::documents();
        let plain = documents.iter().filter(|d| agrees(&d.text)).count();
        assert!(plain * 10 > documents.len() * 9, "{plain} of {}", documents.len());
    }

    #[test]
    fn each_kind_of_value() {
        let head = "title: T\nlogsource:\n  product: p\ndetection:\n  condition: s\n  s:\n";
        for (body, is_plain) in [
            ("    F: a b # c\n    G: ''\n    H: 'it''s # x'\n", true),
            ("    F:\n    - 1\n    - 22/3\n    - true\n    - null\n    - \"x: y\"\n    G:\n", true),
            ("    F|re: ^a*?$\n    G|contains|all:\n      - '*a'\n      - \\b\n", true),
            ("    - a\n    - b\n", true),
            ("    - F: a\n      G: b\n    - F:\n        - c\n", true),
            ("    F: |\n      a\n\n      # b\n       c  \n\n", true),
            ("    F: 010\n", false),
            ("    F: 1e3\n", false),
            ("    F: a\n      b\n", false),
            ("    F: a: b\n", false),
            ("    F: >\n      b\n", false),
            ("    F: |\n      b", false),
            ("    F: [a]\n", false),
            ("    F: &a b\n", false),
            ("    F: \"\\x41\"\n", false),
            ("    F: a\n    F: b\n", false),
            ("    F: 'a' b\n", false),
            ("    F: č\n", false),
            ("    F: a\u{2028}b\n", false),
            ("    F: a\u{a0}č \u{1f3d4} # č\n", true),
            ("    F:\ta\n", false),
            ("    yes: a\n", false),
            ("    F|nonsense: a\n", false),
        ] {
            let text = format!("{head}{body}");
            assert_eq!(agrees(&text), is_plain, "{body}");
        }
    }

    /// Pieces that mean something to YAML, or to Sigma.
    fn piece() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            " ",
            "  ",
            "\n",
            "\n\n",
            "\n  ",
            "\n    ",
            "\n      ",
            "- ",
            "-",
            ":",
            ": ",
            "#",
            " #",
            "'",
            "''",
            "\"",
            "|",
            "|\n",
            ">",
            "?",
            "? ",
            "&a ",
            "*a",
            "!",
            "%",
            "@",
            "~",
            "null",
            "yes",
            "0",
            "0x1",
            "1.5",
            "1e3",
            ".",
            "+1",
            "-1",
            "\\",
            "[",
            "]",
            "{",
            "}",
            ",",
            "<<",
            "---",
            "...",
            "\t",
            "\r",
            "é",
            "\u{85}",
            "\u{a0}",
            "\u{2028}",
            "\u{feff}",
            "\u{ffff}",
            "a:",
            "a: b",
            "\n- ",
            "\n  - ",
            "\n    - a: ",
            "\nfields:",
            "re",
        ]);
        prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[ -~\n]{1,4}"]
    }

    proptest! {
        /// Whatever is done to a rule: what is read here is what the parser reads.
        #[test]
        fn what_is_read_is_what_the_parser_reads(
            which in any::<prop::sample::Index>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, piece()), 1..4),
        ) {
            static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(builtin::documents);
            let mut text = which.get(&DOCUMENTS).text.clone();
            for (at, len, piece) in edits {
                let at = at.index(text.len() + 1);
                let from = (0..=at).rev().find(|i| text.is_char_boundary(*i)).expect("0 is one");
                let end = (from + len).min(text.len());
                let to = (end..=text.len()).find(|i| text.is_char_boundary(*i)).expect("the end is");
                text.replace_range(from..to, &piece);
            }
            agrees(&text);
        }
    }
}
