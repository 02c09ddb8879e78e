//! Where a value is found among a million: a filter that says no nearly always, and a table behind it.
//!
//! Built when a set is loaded, and shared by all threads. What a value must look like to be asked for
//! at all is decided before, by [`finder`](super::finder).

use std::hash::BuildHasher;
use std::net::IpAddr;

use blanik_model::IndicatorType;
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};

use super::canonical;
use super::fields::Holds;
use super::pattern::{Pattern, PatternIx};
use super::set::{EntryIx, IndicatorSet};

/// How values are compared. Several types share a class where a value does not tell which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An address, by its octets.
    Address,
    /// A prefix, by its octets and length.
    Network,
    /// A domain.
    Domain,
    /// A URL.
    Url,
    /// A URL without its host.
    UrlPath,
    /// Hexadecimal digits.
    Hex,
    /// A fuzzy hash.
    Ssdeep,
    /// A mail address.
    Mail,
    /// A file's name.
    Name,
    /// The end of a path.
    Path,
    /// A mutex.
    Mutex,
    /// A registry key.
    Registry,
    /// A user agent.
    Agent,
    /// A JA4 fingerprint.
    Ja4,
}

impl Class {
    /// The class in which values of a type are compared. `None` for patterns.
    pub fn of(ty: IndicatorType) -> Option<Class> {
        Some(match ty {
            IndicatorType::Address => Class::Address,
            IndicatorType::Network => Class::Network,
            IndicatorType::Domain => Class::Domain,
            IndicatorType::Url => Class::Url,
            IndicatorType::Md5
            | IndicatorType::Sha1
            | IndicatorType::Sha256
            | IndicatorType::Sha512
            | IndicatorType::Imphash
            | IndicatorType::Ja3
            | IndicatorType::Certificate => Class::Hex,
            IndicatorType::Ssdeep => Class::Ssdeep,
            IndicatorType::Mail => Class::Mail,
            IndicatorType::FileName => Class::Name,
            IndicatorType::FilePath => Class::Path,
            IndicatorType::Mutex => Class::Mutex,
            IndicatorType::RegistryKey => Class::Registry,
            IndicatorType::UserAgent => Class::Agent,
            IndicatorType::Ja4 => Class::Ja4,
            IndicatorType::Pattern => return None,
        })
    }
}

/// What a value was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// The indicator that stands first of its type and value.
    Indicator(EntryIx),
    /// The path of that URL, of which the host has still to be seen.
    PathOf(EntryIx),
    /// A value that the pattern asks for: the rest of it has still to be seen.
    Trigger(PatternIx),
}

/// A compiled pattern and the indicator it is.
#[derive(Debug)]
pub struct KnownPattern {
    /// What it says.
    pub pattern: Pattern,
    /// The indicator that stands first of its value.
    pub entry: EntryIx,
}

/// See the module.
#[derive(Debug)]
pub struct Index {
    set: IndicatorSet,
    hasher: DefaultHashBuilder,
    filter: Box<[u64]>,
    // With its hash, which is asked for when the table grows.
    table: HashTable<(u64, Found)>,
    triggers: Vec<(Class, String, PatternIx)>,
    patterns: Vec<KnownPattern>,
    always: Vec<PatternIx>,
    prefixes: [Vec<u8>; 2],
    tops: HashSet<Box<str>>,
    classes: u32,
}

/// A URL's path shorter than this is everybody's.
const PATH_BYTES_MIN: usize = 2;

impl Index {
    /// Of these indicators. A pattern that cannot be read matches nothing: readers refuse it before.
    pub fn new(set: IndicatorSet) -> Index {
        let bits = (set.len().max(64) * 16).next_power_of_two();
        let mut index = Index {
            hasher: DefaultHashBuilder::default(),
            filter: vec![0; bits / 64].into(),
            table: HashTable::with_capacity(set.len()),
            triggers: Vec::new(),
            patterns: Vec::new(),
            always: Vec::new(),
            prefixes: [Vec::new(), Vec::new()],
            tops: HashSet::new(),
            classes: 0,
            set: IndicatorSet::default(),
        };
        for ix in set.firsts() {
            index.enter(&set, ix);
        }
        index.set = set;
        index
    }

