//! Requests to the TAXII server, without the network: a line with token, method, path and parameters, a line with `Accept`, a line with
//! `Content-Type`, then the body. Whatever comes, the answer is one of the standard's and JSON, and what is marked above a
//! clearance stands in none.

#![no_main]

use std::cell::RefCell;
use std::collections::BTreeMap;

use blanik_model::{Timestamp, Tlp};
use blanik_server::{Bounds, Folder, Head, Reply, Right, Server, Settings, Tokens};

/// Requests to one server; then it is made anew, for it keeps what it takes.
const REQUESTS_MAX: usize = 2_000;
/// Stands in the object that only the highest clearance sees.
const SECRET: &str = "nobody-else-may-read-this";
const ID: &str = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
const STATUSES: &[u16] = &[200, 202, 400, 401, 403, 404, 405, 406, 413, 415, 422];

struct Scene {
    server: Server,
    red: String,
    green: String,
    requests: usize,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        let (id, alias, title) = (String::new(), "c".to_owned(), "C".to_owned());
        let (description, markings) = (None, BTreeMap::new());
        let settings = Settings { id, alias, title, description, unmarked: Tlp::Green, markings };
        let made =
            Folder::new(folder.path()).add_collection(settings, [7; 16]).expect("a collection");
        let token = |name: &str, clearance, random| {
            let rights = [(made.id.clone(), Right::Both)].into();
            let at = Timestamp::from_nanos(0);
            Tokens::of(folder.path()).add(name, clearance, rights, at, random).expect("a token")
        };
        let (red, green) = (token("red", Tlp::Red, [1; 32]), token("green", Tlp::Green, [2; 32]));
        let bounds = Bounds { body_bytes_max: 1 << 16, objects_max: 100, ..Bounds::default() };
        let server = Server::open(folder.path(), "fuzz", &mut Vec::new()).expect("a server");
        let scene =
            Scene { server: server.with_bounds(bounds), red, green, requests: 0, _folder: folder };
        let marking = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
        let object = format!(
            r#"{{"objects":[{{"type":"indicator","spec_version":"2.1","id":"{ID}","created":"2025-01-01T00:00:00Z","modified":"2025-01-01T00:00:00Z","name":"{SECRET}","object_marking_refs":["{marking}"]}}]}}"#
        );
        let head = ("POST", "/blanik/collections/c/objects/", "");
        let reply =
            scene.ask(&scene.red, head, (None, Some("application/taxii+json")), object.as_bytes());
        assert_eq!(reply.status, 202);
        scene
    }

    fn ask(
        &self,
        token: &str,
        (method, path, query): (&str, &str, &str),
        (accept, content_type): (Option<&str>, Option<&str>),
        body: &[u8],
    ) -> Reply {
        let authorization = format!("Bearer {token}");
        let length = body.len().to_string();
        let head = Head {
            method,
            path,
            query,
            accept,
            content_type,
            content_length: Some(&length),
            authorization: Some(&authorization),
        };
        match self.server.admit(&head) {
            Ok(admitted) => {
                let body = if admitted.has_body() { body } else { &[] };
                self.server.answer(
                    &admitted,
                    body,
                    Timestamp::from_nanos(1_700_000_000_000_000_000),
                )
            }
            Err(reply) => reply,
        }
    }
}

thread_local! {
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default();
    let (first, accept, content_type) = (line(), line(), line());
    let body = lines.next().unwrap_or_default();
    let mut words = first.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (who, method, address) = (word(), word(), word());
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    SCENE.with_borrow_mut(|scene| {
        if scene.as_ref().is_none_or(|scene| scene.requests >= REQUESTS_MAX) {
            *scene = Some(Scene::new());
        }
        let scene = scene.as_mut().expect("it was made");
        scene.requests += 1;
        let token = match who {
            "red" => scene.red.clone(),
            "green" => scene.green.clone(),
            other => other.to_owned(),
        };
        let given = |text: &'_ str| (!text.is_empty()).then_some(text.to_owned());
        let (accept, content_type) = (given(accept), given(content_type));
        let types = (accept.as_deref(), content_type.as_deref());
        let reply = scene.ask(&token, (method, path, query), types, body);
        assert!(STATUSES.contains(&reply.status), "{}", reply.status);
        let is_json = serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok();
        assert!(reply.body.is_empty() || is_json, "{:?}", String::from_utf8_lossy(&reply.body));
        // What somebody sent themselves may come back to them; the secret was sent by another.
        let is_theirs =
            body.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()) || first.contains(SECRET);
        if who != "red" && !is_theirs {
            let said = String::from_utf8_lossy(&reply.body);
            assert!(!said.contains(SECRET), "{said}");
        }
    });
});
