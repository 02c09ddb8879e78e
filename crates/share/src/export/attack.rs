//! What ATT&CK's ids look like, and where ATT&CK tells of them.

/// True for `T1003` and `T1003.001`.
pub fn is_technique(id: &str) -> bool {
    let (main, sub) = id.split_once('.').unwrap_or((id, "000"));
    numbered(main, 'T', 4) && sub.len() == 3 && sub.bytes().all(|b| b.is_ascii_digit())
}

/// True for `S0002`.
pub fn is_software(id: &str) -> bool {
    numbered(id, 'S', 4)
}

/// True for `G0128`.
pub fn is_group(id: &str) -> bool {
    numbered(id, 'G', 4)
}

/// A technique's page.
pub fn url(technique: &str) -> String {
    format!("https://attack.mitre.org/techniques/{}", technique.replace('.', "/"))
}

fn numbered(id: &str, letter: char, digits: usize) -> bool {
    let rest = id.strip_prefix(letter).unwrap_or("");
    rest.len() == digits && rest.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert!(is_technique("T1003") && is_technique("T1003.001"));
        for id in ["", "T1003.", "T1003.1", "t1003", "T10035", "T1003/../x", "G0128"] {
            assert!(!is_technique(id), "{id}");
        }
        assert!(is_software("S0002") && !is_software("S2"));
        assert!(is_group("G0128") && !is_group("UNKNOWN"));
        assert_eq!(url("T1003.001"), "https://attack.mitre.org/techniques/T1003/001");
    }
}
