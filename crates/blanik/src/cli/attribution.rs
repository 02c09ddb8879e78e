//! The command line of attribution, as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::evidence::KeyArgs;
use super::exchange::{FetchArgs, PullArgs};

/// How a verdict is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerdictFormat {
    /// For a terminal.
    Text,
    /// A board: one self-contained page with a switch an item.
    Html,
    /// Everything, for programs.
    Json,
    /// A picture of the hypotheses.
    Svg,
    /// The matrix of evidence, for spreadsheets.
    Csv,
}

const ATTRIBUTE_HELP: &str = "\
CASE is a case of a workspace: observations come from the findings of the intrusion and from what analysts put on record
(`blanik observe`), knowledge from the program and from what was added (`blanik intel add`). Or a file of a case's records.
Or a file of observations:
{\"month\": \"2025-06\", \"observations\": [{\"id\": \"o1\", \"feature\": {\"technique\": \"T1059.001\"},
\"grade\": \"B2\", \"source\": \"...\", \"origin\": \"...\", \"block\": \"...\", \"citation\": 12, \"forgeable\": \"cheap\"}]}
Features: technique, software; and with {\"value\": \"...\", \"to\": [\"G0128\", \"nation:CN\"]} indicator, infrastructure,
victimology, timing, claim. And absence: a technique or software that was looked for where it would have been seen.

Examples:
  blanik attribute ministry --workspace cases --intrusion 1
  blanik attribute ministry --workspace cases --format html -o board.html
  blanik attribute ministry --workspace cases --pool       beside the agencies' assessments on record
  blanik attribute ministry --workspace cases --record     put the verdict on record; prints its number
  blanik attribute ministry --workspace cases --check 4711 anybody: do the inputs give that verdict, to the byte?
  blanik attribute observations.json --pool-file agency-a.json --pool-file agency-b.json

Exit codes: 0 done, 1 --check finds another verdict, 2 error or refused";

/// Say who may have done it.
#[derive(Debug, Args)]
#[command(after_help = ATTRIBUTE_HELP)]
pub struct AttributeArgs {
    /// A case of the workspace, a file of its records, or a file of observations (JSON)
    #[arg(value_name = "CASE|FILE")]
    pub case: PathBuf,

    /// The workspace that holds the record
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,

    /// Which intrusion; the strongest is 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub intrusion: usize,

    /// How to write the verdict
    #[arg(long, short = 'f', value_name = "FORMAT", value_enum, default_value = "text")]
    pub format: VerdictFormat,

    /// Write it to this file [default: standard output]
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Pool the agencies' assessments that are on record, and show them beside the model's
    #[arg(long)]
    pub pool: bool,

    /// An agency's own probabilities from a file, to pool; may be repeated
    #[arg(long, value_name = "FILE")]
    pub pool_file: Vec<PathBuf>,

    /// More knowledge of actors, for this once: STIX bundles, MISP galaxy clusters and events; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "check"])]
    pub knowledge: Vec<PathBuf>,

    /// Judge even where the case is younger than what is known
    #[arg(long)]
    pub accept_old_knowledge: bool,

    /// Say that all of it is invented, as a case named `exercise` says by itself
    #[arg(long)]
    pub exercise: bool,

    /// Put the verdict on record: its inputs by index, the knowledge by digest, the program's version
    #[arg(long, conflicts_with = "check")]
    pub record: bool,

    /// Give the verdict of this record again from its inputs, and say whether it is the same to the byte
    #[arg(long, value_name = "RECORD")]
    pub check: Option<u64>,

    /// The workspace's key, for --record.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Show what is known of an actor.
#[derive(Debug, Args)]
pub struct ActorArgs {
    /// A name or id: all actors that bear it are shown
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The workspace whose added knowledge counts, too
    #[arg(long, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,

    /// More knowledge of actors, for this once; may be repeated
    #[arg(long, value_name = "FILE")]
    pub knowledge: Vec<PathBuf>,
}

/// What kind of evidence an analyst brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObservedClass {
    /// A technique of ATT&CK, by its id
    Technique,
    /// Software or a malware family, by id or name
    Software,
    /// A value that points to actors
    Indicator,
    /// Relays, registrants, certificates
    Infrastructure,
    /// Whom the intrusion was after
    Victimology,
    /// Working hours, holidays
    Timing,
    /// Somebody's word who did it
    Claim,
    /// A technique or software that was looked for where it would have been seen, and is not there
    Absence,
}

/// How easily somebody else makes it look so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObservedForgeable {
    /// Strings, language, hashes, public tools
    Cheap,
    /// Private tools that have leaked, rented infrastructure
    Possible,
    /// Operational habits over months
    Hard,
}

const OBSERVE_HELP: &str = "\
Examples:
  blanik observe ministry --workspace cases --intrusion 1 --class infrastructure --what \"relays of small-office routers\" \\
      --actor APT31 --grade A2 --source \"CERT-FR\" --origin CERTFR-2021-CTI-012
  blanik observe ministry --class software --what S0154 --grade B2 --source \"forensic laboratory\" --intrusion 1
  blanik observe ministry --class victimology --what Government --grade B2 --source CERT
      no --actor: those who are known to be after such victims
  blanik observe ministry --what \"they say it was them\" --actor G0128 --grade C3 --source \"human source 7\"
  blanik case ministry undo 4711                take it back

A grade is of the Admiralty code: the source's reliability A (complete) to F (cannot be judged), what it says 1 (confirmed) to
6 (cannot be judged). Copies of one report name the same --origin, and count once.";

/// Put evidence on record.
#[derive(Debug, Args)]
#[command(after_help = OBSERVE_HELP)]
pub struct ObserveArgs {
    /// A case of the workspace, or a file of its records
    #[arg(value_name = "CASE")]
    pub case: PathBuf,

    /// The workspace that holds the record
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,

    /// What kind of evidence
    #[arg(long, value_name = "CLASS", value_enum, default_value = "claim")]
    pub class: ObservedClass,

    /// What it is: an id, a value, or a sentence
    #[arg(long, value_name = "TEXT")]
    pub what: String,

    /// Whom it points to: an actor's id or name, or a nation as nation:CN; repeated, it is shared among them
    #[arg(long, value_name = "ACTOR")]
    pub actor: Vec<String>,

    /// How far it is to be believed: A1 to F6
    #[arg(long, value_name = "GRADE")]
    pub grade: String,

    /// Who says so
    #[arg(long, value_name = "NAME")]
    pub source: String,

    /// Where it came from in the first place
    #[arg(long, value_name = "REPORT")]
    pub origin: Option<String>,

    /// What it stands and falls with: a tool, a report, a step
    #[arg(long, value_name = "NAME")]
    pub block: Option<String>,

    /// How easily it is forged
    #[arg(long, value_name = "WORD", value_enum, default_value = "possible")]
    pub forgeable: ObservedForgeable,

    /// Of which intrusion; the strongest is 1 [default: of all that the case holds]
    #[arg(long, value_name = "NUMBER")]
    pub intrusion: Option<usize>,

    /// Who brings it, beside the key's name
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,

    /// The workspace's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

const ASSESS_HELP: &str = "\
Examples:
  blanik assess ministry --workspace cases --as \"Agency A\" -p APT31=0.6 -p APT40=0.15 -p UNKNOWN=0.25
  blanik attribute ministry --workspace cases --pool
  blanik assess a.json b.json                   pool files: {\"agency\": \"...\", \"probabilities\": {\"G0128\": 0.6}}

Hypotheses are actors by id or name, UNKNOWN:CN for an unknown actor of a nation, UNKNOWN for an unknown actor. Probabilities
that do not add up are taken as they are said, shown as incoherent, and made coherent in the pool.";

/// Put an agency's probabilities on record, or pool files.
#[derive(Debug, Args)]
#[command(after_help = ASSESS_HELP)]
pub struct AssessArgs {
    /// With --as, a case of the workspace; else files of assessments to pool
    #[arg(required = true, value_name = "CASE|FILE")]
    pub paths: Vec<PathBuf>,

    /// Whose probabilities these are: they go on record
    #[arg(long = "as", value_name = "AGENCY")]
    pub agency: Option<String>,

    /// A hypothesis and its probability, as APT31=0.6; may be repeated
    #[arg(long = "probability", short = 'p', value_name = "HYPOTHESIS=P", requires = "agency")]
    pub probabilities: Vec<String>,

    /// Of which intrusion; the strongest is 1 [default: of all that the case holds]
    #[arg(long, value_name = "NUMBER", requires = "agency")]
    pub intrusion: Option<usize>,

    /// The reason
    #[arg(long, value_name = "TEXT", default_value = "", requires = "agency")]
    pub why: String,

    /// The workspace that holds the record
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,

    /// One JSON object, of files
    #[arg(long, conflicts_with = "agency")]
    pub json: bool,

    /// The workspace's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Add knowledge of actors to a workspace.
#[derive(Debug, Subcommand)]
pub enum IntelCommand {
    /// Take in a file: its digest goes on record, then it is believed
    Add(IntelAddArgs),
    /// Show what was taken in
    List(IntelListArgs),
    /// Take in what a TAXII 2.1 server or a MISP feed has that is new
    Pull(PullArgs),
    /// Get ATT&CK from its publisher, or from a carried folder
    Fetch(FetchArgs),
}

const INTEL_HELP: &str = "\
Examples:
  blanik intel add enterprise-attack.json --workspace cases --source MITRE --grade A2
  blanik intel add threat-actor.json --workspace cases --source \"MISP galaxy\" --grade B3
  blanik intel add partner.stix.json --workspace cases --source \"partner CERT\" --grade B2
  blanik actor \"Violet Typhoon\" --workspace cases
  blanik case intelligence undo 12 --workspace cases       no longer believe it

Read by content: STIX 2 bundles (ATT&CK of any version, reports with actors), MISP galaxy clusters, MISP events with actors.";

/// Take in a file.
#[derive(Debug, Args)]
#[command(after_help = INTEL_HELP)]
pub struct IntelAddArgs {
    /// Files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The workspace
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,

    /// Who made it [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// How far it is to be believed: A1 to F6. What is more likely wrong than right is shown and does not count
    #[arg(long, value_name = "GRADE", default_value = "C3")]
    pub grade: String,

    /// The workspace's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Show what was taken in.
#[derive(Debug, Args)]
pub struct IntelListArgs {
    /// The workspace
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,
}

/// Measure attribution.
#[derive(Debug, Subcommand)]
pub enum AttributionCommand {
    /// Judge held-out cases, each by what is known without it, and write the posteriors
    Bench(BenchArgs),
    /// Fit the weights that the program carries, with their reliability on held-out reports
    Fit(FitArgs),
}

/// Fit the weights that the program carries.
#[derive(Debug, Args)]
pub struct FitArgs {
    /// Write them to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Judge held-out cases.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Documents: JSON lines of group, report, fold, features
    #[arg(long, value_name = "FILE")]
    pub docs: PathBuf,

    /// Cases: JSON lines; what they are is told by their fields. Other files that a kind needs (other releases'
    /// docs_vX.jsonl, bench_b_cases.jsonl, open_set_splits.json, group_country.json) are looked for beside them
    #[arg(long, value_name = "FILE")]
    pub cases: PathBuf,

    /// Write posteriors to this file: JSON lines
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Group → country, as JSON [default: group_country.json beside the cases, then what the program knows]
    #[arg(long, value_name = "FILE")]
    pub countries: Option<PathBuf>,

    /// Groups held out, by split [default: open_set_splits.json beside the cases]
    #[arg(long, value_name = "FILE")]
    pub splits: Option<PathBuf>,
}
