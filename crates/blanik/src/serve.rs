//! `blanik serve`: the TAXII server, its collections and its tokens.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use blanik_model::text::for_terminal;
use blanik_model::{Timestamp, Tlp};
use blanik_server::{Clock, Folder, Limits, ROOT, Rights, Server, Settings, Stop, Tokens};

use crate::cli::exchange::{
    CollectionAddArgs, CollectionCommand, FolderArgs, ServeArgs, ServeCommand, TokenAddArgs,
    TokenCommand, TokenRevokeArgs,
};
use crate::evidence;
use crate::output::counted;

/// Does what the command line says.
pub fn run(args: &ServeArgs) -> Result<ExitCode> {
    match &args.command {
        None => serve(args)?,
        Some(ServeCommand::Collection(CollectionCommand::Add(args))) => add_collection(args)?,
        Some(ServeCommand::Collection(CollectionCommand::List(args))) => list_collections(args)?,
        Some(ServeCommand::Token(TokenCommand::Add(args))) => add_token(args)?,
        Some(ServeCommand::Token(TokenCommand::List(args))) => list_tokens(args)?,
        Some(ServeCommand::Token(TokenCommand::Revoke(args))) => revoke_token(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(args: &ServeArgs) -> Result<()> {
    let folder = args.taxii.as_ref().context("--taxii names no folder")?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(blanik_server::tls(certificate, key)?),
        _ => None,
    };
    ensure!(
        tls.is_some() || args.insecure || args.listen.ip().is_loopback(),
        "tokens would travel in the clear: give --tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure"
    );
    let mut remarks = Vec::new();
    let opened = Server::open(folder, &args.title, &mut remarks);
    for remark in &remarks {
        eprintln!("blanik: {}", for_terminal(remark));
    }
    let server = opened?;
    let listener = TcpListener::bind(args.listen)
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    // With port 0 the system chooses one: say which.
    let mut said = format!("{scheme}://{}/taxii2/  (API root {ROOT})\n", listener.local_addr()?);
    for collection in server.collections() {
        let settings = collection.settings();
        let objects = counted(collection.len() as u64, "object");
        let line = format!("{}  {}  {objects}", settings.id, settings.alias);
        said += &for_terminal(&line);
        said.push('\n');
    }
    // Who reads the first line and goes wants the server, not its list.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(said.as_bytes()).and_then(|()| out.flush());
    drop(out);
    // A clock that is centuries off gives the time of the last object, and one microsecond.
    let now = || evidence::now().unwrap_or(Timestamp::from_nanos(0));
    let clock: Clock = Arc::new(now);
    blanik_server::serve(listener, server, tls, Limits::default(), (clock, &Stop::default()))?;
    Ok(())
}

fn add_collection(args: &CollectionAddArgs) -> Result<()> {
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("cannot make {}", args.folder.display()))?;
    let settings = Settings {
        id: String::new(),
        alias: args.name.clone(),
        title: args.title.clone().unwrap_or_else(|| args.name.clone()),
        description: args.description.clone(),
        unmarked: args.unmarked,
        markings: args.markings.iter().map(|text| marking(text)).collect::<Result<_>>()?,
    };
    let made = Folder::new(&args.folder).add_collection(settings, random()?)?;
    println!("{}  {}", made.id, made.alias);
    Ok(())
}

fn marking(text: &str) -> Result<(String, Tlp)> {
    let (id, level) = text.split_once('=').context("--marking is ID=LABEL")?;
    ensure!(id.starts_with("marking-definition--"), "{id} is no id of a marking definition");
    Ok((id.to_owned(), level.parse()?))
}

fn list_collections(args: &FolderArgs) -> Result<()> {
    for settings in Folder::new(&args.folder).collections()? {
        let line = format!(
            "{}  {:<20} {}; without marking {}",
            settings.id, settings.alias, settings.title, settings.unmarked
        );
        println!("{}", for_terminal(&line));
    }
    Ok(())
}

fn add_token(args: &TokenAddArgs) -> Result<()> {
    let folder = Folder::new(&args.folder);
    let mut rights = Rights::new();
    for text in &args.collections {
        let (name, right) =
            text.rsplit_once(':').context("--collection is NAME:RIGHT, as shared:rw")?;
        let right = right.parse().map_err(anyhow::Error::msg)?;
        if rights.insert(folder.collection(name)?.id, right).is_some() {
            bail!("{name} is named twice");
        }
    }
    let tokens = Tokens::of(&args.folder);
    let token = tokens.add(&args.name, args.clearance, rights, evidence::now()?, random()?)?;
    println!("{token}");
    eprintln!("blanik: keep it: it stands nowhere else");
    Ok(())
}

fn list_tokens(args: &FolderArgs) -> Result<()> {
    let aliases: BTreeMap<String, String> = Folder::new(&args.folder)
        .collections()?
        .into_iter()
        .map(|settings| (settings.id, settings.alias))
        .collect();
    for token in Tokens::of(&args.folder).list()? {
        let right = |(id, right): (&String, &blanik_server::Right)| {
            format!("{}:{right}", aliases.get(id).unwrap_or(id))
        };
        let rights: Vec<String> = token.rights.iter().map(right).collect();
        let line = format!(
            "{:<20} {:<12} {}  since {}",
            token.name,
            token.clearance,
            rights.join(" "),
            token.added.to_seconds_string()
        );
        println!("{}", for_terminal(&line));
    }
    Ok(())
}

fn revoke_token(args: &TokenRevokeArgs) -> Result<()> {
    let was = Tokens::of(&args.folder).revoke(&args.name)?;
    ensure!(was, "there is no token {}", args.name);
    println!("{} is revoked", args.name);
    Ok(())
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => bail!("the system gives no randomness: {error}"),
    }
}
