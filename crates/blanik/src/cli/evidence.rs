//! The command line of the evidence log, as typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{IndicatorArgs, RuleArgs};

/// Where the passphrase of a key comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct KeyArgs {
    /// The key's passphrase stands in this file [default: $BLANIK_PASSPHRASE, else it is asked for]
    #[arg(long, value_name = "FILE", global = true)]
    pub passphrase_file: Option<PathBuf>,
}

/// Where a hunt goes on record.
#[derive(Debug, Default, Args)]
pub struct OnRecordArgs {
    /// Put on record what was read, by which rules, and every finding, as this case
    #[arg(long, value_name = "NAME", conflicts_with = "explain")]
    pub case: Option<String>,

    /// The workspace that holds the record
    #[arg(long, value_name = "FOLDER", default_value = ".", requires = "case")]
    pub workspace: PathBuf,

    /// The workspace's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

const INIT_HELP: &str = "\
Examples:
  blanik init cases                             make it, and ask for a passphrase
  blanik hunt /logs/17 --case 17 --workspace cases
  blanik verify cases                           what anybody can check";

/// Make a workspace.
#[derive(Debug, Args)]
#[command(after_help = INIT_HELP)]
pub struct InitArgs {
    /// A new folder
    #[arg(value_name = "WORKSPACE")]
    pub workspace: PathBuf,

    /// The log's name, which no other log should have: like an address, without https://
    /// [default: the folder's name and eight random digits]
    #[arg(long, value_name = "NAME")]
    pub origin: Option<String>,

    /// The workspace's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Look at the evidence log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Show records: their index, time, type and what they say
    Show(ShowArgs),
    /// Print the newest checkpoint
    Checkpoint(CheckpointArgs),
    /// Print a proof that a record stands in the log (tlog-proof)
    Prove(ProveArgs),
    /// Print a proof that the log grew from a size to what it is (base64, a hash a line)
    ProveGrowth(ProveGrowthArgs),
    /// Ask the witnesses of the policy to cosign the newest checkpoint
    Cosign(CosignArgs),
    /// Have a time-stamping authority say when a checkpoint was there (RFC 3161)
    Anchor(AnchorArgs),
}

/// Show records.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,

    /// Only records from this index
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    pub from: u64,

    /// Whole records, a line of JSON each
    #[arg(long)]
    pub json: bool,
}

/// Print the newest checkpoint.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,

    /// Print the log's Ed25519 public key instead
    #[arg(long)]
    pub key: bool,

    /// Print the log's ML-DSA-44 public key instead
    #[arg(long, conflicts_with = "key")]
    pub ml_dsa_key: bool,
}

/// Print a proof.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The record's index
    #[arg(value_name = "INDEX")]
    pub index: u64,

    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,
}

/// Print a proof of growth.
#[derive(Debug, Args)]
pub struct ProveGrowthArgs {
    /// The size it had
    #[arg(value_name = "SIZE")]
    pub size: u64,

    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,
}

/// Ask witnesses.
#[derive(Debug, Args)]
pub struct CosignArgs {
    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,

    /// Which witnesses, and how many are enough (C2SP tlog-policy) [default: `policy` in the workspace]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Take in what an ally signed by `blanik witness sign`: a signed note (--note), or signature lines. It is kept if it is of
    /// this log, and holds by a key of the policy or of an ally
    #[arg(long, value_name = "FILE")]
    pub add: Vec<PathBuf>,

    /// Know an ally by the keys in this file, their witness's `public`; they are kept in the workspace's file `allies`
    #[arg(long, value_name = "FILE")]
    pub ally: Vec<PathBuf>,
}

/// Have a checkpoint time-stamped.
#[derive(Debug, Args)]
pub struct AnchorArgs {
    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,

    /// Ask this authority (http:// only)
    #[arg(long, value_name = "URL", conflicts_with_all = ["request", "response"])]
    pub url: Option<String>,

    /// Write the request to this file, for who carries it to the authority
    #[arg(long, value_name = "FILE", conflicts_with = "response")]
    pub request: Option<PathBuf>,

    /// Take the authority's answer from this file
    #[arg(long, value_name = "FILE")]
    pub response: Option<PathBuf>,
}

