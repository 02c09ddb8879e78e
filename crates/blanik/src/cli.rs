//! The command line, as typed. What it means is decided in `commands`.

pub mod attribution;
pub mod evidence;
pub mod exchange;
pub mod publish;

use std::path::PathBuf;

use blanik_ingest::Format;
use blanik_model::{Level, Status, Timestamp, Tlp};
use clap::{Args, Parser, Subcommand};

use crate::case::CaseArgs;
use crate::output::OutputFormat;
use attribution::{
    ActorArgs, AssessArgs, AttributeArgs, AttributionCommand, IntelCommand, ObserveArgs,
};
use evidence::{
    DiscloseArgs, InitArgs, LogCommand, OnRecordArgs, RerunArgs, VerifyArgs, WitnessCommand,
};
use exchange::{FetchArgs, ServeArgs, ShareCommand};
use publish::PublishArgs;

const ABOUT: &str = "\
Defends a government's networks against state espionage: reads the logs you collected and says who \
did what, where and when, by Sigma rules. Works without internet.";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, and there are findings at or above --fail-on LEVEL
  2  error: a wrong argument, an input or a rule file that cannot be opened, no event read at all

Examples:
  blanik demo                                   see it work on an invented exercise
  blanik hunt /cases/17/logs                    hunt a folder with the built-in rules
  blanik hunt logs.zip --rules sigma/rules      hunt an archive with your own rules
  blanik rules check sigma/rules                see which rules work, and why others do not
  blanik indicators add feed.json               keep indicators for all hunts to come";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "blanik", version, about = ABOUT, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hunt in logs: print who did what, where and when, by the rules
    Hunt(Box<HuntArgs>),
    /// Look at rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Keep indicators of compromise, for hunts to look for
    #[command(subcommand)]
    Indicators(IndicatorsCommand),
    /// Say which kinds of records logs hold, and which fields these have
    Fields(FieldsArgs),
    /// Say what findings come to: intrusions, their timeline and scope, and what was taken
    Case(CaseArgs),
    /// Make a small exercise (invented data), hunt it, and write the report
    Demo(DemoArgs),
    /// Make a workspace: an evidence log, its key, and a place for what it seals
    Init(InitArgs),
    /// Look at the evidence log, prove what stands in it, have it cosigned and time-stamped
    #[command(subcommand)]
    Log(LogCommand),
    /// Verify a workspace, a proof, a checkpoint or a disclosure: no key and no trust needed
    Verify(VerifyArgs),
    /// Show some fields of a record so that they verify while the rest stays sealed
    Disclose(DiscloseArgs),
    /// Be a witness to others' logs
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Hunt the logs of a case again, and compare with the findings on record
    Rerun(RerunArgs),
    /// Say who may have done it, how sure that is, and on what it hangs
    Attribute(AttributeArgs),
    /// Show what is known of an actor, by whom, and how distinctive it is
    Actor(ActorArgs),
    /// Put on record what analysts know of who it was: a report's claim, a human source, an ally's opinion
    Observe(ObserveArgs),
    /// Put an agency's probabilities of who it was on record, or pool several agencies' files
    Assess(AssessArgs),
    /// Add knowledge of actors to a workspace
    #[command(subcommand)]
    Intel(IntelCommand),
    /// Make a publication pack: an advisory, what others' systems take in, and the proof of every sentence
    Publish(PublishArgs),
    /// Measure attribution
    #[command(subcommand)]
    Attribution(AttributionCommand),
    /// Serve intelligence to allies by TAXII 2.1: collections, tokens, clearances
    Serve(ServeArgs),
    /// Send intelligence to allies' servers
    #[command(subcommand)]
    Share(ShareCommand),
}

/// Look at rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Say for every rule whether it works, and if not, why
    Check(CheckArgs),
    /// Get SigmaHQ's rules from their publisher, or from a carried folder
    Fetch(FetchArgs),
}

/// Keep indicators.
#[derive(Debug, Subcommand)]
pub enum IndicatorsCommand {
    /// Add lists of indicators, or warning lists, to the store
    Add(AddArgs),
    /// Show what the store holds
    List(ListArgs),
}

const STORE_HELP: &str = "\
The store is the folder of --store, or $BLANIK_HOME, or $XDG_DATA_HOME/blanik, or ~/.local/share/blanik. It keeps the
lists as they were added, and what was made of them; that can be deleted at any time, and is made anew.";

