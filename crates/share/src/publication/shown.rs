//! Which fields of a record may be shown to whom. What is not named here is shown to nobody but the persons present.

use blanik_evidence::seal;
use blanik_model::Tlp;
use serde_json::Value;

use super::names::Names;

/// By the record's type, the fields that everyone may see: what kind of thing it is, when, by which rule. `*` at the end
/// stands for what is below.
const FOR_ALL: &[(&str, &[&str])] = &[
    (
        "found",
        &[
            "/rule_id",
            "/rule_title",
            "/level",
            "/status",
            "/tags/*",
            "/tool",
            "/time",
            "/correlation/type",
            "/correlation/first",
            "/correlation/last",
            "/indicator/type",
        ],
    ),
    ("touched", &["/act", "/first", "/last", "/records", "/further_items", "/bytes"]),
    ("unlisted", &["/records"]),
    ("covered", &["/kind", "/spans/*"]),
    ("addressed", &["/first", "/last", "/records"]),
    ("logged-on", &["/first", "/last", "/records"]),
    ("clocked", &["/things", "/ahead_ms", "/pairs", "/spread_ms"]),
    ("acquired", &["/size", "/sha256"]),
    ("hunted", &["/program", "/rules", "/rule_count", "/read", "/rejected", "/findings"]),
    ("concluded", &["/intrusion", "/program", "/sha256", "/knowledge/*"]),
    ("learnt", &["/size", "/sha256", "/grade"]),
    ("observed", &["/class", "/grade", "/forgeable"]),
    ("published", &["/intrusion", "/tlp", "/pack", "/claims/*"]),
];

/// The fields that those see who defend networks together.
const FOR_AMBER: &[(&str, &[&str])] = &[
    ("found", &["/host", "/kind"]),
    ("touched", &["/host"]),
    ("covered", &["/host"]),
    ("addressed", &["/host", "/address"]),
    ("logged-on", &["/host", "/from"]),
    ("clocked", &["/host", "/against"]),
    ("learnt", &["/name", "/source"]),
    ("observed", &["/what", "/source", "/to/*"]),
    ("assessed", &["/agency", "/probabilities/*", "/why"]),
];

/// What of a record only the persons present see: who of the team put it there, the raw record, and what they remark.
const FOR_RED: &[&str] = &["/by", "/raw", "/text", "/why"];

/// The paths of the fields of a record that may be shown, `also` those whose text a claim says. Never one in which
/// something withheld stands.
///
/// # Errors
/// If the record is no JSON object.
pub fn paths(
    record: &str,
    names: &Names,
    also: &[String],
) -> Result<Vec<String>, blanik_evidence::Error> {
    let ty = serde_json::from_str::<Value>(record).ok();
    let ty = ty.as_ref().and_then(|r| r["type"].as_str()).unwrap_or_default().to_owned();
    let of = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(t, _)| *t == ty).map_or(&[][..], |(_, paths)| paths)
    };
    let (all, amber) = (of(FOR_ALL), of(FOR_AMBER));
    let tlp = names.tlp();
    let is_for_them = |path: &str| {
        path == "/type"
            || also.iter().any(|a| a == path)
            || among(all, path)
            || (tlp >= Tlp::Amber && (path == "/at" || among(amber, path)))
            || (tlp >= Tlp::AmberStrict && !among(FOR_RED, path))
            || tlp >= Tlp::Red
    };
    let redacted = |path: &str| {
        names.redactions().fields.iter().any(|field| {
            path.strip_prefix(field.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        })
    };
    let fields = seal::fields(record)?;
    let shown = fields.into_iter().filter(|field| {
        is_for_them(&field.path)
            && !redacted(&field.path)
            && names.is_clean(&field.text)
            && names.is_clean(&field.path)
    });
    Ok(shown.map(|field| field.path).collect())
}

fn among(patterns: &[&str], path: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(above) => path.starts_with(above),
        None => path == *pattern,
    })
}
