//! An intrusion of a case → what is published of it to an audience.

use std::collections::{BTreeMap, BTreeSet};

use blanik_case::exposure::Exposure;
use blanik_case::gather::is_outside;
use blanik_case::link::Reason;
use blanik_case::observation::Observation;
use blanik_case::place::Site;
use blanik_case::scope::Standing;
use blanik_case::{Case, Citations, EntityKind, Intrusion, View};
use blanik_model::attack::TACTICS;
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Finding, Record, Timestamp, Tlp};

use super::advice::{self, Seen};
use super::names::Names;
use super::saying::{self, Intro, Saying, between, counted, listed, moment, span};
use super::verdict::{self, Told};
use super::{
    Bounds, Chapter, ChapterKind, Cited, Claim, Edge, Ground, Indicator, Log, Node, Opinion,
    Publication, Publisher, Scoped, Software, Step, Taken, Technique, Unseen, Wording, gathered,
};

/// Sentences of a chapter of the story.
const STORY_MAX: usize = 8;
/// Things taken that have a sentence of their own.
const TAKEN_MAX: usize = 10;
/// Quiet periods that are told, and how long they last at least.
const QUIET_MAX: usize = 6;
const QUIET_NS: i64 = 7 * 86_400 * 1_000_000_000;
/// Records of a claim that are looked at for what it says.
const GROUNDED_MAX: usize = 4;

/// Why nothing can be published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such intrusion.
    #[error("there is no intrusion {0}: the case has {1}")]
    NoIntrusion(usize, usize),
    /// The verdict on record cannot be read.
    #[error("the verdict of record {0} cannot be read: {1}")]
    Verdict(u64, serde_json::Error),
}

/// What is published, by whom, when, to whom.
pub struct Order {
    /// Which intrusion, from 1.
    pub intrusion: usize,
    /// The heading, if it is given.
    pub title: Option<Wording>,
    /// By whom.
    pub publisher: Publisher,
    /// When.
    pub published: Timestamp,
    /// The sector of who it happened to.
    pub victim: Option<String>,
    /// True if all of it is invented.
    pub exercise: bool,
    /// Whether it is said who it was.
    pub attributes: bool,
    /// Allies' cosignatures: name of the key without its grade, grade, when.
    pub cosigned: Vec<(String, String, Option<Timestamp>)>,
    /// Where the records stand.
    pub log: Log,
}

/// What a publication is made of.
pub struct Material<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its records with their indexes.
    pub records: &'a [(u64, Record)],
    /// What may be shown.
    pub names: &'a Names,
}

struct Builder<'a> {
    of: &'a Material<'a>,
    intrusion: &'a Intrusion,
    view: View,
    by_index: BTreeMap<u64, &'a Record>,
    claims: usize,
}

/// What is published.
///
/// # Errors
/// See [`Error`].
pub fn publication(of: &Material<'_>, order: &Order) -> Result<Publication, Error> {
    let found = &of.case.intrusions.found;
    let none = || Error::NoIntrusion(order.intrusion, found.len());
    let at = order.intrusion.checked_sub(1).ok_or_else(none)?;
    let intrusion = found.get(at).ok_or_else(none)?;
    let view = of.case.views().into_iter().nth(at).ok_or_else(none)?;
    let by_index = of.records.iter().map(|(index, record)| (*index, record)).collect();
    let mut builder = Builder { of, intrusion, view, by_index, claims: 0 };
    builder.publication(order)
}

