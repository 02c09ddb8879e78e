//! Indicators as Sigma rules, one for each log source that can have them: proxies, DNS, firewalls, processes by the
//! digest of their program.
//!
//! Only values that are what they are said to be become rules; the table has the others, too.

use blanik_detect::indicators::canonical;
use blanik_model::text::{for_terminal, is_unsafe_char};
use blanik_model::{IndicatorType, Tlp};
use serde_json::{Map, Value, json};

use crate::export::ids::Ids;
use crate::publication::{Indicator, Publication};

/// Techniques are not said: what an address was used for is not known from the address.
struct Source {
    name: &'static str,
    title: &'static str,
    log: &'static [(&'static str, &'static str)],
    /// Fields, with what they are asked for.
    fields: &'static [(&'static str, Asked)],
}

/// What of the indicators a field is asked for.
#[derive(Clone, Copy)]
enum Asked {
    Address,
    Network,
    Domain,
    Subdomain,
    Url,
    Agent,
    Digest,
}

const SOURCES: &[Source] = &[
    Source {
        name: "proxy",
        title: "web traffic",
        log: &[("category", "proxy")],
        fields: &[
            ("cs-host", Asked::Domain),
            ("cs-host|endswith", Asked::Subdomain),
            ("c-uri|contains", Asked::Url),
            ("c-useragent", Asked::Agent),
            ("dst_ip", Asked::Address),
            ("dst_ip|cidr", Asked::Network),
        ],
    },
    Source {
        name: "dns",
        title: "names asked for",
        log: &[("category", "dns")],
        fields: &[("query", Asked::Domain), ("query|endswith", Asked::Subdomain)],
    },
    Source {
        name: "firewall",
        title: "connections",
        log: &[("category", "firewall")],
        fields: &[
            ("dst_ip", Asked::Address),
            ("src_ip", Asked::Address),
            ("dst_ip|cidr", Asked::Network),
            ("src_ip|cidr", Asked::Network),
        ],
    },
    Source {
        name: "process-hash",
        title: "programs by their digest",
        log: &[("category", "process_creation"), ("product", "windows")],
        fields: &[("Hashes|contains", Asked::Digest)],
    },
];

/// The rules: a name for the file of each, and its YAML.
pub fn rules(publication: &Publication) -> Vec<(String, String)> {
    SOURCES.iter().filter_map(|source| rule(publication, source)).collect()
}

fn rule(publication: &Publication, source: &Source) -> Option<(String, String)> {
    let mut detection = Map::new();
    let mut marking = Tlp::Clear;
    for (field, asked) in source.fields {
        // What moves or hides text stands in a rule by no name.
        let is_plain = |value: &String| !value.chars().any(is_unsafe_char);
        let of = |i: &Indicator| Some((asked.value(i).filter(is_plain)?, i.marking));
        let found: Vec<(String, Tlp)> = publication.indicators.iter().filter_map(of).collect();
        if found.is_empty() {
            continue;
        }
        marking = found.iter().map(|(_, marking)| *marking).fold(marking, Tlp::max);
        let mut values: Vec<String> = found.into_iter().map(|(value, _)| value).collect();
        values.sort();
        values.dedup();
        let name = format!("selection_{}", detection.len() + 1);
        detection.insert(name, json!({ *field: values }));
    }
    if detection.is_empty() {
        return None;
    }
    detection.insert("condition".into(), "1 of selection_*".into());
    let title = for_terminal(&publication.title.en).into_owned();
    let log: Map<String, Value> =
        source.log.iter().map(|(part, of)| ((*part).to_owned(), (*of).into())).collect();
    let rule = json!({
        "title": format!("Indicators in {}: {title}", source.title),
        "id": Ids::of(publication).uuid("sigma", &[source.name]).to_string(),
        "status": "experimental",
        "description": format!(
            "Indicators of an intrusion published by {}. {}",
            for_terminal(&publication.publisher.name),
            "What else uses the same machines and names meets them, too."
        ),
        "author": for_terminal(&publication.publisher.name),
        "date": publication.published.to_jiff().strftime("%Y-%m-%d").to_string(),
        "tags": [format!("tlp.{}", marking.as_str().replace('+', "-"))],
        "logsource": log,
        "detection": detection,
        "falsepositives": ["Shared hosting; researchers who visit the same addresses"],
        "level": "high",
    });
    let yaml = yaml_serde::to_string(&rule).expect("maps with texts as keys are YAML");
    Some((source.name.to_owned(), yaml))
}

impl Asked {
    /// What the field is asked for of an indicator, as Sigma writes a value that has no wildcards.
    fn value(self, indicator: &Indicator) -> Option<String> {
        let value = indicator.value.as_str();
        if canonical::of(indicator.kind, value)? != value {
            return None;
        }
        Some(match (self, indicator.kind) {
            (Asked::Address, IndicatorType::Address)
            | (Asked::Network, IndicatorType::Network)
            | (Asked::Domain, IndicatorType::Domain)
            | (Asked::Url, IndicatorType::Url)
            | (Asked::Agent, IndicatorType::UserAgent) => escaped(value),
            (Asked::Subdomain, IndicatorType::Domain) => escaped(&format!(".{value}")),
            (Asked::Digest, kind) => format!("{}={value}", digest(kind)?),
            _ => return None,
        })
    }
}

/// As Sysmon names them.
fn digest(kind: IndicatorType) -> Option<&'static str> {
    Some(match kind {
        IndicatorType::Md5 => "MD5",
        IndicatorType::Sha1 => "SHA1",
        IndicatorType::Sha256 => "SHA256",
        IndicatorType::Imphash => "IMPHASH",
        _ => return None,
    })
}

/// A backslash makes wildcards and itself plain.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
