//! The benchmark: which documents each case may be judged by, and what the model says of it. The kinds of case are
//! told by their records. Reading files and sharing out the units is the caller's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::counts::Counts;
use crate::knowledge::Knowledge;
use crate::model::{Kind, Model, Posterior, Scope};
use crate::terms::Seen;

/// What is wrong with the benchmark's files.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A line that is no record of its kind.
    #[error("{file}, line {line}: {source}")]
    Line {
        /// Which file.
        file: String,
        /// From 1.
        line: usize,
        /// What the JSON parser says.
        source: serde_json::Error,
    },
    /// Records of no known kind.
    #[error(
        "the cases are of no known kind: neither fold, train_release, drop_relationships…, split nor planted"
    )]
    UnknownKind,
    /// Another file is needed.
    #[error("cases of this kind need {0} beside them")]
    Missing(&'static str),
    /// Documents of a release are needed.
    #[error("cases of this kind need docs_v{0}.jsonl beside them")]
    MissingRelease(String),
}

/// A document, as a line has it.
#[derive(Clone, Debug, Deserialize)]
pub struct DocLine {
    group: String,
    report: String,
    #[serde(default)]
    fold: Option<usize>,
    features: Vec<String>,
}

/// A case, as a line has it; which fields it has says of which kind it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CaseLine {
    case_id: String,
    label: Vec<String>,
    fold: Option<usize>,
    report: String,
    techniques: Vec<String>,
    software: Vec<String>,
    sample: BTreeMap<String, Vec<String>>,
    train_release: Option<String>,
    train_release_temporal: Option<String>,
    reports: Vec<String>,
    drop_relationships_v18_strict: Option<Vec<String>>,
    split: Option<usize>,
    planted: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Split {
    split: usize,
    held_out_groups: Vec<String>,
}

/// The texts that a benchmark is made of.
pub struct Files {
    /// Documents.
    pub docs: String,
    /// Cases.
    pub cases: String,
    /// Documents of other releases, by release.
    pub releases: BTreeMap<String, String>,
    /// Cases of kind B, which others refer to.
    pub base: Option<String>,
    /// Groups held out, by split.
    pub splits: Option<String>,
    /// Group → country; what the program knows where there is none.
    pub countries: Option<String>,
}

/// What a group of cases is judged by: documents that are out, and the cases.
pub struct Unit {
    corpus: usize,
    out: Vec<bool>,
    until: String,
    parts: usize,
    cases: Vec<Judged>,
}

struct Judged {
    id: String,
    view: String,
    extra: Vec<(&'static str, Value)>,
    features: Vec<String>,
    /// Where the case is judged by other documents than the weights are fitted on: which corpus, and which are out.
    own: Option<(usize, Vec<bool>)>,
}

/// Everything that a run needs.
pub struct Bench {
    corpora: Vec<(Corpus, Vec<usize>)>,
    /// Independent of each other: may be run in any order, on any thread.
    pub units: Vec<Unit>,
}

/// Months in which releases came out: what stands in the table only since then was not known before.
const RELEASES: &[(&str, &str)] = &[
    ("8.2", "2021-01"),
    ("9.0", "2021-04"),
    ("10.1", "2021-11"),
    ("11.3", "2022-09"),
    ("12.1", "2022-11"),
    ("13.1", "2023-05"),
    ("14.1", "2023-11"),
    ("15.1", "2024-05"),
    ("16.1", "2024-11"),
    ("17.1", "2025-05"),
];
const ALWAYS: &str = "9999-12";
const VIEWS: [&str; 5] = ["all", "tech", "5", "10", "20"];
/// Folds within the documents that a model is fitted on.
const PARTS: usize = 10;
const PARTS_FEW: usize = 5;

fn until(release: &str) -> String {
    let found = RELEASES.iter().find(|(r, _)| *r == release);
    found.map_or(ALWAYS, |(_, month)| month).to_owned()
}

fn lines<T: for<'a> Deserialize<'a>>(file: &str, text: &str) -> Result<Vec<T>, BenchError> {
    let numbered = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    numbered
        .map(|(i, line)| {
            serde_json::from_str(line).map_err(|source| BenchError::Line {
                file: file.to_owned(),
                line: i + 1,
                source,
            })
        })
        .collect()
}

/// A fold for a report that names none: by its address.
fn fold_of(report: &str) -> usize {
    report.bytes().fold(17usize, |h, b| h.wrapping_mul(31).wrapping_add(usize::from(b))) % PARTS
}

impl Bench {
    /// Reads the files.
    ///
    /// # Errors
    /// A line that is not of its kind, a kind that is not known, a file that is not there.
    pub fn read(files: &Files, known: &Knowledge) -> Result<Bench, BenchError> {
        let cases: Vec<CaseLine> = lines("cases", &files.cases)?;
        let mut bench = Bench { corpora: Vec::new(), units: Vec::new() };
        let main = bench.corpus("docs", &files.docs, files, known)?;
        let has = |f: &dyn Fn(&CaseLine) -> bool| cases.first().is_some_and(f);
        if has(&|c| c.split.is_some()) {
            bench.open_set(main, &cases, files)?;
        } else if has(&|c| c.planted.is_some()) {
            bench.false_flag(main, &cases, files)?;
        } else if has(&|c| c.train_release.is_some()) {
            bench.next_release(&cases, files, known)?;
        } else if has(&|c| c.drop_relationships_v18_strict.is_some()) {
            bench.campaigns(main, &cases, files, known)?;
        } else if has(&|c| c.fold.is_some()) {
            bench.reports(main, &cases);
        } else {
            return Err(BenchError::UnknownKind);
        }
        Ok(bench)
    }

