//! Publishing from the outside: the pack of the exercise holds, no byte of it can be changed unnoticed, and nothing that
//! is withheld is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use blanik::cli::publish::PublishArgs;
use blanik::publish::Draft;
use blanik_model::Tlp;
use blanik_share::advisory;
use blanik_share::publication::{Language, Publication, Redactions};
use blanik_typeset::{Document, Fonts, typeset};
use blanik_verify::form::{MANIFEST, PUBLICATION, SEAL};
use blanik_verify::{Trust, container, verify};
use flate2::read::ZlibDecoder;

use crate::program::{Ran, run};

/// The exercise, made, hunted and published once for all tests here.
pub fn exercise() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let ran = run(folder.path(), &["demo", "--keep", "exercise", "-q"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("all green"), "{}", ran.out);
        folder
    });
    folder.path()
}

fn pack() -> Vec<u8> {
    std::fs::read(exercise().join("exercise/pack.zip")).expect("the demo made it")
}

/// The files of a pack that can be read.
pub fn files(pack: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let all = container::read(pack).expect("an archive");
    all.into_iter().filter_map(|(path, content)| Some((path, content.ok()?))).collect()
}

fn verified(folder: &Path, pack: &str, more: &[&str]) -> Ran {
    run(folder, &[&["verify", pack], more].concat())
}

/// Numbers that are the same every time (splitmix64).
struct Numbers(u64);

impl Numbers {
    /// Those of one round, whoever runs it.
    fn of(seed: u64, round: usize) -> Self {
        Numbers(seed << 32 | round as u64)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % n
    }
}

/// Runs all rounds, as many at once as there are processors.
fn on_each_processor(rounds: usize, round: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
            .take_while(|n| *n < rounds)
            .for_each(&round);
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
}

