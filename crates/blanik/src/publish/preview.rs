//! `blanik publish --preview`: for each audience what it would see, and for the chosen one the sentences and the names
//! that are withheld.

use std::io::Write;

use anyhow::Result;
use blanik_model::Tlp;
use blanik_model::text::for_terminal;

use super::Draft;
use crate::output::counted;

/// Says it.
pub fn tell(draft: &Draft, tlp: Tlp, out: &mut impl Write) -> Result<()> {
    writeln!(out, "{:<14} {:>9} {:>10}  withheld names", "audience", "sentences", "indicators")?;
    for audience in [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red] {
        let names = draft.names(audience)?;
        let publication = draft.publication(&names)?;
        let withheld: Vec<String> =
            publication.withheld.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        let withheld = if withheld.is_empty() { "none".to_owned() } else { withheld.join(", ") };
        writeln!(
            out,
            "{:<14} {:>9} {:>10}  {withheld}",
            audience.to_string(),
            publication.claims().count(),
            publication.indicators.len(),
        )?;
    }
    let names = draft.names(tlp)?;
    let (publication, files, proofs) = match draft.unsealed(&names) {
        Ok(made) => made,
        Err(error) => return Err(super::explained(error)),
    };
    writeln!(
        out,
        "\nTLP:{}: {}, {}\n",
        tlp.to_string().to_uppercase(),
        counted(files.len() as u64 + 1, "file"),
        counted(proofs as u64, "proof")
    )?;
    for chapter in &publication.chapters {
        let kind = serde_json::to_value(chapter.kind)?;
        writeln!(out, "{}", kind.as_str().unwrap_or_default())?;
        for claim in &chapter.claims {
            let marking = claim.marking.to_string();
            writeln!(out, "  {:<5} {:<12} {}", claim.id, marking, for_terminal(&claim.text.en))?;
        }
    }
    let text = serde_json::to_string(&publication)?;
    let all = names.used(&text);
    let is_used =
        |kind: &str, stand_in: &str| all.get(kind).is_some_and(|of| of.contains(stand_in));
    let used: Vec<_> =
        names.stand_ins().filter(|(_, kind, stand_in)| is_used(kind, stand_in)).collect();
    if !used.is_empty() {
        writeln!(out, "\nWithheld from this audience, and what stands for it (for you alone)")?;
    }
    for (name, _, stand_in) in &used {
        writeln!(out, "  {:<20} {}", stand_in, for_terminal(name))?;
    }
    Ok(())
}
