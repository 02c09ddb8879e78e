//! What to look for and do, by the techniques and tactics that were seen: each advice rests on the records of what
//! gives reason for it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use blanik_case::Citations;
use blanik_model::Tlp;
use blanik_model::attack::TACTICS;

use super::Wording;
use super::saying::{Saying, counted};

const TABLE: &str = include_str!("../../tables/advice.tsv");
/// Advice on behaviour, at most.
const ADVICE_MAX: usize = 10;

/// An advice by the technique or tactic that it is for.
static ADVICE: LazyLock<Vec<(&str, Wording)>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().expect("three columns");
        let key = cell();
        (key, Wording { en: cell().to_owned(), cs: cell().to_owned() })
    };
    lines.map(row).collect()
});

/// Something that was seen: techniques, tactics as indexes, and the records.
pub struct Seen<'a> {
    /// `T1003.001`.
    pub techniques: Vec<&'a str>,
    /// Indexes into [`TACTICS`].
    pub tactics: Vec<usize>,
    /// The records.
    pub rests_on: &'a Citations,
}

/// The advice that what was seen gives reason for, in the table's order.
pub fn advice(seen: &[Seen<'_>]) -> Vec<(Saying, Citations)> {
    let mut of: BTreeMap<usize, Vec<&Citations>> = BTreeMap::new();
    for one in seen {
        let by_technique = ADVICE.iter().position(|(key, _)| {
            one.techniques.iter().any(|t| t == key || t.split('.').next() == Some(key))
        });
        let by_tactic = || {
            let slugs: Vec<&str> = one.tactics.iter().map(|t| TACTICS[*t].0).collect();
            ADVICE.iter().position(|(key, _)| slugs.contains(key))
        };
        if let Some(at) = by_technique.or_else(by_tactic) {
            of.entry(at).or_default().push(one.rests_on);
        }
    }
    // What most was seen of is what helps most; shown in the table's order.
    let mut chosen: Vec<(usize, Vec<&Citations>)> = of.into_iter().collect();
    chosen.sort_by_key(|(at, of)| (std::cmp::Reverse(of.len()), *at));
    chosen.truncate(ADVICE_MAX);
    chosen.sort_by_key(|(at, _)| *at);
    let said = |(at, of): (usize, Vec<&Citations>)| {
        let text = ADVICE[at].1.clone();
        Some((Saying { text, marking: Tlp::Clear }, Citations::join(of)?))
    };
    chosen.into_iter().filter_map(said).collect()
}

/// Where to look for so many indicators of each kind.
pub fn look_for(addresses: u64, domains: u64, files: u64, from: &str) -> Option<Saying> {
    let parts: Vec<Wording> = [
        (addresses, ["address", "addresses"], ["adresa", "adresy", "adres"]),
        (
            domains,
            ["domain or URL", "domains and URLs"],
            ["doména či URL", "domény a URL", "domén a URL"],
        ),
        (
            files,
            ["file or fingerprint", "files and fingerprints"],
            ["soubor či otisk", "soubory a otisky", "souborů a otisků"],
        ),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, en, cs)| counted(n, en, cs))
    .collect();
    if parts.is_empty() {
        return None;
    }
    let joined = |of: fn(&Wording) -> &str| parts.iter().map(of).collect::<Vec<_>>().join(", ");
    let text = Wording {
        en: format!(
            "Search the records of firewalls, proxies, name servers, mail and endpoints for the indicators of this advisory ({}), from {from} on.",
            joined(|w| &w.en)
        ),
        cs: format!(
            "Prohledejte záznamy firewallů, proxy, jmenných serverů, pošty a koncových stanic na indikátory této zprávy ({}), a to od {from}.",
            joined(|w| &w.cs)
        ),
    };
    Some(Saying { text, marking: Tlp::Clear })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_its_keys_are_known() {
        for (key, text) in ADVICE.iter() {
            let is_known = key.starts_with('T') || TACTICS.iter().any(|(slug, _)| slug == key);
            assert!(is_known, "{key}");
            assert!(text.en.ends_with('.') && text.cs.ends_with('.'), "{key}");
        }
    }

    #[test]
    fn a_technique_comes_before_its_tactic() {
        let cited = Citations::one(7);
        let seen = Seen { techniques: vec!["T1003.001"], tactics: vec![9], rests_on: &cited };
        let given = advice(&[seen]);
        assert_eq!(given.len(), 1);
        assert!(given[0].0.text.en.contains("krbtgt"));
        assert_eq!(given[0].1.indexes(), [7]);
    }
}