#[test]
fn the_pack_of_the_demo_holds_and_only_its_own_key_signs_it() {
    let folder = exercise();
    let ran = verified(folder, "exercise/pack.zip", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(!ran.out.contains("RED"), "{}", ran.out);
    assert!(ran.out.starts_with("EXERCISE"), "{}", ran.out);
    assert!(ran.out.contains("was not checked"), "{}", ran.out);
    let trusted = verified(folder, "exercise/pack.zip", &["--key", "exercise/workspace/log.vkey"]);
    assert_eq!(trusted.code, Some(0), "{}", trusted.out);
    assert!(!trusted.out.contains("was not checked"), "{}", trusted.out);
    // Another log's key: everything is red.
    let other = run(folder, &["init", "other", "--passphrase-file", "exercise/passphrase.txt"]);
    assert_eq!(other.code, Some(0), "{}", other.err);
    let wrong = verified(folder, "exercise/pack.zip", &["--key", "other/log.vkey"]);
    assert_eq!(wrong.code, Some(1), "{}", wrong.out);
    assert!(!wrong.out.contains("green From"), "{}", wrong.out);
}

#[test]
fn a_changed_sentence_is_red_and_the_others_stay_green() {
    let mut files = files(&pack());
    let text = String::from_utf8(files[PUBLICATION].clone()).expect("UTF-8");
    let changed = text.replacen("an intruder was active", "no intruder was active", 1);
    assert_ne!(text, changed);
    files.insert(PUBLICATION.to_owned(), changed.into_bytes());
    let report = verify(&container::write(&files).expect("written"), &Trust::default());
    let report = report.expect("an archive");
    let red: Vec<&str> =
        report.sentences.iter().filter(|s| !s.wrong.is_empty()).map(|s| &*s.id).collect();
    assert_eq!(red, ["c1"], "{:?}", report.sentences[0]);
    let blamed: BTreeSet<&str> =
        report.files.iter().filter(|f| f.wrong.is_some()).map(|f| &*f.path).collect();
    // The page and the bundle still have what was published, and so differ from it.
    assert!(blamed.contains(PUBLICATION) && !blamed.contains(MANIFEST), "{blamed:?}");
}

#[test]
fn an_archive_that_breaks_off_is_an_error_whose_reason_is_told_once() {
    let folder = exercise();
    let pack = pack();
    std::fs::write(folder.join("short.zip"), &pack[..pack.len() / 2]).expect("written");
    let ran = verified(folder, "short.zip", &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    let reason = ran.err.trim_end().rsplit(": ").next().expect("a reason");
    assert_eq!(ran.err.matches(reason).count(), 1, "{}", ran.err);
    assert_eq!(ran.err.to_lowercase().matches("zip archive").count(), 1, "{}", ran.err);
}

#[test]
fn any_changed_byte_is_caught_and_blamed_on_its_file() {
    changed_bytes(150);
}

#[test]
#[ignore = "minutes: `cargo xtask ordeal`"]
fn any_of_ten_thousand_changed_bytes_is_caught() {
    changed_bytes(10_000);
}

fn changed_bytes(flips: usize) {
    let pack = pack();
    let whole = files(&pack);
    let caught = AtomicUsize::new(0);
    on_each_processor(flips, |flip| {
        let mut numbers = Numbers::of(7, flip);
        let mut changed = pack.clone();
        let at = numbers.below(changed.len());
        changed[at] ^= 1 << numbers.below(8);
        if is_caught(at, &changed, &whole) {
            caught.fetch_add(1, Ordering::Relaxed);
        }
    });
    let caught = caught.into_inner();
    println!("of {flips} changed bytes {caught} altered what the pack says, and were caught");
    assert!(caught > flips / 2, "{caught}");
}

/// True if the change altered anything; then it is caught, and blamed on its file.
fn is_caught(at: usize, changed: &[u8], whole: &BTreeMap<String, Vec<u8>>) -> bool {
    let Ok(read) = container::read(changed) else {
        return true; // No archive any more: that is said as an error.
    };
    let differs =
        |path: &&String| read.get(*path).and_then(|c| c.as_ref().ok()) != whole.get(*path);
    let all: BTreeSet<&String> = whole.keys().chain(read.keys()).collect();
    let altered: Vec<&String> = all.into_iter().filter(differs).collect();
    let report = verify(changed, &Trust::default()).expect("an archive");
    if altered.is_empty() {
        assert!(report.holds(), "byte {at} says nothing, and something is wrong");
        return false;
    }
    assert!(!report.holds(), "byte {at}: {altered:?}");
    for path in altered {
        let file = report.files.iter().find(|f| f.path == *path);
        assert!(file.is_some_and(|f| f.wrong.is_some()), "byte {at}: {path} is not blamed");
    }
    true
}

/// What is withheld from a reader, in the ways a machine may look for it.
fn needles(value: &str) -> [Vec<u8>; 3] {
    let utf16 = |of: fn(u16) -> [u8; 2]| value.encode_utf16().flat_map(of).collect();
    [value.as_bytes().to_vec(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)]
}

/// A file as it is and, of a PDF, its unpacked streams and its words without the white space, by which lines are broken.
fn looked_through(path: &str, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_ascii_lowercase()];
    if path.ends_with(".pdf") {
        for at in memchr::memmem::find_iter(bytes, b"stream\n") {
            let mut unpacked = Vec::new();
            // What is not deflated gives nothing.
            let _ = ZlibDecoder::new(&bytes[at + 7..]).read_to_end(&mut unpacked);
            all.push(unpacked.to_ascii_lowercase());
        }
        assert!(all.iter().skip(1).any(|stream| !stream.is_empty()), "{path} has no stream");
        all.push(words(bytes));
    }
    all
}

/// What poppler reads in a PDF.
fn words(pdf: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf).expect("written");
    let Ok(ran) = Command::new("pdftotext").arg("-raw").arg(file.path()).arg("-").output() else {
        eprintln!(
            "SKIPPED: pdftotext is not installed, nobody foreign looks for what is withheld in the PDF"
        );
        return Vec::new();
    };
    assert!(ran.stdout.len() > 1_000, "poppler reads nothing");
    bare(&String::from_utf8_lossy(&ran.stdout)).into_bytes()
}

