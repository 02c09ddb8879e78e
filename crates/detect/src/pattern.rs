//! A regular expression of a rule: linear in the value, bounded in size, and made when first run.
//!
//! Most expressions of a set of rules are never run on a hunt, as the text they require is not there
//! ([`Pattern::required`]); compiling them all would be the dearest part of starting.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use regex_syntax::hir::{Class, Dot, Hir, HirKind};

use crate::required::{self, Required};

/// Bytes that a compiled expression may take. A rule that needs more is refused.
const SIZE_MAX: usize = 4 << 20;
/// Bytes that the table of states of one expression may take, for each thread that runs it.
const STATES_MAX: usize = 512 << 10;
/// Up to this weight, an expression is known to fit without being compiled.
const LIGHT_MAX: u64 = 4096;

/// See the module. Two are equal if they were written alike.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: OnceLock<regex::Regex>,
    // The same for ASCII text, where the classes of Unicode come down to a few bytes; `None` where it
    // cannot be said so.
    ascii: OnceLock<Option<regex::bytes::Regex>>,
    // A match is at least so many bytes.
    len_min: usize,
    // It asks for so many characters in a line, and nothing else: a state for each would be dear.
    line_len_min: Option<usize>,
    required: Required,
}

impl Pattern {
    /// Compiles, or finds that it can be compiled later. Errors are the regex crate's.
    pub fn new(source: String) -> Result<Self, regex::Error> {
        let Ok(hir) = regex_syntax::parse(&source) else {
            // The other crate words the error, and is the judge.
            let regex = OnceLock::from(compile(&source, SIZE_MAX)?);
            return Ok(Pattern {
                source,
                regex,
                ascii: None.into(),
                len_min: 0,
                line_len_min: None,
                required: Box::default(),
            });
        };
        let regex = if weight(&hir) <= LIGHT_MAX {
            OnceLock::new()
        } else {
            OnceLock::from(compile(&source, SIZE_MAX)?)
        };
        let len_min = hir.properties().minimum_len().unwrap_or(0);
        // The Kelvin sign without case is a k: what names characters beyond ASCII stays with Unicode.
        let beyond = [r"\x", r"\u", r"\U", r"\p", r"\P"];
        let is_plain = source.is_ascii() && !beyond.iter().any(|escape| source.contains(escape));
        let ascii = if is_plain { OnceLock::new() } else { None.into() };
        let line_len_min = line_len_min(&hir);
        let required = required::texts(&hir);
        Ok(Pattern { source, regex, ascii, len_min, line_len_min, required })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Does it match somewhere in the text? `lower` is the text in lower case.
    pub fn is_match(&self, text: &str, lower: &str) -> bool {
        if text.len() < self.len_min {
            return false;
        }
        if let Some(len_min) = self.line_len_min {
            return text.split('\n').any(|line| {
                line.len() >= len_min && (line.is_ascii() || line.chars().count() >= len_min)
            });
        }
        if !text.is_ascii() {
            return self.regex().is_match(text);
        }
        // Much cheaper than to run an expression that may have many states.
        let has = |t: &str| memchr::memmem::find(lower.as_bytes(), t.as_bytes()).is_some();
        if !self.required.iter().all(|texts| texts.iter().any(|t| has(t))) {
            return false;
        }
        match self.ascii() {
            Some(ascii) => ascii.is_match(text.as_bytes()),
            None => self.regex().is_match(text),
        }
    }

    /// Lower-case texts of which an *ASCII* value must contain one; `None` if none is known.
    pub fn required(&self) -> Option<&[Box<str>]> {
        self.required.first().map(|texts| &**texts)
    }

    fn ascii(&self) -> Option<&regex::bytes::Regex> {
        self.ascii.get_or_init(|| compile_ascii(&self.source).ok()).as_ref()
    }

    fn regex(&self) -> &regex::Regex {
        self.regex.get_or_init(|| {
            compile(&self.source, usize::MAX).expect("it was parsed, and is known to be small")
        })
    }
}

fn compile_ascii(source: &str) -> Result<regex::bytes::Regex, regex::Error> {
    regex::bytes::RegexBuilder::new(source)
        .unicode(false)
        .size_limit(SIZE_MAX)
        .dfa_size_limit(STATES_MAX)
        .build()
}

fn compile(source: &str, size_max: usize) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(source).size_limit(size_max).dfa_size_limit(STATES_MAX).build()
}

