//! The evidence log through the program: a hunt on record, proofs, disclosures, witnesses.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::program::{Ran, blanik};

const PASSPHRASE: &str = "dlouhé heslo";

fn with_key(folder: &Path, args: &[&str]) -> Command {
    let mut command = blanik(folder, args);
    command.env("BLANIK_PASSPHRASE", PASSPHRASE);
    command
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    with_key(folder, args).output().expect("the program starts").into()
}

/// Runs it, expecting success; what it printed.
fn ok(folder: &Path, args: &[&str]) -> String {
    let ran = run(folder, args);
    assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
    ran.out
}

/// A workspace `w` with a hunt on record.
fn hunted() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    logs(path, 30);
    ok(path, &["init", "w", "--origin", "cert.example/log"]);
    ok(path, &["hunt", "logs", "--case", "17", "--workspace", "w", "-q"]);
    folder
}

/// Logs with a finding a line.
fn logs(folder: &Path, lines: usize) {
    fs::create_dir_all(folder.join("logs")).expect("a folder");
    let line = |i: usize| {
        format!(
            r#"{{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider_Name":"Microsoft-Windows-Sysmon","UtcTime":"2024-03-01 10:00:{:02}.000","Computer":"PC{i}.example","User":"EX\\svoboda","Image":"C:\\Windows\\System32\\wevtutil.exe","CommandLine":"wevtutil cl Security {i}"}}"#,
            i % 60
        ) + "\n"
    };
    let text: String = (0..lines).map(line).collect();
    fs::write(folder.join("logs/sysmon.json"), text).expect("writable");
}

#[test]
fn a_hunt_goes_on_record_and_verifies() {
    let folder = hunted();
    let path = folder.path();
    let shown = ok(path, &["log", "show", "w", "--json"]);
    let records: Vec<blanik_model::Record> =
        shown.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    let findings =
        records.iter().filter(|r| matches!(r.fact, blanik_model::Fact::Found(_))).count();
    assert!(findings >= 30, "{shown}");
    assert!(matches!(&records[0].fact, blanik_model::Fact::Opened(o) if o.title == "17"));
    let bytes = fs::metadata(path.join("logs/sysmon.json")).expect("there").len();
    assert!(matches!(&records[1].fact, blanik_model::Fact::Acquired(a) if a.size == bytes));
    match &records.last().expect("some").fact {
        blanik_model::Fact::Hunted(hunted) => assert_eq!(hunted.findings, findings as u64),
        other => panic!("{other:?}"),
    }
    assert!(records.iter().all(|r| r.case == "17" && r.by == "cert.example/log"));
    // The findings are those that are printed.
    let printed = ok(path, &["hunt", "logs", "--json", "-q"]);
    let logged: Vec<String> = records
        .iter()
        .filter_map(|r| match &r.fact {
            blanik_model::Fact::Found(f) => Some(serde_json::to_string(f).expect("JSON")),
            _ => None,
        })
        .collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), logged);
    assert!(ok(path, &["verify", "w"]).contains("Verified"));
    // A second hunt of the case does not open it again.
    ok(path, &["hunt", "logs", "--case", "17", "--workspace", "w", "-q"]);
    let shown = ok(path, &["log", "show", "w"]);
    assert_eq!(shown.matches(" opened ").count(), 1, "{shown}");
    let again = ok(path, &["rerun", "w", "--case", "17", "logs"]);
    assert!(again.starts_with("Same"), "{again}");
    logs(path, 29);
    let again = run(path, &["rerun", "w", "--case", "17", "logs"]);
    assert_eq!(again.code, Some(1), "{}", again.out);
    assert!(again.out.contains("is no file on record"), "{}", again.out);
    assert!(again.out.contains("is not among these files"), "{}", again.out);
}

