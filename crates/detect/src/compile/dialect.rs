//! What a rule says of the language it is written in, and what in it has no meaning here.

use rsigma_parser::SigmaRule;

use super::Refusal;

/// Refuses rules written in another language than Sigma 2 with its own names.
pub fn check_dialect(version: Option<u32>, taxonomy: Option<&str>) -> Result<(), Refusal> {
    if let Some(version) = version.filter(|v| *v > SIGMA_VERSION) {
        return Err(Refusal::new(
            "sigma-version",
            format!("the rule is written for Sigma {version}"),
            format!("Sigma {SIGMA_VERSION} is read here"),
        ));
    }
    match taxonomy {
        None | Some("sigma") => Ok(()),
        Some(other) => Err(Refusal::new(
            "taxonomy",
            format!("the rule uses the names of the taxonomy '{other}', which is not known here"),
            "translate its fields and log source to the taxonomy 'sigma'",
        )),
    }
}

/// The major version of the specification that is read.
const SIGMA_VERSION: u32 = 2;

/// What the author of a rule that is used should know.
pub fn remarks(rule: &SigmaRule) -> Vec<Refusal> {
    let mut remarks = Vec::new();
    let source = &rule.logsource;
    if source.product.is_none() && source.service.is_none() && source.category.is_none() {
        remarks.push(Refusal::new(
            "logsource",
            "the rule names no log source, and is tried on every event",
            "name a product, service or category",
        ));
    }
    if rule.detection.timeframe.is_some() {
        remarks.push(Refusal::new(
            "timeframe",
            "the timeframe is not looked at: each event stands for itself",
            "what is counted over time became correlation rules",
        ));
    }
    remarks
}
