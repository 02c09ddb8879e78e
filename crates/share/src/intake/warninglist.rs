//! MISP's warning lists: `{"name": …, "type": "cidr", "list": […], "matching_attributes": […]}`.

use blanik_detect::indicators::warnings::{Matching, WarningList, effect_of};
use serde_json::Value;

/// Reads one, if it is one.
pub fn read(path: &str, value: &Value) -> Option<WarningList> {
    let (name, list) = (value["name"].as_str()?, value["list"].as_array()?);
    let matching = match value["type"].as_str()? {
        "cidr" => Matching::Cidr,
        "string" | "hostname" | "substring" => Matching::Text,
        "regex" => Matching::Regex,
        _ => return None,
    };
    let strings =
        |list: &[Value]| list.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect();
    let attributes = value["matching_attributes"].as_array().map_or(&[][..], Vec::as_slice);
    let slug = path.rsplit(['/', '\\', '!']).nth(1).unwrap_or("");
    Some(WarningList {
        name: name.to_owned(),
        effect: effect_of(slug, name),
        matching,
        attributes: strings(attributes),
        values: strings(list),
    })
}
