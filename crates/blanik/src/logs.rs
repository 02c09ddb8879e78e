//! The logs that the command line names, and all that it says of how to read them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use blanik_ingest::{Feeder, Input, Mapping, Normaliser, Options, Turns};

use crate::cli::LogArgs;

/// See the module.
pub struct Logs {
    /// Where they are.
    pub inputs: Vec<Input>,
    /// How to read them.
    pub options: Options,
    /// What records are: the tables, and formats of the user's own.
    pub normaliser: Arc<Normaliser>,
    /// The texts of the files that describe those.
    pub mappings: Vec<String>,
}

impl Logs {
    /// These inputs, read as what they are.
    pub fn new(inputs: Vec<Input>) -> Self {
        Logs::with(inputs, Options::default(), Vec::new())
    }

    /// These inputs, read as what they are, and each file's digest made.
    pub fn on_record(inputs: Vec<Input>) -> Self {
        Logs::with(inputs, Options { digests: true, ..Options::default() }, Vec::new())
    }

    /// These inputs, read as the options say; their mapping is of these texts.
    pub fn with(inputs: Vec<Input>, options: Options, mappings: Vec<String>) -> Self {
        let normaliser = Arc::new(Normaliser::with(&options.mapping));
        Logs { inputs, options, normaliser, mappings }
    }

    /// Those of the command line. An error if a mapping cannot be used.
    pub fn of(args: &LogArgs) -> Result<Self> {
        let (mapping, texts) = mapping(&args.mapping)?;
        let (format, year) = (args.input_format, args.year);
        let options = Options { format, year, mapping, ..Options::default() };
        Ok(Logs::with(args.paths.iter().map(|path| input(path)).collect(), options, texts))
    }

    /// Begins to read them.
    pub fn feeder(&self) -> Feeder {
        Feeder::new(self.inputs.clone(), self.options.clone())
    }

    /// The same; who reads counts as one of those that take turns.
    pub fn feeder_in_turns(&self, turns: Arc<Turns>) -> Feeder {
        Feeder::in_turns(self.inputs.clone(), self.options.clone(), turns)
    }
}

/// The formats of the user's own that these files describe, and their texts.
pub fn mapping(paths: &[PathBuf]) -> Result<(Mapping, Vec<String>)> {
    let (mut all, mut texts) = (Mapping::default(), Vec::new());
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the mapping in {name}"))?;
        all.add(Mapping::parse(&name, &text)?, &name)?;
        texts.push(text);
    }
    Ok((all, texts))
}

fn input(path: &Path) -> Input {
    if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path.to_owned()) }
}
