//! What stands on pages.

use std::collections::HashMap;

use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;

/// The text of each page, see [`crate::Typeset::pages`].
pub(crate) fn pages(document: &PagedDocument) -> Vec<String> {
    let text = |frame| {
        let mut text = String::new();
        walk(frame, &mut text);
        text
    };
    document.pages().iter().map(|page| text(&page.frame)).collect()
}

fn walk(frame: &Frame, out: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => walk(&group.frame, out),
            FrameItem::Text(text) => push_bare(out, &text.text),
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

/// Whether the text stands on one of the pages.
pub(crate) fn stands(pages: &[String], text: &str) -> bool {
    let text = bare(text);
    if text.chars().any(runs_from_right) {
        let wanted = counted(&text);
        return pages.iter().any(|page| {
            let there = counted(page);
            wanted.iter().all(|(c, n)| there.get(c) >= Some(n))
        });
    }
    pages.iter().any(|page| page.contains(&text))
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
