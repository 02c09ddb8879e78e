//! What a verdict is given by: the observations of one intrusion of a case, from its findings and from what analysts put on
//! record, and the agencies' assessments. Each with the record it comes from.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::findings::{Tagged, from_findings};
use blanik_attribution::observe::pointers::{Met, from_indicators};
use blanik_attribution::observe::timing::{Hours, from_times};
use blanik_attribution::observe::{Feature, Forgeable, Observation};
use blanik_attribution::pool::Assessment;
use blanik_case::{Case, Intrusion, judgement};
use blanik_model::record::Observed;
use blanik_model::{Fact, Finding, IndicatorType, Level, Record, Status};

/// See the module.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Evidence.
    pub observations: Vec<Observation>,
    /// Agencies' probabilities.
    pub assessments: Vec<Assessment>,
    /// Records that items and assessments rest on, ascending.
    pub records: BTreeSet<u64>,
    /// Month of the intrusion's last finding, `YYYY-MM`.
    pub month: Option<String>,
    /// What is to be said of them.
    pub remarks: Vec<String>,
}

/// The intrusion of a case with that number, from 1.
pub fn intrusion(case: &Case, number: usize) -> Result<&Intrusion> {
    let found = number.checked_sub(1).and_then(|i| case.intrusions.found.get(i));
    let Some(found) = found else {
        bail!("there is no intrusion {number}: the case has {}", case.intrusions.found.len());
    };
    Ok(found)
}

/// A record by which an intrusion is named later, however it is numbered then: the first of its strongest part.
pub fn anchor(case: &Case, number: usize) -> Result<u64> {
    let found = intrusion(case, number)?;
    let first = found.core.iter().chain(&found.observations).next();
    let first = first.context("an intrusion has observations")?;
    Ok(case.observations[*first].rests_on.first())
}

impl Inputs {
    /// Of an intrusion of the case that these records make.
    pub fn of(records: Vec<(u64, Record)>, number: usize, known: &Knowledge) -> Result<Inputs> {
        let case = Case::fold(records.clone());
        let mut inputs = Inputs::default();
        let undone = judgement::undone(&records);
        let standing: Vec<&(u64, Record)> =
            records.iter().filter(|(index, _)| !undone.contains(index)).collect();
        // What analysts know may be all there is.
        let is_there = !case.intrusions.found.is_empty() || number > 1;
        let of = if is_there { Some(intrusion(&case, number)?) } else { None };
        if let Some(of) = of {
            let findings = Findings::of(&case, of, &standing);
            inputs.take_findings(&case, of, &findings, known);
        } else {
            inputs.remarks.push("the case has no intrusion: only what analysts know counts".into());
        }
        let n = case.intrusions.found.len();
        if n > 1 {
            inputs
                .remarks
                .push(format!("of {n} intrusions of the case, this is intrusion {number}"));
        }
        let is_about = |on: Option<u64>| match (on, of) {
            (Some(on), Some(of)) => cites(&case, of, on),
            (Some(_), None) => false,
            (None, _) => true,
        };
        inputs.take_records(&standing, &is_about);
        Ok(inputs)
    }

    fn take_findings(
        &mut self,
        case: &Case,
        of: &Intrusion,
        findings: &Findings<'_>,
        known: &Knowledge,
    ) {
        let tagged = findings.tagged();
        let mut items = from_findings(tagged);
        let met = findings.met();
        let unclaimed = met.iter().filter(|m| m.actors.is_empty()).count();
        if unclaimed > 0 {
            self.remarks.push(format!("{unclaimed} statements on indicators name no actor"));
        }
        for item in from_indicators(&met, known) {
            // Software that a rule and a list name is one.
            match items.iter_mut().find(|o| o.id == item.id) {
                Some(same) if item.grade.error() < same.grade.error() => *same = item,
                Some(_) => {}
                None => items.push(item),
            }
        }
        let acts = of.core.iter().map(|i| &case.observations[*i]);
        let times: Vec<(i64, u64)> = acts
            .map(|o| (o.first.as_nanos().div_euclid(1_000_000_000), o.rests_on.first()))
            .collect();
        match from_times(&times) {
            Hours::Fit(item) => items.push(*item),
            Hours::Nothing(why) => self.remarks.push(why),
        }
        self.records.extend(items.iter().filter_map(|o| o.citation));
        self.observations = items;
        let last = of.observations.iter().map(|i| case.observations[*i].last).max();
        self.month = last.map(|t| t.to_string().chars().take(7).collect());
    }

    fn take_records(&mut self, records: &[&(u64, Record)], is_about: &dyn Fn(Option<u64>) -> bool) {
        let mut latest: BTreeMap<&str, (u64, &blanik_model::record::Assessed)> = BTreeMap::new();
        for (index, record) in records {
            match &record.fact {
                Fact::Observed(observed) if is_about(observed.on) => {
                    match observation(*index, observed, &record.by) {
                        Ok(item) => {
                            self.observations.push(item);
                            self.records.insert(*index);
                        }
                        Err(error) => self.remarks.push(format!("record {index}: {error:#}")),
                    }
                }
                Fact::Assessed(assessed) if is_about(assessed.on) => {
                    // An agency's later word replaces its earlier one.
                    latest.insert(&assessed.agency, (*index, assessed));
                }
                _ => {}
            }
        }
        for (index, assessed) in latest.into_values() {
            let number = |p: &String| p.parse().unwrap_or(f64::NAN);
            let probabilities =
                assessed.probabilities.iter().map(|(h, p)| (h.clone(), number(p))).collect();
            self.records.insert(index);
            self.assessments.push(Assessment { agency: assessed.agency.clone(), probabilities });
        }
    }
}

