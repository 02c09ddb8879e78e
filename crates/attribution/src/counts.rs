//! Counts of a chosen part of the documents, and from them the log-likelihood ratio of each feature under
//! each actor against everyone, by several ways of backing off.

mod likeness;
mod nations;

use crate::corpus::{Actor, Corpus, Feature, Report};
use nations::Nations;

/// A ratio above 13 dB counts as 13 dB where it is capped: natural logarithm.
pub const CAP_NATS: f32 = 2.993_36;

/// Ways in which one feature speaks for an actor. All are logarithms of ratios against everyone, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Reports that show it over the actor's reports, smoothed towards everyone.
    Own,
    /// The same with much smoothing (κ = 30).
    Broad,
    /// Its share of all that was ever shown of the actor.
    Share,
    /// The nation's other actors.
    Nation,
    /// What the actor's own software brings.
    Software,
    /// Features that come with those that the actor shows, in reports and in software.
    Neighbours,
}

const CHANNELS: usize = 6;

/// A document that is counted, with what comparing a case to it needs.
pub struct Used {
    /// Whom it is about.
    pub actor: Actor,
    /// What it shows.
    pub features: Vec<Feature>,
    /// The same with what its software brings.
    pub expanded: Vec<Feature>,
    /// Sums of squared rarities: techniques.
    pub squares: f32,
    /// Of software.
    pub squares_software: f32,
    /// Of the expanded features.
    pub squares_expanded: f32,
}

/// An actor's record as a whole.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Different techniques.
    pub techniques: f32,
    /// Different software.
    pub software: f32,
    /// Software that no other actor has shown.
    pub exclusive: f32,
    /// Techniques, once for each document.
    pub techniques_shown: f32,
    /// Software, once for each document.
    pub software_shown: f32,
    /// Documents of five features or more.
    pub long: f32,
    /// Length of the profile: techniques.
    pub norm: f32,
    /// Software.
    pub norm_software: f32,
}

/// Counts of documents; see the module. Tables are feature × actor: a case is read feature by feature, for all
/// actors at once.
pub struct Counts {
    /// Documents of each actor.
    pub documents: Vec<f32>,
    /// Everyone's documents that show a feature.
    pub everyone: Vec<f32>,
    /// Actors that show a feature.
    pub actors_with: Vec<f32>,
    /// The documents.
    pub used: Vec<Used>,
    /// What each piece of software brings, by those reports that may be read.
    pub brings: Vec<Vec<Feature>>,
    /// Rarity of a feature: logarithm of one over its share of documents.
    pub rarity: Vec<f32>,
    /// Whether a feature is software.
    pub software: Vec<bool>,
    /// Each actor's record as a whole.
    pub profile: Vec<Profile>,
    with: Vec<f32>,
    tables: Vec<Vec<f32>>,
    alike: Vec<Vec<f32>>,
    actors: usize,
}

impl Counts {
    /// Counts the documents that `keep` allows, by index. What only reports that may not be read say of software is
    /// left out, and what stands only since after the month `until` (`YYYY-MM`, inclusive).
    #[must_use]
    pub fn of(
        corpus: &Corpus,
        keep: &dyn Fn(usize) -> bool,
        unreadable: &dyn Fn(Report) -> bool,
        until: &str,
    ) -> Counts {
        let (na, nf) = (corpus.actors.len(), corpus.features.len());
        let mut counts = Counts {
            documents: vec![0.0; na],
            everyone: vec![0.0; nf],
            actors_with: vec![0.0; nf],
            used: Vec::new(),
            brings: vec![Vec::new(); nf],
            rarity: Vec::new(),
            software: (0..nf).map(|f| corpus.is_software(f)).collect(),
            profile: vec![Profile::default(); na],
            with: vec![0.0; na * nf],
            tables: Vec::new(),
            alike: vec![Vec::new(); nf],
            actors: na,
        };
        for b in &corpus.brings {
            let readable = b.reports.is_empty() || b.reports.iter().any(|r| !unreadable(*r));
            if readable && b.month.as_str() <= until {
                counts.brings[b.software].push(b.technique);
            }
        }
        for list in &mut counts.brings {
            list.sort_unstable();
            list.dedup();
        }
        for (i, document) in corpus.documents.iter().enumerate() {
            if keep(i) {
                counts.count(document.actor, &document.features);
            }
        }
        counts.weigh();
        counts.describe();
        counts.tables = counts.ratios(corpus);
        counts.alike = counts.likeness();
        counts
    }

