//! Real telemetry and SigmaHQ's rules: `$BLANIK_DATA`, or the workspace's `target/data`. What needs them
//! is skipped, loudly, without.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use blanik_detect::{Document, Options, Problem, Rules};

/// A file or folder of the data set.
pub fn path(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/data");
    let data = std::env::var_os("BLANIK_DATA").map_or(default, PathBuf::from);
    let path = data.join(name);
    if !path.exists() {
        // Straight to the stream: of a test that passes, the runner swallows what `eprintln!` says.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {} is not there; unpack the data set or set BLANIK_DATA",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// SigmaHQ's whole rule set, as text and compiled.
pub struct SigmaHq {
    /// The rule files.
    pub documents: Vec<Document>,
    /// The rules that compile, without any placeholder's values.
    pub rules: Arc<Rules>,
    /// What is said of the others, and of these.
    pub problems: Vec<Problem>,
}

/// Read and compiled once.
pub fn sigma_hq() -> Option<&'static SigmaHq> {
    static READ: OnceLock<Option<SigmaHq>> = OnceLock::new();
    READ.get_or_init(|| {
        let folder = path("rules/sigma-rules")?;
        let documents = blanik::rules::documents(&[folder]).expect("the rules are readable");
        let (rules, problems) = Rules::compile(&documents, &Options::default());
        Some(SigmaHq { documents, rules: Arc::new(rules), problems })
    })
    .as_ref()
}
