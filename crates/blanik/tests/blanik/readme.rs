//! README.md is run: each `$ …` line of its ```console blocks, in one folder, in order, and what the
//! program says must be what stands there. `UPDATE_EXPECT=1` writes it anew.
//!
//! A block shows all of the output, or its first lines and then a line `…`. Seconds are shown as `…`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FENCE: &str = "```";
const CUT: &str = "…";

/// How a reader of the README starts the program from the sources.
const FROM_SOURCES: &str = "cargo run --release -- ";

/// What a reader of the README does on a new machine.
const TWO_COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo test --workspace"];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")
}

/// A line that is typed, and what stands below it.
struct Step {
    typed: String,
    shown: Vec<String>,
}

/// The page: text as it is, and blocks to run.
enum Part {
    Text(String),
    Console(Vec<Step>),
}

fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        parts.push(Part::Text(line.to_owned()));
        if line == "```console" {
            let block = lines.by_ref().take_while(|l| *l != FENCE);
            parts.push(Part::Console(steps(block)));
            parts.push(Part::Text(FENCE.to_owned()));
        }
    }
    parts
}

fn steps<'l>(block: impl Iterator<Item = &'l str>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match line.strip_prefix("$ ") {
            Some(typed) => steps.push(Step { typed: typed.to_owned(), shown: Vec::new() }),
            None => {
                let step = steps.last_mut().expect("a block begins with what is typed");
                step.shown.push(line.to_owned());
            }
        }
    }
    steps
}

/// What the shell shows for a line: both streams, as on a terminal.
fn ran(typed: &str, folder: &Path) -> String {
    let typed = typed.replace(FROM_SOURCES, "blanik ");
    let program = Path::new(env!("CARGO_BIN_EXE_blanik"));
    let ours = program.parent().expect("it lies in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path =
        std::env::join_paths(std::iter::once(ours.to_owned()).chain(std::env::split_paths(&path)));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {typed}\n}} 2>&1")])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .env("PATH", path.expect("no colon in a path"))
        .env_remove("NO_COLOR")
        .env("BLANIK_HOME", folder.join("no-store"))
        .output()
        .expect("there is a shell");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// As the page shows it: seconds left out, blanks at line ends gone, cut where the page cuts.
fn as_shown(out: &str, shown: &[String]) -> Vec<String> {
    let mut lines: Vec<String> =
        out.lines().map(|l| without_seconds(l).trim_end().to_owned()).collect();
    let cut = shown.last().is_some_and(|l| l == CUT);
    if cut && lines.len() >= shown.len() {
        lines.truncate(shown.len() - 1);
        lines.push(CUT.to_owned());
    }
    lines
}

/// `in 1.7 s` → `in … s`.
fn without_seconds(line: &str) -> String {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    match line.rsplit_once(" in ") {
        Some((head, tail)) if tail.trim_start_matches(digits) == " s" => format!("{head} in … s"),
        _ => line.to_owned(),
    }
}

/// False, and says so, if a line needs a program that this machine lacks.
fn can_run(typed: &str) -> bool {
    let has_jq = || Command::new("jq").arg("--version").output().is_ok();
    let can = !typed.split(' ').any(|word| word == "jq") || has_jq();
    if !can {
        // Straight to the stream: of a test that passes, the runner swallows what `eprintln!` says.
        let _ = writeln!(std::io::stderr(), "SKIPPED: jq is not there: {typed}");
    }
    can
}

#[test]
fn each_example_does_what_the_page_says() {
    let page_text = fs::read_to_string(page()).expect("README.md is there");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut new, mut count) = (String::new(), 0);
    for part in parts(&page_text) {
        match part {
            Part::Text(line) => new += &format!("{line}\n"),
            Part::Console(steps) => {
                for step in steps {
                    count += 1;
                    let lines = if can_run(&step.typed) {
                        as_shown(&ran(&step.typed, folder.path()), &step.shown)
                    } else {
                        step.shown
                    };
                    new += &format!("$ {}\n", step.typed);
                    lines.iter().for_each(|l| new += &format!("{l}\n"));
                }
            }
        }
    }
    assert!(count >= 8, "only {count} examples");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(page(), new).expect("README.md can be written");
        return;
    }
    for (i, (shown, is)) in page_text.lines().zip(new.lines()).enumerate() {
        assert_eq!(shown, is, "README.md:{}: UPDATE_EXPECT=1 writes it anew", i + 1);
    }
    assert_eq!(page_text.lines().count(), new.lines().count(), "README.md is cut off");
}

#[test]
fn the_two_commands_stand_there() {
    let text = fs::read_to_string(page()).expect("README.md is there");
    for command in TWO_COMMANDS {
        assert!(text.lines().any(|l| l == command), "README.md lacks the line {command}");
    }
}

#[test]
fn pictures_are_there_and_small() {
    let text = fs::read_to_string(page()).expect("README.md is there");
    let root = page().parent().expect("it lies in a folder").to_owned();
    let pictures: Vec<&str> = text
        .match_indices("](docs/images/")
        .map(|(at, _)| text[at + 2..].split(')').next().expect("a split has a first part"))
        .collect();
    assert!(!pictures.is_empty(), "README.md has no picture");
    for picture in pictures {
        let bytes = fs::metadata(root.join(picture)).map(|m| m.len());
        assert!(bytes.is_ok_and(|b| b < 300_000), "{picture} is missing or too large");
    }
}