    fn enter(&mut self, set: &IndicatorSet, ix: EntryIx) {
        let (ty, value) = (set.ty(ix), set.value(ix));
        let Some(class) = Class::of(ty) else {
            return self.enter_pattern(value, ix);
        };
        self.note(class, value);
        self.add(self.hash_of_canonical(class, value), Found::Indicator(ix));
        if class == Class::Url {
            let path = canonical::url_path(value);
            if path.len() >= PATH_BYTES_MIN {
                self.note(Class::UrlPath, path);
                self.add(self.hash(Class::UrlPath, path.as_bytes()), Found::PathOf(ix));
            }
        }
    }

    fn enter_pattern(&mut self, text: &str, entry: EntryIx) {
        let Ok(pattern) = Pattern::parse(text) else { return };
        let ix = self.patterns.len() as PatternIx;
        match pattern.triggers() {
            None => self.always.push(ix),
            Some(triggers) => {
                for (ty, value) in triggers {
                    let Some(class) = Class::of(ty) else { continue };
                    if class == Class::Url {
                        let path = canonical::url_path(&value).to_owned();
                        self.add_trigger(Class::UrlPath, path, ix);
                    }
                    self.add_trigger(class, value, ix);
                }
            }
        }
        self.patterns.push(KnownPattern { pattern, entry });
    }

    fn add_trigger(&mut self, class: Class, value: String, ix: PatternIx) {
        self.note(class, &value);
        self.add(self.hash_of_canonical(class, &value), Found::Trigger(ix));
        self.triggers.push((class, value, ix));
    }

