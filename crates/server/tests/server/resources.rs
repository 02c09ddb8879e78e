//! The endpoints' resources, filters and media types (TAXII 2.1).

use blanik_model::Tlp;
use blanik_server::Right;
use serde_json::{Value, json};

use crate::client::{Client, TAXII, folder, indicator, start, token};

const OBJECTS: &str = "/blanik/collections/shared/objects/";

fn version(n: usize, day: usize) -> Value {
    let mut object = indicator(n, None);
    object["modified"] = format!("2025-01-{day:02}T00:00:00.000Z").into();
    object
}

#[test]
fn discovery_leads_to_collections() {
    let folder = folder();
    let reader = token(folder.path(), "reader", Right::Read, Tlp::Green);
    let running = start(folder.path());
    let client = Client::new(&running, &reader);
    let discovery = client.get("/taxii2/");
    assert_eq!(discovery.header("content-type"), Some(TAXII));
    let discovery = discovery.json();
    assert_eq!(discovery["title"], "Test");
    assert_eq!(
        (&discovery["api_roots"], &discovery["default"]),
        (&json!(["/blanik/"]), &json!("/blanik/"))
    );
    let root = client.get("/blanik/").json();
    assert_eq!(
        (&root["versions"], &root["max_content_length"]),
        (&json!([TAXII]), &json!(10 << 20))
    );
    let listed = client.get("/blanik/collections/").json();
    let listed = listed["collections"].as_array().expect("a list");
    assert_eq!(listed.len(), 1, "what a token has no right to is in no list");
    let one = &listed[0];
    assert_eq!(
        (&one["can_read"], &one["can_write"], &one["alias"]),
        (&json!(true), &json!(false), &json!("shared"))
    );
    let by_id = client.get(&format!("/blanik/collections/{}/", one["id"].as_str().expect("an id")));
    assert_eq!(by_id.json(), *one);
    assert_eq!(client.get("/blanik/collections/other/").status, 404);
    let nobody = token(folder.path(), "nobody", Right::Read, Tlp::Green);
    blanik_server::Tokens::of(folder.path()).revoke("nobody").expect("written");
    assert_eq!(Client::new(&running, &nobody).get("/taxii2/").status, 401, "revoked at once");
}

#[test]
fn filters_leave_what_they_say() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    let tool = json!({"type": "tool", "id": "tool--00000000-0000-4000-8000-000000000001",
        "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "name": "of STIX 2.0"});
    let address = json!({"type": "ipv4-addr", "id": "ipv4-addr--00000000-0000-4000-8000-000000000001",
        "spec_version": "2.1", "value": "198.51.100.7"});
    client.add(&[version(1, 1), version(1, 3), version(1, 2), version(2, 1), tool, address]);
    let count = |query: &str| client.shared(&format!("objects/?{query}")).ids().len();
    let id = "indicator--00000000-0000-4000-8000-000000000001";
    assert_eq!(count(""), 4);
    assert_eq!(count("match[version]=all"), 6);
    assert_eq!(count("match%5Bversion%5D=first,last"), 5);
    assert_eq!(count("match[version]=2025-01-02T00:00:00Z"), 1);
    assert_eq!(count(&format!("match[id]={id}")), 1);
    assert_eq!(count(&format!("match[id]={id},tool--00000000-0000-4000-8000-000000000001")), 2);
    assert_eq!(count("match[type]=tool,ipv4-addr"), 2);
    assert_eq!(count(&format!("match[type]=tool&match[id]={id}")), 0);
    assert_eq!(count("match[spec_version]=2.0"), 1);
    assert_eq!(count("added_after=2026-01-01T12:00:00.000000Z"), 0);
    assert_eq!(count("added_after=2026-01-01T11:59:59.999999Z"), 4);
    let newest = client.shared(&format!("objects/{id}/")).json();
    assert_eq!(newest["objects"][0]["modified"], "2025-01-03T00:00:00.000Z");
    let versions = client.shared(&format!("objects/{id}/versions/"));
    assert_eq!(versions.json()["versions"].as_array().map(Vec::len), Some(3));
    assert!(versions.header("x-taxii-date-added-last").is_some());
    let manifest = client.shared("manifest/?match[type]=ipv4-addr,tool").json();
    assert_eq!(manifest["objects"][0]["media_type"], "application/stix+json;version=2.0");
    assert_eq!(manifest["objects"][1]["version"], "2026-01-01T12:00:00.000000Z", "as it was added");
    assert_eq!(client.shared("objects/?match[id]=tool--x").text, "{}");
    assert_eq!(client.shared("objects/tool--x/").status, 404);
}

#[test]
fn objects_come_back_as_they_were_sent() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    let text = "{\"objects\":[{\"type\":\"tool\",\r\n \"id\":\"tool--00000000-0000-4000-8000-000000000001\",\
        \"x_big\":123456789012345678901234567890,\"x_exact\":1.10,\"name\":\"\\u0061\\n\"}]}";
    assert_eq!(client.post(text.as_bytes()).status, 202);
    let given = client.shared("objects/").text;
    assert!(
        given.contains(
            "\"x_big\":123456789012345678901234567890,\"x_exact\":1.10,\"name\":\"\\u0061\\n\""
        ),
        "{given}"
    );
}

