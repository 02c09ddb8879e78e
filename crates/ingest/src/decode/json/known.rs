//! Records whose names were met before, in this order: their values, without making their names, and
//! without looking at the values that nobody asks for.
//!
//! The names that follow each other in a log's records are a tree: from each name a few go on. A
//! record is a walk through it; where it ends, stands the record's layout. A text is walked only as
//! far as it is plain JSON as logs write it; with anything else (lists of objects, blanks in odd places,
//! whatever is no JSON) the walk ends, and the parser decides.

use std::borrow::Cow;
use std::ops::Range;

use blanik_model::{ListBuilder, Value};

use super::index::{Index, unescape};
use super::numbers::is_number;
use crate::decode::DEPTH_MAX;
use crate::layout::{LayoutId, Leaf, Leaves, Written, emptied, hold};

/// Names in the tree. Records that would need more make it begin anew.
const STEPS_MAX: usize = 1 << 16;
/// Names that may follow one.
const BRANCHES_MAX: usize = 48;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 256;
/// Bytes of a text. What is longer is parsed: the bounds of a record are kept there.
const TEXT_BYTES_MAX: usize = 8 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Known {
    index: Index,
    steps: Vec<Step>,
    // Of the present record.
    spans: Vec<Span>,
    leaves: Vec<Leaf<'static>>,
    held: String,
    list: ListBuilder,
    member: String,
}

#[derive(Debug, Default)]
struct Step {
    name: Box<str>,
    depth: usize,
    is_object: bool,
    next: Vec<u32>,
    end: End,
}

/// What is known of records that end at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    /// Nothing yet: it may never be met again.
    #[default]
    New,
    /// That there was one.
    Once,
    /// Their layout.
    Layout(LayoutId),
    /// They have none.
    None,
}

/// Where a record's walk ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Met {
    step: u32,
    /// Values on the way.
    pub values: usize,
}

/// What a walk came to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Walked {
    /// Records of this layout.
    Layout(LayoutId, Met),
    /// Records that nothing is known of yet.
    New(Met),
    /// Records to be read by their names.
    Away,
}

/// Where a value stands, and what it is.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Text,
    Escaped,
    Number,
    True,
    False,
    Null,
    /// Of scalars, with its brackets.
    List,
}

impl Known {
    /// Walks a record.
    pub fn walk(&mut self, text: &str) -> Walked {
        if text.len() > TEXT_BYTES_MAX || !self.index.build(text.as_bytes()) {
            return Walked::Away;
        }
        if self.steps.len() >= STEPS_MAX {
            self.steps.clear();
        }
        if self.steps.is_empty() {
            self.steps.push(Step::default());
        }
        self.spans.clear();
        let mut spans = std::mem::take(&mut self.spans);
        let walked = self.follow(text, &mut spans);
        self.spans = spans;
        let Some(step) = walked else { return Walked::Away };
        let met = Met { step, values: self.spans.len() };
        match self.steps[step as usize].end {
            End::New => {
                self.steps[step as usize].end = End::Once;
                Walked::Away
            }
            End::Once => Walked::New(met),
            End::Layout(layout) => Walked::Layout(layout, met),
            End::None => Walked::Away,
        }
    }

