//! Media types: what a client accepts and what it sends (TAXII 2.1, 1.6.8).

/// What this server speaks.
pub const TAXII: &str = "application/taxii+json;version=2.1";
const TYPE: &str = "application/taxii+json";
const VERSION: &str = "2.1";

/// True if a client that sends this `Accept` takes [`TAXII`].
pub fn is_accepted(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let (ty, version, quality) = parse(range);
        let is_ours = ty == TYPE && version.is_none_or(|version| version == VERSION);
        (is_ours || ty == "application/*" || ty == "*/*") && quality > 0.0
    })
}

/// True if a body of this `Content-Type` is [`TAXII`].
pub fn is_taxii(content_type: &str) -> bool {
    let (ty, version, _) = parse(content_type);
    ty == TYPE && version.is_none_or(|version| version == VERSION)
}

/// A type in lower case, its version and its quality.
fn parse(range: &str) -> (String, Option<String>, f32) {
    let mut parts = range.split(';').map(str::trim);
    let ty = parts.next().unwrap_or_default().to_ascii_lowercase();
    let (mut version, mut quality) = (None, 1.0);
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "version" => version = Some(value.to_owned()),
            "q" => quality = value.parse().unwrap_or(0.0),
            _ => {}
        }
    }
    (ty, version, quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_this_version_are_accepted() {
        for accept in [
            TAXII,
            "application/taxii+json",
            "Application/TAXII+JSON; Version=\"2.1\"",
            "text/html, application/taxii+json;version=2.1;q=0.5",
            "*/*",
            "application/*",
        ] {
            assert!(is_accepted(accept), "{accept}");
        }
        for accept in [
            "",
            "application/json",
            "application/taxii+json;version=2.0",
            "application/vnd.oasis.taxii+json",
            "application/taxii+json;version=2.1;q=0",
            "text/*",
        ] {
            assert!(!is_accepted(accept), "{accept}");
        }
        assert!(is_taxii(TAXII) && is_taxii("application/taxii+json; version=2.1; charset=utf-8"));
        assert!(
            !is_taxii("application/json")
                && !is_taxii("*/*")
                && !is_taxii("application/taxii+json;version=2.0")
        );
    }
}
