//! MITRE ATT&CK's tactics, in the order of an intrusion, and what a rule's tags say of them.

/// The tactics of ATT&CK Enterprise, as Sigma tags write them (`attack.<slug>`), with their names.
/// `defense-evasion` was split into `stealth` and `defense-impairment` in ATT&CK v19; rules carry
/// both generations of tags.
pub const TACTICS: &[(&str, &str)] = &[
    ("reconnaissance", "Reconnaissance"),
    ("resource-development", "Resource Development"),
    ("initial-access", "Initial Access"),
    ("execution", "Execution"),
    ("persistence", "Persistence"),
    ("privilege-escalation", "Privilege Escalation"),
    ("stealth", "Stealth"),
    ("defense-evasion", "Defense Evasion"),
    ("defense-impairment", "Defense Impairment"),
    ("credential-access", "Credential Access"),
    ("discovery", "Discovery"),
    ("lateral-movement", "Lateral Movement"),
    ("collection", "Collection"),
    ("command-and-control", "Command and Control"),
    ("exfiltration", "Exfiltration"),
    ("impact", "Impact"),
];

/// What a Sigma tag of the `attack` namespace names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttackTag<'a> {
    /// Index into [`TACTICS`].
    Tactic(usize),
    /// `T1003.001`, in upper case.
    Technique(String),
    /// A group, software or anything else of the namespace, as written.
    Other(&'a str),
}

/// Reads a tag; `None` if it is not of the `attack` namespace. Older rules write underscores
/// (`attack.defense_evasion`) for hyphens.
pub fn parse_tag(tag: &str) -> Option<AttackTag<'_>> {
    let name = tag.strip_prefix("attack.")?;
    let slug = name.replace('_', "-");
    if let Some(i) = TACTICS.iter().position(|(known, _)| *known == slug) {
        return Some(AttackTag::Tactic(i));
    }
    let digits = name.strip_prefix(['t', 'T']).unwrap_or("");
    if digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Some(AttackTag::Technique(format!("T{digits}")));
    }
    Some(AttackTag::Other(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        assert_eq!(parse_tag("attack.defense_evasion"), Some(AttackTag::Tactic(7)));
        assert_eq!(parse_tag("attack.t1003.001"), Some(AttackTag::Technique("T1003.001".into())));
        assert_eq!(parse_tag("attack.g0016"), Some(AttackTag::Other("g0016")));
        assert_eq!(parse_tag("cve.2021-44228"), None);
    }
}
