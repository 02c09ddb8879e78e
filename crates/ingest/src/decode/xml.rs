//! A Windows event as XML → the record that the EVTX of the same event gives.
//!
//! The names are those of the `evtx` crate's JSON: attributes below `#attributes`, text beside
//! attributes as `#text`, `<Data Name="X">` as `X`, siblings of one name as `X`, `X_1`, … XML does
//! not say types, so that all values are text, and an empty element is null.

use std::borrow::Cow;
use std::collections::HashMap;

use blanik_model::{ListBuilder, Value};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::DEPTH_MAX;
use crate::record::{Overfull, Record};

/// Elements of one event: it is built as a tree first.
const ELEMENTS_MAX: usize = 100_000;

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("invalid XML: {reason}")]
    Invalid { reason: String },
    #[error("nested more than {DEPTH_MAX} levels deep (limit)")]
    TooDeep,
    #[error("more than {ELEMENTS_MAX} elements (limit)")]
    TooMany,
    #[error(transparent)]
    Overfull(#[from] Overfull),
}

/// Reads one event after another.
#[derive(Default)]
pub(crate) struct XmlReader {
    path: String,
    list: ListBuilder,
}

#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl XmlReader {
    /// Reads `text` into `record`. `Ok(false)` if it held bytes that are not UTF-8.
    pub fn read(&mut self, text: &[u8], record: &mut Record) -> Result<bool, XmlError> {
        record.clear();
        let text = String::from_utf8_lossy(text);
        let event = parse(&text)?;
        self.path.clear();
        self.path.push_str(&event.name);
        self.element(&event, false, record);
        record.whole()?;
        Ok(matches!(text, Cow::Borrowed(_)))
    }

    /// Writes an element below the path: its value, or its parts.
    fn element(&mut self, element: &Element, is_data: bool, record: &mut Record) {
        let attributes = element.attributes.iter().filter(|(_, v)| !is_data && !v.is_empty());
        let any_attribute = attributes.clone().next().is_some();
        if element.children.is_empty() && !any_attribute {
            let empty = if is_data { Value::string("") } else { Value::NULL };
            let text = &element.text;
            let value = if text.is_empty() { empty } else { Value::string(text) };
            return record.push(&self.path, value);
        }
        for (name, value) in attributes {
            self.below(&["#attributes.", name], |path, _| record.push(path, Value::string(value)));
        }
        if !element.text.is_empty() {
            let text = Value::string(&element.text);
            self.below(&["#text"], |path, _| record.push(path, text));
        }
        if matches!(element.name.as_str(), "EventData" | "UserData")
            && element.children.iter().any(|child| child.name == "Data")
        {
            return self.data(element, record);
        }
        self.children(element.children.iter(), record);
    }

    fn children<'e>(&mut self, children: impl Iterator<Item = &'e Element>, record: &mut Record) {
        let mut seen = Seen::default();
        for child in children {
            let suffix = seen.suffix(&child.name);
            self.entered(&[&child.name, &suffix], |this| this.element(child, false, record));
        }
    }

    /// The children of `<EventData>`: named data by their names, unnamed ones in one list.
    fn data(&mut self, element: &Element, record: &mut Record) {
        let mut seen = Seen::default();
        let mut at = 0;
        while let Some(child) = element.children.get(at) {
            let name = data_name(child);
            let Some(name) = name else {
                at += 1;
                continue;
            };
            let rest = &element.children[at..];
            let run = rest.iter().take_while(|next| data_name(next) == Some(name)).count();
            let suffix = seen.suffix(name);
            self.entered(&[name, &suffix], |this| this.run(&rest[..run], record));
            at += run;
        }
        let unnamed: Vec<_> = element.children.iter().filter(|c| is_unnamed(c)).collect();
        match &unnamed[..] {
            [] => {}
            [only] => self.entered(&["Data.#text"], |this| this.element(only, true, record)),
            several => {
                self.list.clear();
                several.iter().for_each(|data| self.list.push(Value::string(&data.text)));
                self.below(&["Data.#text"], |path, list| record.push(path, list.value()));
            }
        }
        self.children(element.children.iter().filter(|c| c.name != "Data"), record);
    }

    /// Data elements of one name that follow each other are one list.
    fn run(&mut self, run: &[Element], record: &mut Record) {
        if let [only] = run {
            return self.element(only, true, record);
        }
        self.list.clear();
        run.iter().for_each(|data| self.list.push(Value::string(&data.text)));
        record.push(&self.path, self.list.value());
    }

    fn entered(&mut self, parts: &[&str], body: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        self.path.push('.');
        parts.iter().for_each(|part| self.path.push_str(part));
        body(self);
        self.path.truncate(outer);
    }

    fn below(&mut self, parts: &[&str], body: impl FnOnce(&str, &ListBuilder)) {
        self.entered(parts, |this| body(&this.path, &this.list));
    }
}

fn data_name(element: &Element) -> Option<&str> {
    let name = element.attributes.iter().find(|(name, _)| name == "Name")?;
    (element.name == "Data" && !name.1.is_empty()).then_some(&name.1)
}

