//! Two workspaces: ours publishes, an ally's takes it in, and what they answer comes back: an opinion, and cosignatures.

use std::fs;
use std::path::Path;

use blanik_model::{Fact, Position, Record};
use serde_json::{Value, json};

use super::{Served, bundle, serve};
use crate::program::{Ran, blanik};
use crate::publish::{exercise, files};

const ALLY: &str = "identity--8c6af861-7b20-41ef-9b59-6344fd872a8f";

/// The exercise's workspace is ours (`w`), with its passphrase; an ally's (`ally`) beside it, and a server between them.
struct Scene {
    folder: tempfile::TempDir,
    passphrase: String,
    published: Value,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        let exercise = exercise().join("exercise");
        copy(&exercise.join("workspace"), &folder.path().join("w"));
        let passphrase = fs::read_to_string(exercise.join("passphrase.txt")).expect("it is there");
        let pack = files(&fs::read(exercise.join("pack.zip")).expect("the demo made it"));
        let published = serde_json::from_slice(&pack["stix/bundle.json"]).expect("JSON");
        let scene = Scene { folder, passphrase: passphrase.trim().to_owned(), published };
        scene.ok(&["init", "ally", "--origin", "ally.example/log"]);
        scene.ok(&["serve", "collection", "add", "shared", "shared"]);
        let args = [
            "serve",
            "token",
            "add",
            "x",
            "--collection",
            "shared:rw",
            "--clearance",
            "red",
            "shared",
        ];
        fs::write(scene.path().join("token"), scene.ok(&args)).expect("written");
        scene
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = blanik(self.path(), args);
        command.env("BLANIK_PASSPHRASE", &self.passphrase).env("NO_PROXY", "127.0.0.1");
        command.output().expect("the program starts").into()
    }

    fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    fn push(&self, served: &Served, file: &str) {
        self.ok(&["share", "push", &served.url, file, "--token-file", "token"]);
    }

    /// What is printed, on both sides.
    fn pull(&self, served: &Served, into: &str) -> String {
        let store = format!("{into}-store");
        let args = ["intel", "pull", &served.url, "--workspace", into, "--token-file", "token"];
        let ran = self.run(&[&args[..], &["--store", &store]].concat());
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        ran.out + &ran.err
    }

    /// The id of something of ours.
    fn ours(&self, ty: &str) -> String {
        let objects = self.published["objects"].as_array().expect("objects");
        let object = objects.iter().find(|o| o["type"] == ty).expect("one of that type");
        object["id"].as_str().expect("an id").to_owned()
    }

    fn opinion(&self, n: u32, about: &str, word: &str) -> Value {
        json!({"type": "opinion", "spec_version": "2.1", "id": format!("opinion--{n:08x}-0000-4000-8000-000000000000"),
            "created_by_ref": ALLY, "created": "2030-01-01T00:00:00.000Z", "modified": "2030-01-01T00:00:00.000Z",
            "opinion": word, "explanation": "we saw the same \u{1b}[2J", "object_refs": [about]})
    }

    fn opinions(&self) -> Vec<(u64, blanik_model::record::Opined)> {
        let shown = self.ok(&["log", "show", "w", "--json"]);
        let records = shown.lines().zip(0..).filter(|(line, _)| line.contains("\"opined\""));
        let opined = |(line, index): (&str, u64)| match serde_json::from_str::<Record>(line)
            .expect("a record")
        {
            Record { case, fact: Fact::Opined(opined), .. } if case == "exercise" => {
                Some((index, *opined))
            }
            _ => None,
        };
        records.filter_map(opined).collect()
    }

    fn pack(&self, tlp: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
        let file = format!("{tlp}.zip");
        self.ok(&["publish", "exercise", "--workspace", "w", "--tlp", tlp, "-o", &file]);
        let ran = self.run(&["verify", &file]);
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        files(&fs::read(self.path().join(file)).expect("written"))
    }
}

fn identity() -> Value {
    json!({"type": "identity", "spec_version": "2.1", "id": ALLY, "name": "CERT of an ally", "identity_class": "organization",
        "created": "2025-01-01T00:00:00.000Z", "modified": "2025-01-01T00:00:00.000Z"})
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to),
            false => fs::copy(entry.path(), to).map(|_| ()).expect("copied"),
        }
    }
}

