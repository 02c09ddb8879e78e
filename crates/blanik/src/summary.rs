//! What a hunt came to: counts of what was read and what was found.
//!
//! Findings pass through and are not kept; every map is bounded, and says how much it left out. The
//! terminal's view is [`Summary::render`], the machine's [`Summary::to_json`]; the HTML report draws
//! from the same counts.

mod correlations;
mod render;
pub mod tally;
pub mod timeline;

use std::collections::BTreeMap;
use std::time::Duration;

use blanik_model::attack::{AttackTag, TACTICS, parse_tag};
use blanik_model::finding::Brief;
use blanik_model::{Level, Timestamp};
use serde::Serialize;

pub use self::correlations::CorrelationStats;
use self::tally::{LevelCounts, Tally};
use self::timeline::Timeline;

/// Distinct hosts, accounts and rules that are counted by name; more are counted together.
const NAMES_MAX: usize = 5_000;
/// Occupied buckets of the timeline of all findings, and of each host's.
const TIMELINE_BUCKETS_MAX: usize = 8_192;
const HOST_BUCKETS_MAX: usize = 256;
/// Distinct techniques listed under one tactic.
const TECHNIQUES_MAX: usize = 500;

/// Where every event that was read went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accounting {
    /// Events that the readers found, those they could not decode included.
    pub events_read: u64,
    /// Matched against at least one rule.
    pub evaluated: u64,
    /// Read, but no loaded rule's log source names their kind.
    pub not_evaluated: u64,
    /// Not decodable, or lost in a damaged place.
    pub rejected: u64,
    /// Of those evaluated, the ones that at least one rule matched.
    pub events_with_findings: u64,
}

impl Accounting {
    /// True if every event read is accounted for.
    pub fn adds_up(&self) -> bool {
        let sum = [self.evaluated, self.not_evaluated, self.rejected];
        sum.iter().try_fold(0u64, |a, b| a.checked_add(*b)) == Some(self.events_read)
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Path and record, line or offset.
    pub place: String,
    /// Why.
    pub reason: String,
}

/// A name and a number of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// A host, a kind.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// The indicators that were looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndicatorStats {
    /// Distinct values.
    pub indicators: u64,
    /// What sources say of them.
    pub statements: u64,
    /// Distinct values that match nothing because everybody has them, by warning list.
    pub muted: BTreeMap<String, u64>,
}

/// What the readers did. Lists may come in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadingStats {
    /// Files opened.
    pub files: u64,
    /// Logs in them: a file is one, an archive as many as it holds.
    pub sources: u64,
    /// Bytes read from disk or standard input.
    pub bytes: u64,
    /// How long it took; leave out where output has to be the same on every run.
    pub duration: Option<Duration>,
    /// Hosts that the events name.
    pub hosts: Vec<Count>,
    /// Events of hosts that are too many to be named.
    pub events_of_further_hosts: u64,
    /// Kinds of the events.
    pub kinds: Vec<Count>,
    /// Time of the first event.
    pub first: Option<Timestamp>,
    /// Time of the last.
    pub last: Option<Timestamp>,
    /// Where the events went.
    pub accounting: Accounting,
    /// Alerts of other tools, by tool, that are no findings here as nobody asked for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_alerts: Vec<Count>,
    /// Rules that were loaded.
    pub rules: u64,
    /// Indicators that were loaded, if any were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicators: Option<IndicatorStats>,
    /// The first rejections.
    pub rejections: Vec<Rejection>,
    /// How many there are in all.
    pub rejections_total: u64,
    /// What became of the matches that correlation rules look at, if there are such rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlations: Option<CorrelationStats>,
    /// The data is invented.
    pub exercise: bool,
}

