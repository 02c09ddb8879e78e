//! Which of ATT&CK's tactics a finding is about: by its rule's tags, or, where another tool names
//! none, by the words of its title (`tables/tactics.tsv`).

use std::sync::LazyLock;

use blanik_model::Finding;
use blanik_model::attack::{AttackTag, TACTICS, parse_tag};

const TABLE: &str = include_str!("../tables/tactics.tsv");

/// Words, and the tactic they stand for.
type Row = (Vec<&'static str>, Option<usize>);

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    let row = |line: &'static str| {
        let (words, slug) = line.split_once('\t').expect("two columns");
        (words.split('|').collect(), position(slug))
    };
    lines.map(row).collect()
});

fn position(slug: &str) -> Option<usize> {
    TACTICS.iter().position(|(known, _)| *known == slug)
}

/// Indexes into [`TACTICS`], ascending.
pub fn of(finding: &Finding) -> Vec<usize> {
    let tagged = finding.tags.iter().filter_map(|tag| match parse_tag(tag)? {
        AttackTag::Tactic(i) => Some(i),
        _ => None,
    });
    let mut tactics: Vec<usize> = tagged.collect();
    if tactics.is_empty() && finding.tool.is_some() {
        tactics.extend(by_words(&finding.rule_title));
    }
    tactics.sort_unstable();
    tactics.dedup();
    tactics
}

/// Techniques that the rule's tags name, as `T1003.001`, ascending.
pub fn techniques(finding: &Finding) -> Vec<String> {
    let named = finding.tags.iter().filter_map(|tag| match parse_tag(tag)? {
        AttackTag::Technique(id) => Some(id),
        _ => None,
    });
    let mut techniques: Vec<String> = named.collect();
    techniques.sort();
    techniques.dedup();
    techniques
}

fn by_words(title: &str) -> Option<usize> {
    let title = title.to_lowercase();
    ROWS.iter().find(|(words, _)| words.iter().any(|word| title.contains(word)))?.1
}

/// What an intrusion has to have in the end to be one: a way in, and an aim.
pub fn is_way_in(tactic: usize) -> bool {
    TACTICS[tactic].0 == "initial-access"
}

/// See [`is_way_in`].
pub fn is_aim(tactic: usize) -> bool {
    matches!(TACTICS[tactic].0, "collection" | "exfiltration" | "impact")
}

/// True for what is done from within: who looks around or tries passwords is not in yet.
pub fn is_from_within(tactic: usize) -> bool {
    const BEFORE: &[&str] =
        &["reconnaissance", "resource-development", "initial-access", "credential-access"];
    !BEFORE.contains(&TACTICS[tactic].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_names_a_tactic_or_none() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let (_, slug) = line.split_once('\t').expect("two columns");
            assert!(slug == "-" || position(slug).is_some(), "{line}");
        }
    }

    #[test]
    fn words_of_titles() {
        let name = |title: &str| by_words(title).map_or("-", |i| TACTICS[i].0);
        assert_eq!(name("suricata: ET SCAN Possible Nmap User-Agent"), "discovery");
        assert_eq!(name("wazuh: Successful sudo to ROOT executed."), "privilege-escalation");
        assert_eq!(name("wazuh: ClamAV database update"), "-");
        assert_eq!(name("aminer: New service_stop parameter combination"), "impact");
    }
}
