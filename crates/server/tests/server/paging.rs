//! Ten thousand objects of one moment, page by page, while others write.

use std::collections::BTreeSet;

use blanik_model::Tlp;
use blanik_server::Right;

use crate::client::{Client, folder, indicator, start, token};

/// All ids of an endpoint, page by page, in the order they came.
fn paged(client: &Client, what: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = String::new();
    loop {
        let answer = client.shared(&format!("{what}/?limit={limit}{next}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.ids();
        assert!(page.len() <= limit);
        ids.extend(page);
        let json = answer.json();
        if json["more"] != true {
            return ids;
        }
        next = format!("&next={}", json["next"].as_str().expect("a place"));
    }
}

#[test]
fn ten_thousand_objects_of_one_moment_are_paged_while_others_write() {
    const OBJECTS: usize = 10_000;
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    // One request's objects have one time, whatever the clock.
    for start in (0..OBJECTS).step_by(5_000) {
        client.add(&(start..start + 5_000).map(|n| indicator(n, None)).collect::<Vec<_>>());
    }
    let first = client.shared("objects/?limit=1");
    assert_eq!(first.header("x-taxii-date-added-first"), Some("2026-01-01T12:00:00.000000Z"));
    let expected: Vec<String> =
        (0..OBJECTS).map(|n| indicator(n, None)["id"].as_str().expect("an id").into()).collect();
    std::thread::scope(|scope| {
        for writer_number in 0..4 {
            let (running, writer) = (&running, &writer);
            scope.spawn(move || {
                let client = Client::new(running, writer);
                for n in 0..25 {
                    client.add(&[indicator(OBJECTS + writer_number * 100 + n, None)]);
                }
            });
        }
        for (what, limit) in [("objects", 997), ("manifest", 333), ("objects", 1_000)] {
            let ids = paged(&client, what, limit);
            assert_eq!(ids[..OBJECTS], expected, "{what} {limit}");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "none twice");
        }
    });
    assert_eq!(paged(&client, "objects", 613).len(), OBJECTS + 100, "writers lost nothing");
}

#[test]
fn what_was_added_after_is_what_was_not_seen() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    let mut seen = Vec::new();
    let mut after = String::new();
    // The clock stands still, and yet nobody who asks for what is new misses anything.
    for round in 0..5 {
        client.add(&[indicator(2 * round, None), indicator(2 * round + 1, None)]);
        let answer = client.shared(&format!("objects/?{after}"));
        let last = answer.header("x-taxii-date-added-last").expect("a time").to_owned();
        after = format!("added_after={last}");
        assert_eq!(answer.ids().len(), 2, "round {round}");
        seen.extend(answer.ids());
        assert_eq!(client.shared(&format!("objects/?{after}")).text, "{}");
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 10);
}

#[test]
fn pages_are_bounded_in_bytes_and_one_object_is_always_given() {
    use blanik_server::{Bounds, Limits};
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let bounds = Bounds { page_bytes_max: 700, page_objects_max: 5, ..Bounds::default() };
    let running = crate::client::start_with(folder.path(), bounds, Limits::default());
    let client = Client::new(&running, &writer);
    let mut big = indicator(0, None);
    big["description"] = "x".repeat(5_000).into();
    let objects: Vec<_> = (1..12).map(|n| indicator(n, None)).collect();
    client.add(&[&[big], &objects[..]].concat());
    assert_eq!(client.shared("objects/").ids().len(), 1);
    assert_eq!(client.shared("objects/?next=4.1&limit=100").ids().len(), 2);
    assert_eq!(client.shared("manifest/?match[type]=indicator").ids().len(), 1);
    assert_eq!(paged(&client, "objects", 7).len(), 12);
}
