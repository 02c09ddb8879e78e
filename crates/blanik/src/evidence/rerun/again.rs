//! Hunting a recorded hunt again: by the same rules, told the same, in its files or in its sealed events.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use blanik_detect::Rules;
use blanik_ingest::{Format, Input, Mapping, Options};
use blanik_model::record::{Hunted, Settings};
use blanik_model::{Finding, Kind};

use super::super::{custody, settings};
use super::Again;
use super::recorded::{RecordedHunt, RestsOn, Saying, saying};
use super::sealed::named;
use crate::cli::evidence::AgainArgs;
use crate::hunt::{Hunt, Outcome};
use crate::indicators::{self, Indicators};
use crate::logs::{self, Logs};
use crate::pipeline;
use crate::rules::{self, Loaded};

/// What whoever hunts again has brought.
pub(super) struct Hunter<'a> {
    with: &'a AgainArgs,
    /// Files, by their digests.
    files: BTreeMap<String, Vec<PathBuf>>,
    rules: String,
    placeholders: Option<String>,
    mapping: (Mapping, Option<String>),
    indicators: Option<(Indicators, String)>,
    /// All rules, as long as none were chosen of them.
    all: Option<Rules>,
    /// The rules, and by what they were chosen.
    chosen: Option<(Settings, Arc<Rules>)>,
}

/// What came out of hunting again.
struct Found {
    sayings: BTreeSet<Saying>,
    /// Findings that are not on record.
    strange: Vec<String>,
}

impl<'a> Hunter<'a> {
    pub(super) fn new(with: &'a AgainArgs) -> Result<Self> {
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for file in custody::files(&with.files) {
            files.entry(file.sha256).or_default().push(PathBuf::from(file.path));
        }
        let indicators = indicators::for_hunt(&with.known, true)?;
        let indicators = indicators.map(|known| {
            let digest = settings::of_indicators(&known);
            (known, digest)
        });
        let (mapping, mappings) = logs::mapping(&with.mapping)?;
        let Loaded { rules, texts, .. } = load(with)?;
        Ok(Hunter {
            with,
            files,
            rules: settings::of_texts(&texts.rules),
            placeholders: settings::of_some(&texts.placeholders),
            mapping: (mapping, settings::of_some(&mappings)),
            indicators,
            all: Some(rules),
            chosen: None,
        })
    }

    /// Files that no hunt has on record.
    pub(super) fn strange_files(&self, hunts: &[RecordedHunt]) -> Vec<String> {
        let known: BTreeSet<&str> =
            hunts.iter().flat_map(|hunt| &hunt.files).map(|file| file.sha256.as_str()).collect();
        let strange = self.files.iter().filter(|(digest, _)| !known.contains(digest.as_str()));
        let paths = strange.flat_map(|(_, paths)| paths);
        paths.map(|path| format!("{} is no file on record", path.display())).collect()
    }

    /// Hunts a hunt again, and says of each of its findings whether it was met.
    pub(super) fn hunt(&mut self, on_record: &RecordedHunt, again: &mut Again) -> Result<()> {
        let Some(hunted) = &on_record.hunted else {
            let reason = "its hunt was interrupted: what it was hunted with is not on record";
            leave_open_all(on_record, again, reason);
            return Ok(());
        };
        if let Some(reason) = self.lacks(hunted) {
            leave_open_all(on_record, again, &reason);
            return Ok(());
        }
        if self.files.is_empty() {
            return self.hunt_events(on_record, &hunted.settings, again);
        }
        let missing = on_record.files.iter().find(|file| !self.files.contains_key(&file.sha256));
        if let Some(file) = missing {
            again.differences.push(format!("{} is not among these files", file.path));
            leave_open_all(on_record, again, "not all files of its hunt are here");
            return Ok(());
        }
        self.hunt_files(on_record, &hunted.settings, again)
    }

    /// What it takes to hunt this again and is not here.
    fn lacks(&self, hunted: &Hunted) -> Option<String> {
        let asked = &hunted.settings;
        let none = || "none".to_owned();
        let all = [
            ("rules", Some(&hunted.rules), Some(&self.rules)),
            ("placeholders", asked.placeholders.as_ref(), self.placeholders.as_ref()),
            ("mappings", asked.mappings.as_ref(), self.mapping.1.as_ref()),
        ];
        all.into_iter().find(|(_, on_record, here)| on_record != here).map(
            |(what, on_record, here)| {
                let text = |digest: Option<&String>| digest.cloned().unwrap_or_else(none);
                format!(
                    "hunted with other {what} (SHA-256 {}, here {})",
                    text(on_record),
                    text(here)
                )
            },
        )
    }

    /// True if the indicators here are those of the hunt.
    fn has_indicators(&self, asked: &Settings) -> bool {
        asked.indicators.as_ref() == self.indicators.as_ref().map(|(_, digest)| digest)
    }

    fn hunt_files(
        &mut self,
        on_record: &RecordedHunt,
        asked: &Settings,
        again: &mut Again,
    ) -> Result<()> {
        let paths: BTreeSet<&PathBuf> = on_record
            .files
            .iter()
            .filter_map(|file| self.files.get(&file.sha256))
            .flatten()
            .collect();
        let inputs = paths.into_iter().map(|path| Input::Path(path.clone())).collect();
        let hunt = self.as_recorded(asked, inputs)?;
        let found = Found::of(pipeline::run_hunt(&hunt, true)?, on_record, |_| true)?;
        // With the files at hand nothing but indicators may be lacking.
        self.tell(on_record, asked, found, again, |_| None);
        Ok(())
    }

