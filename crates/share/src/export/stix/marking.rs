//! Who may see what: OASIS's marking definitions of TLP 2.0, and markings of one property where an object holds
//! what others may see than the object.

use blanik_model::Tlp;
use serde_json::{Value, json};

use crate::intake::stix::MARKINGS;

/// The extension by which OASIS defines TLP 2.0.
const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// The id of OASIS's definition of a label.
pub fn id(tlp: Tlp) -> String {
    let (uuid, _) = MARKINGS.iter().rfind(|(_, of)| *of == tlp).expect("each label has one");
    format!("marking-definition--{uuid}")
}

/// OASIS's definition of a label, as they publish it.
pub fn definition(tlp: Tlp) -> Value {
    json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": id(tlp),
        "created": "2022-10-01T00:00:00.000Z",
        "name": format!("TLP:{}", tlp.as_str().to_ascii_uppercase()),
        "extensions": { TLP_2: { "extension_type": "property-extension", "tlp_2_0": tlp.as_str() } },
    })
}

/// The `granular_markings` of an object marked `object` whose properties `selectors` are marked `part`.
/// Null where they are marked alike.
pub fn granular(object: Tlp, part: Tlp, selectors: &[&str]) -> Value {
    if object == part || selectors.is_empty() {
        return Value::Null;
    }
    json!([{ "marking_ref": id(part), "selectors": selectors }])
}
