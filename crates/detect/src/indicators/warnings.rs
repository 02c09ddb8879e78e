//! Warning lists: values that everybody has, and that would drown the reader as indicators.
//!
//! Two things are done with what stands on a list. Values that are nobody's (private addresses, public
//! resolvers, the best-known sites, the hash of nothing) are *muted*: they match nothing, and are
//! counted by list. Shared infrastructure (hosters, networks of VPNs, dynamic names, scanners) is where
//! intruders live, too: there an indicator is kept, and the list is *noted* with it. Which list
//! does which stands in `warnings/lists.tsv`. A list mutes the very name it has, and no name below it: a list of
//! sites says nothing of one user's page.

use std::collections::BTreeMap;
use std::net::IpAddr;

use blanik_model::IndicatorType;
use hashbrown::HashMap;

use super::canonical;
use super::set::{IndicatorSet, SetBuilder};

/// What a list does to the indicators on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They match nothing.
    Mute,
    /// They match, and the list is named.
    Note,
}

/// How a list's values are meant (MISP's `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Ranges of addresses.
    Cidr,
    /// Whole values, or hosts.
    Text,
    /// Regular expressions.
    Regex,
}

/// A warning list.
#[derive(Clone, Debug)]
pub struct WarningList {
    /// Its name.
    pub name: String,
    /// What it does.
    pub effect: Effect,
    /// How its values are meant.
    pub matching: Matching,
    /// What sorts of values it speaks of (MISP's `matching_attributes`).
    pub attributes: Vec<String>,
    /// The values.
    pub values: Vec<String>,
}

/// What lists say of an indicator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The first list that mutes it.
    pub muted_by: Option<usize>,
    /// The lists that are noted with it.
    pub noted: Vec<usize>,
}

/// Lists, ready to be asked. See the module.
#[derive(Debug, Default)]
pub struct WarningLists {
    names: Vec<(String, Effect)>,
    texts: HashMap<Box<str>, Vec<u16>>,
    prefixes: [Vec<u8>; 2],
    networks: HashMap<(IpAddr, u8), Vec<u16>>,
    expressions: Vec<(u16, regex::Regex)>,
    // By list: sorts of values it speaks of.
    speaks_of: Vec<Sorts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sorts {
    addresses: bool,
    names: bool,
    hashes: bool,
    mails: bool,
    files: bool,
    keys: bool,
}

/// Lists kept; more are more than there are.
const LISTS_MAX: usize = 4096;
/// Regular expressions kept of all lists.
const EXPRESSIONS_MAX: usize = 256;

impl WarningLists {
    /// The lists that are always there.
    pub fn builtin() -> WarningLists {
        let mut lists = WarningLists::default();
        let mut list: Option<WarningList> = None;
        for line in include_str!("warnings/builtin.txt").lines() {
            match line.strip_prefix("# ") {
                Some(heading) => {
                    list.take().into_iter().for_each(|list| lists.add(&list));
                    let (attribute, name) = heading.split_once(": ").expect("sort: name");
                    let matching =
                        if attribute == "ip-src" { Matching::Cidr } else { Matching::Text };
                    list = Some(WarningList {
                        name: name.to_owned(),
                        effect: Effect::Mute,
                        matching,
                        attributes: vec![attribute.to_owned()],
                        values: Vec::new(),
                    });
                }
                None => {
                    let list = list.as_mut().expect("a heading comes first");
                    list.values.push(line.to_owned());
                }
            }
        }
        list.iter().for_each(|list| lists.add(list));
        lists
    }

    /// Number of lists.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A list's name.
    pub fn name(&self, list: usize) -> &str {
        &self.names[list].0
    }

    /// Adds a list. What of it cannot be understood warns of nothing.
    pub fn add(&mut self, list: &WarningList) {
        if self.names.len() >= LISTS_MAX {
            return;
        }
        let id = self.names.len() as u16;
        self.names.push((list.name.clone(), list.effect));
        self.speaks_of.push(Sorts::of(&list.attributes));
        for value in &list.values {
            match list.matching {
                Matching::Cidr => self.add_network(id, value),
                Matching::Text => {
                    let value = value.trim().trim_start_matches('.').to_lowercase();
                    // Addresses stand among hosts in some lists.
                    match canonical::address(&value) {
                        Some(_) => self.add_network(id, &value),
                        None => self.texts.entry(value.into()).or_default().push(id),
                    }
                }
                Matching::Regex => self.add_expression(id, value),
            }
        }
    }