/// Whether an intrusion rests on a record.
fn cites(case: &Case, of: &Intrusion, record: u64) -> bool {
    of.observations.iter().any(|i| case.observations[*i].rests_on.indexes().contains(&record))
}

/// An analyst's record as evidence.
fn observation(index: u64, observed: &Observed, by: &str) -> Result<Observation> {
    let forgeable = match observed.forgeable.as_str() {
        "cheap" => Forgeable::Cheap,
        "hard" => Forgeable::Hard,
        _ => Forgeable::Possible,
    };
    let source = if observed.source.is_empty() { by } else { &observed.source };
    Ok(Observation {
        id: format!("r{index}"),
        feature: Feature::of(&observed.class, &observed.what, &observed.to)?,
        grade: observed.grade.parse()?,
        source: source.to_owned(),
        origin: observed.origin.clone(),
        block: observed.block.clone(),
        citation: Some(index),
        forgeable,
    })
}

/// The findings of one intrusion, and what of all the case's findings tells how rare their rules are.
struct Findings<'r> {
    /// Index, finding, whether it is tied to the intrusion, whether it was confirmed.
    of: Vec<(u64, &'r Finding, bool, bool)>,
    hosts: usize,
    rules: BTreeMap<&'r str, Spread<'r>>,
}

/// Where a rule fired.
#[derive(Default)]
struct Spread<'r> {
    hosts: BTreeSet<&'r str>,
    /// Observations in the case, and of these in the intrusion.
    all: u32,
    here: u32,
}

impl<'r> Findings<'r> {
    fn of(case: &'r Case, intrusion: &Intrusion, records: &[&'r (u64, Record)]) -> Self {
        let here: BTreeSet<usize> = intrusion.observations.iter().copied().collect();
        let mut rules: BTreeMap<&str, Spread<'_>> = BTreeMap::new();
        let mut all_hosts: BTreeSet<&str> = case.watched.keys().map(String::as_str).collect();
        let mut tied: BTreeMap<u64, (bool, bool)> = BTreeMap::new();
        for (i, o) in case.observations.iter().enumerate() {
            let spread = rules.entry(&o.rule).or_default();
            spread.hosts.insert(&o.host);
            all_hosts.insert(&o.host);
            spread.all += 1;
            if here.contains(&i) {
                spread.here += 1;
                let standing = (intrusion.core.contains(&i), o.confirmed);
                tied.extend(o.rests_on.indexes().iter().map(|index| (*index, standing)));
            }
        }
        let finding = |(index, record): &&'r (u64, Record)| match &record.fact {
            Fact::Found(finding) => {
                let (is_tied, is_confirmed) = tied.get(index)?;
                Some((*index, &**finding, *is_tied, *is_confirmed))
            }
            _ => None,
        };
        Findings { of: records.iter().filter_map(finding).collect(), hosts: all_hosts.len(), rules }
    }

    fn tagged(&self) -> Vec<Tagged<'_>> {
        let rules = self.of.iter().filter(|(_, f, ..)| f.indicator.is_none());
        let tagged = |(index, f, is_tied, is_confirmed): &(u64, &'r Finding, bool, bool)| {
            let spread = &self.rules[f.rule_id.as_str()];
            let hosts = spread.hosts.len() * 1_000 / self.hosts.max(1);
            // Of a few hosts, one is a large share and yet only one.
            let few = spread.hosts.len() <= 3;
            Tagged {
                tags: &f.tags,
                level: level(f.level),
                is_settled: f.tool.is_none()
                    && matches!(f.status, Some(Status::Stable | Status::Test)),
                hosts_per_mille: if few { hosts.min(50) } else { hosts } as u32,
                elsewhere_percent: (spread.all - spread.here) * 100 / spread.all.max(1),
                is_tied: *is_tied,
                is_confirmed: *is_confirmed,
                rule: &f.rule_title,
                citation: Some(*index),
            }
        };
        rules.map(tagged).collect()
    }

    fn met(&self) -> Vec<Met<'_>> {
        let mut met = Vec::new();
        for (index, finding, ..) in &self.of {
            let Some(hit) = finding.indicator.as_deref().filter(|hit| !hit.partial) else {
                continue;
            };
            for said in &hit.statements {
                let p = &said.provenance;
                met.push(Met {
                    value: &hit.value,
                    is_network: is_network(hit.ty),
                    list: &p.list,
                    source: &p.source,
                    grade: p.grade.as_deref(),
                    confidence: p.confidence,
                    actors: &p.actors,
                    campaigns: &p.campaigns,
                    named_by_place: p.named_by_place,
                    is_doubtful: said.expired || !p.warnings.is_empty(),
                    citation: *index,
                });
            }
        }
        met
    }
}

fn level(level: Level) -> u8 {
    match level {
        Level::Informational => 0,
        Level::Low => 1,
        Level::Medium => 2,
        Level::High => 3,
        Level::Critical => 4,
    }
}

fn is_network(ty: IndicatorType) -> bool {
    use IndicatorType as T;
    matches!(ty, T::Address | T::Network | T::Domain | T::Url | T::Ja3 | T::Ja4 | T::Certificate)
}
