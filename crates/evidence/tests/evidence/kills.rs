//! A process that appends is killed at random moments: what it said is logged stays logged.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use blanik_evidence::commit::Log;
use blanik_evidence::verify::verify_workspace;
use blanik_evidence::{Folder, SigningKey, Workspace};

const VARIABLE: &str = "BLANIK_EVIDENCE_ORDEAL";

fn key() -> SigningKey {
    SigningKey::from_seed("example.org/log", [1; 32]).expect("a name")
}

/// The process that is killed: this test, run alone.
#[test]
#[ignore = "is run, and killed, by the tests below"]
fn appends_until_it_is_killed() {
    let Some(path) = std::env::var_os(VARIABLE) else { return };
    let mut workspace = Workspace::open_with(Path::new(&path), key()).expect("the log comes back");
    for batch in 0u64.. {
        let count = [1, 3, 40, 300][(batch % 4) as usize];
        let records: Vec<String> =
            (0..count).map(|i| format!(r#"{{"b":{batch},"i":{i}}}"#)).collect();
        let logged = workspace.append_json(&records).expect("nothing fails but by being killed");
        // Acknowledged, to who counts.
        let mut out = std::io::stdout().lock();
        writeln!(out, "logged {}", logged.end).and_then(|()| out.flush()).expect("somebody reads");
    }
}

#[test]
fn killed_at_random_moments() {
    kills(40);
}

#[test]
#[ignore = "1,000 kills take minutes: `cargo xtask ordeal`"]
fn killed_a_thousand_times_at_random_moments() {
    kills(1_000);
}

fn kills(times: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    Log::create(&Folder::new(folder.path()), &key()).expect("a log");
    let (mut acknowledged, mut state) = (0, 7u64);
    for kill in 0..times {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let logged =
            append_and_kill(folder.path(), Duration::from_micros(5_000 + (state >> 33) % 145_000));
        acknowledged = acknowledged.max(logged);
        // As the crash left it, for who only reads: whole, and nothing acknowledged is missing.
        let reader = Workspace::open_read(folder.path()).expect("readable at any moment");
        assert!(reader.checkpoint().size >= acknowledged, "kill {kill}");
        if kill % 50 == 49 || kill + 1 == times {
            drop(Workspace::open_with(folder.path(), key()).expect("the log comes back"));
            let report = verify_workspace(&Folder::new(folder.path()), None);
            assert!(report.faults.is_empty(), "kill {kill}: {:?}", report.faults);
            let size = report.checkpoint.expect("verified").size;
            assert!(size >= acknowledged, "kill {kill}: {size} of {acknowledged} acknowledged");
            assert_eq!(report.records_verified, size, "kill {kill}");
        }
    }
    assert!(acknowledged > times, "hardly anything was logged: {acknowledged}");
    println!("{times} kills, {acknowledged} records acknowledged");
}

/// Runs the process for so long; how many records it said are logged.
fn append_and_kill(workspace: &Path, after: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["kills::appends_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env(VARIABLE, workspace)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test starts");
    let out = child.stdout.take().expect("piped");
    let counted = std::thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        let logged = |line: String| line.rsplit_once("logged ")?.1.parse::<u64>().ok();
        lines.filter_map(logged).max().unwrap_or(0)
    });
    std::thread::sleep(after);
    child.kill().expect("it runs for ever");
    child.wait().expect("killed");
    counted.join().expect("it counts")
}
