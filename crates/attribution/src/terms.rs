//! The terms of one case: what each actor's record says of what was seen, as a row of numbers an actor. Sums over
//! items are tempered by their number; what is said of the case as a whole stands beside them.
//!
//! A row holds no judgement: how much each term counts is fitted ([`crate::logit`]).

mod nearest;

use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::{CAP_NATS, Channel, Counts};
use nearest::Nearest;

macro_rules! terms {
    ($($name:ident $sign:ident $text:literal),+ $(,)?) => {
        /// One term. Its weight is never negative, but for those that say how well known the actor is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Term { $($name),+ }

        /// All terms in the order of a row.
        pub const TERMS: &[Term] = &[$(Term::$name),+];

        impl Term {
            /// What the term is, in words.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Term::$name => $text),+ }
            }

            /// Whether its weight may be negative.
            #[must_use]
            pub fn is_free(self) -> bool {
                match self { $(Term::$name => $sign),+ }
            }
        }
    };
}

/// By chance an actor is suited better than half of the others: only the best suited bear software out.
const BORNE_POWER: i32 = 4;

const FREE: bool = true;
const BOUND: bool = false;

terms! {
    Own BOUND "techniques, by the actor's reports",
    Broad BOUND "techniques, by the actor's reports, much smoothed",
    Share BOUND "techniques, by their share of all that the actor showed",
    Best BOUND "the three most telling techniques",
    NationMean BOUND "techniques of the nation's other actors",
    Brought BOUND "techniques that the actor's software brings",
    BroughtMean BOUND "techniques that the actor's software brings, mean",
    Neighbours BOUND "techniques that come with the actor's",
    Unexplained BOUND "techniques that no software seen explains",
    UnexplainedShare BOUND "techniques that no software seen explains, by share",
    Profile BOUND "likeness to the actor's techniques as a whole",
    PartExplained BOUND "part of the techniques that the actor has shown",
    SoftwareBroad BOUND "software, by the actor's reports",
    SoftwareNation BOUND "software of the nation's other actors",
    SoftwareBest BOUND "the most telling software",
    SoftwareProfile BOUND "likeness to the actor's software as a whole",
    SoftwareAlike BOUND "software like the actor's own",
    SoftwareNew BOUND "software nobody has shown, and how often the actor brings such",
    SoftwareOnly BOUND "software that only the actor has shown",
    SoftwareFew BOUND "software that the actor shares with others",
    SoftwareBorne BOUND "software that only the actor has shown, borne out by techniques",
    SoftwareFewBorne BOUND "software that the actor shares with others, borne out by techniques",
    SoftwareOnlyPart BOUND "software that only the actor has shown, by the part of the techniques",
    SoftwarePart BOUND "part of the software that the actor has shown",
    Nearest BOUND "nearest report",
    NearestSquared BOUND "nearest report, squared",
    NearestTechniques BOUND "nearest report by techniques",
    NearestTechniquesSquared BOUND "nearest report by techniques, squared",
    NearestSoftware BOUND "nearest report by software",
    NearestExpanded BOUND "nearest report with what software brings",
    AllTechniques BOUND "all reports by techniques",
    AllSoftware BOUND "all reports by software",
    AllTogether BOUND "all reports, by both",
    MeanTechniques BOUND "reports by techniques, mean",
    Likelihood BOUND "reports as distributions",
    LikelihoodTechniques BOUND "reports as distributions of techniques",
    Reports FREE "number of reports",
    LongReports FREE "number of long reports",
    OneOverReports FREE "one over the number of reports",
    TechniquesKnown FREE "number of techniques known",
    SoftwareKnown FREE "number of software known",
    SoftwareRate FREE "software a report",
    TechniqueRate FREE "techniques a report",
    NationKnown FREE "whether a nation is known",
    ReportsBySize FREE "number of reports, by size of the evidence",
    TechniqueRateBySize FREE "techniques a report, by size of the evidence",
    SoftwareKnownBySoftware FREE "number of software known, by software seen",
}

/// Columns of a row.
pub const WIDTH: usize = TERMS.len();

/// What was seen, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Techniques.
    pub techniques: Vec<Feature>,
    /// Software.
    pub software: Vec<Feature>,
}

impl Seen {
    /// Sorts features into techniques and software.
    #[must_use]
    pub fn of(corpus: &Corpus, features: impl IntoIterator<Item = Feature>) -> Seen {
        let mut seen = Seen::default();
        for f in features {
            if corpus.is_software(f) {
                seen.software.push(f);
            } else {
                seen.techniques.push(f);
            }
        }
        seen
    }

