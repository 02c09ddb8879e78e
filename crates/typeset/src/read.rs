//! What stands on pages.

use std::collections::HashMap;

use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;

/// The text of each page, see [`crate::Typeset::pages`] and [`crate::Typeset::lines`].
pub(crate) fn pages(document: &PagedDocument) -> (Vec<String>, Vec<String>) {
    let text = |frame| {
        let (mut bare, mut lines) = (String::new(), String::new());
        walk(frame, &mut |text| {
            push_bare(&mut bare, text);
            lines.push_str(text);
            lines.push(' ');
        });
        (bare, lines)
    };
    document.pages().iter().map(|page| text(&page.frame)).unzip()
}

fn walk(frame: &Frame, take: &mut impl FnMut(&str)) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => walk(&group.frame, take),
            FrameItem::Text(text) => take(&text.text),
            FrameItem::Shape(..)
            | FrameItem::Image(..)
            | FrameItem::Link(..)
            | FrameItem::Tag(_) => {}
        }
    }
}

/// Text without what depends on where lines break: white space, marks that let or forbid a break, and the hyphen that
/// Czech and others repeat where a line breaks at one, so that several in a row count as one.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_bare(&mut out, text);
    out
}

fn push_bare(out: &mut String, text: &str) {
    for c in text.chars() {
        let flows =
            c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{ad}' | '\u{2060}');
        if !(flows || c == '-' && out.ends_with('-')) {
            out.push(c);
        }
    }
}

/// A text as it can be looked for on pages.
struct Wanted {
    /// Without what depends on where lines break.
    bare: String,
    /// Its parts that stand as they are written: all of it, if nothing in it runs from right to left.
    parts: Vec<String>,
}

impl Wanted {
    fn of(text: &str) -> Self {
        let bare = bare(text);
        let all: Vec<&str> = bare.split(runs_from_right).collect();
        let last = all.len() - 1;
        // Digits and marks beside what runs from right to left go with it.
        let firm = |(i, part): (usize, &&str)| {
            let part = if i > 0 { part.trim_start_matches(is_weak) } else { part };
            let part = if i < last { part.trim_end_matches(is_weak) } else { part };
            part.to_owned()
        };
        let parts = all.iter().enumerate().map(firm).filter(|part| !part.is_empty()).collect();
        Wanted { bare, parts }
    }

    /// Whether a page has all of it, as far as can be told where letters run from right to left: there runs stand in the order
    /// of sight, so that of these the letters are counted.
    fn is_on(&self, page: &str) -> bool {
        let there = counted(page);
        self.parts.iter().all(|part| page.contains(part))
            && counted(&self.bare).iter().all(|(c, n)| there.get(c) >= Some(n))
    }
}

fn is_weak(c: char) -> bool {
    !c.is_alphabetic()
}

/// Of texts that should all stand on the pages, each whole on one, the place of the first that is missing. A text that is part of
/// others stands there for each of them, and once for itself.
pub(crate) fn left_out<S: AsRef<str>>(pages: &[String], texts: &[S]) -> Option<usize> {
    let texts: Vec<Wanted> = texts.iter().map(|text| Wanted::of(text.as_ref())).collect();
    let is_there = |part: &String| {
        let wanted: usize = texts.iter().flat_map(|t| &t.parts).map(|t| times(t, part)).sum();
        pages.iter().map(|page| times(page, part)).sum::<usize>() >= wanted
    };
    texts.iter().position(|text| {
        !(text.parts.iter().all(is_there) && pages.iter().any(|page| text.is_on(page)))
    })
}

/// How often a text, which is not empty, stands in another.
fn times(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

fn counted(text: &str) -> HashMap<char, usize> {
    let mut of = HashMap::new();
    for c in text.chars() {
        *of.entry(c).or_default() += 1;
    }
    of
}

/// Letters of Hebrew, Arabic and their neighbours, with their presentation forms.
fn runs_from_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}
