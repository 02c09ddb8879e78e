//! A verdict on record, and anybody's check of it: the records before it and the knowledge that they name give the same
//! bytes again, or it is not what it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use blanik_attribution::fitted::Fitted;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::verdict::{Judge, Verdict};
use blanik_model::record::Concluded;
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Record};

use super::inputs::Inputs;
use super::intel;
use crate::case::journal::Journal;
use crate::cli::attribution::AttributeArgs;

const PROGRAM: &str = concat!("blanik ", env!("CARGO_PKG_VERSION"));

/// A verdict with what gave it.
pub struct Given {
    /// The verdict.
    pub verdict: Verdict,
    /// What gave it.
    pub inputs: Inputs,
    /// Who judged.
    pub judge: Judge,
    /// Records by which knowledge was taken in.
    pub learnt: Vec<u64>,
}

/// What is asked for.
pub struct Question<'a> {
    /// The case's records.
    pub records: Vec<(u64, Record)>,
    /// The workspace, where there is one.
    pub workspace: Option<&'a Path>,
    /// Only what stood on record before this.
    pub before: u64,
    /// Which intrusion, from 1.
    pub intrusion: usize,
    /// Even where the case is younger than what is known.
    pub accept_old_knowledge: bool,
    /// Further knowledge, on no record.
    pub files: &'a [std::path::PathBuf],
}

impl Question<'_> {
    /// The answer.
    pub fn answer(mut self) -> Result<Given> {
        let (mut known, learnt) = match self.workspace {
            Some(workspace) => intel::known(workspace, self.before)?,
            None => (Knowledge::builtin(), Vec::new()),
        };
        intel::add_files(&mut known, self.files)?;
        self.records.retain(|(index, _)| *index < self.before);
        let inputs = Inputs::of(self.records, self.intrusion, &known)?;
        let judge = Judge::new(known, Fitted::builtin());
        let mut verdict = judge.judge(
            &inputs.observations,
            inputs.month.as_deref(),
            self.accept_old_knowledge,
        )?;
        verdict.remarks.splice(0..0, inputs.remarks.iter().cloned());
        Ok(Given { verdict, inputs, judge, learnt })
    }
}

/// Puts a verdict on record.
pub fn record(journal: &Journal, args: &AttributeArgs, given: &Given) -> Result<u64> {
    let inputs: BTreeSet<u64> = given.inputs.records.iter().chain(&given.learnt).copied().collect();
    let verdict = given.verdict.canonical();
    let concluded = Concluded {
        intrusion: args.intrusion as u64,
        inputs: inputs.into_iter().collect(),
        knowledge: given.judge.knowledge.digests(),
        program: PROGRAM.to_owned(),
        accept_old_knowledge: args.accept_old_knowledge,
        sha256: intel::sha256(verdict.as_bytes()),
        verdict,
    };
    journal.append(None, Fact::Concluded(Box::new(concluded)), &[], &args.key)
}

/// Gives the verdict of a record again. 1 if it is another.
pub fn check(
    records: Vec<(u64, Record)>,
    workspace: Option<&Path>,
    index: u64,
) -> Result<ExitCode> {
    let record = records.iter().find(|(i, _)| *i == index);
    let (_, record) = record.with_context(|| format!("record {index} is none of this case"))?;
    let Fact::Concluded(said) = record.fact.clone() else {
        bail!("record {index} is no verdict");
    };
    let question = Question {
        records,
        workspace,
        before: index,
        intrusion: usize::try_from(said.intrusion)?,
        accept_old_knowledge: said.accept_old_knowledge,
        files: &[],
    };
    let differences = match question.answer() {
        Ok(given) => differences(&said, &given),
        Err(error) => vec![format!("these inputs give no verdict: {error:#}")],
    };
    for difference in &differences {
        println!("DIFFERS    {}", for_terminal(difference));
    }
    if !differences.is_empty() {
        return Ok(ExitCode::from(1));
    }
    println!(
        "Same       the verdict of record {index}, {} bytes, sha-256 {}",
        said.verdict.len(),
        said.sha256
    );
    println!(
        "Inputs     {} records, {} sources of knowledge, {}",
        said.inputs.len(),
        said.knowledge.len(),
        for_terminal(&said.program)
    );
    Ok(ExitCode::SUCCESS)
}

fn differences(said: &Concluded, given: &Given) -> Vec<String> {
    let mut found = Vec::new();
    if said.program != PROGRAM {
        found.push(format!("it was given by {}; this is {PROGRAM}", said.program));
    }
    if intel::sha256(said.verdict.as_bytes()) != said.sha256 {
        found.push("the verdict on record is not what its digest says".to_owned());
    }
    let inputs: BTreeSet<u64> = given.inputs.records.iter().chain(&given.learnt).copied().collect();
    if inputs != said.inputs.iter().copied().collect() {
        found.push("it rests on other records".to_owned());
    }
    if given.judge.knowledge.digests() != said.knowledge {
        found.push("what is known is not what was known then".to_owned());
    }
    let now = given.verdict.canonical();
    if now != said.verdict {
        let same = now.bytes().zip(said.verdict.bytes()).take_while(|(a, b)| a == b).count();
        found.push(format!("the inputs give another verdict, from byte {same}"));
    }
    found
}