    /// The same without some features.
    #[must_use]
    pub fn without(&self, out: &[Feature]) -> Seen {
        let mut rest = self.clone();
        rest.techniques.retain(|f| !out.contains(f));
        rest.software.retain(|f| !out.contains(f));
        rest
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.techniques.len() + self.software.len()
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row of [`WIDTH`] numbers for each actor that a document is about.
pub struct Terms {
    /// Those actors, in order.
    pub actors: Vec<Actor>,
    /// Their rows, one after the other.
    pub rows: Vec<f32>,
}

/// Computes the terms of a case.
#[must_use]
pub fn terms(corpus: &Corpus, counts: &Counts, seen: &Seen) -> Terms {
    let near = Nearest::of(corpus, counts, seen);
    let case = Case::of(counts, seen);
    let mut columns = Columns { actors: counts.documents.len(), of: Vec::new() };
    columns.of.resize(WIDTH * columns.actors, 0.0);
    techniques(&mut columns, counts, seen, &case);
    software(&mut columns, counts, seen, &case);
    let actors: Vec<Actor> = (0..counts.documents.len()).filter(|a| counts.knows(*a)).collect();
    let mut rows = vec![0.0f32; actors.len() * WIDTH];
    for (a, row) in actors.iter().zip(rows.chunks_exact_mut(WIDTH)) {
        for (t, x) in row.iter_mut().enumerate() {
            *x = columns.of[t * columns.actors + a];
        }
        nearest(row, &near, *a);
        known(row, counts, *a);
        by_size(row, seen);
        row[Term::NationKnown as usize] = f32::from(u8::from(corpus.nations[*a].is_some()));
    }
    borne_out(&mut rows);
    Terms { actors, rows }
}

/// Term × actor, as sums over features grow.
struct Columns {
    actors: usize,
    of: Vec<f32>,
}

impl Columns {
    fn set(&mut self, term: Term, values: impl Iterator<Item = f32>) {
        let column = &mut self.of[term as usize * self.actors..(term as usize + 1) * self.actors];
        for (x, value) in column.iter_mut().zip(values) {
            *x = value;
        }
    }

    /// Sets a term to a sum by the square root of its length.
    fn set_tempered(&mut self, term: Term, sum: &[f32], n: usize) {
        self.set(term, sum.iter().map(|s| s / root(n)));
    }
}

/// Sums over features of what `of` gives, an actor each.
fn sum<'a>(actors: usize, list: &[Feature], of: impl Fn(Feature) -> &'a [f32]) -> Vec<f32> {
    let mut sum = vec![0.0f32; actors];
    for f in list {
        for (s, x) in sum.iter_mut().zip(of(*f)) {
            *s += x;
        }
    }
    sum
}

/// What of the case is the same for all actors.
struct Case {
    unexplained: Vec<Feature>,
    rarity: f32,
    norm: f32,
    norm_software: f32,
    new_software: f32,
}

impl Case {
    fn of(counts: &Counts, seen: &Seen) -> Case {
        let brought = |t: &Feature| seen.software.iter().any(|s| counts.brings[*s].contains(t));
        let norm = |list: &[Feature]| {
            list.iter().map(|f| counts.rarity[*f].powi(2)).sum::<f32>().sqrt().max(1e-6)
        };
        let new = seen.software.iter().filter(|s| counts.everyone[**s] == 0.0).count();
        Case {
            unexplained: seen.techniques.iter().copied().filter(|t| !brought(t)).collect(),
            rarity: seen.techniques.iter().map(|f| counts.rarity[*f]).sum::<f32>().max(1e-6),
            norm: norm(&seen.techniques),
            norm_software: norm(&seen.software),
            new_software: new.min(3) as f32,
        }
    }
}

/// √n: n items that hang together are worth about so many.
fn root(n: usize) -> f32 {
    (n as f32).max(1.0).sqrt()
}

fn techniques(columns: &mut Columns, counts: &Counts, seen: &Seen, case: &Case) {
    let actors = columns.actors;
    let over = |list: &[Feature], c: Channel| sum(actors, list, |f| counts.column(c, f));
    let list = &seen.techniques;
    let n = list.len();
    let mean = n.max(1) as f32;
    columns.set_tempered(Term::Own, &over(list, Channel::Own), n);
    columns.set_tempered(Term::Broad, &over(list, Channel::Broad), n);
    columns.set(Term::Share, over(list, Channel::Share).into_iter());
    columns.set(Term::NationMean, over(list, Channel::Nation).iter().map(|s| s / mean));
    let brought = over(list, Channel::Software);
    columns.set_tempered(Term::Brought, &brought, n);
    columns.set(Term::BroughtMean, brought.iter().map(|s| s / mean));
    columns.set_tempered(Term::Neighbours, &over(list, Channel::Neighbours), n);
    let free = &case.unexplained;
    columns.set_tempered(Term::Unexplained, &over(free, Channel::Own), free.len());
    columns.set_tempered(Term::UnexplainedShare, &over(free, Channel::Share), free.len());
    columns.set(Term::Best, three_best(actors, list, counts).into_iter());
    let (mut dot, mut explained) = (vec![0.0f32; actors], vec![0.0f32; actors]);
    for f in list {
        let rarity = counts.rarity[*f];
        for (a, n) in counts.shown_by(*f).iter().enumerate().filter(|(_, n)| **n > 0.0) {
            dot[a] += n.sqrt() * rarity.powi(2);
            explained[a] += rarity;
        }
    }
    let norms = counts.profile.iter().map(|p| p.norm * case.norm);
    columns.set(Term::Profile, dot.iter().zip(norms).map(|(d, n)| d / n));
    columns.set(Term::PartExplained, explained.iter().map(|e| e / case.rarity));
}

/// The sum of the three most telling techniques.
fn three_best(actors: usize, list: &[Feature], counts: &Counts) -> Vec<f32> {
    let mut best = vec![[f32::NEG_INFINITY; 3]; actors];
    for f in list {
        for (best, x) in best.iter_mut().zip(counts.column(Channel::Own, *f)) {
            let [a, b, c] = *best;
            *best = if *x > a {
                [*x, a, b]
            } else if *x > b {
                [a, *x, b]
            } else {
                [a, b, x.max(c)]
            };
        }
    }
    best.iter().map(|b| b.iter().filter(|x| x.is_finite()).sum()).collect()
}

fn software(columns: &mut Columns, counts: &Counts, seen: &Seen, case: &Case) {
    let actors = columns.actors;
    let list = &seen.software;
    let mut best = vec![0.0f32; actors];
    let mut dot = vec![0.0f32; actors];
    let mut alike = vec![0.0f32; actors];
    for f in list {
        for (b, x) in best.iter_mut().zip(counts.column(Channel::Own, *f)) {
            *b = b.max(x.min(CAP_NATS));
        }
        for (d, n) in dot.iter_mut().zip(counts.shown_by(*f)).filter(|(_, n)| **n > 0.0) {
            *d += n.sqrt() * counts.rarity[*f].powi(2);
        }
        for (s, x) in alike.iter_mut().zip(counts.alike(*f)) {
            *s += x / counts.actors_with[*f].max(1.0);
        }
    }
    let (mut only, mut few) = (vec![0.0f32; actors], vec![0.0f32; actors]);
    let mut part = vec![0.0f32; actors];
    for f in list {
        let others = counts.actors_with[*f];
        for (a, _) in counts.shown_by(*f).iter().enumerate().filter(|(_, n)| **n > 0.0) {
            if others > 1.0 {
                few[a] += 1.0 / others;
            } else {
                only[a] += 1.0;
            }
            part[a] += counts.rarity[*f];
        }
    }
    columns.set(Term::SoftwareOnly, only.iter().map(|n| n.ln_1p()));
    columns.set(Term::SoftwareFew, few.iter().map(|n| n.ln_1p()));
    let rarity: f32 = list.iter().map(|f| counts.rarity[*f]).sum::<f32>().max(1e-6);
    columns.set(Term::SoftwarePart, part.iter().map(|p| p / rarity));
    let capped = |c: Channel| -> Vec<f32> {
        let mut sum = vec![0.0f32; actors];
        for f in list {
            for (s, x) in sum.iter_mut().zip(counts.column(c, *f)) {
                *s += x.min(CAP_NATS);
            }
        }
        sum
    };
    columns.set_tempered(Term::SoftwareBroad, &capped(Channel::Broad), list.len());
    columns.set_tempered(Term::SoftwareNation, &capped(Channel::Nation), list.len());
    columns.set(Term::SoftwareBest, best.into_iter());
    let norms = counts.profile.iter().map(|p| p.norm_software * case.norm_software);
    columns.set(Term::SoftwareProfile, dot.iter().zip(norms).map(|(d, n)| d / n));
    columns.set(Term::SoftwareAlike, alike.into_iter());
    let new = counts.profile.iter().zip(&counts.documents);
    let new = new.map(|(p, n)| case.new_software * ((p.exclusive + 0.3) / (n + 1.0)).ln());
    columns.set(Term::SoftwareNew, new);
}

fn nearest(row: &mut [f32], near: &Nearest, a: Actor) {
    let n = &near.of_actor[a];
    row[Term::Nearest as usize] = n.all;
    row[Term::NearestSquared as usize] = n.all * n.all;
    row[Term::NearestTechniques as usize] = n.techniques;
    row[Term::NearestTechniquesSquared as usize] = n.techniques * n.techniques;
    row[Term::NearestSoftware as usize] = n.software;
    row[Term::NearestExpanded as usize] = n.expanded;
    row[Term::AllTechniques as usize] = n.techniques_sum;
    row[Term::AllSoftware as usize] = n.software_sum;
    row[Term::AllTogether as usize] = (n.sum + 0.02).ln();
    row[Term::MeanTechniques as usize] = n.techniques_mean / n.reports;
    row[Term::Likelihood as usize] = n.likelihood - n.reports.ln();
    row[Term::LikelihoodTechniques as usize] = n.likelihood_techniques - n.reports.ln();
}

fn known(row: &mut [f32], counts: &Counts, a: Actor) {
    let (n, p) = (counts.documents[a], &counts.profile[a]);
    row[Term::Reports as usize] = (n + 0.5).ln();
    row[Term::LongReports as usize] = (p.long + 0.3).ln();
    row[Term::OneOverReports as usize] = 1.0 / n;
    row[Term::TechniquesKnown as usize] = p.techniques.ln_1p();
    row[Term::SoftwareKnown as usize] = p.software.ln_1p();
    row[Term::SoftwareRate as usize] = ((p.software_shown + 1.0) / (n + 1.0)).ln();
    row[Term::TechniqueRate as usize] = ((p.techniques_shown + 8.0) / (n + 1.0)).ln();
}

/// How much of what makes an actor well known counts, by how much was seen: the more evidence, the less it says.
fn by_size(row: &mut [f32], seen: &Seen) {
    // In the middle a case has nine items.
    let size = (seen.len().max(1) as f32).ln() - 2.2;
    row[Term::ReportsBySize as usize] = row[Term::Reports as usize] * size;
    row[Term::TechniqueRateBySize as usize] = row[Term::TechniqueRate as usize] * size;
    row[Term::SoftwareKnownBySoftware as usize] =
        row[Term::SoftwareKnown as usize] * (seen.software.len() as f32).ln_1p();
}

/// Software alone may be planted: what techniques bear out counts apart, by the part of all actors whom techniques suit
/// less. Whoever is framed is met by chance.
fn borne_out(rows: &mut [f32]) {
    let ranks = ranks(rows, Term::Own);
    for (row, suits) in rows.chunks_exact_mut(WIDTH).zip(ranks) {
        let borne = suits.powi(BORNE_POWER);
        row[Term::SoftwareBorne as usize] = row[Term::SoftwareOnly as usize] * borne;
        row[Term::SoftwareFewBorne as usize] = row[Term::SoftwareFew as usize] * borne;
        row[Term::SoftwareOnlyPart as usize] =
            row[Term::SoftwareOnly as usize] * row[Term::PartExplained as usize];
    }
}

/// For each row the part of all rows of which a term is less; ties count half.
pub(crate) fn ranks(rows: &[f32], term: Term) -> Vec<f32> {
    let values = || rows.chunks_exact(WIDTH).map(|r| r[term as usize]);
    let mut sorted: Vec<f32> = values().collect();
    sorted.sort_by(f32::total_cmp);
    let rank = |x: f32| {
        let (below, not_above) =
            (sorted.partition_point(|y| *y < x), sorted.partition_point(|y| *y <= x));
        (below + not_above) as f32 / 2.0 / sorted.len() as f32
    };
    values().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_software_counts_less_than_what_techniques_bear_out() {
        let mut corpus = Corpus::default();
        for (actor, own, tool) in [("A", "T1", "S1"), ("B", "T2", "S2"), ("C", "T3", "S3")] {
            corpus.add(actor, &format!("{actor}1"), [own, "T9", tool]);
            corpus.add(actor, &format!("{actor}2"), [own, "T8"]);
        }
        let counts = Counts::of(&corpus, &|_| true, &|_| false, "9999-12");
        let find = |id: &str| corpus.find_feature(id).unwrap();
        let seen = Seen::of(&corpus, [find("T1"), find("T9"), find("S1"), find("S2")]);
        let terms = terms(&corpus, &counts, &seen);
        let row = |a: usize| &terms.rows[a * WIDTH..(a + 1) * WIDTH];
        let of = |a: usize, t: Term| row(a)[t as usize];
        assert_eq!(of(0, Term::SoftwareOnly), of(1, Term::SoftwareOnly), "each has one tool");
        assert!(of(0, Term::SoftwareBorne) > 2.0 * of(1, Term::SoftwareBorne));
        assert_eq!(of(2, Term::SoftwareOnly), 0.0);
    }
}
