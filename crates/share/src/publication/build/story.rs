//! The sentences of a publication, chapter by chapter, each with the records that it rests on.

use std::collections::{BTreeMap, BTreeSet};

use blanik_case::exposure::Exposure;
use blanik_case::gather::is_outside;
use blanik_case::link::Reason;
use blanik_case::observation::Observation;
use blanik_case::place::Site;
use blanik_case::scope::Standing;
use blanik_case::{Citations, EntityKind};
use blanik_model::attack::TACTICS;
use blanik_model::{Timestamp, Tlp};

use super::Builder;
use crate::publication::advice::{self, Seen};
use crate::publication::saying::{self, Intro, Saying, between, counted, listed, moment, span};
use crate::publication::verdict::Told;
use crate::publication::{Chapter, ChapterKind, Claim, Indicator, Wording};

/// Sentences of a chapter of the story.
const STORY_MAX: usize = 8;
/// Things taken that have a sentence of their own.
const TAKEN_MAX: usize = 10;
/// Quiet periods that are told, and how long they last at least.
const QUIET_MAX: usize = 6;
const QUIET_NS: i64 = 7 * 86_400 * 1_000_000_000;

impl Builder<'_> {
    pub(super) fn chapters(
        &mut self,
        told: Option<&Told>,
        indicators: &[Indicator],
    ) -> Vec<Chapter> {
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
        let bytes: u64 = sure("outbound").map(|e| e.bytes.confirmed).fold(0, u64::saturating_add);
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
        let ends = first.map(|o| o.first_record).into_iter().chain(last.map(|o| o.last_record));
        Citations::of(ends).unwrap_or_else(|| all.clone())
    }

    /// The record before and the record behind a time in which nothing was seen.
    fn around(&self, from: Timestamp, to: Timestamp, all: &Citations) -> Citations {
        let before = self.observations().find(|o| o.last == from).map(|o| o.last_record);
        let behind = self.observations().find(|o| o.first == to).map(|o| o.first_record);
        let both = before.zip(behind).and_then(|(before, behind)| Citations::of([before, behind]));
        both.unwrap_or_else(|| all.clone())
    }

    fn came_in(&self) -> Vec<(Saying, Citations)> {
        let ways = self.about(&["initial-access"]);
        if !ways.is_empty() {
            return ways;
        }
        let first = self.core().min_by_key(|o| (o.first, &o.host));
        first.map(|o| self.found(Intro::NoWay, o, o.first)).into_iter().collect()
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
        // The time that it says is of one record: that one is named.
        let on = match intro {
            Intro::Last => Citations::one(o.last_record),
            _ => o.rests_on.naming(o.first_record),
        };
        (saying::found(self.of.names, intro, &found), on)
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
            .map(|q| {
                let on = self.around(q.from, q.to, q.what.rests_on());
                (saying::unseen(names, None, q.from, q.to), on)
            })
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

    pub(super) fn exposures(&self) -> Vec<&Exposure> {
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
        let (items, bytes) = (e.items, e.bytes);
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