    fn corpus(
        &mut self,
        name: &str,
        text: &str,
        files: &Files,
        known: &Knowledge,
    ) -> Result<usize, BenchError> {
        let mut corpus = Corpus::default();
        let mut folds = Vec::new();
        for d in lines::<DocLine>(name, text)? {
            corpus.add(&d.group, &d.report, d.features.iter().map(String::as_str));
            folds.push(d.fold.unwrap_or_else(|| fold_of(&d.report)));
        }
        known.add_nations(&mut corpus);
        if let Some(countries) = &files.countries {
            let countries: BTreeMap<String, String> = serde_json::from_str(countries)
                .map_err(|source| BenchError::Line { file: "countries".into(), line: 1, source })?;
            for (group, country) in &countries {
                corpus.set_nation(group, country);
            }
        }
        known.add_brings(&mut corpus);
        self.corpora.push((corpus, folds));
        Ok(self.corpora.len() - 1)
    }

    /// A unit with the documents out for which `out` holds (by document, actor, report and fold).
    fn unit(
        &mut self,
        corpus: usize,
        cases: Vec<Judged>,
        parts: usize,
        out: &dyn Fn(&str, &str, usize) -> bool,
    ) {
        // What nobody has shown is evidence, too.
        for feature in cases.iter().flat_map(|c| &c.features) {
            self.corpora[corpus].0.feature(feature);
        }
        let (c, folds) = &self.corpora[corpus];
        let is_out = |(d, fold): (&crate::corpus::Document, &usize)| {
            out(&c.actors[d.actor], &c.reports[d.report], *fold)
        };
        let out = c.documents.iter().zip(folds).map(is_out).collect();
        self.units.push(Unit { corpus, out, until: ALWAYS.into(), parts, cases });
    }

    fn reports(&mut self, main: usize, cases: &[CaseLine]) {
        for (fold, cases) in by_fold(cases.iter()) {
            let judged = cases.iter().flat_map(|c| {
                VIEWS.iter().filter_map(|v| Some(judged(&c.case_id, v, view(c, v)?)))
            });
            let judged = judged.collect();
            self.unit(main, judged, PARTS, &|_, _, f| f == fold);
        }
    }

    fn false_flag(
        &mut self,
        main: usize,
        flags: &[CaseLine],
        files: &Files,
    ) -> Result<(), BenchError> {
        let base = base(files)?;
        let planted: BTreeMap<&str, &Vec<String>> =
            flags.iter().filter_map(|c| Some((c.case_id.as_str(), c.planted.as_ref()?))).collect();
        let wanted = base.iter().filter(|c| planted.contains_key(c.case_id.as_str()));
        for (fold, cases) in by_fold(wanted) {
            let mut list = Vec::new();
            for case in cases {
                for n in 0..=planted[case.case_id.as_str()].len() {
                    let mut features = view(case, "all").unwrap_or_default();
                    features.extend(planted[case.case_id.as_str()][..n].iter().cloned());
                    let mut j = judged(&format!("{}#planted{n}", case.case_id), "all", features);
                    j.extra.push(("planted", json!(n)));
                    list.push(j);
                }
            }
            self.unit(main, list, PARTS, &|_, _, f| f == fold);
        }
        Ok(())
    }