fn bare(text: &str) -> String {
    let is_read = |c: &char| !c.is_whitespace() && !matches!(c, '\u{200b}' | '\u{ad}');
    text.to_lowercase().chars().filter(is_read).collect()
}

#[test]
fn nothing_withheld_is_in_the_pack() {
    redactions(16);
}

#[test]
#[ignore = "minutes: `cargo xtask ordeal`"]
fn nothing_of_two_hundred_redactions_is_in_the_pack() {
    redactions(200);
}

fn redactions(rounds: usize) {
    let exercise: PathBuf = exercise().join("exercise/workspace");
    let args = PublishArgs::of_exercise("exercise".into(), exercise);
    let draft = Draft::of(&args).expect("a case");
    let open = draft.names(Tlp::Red).expect("an intrusion");
    let everything = serde_json::to_string(&draft.publication(&open).expect("published"))
        .expect("JSON")
        .to_lowercase();
    let all = draft.names(Tlp::Clear).expect("an intrusion");
    // Names that would be seen if nobody withheld them.
    let said: Vec<&String> =
        all.withheld().iter().filter(|n| n.len() > 5 && everything.contains(n.as_str())).collect();
    assert!(said.len() > 15, "{said:?}");
    on_each_processor(rounds, |round| {
        let mut numbers = Numbers::of(11, round);
        let values: BTreeSet<String> =
            (0..=numbers.below(4)).map(|_| said[numbers.below(said.len())].clone()).collect();
        let tlp = [Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red][numbers.below(4)];
        let mut draft = Draft::of(&args).expect("a case");
        draft.redactions = Redactions { values: values.clone(), ..Redactions::default() };
        let names = draft.names(tlp).expect("an intrusion");
        let (_, files, _) = draft.unsealed(&names).unwrap_or_else(|e| panic!("{values:?}: {e:#}"));
        assert!(files.keys().any(|path| path.ends_with(".pdf")), "nothing on paper");
        for (path, bytes) in &files {
            let parts = looked_through(path, bytes);
            for value in &values {
                let hash = blanik_evidence::Hash::of(value.as_bytes()).to_hex().into_bytes();
                for needle in needles(value).iter().chain([&hash, &bare(value).into_bytes()]) {
                    let found = parts.iter().find_map(|part| memchr::memmem::find(part, needle));
                    assert_eq!(found, None, "round {round}: {value} is in {path} (TLP:{tlp})");
                }
            }
        }
    });
}

#[test]
fn a_pack_that_would_leak_is_refused() {
    let folder = exercise();
    let args = [
        "publish",
        "exercise",
        "--workspace",
        "exercise/workspace",
        "--tlp",
        "red",
        "-o",
        "no.zip",
        "--redact",
        "svc-adsync",
        "--title",
        "What svc-adsync did",
        "--publisher",
        "svc-adsync",
        "--passphrase-file",
        "exercise/passphrase.txt",
    ];
    let ran = run(folder, &args);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("nothing was written") && ran.err.contains("svc-adsync"),
        "{}",
        ran.err
    );
    assert!(!folder.join("no.zip").exists());
    let none =
        run(folder, &["publish", "exercise", "--workspace", "exercise/workspace", "--tlp", "red"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("--output"), "{}", none.err);
}