    /// Takes note that there are such values, so that others need not be asked for.
    fn note(&mut self, class: Class, value: &str) {
        self.classes |= 1 << class as u32;
        match class {
            Class::Domain | Class::Url | Class::Mail => {
                let host = match class {
                    Class::Url => canonical::url_host(value),
                    _ => value,
                };
                if let Some((_, top)) = host.rsplit_once('.')
                    && !self.tops.contains(top)
                {
                    self.tops.insert(top.into());
                }
            }
            Class::Network => {
                if let Some((address, length)) = prefix(value) {
                    let lengths = &mut self.prefixes[usize::from(address.is_ipv6())];
                    if let Err(at) = lengths.binary_search(&length) {
                        lengths.insert(at, length);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, hash: u64, found: Found) {
        let (word, mask) = self.place(hash);
        self.filter[word] |= mask;
        self.table.insert_unique(hash, (hash, found), |(hash, _)| *hash);
    }

    /// Where in the filter a hash has its bits: two of one word.
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = (hash >> 20) as usize & (self.filter.len() - 1);
        (word, 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }

    fn hash(&self, class: Class, key: &[u8]) -> u64 {
        self.hasher.hash_one((class as u8, key))
    }

    fn hash_of_canonical(&self, class: Class, value: &str) -> u64 {
        match class {
            Class::Address => match value.parse() {
                Ok(address) => self.hash_of_address(address),
                Err(_) => self.hash(class, value.as_bytes()),
            },
            Class::Network => match prefix(value) {
                Some((address, length)) => self.hash_of_network(address, length),
                None => self.hash(class, value.as_bytes()),
            },
            _ => self.hash(class, value.as_bytes()),
        }
    }

    fn hash_of_address(&self, address: IpAddr) -> u64 {
        match address {
            IpAddr::V4(v4) => self.hasher.hash_one((Class::Address as u8, v4.to_bits())),
            IpAddr::V6(v6) => self.hasher.hash_one((Class::Address as u8, v6.to_bits())),
        }
    }

    fn hash_of_network(&self, address: IpAddr, length: u8) -> u64 {
        match address {
            IpAddr::V4(v4) => self.hasher.hash_one((Class::Network as u8, length, v4.to_bits())),
            IpAddr::V6(v6) => self.hasher.hash_one((Class::Network as u8, length, v6.to_bits())),
        }
    }

    /// The indicators.
    pub fn set(&self) -> &IndicatorSet {
        &self.set
    }

    /// The pattern of a [`Found::Trigger`].
    pub fn pattern(&self, ix: PatternIx) -> &KnownPattern {
        &self.patterns[ix as usize]
    }

    /// The patterns that no single value leads to: they must be asked of every event.
    pub fn always(&self) -> &[PatternIx] {
        &self.always
    }

    /// True if there are values of that class.
    pub fn has(&self, class: Class) -> bool {
        self.classes & 1 << class as u32 != 0
    }

    /// True if something is looked for in fields that hold that.
    pub fn asks(&self, holds: Holds) -> bool {
        let has = |classes: &[Class]| classes.iter().any(|class| self.has(*class));
        let net = [Class::Address, Class::Network, Class::Domain, Class::Url];
        match holds {
            Holds::Endpoint => has(&net),
            Holds::Uri | Holds::Url => has(&net) || self.has(Class::UrlPath),
            Holds::Hash => has(&[Class::Hex, Class::Ssdeep]),
            Holds::Ja3 | Holds::Certificate => self.has(Class::Hex),
            Holds::Ja4 => self.has(Class::Ja4),
            Holds::Mutex => self.has(Class::Mutex),
            Holds::Mail => has(&net) || self.has(Class::Mail),
            Holds::Path => has(&[Class::Path, Class::Name]),
            Holds::Registry => self.has(Class::Registry),
            Holds::Object => has(&[Class::Path, Class::Name, Class::Registry, Class::Mutex]),
            Holds::Agent | Holds::Text | Holds::Any => true,
        }
    }

    /// True if a domain, URL or mail address ends in this label, of lower case.
    pub fn has_top(&self, label: &str) -> bool {
        self.tops.contains(label)
    }

    /// Adds what has this key in this class.
    pub fn find(&self, class: Class, key: &str, out: &mut Vec<Found>) {
        self.find_hash(self.hash(class, key.as_bytes()), out, |index, found| {
            index.is_key(class, found, |value| match class {
                Class::UrlPath => canonical::url_path(value) == key,
                _ => value == key,
            })
        });
    }

    /// Adds the address, and the ranges it lies in.
    pub fn find_address(&self, address: IpAddr, out: &mut Vec<Found>) {
        if self.has(Class::Address) {
            self.find_hash(self.hash_of_address(address), out, |index, found| {
                index.is_key(Class::Address, found, |value| value.parse() == Ok(address))
            });
        }
        for &length in &self.prefixes[usize::from(address.is_ipv6())] {
            let masked = canonical::masked(address, length);
            self.find_hash(self.hash_of_network(masked, length), out, |index, found| {
                index.is_key(Class::Network, found, |value| prefix(value) == Some((masked, length)))
            });
        }
    }

    fn find_hash(&self, hash: u64, out: &mut Vec<Found>, is: impl Fn(&Index, Found) -> bool) {
        let (word, mask) = self.place(hash);
        if self.filter[word] & mask != mask {
            return;
        }
        for &(of, found) in self.table.iter_hash(hash) {
            if of == hash && is(self, found) {
                out.push(found);
            }
        }
    }

    /// True if what was found is of the class, and its value is the one.
    fn is_key(&self, class: Class, found: Found, is: impl Fn(&str) -> bool) -> bool {
        match found {
            Found::Indicator(ix) => {
                Class::of(self.set.ty(ix)) == Some(class) && is(self.set.value(ix))
            }
            Found::PathOf(ix) => class == Class::UrlPath && is(self.set.value(ix)),
            Found::Trigger(pattern) => {
                let of = self.triggers.partition_point(|(_, _, ix)| *ix < pattern);
                let own = self.triggers[of..].iter().take_while(|(_, _, ix)| *ix == pattern);
                own.into_iter().any(|(of, value, _)| *of == class && is(value))
            }
        }
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        self.set.memory() + 8 * self.filter.len() + 17 * self.table.capacity()
    }
}

/// A prefix as canonical text.
fn prefix(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}
