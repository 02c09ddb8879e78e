//! `blanik fields`: which kinds of records the logs hold, which fields these have, how often they are
//! filled and with what; and which fields rules ask for that never come.
//!
//! For whoever maps a format or wonders why rules are silent. Not a hunt: no rule is evaluated.

mod asked;
mod gathered;
mod render;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use blanik_ingest::{Batcher, Feeder, Normaliser, Options};
use blanik_model::Everything;

use crate::cli::FieldsArgs;
use crate::pipeline::{inputs, mapping};
use crate::rules;
use asked::Asked;
use gathered::Gathered;

/// Reads the logs and prints what is in them.
pub fn run(args: &FieldsArgs) -> Result<ExitCode> {
    let (rules, _) = rules::load(&args.rules, &args.placeholders)?;
    let mapping = mapping(&args.mapping)?;
    let normaliser = Normaliser::with(&mapping);
    let options = Options { format: args.input_format, mapping, ..Options::default() };
    let gathered = gather(Feeder::new(inputs(&args.paths), options), normaliser);
    if gathered.any_missing {
        bail!("an input cannot be opened: `blanik hunt --rejections FILE` says which");
    }
    let asked = Asked::of(&rules, &gathered);
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if args.json {
        render::json(&mut out, &gathered, &asked)
    } else {
        render::text(&mut out, &gathered, &asked)
    };
    written.and_then(|()| out.flush()).context("cannot write to standard output")?;
    if gathered.events == 0 {
        bail!("no event could be read from the inputs (`blanik hunt --rejections FILE` says why)");
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads everything, on one thread: what is shown as an example depends on the order.
fn gather(mut feeder: Feeder, normaliser: Normaliser) -> Gathered {
    let mut batcher = Batcher::new(Arc::new(normaliser), Arc::new(Everything));
    let mut gathered = Gathered::default();
    loop {
        let block = feeder.next_block();
        if let Some(block) = &block {
            batcher.take(block);
            gathered.rejected += batcher.take_rejections().iter().map(|r| r.lost).sum::<u64>();
        }
        if block.is_none() || batcher.is_full() {
            for batch in batcher.drain() {
                gathered.add(&batch);
                batcher.recycle(batch);
            }
        }
        if block.is_none() {
            break;
        }
    }
    gathered.rejected += feeder.rejections().iter().map(|r| r.lost).sum::<u64>();
    gathered.any_missing = feeder.any_missing();
    gathered.files = feeder.progress().files_done;
    gathered
}
