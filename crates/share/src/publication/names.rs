//! Who may see which name. Names of a case are of classes; a marking withholds whole classes, a person single names.
//! What is withheld has a stand-in (`host-3`) everywhere: in sentences, data, proofs, ids.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, Input, Match, MatchKind};
use blanik_model::Tlp;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A machine of ours.
    Host,
    /// An address of ours.
    InternalAddress,
    /// A domain or realm of ours.
    Domain,
    /// A user's account.
    Account,
    /// A mailbox.
    Mailbox,
    /// A file's path.
    File,
    /// An address, domain or digest outside.
    Outside,
    /// No name that the case knows: words that a person withholds.
    Words,
}

impl NameKind {
    /// All of them.
    pub const ALL: [NameKind; 8] = [
        NameKind::Host,
        NameKind::InternalAddress,
        NameKind::Domain,
        NameKind::Account,
        NameKind::Mailbox,
        NameKind::File,
        NameKind::Outside,
        NameKind::Words,
    ];

    /// The word for it; stand-ins begin with it.
    pub fn word(self) -> &'static str {
        match self {
            NameKind::Host => "host",
            NameKind::InternalAddress => "internal-address",
            NameKind::Domain => "domain",
            NameKind::Account => "account",
            NameKind::Mailbox => "mailbox",
            NameKind::File => "file",
            NameKind::Outside => "indicator",
            NameKind::Words => "words",
        }
    }

    /// The audience that may see such names: what a network looks like inside is for those who defend it together, who
    /// works there and on what for the organisation alone.
    pub fn audience(self) -> Tlp {
        match self {
            NameKind::Outside | NameKind::Words => Tlp::Clear,
            NameKind::Host | NameKind::InternalAddress | NameKind::Domain => Tlp::Amber,
            NameKind::Account | NameKind::Mailbox | NameKind::File => Tlp::AmberStrict,
        }
    }
}

/// What a person withholds, whatever the marking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redactions {
    /// Names and other texts, without case.
    pub values: BTreeSet<String>,
    /// Whole classes.
    pub kinds: BTreeSet<NameKind>,
    /// Fields of records: paths, and what is below them.
    pub fields: BTreeSet<String>,
}

/// Accounts that are everybody's, and words that every publication has: they name nobody.
const ANYONE: &[&str] = &[
    "intruder",
    "host",
    "account",
    "address",
    "network",
    "user",
    "mailbox",
    "root",
    "administrator",
    "admin",
    "guest",
    "system",
    "krbtgt",
    "www-data",
    "daemon",
    "nobody",
    "postgres",
    "mysql",
    "nginx",
    "apache",
    "iusr",
    "sshd",
    "bin",
    "anonymous",
    "user",
    "users",
    "nt authority",
    "builtin",
    "localhost",
];
/// What is shorter is no name: it stands everywhere.
pub const NAME_CHARS_MIN: usize = 2;
/// A name that is shorter is one only where no letter or digit is beside it.
const DISTINCT_CHARS: usize = 6;

#[derive(Clone, Debug)]
struct Name {
    kind: NameKind,
    audience: Tlp,
    stand_in: String,
    is_withheld: bool,
}

/// The names of a case, and what may be shown of them.
pub struct Names {
    known: BTreeMap<String, Name>,
    withheld: Vec<String>,
    matcher: AhoCorasick,
    redactions: Redactions,
    tlp: Tlp,
}

/// A name on its way into [`Names`]: its kind, the name, and whom its source lets see it.
pub type Given = (NameKind, String, Option<Tlp>);

