//! A cosigned checkpoint on its way through STIX: TAXII carries objects of STIX and nothing else, so the signed note
//! (C2SP signed-note) travels as an `artifact`, whose id is a digest of it. Who signed it, the note itself says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blanik_model::Tlp;
use serde_json::{Value, json};

use crate::export::ids;
use crate::export::stix::{marking_definition, marking_id};

/// Characters of an artifact's payload that are looked at: of a MiB, as notes are read.
const PAYLOAD_CHARS_MAX: usize = (1 << 20) / 3 * 4 + 4;
/// Notes that are read of one file.
const NOTES_MAX: usize = 1_000;
/// What they are called there.
const MEDIA_TYPE: &str = "text/plain";

/// A bundle that carries a signed note. A checkpoint says nothing of what the log holds: everybody may see it.
pub fn bundle(note: &str) -> Value {
    let payload = STANDARD.encode(note);
    let id = ids::observable("artifact", &json!({ "payload_bin": payload }));
    let artifact = json!({
        "type": "artifact",
        "spec_version": "2.1",
        "id": id,
        "mime_type": MEDIA_TYPE,
        "payload_bin": payload,
        "object_marking_refs": [marking_id(Tlp::Clear)],
    });
    json!({
        "type": "bundle",
        "id": id.replacen("artifact", "bundle", 1),
        "objects": [marking_definition(Tlp::Clear), artifact],
    })
}

/// Texts that a bundle carries and that begin as checkpoints of this log do: with its origin on a line.
pub fn notes(objects: &[Value], origin: &str) -> Vec<String> {
    let artifacts = objects.iter().filter(|o| o["type"] == "artifact");
    let note = |o: &Value| {
        let payload = o["payload_bin"].as_str().filter(|p| p.len() <= PAYLOAD_CHARS_MAX)?;
        let text = String::from_utf8(STANDARD.decode(payload).ok()?).ok()?;
        (text.lines().next() == Some(origin)).then_some(text)
    };
    artifacts.filter_map(note).take(NOTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_arrives_and_what_is_of_others_is_left() {
        let note = "a.example/log\n7\nroot\n\n— b AAAA\n";
        let bundle = bundle(note);
        let objects = bundle["objects"].as_array().expect("objects");
        assert_eq!(notes(objects, "a.example/log"), [note]);
        assert!(notes(objects, "a.example").is_empty());
        let strange = [
            json!({"type": "artifact", "payload_bin": "not base64"}),
            json!({"type": "artifact", "payload_bin": 7}),
            json!({"type": "artifact", "url": "https://x.example"}),
            json!({"type": "artifact", "payload_bin": "/////w=="}),
        ];
        assert!(notes(&strange, "").is_empty());
    }
}