    fn add_network(&mut self, id: u16, value: &str) {
        let all = match canonical::address(value) {
            Some(address) => vec![(address, if address.is_ipv4() { 32 } else { 128 })],
            None => canonical::networks(value).unwrap_or_default(),
        };
        for (address, length) in all {
            let lengths = &mut self.prefixes[usize::from(address.is_ipv6())];
            if let Err(at) = lengths.binary_search(&length) {
                lengths.insert(at, length);
            }
            self.networks.entry((address, length)).or_default().push(id);
        }
    }

    /// As PHP writes them: `/expression/flags`.
    fn add_expression(&mut self, id: u16, value: &str) {
        let Some((expression, flags)) =
            value.strip_prefix('/').and_then(|value| value.rsplit_once('/'))
        else {
            return;
        };
        let built = regex::RegexBuilder::new(&expression.replace("\\@", "@"))
            .case_insensitive(flags.contains('i'))
            .size_limit(1 << 18)
            .build();
        if let Ok(expression) = built
            && self.expressions.len() < EXPRESSIONS_MAX
        {
            self.expressions.push((id, expression));
        }
    }

    /// The set without what is muted, and with what is noted; and how many values each list muted, by name.
    pub fn apply(&self, set: &IndicatorSet) -> (IndicatorSet, BTreeMap<String, u64>) {
        let mut kept = SetBuilder::default();
        let mut muted = BTreeMap::new();
        for first in set.firsts() {
            let verdict = self.judge(set.ty(first), set.value(first));
            if let Some(list) = verdict.muted_by {
                *muted.entry(self.name(list).to_owned()).or_default() += 1;
                continue;
            }
            for ix in set.statements(first) {
                let provenance = set.provenance(ix);
                if verdict.noted.is_empty() {
                    kept.push(provenance, set.entry(ix));
                } else {
                    let mut provenance = provenance.clone();
                    for list in &verdict.noted {
                        let name = self.name(*list);
                        if !provenance.warnings.iter().any(|known| known == name) {
                            provenance.warnings.push(name.to_owned());
                        }
                    }
                    kept.push(&provenance, set.entry(ix));
                }
            }
        }
        (kept.finish(), muted)
    }

    /// What the lists say of an indicator.
    pub fn judge(&self, ty: IndicatorType, value: &str) -> Verdict {
        let mut lists = Vec::new();
        match ty {
            IndicatorType::Address | IndicatorType::Network => self.networks_of(value, &mut lists),
            IndicatorType::Domain => self.host(value, &mut lists),
            IndicatorType::Url => {
                // A page on a site is not the site.
                if canonical::url_path(value) == "/" {
                    let host = canonical::url_host(value);
                    self.host(host, &mut lists);
                    self.networks_of(host, &mut lists);
                }
                self.text(value, |sorts| sorts.names, &mut lists);
            }
            IndicatorType::Mail => {
                self.text(value, |sorts| sorts.mails, &mut lists);
                let matching = self.expressions.iter().filter(|(id, expression)| {
                    self.speaks_of[*id as usize].mails && expression.is_match(value)
                });
                lists.extend(matching.map(|(id, _)| *id));
            }
            IndicatorType::FileName => self.text(value, |sorts| sorts.files, &mut lists),
            IndicatorType::RegistryKey => self.text(value, |sorts| sorts.keys, &mut lists),
            IndicatorType::FilePath
            | IndicatorType::Mutex
            | IndicatorType::UserAgent
            | IndicatorType::Ja4
            | IndicatorType::Pattern => {}
            _ => self.text(value, |sorts| sorts.hashes, &mut lists),
        }
        lists.sort_unstable();
        lists.dedup();
        let of = |effect: Effect| {
            let names = &self.names;
            lists.iter().map(|id| *id as usize).filter(move |id| names[*id].1 == effect)
        };
        Verdict { muted_by: of(Effect::Mute).next(), noted: of(Effect::Note).collect() }
    }

    fn text(&self, value: &str, speaks: impl Fn(&Sorts) -> bool, lists: &mut Vec<u16>) {
        let known = self.texts.get(value).into_iter().flatten();
        lists.extend(known.filter(|id| speaks(&self.speaks_of[**id as usize])));
    }