impl Names {
    /// `given` in the order in which stand-ins are numbered. `said` is what the publisher says of itself: what stands in
    /// it is no secret.
    ///
    /// # Errors
    /// If there are more names than can be looked for.
    pub fn new(
        given: impl IntoIterator<Item = Given>,
        tlp: Tlp,
        redactions: Redactions,
        said: &str,
    ) -> Result<Self, aho_corasick::BuildError> {
        let said = said.to_lowercase();
        let by_hand = redactions.values.iter().map(|v| (NameKind::Words, v.clone(), None));
        let given: Vec<Given> = given.into_iter().chain(by_hand).collect();
        // One name may be a host's and an account's: who may not see the one, may not see the other.
        let mut strictest: BTreeMap<String, (Tlp, bool)> = BTreeMap::new();
        for (kind, name, audience) in &given {
            let lower = name.trim().to_lowercase();
            let redacted = redactions.kinds.contains(kind) || redactions.values.contains(&lower);
            let audience = audience.map_or(kind.audience(), |own| own.max(kind.audience()));
            let own = strictest.entry(lower).or_insert((audience, redacted));
            *own = (own.0.max(audience), own.1 || redacted);
        }
        let mut known: BTreeMap<String, Name> = BTreeMap::new();
        let mut numbers: BTreeMap<NameKind, usize> = BTreeMap::new();
        for (kind, name, _) in given {
            let lower = name.trim().to_lowercase();
            let (audience, redacted) = strictest[&lower];
            let is_anyones = ANYONE.contains(&lower.as_str()) || occurs(&said, &lower);
            let is_name = lower.chars().count() >= NAME_CHARS_MIN && (redacted || !is_anyones);
            if !is_name || known.contains_key(&lower) {
                continue;
            }
            let number = numbers.entry(kind).or_default();
            // Somebody in the case may be called as a stand-in would be.
            let stand_in = loop {
                *number += 1;
                let stand_in = format!("{}-{number}", kind.word());
                if !strictest.contains_key(&stand_in) {
                    break stand_in;
                }
            };
            let is_withheld = redacted || audience > tlp;
            known.insert(lower, Name { kind, audience, stand_in, is_withheld });
        }
        let withheld: Vec<String> =
            known.iter().filter(|(_, n)| n.is_withheld).map(|(name, _)| name.clone()).collect();
        let matcher =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&withheld)?;
        Ok(Names { known, withheld, matcher, redactions, tlp })
    }

    /// The audience of the whole.
    pub fn tlp(&self) -> Tlp {
        self.tlp
    }

    /// What a person withholds.
    pub fn redactions(&self) -> &Redactions {
        &self.redactions
    }

    /// All that is withheld, in lower case.
    pub fn withheld(&self) -> &[String] {
        &self.withheld
    }

    /// What a person withholds and is no name of the case: it may be misspelt.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let all = self.known.iter().filter(|(_, name)| name.kind == NameKind::Words);
        all.map(|(name, _)| name.as_str())
    }

    /// Each name that is withheld with its kind's word and what stands for it.
    pub fn stand_ins(&self) -> impl Iterator<Item = (&str, &'static str, &str)> {
        let all = self.known.iter().filter(|(_, name)| name.is_withheld);
        all.map(|(name, n)| (name.as_str(), n.kind.word(), n.stand_in.as_str()))
    }

    /// The stand-ins that a text has, by the word of their kind.
    pub fn used(&self, text: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
        let mut of: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for kind in NameKind::ALL {
            let begin = format!("{}-", kind.word());
            for (at, _) in text.match_indices(&begin) {
                // `internal-address-1` is no `address-1`.
                let is_whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-');
                let digits = text[at + begin.len()..].chars().take_while(char::is_ascii_digit);
                let number: String = digits.collect();
                if is_whole && !number.is_empty() {
                    of.entry(kind.word()).or_default().insert(begin.clone() + &number);
                }
            }
        }
        of
    }

    /// A name as it may be shown; raises the marking to that of the name, if it is shown.
    pub fn show(&self, name: &str, marking: &mut Tlp) -> String {
        match self.known.get(&name.to_lowercase()) {
            Some(known) if known.is_withheld => known.stand_in.clone(),
            Some(known) => {
                *marking = (*marking).max(known.audience);
                self.text(name)
            }
            None => self.text(name),
        }
    }

    /// True if the name may be shown as it is.
    pub fn shows(&self, name: &str) -> bool {
        self.known.get(&name.to_lowercase()).is_none_or(|known| !known.is_withheld)
            && self.is_clean(name)
    }

    /// The text with stand-ins for what is withheld.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (start, end, name) in self.found(text) {
            out.push_str(&text[at..start]);
            out.push_str(&self.known[name].stand_in);
            at = end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// True if nothing withheld stands in the text.
    pub fn is_clean(&self, text: &str) -> bool {
        self.found(text).is_empty()
    }

    /// Where withheld names stand in a text, without case: bytes from and to, and the name.
    fn found(&self, text: &str) -> Vec<(usize, usize, &str)> {
        let folded = Folded::of(text);
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(m) = self.matcher.find(Input::new(&folded.text).range(at..)) {
            // What is part of a longer word hides nothing that begins within it.
            at = m.start() + 1;
            if let Some((end, name)) = self.longest(&folded.text, m) {
                found.push((folded.begin(m.start()), folded.end(end), name));
                at = end;
            }
        }
        found
    }

    /// Of the names that begin where a match does, and are no longer, the longest that is one; and where it ends.
    fn longest(&self, text: &str, mut m: Match) -> Option<(usize, &str)> {
        let start = m.start();
        loop {
            let name = self.withheld[m.pattern().as_usize()].as_str();
            if name.chars().count() >= DISTINCT_CHARS || apart(text, start, m.end()) {
                return Some((m.end(), name));
            }
            let shorter = self.matcher.find(Input::new(text).range(start..m.end() - 1));
            m = shorter.filter(|m| m.start() == start)?;
        }
    }
}