impl Builder<'_> {
    fn publication(&mut self, order: &Order) -> Result<Publication, Error> {
        let names = self.of.names;
        let told = match order.attributes {
            true => self.told(order.intrusion)?,
            false => None,
        };
        let indicators = gathered::indicators(self.of, self.intrusion);
        let chapters = self.chapters(told.as_ref(), &indicators);
        let (nodes, edges) = self.graph();
        let log = order.log.clone();
        let opinions = self.opinions(order);
        let (attribution, software) = match told {
            Some(told) => {
                let cites = told.attribution.cites.clone();
                let named = told.software.into_iter();
                let software = named.map(|s| gathered::software(s, &cites)).collect();
                (Some(told.attribution), software)
            }
            None => (None, Vec::<Software>::new()),
        };
        let title = order.title.clone().unwrap_or_else(|| Wording {
            en: "Intrusion into a network".to_owned(),
            cs: "Průnik do sítě".to_owned(),
        });
        let mut publication = Publication {
            title: Wording { en: names.text(&title.en), cs: names.text(&title.cs) },
            case: names.text(self.by_index.values().next().map_or("", |r| &r.case)),
            intrusion: order.intrusion,
            exercise: order.exercise,
            tlp: names.tlp(),
            published: order.published,
            publisher: order.publisher.clone(),
            first: self.view.timeline.first,
            last: self.view.timeline.last,
            victim: order.victim.clone(),
            chapters,
            steps: self.steps(),
            unseen: self.unseen(),
            techniques: self.techniques(),
            software,
            scope: self.scope(),
            taken: self.taken(),
            indicators,
            nodes,
            edges,
            attribution,
            opinions,
            withheld: Vec::new(),
            log,
        };
        // Of names that nobody would have seen anyway, not even the number is said.
        let text = serde_json::to_string(&publication).unwrap_or_default();
        let used = names.used(&text).into_iter();
        publication.withheld = used.map(|(kind, of)| (kind.to_owned(), of.len() as u64)).collect();
        Ok(publication)
    }

    fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.intrusion.observations.iter().map(|i| &self.of.case.observations[*i])
    }

    fn core(&self) -> impl Iterator<Item = &Observation> {
        self.intrusion.core.iter().map(|i| &self.of.case.observations[*i])
    }

    fn finding(&self, index: u64) -> Option<&Finding> {
        match &self.by_index.get(&index)?.fact {
            Fact::Found(finding) => Some(finding),
            _ => None,
        }
    }

    /// The newest verdict on record about that intrusion.
    fn told(&self, intrusion: usize) -> Result<Option<Told>, Error> {
        let newest = self.of.records.iter().rev().find_map(|(index, record)| match &record.fact {
            Fact::Concluded(said) if said.intrusion == intrusion as u64 => Some((*index, said)),
            _ => None,
        });
        let Some((index, said)) = newest else { return Ok(None) };
        let cites = Cited::from(&Citations::one(index));
        verdict::told(&said.verdict, cites, self.of.names)
            .map(Some)
            .map_err(|error| Error::Verdict(index, error))
    }

    fn claim(&mut self, saying: Saying, rests_on: &Citations) -> Claim {
        self.claims += 1;
        // What a rule is called, or a host, may hold characters that turn a line around.
        let safe = |text: &str| for_terminal(text).into_owned();
        let text = Wording { en: safe(&saying.text.en), cs: safe(&saying.text.cs) };
        let saying = Saying { text, ..saying };
        let grounds = self.grounds(&saying, rests_on);
        Claim {
            id: format!("c{}", self.claims),
            text: saying.text,
            marking: saying.marking,
            cites: Cited::from(rests_on),
            grounds,
        }
    }

    /// Fields of the first records whose text the sentence says.
    fn grounds(&self, saying: &Saying, rests_on: &Citations) -> Vec<Ground> {
        let names = self.of.names;
        let mut grounds = Vec::new();
        for &record in rests_on.indexes().iter().take(GROUNDED_MAX) {
            let Some(finding) = self.finding(record) else { continue };
            let time = finding.time.filter(|time| saying.text.en.contains(&moment(*time)));
            let time = time.map(|time| ("/time", time.to_string()));
            let title = &finding.rule_title;
            let title =
                saying.text.en.contains(title.as_str()).then(|| ("/rule_title", title.clone()));
            for (path, value) in title.into_iter().chain(time) {
                let is_withheld = names.redactions().fields.contains(path);
                if names.is_clean(&value) && !is_withheld {
                    grounds.push(Ground { record, path: path.to_owned(), value });
                }
            }
        }
        grounds
    }

    fn chapters(&mut self, told: Option<&Told>, indicators: &[Indicator]) -> Vec<Chapter> {
        let mut said: Vec<(ChapterKind, Vec<(Saying, Citations)>)> = vec![
            (ChapterKind::Summary, self.summary(told)),
            (ChapterKind::CameIn, self.came_in()),
            (ChapterKind::Moved, self.moved()),
            (ChapterKind::Stayed, self.about(&["persistence"])),
            (ChapterKind::Left, self.left()),
            (ChapterKind::Unseen, self.not_seen()),
            (ChapterKind::Scope, self.reach()),
            (ChapterKind::Taken, self.took()),
        ];
        if let Some(told) = told {
            let on = Citations::of(told.attribution.cites.records.iter().copied());
            let on = on.expect("a verdict is a record");
            let with = |s: &Saying| (s.clone(), on.clone());
            said.push((ChapterKind::Attribution, told.who.iter().map(with).collect()));
            said.push((ChapterKind::Denial, told.denial.iter().map(with).collect()));
        }
        said.push((ChapterKind::Advice, self.advice(indicators)));
        let mut chapters = Vec::new();
        for (kind, sayings) in said {
            let claims: Vec<Claim> =
                sayings.into_iter().map(|(s, on)| self.claim(s, &on)).collect();
            if !claims.is_empty() {
                chapters.push(Chapter { kind, claims });
            }
        }
        chapters
    }

    fn summary(&self, told: Option<&Told>) -> Vec<(Saying, Citations)> {
        let timeline = &self.view.timeline;
        let length = span((timeline.last.as_nanos() - timeline.first.as_nanos()) / 1_000_000_000);
        let (from, to) = (moment(timeline.first), moment(timeline.last));
        let findings: u64 = self.observations().map(|o| o.findings).sum();
        let rules = self.observations().map(|o| (&o.rule, &o.title)).collect::<BTreeSet<_>>().len();
        let n = counted(findings, ["finding", "findings"], ["nález", "nálezy", "nálezů"]);
        let m = counted(
            rules as u64,
            ["detection rule", "detection rules"],
            ["detekčního pravidla", "detekčních pravidel", "detekčních pravidel"],
        );
        let when = Wording {
            en: format!(
                "From {from} to {to} ({}) an intruder was active in the network.",
                length.en
            ),
            cs: format!("Od {from} do {to} ({}) působil v síti útočník.", length.cs),
        };
        let basis = Wording {
            en: format!("What is known rests on {} of {}.", n.en, m.en),
            cs: format!("Poznatky se opírají o {} {}.", n.cs, m.cs),
        };
        let on = self.view.summary.rests_on();
        let ends = self.ends(on);
        let mut said = vec![(plain(when), ends)];
        said.extend(self.reached());
        said.extend(self.taken_in_all());
        said.extend(told.map(who));
        said.push((plain(basis), on.clone()));
        said
    }

    /// How many hosts, accounts and mailboxes the intruder was in.
    fn reached(&self) -> Option<(Saying, Citations)> {
        let of = |kind| {
            let scope = self.view.scope.iter();
            scope.filter(move |s| s.standing == Standing::Confirmed && s.entity.kind == kind)
        };
        let parts: Vec<Wording> = [EntityKind::Host, EntityKind::Account, EntityKind::Mailbox]
            .into_iter()
            .map(|kind| (kind, of(kind).count() as u64))
            .filter(|(_, n)| *n > 0)
            .map(|(kind, n)| kinds(kind, n))
            .collect();
        let on = Citations::join(
            self.view
                .scope
                .iter()
                .filter(|s| s.standing == Standing::Confirmed)
                .map(|s| s.why.rests_on()),
        )?;
        let joined = |of: fn(&Wording) -> &str| parts.iter().map(of).collect::<Vec<_>>().join(", ");
        let text = Wording {
            en: format!("The intruder is confirmed to have reached {}.", joined(|w| &w.en)),
            cs: format!("Potvrzený dosah útočníka: {}.", joined(|w| &w.cs)),
        };
        Some((plain(text), on))
    }

    /// What left in all, and how many mailboxes were read in: at least.
    fn taken_in_all(&self) -> Option<(Saying, Citations)> {
        let sure = |act: &'static str| {
            let of = self.view.exposure.iter().filter(move |e| e.act == act);
            of.filter(|e| (e.bytes.confirmed, e.items.confirmed) != (0, 0))
        };
        let bytes: u64 = sure("outbound").map(|e| e.bytes.confirmed).sum();
        let boxes = sure("mail").count() as u64;
        let on = Citations::join(
            sure("outbound").chain(sure("mail")).flat_map(|e| e.why.iter().map(|s| s.rests_on())),
        )?;
        let (amount, n) = (saying::grouped(bytes), kinds(EntityKind::Mailbox, boxes));
        let text = match (bytes, boxes) {
            (_, 0) => Wording {
                en: format!("At least {} bytes are confirmed to have left the network.", amount.en),
                cs: format!("Potvrzený odliv dat ze sítě je nejméně {} bajtů.", amount.cs),
            },
            (0, _) => Wording {
                en: format!("Mail of at least {} was read.", n.en),
                cs: format!("Čtená pošta: nejméně {}.", n.cs),
            },
            _ => Wording {
                en: format!(
                    "At least {} bytes are confirmed to have left the network, and mail of at least {} was read.",
                    amount.en, n.en
                ),
                cs: format!(
                    "Potvrzený odliv dat ze sítě je nejméně {} bajtů; čtená pošta: nejméně {}.",
                    amount.cs, n.cs
                ),
            },
        };
        Some((plain(text), on))
    }

    /// The first and the last record of an intrusion: what says from when to when.
    fn ends(&self, all: &Citations) -> Citations {
        let first = self.observations().min_by_key(|o| (o.first, &o.host));
        let last = self.observations().max_by_key(|o| (o.last, &o.host));
        let parts: Vec<&Citations> = first.iter().chain(&last).map(|o| &o.rests_on).collect();
        Citations::join(parts).unwrap_or_else(|| all.clone())
    }

    fn came_in(&self) -> Vec<(Saying, Citations)> {
        let ways = self.about(&["initial-access"]);
        if !ways.is_empty() {
            return ways;
        }
        let first = self.core().min_by_key(|o| (o.first, &o.host));
        first.map(|o| self.found(Intro::First, o, o.first)).into_iter().collect()
    }

    fn moved(&self) -> Vec<(Saying, Citations)> {
        let mut first: BTreeMap<&str, &Observation> = BTreeMap::new();
        for o in self.core().filter(|o| o.site != Site::Elsewhere) {
            first.entry(&o.host).or_insert(o);
        }
        let mut places: Vec<&Observation> = first.into_values().collect();
        places.sort_by_key(|o| (o.first, &o.host));
        let mut told: Vec<(Timestamp, (Saying, Citations))> = Vec::new();
        for (i, o) in places.iter().enumerate().take(STORY_MAX) {
            let intro = if i == 0 { Intro::First } else { Intro::Further };
            told.push((o.first, self.found(intro, o, o.first)));
        }
        let mut ways = BTreeSet::new();
        for link in &self.intrusion.links {
            let Reason::Route(l) = &link.reason else { continue };
            if ways.len() < STORY_MAX && ways.insert((&l.from, &l.to, &l.account)) {
                let said = saying::logged_on(self.of.names, l.at, &l.account, &l.from, &l.to);
                told.push((l.at, (said, Citations::one(l.record))));
            }
        }
        told.sort_by_key(|(at, _)| *at);
        told.into_iter().map(|(_, said)| said).collect()
    }

    fn left(&self) -> Vec<(Saying, Citations)> {
        let mut said = self.about(&["collection", "exfiltration", "impact"]);
        if let Some(last) = self.observations().max_by_key(|o| (o.last, &o.host)) {
            said.push(self.found(Intro::Last, last, last.last));
        }
        said
    }

    /// What of those tactics was found, each rule on each host once; the worst, by time.
    fn about(&self, slugs: &[&str]) -> Vec<(Saying, Citations)> {
        let has = |o: &&Observation| o.tactics.iter().any(|t| slugs.contains(&TACTICS[*t].0));
        let mut seen = BTreeSet::new();
        let mut of: Vec<&Observation> = self
            .observations()
            .filter(has)
            .filter(|o| seen.insert((&o.rule, &o.title, &o.host)))
            .collect();
        of.sort_by_key(|o| (std::cmp::Reverse(o.level), o.first));
        of.truncate(STORY_MAX);
        of.sort_by_key(|o| (o.first, &o.host));
        of.into_iter().map(|o| self.found(Intro::None, o, o.first)).collect()
    }

    fn found(&self, intro: Intro, o: &Observation, at: Timestamp) -> (Saying, Citations) {
        let account = o.entities.iter().find(|e| e.kind == EntityKind::Account);
        let found = saying::Found {
            at,
            title: &o.title,
            times: if intro == Intro::Last { 1 } else { o.findings },
            host: (o.host != "-").then_some(o.host.as_str()),
            is_outside: o.site == Site::Elsewhere && is_outside(&o.host),
            account: account.map(|e| &*e.name),
        };
        (saying::found(self.of.names, intro, &found), o.rests_on.clone())
    }

    fn not_seen(&self) -> Vec<(Saying, Citations)> {
        let names = self.of.names;
        let mut quiet: Vec<_> = self.view.timeline.quiet.iter().collect();
        let length = |a: Timestamp, b: Timestamp| b.as_nanos().saturating_sub(a.as_nanos());
        quiet.retain(|q| length(q.from, q.to) >= QUIET_NS);
        quiet.sort_by_key(|q| std::cmp::Reverse(length(q.from, q.to)));
        quiet.truncate(QUIET_MAX);
        quiet.sort_by_key(|q| q.from);
        let mut said: Vec<(Saying, Citations)> = quiet
            .into_iter()
            .map(|q| (saying::unseen(names, None, q.from, q.to), q.what.rests_on().clone()))
            .collect();
        let mut gaps: Vec<_> = self.view.gaps.iter().collect();
        gaps.sort_by_key(|g| std::cmp::Reverse(length(g.from, g.to)));
        gaps.truncate(QUIET_MAX);
        gaps.sort_by_key(|g| (g.from, &g.host));
        said.extend(gaps.into_iter().map(|g| {
            (saying::unseen(names, Some(&g.host), g.from, g.to), g.what.rests_on().clone())
        }));
        said
    }

    fn reach(&self) -> Vec<(Saying, Citations)> {
        let mut of: BTreeMap<(EntityKind, Standing), Vec<(&str, &Citations)>> = BTreeMap::new();
        for scoped in &self.view.scope {
            let named = (&*scoped.entity.name, scoped.why.rests_on());
            of.entry((scoped.entity.kind, scoped.standing)).or_default().push(named);
        }
        let sentence =
            |((kind, standing), of): ((EntityKind, Standing), Vec<(&str, &Citations)>)| {
                let mut marking = Tlp::Clear;
                let shown: Vec<String> =
                    of.iter().map(|(name, _)| self.of.names.show(name, &mut marking)).collect();
                let list = listed(&shown);
                let what = kinds(kind, of.len() as u64);
                let (en, cs) = standing_words(standing);
                let text = Wording {
                    en: format!("{}: {en}: {}.", capital(&what.en), list.en),
                    cs: format!("{}: {cs}: {}.", capital(&what.cs), list.cs),
                };
                Some((Saying { text, marking }, Citations::join(of.iter().map(|(_, on)| *on))?))
            };
        of.into_iter().filter_map(sentence).collect()
    }

    fn exposures(&self) -> Vec<&Exposure> {
        let mut of: Vec<&Exposure> = self.view.exposure.iter().collect();
        let sure = |e: &Exposure| (e.bytes.confirmed, e.items.confirmed);
        of.sort_by_key(|e| (e.act, std::cmp::Reverse(sure(e)), &e.object));
        of
    }

    fn took(&self) -> Vec<(Saying, Citations)> {
        let of = self.exposures();
        let mut sure: Vec<&Exposure> = of
            .iter()
            .copied()
            .filter(|e| (e.bytes.confirmed, e.items.confirmed) != (0, 0))
            .collect();
        sure.sort_by_key(|e| std::cmp::Reverse((e.bytes.confirmed, e.items.confirmed)));
        sure.truncate(TAKEN_MAX);
        let rests_on = |e: &Exposure| Citations::join(e.why.iter().map(|s| s.rests_on()));
        let mut said: Vec<(Saying, Citations)> =
            sure.iter().filter_map(|e| Some((self.exposed(e), rests_on(e)?))).collect();
        let rest = of.iter().filter(|e| !sure.iter().any(|s| std::ptr::eq(*s, **e)));
        let cited: Vec<Citations> = rest.clone().filter_map(|e| rests_on(e)).collect();
        if let Some(on) = Citations::join(&cited) {
            let n = counted(
                rest.count() as u64,
                ["further object", "further objects"],
                ["další objekt", "další objekty", "dalších objektů"],
            );
            let text = Wording {
                en: format!(
                    "{} (mailboxes, files, addresses) may have been reached; that they were is not confirmed.",
                    capital(&n.en)
                ),
                cs: format!(
                    "{} (schránky, soubory, adresy): přístup možný, nikoli potvrzený.",
                    capital(&n.cs)
                ),
            };
            said.push((plain(text), on));
        }
        said
    }

    fn exposed(&self, e: &Exposure) -> Saying {
        let mut marking = Tlp::Clear;
        let object = self.of.names.show(&e.object, &mut marking);
        let (items, bytes) = (of_case(e.items), of_case(e.bytes));
        let is_outbound = e.act == "outbound";
        let amounts = [
            (!is_outbound)
                .then(|| between(items, &Wording { en: "items".into(), cs: "položek".into() })),
            (is_outbound || bytes.confirmed > 0 || bytes.possible.is_some_and(|most| most > 0))
                .then(|| between(bytes, &Wording { en: "bytes".into(), cs: "bajtů".into() })),
        ];
        let amounts: Vec<&Wording> = amounts.iter().flatten().collect();
        let joined =
            |of: fn(&Wording) -> &str| amounts.iter().map(|w| of(w)).collect::<Vec<_>>().join(", ");
        let (en, cs) = match e.act {
            "mail" => ("Mail read in", "Čtená pošta ve schránce"),
            "archive" => ("Archive made:", "Vytvořený archiv:"),
            "outbound" => ("Data sent to", "Data odeslaná na"),
            _ => ("Files read:", "Čtené soubory:"),
        };
        let (from, to) = (moment(e.first), moment(e.last));
        let text = Wording {
            en: format!("{en} {object}: {} ({from} to {to}).", joined(|w| &w.en)),
            cs: format!("{cs} {object}: {} (od {from} do {to}).", joined(|w| &w.cs)),
        };
        Saying { text, marking }
    }

    fn advice(&self, indicators: &[Indicator]) -> Vec<(Saying, Citations)> {
        let mut said = Vec::new();
        let count = |kinds: &[&str]| {
            indicators.iter().filter(|i| kinds.contains(&i.kind.as_str())).count() as u64
        };
        let (addresses, names) = (count(&["address", "network"]), count(&["domain", "url"]));
        let files = indicators.len() as u64 - addresses - names;
        let from = moment(self.view.timeline.first);
        let on = Citations::of(indicators.iter().flat_map(|i| i.cites.records.iter().copied()));
        said.extend(advice::look_for(addresses, names, files, &from).zip(on));
        let seen: Vec<Seen<'_>> = self
            .core()
            .map(|o| Seen {
                techniques: o.techniques.iter().map(String::as_str).collect(),
                tactics: o.tactics.iter().copied().collect(),
                rests_on: &o.rests_on,
            })
            .collect();
        said.extend(advice::advice(&seen));
        said
    }

    fn steps(&self) -> Vec<Step> {
        let names = self.of.names;
        let step = |s: &blanik_case::timeline::Step| {
            let o = &self.of.case.observations[s.observation];
            let mut marking = Tlp::Clear;
            let host = (o.host != "-").then(|| names.show(&o.host, &mut marking));
            Step {
                first: s.first,
                last: s.last,
                host,
                tactic: s.tactic,
                techniques: o.techniques.iter().cloned().collect(),
                level: s.level,
                rule_id: names.text(&o.rule),
                rule_title: names.text(&o.title),
                findings: o.findings,
                cites: Cited::from(&o.rests_on),
                marking,
            }
        };
        self.view.timeline.steps.iter().map(step).collect()
    }

    fn unseen(&self) -> Vec<Unseen> {
        let names = self.of.names;
        let quiet = self.view.timeline.quiet.iter().map(|q| Unseen {
            host: None,
            from: q.from,
            to: q.to,
            marking: Tlp::Clear,
        });
        let gaps = self.view.gaps.iter().map(|g| {
            let mut marking = Tlp::Clear;
            let host = Some(names.show(&g.host, &mut marking));
            Unseen { host, from: g.from, to: g.to, marking }
        });
        let mut all: Vec<Unseen> = quiet.chain(gaps).collect();
        all.sort_by(|a, b| (a.from, &a.host).cmp(&(b.from, &b.host)));
        all
    }

    fn techniques(&self) -> Vec<Technique> {
        let mut of: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
        for o in self.observations() {
            o.techniques.iter().for_each(|t| of.entry(t).or_default().push(o));
        }
        let known = gathered::technique_names();
        let technique = |(id, of): (&str, Vec<&Observation>)| {
            let tactics: BTreeSet<usize> =
                of.iter().flat_map(|o| o.tactics.iter().copied()).collect();
            let rules: BTreeSet<String> = of.iter().map(|o| self.of.names.text(&o.title)).collect();
            Some(Technique {
                id: id.to_owned(),
                name: known.get(id).cloned(),
                tactics: tactics.into_iter().collect(),
                first: of.iter().map(|o| o.first).min()?,
                last: of.iter().map(|o| o.last).max()?,
                findings: of.iter().map(|o| o.findings).sum(),
                rules: rules.into_iter().collect(),
                cites: Cited::from(&Citations::join(of.iter().map(|o| &o.rests_on))?),
            })
        };
        of.into_iter().filter_map(technique).collect()
    }

    fn scope(&self) -> Vec<Scoped> {
        let scoped = |s: &blanik_case::scope::Scoped| {
            let mut marking = Tlp::Clear;
            Scoped {
                kind: s.entity.kind.as_str().to_owned(),
                name: self.of.names.show(&s.entity.name, &mut marking),
                standing: s.standing.as_str().to_owned(),
                cites: Cited::from(s.why.rests_on()),
                marking,
            }
        };
        self.view.scope.iter().map(scoped).collect()
    }

    fn taken(&self) -> Vec<Taken> {
        let taken = |e: &&Exposure| {
            let mut marking = Tlp::Clear;
            Some(Taken {
                act: e.act.to_owned(),
                object: self.of.names.show(&e.object, &mut marking),
                first: e.first,
                last: e.last,
                items: of_case(e.items),
                bytes: of_case(e.bytes),
                cites: Cited::from(&Citations::join(e.why.iter().map(|s| s.rests_on()))?),
                marking,
            })
        };
        self.exposures().iter().filter_map(taken).collect()
    }

    fn graph(&self) -> (Vec<Node>, Vec<Edge>) {
        let graph = &self.view.graph;
        let node = |n: &blanik_case::graph::Node| {
            let mut marking = Tlp::Clear;
            Node {
                kind: n.entity.kind.as_str().to_owned(),
                name: self.of.names.show(&n.entity.name, &mut marking),
                first: n.first,
                cites: Cited::from(&n.rests_on),
                marking,
            }
        };
        let edge = |e: &blanik_case::graph::Edge| Edge {
            from: e.host,
            to: e.other,
            observations: e.observations,
            cites: Cited::from(&e.rests_on),
        };
        (graph.nodes.iter().map(node).collect(), graph.edges.iter().map(edge).collect())
    }

    fn opinions(&self, order: &Order) -> Vec<Opinion> {
        let mut opinions: Vec<Opinion> = order
            .cosigned
            .iter()
            .map(|(agency, grade, at)| Opinion {
                agency: agency.clone(),
                grade: grade.clone(),
                at: *at,
                record: None,
                probabilities: Vec::new(),
            })
            .collect();
        // An agency's own probabilities are said to those with whom the network is defended.
        if self.of.names.tlp() >= Tlp::Amber && order.attributes {
            opinions.extend(self.of.records.iter().filter_map(|(index, record)| {
                let Fact::Assessed(said) = &record.fact else { return None };
                Some(Opinion {
                    agency: self.of.names.text(&said.agency),
                    grade: "assessed".to_owned(),
                    at: Some(record.at),
                    record: Some(*index),
                    probabilities: said
                        .probabilities
                        .iter()
                        .map(|(h, p)| (self.of.names.text(h), p.clone()))
                        .collect(),
                })
            }));
        }
        opinions
    }
}