#[test]
fn what_was_sent_twice_is_there_once_and_deleted_versions_are_gone() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    client.add(&[version(1, 1), version(1, 2), version(1, 1)]);
    let again = client.add(&[version(1, 2)]);
    assert!(again["successes"][0]["message"].is_string(), "{again}");
    let path = format!("{OBJECTS}indicator--00000000-0000-4000-8000-000000000001/");
    assert_eq!(client.shared("objects/?match[version]=all").ids().len(), 2);
    assert_eq!(
        client.delete(&format!("{path}?match[version]=2025-01-02T00:00:00.000Z")).status,
        200
    );
    assert_eq!(client.get(&path).json()["objects"][0]["modified"], "2025-01-01T00:00:00.000Z");
    assert_eq!(client.delete(&path).status, 200);
    assert_eq!((client.delete(&path).status, client.get(&path).status), (404, 404));
    client.add(&[version(1, 1)]);
    assert_eq!(client.get(&path).status, 200, "what was deleted may come again");
}

#[test]
fn a_status_says_what_became_of_each_object() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Write, Tlp::Green);
    let other = token(folder.path(), "other", Right::Write, Tlp::Green);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let good = indicator(1, None);
    let twice = good.to_string().replacen(
        '{',
        "{\"object_marking_refs\":[],\"object_marking_refs\":[],",
        1,
    );
    let hostile = [
        "7".to_owned(),
        "null".into(),
        "{}".into(),
        r#"{"id":"x","type":"y"}"#.into(),
        deep.clone(),
        twice,
        good.to_string(),
        good.to_string().replace("2025-01-01T00:00:00.000Z", "2025-13-77T00:00:00.000Z"),
        format!(r#"{{"id":"tool--{}","type":"tool"}}"#, "\\u0000".repeat(36)),
    ];
    let answer = client.post(format!("{{\"objects\":[{}]}}", hostile.join(",")).as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.text);
    let status = answer.json();
    assert_eq!(
        (&status["success_count"], &status["failure_count"]),
        (&json!(1), &json!(8)),
        "{status}"
    );
    assert_eq!(status["failures"][0]["id"], "objects[0]");
    assert!(
        status["failures"][5]["message"].as_str().is_some_and(|m| m.contains("twice")),
        "{status}"
    );
    let path = format!("/blanik/status/{}/", status["id"].as_str().expect("an id"));
    assert_eq!(client.get(&path).json(), status);
    assert_eq!(Client::new(&running, &other).get(&path).status, 404, "another's");
    for body in
        ["", "{", "[]", "{}", r#"{"objects":{}}"#, r#"{"objects":[]}"#, "\u{0}", &deep, "[[{}]]"]
    {
        let refused = client.post(body.as_bytes());
        let shown = &body[..body.len().min(40)];
        assert_eq!(refused.status, 422, "{shown}: {}", refused.text);
        assert_eq!(refused.json()["http_status"], "422");
    }
    assert_eq!(client.post(b"\xff").status, 422);
}

#[test]
fn media_types_and_rights_are_held() {
    let folder = folder();
    let reader = token(folder.path(), "reader", Right::Read, Tlp::Red);
    let writer = token(folder.path(), "writer", Right::Write, Tlp::Red);
    let running = start(folder.path());
    let (reads, writes) = (Client::new(&running, &reader), Client::new(&running, &writer));
    let bearer = format!("Bearer {reader}");
    for (accept, status) in [
        ("application/json", 406),
        ("application/taxii+json;version=2.0", 406),
        ("application/taxii+json", 200),
        ("application/taxii+json; version=2.1", 200),
        ("*/*", 200),
    ] {
        assert_eq!(reads.get_as("/taxii2/", accept, &bearer).status, status, "{accept}");
    }
    let body = json!({"objects": [indicator(1, None)]}).to_string();
    assert_eq!(writes.post_as(OBJECTS, "application/json", body.as_bytes()).status, 415);
    assert_eq!(reads.post(body.as_bytes()).status, 403);
    assert_eq!(writes.shared("objects/").status, 403);
    assert_eq!(writes.post(body.as_bytes()).status, 202);
    let object = format!("{OBJECTS}indicator--00000000-0000-4000-8000-000000000001/");
    assert_eq!(reads.delete(&object).status, 403);
    assert_eq!(writes.delete(&object).status, 403);
    assert_eq!(reads.get(&object).status, 200);
    assert_eq!(reads.delete("/taxii2/").status, 405);
    let wrong = reader.replace("blanik_", "blanik-");
    for authorization in
        ["", "Bearer", "Bearer ", "Bearer x", "Basic x", &format!("Bearer {wrong}"), &reader]
    {
        let refused = reads.get_as("/blanik/collections/", TAXII, authorization);
        assert_eq!(refused.status, 401, "{authorization}");
        assert!(refused.header("www-authenticate").is_some());
        assert_eq!(refused.json()["http_status"], "401");
    }
    use base64::Engine;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("anybody:{reader}"));
    assert_eq!(reads.get_as("/taxii2/", TAXII, &format!("Basic {basic}")).status, 200);
    assert_eq!(reads.get_as("/taxii2/", TAXII, &format!("Token {reader}")).status, 200);
}
