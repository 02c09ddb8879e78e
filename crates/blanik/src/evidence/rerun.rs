//! `blanik rerun`: the logs of a case hunted again, by whoever has them, and what comes out held against
//! the findings on record. What an ally does before they cosign with the grade *re-run*.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use blanik_model::{Fact, Finding, Record};

use crate::cli::evidence::RerunArgs;
use crate::hunt::{Filter, Hunt, ToolFilter};
use crate::logs::Logs;
use crate::{indicators, pipeline, rules};

/// Differences that are listed.
const SHOWN: usize = 20;

/// Hunts again. 1 if anything differs.
pub fn run(args: &RerunArgs) -> Result<ExitCode> {
    let case = OnRecord::read(args)?;
    let mut differences = case.files(args)?;
    let digest = super::custody::rules_digest(&args.rule_files.rules)?;
    if !case.rules.contains(&digest) {
        differences.push(format!("these rules ({digest}) are none that the case was hunted with"));
    }
    let (rules, _) = rules::load(&args.rule_files.rules, &args.rule_files.placeholders)?;
    let hunt = Hunt {
        logs: Logs::of(&args.logs)?,
        rules: Arc::new(rules),
        indicators: indicators::for_hunt(&args.known, true)?,
        filter: Filter::default(),
        tools: args.tool_findings.then(ToolFilter::default),
        with_raw: false,
        gather: false,
        threads: pipeline::threads(None),
    };
    let mut outcome = pipeline::run_hunt(&hunt, true)?;
    let mut again = BTreeSet::new();
    let found = outcome.findings.len();
    for i in 0..found {
        let finding =
            outcome.findings.get(i).context("cannot read the temporary file of findings")?;
        let key = key(&finding)?;
        if !case.findings.contains_key(&key) {
            differences.push(format!(
                "found now and not on record: {} in {}, record {}",
                finding.rule_title, finding.source, finding.record
            ));
        }
        again.insert(key);
    }
    // A case may have been hunted twice: what is on record twice need be found once.
    for (_, index) in case.findings.iter().filter(|(key, _)| !again.contains(*key)) {
        differences.push(format!("on record as {index} and not found now"));
    }
    for difference in differences.iter().take(SHOWN) {
        println!("DIFFERS    {}", blanik_model::text::for_terminal(difference));
    }
    if differences.is_empty() {
        println!("Same       {found} findings, by the same rules, in the same files");
        return Ok(ExitCode::SUCCESS);
    }
    println!("DIFFERS    {} in all", differences.len());
    Ok(ExitCode::from(1))
}

/// What a case says was hunted and found.
struct OnRecord {
    /// Digests of files.
    files: Vec<(String, String)>,
    rules: Vec<String>,
    /// Findings, by what they say, and the index at which each stands first.
    findings: BTreeMap<String, u64>,
}

impl OnRecord {
    fn read(args: &RerunArgs) -> Result<Self> {
        let mut case = OnRecord { files: vec![], rules: vec![], findings: BTreeMap::new() };
        for unsealed in super::reader(&args.workspace)?.unsealed() {
            let unsealed = unsealed?;
            let Ok(record) = serde_json::from_str::<Record>(&unsealed.record) else { continue };
            match record.fact {
                _ if record.case != args.case => {}
                Fact::Acquired(file) => case.files.push((file.sha256, file.path)),
                Fact::Hunted(hunted) => case.rules.push(hunted.rules),
                Fact::Found(finding) => {
                    case.findings.entry(key(&finding)?).or_insert(unsealed.index);
                }
                _ => {}
            }
        }
        if case.rules.is_empty() {
            bail!("no hunt of case {} is on record", args.case);
        }
        Ok(case)
    }

    /// Files that are not those of the case, by their digests, whatever they are called.
    fn files(&self, args: &RerunArgs) -> Result<Vec<String>> {
        let now = super::custody::acquired(&args.logs.paths)?;
        let strange = now.iter().filter(|file| !self.files.iter().any(|(d, _)| *d == file.sha256));
        let missing = self.files.iter().filter(|(d, _)| !now.iter().any(|file| file.sha256 == *d));
        let strange = strange.map(|file| format!("{} is no file of the case", file.path));
        Ok(strange.chain(missing.map(|(_, path)| format!("{path} is not among these"))).collect())
    }
}

/// What a finding says, but for where its log lies: an ally has it elsewhere.
fn key(finding: &Finding) -> Result<String> {
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let mut finding = finding.clone();
    finding.raw = None;
    finding.source = name(&finding.source);
    for event in finding.correlation.iter_mut().flat_map(|c| &mut c.events) {
        event.source = name(&event.source);
    }
    Ok(serde_json::to_string(&finding)?)
}