const ADD_HELP: &str = "\
Examples:
  blanik indicators add apt31.stix.json         a STIX 2.1 bundle
  blanik indicators add misp-feed/              all events of a MISP feed
  blanik indicators add blocklist.txt --source partner-cert --tlp amber
  blanik indicators add misp-warninglists/lists what would drown the reader is muted
  blanik indicators add iocs/ --losses lost.jsonl; jq .reason lost.jsonl | sort | uniq -c

Formats read, by content: STIX 2.0 and 2.1 (bundles, JSON lines), MISP events and feeds, MISP warning lists, CSV with a header,
text lists (comments, defanged, `value|comment`), maltrail's trails.";

/// Add lists to the store.
#[derive(Debug, Args)]
#[command(after_help = ADD_HELP, after_long_help = ADD_HELP)]
pub struct AddArgs {
    /// Files or folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Who made them, where they do not say
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// To whom they may be shown, where they do not say: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "LABEL")]
    pub tlp: Option<Tlp>,

    /// How reliable they are, in your words, where they do not say
    #[arg(long, value_name = "WORDS")]
    pub grade: Option<String>,

    /// List everything that was not taken, with place and reason, to this file (JSON lines)
    #[arg(long, value_name = "FILE")]
    pub losses: Option<PathBuf>,

    /// Where indicators are kept
    #[arg(long, value_name = "FOLDER", long_help = STORE_HELP)]
    pub store: Option<PathBuf>,
}

/// Show what the store holds.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Where indicators are kept
    #[arg(long, value_name = "FOLDER", long_help = STORE_HELP)]
    pub store: Option<PathBuf>,
}

const HUNT_HELP: &str = "\
Examples:
  blanik hunt /cases/17/logs
      the summary, and the worst findings
  blanik hunt case17.zip --rules sigma/rules --format html -o case17.html
      one page to read and to send on
  blanik hunt logs --level high --from 2024-02-01 --to 2024-07-01 --format csv -o feb-june.csv
      a part of it, for a spreadsheet
  blanik hunt logs --indicators apt31.stix.json --indicators partner/blocklist.txt
      what others have seen, too; what `blanik indicators add` keeps is always looked for
  zcat conn.log.gz | blanik hunt - --json --quiet | jq .rule_title
      in a pipe
  blanik hunt logs --explain 403177fe
      why a rule did or did not match

Formats read, by content: EVTX; Windows events as JSON or XML (evtx_dump, Winlogbeat, ECS, NXLog,
Splunk); Zeek (TSV, JSON); Suricata EVE; audit logs of Microsoft 365, Entra, Azure, AWS, Google, Okta,
GitHub, Kubernetes and others; Defender, journald, osquery, ECS and OCSF as JSON; any other JSON. Linux
audit logs, syslog, logins (wtmp), web servers' and proxies' logs (combined, W3C, Squid, load balancers),
DNS query logs, CEF and LEEF, nfdump, mail messages, CSV, shell histories; other lines that hold a time;
your own formats by --mapping. Archives inside archives: zip, tar, gz, bz2, xz, zst.";

/// Which logs, and how to read them.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Files, folders, archives; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Read every log as this format: evtx, json, xml, zeek, auditd, syslog, access, w3c, csv, cef, elb,
    /// squid, nfdump, dns, mail, utmp, journal, history, lines [default: by content]
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<Format>,

    /// Formats of your own, as TOML (docs/MAPPING.md); may be repeated
    #[arg(long, value_name = "FILE")]
    pub mapping: Vec<PathBuf>,

    /// The year that logs begin in whose times name none, as in syslog [default: by when a file was
    /// last written to]
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1980..=2200))]
    pub year: Option<i32>,
}

/// Which rules.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Sigma rules: files or folders; may be repeated [default: the built-in rules]
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,

    /// Values for %placeholders% in rules: YAML `name: [values]`, or name.txt with a value a line
    #[arg(long, value_name = "FILE")]
    pub placeholders: Vec<PathBuf>,
}

/// Which indicators.
#[derive(Debug, Args)]
pub struct IndicatorArgs {
    /// Indicators of compromise: files or folders as for `blanik indicators add`; may be repeated
    #[arg(long, value_name = "PATH")]
    pub indicators: Vec<PathBuf>,

    /// Where indicators are kept that are always looked for
    #[arg(long, value_name = "FOLDER", long_help = STORE_HELP)]
    pub store: Option<PathBuf>,

    /// Leave the store's indicators out
    #[arg(long, conflicts_with = "store")]
    pub no_store: bool,
}

/// Hunt in logs.
#[derive(Debug, Args)]
#[command(after_help = HUNT_HELP)]
pub struct HuntArgs {
    /// What to read.
    #[command(flatten)]
    pub logs: LogArgs,

