//! Nobody reads above their clearance, and nothing tells them that there is something.

use blanik_model::Tlp;
use blanik_server::Right;
use serde_json::{Value, json};

use crate::client::{Client, folder, indicator, marking, start, token};

fn hidden() -> Vec<Value> {
    let mut granular = indicator(101, Some(Tlp::Clear));
    granular["granular_markings"] =
        json!([{"selectors": ["pattern"], "marking_ref": marking(Tlp::Red)}]);
    let mut old_red = indicator(102, None);
    old_red["object_marking_refs"] =
        json!(["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]);
    let mut unknown = indicator(103, None);
    unknown["object_marking_refs"] =
        json!([marking(Tlp::Clear), "marking-definition--00000000-0000-4000-8000-000000000000"]);
    // A newer version of what all may see.
    let mut newer = indicator(1, Some(Tlp::Red));
    newer["modified"] = "2025-06-01T00:00:00.000Z".into();
    vec![
        indicator(100, Some(Tlp::Amber)),
        granular,
        old_red,
        unknown,
        newer,
        indicator(104, Some(Tlp::AmberStrict)),
    ]
}

/// Everything that a client may ask for, as text with the headers that tell of objects.
fn everything(client: &Client) -> Vec<String> {
    let id = |n: usize| format!("indicator--00000000-0000-4000-8000-{n:012x}");
    let mut paths: Vec<String> = [
        "objects/",
        "objects/?limit=2",
        "objects/?limit=2&next=1.2",
        "objects/?limit=1&next=1.1",
        "objects/?next=1.3",
        "objects/?next=1.4",
        "objects/?next=4.1",
        "objects/?match[version]=all",
        "objects/?match[version]=last",
        "objects/?match[version]=2025-06-01T00:00:00.000Z",
        "manifest/",
        "manifest/?limit=1",
        "manifest/?match[version]=all&limit=3",
        "",
    ]
    .map(str::to_owned)
    .into();
    for n in [1, 2, 3, 100, 101, 102, 103, 104, 999] {
        paths.push(format!("objects/{}/", id(n)));
        paths.push(format!("objects/{}/?match[version]=all", id(n)));
        paths.push(format!("objects/{}/versions/", id(n)));
        paths.push(format!("manifest/?match[id]={}", id(n)));
    }
    let ask = |path: &String| {
        let answer = client.shared(path);
        let header = |name| answer.header(name).unwrap_or("none").to_owned();
        let (first, last) = (header("x-taxii-date-added-first"), header("x-taxii-date-added-last"));
        format!(
            "{path} {} {first} {last} {} {}",
            answer.status,
            header("content-length"),
            answer.text
        )
    };
    paths.iter().map(ask).collect()
}

#[test]
fn what_is_above_a_clearance_changes_no_byte_of_any_answer() {
    let told = |with_hidden: bool| {
        let folder = folder();
        let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
        let reader = token(folder.path(), "reader", Right::Both, Tlp::Green);
        let running = start(folder.path());
        let (writer, reader) = (Client::new(&running, &writer), Client::new(&running, &reader));
        // In one request, so that times are the same; hidden ones first, between and last.
        let mut objects: Vec<Value> = Vec::new();
        let mut hidden = hidden().into_iter().filter(|_| with_hidden);
        objects.extend(hidden.by_ref().take(2));
        objects.push(indicator(1, Some(Tlp::Clear)));
        objects.extend(hidden.by_ref().take(2));
        objects.push(indicator(2, Some(Tlp::Green)));
        objects.push(indicator(3, None));
        objects.extend(hidden);
        writer.add(&objects);
        if with_hidden {
            assert_eq!(writer.shared("objects/?match[version]=all").ids().len(), 9);
        }
        let mut told = everything(&reader);
        // What the reader sends and deletes is as if nothing were there.
        let sent = reader.add(&[indicator(100, Some(Tlp::Green)), indicator(3, None)]);
        told.push(sent["successes"].to_string());
        let path =
            "/blanik/collections/shared/objects/indicator--00000000-0000-4000-8000-000000000066/";
        told.push(reader.delete(path).text);
        told.extend(everything(&reader));
        if with_hidden {
            let mine = writer.shared("objects/indicator--00000000-0000-4000-8000-000000000064/");
            assert!(
                mine.text.contains(marking(Tlp::Amber)),
                "the writer keeps theirs: {}",
                mine.text
            );
        }
        told
    };
    let (with, without) = (told(true), told(false));
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(with, without);
    }
    for n in 101..=104 {
        assert!(!with.iter().any(|text| text.contains(&format!("secret{n}."))));
    }
    assert!(with.iter().any(|text| text.contains("secret3.")));
}

#[test]
fn each_clearance_sees_up_to_itself() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let readers: Vec<String> = Tlp::ALL
        .iter()
        .map(|level| token(folder.path(), &level.as_str().replace('+', "-"), Right::Read, *level))
        .collect();
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    client
        .add(&Tlp::ALL.iter().enumerate().map(|(n, l)| indicator(n, Some(*l))).collect::<Vec<_>>());
    for (i, reader) in readers.iter().enumerate() {
        let seen = Client::new(&running, reader).shared("objects/").ids();
        assert_eq!(seen.len(), i + 1, "{}", Tlp::ALL[i]);
    }
}