/// The characters that `.{n,}` asks for, also within groups.
fn line_len_min(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Capture(capture) => line_len_min(&capture.sub),
        HirKind::Repetition(repetition) if repetition.max.is_none() => {
            let mut sub = &*repetition.sub;
            while let HirKind::Capture(capture) = sub.kind() {
                sub = &capture.sub;
            }
            (*sub == Hir::dot(Dot::AnyCharExceptLF)).then_some(repetition.min as usize)
        }
        _ => None,
    }
}

/// A bound on the states of the compiled expression, in the order of magnitude.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        // A range of characters takes some ranges of bytes.
        HirKind::Class(Class::Unicode(class)) => 1 + 4 * class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => 1 + class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(0).max(repetition.min).max(1);
            weight(&repetition.sub).saturating_mul(u64::from(times)).saturating_add(2)
        }
        HirKind::Capture(capture) => weight(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum, part| weight(part).saturating_add(sum))
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.source.hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_line_is_what_the_expression_says() {
        for source in
            [".{5,}", "(.){5,}", "((.){5,})", "(?i).{5,}", ".{5,}?", ".{0,}", ".{5,9}", "(?s).{5,}"]
        {
            let pattern = Pattern::new(source.to_owned()).expect("valid");
            let regex = regex::Regex::new(source).expect("valid");
            assert_eq!(
                pattern.line_len_min.is_some(),
                !matches!(source, ".{5,9}" | "(?s).{5,}"),
                "{source}"
            );
            for text in
                ["", "abcd", "abcde", "ab\ncde", "ab\ncdefg\n", "žžžž", "žžžžž", "\n\n\n\n\n"]
            {
                assert_eq!(pattern.is_match(text, text), regex.is_match(text), "{source} {text:?}");
            }
        }
    }
    use proptest::prelude::*;

    #[test]
    fn what_is_too_large_is_refused() {
        for source in [
            r"\w{1000}{1000}",
            r"(?:a{1000}){1000}",
            r"((((a{50}){50}){50}){50}){50}",
            r"\pL{60000}",
            r"(?i)[\w\s]{9999}",
        ] {
            assert!(Pattern::new(source.to_owned()).is_err(), "{source}");
        }
    }

    #[test]
    fn what_is_light_fits() {
        // The heaviest that are not compiled at once: each must compile within the bound.
        for source in [r"\w", r"[^\w]", r".{400}", r"[\x{80}-\x{10ffff}]{300}", r"a{4000}", r"\pL"]
        {
            let pattern = Pattern::new(source.to_owned()).expect("accepted");
            if pattern.regex.get().is_none() {
                assert!(compile(source, SIZE_MAX).is_ok(), "{source}");
            }
        }
    }

    proptest! {
        #[test]
        fn ascii_text_is_matched_alike_without_unicode(
            source in r"(\(\?i\))?([aksAB.]|\\w|\\W|\\s|\\b|\[\^a\]|\[\[:alpha:\]\]|\(a\|bs\)\{1,2\}|k\*|\$|\^|\\x\{212A\}|\\u0130|\(\?-u:a\)|\\PL|\[\\x7f-\\xff\]){1,6}",
            text in "[aAbBsSkK _1\n\x7f]{0,9}",
        ) {
            let Ok(pattern) = Pattern::new(source) else { return Ok(()) };
            if let Some(ascii) = pattern.ascii() {
                let expected = pattern.regex().is_match(&text);
                prop_assert_eq!(ascii.is_match(text.as_bytes()), expected, "{}", pattern.source());
            }
        }
    }

    #[test]
    fn a_match_is_a_match_when_compiled_late() {
        let pattern = Pattern::new(r"(?i)\bnet\s+user".into()).expect("accepted");
        assert!(pattern.is_match(r"C:\NET  user", r"c:\net  user"));
        assert!(!pattern.is_match("net use", "net use"));
        assert_eq!(pattern.required().map(|r| r.len()), Some(1));
    }
}
