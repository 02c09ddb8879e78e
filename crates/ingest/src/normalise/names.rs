//! What each way of writing a Windows event calls its parts: `mapping/windows_names.tsv`.

use super::lookup::{Key, NameMap};
use super::table::{rows, spellings};

const TABLE: &str = include_str!("../../mapping/windows_names.tsv");

/// What becomes of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rename {
    /// Stays as it is.
    Keep,
    /// Is called by an entry of [`Names::target`].
    To(u32),
    /// Loses that many bytes in front. `data` if it is what the event's author wrote, not Windows.
    Cut {
        /// Bytes.
        skip: usize,
        /// See above.
        data: bool,
    },
    /// Is left out.
    Drop,
}

/// The names of one shape.
#[derive(Debug, Default)]
pub(crate) struct ShapeNames {
    exact: NameMap<Rename>,
    prefixes: Vec<(Box<str>, bool)>,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Names {
    shapes: NameMap<ShapeNames>,
    targets: Vec<Key>,
}

impl Names {
    pub fn new() -> Self {
        let mut names = Names::default();
        for [shape, source, target] in rows(TABLE, ["shape", "source", "target"]) {
            for spelling in spellings(source) {
                names.add(shape, &spelling, target);
            }
        }
        names
    }

    fn add(&mut self, shape: &str, source: &str, target: &'static str) {
        if let Some(prefix) = source.strip_suffix('*') {
            assert!(matches!(target, "*" | "leaf"), "target of a prefix: {source}");
            let names = self.shapes.entry(shape.into()).or_default();
            names.prefixes.push((prefix.into(), target == "leaf"));
            return;
        }
        let rename = if target == "-" { Rename::Drop } else { Rename::To(self.intern(target)) };
        let names = self.shapes.entry(shape.into()).or_default();
        let old = names.exact.insert(source.into(), rename);
        assert_eq!(old, None, "{shape}: {source} stands twice");
    }

    fn intern(&mut self, target: &'static str) -> u32 {
        let at = self.targets.iter().position(|t| t.name == target).unwrap_or_else(|| {
            self.targets.push(target.into());
            self.targets.len() - 1
        });
        at as u32
    }

    /// The name a [`Rename::To`] gives.
    pub fn target(&self, i: u32) -> Key {
        self.targets[i as usize]
    }

    /// All of these names.
    pub fn targets(&self) -> &[Key] {
        &self.targets
    }

    /// The names of a shape, if it has any.
    pub fn of(&self, shape: &str) -> Option<&ShapeNames> {
        self.shapes.get(shape)
    }
}

impl ShapeNames {
    /// What becomes of a field's name.
    pub fn rename(&self, name: &str) -> Rename {
        if let Some(&rename) = self.exact.get(name) {
            return rename;
        }
        for (prefix, leaf) in &self.prefixes {
            let Some(rest) = name.strip_prefix(&**prefix) else { continue };
            // `EventData`, `event_data.`, `UserData.` and so on are the author's.
            let data = !prefix.contains("System.");
            let wrapper = if *leaf { rest.find('.').map_or(0, |dot| dot + 1) } else { 0 };
            if rest.len() == wrapper {
                return Rename::Keep;
            }
            if is_name_space(&rest[wrapper..]) {
                return Rename::Drop;
            }
            return Rename::Cut { skip: prefix.len() + wrapper, data };
        }
        Rename::Keep
    }
}

/// `#attributes.xmlns`, `xmlns:auto-ns2`, `@xmlns` …: a declaration, and nothing that happened.
fn is_name_space(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).trim_start_matches(['@', '-', '_', '$']);
    last == "xmlns" || last.starts_with("xmlns:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_part_gets_its_name() {
        let names = Names::new();
        let got = |shape: &str, name: &str| match names.of(shape).expect("known").rename(name) {
            Rename::Keep => format!("={name}"),
            Rename::Drop => "-".into(),
            Rename::To(i) => names.target(i).name.to_owned(),
            Rename::Cut { skip, .. } => name[skip..].to_owned(),
        };
        for (shape, name, want) in [
            ("event", "Event.System.EventID", "EventID"),
            ("event", "Event.System.EventID.#text", "EventID"),
            ("event", "System.EventID", "EventID"),
            ("event", "Event.System.Provider.#attributes.Name", "Provider_Name"),
            ("event", "Event.System.Provider_attributes.Name", "Provider_Name"),
            ("event", "Event.System.Provider.@Name", "Provider_Name"),
            ("event", "Event.System.TimeCreated.#attributes.SystemTime", "SystemTime"),
            ("event", "Event.System.Level", "Level"),
            ("event", "Event.EventData.CommandLine", "CommandLine"),
            ("event", "Event.EventData.Data.#text", "Data"),
            ("event", "Event.EventData.Data", "Data"),
            ("event", "Event.UserData.LogFileCleared.SubjectUserName", "SubjectUserName"),
            ("event", "Event.UserData.LogFileCleared.#attributes.xmlns", "-"),
            ("event", "Event.UserData.EventXML.xmlns:auto-ns2", "-"),
            ("event", "Event.UserData.", "=Event.UserData."),
            ("event", "Event.#attributes.xmlns", "-"),
            ("event", "somebody.else", "=somebody.else"),
            ("winlog", "winlog.event_data.Image", "Image"),
            ("winlog", "agent.name", "=agent.name"),
            ("beat6", "event_data.Image", "Image"),
            ("flat", "EventCode", "EventID"),
            ("splunk", "result.CommandLine", "CommandLine"),
        ] {
            assert_eq!(got(shape, name), want, "{shape} {name}");
        }
    }
}
