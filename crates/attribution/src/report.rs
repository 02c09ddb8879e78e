//! The name of a report: its address, without what says nothing of which report it is, so that copies meet. One line, and
//! none of the characters that part the columns of a table.

/// The name of the report at that address.
#[must_use]
pub fn address(url: &str) -> String {
    let mut rest = without_scheme(url);
    if let Some(archived) = rest.strip_prefix("web.archive.org/web/") {
        rest = without_scheme(archived.split_once('/').map_or(archived, |(_, page)| page));
    }
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let rest = rest.split('#').next().unwrap_or(rest);
    rest.trim_end_matches('/').replace(['\t', '\n', '\r', '|'], " ").trim().to_lowercase()
}

fn without_scheme(url: &str) -> &str {
    url.split_once(":/")
        .filter(|(s, _)| s.len() < 6)
        .map_or(url, |(_, r)| r.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_report_have_one_name() {
        for url in [
            "https://www.Example.org/a/b/#part",
            "http://example.org/a/b",
            "https://web.archive.org/web/2020/https://example.org/a/b/",
        ] {
            assert_eq!(address(url), "example.org/a/b", "{url}");
        }
        assert_eq!(address("https://example.org/a|b\tc"), "example.org/a b c");
    }
}
