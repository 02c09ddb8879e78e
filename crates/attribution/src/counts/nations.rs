//! Counts of documents by nation: what an actor's fellows show.

use super::Counts;
use crate::corpus::{Actor, Corpus};

/// Documents by nation.
pub(super) struct Nations {
    of: Vec<Option<usize>>,
    documents: Vec<f32>,
    /// Feature × nation.
    with: Vec<f32>,
}

impl Nations {
    pub(super) fn of(corpus: &Corpus, counts: &Counts) -> Nations {
        let mut names: Vec<&String> = corpus.nations.iter().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let index = |n: &Option<String>| n.as_ref().and_then(|n| names.binary_search(&n).ok());
        let mut nations = Nations {
            of: corpus.nations.iter().map(index).collect(),
            documents: vec![0.0; names.len()],
            with: vec![0.0; names.len() * counts.everyone.len()],
        };
        for used in &counts.used {
            if let Some(n) = nations.of[used.actor] {
                nations.documents[n] += 1.0;
                for f in &used.features {
                    nations.with[f * names.len() + n] += 1.0;
                }
            }
        }
        nations
    }

    /// Documents of an actor's nation but not of the actor.
    pub(super) fn other_documents(&self, a: Actor, own: f32) -> f32 {
        self.of[a].map_or(0.0, |n| self.documents[n] - own)
    }

    /// Of these, those that show a feature: feature × actor.
    pub(super) fn others(&self, counts: &Counts) -> Vec<f32> {
        let mut others = vec![0.0f32; counts.with.len()];
        for (i, other) in others.iter_mut().enumerate() {
            let (f, a) = (i / counts.actors, i % counts.actors);
            if let Some(n) = self.of[a] {
                *other = self.with[f * self.documents.len() + n] - counts.with[i];
            }
        }
        others
    }
}
