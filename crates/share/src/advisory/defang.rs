//! Addresses written so that nobody follows them by accident (`hxxp`, `[.]`), as lists of indicators do.

use blanik_model::IndicatorType;

/// A value as it may be shown. Hashes, names and paths stay as they are.
pub fn defang(kind: IndicatorType, value: &str) -> String {
    match kind {
        IndicatorType::Address | IndicatorType::Network | IndicatorType::Domain => host(value),
        IndicatorType::Url => url(value),
        IndicatorType::Mail => host(&value.replace('@', "[@]")),
        _ => value.to_owned(),
    }
}

/// The last dot of a name and of an IPv4 address, or the first colons of an IPv6 address, in brackets.
pub fn host(name: &str) -> String {
    if let Some((head, tail)) = name.rsplit_once('.') {
        return format!("{head}[.]{tail}");
    }
    name.replacen(':', "[:]", 1)
}

fn url(value: &str) -> String {
    let (scheme, rest) = value.split_once("://").unwrap_or(("", value));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let scheme = match scheme {
        "" => String::new(),
        other => format!("{}://", other.replacen("tt", "xx", 1)),
    };
    format!("{scheme}{}{path}", host(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_can_be_followed() {
        assert_eq!(defang(IndicatorType::Address, "203.0.113.7"), "203.0.113[.]7");
        assert_eq!(defang(IndicatorType::Address, "2001:db8::1"), "2001[:]db8::1");
        assert_eq!(defang(IndicatorType::Domain, "cdn.evil.example"), "cdn.evil[.]example");
        assert_eq!(
            defang(IndicatorType::Url, "https://evil.example/a.b?c"),
            "hxxps://evil[.]example/a.b?c"
        );
        assert_eq!(defang(IndicatorType::Url, "evil.example/a"), "evil[.]example/a");
        assert_eq!(defang(IndicatorType::Mail, "a@evil.example"), "a[@]evil[.]example");
        assert_eq!(defang(IndicatorType::FileName, "a.exe"), "a.exe");
    }
}