    /// What to look for.
    #[command(flatten)]
    pub rule_files: RuleArgs,

    /// And for which indicators.
    #[command(flatten)]
    pub known: IndicatorArgs,

    /// How to write findings: table, jsonl, csv, timesketch, html
    #[arg(long, short = 'f', value_name = "FORMAT", default_value = "table")]
    pub format: OutputFormat,

    /// The same as --format jsonl
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Write findings to this file [default: standard output]
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Keep the record in each finding as it stood in the log (jsonl, html)
    #[arg(long)]
    pub raw: bool,

    /// Only rules of this level or above
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Level>,

    /// Only rules of this status; may be repeated
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<Status>,

    /// Only rules with this id, or whose title contains this; may be repeated
    #[arg(long, value_name = "RULE")]
    pub rule: Vec<String>,

    /// The findings of other tools in the logs, too: alerts of Suricata, Wazuh, AMiner, Defender, Hayabusa,
    /// Chainsaw, GuardDuty and OCSF, notices of Zeek
    #[arg(long)]
    pub tool_findings: bool,

    /// Only findings at or after this time (RFC 3339, or a date in UTC)
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,

    /// Only findings before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,

    /// Only findings on this host; may be repeated
    #[arg(long, value_name = "HOST")]
    pub host: Vec<String>,

    /// Say for the events that come nearest to this rule (its id, the beginning of it, or a part of its
    /// title) why it did or did not match
    #[arg(long, value_name = "RULE", conflicts_with_all = ["output", "format", "json", "raw", "rejections", "summary", "fail_on"])]
    pub explain: Option<String>,

    /// With --explain: the event with this record number or line
    #[arg(long, value_name = "NUMBER", requires = "explain")]
    pub record: Option<u64>,

    /// List everything that could not be read, with place and reason, to this file (JSON lines)
    #[arg(long, value_name = "FILE")]
    pub rejections: Option<PathBuf>,

    /// Write the records of a case to this file (JSON lines): findings, from when to when each host sent
    /// telemetry, and what of value was reached; `blanik case FILE` reads them
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,

    /// Write the summary as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Exit with 1 if there are findings of this level or above
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Level>,

    /// No progress, no summary: findings alone
    #[arg(long, short = 'q')]
    pub quiet: bool,

    /// Threads that decode and match [default: one per processor]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Where to put it on record.
    #[command(flatten)]
    pub case: OnRecordArgs,
}

const CHECK_HELP: &str = "\
Examples:
  blanik rules check sigma/rules
  blanik rules check sigma/rules --json | jq 'select(.ok | not)'
  blanik rules check                            the built-in rules

Exit codes: 0 if every rule compiles, 1 if some do not, 2 error";

/// Say for every rule whether it works.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub struct CheckArgs {
    /// Files or folders with Sigma rules [default: the built-in rules]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Values for %placeholders% in rules
    #[arg(long, value_name = "FILE")]
    pub placeholders: Vec<PathBuf>,

    /// Formats of your own, as TOML: their kinds count as known; may be repeated
    #[arg(long, value_name = "FILE")]
    pub mapping: Vec<PathBuf>,

    /// A JSON object a rule
    #[arg(long)]
    pub json: bool,

    /// Only rules that do not compile or can never match
    #[arg(long)]
    pub problems: bool,
}

const FIELDS_HELP: &str = "\
Examples:
  blanik fields logs                            kinds, their fields, how often filled, examples
  blanik fields logs --rules sigma/rules        and which rules ask for a field that never comes
  blanik fields logs --json | jq -r '.missing[] | [.kind, .field] | @tsv'";

/// Say which kinds of records logs hold, and which fields these have.
#[derive(Debug, Args)]
#[command(after_help = FIELDS_HELP)]
pub struct FieldsArgs {
    /// What to read.
    #[command(flatten)]
    pub logs: LogArgs,

    /// What to look for.
    #[command(flatten)]
    pub rule_files: RuleArgs,

    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

const DEMO_HELP: &str = "\
Examples:
  blanik demo                                   in a temporary folder
  blanik demo --keep exercise                   keep the logs, the answer key and the report";

/// Make a small exercise and hunt it.
#[derive(Debug, Args)]
#[command(after_help = DEMO_HELP)]
pub struct DemoArgs {
    /// Keep the exercise in this new folder [default: a temporary folder, named at the end]
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,

    /// Another seed makes another exercise
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,

    /// The score as JSON: steps found, missed and why, false findings, by intrusion, format and rule
    #[arg(long)]
    pub json: bool,

    /// No progress, no summary
    #[arg(long, short = 'q')]
    pub quiet: bool,
}
