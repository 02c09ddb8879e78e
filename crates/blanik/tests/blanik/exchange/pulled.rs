//! Servers that lie, and MISP's feeds and instances.

use std::fs;

use serde_json::{Value, json};

use super::mock::{Mock, Reply, Request};
use super::{GREEN, indicator, ok, prepared, refused, run};

const TAXII: &str = "application/taxii+json;version=2.1";
const UUID: &str = "5f7d3f3e-2d4c-4a6c-8f3a-3d2a950d210f";

fn json_reply(ty: &'static str, value: Value) -> Reply {
    (200, ty, String::new(), value.to_string().into_bytes())
}

/// A server of one collection whose objects are what `page` says of the n-th request for them.
fn taxii(page: impl Fn(usize) -> Reply + Send + 'static) -> Mock {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Mock::start(move |(_, path, ..): &Request| match path.as_str() {
        "/taxii2/" => json_reply(TAXII, json!({"title": "x", "api_roots": ["/api/"]})),
        "/api/" => {
            json_reply(TAXII, json!({"title": "x", "versions": [TAXII], "max_content_length": 9}))
        }
        "/api/collections/" => json_reply(
            TAXII,
            json!({"collections": [{"id": UUID, "title": "one", "can_read": true, "can_write": false}]}),
        ),
        path if path.contains("/objects/") => {
            page(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
        }
        _ => (404, TAXII, String::new(), b"{}".to_vec()),
    })
}

#[test]
fn servers_that_lie_get_a_clear_error() {
    let folder = prepared();
    let path = folder.path();
    let page = |more: Value| json_reply(TAXII, more);
    let said = |mock: Mock| {
        refused(path, &["intel", "pull", &format!("{}/taxii2/", mock.url), "--workspace", "w"])
    };
    let one = indicator(1, GREEN);
    let circle = json!({"more": true, "next": "same", "objects": [one]});
    assert!(said(taxii(move |_| page(circle.clone()))).contains("circle"));
    assert!(
        said(taxii(move |n| page(json!({"more": true, "next": n.to_string(), "objects": []}))))
            .contains("gives nothing")
    );
    assert!(
        said(taxii(move |_| page(json!({"more": true, "objects": [1]})))).contains("circle"),
        "no way on"
    );
    assert!(said(taxii(move |_| page(json!({"objects": {}})))).contains("no envelope"));
    assert!(
        said(taxii(|_| (200, "text/html", String::new(), b"<html>".to_vec())))
            .contains("is this a TAXII")
    );
    assert!(
        said(taxii(|_| (200, TAXII, String::new(), vec![b' '; 65 << 20]))).contains("objects/"),
        "too long"
    );
    assert!(
        said(taxii(|_| (302, TAXII, "Location: http://evil.example/\r\n".into(), Vec::new())))
            .contains("302")
    );
    let error =
        json!({"title": "Maintenance\u{1b}[2J", "http_status": "503"}).to_string().into_bytes();
    let said_503 = said(taxii(move |_| (503, TAXII, String::new(), error.clone())));
    assert!(said_503.contains("503 Maintenance") && !said_503.contains('\u{1b}'), "{said_503}");
    let elsewhere = Mock::start(|_| {
        json_reply(TAXII, json!({"title": "x", "api_roots": ["http://evil.example/api/"]}))
    });
    assert!(said(elsewhere).contains("name that server itself"));
    assert!(ok(path, &["intel", "list", "--workspace", "w"]).is_empty(), "nothing was taken in");
}

#[test]
fn a_pull_that_breaks_off_goes_on() {
    let folder = prepared();
    let path = folder.path();
    // The first time, the second page fails; each page is too large for two to be taken in at once.
    let mock = taxii(|n| {
        let mut object = indicator(n, GREEN);
        object["description"] = "x".repeat(33 << 20).into();
        match n {
            1 => (500, TAXII, String::new(), b"{}".to_vec()),
            0 => json_reply(TAXII, json!({"more": true, "next": "two", "objects": [object]})),
            _ => json_reply(TAXII, json!({"objects": [object]})),
        }
    });
    let url = format!("{}/taxii2/", mock.url);
    let args = ["intel", "pull", &url, "--workspace", "w", "--store", "store"];
    assert!(refused(path, &args).contains("500"));
    assert!(ok(path, &args).contains("one: 1 object;"));
    let pages: Vec<String> = mock.paths().into_iter().filter(|p| p.contains("objects")).collect();
    assert!(
        pages[0].ends_with("limit=1000")
            && pages[1].ends_with("next=two")
            && pages[2].ends_with("next=two"),
        "{pages:?}"
    );
    assert_eq!(ok(path, &["intel", "list", "--workspace", "w"]).lines().count(), 2);
}

