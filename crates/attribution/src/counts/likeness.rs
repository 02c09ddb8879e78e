//! How like each other pieces of software are, by what they bring.

use super::Counts;
use crate::corpus::{Actor, Feature};

impl Counts {
    /// How like each piece of software the actors' own software is, by what they bring: software × actor.
    pub(super) fn likeness(&self) -> Vec<Vec<f32>> {
        let nf = self.everyone.len();
        let with_table = self.brings.iter().filter(|b| !b.is_empty()).count() as f32;
        let weight: Vec<f32> = self
            .brought()
            .iter()
            .map(|n| if *n > 0.0 { (with_table / n).ln().powi(2) } else { 0.0 })
            .collect();
        let norm: Vec<f32> = self
            .brings
            .iter()
            .map(|list| list.iter().map(|t| weight[*t]).sum::<f32>().sqrt().max(1e-6))
            .collect();
        let mut bringers: Vec<Vec<Feature>> = vec![Vec::new(); nf];
        for (s, list) in self.brings.iter().enumerate() {
            for t in list {
                bringers[*t].push(s);
            }
        }
        let mut users: Vec<Vec<Actor>> = vec![Vec::new(); nf];
        for (i, n) in self.with.iter().enumerate() {
            if *n > 0.0 && self.software[i / self.actors] {
                users[i / self.actors].push(i % self.actors);
            }
        }
        let mut alike = vec![Vec::new(); nf];
        for s in (0..nf).filter(|s| !self.brings[*s].is_empty()) {
            let mut dot = vec![0.0f32; nf];
            for t in &self.brings[s] {
                for other in &bringers[*t] {
                    dot[*other] += weight[*t];
                }
            }
            let mut best = vec![0.0f32; self.documents.len()];
            for (other, d) in dot.iter().enumerate().filter(|(o, d)| *o != s && **d > 0.0) {
                let shared = (users[other].len().max(1) as f32).sqrt();
                let value = d / (norm[s] * norm[other]) / shared;
                for a in &users[other] {
                    best[*a] = best[*a].max(value);
                }
            }
            alike[s] = best;
        }
        alike
    }
}