    /// The log ratio of a feature under an actor by a channel, in nats.
    #[must_use]
    pub fn ratio(&self, channel: Channel, actor: Actor, feature: Feature) -> f32 {
        self.column(channel, feature)[actor]
    }

    /// The log ratios of a feature by a channel, in nats: one an actor.
    #[must_use]
    pub fn column(&self, channel: Channel, feature: Feature) -> &[f32] {
        &self.tables[channel as usize][feature * self.actors..(feature + 1) * self.actors]
    }

    /// Documents that show a feature: a number an actor.
    #[must_use]
    pub fn shown_by(&self, feature: Feature) -> &[f32] {
        &self.with[feature * self.actors..(feature + 1) * self.actors]
    }

    /// Documents of an actor that show a feature.
    #[must_use]
    pub fn shown(&self, actor: Actor, feature: Feature) -> f32 {
        self.with[feature * self.actors + actor]
    }

    /// The actor that alone has shown a piece of software; none where several have, or nobody.
    #[must_use]
    pub fn only_shown_by(&self, f: Feature) -> Option<Actor> {
        let is_one = self.software[f] && self.actors_with[f] == 1.0;
        let who = || self.shown_by(f).iter().position(|n| *n > 0.0);
        if is_one { who() } else { None }
    }

    /// Whether a document is about the actor.
    #[must_use]
    pub fn knows(&self, actor: Actor) -> bool {
        self.documents[actor] > 0.0
    }

    /// How like a piece of software the nearest of each actor's own is (0 to 1), by what they bring; empty if nothing is
    /// known of it.
    #[must_use]
    pub fn alike(&self, software: Feature) -> &[f32] {
        &self.alike[software]
    }

    fn count(&mut self, actor: Actor, features: &[Feature]) {
        self.documents[actor] += 1.0;
        let mut expanded = features.to_vec();
        for &f in features {
            self.with[f * self.actors + actor] += 1.0;
            self.everyone[f] += 1.0;
            expanded.extend(&self.brings[f]);
        }
        expanded.sort_unstable();
        expanded.dedup();
        self.used.push(Used {
            actor,
            features: features.to_vec(),
            expanded,
            squares: 0.0,
            squares_software: 0.0,
            squares_expanded: 0.0,
        });
    }

    /// What a feature counts that nobody has shown: Good and Turing's mass for software, of which there is ever new.
    pub(crate) fn unseen(&self, f: Feature) -> f32 {
        if self.software[f] { 0.3 } else { 0.5 }
    }

    fn weigh(&mut self) {
        let all = self.used.len() as f32;
        self.rarity = (0..self.everyone.len())
            .map(|f| -((self.everyone[f] + self.unseen(f)) / (all + 1.0)).ln())
            .collect();
        let (rarity, software) = (&self.rarity, &self.software);
        let squares = |list: &[Feature], s: Option<bool>| -> f32 {
            let kept = list.iter().filter(|f| s.is_none_or(|s| software[**f] == s));
            kept.map(|f| rarity[*f].powi(2)).sum()
        };
        for used in &mut self.used {
            used.squares = squares(&used.features, Some(false));
            used.squares_software = squares(&used.features, Some(true));
            used.squares_expanded = squares(&used.expanded, None);
        }
    }

    fn describe(&mut self) {
        for (f, line) in self.with.chunks_exact(self.actors).enumerate() {
            let actors = line.iter().filter(|n| **n > 0.0).count() as f32;
            self.actors_with[f] = actors;
            for (p, n) in self.profile.iter_mut().zip(line).filter(|(_, n)| **n > 0.0) {
                let length = n * self.rarity[f].powi(2);
                if self.software[f] {
                    p.software += 1.0;
                    p.software_shown += n;
                    p.norm_software += length;
                    p.exclusive += f32::from(u8::from(actors == 1.0));
                } else {
                    p.techniques += 1.0;
                    p.techniques_shown += n;
                    p.norm += length;
                }
            }
        }
        for p in &mut self.profile {
            p.norm = p.norm.sqrt().max(1e-6);
            p.norm_software = p.norm_software.sqrt().max(1e-6);
        }
        for used in &self.used {
            if used.features.len() >= 5 {
                self.profile[used.actor].long += 1.0;
            }
        }
    }