    fn open_set(
        &mut self,
        main: usize,
        cases: &[CaseLine],
        files: &Files,
    ) -> Result<(), BenchError> {
        let splits = files.splits.as_ref().ok_or(BenchError::Missing("open_set_splits.json"))?;
        let splits: Vec<Split> = serde_json::from_str(splits)
            .map_err(|source| BenchError::Line { file: "splits".into(), line: 1, source })?;
        let base = base(files)?;
        for split in &splits {
            let held: BTreeSet<&String> = split.held_out_groups.iter().collect();
            let ids: BTreeSet<&String> =
                cases.iter().filter(|c| c.split == Some(split.split)).map(|c| &c.case_id).collect();
            for (fold, cases) in by_fold(base.iter().filter(|c| ids.contains(&c.case_id))) {
                let mut list = Vec::new();
                for c in cases {
                    for v in ["all", "tech"] {
                        if let Some(features) = view(c, v) {
                            let mut j = judged(&format!("{}#open", c.case_id), v, features);
                            j.extra.push(("split", json!(split.split)));
                            list.push(j);
                        }
                    }
                }
                let out = |g: &str, _: &str, f: usize| f == fold || held.contains(&g.to_owned());
                self.unit(main, list, PARTS_FEW, &out);
            }
        }
        Ok(())
    }

    fn next_release(
        &mut self,
        cases: &[CaseLine],
        files: &Files,
        known: &Knowledge,
    ) -> Result<(), BenchError> {
        let mut by_release: BTreeMap<&String, Vec<&CaseLine>> = BTreeMap::new();
        for c in cases {
            if let Some(release) = &c.train_release {
                by_release.entry(release).or_default().push(c);
            }
        }
        for (release, cases) in by_release {
            let corpus = self.release(release, files, known)?;
            let mut list = Vec::new();
            for c in &cases {
                for v in ["all", "tech"] {
                    list.extend(view(c, v).map(|features| judged(&c.case_id, v, features)));
                }
            }
            let own: BTreeSet<&str> = cases.iter().map(|c| c.report.as_str()).collect();
            self.unit(corpus, list, PARTS, &|_, report, _| own.contains(report));
            self.units.last_mut().expect("just pushed").until = until(release);
        }
        Ok(())
    }

    fn release(
        &mut self,
        release: &str,
        files: &Files,
        known: &Knowledge,
    ) -> Result<usize, BenchError> {
        let text = files.releases.get(release);
        let text = text.ok_or_else(|| BenchError::MissingRelease(release.to_owned()))?;
        self.corpus(&format!("docs_v{release}.jsonl"), text, files, known)
    }

    /// Campaigns. Lenient: what the campaign's reports back is out. Strict: what they back is out, even where another
    /// report backs it, too. Temporal: strict, with the release before the campaign was published.
    /// Campaigns: what the campaign's reports back is out, by document; temporal, with the release before the campaign was
    /// published. The strict rule names relationships by their STIX ids, which documents do not have: it is judged as the
    /// lenient one.
    fn campaigns(
        &mut self,
        main: usize,
        cases: &[CaseLine],
        files: &Files,
        known: &Knowledge,
    ) -> Result<(), BenchError> {
        // The weights are fitted once a release, without any campaign's reports.
        let every: BTreeSet<&str> =
            cases.iter().flat_map(|c| &c.reports).map(String::as_str).collect();
        let mut by_corpus: BTreeMap<(usize, String), Vec<Judged>> = BTreeMap::new();
        let mut releases: BTreeMap<&String, usize> = BTreeMap::new();
        for c in cases {
            let reports: BTreeSet<&str> = c.reports.iter().map(String::as_str).collect();
            for mode in ["lenient", "strict", "temporal"] {
                let (fitted_on, month) = match (mode, &c.train_release_temporal) {
                    ("temporal", None) => continue,
                    ("temporal", Some(release)) => {
                        let known_as = match releases.get(release) {
                            Some(corpus) => *corpus,
                            None => self.release(release, files, known)?,
                        };
                        releases.insert(release, known_as);
                        (known_as, until(release))
                    }
                    _ => (main, ALWAYS.to_owned()),
                };
                let features = c.techniques.iter().chain(&c.software).cloned().collect::<Vec<_>>();
                for f in &features {
                    self.corpora[fitted_on].0.feature(f);
                }
                let corpus = &self.corpora[fitted_on].0;
                let is_out = |d: &crate::corpus::Document| {
                    reports.contains(corpus.reports[d.report].as_str())
                };
                let out = corpus.documents.iter().map(is_out).collect();
                let mut case = judged(&format!("{}#{mode}", c.case_id), "all", features);
                case.own = Some((fitted_on, out));
                by_corpus.entry((fitted_on, month)).or_default().push(case);
            }
        }
        for ((corpus, month), list) in by_corpus {
            self.unit(corpus, list, PARTS, &|_, report, _| every.contains(report));
            self.units.last_mut().expect("just pushed").until = month;
        }
        Ok(())
    }

