//! Where in a rule file something stands. The parser gives no lines, so they are found again.

/// A part of a file that is parsed on its own.
pub struct Part<'t> {
    /// Its text.
    pub text: &'t str,
    /// The line of the file it begins at, from 1.
    pub first_line: u32,
}

/// The YAML documents of a file. A file whose documents depend on each other (`action: global`) is
/// one part; otherwise each document is, so that a broken one costs nothing but itself.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let depends = text.starts_with("action:") || text.contains("\naction:");
    if depends {
        return vec![Part { text, first_line: 1 }];
    }
    let mut parts = Vec::new();
    let (mut start, mut start_line) = (0, 1);
    for (at, behind) in markers(text) {
        parts.push(Part { text: &text[start..at], first_line: start_line });
        start_line += lines_begun(&text[start..behind]);
        start = behind;
    }
    parts.push(Part { text: &text[start..], first_line: start_line });
    if parts.len() > 1 {
        parts.retain(|p| !p.only_comments());
    }
    parts
}

/// The lines that are `---`: where each begins, and where the next line does.
fn markers(text: &str) -> impl Iterator<Item = (usize, usize)> {
    memchr::memmem::find_iter(text.as_bytes(), "---").filter_map(|at| {
        let begins_line = at == 0 || text.as_bytes()[at - 1] == b'\n';
        let rest = text[at..].split_inclusive('\n').next().filter(|_| begins_line)?;
        (rest.trim_end() == "---").then_some((at, at + rest.len()))
    })
}

/// The lines that begin behind the start of `text`.
fn lines_begun(text: &str) -> u32 {
    memchr::memchr_iter(b'\n', text.as_bytes()).count() as u32
}

/// Where in a text something was found.
#[derive(Clone, Copy)]
struct Place {
    /// Its line, from 0.
    line: u32,
    /// Where that line begins.
    begins: usize,
}

impl Part<'_> {
    /// True if nothing stands in it but comments and blanks.
    pub fn only_comments(&self) -> bool {
        self.text.lines().all(|l| {
            let l = l.trim();
            l.is_empty() || l.starts_with('#') || l == "..." || l.starts_with('%')
        })
    }

    /// False if no correlation and no filter rule can stand here.
    pub fn may_be_meta_rule(&self) -> bool {
        let keys = ["correlation", "filter:", "filter'", "filter\"", "filter :"];
        keys.iter().any(|key| memchr::memmem::find(self.text.as_bytes(), key.as_bytes()).is_some())
    }

    /// The line of the file on which `near` stands, looked for behind the line that names the rule.
    /// The part's own first line if it is not found.
    pub fn line_of(&self, rule: Option<&str>, near: &str) -> u32 {
        let start = Place { line: 0, begins: 0 };
        let named = rule.and_then(|r| self.find(r, start));
        // Keys may be in any order: the rule's name can stand behind what is looked for.
        let found = named
            .and_then(|named| self.find(near, named))
            .or_else(|| self.find(near, start))
            .or(named);
        self.first_line + found.map_or_else(|| self.first_line_with_text(), |place| place.line)
    }

    /// The first line from `from` on that contains `what`.
    fn find(&self, what: &str, from: Place) -> Option<Place> {
        // A line's end belongs to no line.
        if what.is_empty() || what.contains(['\n', '\r']) {
            return None;
        }
        let rest = &self.text[from.begins..];
        let before = &rest[..memchr::memmem::find(rest.as_bytes(), what.as_bytes())?];
        let begins = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |end| end + 1);
        Some(Place { line: from.line + lines_begun(before), begins: from.begins + begins })
    }

    fn first_line_with_text(&self) -> u32 {
        self.text.lines().zip(0..).find(|(l, _)| !l.trim().is_empty()).map_or(0, |(_, i)| i)
    }
}

/// The line that a YAML error names, within its part.
pub fn line_in_error(error: &str) -> Option<u32> {
    let after = error.split("line ").nth(1)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// If what the parser says costs no rule: the key it is about.
pub fn remark_on(error: &str) -> Option<&'static str> {
    let remarks = [
        ("invalid status", "status:"),
        ("invalid level", "level:"),
        ("invalid sigma-version", "sigma-version:"),
        ("related[", "related:"),
        ("'related' must", "related:"),
    ];
    remarks.iter().find(|(part, _)| error.starts_with(part)).map(|(_, near)| *near)
}

/// Text that stands near the place an error of the parser is about.
pub fn near_in_error(error: &str) -> String {
    if error.starts_with("Condition") {
        return "condition:".to_owned();
    }
    let quoted = error.split('\'').nth(1).unwrap_or_default();
    if error.starts_with("Unknown modifier") && !quoted.is_empty() {
        return format!("|{quoted}");
    }
    String::new()
}

/// An error that comes with a drawing of the place: its first line, and what it ends with.
pub fn on_one_line(error: &str) -> String {
    let mut lines = error.lines().map(str::trim).filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or_default();
    let first = first.split(" -->").next().unwrap_or(first).trim_end().trim_end_matches(':');
    match lines.next_back() {
        Some(last) => format!("{first}: {}", last.trim_start_matches(['=', ' '])),
        None => error.trim().to_owned(),
    }
}

/// What to do about an error of the parser.
pub fn hint_for(error: &str) -> &'static str {
    let hints = [
        ("not a YAML mapping", "a Sigma rule is a mapping with title, logsource and detection"),
        ("no Sigma rule", "a Sigma rule is a mapping with title, logsource and detection"),
        ("YAML parse error", "check the indentation and quotes at that line"),
        ("Unknown modifier", "see the list of modifiers in the Sigma specification"),
        ("Missing required field", "add it"),
        (
            "Condition parse error",
            "see `condition` in the Sigma specification; `| count()` became correlation rules",
        ),
    ];
    hints.iter().find(|(part, _)| error.contains(part)).map_or("", |(_, hint)| hint)
}

/// The name of a rule without an id: its file's name, and its title if the file has several.
pub fn stem(origin: &str, part: &Part<'_>, title: &str) -> String {
    let file = origin.rsplit(['/', '\\', '!']).next().unwrap_or(origin);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if part.first_line == 1 { stem.to_owned() } else { format!("{stem}: {title}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_parts_with_their_lines() {
        let text = "# head\n---\ntitle: A\n---\n\ntitle: B\nid: b\n";
        let parts = parts(text);
        let seen: Vec<_> = parts.iter().map(|p| (p.first_line, p.line_of(None, "title"))).collect();
        assert_eq!(seen, [(3, 3), (5, 6)]);
        assert_eq!(parts[1].line_of(Some("b"), "nowhere"), 7);
    }

    #[test]
    fn documents_that_depend_on_each_other_stay_together() {
        assert_eq!(parts("action: global\n---\ntitle: A\n").len(), 1);
    }

    #[test]
    fn drawings_become_a_line() {
        let drawn = "Condition parse error at 1:3:  --> 1:3\n  |\n1 | s | count()\n  |   ^---\n  |\n  = expected EOI";
        assert_eq!(on_one_line(drawn), "Condition parse error at 1:3: expected EOI");
        assert_eq!(on_one_line("Missing required field 'title'"), "Missing required field 'title'");
        assert_eq!(near_in_error(drawn), "condition:");
        assert_eq!(near_in_error("Unknown modifier 'endswth'"), "|endswth");
    }

    #[test]
    fn lines_of_yaml_errors() {
        assert_eq!(line_in_error("did not find expected key at line 12 column 3"), Some(12));
        assert_eq!(line_in_error("no place"), None);
    }
}
