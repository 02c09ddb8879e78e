//! An indicator as a STIX pattern, and as the observable that it is about.

use std::net::IpAddr;

use blanik_detect::indicators::canonical;
use blanik_detect::indicators::pattern::Pattern;
use blanik_model::IndicatorType;
use serde_json::{Value, json};

use super::objects::Bundle;
use crate::publication::Indicator;

/// The hives, as the canonical form of a key begins and as STIX writes them.
const HIVES: &[(&str, &str)] = &[
    ("hklm", "HKEY_LOCAL_MACHINE"),
    ("hkcu", "HKEY_CURRENT_USER"),
    ("hkcr", "HKEY_CLASSES_ROOT"),
    ("hku", "HKEY_USERS"),
];

/// The pattern. `None` if STIX has no place for such a value, or the value is none of its type.
pub fn pattern(indicator: &Indicator) -> Option<String> {
    let value = indicator.value.as_str();
    canonical::of(indicator.kind, value)?;
    let is = |path: &str, value: &str| format!("[{path} = '{}']", escaped(value));
    Some(match indicator.kind {
        IndicatorType::Address => is(&format!("{}:value", address_type(value)?), value),
        IndicatorType::Network => {
            format!("[{}:value ISSUBSET '{}']", address_type(value)?, escaped(value))
        }
        IndicatorType::Domain => is("domain-name:value", value),
        IndicatorType::Url if value.contains("://") => is("url:value", value),
        IndicatorType::Url => {
            let value = escaped(value);
            format!("[url:value = 'http://{value}' OR url:value = 'https://{value}']")
        }
        IndicatorType::Imphash => is("file:extensions.'windows-pebinary-ext'.imphash", value),
        IndicatorType::Certificate => {
            is(&format!("x509-certificate:hashes.{}", quoted(digest(value.len())?)), value)
        }
        IndicatorType::Mail => is("email-addr:value", value),
        IndicatorType::FileName => is("file:name", value),
        IndicatorType::FilePath => {
            let (folder, name) = parts(value);
            let folder = format!("file:parent_directory_ref.path LIKE '%{}'", escaped(&folder));
            format!("[file:name = '{}' AND {folder}]", escaped(name))
        }
        IndicatorType::Mutex => is("mutex:name", value),
        IndicatorType::RegistryKey => is("windows-registry-key:key", &registry_key(value)),
        IndicatorType::UserAgent => {
            let header = "extensions.'http-request-ext'.request_header.'User-Agent'";
            is(&format!("network-traffic:{header}"), value)
        }
        IndicatorType::Pattern => Pattern::parse(value).ok().map(|_| value.to_owned())?,
        IndicatorType::Ja3 | IndicatorType::Ja4 => return None,
        hash => is(&format!("file:hashes.{}", quoted(hash_name(hash)?)), value),
    })
}

/// The observable. `None` if STIX has none for such a value: a URL without its scheme is no URL there.
pub fn observable(bundle: &mut Bundle<'_>, indicator: &Indicator) -> Option<String> {
    let value = indicator.value.as_str();
    canonical::of(indicator.kind, value)?;
    let of = |name: &str, value: &str| json!({ name: value });
    let (ty, contributing) = match indicator.kind {
        IndicatorType::Address | IndicatorType::Network => {
            (address_type(value)?, of("value", value))
        }
        IndicatorType::Domain if value.is_ascii() => ("domain-name", of("value", value)),
        IndicatorType::Mail if value.is_ascii() => ("email-addr", of("value", value)),
        IndicatorType::Url if value.contains("://") && plain(value) => ("url", of("value", value)),
        IndicatorType::FileName => ("file", of("name", value)),
        IndicatorType::FilePath => {
            let (folder, name) = parts(value);
            let path = of("path", if folder.is_empty() { "/" } else { &folder });
            let folder = bundle.observe("directory", path, Value::Null, indicator.marking);
            ("file", json!({ "name": name, "parent_directory_ref": folder }))
        }
        IndicatorType::Mutex => ("mutex", of("name", value)),
        IndicatorType::RegistryKey => ("windows-registry-key", of("key", &registry_key(value))),
        hash => ("file", json!({ "hashes": { hash_name(hash)?: value } })),
    };
    Some(bundle.observe(ty, contributing, Value::Null, indicator.marking))
}

fn plain(value: &str) -> bool {
    value.bytes().all(|b| {
        b.is_ascii_graphic()
            && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    })
}

fn address_type(value: &str) -> Option<&'static str> {
    let address = value.split('/').next().unwrap_or(value);
    Some(match address.parse().ok()? {
        IpAddr::V4(_) => "ipv4-addr",
        IpAddr::V6(_) => "ipv6-addr",
    })
}

fn hash_name(kind: IndicatorType) -> Option<&'static str> {
    Some(match kind {
        IndicatorType::Md5 => "MD5",
        IndicatorType::Sha1 => "SHA-1",
        IndicatorType::Sha256 => "SHA-256",
        IndicatorType::Sha512 => "SHA-512",
        IndicatorType::Ssdeep => "SSDEEP",
        _ => return None,
    })
}

fn digest(length: usize) -> Option<&'static str> {
    Some(match length {
        32 => "MD5",
        40 => "SHA-1",
        64 => "SHA-256",
        128 => "SHA-512",
        _ => return None,
    })
}

/// A step of a path with a hyphen stands in quotes.
fn quoted(step: &str) -> String {
    if step.contains('-') { format!("'{step}'") } else { step.to_owned() }
}

/// A string literal's backslashes and quotes (STIX 2.1, 9.3).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// A canonical path's folder and name. One with a drive is written as Windows writes it.
fn parts(path: &str) -> (String, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match path.as_bytes().get(1) {
        Some(b':') => (folder.replace('/', "\\"), name),
        _ => (folder.to_owned(), name),
    }
}

fn registry_key(value: &str) -> String {
    let key = value.replace('/', "\\");
    let hive = |(short, long): &(&str, &str)| {
        Some(format!("{long}{}", key.strip_prefix(short).filter(|rest| rest.starts_with('\\'))?))
    };
    HIVES.iter().find_map(hive).unwrap_or(key.clone())
}
