//! Text that a regular expression cannot match without, read off its syntax.
//!
//! It holds for ASCII values only: in these, letters have one lower case, and a class of characters is
//! what it has of ASCII. (`(?i)s` matches the long s, too.) Nothing here says where the text stands.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Lower-case texts, none of them empty. Of each list, an ASCII value must contain one. The first list
/// is the one that is met the most rarely, by the look of it; without any, nothing is known.
pub type Required = Box<[Box<[Box<str>]>]>;

/// Lists that are kept.
const LISTS_MAX: usize = 4;
/// Alternatives that are followed.
const TEXTS_MAX: usize = 24;
/// Length up to which a text is followed.
const TEXT_BYTES_MAX: usize = 64;

/// Reads it off.
pub fn texts(hir: &Hir) -> Required {
    let mut lists = match read(hir) {
        Reading::Exactly(texts) => vec![texts],
        Reading::Contains(lists) => lists,
        Reading::Unknown => Vec::new(),
    };
    lists.retain(|texts| !texts.is_empty() && texts.iter().all(|t| !t.is_empty()));
    lists.sort_by_key(|texts| std::cmp::Reverse(rank(texts)));
    lists.truncate(LISTS_MAX);
    let boxed = |texts: Vec<String>| texts.into_iter().map(String::into_boxed_str).collect();
    lists.into_iter().map(boxed).collect()
}

/// What is known of the text that an expression matches.
enum Reading {
    /// It is one of these, but for case.
    Exactly(Vec<String>),
    /// It contains one of each of these.
    Contains(Vec<Vec<String>>),
    Unknown,
}

fn read(hir: &Hir) -> Reading {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Reading::Exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) if text.is_ascii() => Reading::Exactly(vec![text.to_ascii_lowercase()]),
            _ => Reading::Unknown,
        },
        HirKind::Class(class) => read_class(class),
        HirKind::Capture(capture) => read(&capture.sub),
        HirKind::Repetition(repetition) => read_repetition(repetition),
        HirKind::Concat(parts) => read_concat(parts),
        HirKind::Alternation(parts) => read_alternation(parts),
    }
}

/// The ASCII characters of a class, if they are few.
fn read_class(class: &Class) -> Reading {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(c) => {
            c.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect()
        }
        Class::Bytes(c) => {
            c.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect()
        }
    };
    let mut texts: Vec<String> = Vec::new();
    for (start, end) in ranges {
        for c in start..=end.min(0x7F) {
            let text = char::from(c as u8).to_ascii_lowercase().to_string();
            if !texts.contains(&text) {
                texts.push(text);
            }
            if texts.len() > 4 {
                return Reading::Unknown;
            }
        }
    }
    // Nothing of ASCII: no ASCII value matches, and any answer is right.
    if texts.is_empty() { Reading::Unknown } else { Reading::Exactly(texts) }
}

fn read_repetition(repetition: &Repetition) -> Reading {
    match (repetition.min, repetition.max, read(&repetition.sub)) {
        (1, Some(1), reading) => reading,
        (0, Some(1), Reading::Exactly(mut texts)) if texts.len() < TEXTS_MAX => {
            texts.push(String::new());
            texts.dedup();
            Reading::Exactly(texts)
        }
        (0, _, _) => Reading::Unknown,
        (_, _, Reading::Exactly(texts)) => Reading::Contains(vec![texts]),
        (_, _, Reading::Contains(lists)) => Reading::Contains(lists),
        (_, _, Reading::Unknown) => Reading::Unknown,
    }
}

/// Parts that are known exactly are joined; what the runs are, and what single parts contain, must all
/// be there.
fn read_concat(parts: &[Hir]) -> Reading {
    let mut run = vec![String::new()];
    let mut lists: Vec<Vec<String>> = Vec::new();
    let mut exact = true;
    for part in parts {
        let reading = read(part);
        if let Reading::Exactly(texts) = &reading
            && fits(&run, texts)
        {
            run = product(&run, texts);
            continue;
        }
        exact = false;
        lists.push(std::mem::replace(&mut run, vec![String::new()]));
        match reading {
            Reading::Exactly(texts) => run = texts,
            Reading::Contains(of_part) => lists.extend(of_part),
            Reading::Unknown => {}
        }
    }
    if exact {
        return Reading::Exactly(run);
    }
    lists.push(run);
    lists.retain(|texts| texts.iter().all(|t| !t.is_empty()));
    if lists.is_empty() { Reading::Unknown } else { Reading::Contains(lists) }
}

fn fits(run: &[String], texts: &[String]) -> bool {
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    run.len() * texts.len() <= TEXTS_MAX && longest(run) + longest(texts) <= TEXT_BYTES_MAX
}

fn product(run: &[String], texts: &[String]) -> Vec<String> {
    run.iter().flat_map(|head| texts.iter().map(move |tail| format!("{head}{tail}"))).collect()
}

/// The longer the shortest text, the better; of equals, the fewer.
fn rank(texts: &[String]) -> (usize, usize) {
    (texts.iter().map(String::len).min().unwrap_or(0), usize::MAX - texts.len())
}

fn read_alternation(parts: &[Hir]) -> Reading {
    let mut all = Vec::new();
    let mut exact = true;
    for part in parts {
        match read(part) {
            Reading::Exactly(texts) => all.extend(texts),
            Reading::Contains(lists) => {
                exact = false;
                all.extend(lists.into_iter().max_by_key(|texts| rank(texts)).unwrap_or_default());
            }
            Reading::Unknown => return Reading::Unknown,
        }
        if all.len() > TEXTS_MAX {
            return Reading::Unknown;
        }
    }
    match exact {
        true => Reading::Exactly(all),
        false if all.iter().any(String::is_empty) => Reading::Unknown,
        false => Reading::Contains(vec![all]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(source: &str) -> String {
        let lists = texts(&regex_syntax::parse(source).expect("valid"));
        if lists.is_empty() {
            return "none".into();
        }
        lists.iter().map(|texts| texts.join(" ")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_must_be_there() {
        for (source, expected) in [
            (r"net\s+user", "user, net"),
            (r"(?i)CMD.*", "cmd"),
            (r"https?://[0-9]", "https:// http://"),
            (r"[-/]enc", "-enc /enc"),
            (r"[/\-]Enc(oded)?\b", "-encoded -enc /encoded /enc"),
            (r"(?:ab|cd)+x", "ab cd, x"),
            (r"(?:abc)+x", "abc, x"),
            (r"a|", "none"),
            (r".{100,}", "none"),
            (r"^$", "none"),
            (r"\d{3}\.\d", "."),
            (r"(ipfs\.io/|ipfs\.io\s).+\..+@", "ipfs.io/ ipfs.io, ., @"),
            ("č", "none"),
            ("čau", "none"),
        ] {
            assert_eq!(of(source), expected, "{source}");
        }
    }

    proptest! {
        /// An ASCII text that is matched contains one of the texts.
        #[test]
        fn no_match_without(
            source in r"((\(\?i\))?([aksAB]|a\|b|\(ab\|s\)|[ks]\?|\[aK\]\+|\(a\|bs\)\{1,2\}|\.|\\b|\[\^a\]){1,7})",
            text in "[aAbBsSkK ]{0,9}",
        ) {
            let Ok(hir) = regex_syntax::parse(&source) else { return Ok(()) };
            let matched = regex::Regex::new(&source).expect("parsed").is_match(&text);
            let lower = text.to_ascii_lowercase();
            for texts in texts(&hir).iter().filter(|_| matched) {
                prop_assert!(texts.iter().any(|t| lower.contains(&**t)), "{source} {text} {texts:?}");
            }
        }
    }
}
