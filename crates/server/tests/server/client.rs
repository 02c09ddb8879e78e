//! A server in a thread, and a client of it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use blanik_model::{Timestamp, Tlp};
use blanik_server::{Bounds, Clock, Folder, Limits, Right, Rights, Server, Settings, Stop, Tokens};
use serde_json::{Value, json};

pub const TAXII: &str = "application/taxii+json;version=2.1";
/// What every test's clock says, always.
pub const NOON: &str = "2026-01-01T12:00:00Z";

/// The markings of TLP 2.0.
pub fn marking(level: Tlp) -> &'static str {
    match level {
        Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
}

/// An indicator, with a marking or without.
pub fn indicator(n: usize, level: Option<Tlp>) -> Value {
    let mut object = json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": format!("indicator--00000000-0000-4000-8000-{n:012x}"),
        "created": "2025-01-01T00:00:00.000Z",
        "modified": "2025-01-01T00:00:00.000Z",
        "pattern": format!("[domain-name:value = 'secret{n}.example']"),
        "pattern_type": "stix",
        "valid_from": "2025-01-01T00:00:00Z",
    });
    if let Some(level) = level {
        object["object_marking_refs"] = json!([marking(level)]);
    }
    object
}

/// A folder with the collections `shared` and `other`.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (i, alias) in ["shared", "other"].into_iter().enumerate() {
        let settings = Settings {
            id: String::new(),
            alias: alias.into(),
            title: alias.into(),
            description: None,
            unmarked: Tlp::Green,
            markings: Default::default(),
        };
        let random = [i as u8; 16];
        Folder::new(folder.path()).add_collection(settings, random).expect("added");
    }
    folder
}

/// A token for the collection `shared`.
pub fn token(folder: &Path, name: &str, right: Right, clearance: Tlp) -> String {
    let id = Folder::new(folder).collection("shared").expect("it is there").id;
    let mut random = [0; 32];
    random[..name.len()].copy_from_slice(name.as_bytes());
    let now = NOON.parse::<Timestamp>().expect("a time");
    let rights = Rights::from([(id, right)]);
    Tokens::of(folder).add(name, clearance, rights, now, random).expect("added")
}

/// A server that runs until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    pub remarks: Vec<String>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.now();
        let ended = self.thread.take().expect("it runs").join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// Serves a folder with bounds of the test's own.
pub fn start_with(folder: &Path, bounds: Bounds, limits: Limits) -> Running {
    let mut remarks = Vec::new();
    let server = Server::open(folder, "Test", &mut remarks).expect("it opens").with_bounds(bounds);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = Stop::default();
    let (stopped, noon) = (stop.clone(), NOON.parse::<Timestamp>().expect("a time"));
    let clock: Clock = Arc::new(move || noon);
    let thread = std::thread::spawn(move || {
        blanik_server::serve(listener, server, None, limits, (clock, &stopped)).expect("it serves");
    });
    Running { address, remarks, stop, thread: Some(thread) }
}

/// Serves a folder.
pub fn start(folder: &Path) -> Running {
    start_with(folder, Bounds::default(), Limits::default())
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The ids of its objects.
    pub fn ids(&self) -> Vec<String> {
        let json = self.json();
        let objects = json["objects"].as_array().cloned().unwrap_or_default();
        objects.iter().map(|o| o["id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// A client with a token.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

impl Client {
    pub fn new(running: &Running, token: &str) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let base = format!("http://{}", running.address);
        Client { agent, base, authorization: format!("Bearer {token}") }
    }

    pub fn get_as(&self, path: &str, accept: &str, authorization: &str) -> Answer {
        let request = self.agent.get(format!("{}{path}", self.base)).header("accept", accept);
        answer(request.header("authorization", authorization).call())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_as(path, TAXII, &self.authorization)
    }

    /// From the collection `shared`.
    pub fn shared(&self, rest: &str) -> Answer {
        self.get(&format!("/blanik/collections/shared/{rest}"))
    }

    pub fn delete(&self, path: &str) -> Answer {
        let request = self.agent.delete(format!("{}{path}", self.base)).header("accept", TAXII);
        answer(request.header("authorization", &self.authorization).call())
    }

    pub fn post_as(&self, path: &str, media_type: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base)).header("accept", TAXII);
        let request = request.header("content-type", media_type);
        answer(request.header("authorization", &self.authorization).send(body))
    }

    pub fn post(&self, body: &[u8]) -> Answer {
        self.post_as("/blanik/collections/shared/objects/", TAXII, body)
    }

    /// Adds objects, all of which are taken.
    pub fn add(&self, objects: &[Value]) -> Value {
        let body = serde_json::to_vec(&json!({"objects": objects})).expect("JSON");
        let answer = self.post(&body);
        assert_eq!(answer.status, 202, "{}", answer.text);
        let status = answer.json();
        assert_eq!(status["success_count"], objects.len(), "{status}");
        status
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.expect("an answer");
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.body_mut().read_to_string().expect("text"),
    }
}
