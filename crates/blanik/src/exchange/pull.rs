//! `blanik intel pull`: pages of a TAXII collection become STIX bundles of bounded size, each taken in as a file would be.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use blanik_model::text::for_terminal;
use serde_json::value::RawValue;

use super::intake::{Part, Taking, name_of};
use super::misp;
use super::place::Place;
use super::taxii::{self, For, From};
use super::web::{Scheme, Web};
use crate::attribute::intel::sha256;
use crate::cli::exchange::PullArgs;
use crate::output::counted;

/// Bytes of objects in one bundle; then it is taken in, and the place kept.
const BUNDLE_BYTES: usize = 32 << 20;
/// Pages of one pull: a server that never ends is told from a large one.
const PAGES_MAX: u64 = 100_000;

/// Does what the command line says.
///
/// # Errors
/// If the server is not reached or lies, or the workspace cannot be written to.
pub fn run(args: &PullArgs) -> Result<ExitCode> {
    let scheme = if args.misp { Scheme::Bare } else { Scheme::Bearer };
    let web = Web::new(&args.url, &args.access, scheme)?;
    let taking = Taking::new(args, web.host())?;
    match args.misp {
        true => misp::pull(&web, args, &taking),
        false => pull(&web, args, &taking),
    }
}

fn pull(web: &Web, args: &PullArgs, taking: &Taking<'_>) -> Result<ExitCode> {
    let collection = taxii::find(web, &args.url, args.collection.as_deref(), For::Reading)?;
    let mut place = Place::open(taking.workspace(), &collection.url)?;
    let (mut objects, mut bytes, mut total) = (Vec::new(), 0, 0_u64);
    let mut from = From { added_after: place.added_after.clone(), next: place.next.clone() };
    for page_number in 0.. {
        ensure!(
            page_number < PAGES_MAX,
            "the server's pages do not end: {PAGES_MAX} were read and taken in"
        );
        let page = match taxii::page(web, &collection, &from) {
            // A place of long ago, or of another clearance, may be none any more: by time it goes on all the same.
            Err(_) if page_number == 0 && from.next.is_some() => {
                from.next = None;
                taxii::page(web, &collection, &from)?
            }
            page => page?,
        };
        total += page.objects.len() as u64;
        bytes += page.objects.iter().map(|object| object.get().len()).sum::<usize>();
        objects.extend(page.objects);
        place.newest = newest(place.newest.take(), page.last);
        let is_last = page.more.is_none();
        match page.more {
            Some(more) => from = more,
            None => {
                from = From { added_after: place.newest.clone().or(from.added_after), next: None }
            }
        }
        if is_last || bytes >= BUNDLE_BYTES {
            if !objects.is_empty() {
                let text = bundle(&std::mem::take(&mut objects));
                taking.take(vec![Part { name: name_of(web.host(), &text), text }])?;
            }
            bytes = 0;
            (place.added_after, place.next) = (from.added_after.clone(), from.next.clone());
            place.keep()?;
        }
        if is_last {
            break;
        }
    }
    let title = for_terminal(&collection.title).into_owned();
    let total = counted(total, "object");
    println!("{title}: {total}; the next pull goes on behind them");
    Ok(ExitCode::SUCCESS)
}

/// Times as TAXII writes them are in order as texts are.
fn newest(a: Option<String>, b: Option<String>) -> Option<String> {
    a.max(b)
}

/// A bundle of objects as they were sent. Its id is of them alone.
fn bundle(objects: &[Box<RawValue>]) -> String {
    let texts: Vec<&str> = objects.iter().map(|object| object.get()).collect();
    let joined = texts.join(",\n");
    let d = sha256(joined.as_bytes());
    // Version 8: of the digest's making (RFC 9562, 5.8).
    let id = format!("{}-{}-8{}-a{}-{}", &d[..8], &d[8..12], &d[13..16], &d[17..20], &d[20..32]);
    format!("{{\"type\":\"bundle\",\"id\":\"bundle--{id}\",\"objects\":[{joined}]}}")
}