#[test]
fn a_case_begins_once_whatever_became_of_the_view() {
    let folder = hunted();
    let path = folder.path();
    let view = path.join("w/views/opened.json");
    let whole = fs::read_to_string(&view).expect("a hunt leaves it");
    let again = |text: Option<&str>, case: &str| {
        match text {
            Some(text) => fs::write(&view, text).expect("writable"),
            None => fs::remove_file(&view).expect("it was there"),
        }
        ok(path, &["hunt", "logs", "--case", case, "--workspace", "w", "-q"]);
    };
    again(Some(&whole), "17");
    again(None, "17");
    again(Some("{"), "17");
    // Of this log, when it was smaller: what came since is read.
    again(Some(&whole), "18");
    again(Some(&whole), "18");
    // Another's word that a case has begun is not believed.
    again(Some(&whole.replace("\"17\"", "\"17\",\"19\"")), "19");
    let shown = ok(path, &["log", "show", "w", "--json"]);
    let begun: Vec<&str> = shown.lines().filter(|l| l.contains(r#""type":"opened""#)).collect();
    assert_eq!(begun.len(), 3, "{begun:?}");
    assert!(ok(path, &["verify", "w"]).contains("Verified"));
}

#[test]
fn sealed_events_are_hunted_again_without_the_files() {
    let folder = hunted();
    let path = folder.path();
    let filtered = ["--host", "PC3.example", "--from", "2024-03-01", "--level", "high"];
    let hunt = ["hunt", "logs", "--case", "18", "--workspace", "w", "-q"];
    ok(path, &[&hunt[..], &filtered].concat());
    fs::rename(path.join("logs"), path.join("elsewhere")).expect("renamed");
    let same = ok(path, &["rerun", "w"]);
    assert!(same.starts_with("Same") && same.contains("sealed events"), "{same}");
    // The filters of the hunt are on record, and are applied again: in the files, too.
    let same = ok(path, &["rerun", "w", "--case", "18", "elsewhere"]);
    assert!(same.starts_with("Same") && same.contains("same files"), "{same}");
    // A rule that is another one decides nothing.
    let rule = "title: Other\nid: 1\nlogsource: {product: windows}\n\
        detection: {s: {Image|endswith: wevtutil.exe}, condition: s}\nlevel: high\n";
    fs::write(path.join("other.yml"), rule).expect("writable");
    let open = run(path, &["rerun", "w", "--rules", "other.yml"]);
    assert_eq!(open.code, Some(1), "{}", open.out);
    assert!(open.out.contains("hunted with other rules"), "{}", open.out);
    ok(path, &["witness", "init", "ally", "--name", "ally.example"]);
    let key = ok(path, &["log", "checkpoint", "w", "--key"]);
    fs::write(path.join("ally/logs"), key).expect("writable");
    let sign = ["witness", "sign", "ally", "w", "--grade", "re-run"];
    assert!(ok(path, &sign).starts_with("— ally.example/re-run "));
    let not = run(path, &[&sign[..], &["--rules", "other.yml"]].concat());
    assert!(not.code == Some(2) && not.err.contains("not signed"), "{}", not.err);
}

#[test]
fn a_finding_that_its_event_does_not_bear_out_is_not_met_again() {
    let folder = hunted();
    let path = folder.path();
    // One who holds the key puts a finding on record that no rule makes of its event.
    let shown = ok(path, &["log", "show", "w", "--json"]);
    let lines: Vec<&str> = shown.lines().collect();
    let forged: Vec<serde_json::Value> = lines
        .iter()
        .filter(|line| !line.contains(r#""type":"opened""#))
        .map(|line| serde_json::from_str(&line.replacen("wevtutil cl", "wevtutil el", 2)))
        .collect::<Result<_, _>>()
        .expect("records");
    let mut workspace =
        blanik_evidence::Workspace::open(&path.join("w"), PASSPHRASE).expect("ours");
    workspace.append(&forged).expect("appended");
    drop(workspace);
    let again = run(path, &["rerun", "w"]);
    assert_eq!(again.code, Some(1), "{}", again.out);
    assert!(again.out.contains("NOT MET    record "), "{}", again.out);
}

/// What a correlation rests on is sealed only where its rules report, too.
#[test]
fn a_correlation_is_met_again_where_its_events_are_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    logs(path, 6);
    ok(path, &["init", "w"]);
    for (case, generate) in [("sealed", true), ("open", false)] {
        let rules = format!(
            "title: Clears\nname: clears\nlogsource: {{product: windows}}\n\
             detection: {{s: {{Image|endswith: wevtutil.exe}}, condition: s}}\nlevel: low\n---\n\
             title: Many\ncorrelation: {{type: event_count, rules: [clears], group-by: [User], \
             timespan: 5m, condition: {{gte: 5}}, generate: {generate}}}\nlevel: high\n"
        );
        let file = format!("{case}.yml");
        fs::write(path.join(&file), rules).expect("writable");
        let hunt = ["hunt", "logs", "--rules", &file, "--case", case, "--workspace", "w", "-q"];
        ok(path, &hunt);
        let again = run(path, &["rerun", "w", "--case", case, "--rules", &file]);
        let whole = ok(path, &["rerun", "w", "--case", case, "--rules", &file, "logs"]);
        assert!(whole.starts_with("Same"), "{whole}");
        if generate {
            assert!(again.out.starts_with("Same       7 findings"), "{}{}", again.out, again.err);
        } else {
            assert_eq!(again.code, Some(1), "{}", again.out);
            assert!(again.out.contains("events, of which 0 are sealed"), "{}", again.out);
        }
    }
}

#[test]
fn proofs_and_disclosures_verify_without_the_workspace() {
    let folder = hunted();
    let path = folder.path();
    fs::write(path.join("proof"), ok(path, &["log", "prove", "3", "w"])).expect("writable");
    assert!(ok(path, &["verify", "proof"]).contains("record 3 of"));
    let fields = ok(path, &["disclose", "3", "w", "--list"]);
    assert!(fields.contains("/event/User\tEX\\svoboda"), "{fields}");
    let shown = ok(path, &["disclose", "3", "w", "-F", "/rule_title", "-F", "/time"]);
    assert!(!shown.contains("svoboda"));
    fs::write(path.join("shown"), &shown).expect("writable");
    assert!(ok(path, &["verify", "shown"]).contains("/rule_title: "));
    fs::write(path.join("forged"), shown.replacen("2024-03-01", "2024-03-02", 1))
        .expect("writable");
    let forged = run(path, &["verify", "forged"]);
    assert_eq!(forged.code, Some(1), "{}", forged.out);
    // Whom to trust is the verifier's to say.
    let key = ok(path, &["log", "checkpoint", "w", "--key"]);
    fs::write(path.join("p"), format!("log {key}quorum none\n")).expect("writable");
    for file in ["proof", "shown", "w"] {
        ok(path, &["verify", file, "--policy", "p"]);
    }
    ok(path, &["init", "other", "--origin", "cert.example/log"]);
    let key = ok(path, &["log", "checkpoint", "other", "--key"]);
    fs::write(path.join("p"), format!("log {key}quorum none\n")).expect("writable");
    for file in ["proof", "shown", "w"] {
        assert_eq!(run(path, &["verify", file, "--policy", "p"]).code, Some(1), "{file}");
    }
}

#[test]
fn a_file_that_is_nothing_to_verify_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    for text in ["", "hello\n", "{}", "{\"a\": 1}\n\nb", "PK\u{5}\u{6}"] {
        fs::write(path.join("text.txt"), text).expect("writable");
        let ran = run(path, &["verify", "text.txt"]);
        assert_eq!(ran.code, Some(2), "{text:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("nothing to verify"), "{}", ran.err);
    }
}

#[test]
fn what_cannot_go_on_record_is_told_before_the_hunt() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    logs(path, 1);
    let none = run(path, &["hunt", "logs", "--case", "17", "-q"]);
    assert!(none.code == Some(2) && none.err.contains("blanik init"), "{}", none.err);
    ok(path, &["init", "w"]);
    let mut wrong = blanik(path, &["hunt", "logs", "--case", "17", "--workspace", "w", "-q"]);
    let wrong: Ran = wrong.env("BLANIK_PASSPHRASE", "x").output().expect("it starts").into();
    assert!(wrong.code == Some(2) && wrong.err.contains("passphrase"), "{}", wrong.err);
    let none: Ran = blanik(path, &["hunt", "logs", "--case", "17", "--workspace", "w", "-q"])
        .env_remove("BLANIK_PASSPHRASE")
        .output()
        .expect("it starts")
        .into();
    assert!(none.code == Some(2) && none.err.contains("--passphrase-file"), "{}", none.err);
    assert_eq!(run(path, &["init", "w"]).code, Some(2));
}

/// A witness that serves until it is dropped.
struct Served(Child, String);

impl Served {
    fn start(folder: &Path, witness: &str) -> Self {
        let mut child = with_key(folder, &["witness", "serve", witness, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("it says where");
        let url = line.split(' ').next().expect("a word").to_owned();
        Served(child, url)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn witnesses_cosign_what_grew_and_nothing_else() {
    let folder = hunted();
    let path = folder.path();
    let log = ok(path, &["log", "checkpoint", "w", "--key"]);
    let mut policy = format!("log {log}");
    let mut served = Vec::new();
    for name in ["w1", "w2", "w3"] {
        let keys = ok(path, &["witness", "init", name, "--name", &format!("{name}.example")]);
        let key = keys.lines().next().and_then(|l| l.split_whitespace().nth(1)).expect("a key");
        fs::write(path.join(name).join("logs"), &log).expect("writable");
        if name == "w3" {
            policy += &format!("witness {name} {key} http://127.0.0.1:1/\n"); // Nobody is there.
            continue;
        }
        let witness = Served::start(path, name);
        policy += &format!("witness {name} {key} {}\n", witness.1);
        served.push(witness);
    }
    policy += "group all-three 2 w1 w2 w3\nquorum all-three\n";
    fs::write(path.join("w/policy"), &policy).expect("writable");
    let out = ok(path, &["log", "cosign", "w"]);
    assert!(
        out.contains("w1.example/consistent") && out.contains("w2.example/consistent"),
        "{out}"
    );
    // It grows: the witnesses say what they saw, and are shown the way from there.
    ok(path, &["hunt", "logs", "--case", "18", "--workspace", "w", "-q"]);
    ok(path, &["log", "cosign", "w"]);
    let verified = ok(path, &["verify", "w", "--policy", "w/policy"]);
    assert!(verified.contains("by w1.example/consistent (consistent)"), "{verified}");
    fs::write(path.join("proof"), ok(path, &["log", "prove", "2", "w"])).expect("writable");
    ok(path, &["verify", "proof", "--policy", "w/policy"]);
    // An ally with the workspace before them says more.
    drop(served.remove(0));
    let line = ok(path, &["witness", "sign", "w1", "w", "--grade", "re-run"]);
    assert!(line.starts_with("— w1.example/re-run "), "{line}");
    fs::write(path.join("line"), line).expect("writable");
    // By a key that is not known it is not believed.
    let unknown = run(path, &["log", "cosign", "w", "--add", "line"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("not known"), "{}", unknown.err);
    let taken = ok(path, &["log", "cosign", "w", "--add", "line", "--ally", "w1/public"]);
    assert!(taken.contains("by w1.example") && taken.contains("hunted again"), "{taken}");
    let keys = fs::read_to_string(path.join("w/policy")).expect("there");
    assert!(keys.contains("consistent"));
    // The log is put back to what it was: nobody signs that.
    fs::rename(path.join("w"), path.join("w.kept")).expect("renamed");
    copy(&path.join("w.kept"), &path.join("w"));
    for file in ["committed", "log/checkpoint"] {
        let cosigned = fs::read_dir(path.join("w/cosigned")).expect("there");
        let mut old: Vec<_> = cosigned.map(|e| e.expect("an entry").path()).collect();
        old.sort();
        let old = fs::read_to_string(&old[0]).expect("there");
        let (text, lines) = old.rsplit_once("\n\n").expect("a note");
        let own: Vec<&str> = lines.lines().take(2).collect();
        let own = own.join("\n");
        fs::write(path.join("w").join(file), format!("{text}\n\n{own}\n")).expect("writable");
    }
    fs::remove_dir_all(path.join("w/cosigned")).expect("removed");
    ok(path, &["hunt", "logs", "--case", "19", "--workspace", "w", "-q"]);
    let forked = run(path, &["log", "cosign", "w"]);
    assert_eq!(forked.code, Some(1), "{}{}", forked.out, forked.err);
    assert!(forked.err.contains("422") || forked.err.contains("another log"), "{}", forked.err);
}

/// What an ally found by hunting again comes back days later, when the log has grown.
#[test]
fn a_re_run_that_comes_back_late_is_kept_where_it_belongs() {
    let folder = hunted();
    let path = folder.path();
    copy(&path.join("w"), &path.join("theirs"));
    ok(path, &["witness", "init", "ally", "--name", "ally.example"]);
    let key = ok(path, &["log", "checkpoint", "theirs", "--key"]);
    fs::write(path.join("ally/logs"), key).expect("writable");
    let sign = ["witness", "sign", "ally", "theirs", "--grade", "re-run", "--note"];
    let note = ok(path, &sign);
    fs::write(path.join("note"), &note).expect("writable");
    ok(path, &["hunt", "logs", "--case", "18", "--workspace", "w", "-q"]);
    let taken = ok(path, &["log", "cosign", "w", "--ally", "ally/public", "--add", "note"]);
    assert!(taken.contains("by ally.example") && taken.contains("hunted again"), "{taken}");
    let size = note.lines().nth(1).and_then(|size| size.parse::<u64>().ok()).expect("a size");
    assert!(path.join(format!("w/cosigned/{size:016}")).exists());
    assert!(ok(path, &["verify", "w"]).contains("Verified"));
    // It covers the case that was there, and not the one that came after.
    let said = |case: &str| ok(path, &["case", case, "show", "--workspace", "w"]);
    assert!(said("17").contains("ally.example") && !said("18").contains("ally.example"));
    // Of another tree, or by another hand.
    let wrong = |text: String| {
        fs::write(path.join("wrong"), text).expect("writable");
        let ran = run(path, &["log", "cosign", "w", "--add", "wrong"]);
        assert_ne!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        ran.err
    };
    assert!(wrong(note.replacen(&size.to_string(), "3", 1)).contains("another root"));
    assert!(wrong(note.replacen("cert.example", "cert.other", 1)).contains("another log"));
    assert!(wrong("nonsense".into()).contains("neither a signed note"));
    let lines: Vec<&str> = note.lines().collect();
    let at = lines.iter().rposition(|l| l.starts_with("— ally.example/re-run")).expect("a line");
    let forged = note.replace(lines[at], lines[at - 1]).replacen("re-run", "concur", 1);
    assert!(wrong(forged).contains("not kept"));
    fs::write(path.join("stranger"), "other.example+00000000+AAAA\n").expect("writable");
    let ran = run(path, &["log", "cosign", "w", "--ally", "stranger"]);
    assert!(ran.code == Some(2) && ran.err.contains("no list of an ally's keys"), "{}", ran.err);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("copied");
        }
    }
}