    /// The host itself, or the site it is the `www` of.
    fn host(&self, host: &str, lists: &mut Vec<u16>) {
        self.text(host, |sorts| sorts.names, lists);
        if let Some(site) = host.strip_prefix("www.") {
            self.text(site, |sorts| sorts.names, lists);
        }
        // What notes speaks of the names below, too.
        let mut rest = host;
        while let Some((_, below)) = rest.split_once('.') {
            let known = self.texts.get(below).into_iter().flatten();
            let notes = |id: &&u16| {
                self.names[**id as usize].1 == Effect::Note && self.speaks_of[**id as usize].names
            };
            lists.extend(known.filter(notes));
            rest = below;
        }
    }

    /// The lists that have the whole of an address or a range.
    fn networks_of(&self, value: &str, lists: &mut Vec<u16>) {
        let (address, own) = match canonical::address(value) {
            Some(address) => (address, 128),
            None => match canonical::networks(value).as_deref() {
                Some(&[(address, length)]) => (address, length),
                _ => return,
            },
        };
        let lengths = &self.prefixes[usize::from(address.is_ipv6())];
        for &length in lengths.iter().take_while(|length| **length <= own) {
            let known = self.networks.get(&(canonical::masked(address, length), length));
            let known = known.into_iter().flatten();
            lists.extend(known.filter(|id| self.speaks_of[**id as usize].addresses));
        }
    }
}

impl Sorts {
    fn of(attributes: &[String]) -> Sorts {
        let has = |words: &[&str]| {
            attributes.iter().any(|attribute| words.iter().any(|word| attribute.contains(word)))
        };
        let any = attributes.is_empty();
        Sorts {
            addresses: any || has(&["ip-"]),
            names: any || has(&["domain", "hostname", "url", "uri"]),
            hashes: any || has(&["md5", "sha1", "sha256", "sha512", "ssdeep"]),
            mails: any || has(&["email"]),
            files: any || attributes.iter().any(|attribute| attribute == "filename"),
            keys: any || has(&["regkey"]),
        }
    }
}

/// What a list does, by the name of its folder or its own: `warnings/lists.tsv`.
pub fn effect_of(slug: &str, name: &str) -> Effect {
    let (slug, name) = (slug.to_lowercase(), name.to_lowercase());
    let rows = include_str!("warnings/lists.tsv").lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let word = row.split('\t').next().unwrap_or(row);
        if !word.is_empty() && (slug.contains(word) || name.contains(word)) {
            return Effect::Note;
        }
    }
    Effect::Mute
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> WarningLists {
        let mut lists = WarningLists::builtin();
        for (name, effect, matching, attribute, value) in [
            ("resolvers", Effect::Mute, Matching::Cidr, "ip-dst", "8.8.8.8"),
            ("sites", Effect::Mute, Matching::Text, "domain", "known.example"),
            ("dynamic", Effect::Note, Matching::Text, "hostname", ".dyn.example"),
            ("hoster", Effect::Note, Matching::Cidr, "ip-dst", "20.0.0.0/8"),
            ("contacts", Effect::Mute, Matching::Regex, "email-src", "/^abuse\\@.*$/i"),
        ] {
            lists.add(&WarningList {
                name: name.into(),
                effect,
                matching,
                attributes: vec![attribute.into()],
                values: vec![value.into()],
            });
        }
        lists
    }

    #[test]
    fn what_everybody_has_is_muted_and_what_is_shared_is_noted() {
        use IndicatorType::*;
        let lists = lists();
        for (ty, value, muted, noted) in [
            (Address, "8.8.8.8", Some("resolvers"), None),
            (Address, "8.8.8.9", None, None),
            (Address, "10.1.2.3", Some("private and special addresses"), None),
            (Network, "192.168.0.0/24", Some("private and special addresses"), None),
            (Network, "8.0.0.0/6", None, None),
            (Address, "20.1.2.3", None, Some("hoster")),
            (Domain, "known.example", Some("sites"), None),
            (Domain, "www.known.example", Some("sites"), None),
            (Domain, "user.known.example", None, None),
            (Url, "known.example/evil.exe", None, None),
            (Url, "known.example/", Some("sites"), None),
            (Domain, "evil.dyn.example", None, Some("dynamic")),
            (Mail, "abuse@known.example", Some("contacts"), None),
            (FileName, "svchost.exe", Some("names of the systems' own programs"), None),
            (FileName, "evil.exe", None, None),
            (
                RegistryKey,
                "hkcu/software/microsoft/windows/currentversion/run",
                Some("keys that many programs use"),
                None,
            ),
        ] {
            let verdict = lists.judge(ty, value);
            assert_eq!(verdict.muted_by.map(|id| lists.name(id)), muted, "{value}");
            assert_eq!(verdict.noted.first().map(|id| lists.name(*id)), noted, "{value}");
        }
    }
}