const VERIFY_HELP: &str = "\
A workspace says by itself whether it is whole. Whose log it is, and whether others saw it grow, says a
policy (C2SP tlog-policy): lines `log KEY`, `witness NAME KEY`, `group NAME 2 A B C`, `quorum NAME`.
A publication pack lists each sentence green or red with its reason; `blanik-verify` does the same, and nothing else.

Exit codes: 0 if all is well, 1 if not, 2 error";

/// Verify.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
pub struct VerifyArgs {
    /// A workspace, or a file: a publication pack, a proof, a checkpoint, a disclosure
    #[arg(value_name = "WORKSPACE|FILE")]
    pub path: PathBuf,

    /// Whom to trust [default: nobody; that it is whole is said all the same]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The log's key, from somewhere you trust: as it is written (NAME+ID+BASE64), or a file with it; for a pack
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// Show some fields of a record.
#[derive(Debug, Args)]
pub struct DiscloseArgs {
    /// The record's index
    #[arg(value_name = "INDEX")]
    pub index: u64,

    /// The workspace
    #[arg(value_name = "WORKSPACE", default_value = ".")]
    pub workspace: PathBuf,

    /// A field, as /event/Image, or all below it, as /event; may be repeated
    #[arg(long = "field", short = 'F', value_name = "PATH")]
    pub fields: Vec<String>,

    /// List the record's fields instead
    #[arg(long, conflicts_with = "fields")]
    pub list: bool,
}

/// Be a witness.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make a witness: a folder with its key, the logs it knows, and what it saw of them
    Init(WitnessInitArgs),
    /// Answer C2SP tlog-witness requests over HTTP
    Serve(WitnessServeArgs),
    /// Cosign a workspace's checkpoint here and now, as an ally who has it before them
    Sign(WitnessSignArgs),
}

/// Make a witness.
#[derive(Debug, Args)]
pub struct WitnessInitArgs {
    /// A new folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// The witness's name
    #[arg(long, value_name = "NAME")]
    pub name: String,

    /// The witness's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Answer requests.
#[derive(Debug, Args)]
pub struct WitnessServeArgs {
    /// The witness's folder; its file `logs` names those it knows, a public key a line
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7380")]
    pub listen: SocketAddr,

    /// The witness's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Cosign a workspace.
#[derive(Debug, Args)]
pub struct WitnessSignArgs {
    /// The witness's folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// The workspace
    #[arg(value_name = "WORKSPACE")]
    pub workspace: PathBuf,

    /// What is said: consistent (the log only grew), re-run (it is done now, as by `blanik rerun`: all
    /// findings have to be met again), concur
    #[arg(long, value_name = "GRADE", default_value = "consistent")]
    pub grade: String,

    /// Print the whole signed note instead of the signature lines: it says of which checkpoint it is
    #[arg(long)]
    pub note: bool,

    /// Print it as a STIX bundle, for `blanik share push`
    #[arg(long, conflicts_with = "note")]
    pub stix: bool,

    /// With what it is re-run.
    #[command(flatten)]
    pub with: AgainArgs,

    /// The witness's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

const RERUN_HELP: &str = "\
Examples:
  blanik rerun w --rules sigma/rules            the sealed events of all findings, hunted again
  blanik rerun w --rules sigma/rules /logs/17   the files, hunted again
Each finding is met again, not met, or open: what only the files, or other rules, decide.

Exit codes: 0 if every finding was met again and nothing else came out, 1 if not, 2 error";

/// Hunt again what is on record.
#[derive(Debug, Args)]
#[command(after_help = RERUN_HELP)]
pub struct RerunArgs {
    /// The workspace with the findings
    #[arg(value_name = "WORKSPACE")]
    pub workspace: PathBuf,

    /// Only the hunts of this case
    #[arg(long, value_name = "NAME")]
    pub case: Option<String>,

    /// With what.
    #[command(flatten)]
    pub with: AgainArgs,
}

/// What a hunt is hunted again with. What it was told beside, it is told again.
#[derive(Debug, Args)]
pub struct AgainArgs {
    /// The files that were hunted, or the folders they lie in [default: the sealed events alone]
    #[arg(value_name = "PATH")]
    pub files: Vec<PathBuf>,

    /// The rules.
    #[command(flatten)]
    pub rule_files: RuleArgs,

    /// The indicators.
    #[command(flatten)]
    pub known: IndicatorArgs,

    /// The formats of the hunter's own, as TOML; may be repeated
    #[arg(long, value_name = "FILE")]
    pub mapping: Vec<PathBuf>,
}
