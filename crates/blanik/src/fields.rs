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
use blanik_ingest::Batcher;
use blanik_model::Everything;

use crate::cli::FieldsArgs;
use crate::logs::Logs;
use crate::pipeline::tell_problems;
use crate::rules::{self, Loaded};
use asked::Asked;
use gathered::Gathered;

/// Reads the logs and prints what is in them.
pub fn run(args: &FieldsArgs) -> Result<ExitCode> {
    let logs = Logs::of(&args.logs)?;
    let Loaded { rules, problems, .. } =
        rules::load(&args.rule_files.rules, &args.rule_files.placeholders)?;
    tell_problems(&problems);
    let gathered = gather(&logs);
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
fn gather(logs: &Logs) -> Gathered {
    let mut feeder = logs.feeder();
    let mut batcher = Batcher::new(Arc::clone(&logs.normaliser), Arc::new(Everything));
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