fn is_unnamed(element: &Element) -> bool {
    element.name == "Data" && data_name(element).is_none()
}

/// Counts siblings of one name.
#[derive(Default)]
struct Seen<'e>(HashMap<&'e str, u32>);

impl<'e> Seen<'e> {
    fn suffix(&mut self, name: &'e str) -> String {
        let count = self.0.entry(name).or_insert(0);
        *count += 1;
        if *count == 1 { String::new() } else { format!("_{}", *count - 1) }
    }
}

fn parse(text: &str) -> Result<Element, XmlError> {
    let invalid = |error: &dyn std::fmt::Display| XmlError::Invalid { reason: error.to_string() };
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|e| invalid(&e))?;
        // The loop pushes and pops in pairs above the first element, and the reader checks tags.
        let inner = open.last_mut().expect("the outermost element is never closed");
        match event {
            Event::Start(start) => {
                elements += 1;
                if open.len() > DEPTH_MAX {
                    return Err(XmlError::TooDeep);
                }
                open.push(begin(&start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                inner.children.push(begin(&start)?);
            }
            Event::End(_) => {
                let mut done = open.pop().expect("the reader checks that tags are closed in order");
                // Blanks between child elements are layout.
                if !done.children.is_empty() {
                    done.text = done.text.trim().to_owned();
                }
                open.last_mut().expect("the outermost element is never closed").children.push(done);
            }
            Event::Text(part) => inner.text.push_str(&part.into_inner()),
            Event::CData(part) => inner.text.push_str(&part.into_inner()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => inner.text.push(c),
                Ok(None) => inner.text.push_str(entity(&reference.xml10_content())),
                // What XML forbids, such as a NUL, Windows writes all the same.
                Err(_) => inner.text.push(char::REPLACEMENT_CHARACTER),
            },
            Event::Eof => break,
            _ => {}
        }
        if elements > ELEMENTS_MAX {
            return Err(XmlError::TooMany);
        }
    }
    let outermost = open.swap_remove(0);
    outermost.children.into_iter().next().ok_or_else(|| invalid(&"no element"))
}

fn entity(name: &str) -> &'static str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => "\u{FFFD}",
    }
}

fn begin(start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    // Unchecked: looking for doubles takes the square of their number.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|e| XmlError::Invalid { reason: e.to_string() })?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_or_else(|_| attribute.value.as_ref().to_owned(), Cow::into_owned);
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> String {
        let mut record = Record::default();
        XmlReader::default().read(text.as_bytes(), &mut record).expect("valid");
        let show = |(name, value): (&str, Value<'_>)| {
            format!("{name}={}", serde_json::to_string(&value).expect("ok"))
        };
        record.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names() {
        for (text, expected) in [
            (
                "<Event xmlns='u'><System><EventID Qualifiers='0'>1</EventID><Level/></System></Event>",
                r##"Event.#attributes.xmlns="u" Event.System.EventID.#attributes.Qualifiers="0" Event.System.EventID.#text="1" Event.System.Level=null"##,
            ),
            (
                "<Event><EventData><Data Name='A'>a &lt;&#x41;&gt;</Data><Data Name='B'/></EventData></Event>",
                r#"Event.EventData.A="a <A>" Event.EventData.B="""#,
            ),
            (
                "<Event><EventData>\n<Data>x</Data>\n<Data>y</Data><Binary>00</Binary></EventData></Event>",
                r##"Event.EventData.Data.#text=["x","y"] Event.EventData.Binary="00""##,
            ),
            (
                "<Event><UserData><X xmlns=''><A>1</A><A>2</A></X></UserData></Event>",
                r#"Event.UserData.X.A="1" Event.UserData.X.A_1="2""#,
            ),
        ] {
            assert_eq!(flat(text), expected);
        }
    }

    #[test]
    fn limits() {
        let mut record = Record::default();
        let deep = format!("<Event>{}{}</Event>", "<a>".repeat(1000), "</a>".repeat(1000));
        assert!(matches!(
            XmlReader::default().read(deep.as_bytes(), &mut record),
            Err(XmlError::TooDeep)
        ));
    }

    #[test]
    fn long_names_and_many_attributes_do_not_multiply() {
        let mut record = Record::default();
        let name = "x".repeat(400_000);
        let long = format!("<Event><{name}>{}</{name}></Event>", "<a>1</a>".repeat(10_000));
        assert!(matches!(
            XmlReader::default().read(long.as_bytes(), &mut record),
            Err(XmlError::Overfull(Overfull::Text))
        ));
        let many = |n| {
            let attributes: String = (0..n).map(|n| format!(" a{n}='1'")).collect();
            format!("<Event{attributes}>1</Event>")
        };
        XmlReader::default().read(many(60_000).as_bytes(), &mut record).expect("valid");
        assert_eq!(record.len(), 60_001);
        assert!(matches!(
            XmlReader::default().read(many(100_000).as_bytes(), &mut record),
            Err(XmlError::Overfull(Overfull::Fields))
        ));
    }
}
