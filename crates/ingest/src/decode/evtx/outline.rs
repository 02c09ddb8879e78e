//! The names that a record's rendering has, and which value each stands for.
//!
//! What cannot be told from the templates for sure is left out of it: the outline of such records is
//! none, or does not fit their rendering, and they are rendered.

use super::instance::{Content, Instance, Slot, Templates};
use super::template::{Element, Node};
use super::value;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The signature: it is the same in each record that has it.
    Signature,
    /// That one of the record's values.
    Slot(u16),
}

/// Names and sources, in the rendering's order.
pub(super) fn outline(templates: &Templates, content: &Content) -> Option<Vec<(String, Source)>> {
    let mut outline = Outline { templates, content, leaves: Vec::new() };
    let root = content.instances.first()?;
    let element = templates.element(root.template);
    outline.element(&element.name, element, root)?;
    Some(outline.leaves)
}

struct Outline<'a> {
    templates: &'a Templates,
    content: &'a Content,
    leaves: Vec<(String, Source)>,
}

impl Outline<'_> {
    fn slot(&self, instance: &Instance, number: u16) -> Option<(u16, &Slot)> {
        let number = usize::from(number);
        let at = instance.first + number;
        (number < instance.count).then(|| (at as u16, &self.content.slots[at]))
    }

    /// The value in a slot, if it is not empty.
    fn value(&self, instance: &Instance, number: u16) -> Option<(u16, &Slot)> {
        let (at, slot) = self.slot(instance, number)?;
        (!self.content.empty[usize::from(at)]).then_some((at, slot))
    }

    /// What texts and values amount to: nothing, or one source. `None` if they are mixed.
    fn text(&self, instance: &Instance, nodes: &[Node]) -> Option<Option<Source>> {
        let mut source = None;
        for node in nodes {
            match node {
                Node::Element(_) => return None,
                Node::Text(text) if text.is_empty() => {}
                Node::Text(_) if matches!(source, Some(Source::Slot(_))) => return None,
                Node::Text(_) => source = Some(Source::Signature),
                Node::Slot(number) => {
                    let Some((at, slot)) = self.value(instance, *number) else { continue };
                    if source.is_some() || slot.nested.is_some() {
                        return None;
                    }
                    source = Some(Source::Slot(at));
                }
            }
        }
        Some(source)
    }

    fn leaf(&mut self, path: String, source: Source) {
        self.leaves.push((path, source));
    }

    fn element(&mut self, path: &str, element: &Element, instance: &Instance) -> Option<()> {
        let before = self.leaves.len();
        for (name, nodes) in &element.attributes {
            if let Some(source) = self.text(instance, nodes)? {
                self.leaf(format!("{path}.#attributes.{name}"), source);
            }
        }
        let has_attributes = self.leaves.len() > before;
        if !self.has_members(element, instance) {
            let source = self.text(instance, &element.children)?;
            match (source, has_attributes) {
                (Some(source), true) => self.leaf(format!("{path}.#text"), source),
                (None, true) => {}
                (source, false) => {
                    self.leaf(path.to_owned(), source.unwrap_or(Source::Signature));
                }
            }
            return Some(());
        }
        let by_name = is_container(&element.name) && has_named_data(element);
        let mut members = 0;
        for node in &element.children {
            members += usize::from(self.member(path, node, instance, element, by_name)?);
        }
        if members == 0 && !has_attributes {
            // Nothing is left of it: `null`.
            self.leaf(path.to_owned(), Source::Signature);
        }
        Some(())
    }

    fn has_members(&self, element: &Element, instance: &Instance) -> bool {
        element.children.iter().any(|node| match node {
            Node::Element(_) => true,
            Node::Slot(number) => {
                self.value(instance, *number).is_some_and(|(_, slot)| slot.nested.is_some())
            }
            Node::Text(_) => false,
        })
    }

    /// True if something was written.
    fn member(
        &mut self,
        path: &str,
        node: &Node,
        instance: &Instance,
        parent: &Element,
        by_name: bool,
    ) -> Option<bool> {
        match node {
            Node::Text(text) => text.is_empty().then_some(false),
            Node::Slot(number) => {
                let Some((_, slot)) = self.value(instance, *number) else { return Some(false) };
                let inner = self.content.instances[usize::from(slot.nested?)];
                let templates = self.templates;
                let element = templates.element(inner.template);
                self.element(&format!("{path}.{}", element.name), element, &inner)?;
                Some(true)
            }
            Node::Element(child) => {
                let is_data = is_container(&parent.name) && child.name == "Data";
                if let Some(number) = child.depends
                    && self.slot(instance, number).is_some_and(|(_, slot)| slot.is_null())
                {
                    return Some(false);
                }
                if !is_data {
                    self.element(&format!("{path}.{}", child.name), child, instance)?;
                    return Some(true);
                }
                let name = match by_name {
                    true => numbered(name_of(child)?, node, parent)?,
                    false => return self.unnamed(path, child, instance, parent),
                };
                let source = self.text(instance, &child.children)?;
                self.leaf(format!("{path}.{name}"), source.unwrap_or(Source::Signature));
                Some(true)
            }
        }
    }

    /// A `Data` without a name. An array of texts is as many of them; several are written as one.
    fn unnamed(
        &mut self,
        path: &str,
        data: &Element,
        instance: &Instance,
        parent: &Element,
    ) -> Option<bool> {
        if data_of(parent).count() > 1 {
            return None;
        }
        if let [Node::Slot(number)] = &data.children[..]
            && self.slot(instance, *number).is_some_and(|(_, slot)| slot.is_no_texts())
        {
            return Some(false);
        }
        let source = self.text(instance, &data.children)?;
        self.leaf(format!("{path}.Data.#text"), source.unwrap_or(Source::Signature));
        Some(true)
    }
}

impl Slot {
    fn is_no_texts(&self) -> bool {
        self.ty == value::STRINGS && self.len() == 0
    }

    fn is_null(&self) -> bool {
        self.ty == value::NULL || self.ty == value::BIN_XML && self.nested.is_none()
    }
}

fn is_container(name: &str) -> bool {
    matches!(name, "EventData" | "UserData")
}

fn data_of(element: &Element) -> impl Iterator<Item = &Element> {
    element.children.iter().filter_map(|node| match node {
        Node::Element(child) if child.name == "Data" => Some(child),
        _ => None,
    })
}

fn has_named_data(element: &Element) -> bool {
    data_of(element).any(|data| name_of(data).is_some())
}

/// The name of a `Data` element, told from those of the same name before it. `None` where these
/// follow each other: they are one list.
fn numbered(name: &str, node: &Node, parent: &Element) -> Option<String> {
    let before = parent.children.iter().take_while(|other| !std::ptr::eq(*other, node));
    let is_same = |other: &Node| match other {
        Node::Element(other) => other.name == "Data" && name_of(other) == Some(name),
        _ => false,
    };
    let before: Vec<bool> = before.map(is_same).collect();
    match before.iter().filter(|same| **same).count() {
        0 => Some(name.to_owned()),
        _ if before.last() == Some(&true) => None,
        n => Some(format!("{name}_{n}")),
    }
}

/// What a definition calls a `Data` element.
fn name_of(element: &Element) -> Option<&str> {
    let (_, nodes) = element.attributes.iter().find(|(name, _)| name == "Name")?;
    match &nodes[..] {
        [Node::Text(name)] if !name.is_empty() => Some(name),
        _ => None,
    }
}
