//! Findings of one intrusion → techniques and software, by their rules' tags. Level, status and how rare a rule is on
//! this network make the grade: what fires everywhere tells nothing of an intruder.

use std::collections::BTreeMap;

use blanik_model::attack::{AttackTag, parse_tag};

use super::{Feature, Forgeable, Grade, Observation, Pointing};

/// A finding of the intrusion, as attribution needs it.
#[derive(Clone, Copy, Debug)]
pub struct Tagged<'a> {
    /// Tags of the rule: `attack.t1059.001`.
    pub tags: &'a [String],
    /// From 0 (informational) to 4 (critical).
    pub level: u8,
    /// Whether the rule is of status stable or test.
    pub is_settled: bool,
    /// Hosts on which the rule fired, of 1,000 hosts that were watched.
    pub hosts_per_mille: u32,
    /// Of what the rule found in the case, how much is no part of the intrusion, in per cent.
    pub elsewhere_percent: u32,
    /// Whether it is tied to the intrusion, and not only near it in time.
    pub is_tied: bool,
    /// Whether an analyst holds it for true.
    pub is_confirmed: bool,
    /// The rule's title.
    pub rule: &'a str,
    /// Index of the finding in the evidence log.
    pub citation: Option<u64>,
}

impl Tagged<'_> {
    /// A settled rule of high level that fires on few hosts and hardly outside of the intrusion is B2.
    #[must_use]
    pub fn grade(&self) -> Grade {
        let by_rarity = match (self.level, self.hosts_per_mille, self.elsewhere_percent) {
            (3.., 0..=50, 0..=50) => 2,
            (2.., 0..=200, 0..=80) => 3,
            (1.., 0..=500, _) => 4,
            _ => 5,
        };
        let information = match (self.is_confirmed, self.is_tied) {
            (true, _) => by_rarity.min(2),
            (_, true) => by_rarity,
            (_, false) => by_rarity.max(4),
        };
        Grade { source: if self.is_settled { 1 } else { 2 }, information }
    }
}

/// Observations of techniques and software (`attack.s0154`) from findings, and what rules say whose tradecraft it is
/// (`attack.g0128`): each once, with the best grade that a finding gives it.
#[must_use]
pub fn from_findings<'a>(findings: impl IntoIterator<Item = Tagged<'a>>) -> Vec<Observation> {
    let mut best: BTreeMap<String, Observation> = BTreeMap::new();
    for finding in findings {
        let grade = finding.grade();
        for tag in finding.tags {
            let Some((id, feature, forgeable)) = feature(tag, finding.rule) else { continue };
            // A rule's author has an opinion on whose tradecraft it is; the rule saw no more than the tradecraft.
            let grade = match &feature {
                Feature::Claim(_) => Grade { source: 3, information: grade.information.max(4) },
                _ => grade,
            };
            let known = best.get(&id).map(|o| o.grade.error());
            if known.is_none_or(|known| grade.error() < known) {
                let observation = Observation {
                    id: id.clone(),
                    feature,
                    grade,
                    source: format!("rule: {}", finding.rule),
                    origin: None,
                    block: Some(format!("rule: {}", finding.rule)),
                    citation: finding.citation,
                    forgeable,
                };
                best.insert(id, observation);
            }
        }
    }
    best.into_values().collect()
}

fn feature(tag: &str, rule: &str) -> Option<(String, Feature, Forgeable)> {
    match parse_tag(tag)? {
        AttackTag::Technique(id) => Some((id.clone(), Feature::Technique(id), Forgeable::Possible)),
        AttackTag::Other(name) => {
            let id = name.to_ascii_uppercase();
            let digits = id.get(1..).unwrap_or_default();
            if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            match id.as_bytes()[0] {
                b'S' => Some((id.clone(), Feature::Software(id), Forgeable::Possible)),
                b'G' => {
                    let pointing = Pointing { value: format!("rule {rule}"), to: vec![id.clone()] };
                    Some((id, Feature::Claim(pointing), Forgeable::Cheap))
                }
                _ => None,
            }
        }
        AttackTag::Tactic(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged<'a>(tags: &'a [String], level: u8, hosts_per_mille: u32) -> Tagged<'a> {
        Tagged {
            tags,
            level,
            is_settled: true,
            hosts_per_mille,
            elsewhere_percent: 0,
            is_tied: true,
            is_confirmed: false,
            rule: "r",
            citation: None,
        }
    }

    #[test]
    fn findings_give_each_technique_once_with_its_best_grade() {
        let tags = ["attack.t1059.001".to_owned(), "attack.execution".to_owned()];
        let found = from_findings([tagged(&tags, 1, 900), tagged(&tags, 4, 3)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade.to_string(), "B2");
    }

    #[test]
    fn software_and_groups_are_told_by_tags() {
        let tags = ["attack.s0154".to_owned(), "attack.g0128".to_owned(), "attack.x".to_owned()];
        let found = from_findings([tagged(&tags, 3, 3)]);
        assert_eq!(found.len(), 2);
        let claim = &found[0];
        assert!(matches!(&claim.feature, Feature::Claim(p) if p.to == ["G0128"]));
        assert_eq!(claim.grade.to_string(), "D4");
        assert_eq!(found[1].feature, Feature::Software("S0154".into()));
    }

    #[test]
    fn what_fires_elsewhere_or_is_only_near_is_worth_less() {
        let tags = ["attack.t1059".to_owned()];
        let rare = tagged(&tags, 3, 3);
        let error = |t: Tagged<'_>| t.grade().error();
        assert!(error(rare) < error(Tagged { elsewhere_percent: 90, ..rare }));
        assert!(error(rare) < error(Tagged { is_tied: false, ..rare }));
        assert!(error(rare) < error(Tagged { is_settled: false, ..rare }));
        assert!(error(Tagged { is_confirmed: true, hosts_per_mille: 400, ..rare }) <= error(rare));
    }
}
