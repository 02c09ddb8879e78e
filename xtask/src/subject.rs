//! What a task measures: the data set and the program, as they are named or by default.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{bench, tree};

/// See the module.
pub struct Subject {
    /// The unpacked data set.
    pub data: PathBuf,
    /// The program: an optimised one is built if none is named.
    pub program: PathBuf,
}

impl Subject {
    /// Of `[--data FOLDER] [--program FILE]`.
    pub fn parse(task: &str, args: &[String]) -> Result<Subject> {
        let (mut data, mut program): (Option<PathBuf>, _) = (None, None);
        for pair in args.chunks(2) {
            match pair {
                [flag, folder] if flag == "--data" => data = Some(PathBuf::from(folder)),
                [flag, file] if flag == "--program" => program = Some(PathBuf::from(file)),
                _ => bail!("usage: cargo xtask {task} [--data FOLDER] [--program FILE]"),
            }
        }
        let data = tree::data(data.as_deref())?;
        let program = program.map_or_else(|| bench::release("blanik"), Ok)?;
        Ok(Subject { data, program })
    }
}
