//! The first sentence of a verdict in Czech, of the parts of which the English one is made.

use blanik_attribution::verdict::{Likelihood, Put};

use super::saying::counted;
use super::verdict::name_cs;

/// The sentence.
pub(super) fn czech(said: &Likelihood) -> String {
    let named = |(name, p): &(String, String)| format!("{} ({})", name_cs(name), percent(p));
    let unknown = said.unknown.as_deref().map(percent);
    let tail = match (&said.who, &said.next, unknown) {
        (None, Some(best), _) => format!(" Ze známých aktérů odpovídá nejlépe {}.", named(best)),
        (Some(_), Some(next), Some(p)) => format!(
            " Následuje {}; že pachatelem není žádný známý aktér, má pravděpodobnost {p}.",
            named(next)
        ),
        (Some(_), None, Some(p)) => {
            format!(" Že jím není žádný známý aktér, má pravděpodobnost {p}.")
        }
        _ => String::new(),
    };
    let that = match &said.who {
        None => "že pachatelem není žádný nám známý aktér".to_owned(),
        Some(name) => format!("že pachatelem je {}", name_cs(name)),
    };
    let p = percent(&said.probability);
    let why = match &said.put {
        Put::Word(word) => return format!("Je {} ({p}), {that}.{tail}", likely(word)),
        Put::FewCases(cases) => {
            let of = ["ověřovací případ", "ověřovací případy", "ověřovacích případů"];
            format!("za tímto pásmem stojí jen {}", counted((*cases).into(), ["", ""], of).cs)
        }
        Put::PromisesTooMuch { cases, right, promised } => {
            let of = ["ověřovacího případu", "ověřovacích případů", "ověřovacích případů"];
            format!(
                "z {} tohoto pásma bylo správně {}, slíbeno bylo {}",
                counted((*cases).into(), ["", ""], of).cs,
                percent(right),
                percent(promised)
            )
        }
    };
    format!(
        "Slovo pro pravděpodobnost se neuvádí: {why}. Model staví na první místo, {that} ({p}).{tail}"
    )
}

/// ICD 203's words of likelihood.
fn likely(word: &str) -> &str {
    match word {
        "almost no chance" => "téměř vyloučené",
        "very unlikely" => "velmi nepravděpodobné",
        "unlikely" => "nepravděpodobné",
        "roughly even chance" => "zhruba stejně pravděpodobné jako opak",
        "likely" => "pravděpodobné",
        "very likely" => "velmi pravděpodobné",
        "almost certain" => "téměř jisté",
        other => other,
    }
}

fn percent(said: &str) -> String {
    said.replace("under ", "méně než ").replace("over ", "více než ")
}

#[cfg(test)]
mod tests {
    use blanik_attribution::words;

    use super::*;

    const WORDS: [&str; 7] = [
        "téměř vyloučené",
        "velmi nepravděpodobné",
        "nepravděpodobné",
        "zhruba stejně pravděpodobné jako opak",
        "pravděpodobné",
        "velmi pravděpodobné",
        "téměř jisté",
    ];

    fn said(put: Put) -> Likelihood {
        Likelihood {
            put,
            who: Some("APT31".into()),
            probability: "62 %".into(),
            next: Some(("APT29".into(), "21 %".into())),
            unknown: Some("under 1 %".into()),
        }
    }

    #[test]
    fn where_english_gives_no_word_czech_gives_none() {
        let too_much =
            Put::PromisesTooMuch { cases: 40, right: "60 %".into(), promised: "81 %".into() };
        for put in [Put::FewCases(3), too_much] {
            let said = said(put);
            assert!(said.english().starts_with("No word of probability is given"));
            let czech = czech(&said);
            assert!(czech.starts_with("Slovo pro pravděpodobnost se neuvádí: "), "{czech}");
            assert!(WORDS.iter().all(|word| !czech.contains(&format!(" {word} "))), "{czech}");
            assert!(czech.contains("Následuje APT29 (21 %)"), "{czech}");
        }
    }

    #[test]
    fn both_languages_have_the_same_word_at_each_limit() {
        let limits = [0.049, 0.05, 0.2, 0.45, 0.55, 0.56, 0.8, 0.81, 0.95, 0.96];
        let places = [0, 1, 2, 3, 3, 4, 4, 5, 5, 6];
        for (p, place) in limits.into_iter().zip(places) {
            let said = said(Put::Word(words::likelihood(p).to_owned()));
            let czech = czech(&said);
            assert!(czech.starts_with(&format!("Je {} (62 %), že", WORDS[place])), "{p}: {czech}");
        }
    }

    #[test]
    fn nobody_known_may_lead() {
        let nobody = Likelihood { who: None, ..said(Put::Word("likely".into())) };
        assert_eq!(
            czech(&nobody),
            "Je pravděpodobné (62 %), že pachatelem není žádný nám známý aktér. Ze známých aktérů odpovídá nejlépe APT29 (21 %)."
        );
    }
}