/// Who it was, with the confidence in the same sentence: what is quoted alone still has it.
fn who(told: &Told) -> (Saying, Citations) {
    let of = &told.attribution;
    let both = |a: &str, b: &str| format!("{a} {b}");
    let text = Wording {
        en: both(&of.likelihood.en, &of.confidence_sentence.en),
        cs: both(&of.likelihood.cs, &of.confidence_sentence.cs),
    };
    let on = Citations::of(of.cites.records.iter().copied());
    (plain(text), on.expect("a verdict is a record"))
}

fn plain(text: Wording) -> Saying {
    Saying { text, marking: Tlp::Clear }
}

fn of_case(b: blanik_case::exposure::Bounds) -> Bounds {
    Bounds { confirmed: b.confirmed, possible: b.possible }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn standing_words(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Confirmed => ("the intruder was there", "útočník zde byl"),
        Standing::Suspected => ("the intruder may have been there", "útočník zde mohl být"),
        Standing::Open => ("neither confirmed nor cleared", "neprokázáno ani vyloučeno"),
        Standing::Cleared => {
            ("watched, and nothing there stands out", "sledováno, nic tam nevyčnívá")
        }
    }
}

fn kinds(kind: EntityKind, n: u64) -> Wording {
    match kind {
        EntityKind::Host => counted(n, ["host", "hosts"], ["stroj", "stroje", "strojů"]),
        EntityKind::Account => counted(n, ["account", "accounts"], ["účet", "účty", "účtů"]),
        EntityKind::Mailbox => {
            counted(n, ["mailbox", "mailboxes"], ["schránka", "schránky", "schránek"])
        }
        _ => counted(n, ["object", "objects"], ["objekt", "objekty", "objektů"]),
    }
}
