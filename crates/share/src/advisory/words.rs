//! Fixed words of an advisory in its languages, from one table (`tables/words.tsv`): headings, labels, and the words
//! of closed vocabularies. Nothing that is said of a case stands here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::publication::Language;

static WORDS: LazyLock<BTreeMap<&'static str, [&'static str; 2]>> = LazyLock::new(|| {
    include_str!("../../tables/words.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some((cells.next()?, [cells.next()?, cells.next()?]))
        })
        .collect()
});

fn column(language: Language) -> usize {
    match language {
        Language::En => 0,
        Language::Cs => 1,
    }
}

/// A word by its key; none if the table has no such key.
pub fn get(key: &str, language: Language) -> Option<&'static str> {
    WORDS.get(key).map(|words| words[column(language)])
}

/// A word of a closed vocabulary (`tactic`, `initial-access`); a word that the table does not know stays as it is.
pub fn term<'a>(vocabulary: &str, word: &'a str, language: Language) -> &'a str {
    get(&format!("{vocabulary}.{word}"), language).unwrap_or(word)
}

/// A word that the program itself asks for.
///
/// # Panics
/// If the table has no such key: then a test of this crate fails, too.
pub fn fixed(key: &str, language: Language) -> &'static str {
    get(key, language).expect("keys in code stand in the table")
}

/// All words that templates call by their key.
pub fn labels(language: Language) -> BTreeMap<&'static str, &'static str> {
    let words = WORDS.iter().filter(|(key, _)| !key.contains('.'));
    words.map(|(key, words)| (*key, words[column(language)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use blanik_model::attack::TACTICS;
    use blanik_model::{IndicatorType, Position, Tlp};

    #[test]
    fn each_line_has_a_key_of_its_own_and_both_languages() {
        let lines: Vec<&str> = include_str!("../../tables/words.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .skip(1)
            .collect();
        for line in &lines {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            assert!(cells.iter().all(|cell| !cell.trim().is_empty()), "{line}");
        }
        assert_eq!(lines.len(), WORDS.len(), "a key stands twice");
    }

    #[test]
    fn closed_vocabularies_are_whole() {
        for language in Language::ALL {
            let has = |vocabulary: &str, word: &str| {
                assert!(get(&format!("{vocabulary}.{word}"), language).is_some(), "{word}");
            };
            TACTICS.iter().for_each(|(slug, _)| has("tactic", slug));
            IndicatorType::ALL.iter().for_each(|kind| has("indicator", kind.as_str()));
            Tlp::ALL.iter().for_each(|label| has("tlp", label.as_str()));
            Position::ALL.iter().for_each(|position| has("opinion", position.as_str()));
        }
    }
}