/// A template may put a name together of parts, and a file beside it be called as a file of the pack.
#[test]
fn a_template_brings_nothing_withheld_onto_paper() {
    let folder = exercise();
    let ran = run(folder, &["publish", "exercise", "--tlp", "red", "--write-template", "own"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let args = PublishArgs::of_exercise("exercise".into(), folder.join("exercise/workspace"));
    let mut draft = Draft::of(&args).expect("a case");
    draft.templates = Some(folder.join("own"));
    draft.redactions.values.insert("svc-adsync".to_owned());
    let names = draft.names(Tlp::Red).expect("an intrusion");
    assert!(draft.unsealed(&names).is_ok(), "the program's own");
    let paper = folder.join("own/advisory.typ");
    let own = std::fs::read_to_string(&paper).expect("it was written");
    std::fs::write(&paper, format!("{own}\n#(\"svc-\" + \"ads\" + \"ync\")\n")).expect("written");
    for language in ["en", "cs"] {
        std::fs::write(folder.join(format!("own/advisory.{language}.pdf")), "x").expect("written");
    }
    let refused = draft.unsealed(&names).err().map(|e| format!("{e:#}")).unwrap_or_default();
    assert!(refused.contains("as it is read"), "{refused:?}");
}

/// Whatever an intruder calls a file or a host, there is a pack.
#[test]
fn no_name_keeps_a_publication_off_paper() {
    let text = files(&pack())[PUBLICATION].clone();
    let mut p: Publication = serde_json::from_slice(&text).expect("a publication");
    assert!(p.nodes.len() > 2 && p.steps.len() > 2 && !p.scope.is_empty());
    p.nodes[0].name = "\u{6a5f}\u{5bc6}.docx".into();
    p.nodes[1].name = "<svg onload=x>".into();
    p.nodes[2].name = "\u{e000}\u{1f600}\u{5d0}".into();
    p.steps[0].host = Some("\u{6a5f}\u{5bc6}".into());
    p.steps[1].rule_title = "<svg \u{f8ff}".into();
    p.scope[0].name = "<svg onload=x>\u{6a5f}".into();
    if let Some(a) = &mut p.attribution {
        a.against.iter_mut().for_each(|name| *name = "\u{6a5f}\u{e001}".into());
    }
    let fonts = Fonts::with([]);
    for language in Language::ALL {
        let sheet = advisory::sheet(&p, language, &|text| fonts.printable(text));
        let document = Document {
            template: advisory::PAPER_TEMPLATE,
            data: &sheet.data,
            files: &BTreeMap::new(),
            identity: &sheet.identity,
            published: sheet.published,
        };
        let set = typeset(&document, &fonts).unwrap_or_else(|e| panic!("{e}"));
        assert!(set.says("<svg onload=x>[U+6A5F]"));
        assert!(sheet.data["figures"]["graph"].to_string().contains("[U+6A5F]"));
    }
}

#[test]
fn a_redaction_that_would_withhold_nothing_is_an_error() {
    let folder = exercise();
    for value in ["x", " ", "\u{159}"] {
        let args = ["publish", "exercise", "--workspace", "exercise/workspace", "--tlp", "red"];
        let ran = run(folder, &[&args[..], &["--preview", "--redact", value]].concat());
        assert_eq!(ran.code, Some(2), "{value:?}: {}", ran.out);
        assert!(ran.err.contains("less than 2 characters"), "{}", ran.err);
    }
}

#[test]
fn a_preview_says_what_each_audience_sees_and_writes_nothing() {
    let folder = exercise();
    let before = std::fs::read(folder.join("exercise/workspace/log/checkpoint")).expect("a log");
    let args =
        ["publish", "exercise", "--workspace", "exercise/workspace", "--tlp", "clear", "--preview"];
    let ran = run(folder, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let row = |label: &str| {
        let row = ran.out.lines().find(|l| l.split(' ').next() == Some(label));
        row.unwrap_or_else(|| panic!("{label}: {}", ran.out)).to_owned()
    };
    assert!(row("clear").contains("account") && row("red").ends_with("none"), "{}", ran.out);
    assert!(ran.out.contains("svc-adsync") && ran.out.contains("account-"), "{}", ran.out);
    let after = std::fs::read(folder.join("exercise/workspace/log/checkpoint")).expect("a log");
    assert_eq!(before, after);
    assert!(files(&pack()).contains_key(SEAL));
}