/// A text in lower case, and where in the text itself each of its bytes comes from: letters may be longer in lower case.
struct Folded {
    text: String,
    /// Of each byte, where its character begins, and where that ends; none where both texts are alike.
    from: Option<Vec<(usize, usize)>>,
}

impl Folded {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Folded { text: text.to_ascii_lowercase(), from: None };
        }
        let (mut lower, mut from) = (String::with_capacity(text.len()), Vec::new());
        for (at, c) in text.char_indices() {
            lower.extend(c.to_lowercase());
            from.resize(lower.len(), (at, at + c.len_utf8()));
        }
        Folded { text: lower, from: Some(from) }
    }

    fn begin(&self, at: usize) -> usize {
        self.from.as_ref().map_or(at, |from| from[at].0)
    }

    fn end(&self, at: usize) -> usize {
        self.from.as_ref().map_or(at, |from| from[at - 1].1)
    }
}

/// True if no letter or digit is beside a part of a text, given in bytes. A part may begin or end within a character,
/// as UTF-16 does that happens to be UTF-8: there is no letter beside it then.
pub(crate) fn apart(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|text| text.chars().next_back());
    let behind = text.get(end..).and_then(|text| text.chars().next());
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !is_word(before) && !is_word(behind)
}

/// True if a name stands in a text, both in lower case.
pub(crate) fn occurs(text: &str, name: &str) -> bool {
    let is_distinct = name.chars().count() >= DISTINCT_CHARS;
    text.match_indices(name).any(|(at, _)| is_distinct || apart(text, at, at + name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tlp: Tlp, redactions: Redactions) -> Names {
        let given = [
            (NameKind::Host, "DC01".to_owned(), None),
            (NameKind::Host, "dc01.mzv.example".to_owned(), None),
            (NameKind::Account, "svc-backup".to_owned(), None),
            (NameKind::Outside, "198.51.100.7".to_owned(), None),
            (NameKind::Outside, "198.51.100.8".to_owned(), Some(Tlp::Red)),
            (NameKind::Account, "root".to_owned(), None),
        ];
        Names::new(given, tlp, redactions, "Ministry, cert@mzv.example").expect("few names")
    }

    #[test]
    fn a_marking_withholds_classes() {
        let clear = names(Tlp::Clear, Redactions::default());
        let text = "MZV\\SVC-Backup on dc01.mzv.example (DC01, not DC012) as root from 198.51.100.7 and 198.51.100.8";
        assert_eq!(
            clear.text(text),
            "MZV\\account-1 on host-2 (host-1, not DC012) as root from 198.51.100.7 and indicator-2"
        );
        let mut marking = Tlp::Clear;
        let amber = names(Tlp::Amber, Redactions::default());
        assert_eq!(amber.show("DC01", &mut marking), "DC01");
        assert_eq!(marking, Tlp::Amber);
        assert_eq!(amber.show("svc-backup", &mut marking), "account-1");
        assert_eq!(marking, Tlp::Amber);
        assert!(names(Tlp::Red, Redactions::default()).withheld().is_empty());
    }

    #[test]
    fn a_person_withholds_names_and_classes() {
        let values = ["198.51.100.7".to_owned(), "anything said".to_owned()].into();
        let kinds = [NameKind::Host].into();
        let red = names(Tlp::Red, Redactions { values, kinds, ..Redactions::default() });
        assert_eq!(red.text("dc01: Anything said, 198.51.100.7"), "host-1: words-1, indicator-1");
        assert!(!red.shows("DC01.mzv.example") && red.shows("svc-backup"));
    }

    #[test]
    fn what_is_no_name_where_it_stands_hides_none_behind_it() {
        let given = ["/d", "dc01.mzv.example", "ab", "ab-c"]
            .map(|name| (NameKind::Host, name.to_owned(), None));
        let names = Names::new(given, Tlp::Clear, Redactions::default(), "").expect("few names");
        assert_eq!(names.text("/dc01.mzv.example"), "/host-2");
        assert!(!names.is_clean("/dc01.mzv.example") && !names.shows("/dc01.mzv.example"));
        // The longest is part of a longer word, a shorter one at the same place is none.
        assert_eq!(names.text("ab-cd /d ab-c /dx"), "host-3-cd host-1 host-4 /dx");
    }

    #[test]
    fn letters_beyond_ascii_have_cases_too() {
        let values = ["žádost o vízum.docx".to_owned()].into();
        let given =
            [(NameKind::Host, "NOVAK".into(), None), (NameKind::Account, "novak".into(), None)];
        let redactions = Redactions { values, ..Redactions::default() };
        let names = Names::new(given, Tlp::Amber, redactions, "").expect("few names");
        assert_eq!(names.text("„ŽÁDOST o vízum.DOCX“ İ novak"), "„words-1“ İ host-1");
        // A host's name for amber, and an account's for fewer: it is for fewer.
        assert!(!names.shows("Novak"));
    }
}
