//! The command line of what goes over the network, as typed: the server, pulling, pushing, fetching.

use std::net::SocketAddr;
use std::path::PathBuf;

use blanik_model::Tlp;
use clap::{Args, Subcommand};

use super::evidence::KeyArgs;

const SERVE_HELP: &str = "\
Examples:
  blanik serve collection add indicators shared --title \"Indicators of our partners\"
  blanik serve token add partner-cert --collection indicators:rw --clearance amber shared
  blanik serve --taxii shared --listen 0.0.0.0:8443 --tls-cert server.pem --tls-key server.key
  blanik serve token revoke partner-cert shared      takes effect at once";

/// Serve TAXII 2.1.
#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ServeArgs {
    /// Who may, and what there is.
    #[command(subcommand)]
    pub command: Option<ServeCommand>,

    /// The folder of collections and tokens
    #[arg(long, value_name = "FOLDER", required = true)]
    pub taxii: Option<PathBuf>,

    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7381")]
    pub listen: SocketAddr,

    /// The certificate and those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Its key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Without TLS on an address that others reach: behind a proxy that has it. Tokens travel in the clear
    #[arg(long, conflicts_with = "tls_cert")]
    pub insecure: bool,

    /// What the server calls itself
    #[arg(long, value_name = "TEXT", default_value = "blanik")]
    pub title: String,
}

/// Who may, and what there is.
#[derive(Debug, Subcommand)]
pub enum ServeCommand {
    /// Add or list collections
    #[command(subcommand)]
    Collection(CollectionCommand),
    /// Add, list or revoke tokens
    #[command(subcommand)]
    Token(TokenCommand),
}

/// Collections.
#[derive(Debug, Subcommand)]
pub enum CollectionCommand {
    /// Add a collection; a server that runs knows it when it is started again
    Add(CollectionAddArgs),
    /// List collections
    List(FolderArgs),
}

/// Add a collection.
#[derive(Debug, Args)]
pub struct CollectionAddArgs {
    /// Its name in addresses: letters, digits, `-`, `_`, `.`
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The server's folder; made if it is not there
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// What people call it [default: the name]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// What it holds
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// The clearance that objects without marking need
    #[arg(long, value_name = "LABEL", default_value = "amber")]
    pub unmarked: Tlp,

    /// What a marking definition beside TLP's needs, as marking-definition--…=clear; unknown ones need red
    #[arg(long = "marking", value_name = "ID=LABEL")]
    pub markings: Vec<String>,
}

/// A server's folder.
#[derive(Debug, Args)]
pub struct FolderArgs {
    /// The server's folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once; only its SHA-256 is kept
    Add(TokenAddArgs),
    /// List tokens: names, clearances, rights
    List(FolderArgs),
    /// Revoke a token, at once
    Revoke(TokenRevokeArgs),
}

/// Make a token.
#[derive(Debug, Args)]
pub struct TokenAddArgs {
    /// Whose it is
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The server's folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// A collection and what may be done with it: r, w, rw; may be repeated
    #[arg(long = "collection", value_name = "NAME:RIGHT", required = true)]
    pub collections: Vec<String>,

    /// What may be seen at most: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "LABEL")]
    pub clearance: Tlp,
}

/// Revoke a token.
#[derive(Debug, Args)]
pub struct TokenRevokeArgs {
    /// Whose it is
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The server's folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// How another's server is reached.
#[derive(Clone, Debug, Default, Args)]
pub struct AccessArgs {
    /// The token, or MISP's API key, stands in this file
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Sign in by HTTP Basic as this user; the password stands in --token-file
    #[arg(long, value_name = "NAME", requires = "token_file")]
    pub user: Option<String>,

    /// Trust these certificates (PEM) instead of those that browsers trust
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Send the token without TLS, to whatever address
    #[arg(long)]
    pub insecure: bool,
}

const PULL_HELP: &str = "\
Examples:
  blanik intel pull https://taxii.example/taxii2/ --collection shared --token-file token --workspace cases
  blanik intel pull https://misp.example/feed --misp --workspace cases --source CIRCL --grade B2
What comes is kept as it came, goes on record by its digest, and is then taken in as by `intel add` and `indicators add`. The next
pull goes on where this one ended, also where it broke off.";

/// Pull intelligence.
#[derive(Debug, Args)]
#[command(after_help = PULL_HELP)]
pub struct PullArgs {
    /// A TAXII 2.1 server (discovery, API root or collection), or the folder of a MISP feed
    #[arg(value_name = "URL")]
    pub url: String,

    /// The workspace
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub workspace: PathBuf,

    /// Which collection: its id, alias or title [default: the only one that may be read]
    #[arg(long, value_name = "ID", conflicts_with = "misp")]
    pub collection: Option<String>,

    /// It is a MISP feed: manifest.json, and events
    #[arg(long)]
    pub misp: bool,

    /// How it is reached.
    #[command(flatten)]
    pub access: AccessArgs,

    /// Who made it [default: the server's name]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// How far it is to be believed: A1 to F6
    #[arg(long, value_name = "GRADE", default_value = "C3")]
    pub grade: String,

    /// Where indicators are kept [default: as for `blanik indicators add`]
    #[arg(long, value_name = "FOLDER")]
    pub store: Option<PathBuf>,

    /// The workspace's key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Share with others.
#[derive(Debug, Subcommand)]
pub enum ShareCommand {
    /// Send STIX bundles to a TAXII 2.1 collection, or an event to MISP; sent again, it is there once
    Push(PushArgs),
}

const PUSH_HELP: &str = "\
Examples:
  blanik share push https://taxii.example/taxii2/ case.stix.json --collection shared --token-file token
  blanik share push --misp https://misp.example case.misp.json --token-file key
Exit codes: 0 if all was taken, 1 if some was refused, 2 error";

/// Send.
#[derive(Debug, Args)]
#[command(after_help = PUSH_HELP)]
pub struct PushArgs {
    /// A TAXII 2.1 server (discovery, API root or collection), or a MISP instance
    #[arg(value_name = "URL")]
    pub url: String,

    /// STIX 2 bundles; with --misp, MISP events
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Which collection: its id, alias or title [default: the only one that may be written to]
    #[arg(long, value_name = "ID", conflicts_with = "misp")]
    pub collection: Option<String>,

    /// It is a MISP instance
    #[arg(long)]
    pub misp: bool,

    /// How it is reached.
    #[command(flatten)]
    pub access: AccessArgs,
}

const FETCH_HELP: &str = "\
Examples:
  blanik rules fetch --to carried               SigmaHQ's release, from its publisher
  blanik intel fetch --to carried               ATT&CK, from its publisher
  blanik rules fetch --from /media/stick --to rules      in a room without network: what fetched.json says is verified
Other addresses: --from URL, $BLANIK_RULES_URL, $BLANIK_ATTACK_URL.";

/// Get what publishers give.
#[derive(Debug, Args)]
#[command(after_help = FETCH_HELP)]
pub struct FetchArgs {
    /// An address, or a folder that was fetched elsewhere [default: the publisher's address]
    #[arg(long, value_name = "URL|FOLDER")]
    pub from: Option<String>,

    /// Where to put it
    #[arg(long, value_name = "FOLDER", default_value = "fetched")]
    pub to: PathBuf,

    /// What its SHA-256 must be, in hex
    #[arg(long, value_name = "HEX", conflicts_with = "sha256_from")]
    pub sha256: Option<String>,

    /// The publisher says its SHA-256 at this address, as sha256sum writes it
    #[arg(long, value_name = "URL")]
    pub sha256_from: Option<String>,

    /// Trust these certificates (PEM) instead of those that browsers trust
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}