    fn hunt_events(
        &mut self,
        on_record: &RecordedHunt,
        asked: &Settings,
        again: &mut Again,
    ) -> Result<()> {
        let hunt = self.as_recorded(asked, Vec::new())?;
        let kinds = hunt.logs.normaliser.known_kinds();
        let events = &on_record.events;
        let outcome = hunt.run_on(&events.batches(&kinds), events.sources())?;
        // Of a part of its events, a correlation may tell something else; that is no difference.
        let found = Found::of(outcome, on_record, |finding| finding.correlation.is_none())?;
        let lacking = |rests_on: &RestsOn| needs_files(rests_on, on_record, &kinds);
        self.tell(on_record, asked, found, again, lacking);
        Ok(())
    }

    /// Of each finding on record whether it was met; what is `lacking` to decide it leaves it open.
    fn tell(
        &self,
        on_record: &RecordedHunt,
        asked: &Settings,
        found: Found,
        again: &mut Again,
        lacking: impl Fn(&RestsOn) -> Option<String>,
    ) {
        let has_indicators = self.has_indicators(asked);
        for finding in &on_record.findings {
            if found.sayings.contains(&finding.saying) {
                again.met += 1;
            } else if finding.by_indicator && !has_indicators {
                again.leave_open(finding, "hunted with other indicators");
            } else if let Some(reason) = lacking(&finding.rests_on) {
                again.leave_open(finding, &reason);
            } else {
                again.not_met.push((finding.index, finding.title.clone()));
            }
        }
        again.differences.extend(found.strange);
    }

    /// The hunt as it was told, with these inputs.
    fn as_recorded(&mut self, asked: &Settings, inputs: Vec<Input>) -> Result<Hunt> {
        let format = asked.format.as_deref().map(str::parse::<Format>).transpose();
        let format = format.context("a format of another version of this program")?;
        let mapping = self.mapping.0.clone();
        let options = Options { format, year: asked.year, mapping, ..Options::default() };
        let known = self.indicators.as_ref().filter(|_| self.has_indicators(asked));
        let indicators = known.map(|(known, _)| known.clone());
        Ok(Hunt {
            logs: Logs::with(inputs, options, Vec::new()),
            rules: self.rules(asked)?,
            indicators,
            filter: settings::filter(asked),
            tools: settings::tools(asked),
            with_raw: false,
            gather: false,
            threads: pipeline::threads(None),
        })
    }

    /// The rules, chosen as the hunt chose them.
    fn rules(&mut self, asked: &Settings) -> Result<Arc<Rules>> {
        let by = |asked: &Settings| (asked.level, asked.statuses.clone(), asked.chosen.clone());
        if let Some((of, rules)) = &self.chosen
            && by(of) == by(asked)
        {
            return Ok(Arc::clone(rules));
        }
        let mut rules = match self.all.take() {
            Some(rules) => rules,
            None => self.load_again()?,
        };
        pipeline::choose(&mut rules, asked.level, &asked.statuses, &asked.chosen);
        let rules = Arc::new(rules);
        self.chosen = Some((asked.clone(), Arc::clone(&rules)));
        Ok(rules)
    }

    /// The same rules once more: of other texts, they would not be those that were compared with the hunt's.
    fn load_again(&self) -> Result<Rules> {
        let Loaded { rules, texts, .. } = load(self.with)?;
        let are_same = settings::of_texts(&texts.rules) == self.rules
            && settings::of_some(&texts.placeholders) == self.placeholders;
        ensure!(are_same, "the rules or their placeholders changed while hunts were run again");
        Ok(rules)
    }
}

fn load(with: &AgainArgs) -> Result<Loaded> {
    rules::load(&with.rule_files.rules, &with.rule_files.placeholders)
}

fn leave_open_all(on_record: &RecordedHunt, again: &mut Again, reason: &str) {
    on_record.findings.iter().for_each(|finding| again.leave_open(finding, reason));
}

/// Why sealed events do not decide it.
fn needs_files(rests_on: &RestsOn, on_record: &RecordedHunt, kinds: &[Kind]) -> Option<String> {
    match rests_on {
        RestsOn::Event(kind) => {
            let known = named(kinds, kind).is_some();
            (!known).then(|| format!("no one kind of events is called {kind} here"))
        }
        RestsOn::Events(events, further) => {
            let sealed = |(source, record): &&(String, u64)| on_record.events.has(source, *record);
            let (all, have) = (events.len() as u64 + further, events.iter().filter(sealed).count());
            (have as u64 != all).then(|| {
                format!("it rests on {all} events, of which {have} are sealed: the files decide it")
            })
        }
    }
}

impl Found {
    /// All findings; those not on record are strange where `counts` says so.
    fn of(
        mut outcome: Outcome,
        on_record: &RecordedHunt,
        counts: impl Fn(&Finding) -> bool,
    ) -> Result<Self> {
        let known: BTreeSet<Saying> =
            on_record.findings.iter().map(|finding| finding.saying).collect();
        let mut found = Found { sayings: BTreeSet::new(), strange: Vec::new() };
        for i in 0..outcome.findings.len() {
            let finding =
                outcome.findings.get(i).context("cannot read the temporary file of findings")?;
            let saying = saying(&finding)?;
            if counts(&finding) && !known.contains(&saying) {
                found.strange.push(format!(
                    "found now and not on record: {} in {}, record {}",
                    finding.rule_title, finding.source, finding.record
                ));
            }
            found.sayings.insert(saying);
        }
        Ok(found)
    }
}