/// A tactic and what was seen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tactic {
    /// Findings whose rule names the tactic.
    pub levels: LevelCounts,
    /// Techniques that those rules name beside it, with the number of findings.
    pub techniques: BTreeMap<String, u64>,
    /// True if there were more techniques than are listed.
    pub more_techniques: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Summary {
    reading: ReadingStats,
    levels: LevelCounts,
    rules: Tally<RuleName>,
    hosts: Tally<Timeline>,
    accounts: Tally<()>,
    timeline: Timeline,
    tactics: Vec<Tactic>,
    without_tactic: u64,
    without_time: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What is kept of a rule beside its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleName {
    /// The rule's title.
    pub title: String,
    /// Its level.
    pub level: Option<Level>,
}

impl Default for Summary {
    fn default() -> Self {
        Self::new()
    }
}

impl Summary {
    /// Of nothing, so far.
    pub fn new() -> Self {
        Summary {
            reading: ReadingStats::default(),
            levels: LevelCounts::default(),
            rules: Tally::new(NAMES_MAX),
            hosts: Tally::new(NAMES_MAX),
            accounts: Tally::new(NAMES_MAX),
            timeline: Timeline::new(TIMELINE_BUCKETS_MAX),
            tactics: vec![Tactic::default(); TACTICS.len()],
            without_tactic: 0,
            without_time: 0,
            first: None,
            last: None,
        }
    }

    /// Counts a finding. Any order will do; that of time is fastest.
    pub fn add(&mut self, f: &Brief<'_>) {
        self.levels.add(f.level);
        let name = || RuleName { title: f.rule_title.clone().into_owned(), level: Some(f.level) };
        self.rules.add(&f.rule_id, f.level, name);
        if let Some(account) = &f.account {
            self.accounts.add(account, f.level, || ());
        }
        let host = f
            .host
            .as_ref()
            .and_then(|host| self.hosts.add(host, f.level, || Timeline::new(HOST_BUCKETS_MAX)));
        match f.time {
            Some(time) => {
                self.timeline.add(time, f.level);
                if let Some(host) = host {
                    host.add(time, f.level);
                }
                self.first = Some(self.first.map_or(time, |t| t.min(time)));
                self.last = Some(self.last.map_or(time, |t| t.max(time)));
            }
            None => self.without_time += 1,
        }
        self.add_tags(f);
    }

    fn add_tags(&mut self, f: &Brief<'_>) {
        let tags = || f.tags.iter().filter_map(|tag| parse_tag(tag));
        let mut seen = [false; TACTICS.len()];
        for tag in tags() {
            if let AttackTag::Tactic(i) = tag {
                seen[i] = true;
            }
        }
        if !seen.contains(&true) {
            self.without_tactic += 1;
        }
        for (tactic, _) in self.tactics.iter_mut().zip(seen).filter(|(_, seen)| *seen) {
            tactic.levels.add(f.level);
            for tag in tags() {
                let AttackTag::Technique(id) = tag else { continue };
                if tactic.techniques.contains_key(&id) || tactic.techniques.len() < TECHNIQUES_MAX {
                    *tactic.techniques.entry(id).or_default() += 1;
                } else {
                    tactic.more_techniques = true;
                }
            }
        }
    }

    /// Sets what the readers report. Lists are put in order here: by count, then by name.
    pub fn reading(&mut self, mut reading: ReadingStats) {
        for list in [&mut reading.hosts, &mut reading.kinds] {
            list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        }
        self.reading = reading;
    }

    /// What the readers reported.
    pub fn read(&self) -> &ReadingStats {
        &self.reading
    }

    /// Findings by level.
    pub fn levels(&self) -> &LevelCounts {
        &self.levels
    }

    /// Findings by rule id.
    pub fn rules(&self) -> &Tally<RuleName> {
        &self.rules
    }

    /// Findings by host, with each host's own timeline.
    pub fn hosts(&self) -> &Tally<Timeline> {
        &self.hosts
    }

    /// Findings by account.
    pub fn accounts(&self) -> &Tally<()> {
        &self.accounts
    }

    /// Findings over time.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The tactics that were seen, in the order of an intrusion.
    pub fn tactics(&self) -> impl Iterator<Item = (&'static str, &'static str, &Tactic)> {
        TACTICS
            .iter()
            .zip(&self.tactics)
            .filter(|(_, t)| t.levels.total() > 0)
            .map(|((slug, name), t)| (*slug, *name, t))
    }

    /// Findings whose rule names no tactic.
    pub fn without_tactic(&self) -> u64 {
        self.without_tactic
    }

    /// Findings of records that bear no time.
    pub fn without_time(&self) -> u64 {
        self.without_time
    }

    /// Time of the first finding and of the last.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.first.zip(self.last)
    }

    /// Distinct rules that fired, by level.
    pub fn rules_by_level(&self) -> LevelCounts {
        let mut counts = LevelCounts::default();
        for entry in self.rules.top() {
            if let Some(level) = entry.extra.level {
                counts.add(level);
            }
        }
        counts
    }

    /// The summary for programs: what `--summary` writes. Rejections are those that `reading` was given.
    pub fn for_programs(&self) -> impl Serialize {
        ForPrograms {
            exercise: self.reading.exercise,
            read: &self.reading,
            findings: self.levels.total(),
            levels: self.levels,
            first: self.first,
            last: self.last,
            without_time: self.without_time,
            rules: self.rules.top().into_iter().map(RuleCount::new).collect(),
            hosts: self.hosts.top().into_iter().map(NameCount::new).collect(),
            hosts_not_named: self.hosts.not_named(),
            accounts: self.accounts.top().into_iter().map(NameCount::new).collect(),
            accounts_not_named: self.accounts.not_named(),
            tactics: self
                .tactics()
                .map(|(tactic, name, t)| TacticCount {
                    tactic,
                    name,
                    findings: t.levels.total(),
                    techniques: &t.techniques,
                })
                .collect(),
            without_tactic: self.without_tactic,
        }
    }
}

/// See [`Summary::for_programs`].
#[derive(Serialize)]
struct ForPrograms<'s> {
    exercise: bool,
    read: &'s ReadingStats,
    findings: u64,
    levels: LevelCounts,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    without_time: u64,
    rules: Vec<RuleCount<'s>>,
    hosts: Vec<NameCount<'s>>,
    hosts_not_named: u64,
    accounts: Vec<NameCount<'s>>,
    accounts_not_named: u64,
    tactics: Vec<TacticCount<'s>>,
    without_tactic: u64,
}

#[derive(Serialize)]
struct RuleCount<'s> {
    rule_id: &'s str,
    rule_title: &'s str,
    level: Option<Level>,
    findings: u64,
}

impl<'s> RuleCount<'s> {
    fn new(e: tally::Entry<'s, RuleName>) -> Self {
        RuleCount {
            rule_id: e.name,
            rule_title: &e.extra.title,
            level: e.extra.level,
            findings: e.levels.total(),
        }
    }
}

#[derive(Serialize)]
struct NameCount<'s> {
    name: &'s str,
    findings: u64,
    levels: LevelCounts,
}

impl<'s> NameCount<'s> {
    fn new<T>(e: tally::Entry<'s, T>) -> Self {
        NameCount { name: e.name, findings: e.levels.total(), levels: *e.levels }
    }
}

#[derive(Serialize)]
struct TacticCount<'s> {
    tactic: &'static str,
    name: &'static str,
    findings: u64,
    techniques: &'s BTreeMap<String, u64>,
}
