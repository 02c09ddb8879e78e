//! The parameters of an address: filters and pages (TAXII 2.1, 3.4 and 3.5). Each may stand once; what is not known is refused,
//! for a filter that is overlooked shows more than was asked for.

use blanik_model::Timestamp;

use crate::index::{Filter, Versions};
use crate::object::Spec;

/// Most values of one parameter.
const VALUES_MAX: usize = 1_000;

/// What an endpoint's parameters are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The filter.
    pub filter: Filter,
    /// At most so many.
    pub limit: Option<usize>,
    /// Where to go on: what a page before said.
    pub next: Option<String>,
}

impl Query {
    /// Of what stands behind the `?`.
    ///
    /// # Errors
    /// What is wrong, in words for the client.
    pub fn parse(query: &str, allowed: &[&str]) -> Result<Query, String> {
        let mut parsed = Query::default();
        let mut seen: Vec<String> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).ok_or("a parameter's name is not percent-encoded UTF-8")?;
            let value =
                decoded(value).ok_or_else(|| format!("{name}: not percent-encoded UTF-8"))?;
            if !allowed.contains(&name.as_str()) {
                return Err(format!(
                    "{name:?} is no parameter here; there are: {}",
                    allowed.join(", ")
                ));
            }
            if seen.contains(&name) {
                return Err(format!("{name} stands twice"));
            }
            parsed.take(&name, &value)?;
            seen.push(name);
        }
        Ok(parsed)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let filter = &mut self.filter;
        match name {
            "added_after" => filter.added_after = Some(time(name, value)?),
            "limit" => {
                let limit: Option<usize> = value.parse().ok().filter(|limit| *limit > 0);
                self.limit = Some(limit.ok_or("limit: a whole number from 1")?);
            }
            "next" => self.next = Some(value.to_owned()),
            "match[id]" => filter.ids = Some(list(name, value)?),
            "match[type]" => filter.types = Some(list(name, value)?),
            "match[version]" => filter.versions = versions(name, value)?,
            "match[spec_version]" => {
                let spec = |word: String| {
                    let spec = Spec::ALL.into_iter().find(|spec| spec.as_str() == word);
                    spec.ok_or_else(|| format!("{name}: 2.0 or 2.1, not {word:?}"))
                };
                filter.specs =
                    Some(list(name, value)?.into_iter().map(spec).collect::<Result<_, _>>()?);
            }
            _ => unreachable!("only what is allowed comes here"),
        }
        Ok(())
    }
}

fn list(name: &str, value: &str) -> Result<Vec<String>, String> {
    let values: Vec<String> = value.split(',').map(str::to_owned).collect();
    if values.len() > VALUES_MAX {
        return Err(format!("{name}: more than {VALUES_MAX} values"));
    }
    match values.iter().any(String::is_empty) {
        true => Err(format!("{name}: an empty value")),
        false => Ok(values),
    }
}

fn versions(name: &str, value: &str) -> Result<Versions, String> {
    let mut versions = Versions::default();
    for word in list(name, value)? {
        match word.as_str() {
            "first" => versions.first = true,
            "last" => versions.last = true,
            "all" => versions.all = true,
            at => versions.at.push(time(name, at)?),
        }
    }
    match versions.all && (versions.first || versions.last || !versions.at.is_empty()) {
        true => Err(format!("{name}: all stands alone")),
        false => Ok(versions),
    }
}

fn time(name: &str, value: &str) -> Result<Timestamp, String> {
    let time = Timestamp::parse(value).filter(|_| value.ends_with('Z'));
    time.ok_or_else(|| format!("{name}: a time like 2024-01-31T12:00:00.000000Z, not {value:?}"))
}

/// Percent-decoded. A plus sign is a plus sign.
pub fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        "added_after",
        "limit",
        "next",
        "match[id]",
        "match[type]",
        "match[version]",
        "match[spec_version]",
    ];

    #[test]
    fn parameters_are_read_as_they_are_encoded() {
        let query = "added_after=2024-01-31T12:00:00.000001Z&limit=7&next=2.5&match[id]=a--1,b--2&match%5Btype%5D=a%2Cb\
            &match[version]=first,2024-01-01T00:00:00Z&match[spec_version]=2.1";
        let query = Query::parse(query, ALL).expect("all is well");
        assert_eq!(query.limit, Some(7));
        assert_eq!(query.next.as_deref(), Some("2.5"));
        assert_eq!(query.filter.ids, Some(vec!["a--1".into(), "b--2".into()]));
        assert_eq!(query.filter.types, Some(vec!["a".into(), "b".into()]));
        assert_eq!(query.filter.specs, Some(vec![Spec::V21]));
        assert_eq!(
            query.filter.added_after.map(Timestamp::as_nanos),
            Some(1_706_702_400_000_001_000)
        );
        assert!(query.filter.versions.first && query.filter.versions.at.len() == 1);
        assert_eq!(Query::parse("", ALL), Ok(Query::default()));
    }

    #[test]
    fn malformed_filters_are_named() {
        for (query, reason) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=1&limit=2", "twice"),
            ("added_after=yesterday", "added_after"),
            ("added_after=2024-01-01T00:00:00", "added_after"),
            ("match[version]=newest", "match[version]"),
            ("match[version]=all,last", "alone"),
            ("match[id]=", "empty"),
            ("match[id]=a,,b", "empty"),
            ("match[spec_version]=1.2", "2.0 or 2.1"),
            ("match[name]=x", "no parameter"),
            ("matched", "no parameter"),
            ("next=%zz", "percent"),
            ("next=%ff", "UTF-8"),
            ("next=%", "percent"),
        ] {
            let refused = Query::parse(query, ALL).expect_err(query);
            assert!(refused.contains(reason), "{query}: {refused}");
        }
        assert!(Query::parse("limit=1", &["match[version]"]).is_err());
    }
}