    /// Fits on what a unit may know and judges its cases: a line of JSON each.
    #[must_use]
    pub fn run(&self, unit: &Unit) -> Vec<String> {
        self.run_as(unit, Kind::Whole)
    }

    /// The same with some of the terms.
    #[must_use]
    pub fn run_as(&self, unit: &Unit, kind: Kind) -> Vec<String> {
        let (corpus, folds) = &self.corpora[unit.corpus];
        let closed = closed(corpus, &unit.out);
        let keep = |i: usize| !unit.out[i] && !corpus.documents[i].features.is_empty();
        let unreadable = |r: usize| closed[r];
        let scope = Scope {
            keep: &keep,
            unreadable: &unreadable,
            until: &unit.until,
            folds,
            parts: unit.parts,
            kind,
        };
        let model = Model::fit(corpus, &scope);
        let counts = Counts::of(corpus, &keep, &unreadable, &unit.until);
        let unlisted = unit.until != ALWAYS;
        let judge = |case: &Judged| match &case.own {
            None => judge(&model, corpus, &counts, case, false),
            Some((own, out)) => {
                let corpus = &self.corpora[*own].0;
                let closed = self::closed(corpus, out);
                let keep = |i: usize| !out[i] && !corpus.documents[i].features.is_empty();
                let counts = Counts::of(corpus, &keep, &|r| closed[r], &unit.until);
                judge(&model, corpus, &counts, case, unlisted)
            }
        };
        unit.cases.iter().map(judge).collect()
    }
}

/// Reports of documents that are out.
fn closed(corpus: &Corpus, out: &[bool]) -> Vec<bool> {
    let mut closed = vec![false; corpus.reports.len()];
    for (d, out) in corpus.documents.iter().zip(out) {
        closed[d.report] |= out;
    }
    closed
}

fn judge(model: &Model, corpus: &Corpus, counts: &Counts, case: &Judged, unlisted: bool) -> String {
    let features = case.features.iter().filter_map(|f| corpus.find_feature(f));
    let seen = Seen::of(corpus, features.collect::<BTreeSet<_>>());
    line(corpus, case, &model.judge(corpus, counts, &seen), unlisted)
}

fn base(files: &Files) -> Result<Vec<CaseLine>, BenchError> {
    let text = files.base.as_ref().ok_or(BenchError::Missing("bench_b_cases.jsonl"))?;
    lines("bench_b_cases.jsonl", text)
}

fn by_fold<'a>(cases: impl Iterator<Item = &'a CaseLine>) -> BTreeMap<usize, Vec<&'a CaseLine>> {
    let mut folds: BTreeMap<usize, Vec<&CaseLine>> = BTreeMap::new();
    for case in cases {
        folds.entry(case.fold.unwrap_or_else(|| fold_of(&case.report))).or_default().push(case);
    }
    folds
}

fn judged(id: &str, view: &str, features: Vec<String>) -> Judged {
    Judged { id: id.to_owned(), view: view.to_owned(), extra: Vec::new(), features, own: None }
}

/// What a view shows of a case; nothing where the view shows nothing.
fn view(case: &CaseLine, view: &str) -> Option<Vec<String>> {
    let features = match view {
        "all" => case.techniques.iter().chain(&case.software).cloned().collect(),
        "tech" => case.techniques.clone(),
        n => case.sample.get(n)?.clone(),
    };
    Some(features).filter(|f: &Vec<String>| !f.is_empty())
}

/// `unlisted`: the case has a known actor by its definition (a campaign that was attributed later), and the release may not
/// list that one: an unknown actor's probability is then that of whoever is not listed.
fn line(corpus: &Corpus, case: &Judged, posterior: &Posterior, unlisted: bool) -> String {
    let mut all = serde_json::Map::new();
    let mut by_name: Vec<(&str, f64)> =
        posterior.actors.iter().map(|(a, p)| (corpus.actors[*a].as_str(), *p)).collect();
    by_name.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    for (name, p) in by_name {
        all.insert(name.to_owned(), json!(p));
    }
    all.insert("UNKNOWN".into(), json!(if unlisted { 0.0 } else { posterior.unknown }));
    let mut object = serde_json::Map::new();
    object.insert("case_id".into(), json!(case.id));
    object.insert("view".into(), json!(case.view));
    for (key, value) in &case.extra {
        object.insert((*key).into(), value.clone());
    }
    object.insert("posterior".into(), Value::Object(all));
    Value::Object(object).to_string()
}