    fn ratios(&self, corpus: &Corpus) -> Vec<Vec<f32>> {
        let mut tables = vec![Vec::new(); CHANNELS];
        let shown = |p: &Profile, s: usize| [p.techniques_shown, p.software_shown][s];
        let documents = |a: Actor, _: usize| self.documents[a];
        tables[Channel::Own as usize] = self.table([5.0, 1.0], &self.with, &documents, None);
        tables[Channel::Broad as usize] = self.table([30.0, 30.0], &self.with, &documents, None);
        let mut masses = [0.0f32; 2];
        for f in 0..self.everyone.len() {
            masses[usize::from(self.software[f])] += self.everyone[f] + self.unseen(f);
        }
        let shares: Vec<f32> = (0..self.everyone.len())
            .map(|f| (self.everyone[f] + self.unseen(f)) / masses[usize::from(self.software[f])])
            .collect();
        let shown = |a: Actor, s: usize| shown(&self.profile[a], s);
        tables[Channel::Share as usize] =
            self.table([60.0, 10.0], &self.with, &shown, Some(&shares));
        let nations = Nations::of(corpus, self);
        let others = |a: Actor, _: usize| nations.other_documents(a, self.documents[a]);
        let with = nations.others(self);
        tables[Channel::Nation as usize] = self.table([30.0, 10.0], &with, &others, None);
        tables[Channel::Software as usize] = self.brought_table();
        tables[Channel::Neighbours as usize] = self.neighbours();
        tables
    }

    /// Log ratios of smoothed shares: `with` over `of` (an actor, a kind of feature), with `weights` reports' worth (of
    /// techniques, of software) of the background `share`; everyone's share of documents if there is none. Where nothing was
    /// shown the ratio is the same for all features of a kind.
    fn table(
        &self,
        weights: [f32; 2],
        with: &[f32],
        of: &dyn Fn(Actor, usize) -> f32,
        share: Option<&[f32]>,
    ) -> Vec<f32> {
        let known: Vec<bool> = (0..self.actors).map(|a| self.knows(a)).collect();
        let totals: [Vec<f32>; 2] = [0, 1].map(|s| (0..self.actors).map(|a| of(a, s)).collect());
        let nothing: [Vec<f32>; 2] = [0, 1].map(|s| {
            let k = weights[s];
            let ratio = |(n, known): (&f32, &bool)| if *known { (k / (n + k)).ln() } else { 0.0 };
            totals[s].iter().zip(&known).map(ratio).collect()
        });
        let mut table = vec![0.0f32; with.len()];
        for (f, line) in table.chunks_exact_mut(self.actors).enumerate() {
            let s = usize::from(self.software[f]);
            line.copy_from_slice(&nothing[s]);
            let p = share.map_or_else(|| (-self.rarity[f]).exp(), |share| share[f]);
            let counts = &with[f * self.actors..(f + 1) * self.actors];
            for a in (0..self.actors).filter(|a| counts[*a] > 0.0 && known[*a]) {
                let k = weights[s];
                line[a] = ((counts[a] + k * p) / (totals[s][a] + k) / p).ln();
            }
        }
        table
    }

    /// Ratios of techniques by what the actors' own software brings.
    fn brought_table(&self) -> Vec<f32> {
        let brought = self.brought();
        let with_table = self.brings.iter().filter(|b| !b.is_empty()).count() as f32;
        let mut own = vec![0.0f32; self.with.len()];
        let mut weight = vec![0.0f32; self.actors];
        for s in (0..self.everyone.len()).filter(|s| self.software[*s]) {
            // Software that many actors use counts less.
            let w = 1.0 / self.actors_with[s];
            for a in (0..self.actors).filter(|a| self.shown(*a, s) > 0.0) {
                if self.brings[s].is_empty() {
                    continue;
                }
                weight[a] += w;
                for t in &self.brings[s] {
                    own[t * self.actors + a] += w;
                }
            }
        }
        let mut table = vec![0.0f32; self.with.len()];
        for f in (0..self.everyone.len()).filter(|f| !self.software[*f]) {
            let q = (brought[f] + 0.5) / (with_table + 1.0);
            for a in (0..self.actors).filter(|a| self.knows(*a)) {
                let i = f * self.actors + a;
                table[i] = ((own[i] + 2.0 * q) / (weight[a] + 2.0) / q).ln().clamp(-1.6, 2.1);
            }
        }
        table
    }

    /// For each technique, how much software brings it.
    fn brought(&self) -> Vec<f32> {
        let mut brought = vec![0.0f32; self.everyone.len()];
        for t in self.brings.iter().flatten() {
            brought[*t] += 1.0;
        }
        brought
    }