#[test]
fn an_allys_opinion_comes_back_into_the_case_and_its_packs_once() {
    let scene = Scene::new();
    let served = serve(scene.path());
    fs::write(scene.path().join("ours.json"), scene.published.to_string()).expect("written");
    scene.push(&served, "ours.json");
    let taken_in = scene.pull(&served, "ally");
    assert!(taken_in.contains("record"), "{taken_in}");
    // The ally answers; their identity comes alone, and before. Somebody unknown answers, too, and somebody as if it were us.
    let campaign = scene.ours("campaign");
    let mut nobody = scene.opinion(2, &campaign, "agree");
    nobody["created_by_ref"] = "identity--00000000-0000-4000-8000-000000000001".into();
    let mut as_us = scene.opinion(3, &campaign, "strongly-agree");
    as_us["created_by_ref"] = scene.ours("identity").into();
    let strange = "campaign--00000000-0000-4000-8000-000000000009";
    bundle(&scene.path().join("who.json"), &[identity()]);
    bundle(
        &scene.path().join("answer.json"),
        &[
            scene.opinion(1, &campaign, "agree"),
            nobody,
            as_us,
            scene.opinion(4, strange, "disagree"),
        ],
    );
    scene.push(&served, "who.json");
    scene.pull(&served, "w");
    assert!(scene.opinions().is_empty());
    scene.push(&served, "answer.json");
    let said = scene.pull(&served, "w");
    assert!(said.contains("CERT of an ally") && said.contains("agree on \"campaign "), "{said}");
    for reason in [
        "nobody is known as identity--00000000",
        "the publisher's own",
        "about nothing that was published",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    let [(index, opined)] = &scene.opinions()[..] else { panic!("{said}") };
    assert_eq!((opined.position, &opined.about[..]), (Position::Agree, &[campaign.clone()][..]));
    assert!(opined.source < *index, "the digest of what came was on record before");
    let log = scene.ok(&["log", "show", "w", "--json"]);
    let source = log.lines().nth(usize::try_from(opined.source).expect("small")).expect("a record");
    assert!(source.contains("\"learnt\"") && source.contains("\"sha256\""), "{source}");
    // All of it once more, from the beginning: nothing is there twice.
    fs::remove_dir_all(scene.path().join("w/exchange")).expect("removed");
    scene.pull(&served, "w");
    scene.ok(&["intel", "add", "answer.json", "--workspace", "w"]);
    assert_eq!(scene.opinions().len(), 1);
    let shown = scene.ok(&["case", "exercise", "show", "--workspace", "w"]);
    assert!(shown.contains("What allies say") && shown.contains("CERT of an ally"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "nothing of it reaches the terminal");
    let page = scene.ok(&["case", "exercise", "show", "--workspace", "w", "-f", "html"]);
    assert!(page.contains("What allies say"));
    assert!(scene.ok(&["verify", "w"]).contains("Verified"));
    // Allies' positions are for those with whom the network is defended.
    let amber = scene.pack("amber");
    let bundle: Value = serde_json::from_slice(&amber["stix/bundle.json"]).expect("JSON");
    let of = |o: &&Value| o["type"] == "opinion";
    let opinions: Vec<&Value> =
        bundle["objects"].as_array().expect("objects").iter().filter(of).collect();
    assert_eq!((opinions.len(), &opinions[0]["opinion"]), (1, &json!("agree")));
    assert_eq!(opinions[0]["authors"], json!(["CERT of an ally"]));
    // For this audience the campaign has another id; it is the same all the same.
    let objects = bundle["objects"].as_array().expect("objects");
    let again = objects.iter().find(|o| o["type"] == "campaign").expect("it is published");
    assert_eq!(opinions[0]["object_refs"], json!([again["id"]]));
    let text = |pack: &std::collections::BTreeMap<String, Vec<u8>>, file: &str| {
        String::from_utf8(pack[file].clone()).expect("UTF-8")
    };
    assert!(text(&amber, "advisory.cs.html").contains("souhlasí"));
    let clear = scene.pack("clear");
    assert!(
        clear.values().all(|bytes| !String::from_utf8_lossy(bytes).contains("CERT of an ally"))
    );
}

#[test]
fn a_newer_version_replaces_an_opinion_and_one_taken_back_counts_no_more() {
    let scene = Scene::new();
    let campaign = scene.ours("campaign");
    let add = |name: &str, opinion: Value| {
        bundle(&scene.path().join(name), &[identity(), opinion]);
        scene.ok(&["intel", "add", name, "--workspace", "w"])
    };
    let case = || scene.ok(&["case", "exercise", "show", "--workspace", "w"]);
    add("first.json", scene.opinion(1, &campaign, "agree"));
    let mut second = scene.opinion(1, &campaign, "strongly-disagree");
    second["modified"] = "2030-02-01T00:00:00.000Z".into();
    add("second.json", second.clone());
    let shown = case();
    assert!(shown.contains("strongly-disagree on") && !shown.contains(": agree on"), "{shown}");
    // Another source cannot take it back, nor say something else in their name.
    let mut forged = second.clone();
    forged["modified"] = "2030-02-15T00:00:00.000Z".into();
    forged["revoked"] = true.into();
    bundle(&scene.path().join("forged.json"), &[identity(), forged]);
    let from = ["intel", "add", "forged.json", "--workspace", "w", "--source", "a stranger"];
    let ran = scene.run(&from);
    assert!(ran.err.contains("another source's version"), "{}{}", ran.out, ran.err);
    assert!(case().contains("strongly-disagree on"));
    let mut gone = second;
    gone["modified"] = "2030-03-01T00:00:00.000Z".into();
    gone["revoked"] = true.into();
    assert!(add("gone.json", gone).contains("takes back its opinion"));
    assert!(!case().contains("What allies say"));
    assert_eq!(scene.opinions().len(), 3, "all of it is on record");
}

#[test]
fn what_its_author_lets_nobody_see_is_in_no_pack() {
    let scene = Scene::new();
    let mut secret = scene.opinion(1, &scene.ours("campaign"), "agree");
    secret["object_marking_refs"] =
        json!(["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]);
    bundle(&scene.path().join("red.json"), &[identity(), secret]);
    scene.ok(&["intel", "add", "red.json", "--workspace", "w"]);
    let of = |tlp: &str| {
        let pack = scene.pack(tlp);
        String::from_utf8_lossy(&pack["publication.json"]).contains("CERT of an ally")
    };
    assert!(!of("amber") && of("red"));
}

#[test]
fn cosignatures_come_back_by_the_exchange_and_stand_in_the_next_pack() {
    let scene = Scene::new();
    let served = serve(scene.path());
    // The ally has the workspace before them, without its key.
    copy(&scene.path().join("w"), &scene.path().join("theirs"));
    scene.ok(&["witness", "init", "wit", "--name", "ally.example"]);
    let key = scene.ok(&["log", "checkpoint", "theirs", "--key"]);
    fs::write(scene.path().join("wit/logs"), key).expect("written");
    let sign = ["witness", "sign", "wit", "theirs", "--grade", "concur", "--stix"];
    fs::write(scene.path().join("signed.json"), scene.ok(&sign)).expect("written");
    scene.push(&served, "signed.json");
    // By a key that nobody here knows, it is told and left.
    let said = scene.pull(&served, "w");
    assert!(said.contains("not kept: ally.example/concur") && said.contains("not known"), "{said}");
    assert!(!scene.path().join("w/cosigned").exists());
    scene.ok(&["log", "cosign", "w", "--ally", "wit/public"]);
    fs::remove_dir_all(scene.path().join("w/exchange")).expect("removed");
    let said = scene.pull(&served, "w");
    assert!(said.contains("by ally.example") && said.contains("shares the judgement"), "{said}");
    let shown = scene.ok(&["case", "exercise", "show", "--workspace", "w"]);
    assert!(shown.contains("ally.example") && shown.contains("shares the judgement"), "{shown}");
    assert!(scene.ok(&["verify", "w"]).contains("Verified"));
    let pack = scene.pack("clear");
    let page = String::from_utf8(pack["advisory.en.html"].clone()).expect("UTF-8");
    assert!(page.contains("ally.example") && page.contains("concurs with the assessment"));
    // A signature that was tampered with on the way.
    let signed = fs::read_to_string(scene.path().join("signed.json")).expect("there");
    let mut forged: Value = serde_json::from_str(&signed).expect("JSON");
    let payload = forged["objects"][1]["payload_bin"].as_str().expect("a payload").to_owned();
    let cut = payload.len() - 400;
    let other = if &payload[cut..=cut] == "A" { "B" } else { "A" };
    forged["objects"][1]["payload_bin"] =
        format!("{}{other}{}", &payload[..cut], &payload[cut + 1..]).into();
    fs::write(scene.path().join("forged.json"), forged.to_string()).expect("written");
    let ran = scene.run(&["intel", "add", "forged.json", "--workspace", "w"]);
    assert!(ran.err.contains("not kept"), "{}{}", ran.out, ran.err);
}

#[test]
fn what_was_published_as_an_exercise_stays_one() {
    let scene = Scene::new();
    let ran = scene.run(&[
        "publish",
        "exercise",
        "--workspace",
        "w",
        "--tlp",
        "green",
        "-o",
        "later.zip",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("published as an exercise"), "{}", ran.err);
    assert!(scene.run(&["verify", "later.zip"]).out.starts_with("EXERCISE"));
}
