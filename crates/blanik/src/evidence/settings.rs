//! What a hunt was told beside its rules, as it goes on record and as it is applied again. What lies in
//! files goes by digest: who hunts again has to bring the same.

use blanik_evidence::Hash;
use blanik_model::record::Settings;
use sha2::{Digest, Sha256};

use crate::cli::HuntArgs;
use crate::hunt::{Filter, ToolFilter};
use crate::indicators::Indicators;

/// Of a hunt as it was typed, the texts of its placeholders and mappings, and the indicators that it
/// looks for.
pub(super) fn of(
    args: &HuntArgs,
    placeholders: &[String],
    mappings: &[String],
    indicators: Option<&Indicators>,
) -> Settings {
    Settings {
        from: args.from,
        to: args.to,
        hosts: args.host.clone(),
        level: args.level,
        statuses: args.status.clone(),
        chosen: args.rule.clone(),
        tool_findings: args.tool_findings,
        raw: args.raw,
        format: args.logs.input_format.map(|format| format.to_string()),
        year: args.logs.year,
        placeholders: of_some(placeholders),
        mappings: of_some(mappings),
        indicators: indicators.map(of_indicators),
    }
}

/// Which findings the hunt kept.
pub(super) fn filter(settings: &Settings) -> Filter {
    Filter { from: settings.from, to: settings.to, hosts: settings.hosts.clone() }
}

/// Which findings of other tools it kept.
pub(super) fn tools(settings: &Settings) -> Option<ToolFilter> {
    let filter = || ToolFilter::new(settings.level, &settings.chosen, &settings.statuses);
    settings.tool_findings.then(filter)
}

/// Of the texts of files; none if there are none.
pub(super) fn of_some(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| of_texts(texts))
}

/// Of all that is said of the indicators, but for the folders that their lists lie in.
pub(super) fn of_indicators(indicators: &Indicators) -> String {
    let set = indicators.index.set();
    let mut hasher = Sha256::new();
    for ix in set.firsts().flat_map(|first| set.statements(first)) {
        let mut provenance = set.provenance(ix).clone();
        provenance.list = super::file_name(&provenance.list).to_owned();
        let said = (set.ty(ix), set.value(ix), provenance, set.place(ix), set.validity(ix));
        let said = serde_json::to_string(&(said, set.comment(ix))).expect("no map with odd keys");
        add(&mut hasher, &said);
    }
    Hash(hasher.finalize().into()).to_hex()
}

/// Of the texts of files: the same texts have the same digest wherever they lie. In order of the texts,
/// each with its length before it.
pub(super) fn of_texts(texts: &[String]) -> String {
    let mut texts: Vec<&String> = texts.iter().collect();
    texts.sort_unstable();
    let mut hasher = Sha256::new();
    texts.into_iter().for_each(|text| add(&mut hasher, text));
    Hash(hasher.finalize().into()).to_hex()
}

fn add(hasher: &mut Sha256, text: &str) {
    hasher.update((text.len() as u64).to_be_bytes());
    hasher.update(text);
}