fn event(value: &str) -> Value {
    json!({"Event": {"uuid": UUID, "info": "campaign", "date": "2025-01-01", "timestamp": "1700000000",
        "Attribute": [{"uuid": "5f7d3f3e-2d4c-4a6c-8f3a-3d2a950d2110", "type": "domain", "category": "Network activity",
            "to_ids": true, "value": value, "timestamp": "1700000000"}]}})
}

#[test]
fn a_misp_feed_is_pulled_once_a_version() {
    let folder = prepared();
    let path = folder.path();
    let round = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(1));
    let now = std::sync::Arc::clone(&round);
    let gone = "00000000-0000-4000-8000-000000000000";
    let mock = Mock::start(move |(_, path, ..)| {
        let round = now.load(std::sync::atomic::Ordering::SeqCst);
        let mut manifest = json!({UUID: {"info": "x", "timestamp": round.to_string()}});
        if round == 3 {
            manifest[gone] = json!({"timestamp": 7});
        }
        match path.trim_start_matches("/feed/") {
            "manifest.json" => json_reply("application/json", manifest),
            name if name == format!("{UUID}.json") => {
                json_reply("application/json", event(&format!("evil{round}.example")))
            }
            _ => (404, "text/html", String::new(), Vec::new()),
        }
    });
    let url = format!("{}/feed", mock.url);
    let args = [
        "intel",
        "pull",
        &url,
        "--misp",
        "--workspace",
        "w",
        "--store",
        "store",
        "--source",
        "feed",
        "--grade",
        "B2",
    ];
    let pulled = ok(path, &args);
    assert!(pulled.contains("1 event taken in") && pulled.contains("1 indicator"), "{pulled}");
    assert!(ok(path, &args).contains("0 events taken in, 1 were"));
    round.store(2, std::sync::atomic::Ordering::SeqCst);
    assert!(ok(path, &args).contains("1 event taken in"));
    round.store(3, std::sync::atomic::Ordering::SeqCst);
    let some = run(path, &args);
    assert_eq!(some.code, Some(1));
    assert!(
        some.out.contains("1 could not be got") && some.err.contains(gone),
        "{}{}",
        some.out,
        some.err
    );
    assert!(ok(path, &["intel", "list", "--workspace", "w"]).contains("B2"));
}

#[test]
fn an_event_is_added_or_brought_up_to_date() {
    let folder = prepared();
    let path = folder.path();
    fs::write(path.join("event.json"), event("evil.example").to_string()).expect("written");
    fs::write(path.join("key"), "misp-api-key\n").expect("written");
    let mock = Mock::start(|(method, path, authorization, body)| {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let known =
            method == "POST" && authorization == "misp-api-key" && sent["Event"]["uuid"] == UUID;
        match path.as_str() {
            "/events/add" if known && sent["Event"]["info"] == "campaign" => json_reply("application/json", sent),
            "/events/add" if known => (
                403,
                "application/json",
                String::new(),
                br#"{"name":"Could not add Event","errors":"Event already exists, if you would like to edit it, use the url in the location header."}"#.to_vec(),
            ),
            path if known && path == format!("/events/edit/{UUID}") => json_reply("application/json", sent),
            _ => (403, "application/json", String::new(), br#"{"message":"Authentication failed"}"#.to_vec()),
        }
    });
    let args = ["share", "push", "--misp", &mock.url, "event.json", "--token-file", "key"];
    assert!(ok(path, &args).contains("event.json: added"));
    let again = event("evil.example").to_string().replace("campaign", "more of it");
    fs::write(path.join("event.json"), again).expect("written");
    assert!(ok(path, &args).contains("brought up to date"));
    fs::write(path.join("key"), "wrong").expect("written");
    let wrong = run(path, &args);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("Authentication failed"), "{}", wrong.err);
    assert!(
        refused(path, &["share", "push", "--misp", &mock.url, "event.json"])
            .contains("--token-file")
    );
}
