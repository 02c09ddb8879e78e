//! Exchange through the program: our own server served, pushed to, pulled from and killed; servers that lie; MISP; what is fetched; what allies answer.

mod answered;
mod fetched;
mod mock;
mod pulled;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::program::{Ran, blanik};

const PASSPHRASE: &str = "dlouhé heslo";

fn run(folder: &Path, args: &[&str]) -> Ran {
    let mut command = blanik(folder, args);
    for proxy in
        ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command.env_remove(proxy);
    }
    command.env("BLANIK_PASSPHRASE", PASSPHRASE).output().expect("the program starts").into()
}

/// Runs it, expecting success; what it printed.
fn ok(folder: &Path, args: &[&str]) -> String {
    let ran = run(folder, args);
    assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
    ran.out
}

/// Runs it, expecting an error; what it said.
fn refused(folder: &Path, args: &[&str]) -> String {
    let ran = run(folder, args);
    assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.out, ran.err);
    ran.err
}

fn indicator(n: usize, marking: &str) -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1",
        "id": format!("indicator--00000000-0000-4000-8000-{n:012x}"),
        "created": "2025-01-01T00:00:00.000Z", "modified": "2025-01-01T00:00:00.000Z",
        "pattern": format!("[domain-name:value = 'd{n}.example']"), "pattern_type": "stix",
        "valid_from": "2025-01-01T00:00:00Z",
        "object_marking_refs": [format!("marking-definition--{marking}")],
    })
}

const GREEN: &str = "bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
const RED: &str = "e828b379-4e03-4974-9ac4-e53a884c97c1";

fn bundle(path: &Path, objects: &[Value]) {
    let id = "bundle--00000000-0000-4000-8000-000000000000";
    let bundle = json!({"type": "bundle", "id": id, "objects": objects});
    fs::write(path, bundle.to_string()).expect("written");
}

/// A server of ours, until it is dropped or killed.
struct Served {
    child: Child,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path) -> Served {
    let mut child = blanik(folder, &["serve", "--taxii", "shared", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("it has an output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let url = line.split_whitespace().next().expect("an address").to_owned();
    Served { child, url }
}

/// A workspace `w`, a server's folder `shared` with a collection, and the files `rw` and `green` with tokens.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    ok(path, &["init", "w", "--origin", "cert.example/log"]);
    ok(path, &["serve", "collection", "add", "indicators", "shared", "--title", "Shared"]);
    for (name, right, clearance) in
        [("rw", "indicators:rw", "red"), ("green", "indicators:r", "green")]
    {
        let args = [
            "serve",
            "token",
            "add",
            name,
            "--collection",
            right,
            "--clearance",
            clearance,
            "shared",
        ];
        fs::write(path.join(name), ok(path, &args)).expect("written");
    }
    folder
}

fn push(folder: &Path, url: &str) -> Ran {
    run(folder, &["share", "push", url, "out.json", "--token-file", "rw"])
}

fn pull(folder: &Path, url: &str, token: &str) -> String {
    let args =
        ["intel", "pull", url, "--workspace", "w", "--token-file", token, "--store", "store"];
    ok(folder, &args)
}

#[test]
fn what_one_pushes_another_pulls_as_far_as_they_may_and_once() {
    let folder = prepared();
    let path = folder.path();
    let mut served = serve(path);
    let objects: Vec<Value> =
        (0..2_500).map(|n| indicator(n, if n % 5 == 0 { RED } else { GREEN })).collect();
    bundle(&path.join("out.json"), &objects);
    let pushed = push(path, &served.url);
    assert_eq!(pushed.code, Some(0), "{}", pushed.err);
    assert!(pushed.out.contains("2500 taken, 0 refused"), "{}", pushed.out);
    // Killed, and started again: what was answered is there, and what is sent again is there once.
    served.child.kill().expect("killed");
    drop(served);
    let served = serve(path);
    assert!(push(path, &served.url).out.contains("2500 taken"));
    let pulled = pull(path, &served.url, "green");
    assert!(pulled.contains("Shared: 2,000 objects"), "{pulled}");
    assert!(pulled.contains("2,000 indicators of 1 list"), "{pulled}");
    assert!(pull(path, &served.url, "green").contains("Shared: 0 objects"));
    // By HTTP Basic, too, which all servers speak.
    let by = ["intel", "pull", &served.url, "--workspace", "w", "--store", "store"];
    let basic = [&by[..], &["--token-file", "green", "--user", "partner"]].concat();
    assert!(ok(path, &basic).contains("Shared: 0 objects"));
    let shown = ok(path, &["intel", "list", "--workspace", "w"]);
    assert_eq!(shown.lines().count(), 1, "one record: {shown}");
    bundle(&path.join("out.json"), &[indicator(9_001, GREEN), indicator(9_002, RED)]);
    assert_eq!(push(path, &served.url).code, Some(0));
    let pulled = pull(path, &served.url, "green");
    assert!(
        pulled.contains("Shared: 1 object;") && pulled.contains("2,001 indicators"),
        "{pulled}"
    );
    ok(path, &["verify", "w"]);
    // The place is lost: all comes again, and what is on record is not there twice.
    fs::remove_dir_all(path.join("w/exchange")).expect("removed");
    assert!(pull(path, &served.url, "green").contains("Shared: 2,001 objects"));
}

#[test]
fn refusals_are_told() {
    let folder = prepared();
    let path = folder.path();
    let served = serve(path);
    bundle(
        &path.join("out.json"),
        &[json!({"type": "tool", "id": "tool--x"}), indicator(1, GREEN)],
    );
    let pushed = push(path, &served.url);
    assert_eq!(pushed.code, Some(1));
    assert!(
        pushed.out.contains("1 taken, 1 refused") && pushed.err.contains("UUID"),
        "{}",
        pushed.err
    );
    let reader = ["share", "push", &served.url, "out.json", "--token-file", "green"];
    assert!(refused(path, &reader).contains("may write to no collection"));
    ok(path, &["serve", "token", "revoke", "green", "shared"]);
    let args = ["intel", "pull", &served.url, "--workspace", "w", "--token-file", "green"];
    assert!(refused(path, &args).contains("401"));
    assert!(!ok(path, &["serve", "token", "list", "shared"]).contains("green"));
    fs::write(path.join("out.json"), "{}").expect("written");
    assert!(push(path, &served.url).err.contains("no STIX bundle"));
    let outside = ["serve", "--taxii", "shared", "--listen", "0.0.0.0:0"];
    assert!(refused(path, &outside).contains("in the clear"));
    let twice = ["serve", "--taxii", "shared", "--listen", "127.0.0.1:0"];
    assert!(refused(path, &twice).contains("another server"));
    let secret = fs::read_to_string(path.join("rw")).expect("it is there");
    let kept = fs::read_to_string(path.join("shared/tokens.json")).expect("it is there");
    assert!(!kept.contains(secret.trim()));
}
