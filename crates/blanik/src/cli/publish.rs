//! The command line of publishing, as typed.

use std::path::PathBuf;

use blanik_model::Tlp;
use clap::Args;

use super::evidence::KeyArgs;

const PUBLISH_HELP: &str = "\
What a marking withholds: names of hosts, internal addresses and domains below amber; accounts, mailboxes and files below
amber+strict; what a list of indicators marks itself. A stand-in (host-3) takes each name's place in sentences, data and
proofs; fields of records that hold such a name stay sealed. --redact withholds more: a name or any text, a class
(kind:host, kind:account, kind:mailbox, kind:file, kind:domain, kind:internal-address, kind:indicator), a field of the
records (field:/matched).

The verdict of who it was is the newest on record: `blanik attribute CASE --record`. That the pack was published goes on
record, too: with the digest of its list of files and of every sentence.

Examples:
  blanik publish ministry --tlp clear --preview            who would see what; nothing is written, no key is asked for
  blanik publish ministry --tlp clear --publisher 'CERT of the ministry' --contact cert@example.org -o pack.zip
  blanik publish ministry --tlp amber --redact novak --redact kind:mailbox -o partners.zip
  blanik publish ministry --tlp clear --write-template ours  the templates, to be changed; then: --template ours
  blanik verify pack.zip                                   anybody: each sentence green or red

Exit codes: 0 done, 2 error: nothing is written if anything withheld is found in the pack";

/// Make a publication pack of a case: what people read, what systems take in, and the proofs.
#[derive(Debug, Args)]
#[command(after_help = PUBLISH_HELP)]
pub struct PublishArgs {
    /// A case of the workspace
    #[arg(value_name = "CASE")]
    pub case: PathBuf,

    /// The workspace that holds the record
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,

    /// To whom it may be shown: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "LABEL")]
    pub tlp: Tlp,

    /// Which intrusion; the strongest is 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub intrusion: usize,

    /// Write the pack to this file
    #[arg(long, short = 'o', value_name = "FILE", required_unless_present_any = ["preview", "write_template"])]
    pub output: Option<PathBuf>,

    /// Say what each audience would see, and write nothing
    #[arg(long, conflicts_with = "output")]
    pub preview: bool,

    /// Withhold this name or text, kind:CLASS or field:/PATH; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub redact: Vec<String>,

    /// The same, one a line, from a file
    #[arg(long, value_name = "FILE")]
    pub redact_file: Option<PathBuf>,

    /// Who publishes
    #[arg(long, value_name = "NAME", default_value = "The publishing organisation")]
    pub publisher: String,

    /// How to reach them
    #[arg(long, value_name = "ADDRESS")]
    pub contact: Option<String>,

    /// The heading, in English
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// The heading, in Czech
    #[arg(long, value_name = "TEXT", requires = "title")]
    pub title_cs: Option<String>,

    /// The sector of who it happened to, if it may be said: `government`
    #[arg(long, value_name = "SECTOR")]
    pub victim: Option<String>,

    /// Do not say who it was
    #[arg(long)]
    pub no_attribution: bool,

    /// Say on every page that all of it is invented; a case that was published so once, always is
    #[arg(long)]
    pub exercise: bool,

    /// Templates in this folder instead of the program's: advisory.html, advisory.typ, with the pictures and fonts that it uses
    #[arg(long, value_name = "FOLDER")]
    pub template: Option<PathBuf>,

    /// Write the program's own templates into this folder, to begin from, and nothing else
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["output", "template", "preview"])]
    pub write_template: Option<PathBuf>,

    /// When it is published [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub date: Option<blanik_model::Timestamp>,

    /// Where the passphrase comes from.
    #[command(flatten)]
    pub key: KeyArgs,
}

fn parse_time(text: &str) -> Result<blanik_model::Timestamp, String> {
    blanik_model::Timestamp::parse(text).ok_or_else(|| "no time; write 2025-05-28T10:00:00Z".into())
}

impl PublishArgs {
    /// Of the exercise: for everyone, by nobody who is.
    pub fn of_exercise(case: PathBuf, workspace: PathBuf) -> Self {
        PublishArgs {
            case,
            workspace,
            tlp: Tlp::Clear,
            intrusion: 1,
            output: None,
            preview: true,
            redact: Vec::new(),
            redact_file: None,
            publisher: "Invented ministry (exercise)".to_owned(),
            contact: Some("cert@mzv.example".to_owned()),
            title: None,
            title_cs: None,
            victim: Some("government".to_owned()),
            no_attribution: false,
            exercise: true,
            template: None,
            write_template: None,
            date: None,
            key: KeyArgs::default(),
        }
    }
}