    /// How much more often a feature comes with the actor's features than with any: pointwise mutual
    /// information over reports and over what software brings, averaged over what the actor shows.
    fn neighbours(&self) -> Vec<f32> {
        let nf = self.everyone.len();
        let mut together = vec![0.0f32; nf * nf];
        let mut total = vec![0.0f32; nf];
        let mut sets = 0.0;
        let lists =
            self.used.iter().map(|u| &u.features).chain(self.brings.iter().filter(|b| b.len() > 1));
        for list in lists.filter(|list| list.len() > 1) {
            sets += 1.0;
            for x in list {
                total[*x] += 1.0;
                for y in list {
                    together[x * nf + y] += 1.0;
                }
            }
        }
        // Smoothed conditional shares, 3 reports' worth of everyone's; a feature says nothing of itself.
        let share: Vec<f32> = total.iter().map(|n| (n + 0.5) / (sets + 1.0)).collect();
        for x in 0..nf {
            together[x * nf + x] = -3.0 * share[x];
        }
        let mut table = vec![0.0f32; self.with.len()];
        let mut sum = vec![0.0f32; nf];
        for a in (0..self.actors).filter(|a| self.knows(*a)) {
            sum.fill(0.0);
            let (mut weight, mut base) = (0.0, 0.0);
            for x in (0..nf).filter(|x| self.shown(a, *x) > 0.0) {
                let w = self.shown(a, x).sqrt() * self.rarity[x].max(0.1);
                weight += w;
                if total[x] == 0.0 {
                    continue;
                }
                let w = w / (total[x] + 3.0);
                base += 3.0 * w;
                for (s, n) in sum.iter_mut().zip(&together[x * nf..(x + 1) * nf]) {
                    *s += w * n;
                }
            }
            for f in 0..nf {
                let mean = if weight > 0.0 { (sum[f] / share[f] + base) / weight } else { 1.0 };
                table[f * self.actors + a] = mean.clamp(0.2, 5.0).ln();
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Corpus {
        let mut corpus = Corpus::default();
        corpus.add("A", "r1", ["T1", "T2", "S1"]);
        corpus.add("A", "r2", ["T1", "S1", "S2"]);
        corpus.add("B", "r3", ["T2", "T3", "S2"]);
        corpus.add("C", "r4", ["T3"]);
        corpus.set_nation("A", "X");
        corpus.set_nation("B", "X");
        corpus
    }

    #[test]
    fn tables_are_the_ratios_written_out() {
        let corpus = corpus();
        let counts = Counts::of(&corpus, &|_| true, &|_| false, "9999-12");
        for (a, name) in ["A", "B", "C"].iter().enumerate() {
            for f in 0..corpus.features.len() {
                let of = |d: &&crate::corpus::Document| corpus.actors[d.actor] == *name;
                let shows = |d: &&crate::corpus::Document| d.features.contains(&f);
                let n = corpus.documents.iter().filter(of).count() as f32;
                let with = corpus.documents.iter().filter(of).filter(shows).count() as f32;
                let software = corpus.is_software(f);
                let everyone = corpus.documents.iter().filter(shows).count() as f32;
                let unseen = if software { 0.3 } else { 0.5 };
                let p = (everyone + unseen) / 5.0;
                let k = if software { 1.0 } else { 5.0 };
                let own = ((with + k * p) / (n + k) / p).ln();
                assert!((counts.ratio(Channel::Own, a, f) - own).abs() < 1e-5, "{name} {f}");
                assert_eq!(counts.shown(a, f), with);
                // The nation's others: of A those of B, and the other way round; C has none.
                let others: Vec<_> = corpus
                    .documents
                    .iter()
                    .filter(|d| a < 2 && d.actor < 2 && d.actor != a)
                    .collect();
                let with = others.iter().filter(|d| d.features.contains(&f)).count() as f32;
                let k = if software { 10.0 } else { 30.0 };
                let nation = ((with + k * p) / (others.len() as f32 + k) / p).ln();
                let table = counts.ratio(Channel::Nation, a, f);
                assert!((table - nation).abs() < 1e-5, "{name} {f} {table} {nation}");
            }
        }
    }

    #[test]
    fn what_is_left_out_is_not_counted() {
        let corpus = corpus();
        let counts = Counts::of(&corpus, &|i| i != 3, &|_| false, "9999-12");
        assert!(!counts.knows(2));
        assert!(counts.column(Channel::Own, 0).len() == 3);
        assert_eq!(counts.everyone[corpus.find_feature("T3").unwrap()], 1.0);
        assert_eq!(counts.actors_with[corpus.find_feature("S1").unwrap()], 1.0);
    }
}
