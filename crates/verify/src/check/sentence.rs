//! One sentence: that it was put on record, that what it cites is proven, and that it says what stands there.

use std::collections::BTreeMap;

use super::{Sealed, SentenceResult, Shown};
use crate::form::{ClaimForm, GroundForm};

/// Whether a sentence says a field's text: of a time all down to the minute, of anything else the whole.
fn says(sentence: &str, ground: &GroundForm) -> bool {
    let value = &ground.value;
    match ground.path == "/time" {
        false => !value.is_empty() && sentence.contains(value.as_str()),
        true => {
            let (day, minute) = (value.get(..10), value.get(11..16));
            let moment = day.zip(minute).map(|(day, minute)| format!("{day} {minute}"));
            moment.is_some_and(|moment| sentence.contains(&moment))
        }
    }
}

pub(super) fn sentence(
    claim: &ClaimForm,
    chapter: &str,
    sealed: Option<&Sealed>,
    proven: &BTreeMap<u64, Shown>,
) -> SentenceResult {
    let mut wrong = Vec::new();
    match sealed {
        None => wrong.push("no record says that it was published".to_owned()),
        Some(sealed) if !sealed.claims.contains(&claim.digest()) => {
            wrong.push("is not a sentence that was put on record".to_owned());
        }
        Some(_) => {}
    }
    if claim.cites.records.is_empty() {
        wrong.push("rests on nothing".to_owned());
    }
    let is_proven = |record: &&u64| proven.contains_key(record);
    for record in claim.cites.records.iter().filter(|r| !is_proven(r)) {
        wrong.push(format!("record {record} is not proven to stand in the log"));
    }
    for ground in &claim.grounds {
        let shown = proven.get(&ground.record).and_then(|shown| shown.get(&ground.path));
        if !claim.cites.records.contains(&ground.record) || shown != Some(&ground.value) {
            let path = &ground.path;
            wrong.push(format!("record {} does not say so in {path}", ground.record));
            continue;
        }
        for (language, text) in claim.text.each() {
            if !says(text, ground) {
                let (record, value) = (ground.record, &ground.value);
                wrong.push(format!("does not say what record {record} does ({language}): {value}"));
            }
        }
    }
    SentenceResult {
        id: claim.id.clone(),
        chapter: chapter.to_owned(),
        text: claim.text.en.clone(),
        records: claim.cites.records.iter().filter(is_proven).copied().collect(),
        further: claim.cites.further,
        grounds: claim.grounds.len(),
        wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sentence_says_of_a_field() {
        let said = |path: &str, value: &str| {
            let ground = GroundForm { record: 1, path: path.into(), value: value.into() };
            says(
                "2023-06-03 22:07 UTC: \"Copied\" was found on dc01 (account svc-backup).",
                &ground,
            )
        };
        assert!(
            said("/time", "2023-06-03T22:07:01.061Z") && !said("/time", "2023-06-03T22:08:01Z")
        );
        assert!(!said("/time", "2023-06-04T22:07:01.061Z") && !said("/time", "2023-06-03"));
        assert!(said("/rule_title", "Copied") && !said("/rule_title", "Deleted"));
        assert!(!said("/host", "1.2.3.4") && !said("/host", ""));
    }
}