    /// The values of the record walked last: those of `needed`, or all; the others stay
    /// [`Leaf::Absent`].
    pub fn with_leaves<R>(
        &mut self,
        text: &str,
        needed: Option<&[usize]>,
        then: impl FnOnce(Leaves<'_>) -> R,
    ) -> R {
        let mut leaves = emptied(std::mem::take(&mut self.leaves));
        leaves.resize(self.spans.len(), Leaf::Absent);
        self.held.clear();
        match needed {
            Some(needed) => needed.iter().for_each(|&i| leaves[i] = self.leaf(text, i)),
            None => (0..leaves.len()).for_each(|i| leaves[i] = self.leaf(text, i)),
        }
        let written =
            if self.index.escapes_oddly() { Written::Otherwise } else { Written::Json(text) };
        let result = then(Leaves { leaves: &leaves, held: &self.held, written });
        self.leaves = emptied(leaves);
        result
    }

    /// Says of what layout records are whose walk ends there; none if they have none.
    pub fn learnt(&mut self, met: Met, layout: Option<LayoutId>) {
        self.steps[met.step as usize].end = layout.map_or(End::None, End::Layout);
    }

    fn leaf<'t>(&mut self, text: &'t str, i: usize) -> Leaf<'t> {
        let Span { start, end, what } = self.spans[i];
        let inside = &text[start as usize..end as usize];
        Leaf::Value(match what {
            What::Text => Value::string(inside),
            What::Number => Value::number(inside),
            What::True => Value::bool(true),
            What::False => Value::bool(false),
            What::Null => Value::NULL,
            What::Escaped => {
                let start = self.held.len() as u32;
                unescape(inside, &mut self.held);
                let end = self.held.len() as u32;
                return Leaf::Held { ty: blanik_model::Type::String, start, end };
            }
            What::List => {
                self.gather(text, start as usize..end as usize);
                return hold(&mut self.held, self.list.value());
            }
        })
    }

    /// Makes a list of what stands between the brackets.
    fn gather(&mut self, text: &str, span: Range<usize>) {
        self.list.clear();
        let mut at = span.start + 1;
        while at + 1 < span.end {
            match text.as_bytes()[at] {
                b'"' => {
                    let next = self.index.quotes().partition_point(|q| *q as usize <= at);
                    let end = self.index.quotes()[next] as usize;
                    let inside = &text[at + 1..end];
                    let plain = if self.index.has_slash(at + 1, end) {
                        self.member.clear();
                        unescape(inside, &mut self.member);
                        Cow::Borrowed(self.member.as_str())
                    } else {
                        Cow::Borrowed(inside)
                    };
                    self.list.push(Value::string(&plain));
                    at = end + 1;
                }
                b',' | b' ' => at += 1,
                _ => {
                    let (end, what) = scalar(text.as_bytes(), at).expect("walked before");
                    self.list.push(match what {
                        What::Number => Value::number(&text[at..end]),
                        What::True => Value::bool(true),
                        What::False => Value::bool(false),
                        _ => Value::NULL,
                    });
                    at = end;
                }
            }
        }
    }

    /// From the record's first name to its end: the step that stands there. `None` where the text is
    /// not as expected.
    fn follow(&mut self, text: &str, spans: &mut Vec<Span>) -> Option<u32> {
        let bytes = text.as_bytes();
        let mut quote = 0;
        let mut depth = 0;
        let mut step = 0;
        let mut at = 1;
        if bytes.first() != Some(&b'{') {
            return None;
        }
        loop {
            at += usize::from(bytes.get(at) == Some(&b' '));
            // A name: two quotation marks, and what is between them.
            let name = self.string(&mut quote, at)?;
            if self.index.has_slash(name.start, name.end) {
                return None;
            }
            at = name.end + 1;
            if bytes.get(at) != Some(&b':') {
                return None;
            }
            at += 1;
            at += usize::from(bytes.get(at) == Some(&b' '));
            let is_object = bytes.get(at) == Some(&b'{');
            step = self.step(step, &text[name], depth, is_object)?;
            match *bytes.get(at)? {
                b'{' => {
                    at += 1;
                    if depth + 3 > DEPTH_MAX {
                        return None;
                    }
                    depth += 1;
                    if bytes.get(at) != Some(&b'}') {
                        continue;
                    }
                }
                b'"' => {
                    let inside = self.string(&mut quote, at)?;
                    at = inside.end + 1;
                    let escaped = self.index.has_slash(inside.start, inside.end);
                    let what = if escaped { What::Escaped } else { What::Text };
                    spans.push(Span::of(inside, what));
                }
                b'[' => {
                    let end = self.list_end(bytes, at, &mut quote)?;
                    spans.push(Span::of(at..end, What::List));
                    at = end;
                }
                _ => {
                    let (end, what) = scalar(bytes, at)?;
                    spans.push(Span::of(at..end, what));
                    at = end;
                }
            }
            loop {
                match bytes.get(at)? {
                    b',' => break,
                    b'}' if depth == 0 => return (at + 1 == bytes.len()).then_some(step),
                    b'}' => depth -= 1,
                    _ => return None,
                }
                at += 1;
            }
            at += 1;
        }
    }

    /// What is between the quotation mark at `at`, which must be the next, and the one after it.
    #[inline]
    fn string(&self, quote: &mut usize, at: usize) -> Option<Range<usize>> {
        let [begin, end] = self.index.quotes().get(*quote..*quote + 2)? else { return None };
        *quote += 2;
        (*begin as usize == at).then_some(at + 1..*end as usize)
    }

    /// Behind the list of scalars that begins at `at`.
    fn list_end(&self, bytes: &[u8], at: usize, quote: &mut usize) -> Option<usize> {
        let mut at = at + 1;
        if bytes.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        loop {
            at += usize::from(bytes.get(at) == Some(&b' '));
            at = match bytes.get(at)? {
                b'"' => self.string(quote, at)?.end + 1,
                _ => scalar(bytes, at)?.0,
            };
            match bytes.get(at)? {
                b',' => at += 1,
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The step that the name leads to.
    #[inline]
    fn step(&mut self, from: u32, name: &str, depth: usize, is_object: bool) -> Option<u32> {
        let next = &self.steps[from as usize].next;
        let same = |&i: &u32| {
            let step = &self.steps[i as usize];
            *step.name == *name && step.depth == depth && step.is_object == is_object
        };
        if let Some(first) = next.first()
            && same(first)
        {
            return Some(*first);
        }
        if let Some(place) = next.iter().position(same) {
            // What followed last is likely to follow again.
            let next = &mut self.steps[from as usize].next;
            next.swap(0, place);
            return Some(next[0]);
        }
        let full = next.len() >= BRANCHES_MAX || self.steps.len() >= STEPS_MAX;
        if full || name.len() > NAME_BYTES_MAX {
            return None;
        }
        let step = Step { name: name.into(), depth, is_object, ..Step::default() };
        self.steps.push(step);
        let new = self.steps.len() as u32 - 1;
        self.steps[from as usize].next.push(new);
        Some(new)
    }
}

impl Span {
    fn of(range: Range<usize>, what: What) -> Self {
        // A text's length is bounded far below.
        Span { start: range.start as u32, end: range.end as u32, what }
    }
}

/// Where the number, truth value or null ends that begins at `at`, and what it is.
fn scalar(bytes: &[u8], at: usize) -> Option<(usize, What)> {
    let rest = &bytes[at..];
    let literal = |word: &[u8], what| rest.starts_with(word).then_some((at + word.len(), what));
    match rest.first()? {
        b't' => literal(b"true", What::True),
        b'f' => literal(b"false", What::False),
        b'n' => literal(b"null", What::Null),
        _ => {
            let inside = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            let len = rest.iter().take_while(|b| inside(b)).count();
            is_number(&rest[..len]).then_some((at + len, What::Number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names on the way, and the values.
    fn walked(text: &str) -> Option<String> {
        let mut known = Known::default();
        known.walk(text);
        match known.walk(text) {
            Walked::New(met) => Some(known.with_leaves(text, None, |leaves| {
                let all = (0..met.values).map(|i| leaves.get(i).expect("all are asked for"));
                let shown = all.map(|v| format!("{:?}:{}", v.ty, v.display()));
                shown.collect::<Vec<_>>().join(" ")
            })),
            Walked::Layout(..) | Walked::Away => None,
        }
    }

    #[test]
    fn values_as_they_stand() {
        for (text, want) in [
            (r#"{"a":"b"}"#, "String:b"),
            (r#"{"a": "b", "c": {"d": 1.50, "e": {}}, "f": null}"#, "String:b Number:1.50 Null:"),
            (
                r#"{"a":{"b":{"c":"C:\\x\"y"}},"d":true,"e":-0}"#,
                r#"String:C:\x"y Bool:true Number:-0"#,
            ),
            (
                r#"{"a":[],"b":["x\\",7, false,null],"c":1e999}"#,
                "List: List:x\\, 7, false,  Number:1e999",
            ),
        ] {
            assert_eq!(walked(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_as_expected_is_parsed() {
        for text in [
            "",
            "{}",
            r#"{"a":1}x"#,
            r#"{"a":1 }"#,
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":tru}"#,
            r#"{"a":truex}"#,
            r#"{"a":[{"b":1}]}"#,
            r#"{"a":[[]]}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1"#,
            r#"{"a":"b"#,
            r#"{"a"}"#,
            r#"{"a\n":1}"#,
            r#"{"a":"\x"}"#,
            "{\"a\":\"\t\"}",
            r#"{"a":1}}"#,
            r#"{"a":{"b":1}"#,
            r#"["a"]"#,
        ] {
            assert_eq!(walked(text), None, "{text}");
        }
    }
}
