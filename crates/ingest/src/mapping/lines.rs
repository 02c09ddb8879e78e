//! Lines of text that a user described, as JSON: from there on they are read like any other log.
//!
//! Each line becomes one line of JSON, so numbers of lines stay what they are. A line that does not
//! fit the description keeps its text, without the format's name: nothing is lost, and rules that look
//! for keywords still see it.

use std::io::{self, BufRead, Read};

use regex::Regex;

use super::{Condition, names};

/// The field that has the line itself.
const LINE: &str = "line";
/// The field that names the format.
const FORMAT: &str = "blanik.format";

/// How a line is read.
#[derive(Debug)]
pub(crate) struct Lines {
    name: String,
    how: How,
}

#[derive(Debug)]
enum How {
    /// A field for each named group.
    Pattern(Regex),
    /// A field for each column; the last has the rest of the line.
    Delimiter(String, Vec<String>),
}

/// Lines looked at to tell whether a text is of the format.
const LINES_TRIED: usize = 32;

impl Lines {
    /// By the pattern's named groups.
    pub fn by_pattern(name: &str, pattern: Regex) -> Lines {
        Lines { name: name.to_owned(), how: How::Pattern(pattern) }
    }

    /// By columns.
    pub fn by_delimiter(name: &str, delimiter: String, columns: Vec<String>) -> Lines {
        Lines { name: name.to_owned(), how: How::Delimiter(delimiter, columns) }
    }

    /// What records made of its lines have.
    pub fn condition(&self) -> Condition {
        Condition { field: FORMAT.to_owned(), values: vec![self.name.clone()] }
    }

    /// True if at least half of the first lines fit. The last may be cut off.
    pub fn fit(&self, head: &[u8]) -> bool {
        let text = String::from_utf8_lossy(head);
        let whole = if head.ends_with(b"\n") {
            &*text
        } else {
            text.rsplit_once('\n').map_or(&*text, |(w, _)| w)
        };
        let lines = || whole.lines().filter(|l| !l.trim().is_empty()).take(LINES_TRIED);
        let fit = lines().filter(|line| self.fields(line).is_some()).count();
        fit > 0 && fit * 2 >= lines().count()
    }

    /// The names and values in a line; `None` if it does not fit.
    fn fields<'l>(&'l self, line: &'l str) -> Option<Vec<(&'l str, &'l str)>> {
        match &self.how {
            How::Pattern(pattern) => {
                let groups = pattern.captures(line)?;
                let value = |name: &'l str| Some((name, groups.name(name)?.as_str()));
                Some(names(pattern).filter_map(value).collect())
            }
            How::Delimiter(delimiter, columns) => {
                let cells: Vec<&str> = line.splitn(columns.len(), delimiter.as_str()).collect();
                (cells.len() == columns.len())
                    .then(|| columns.iter().map(String::as_str).zip(cells).collect())
            }
        }
    }

    fn write(&self, line: &str, out: &mut Vec<u8>) {
        if line.trim().is_empty() {
            return;
        }
        let fields = self.fields(line);
        out.push(b'{');
        if let Some(fields) = fields {
            string(FORMAT, out);
            out.push(b':');
            string(&self.name, out);
            for (name, value) in fields {
                out.push(b',');
                string(name, out);
                out.push(b':');
                string(value, out);
            }
            out.push(b',');
        }
        string(LINE, out);
        out.push(b':');
        string(line, out);
        out.push(b'}');
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Reads a text as lines of JSON.
pub(crate) struct LinesAsJson<'l, R> {
    lines: &'l Lines,
    inner: R,
    line_bytes_max: usize,
    line: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
}

impl<'l, R: BufRead> LinesAsJson<'l, R> {
    /// Of the text in `inner`. A line longer than that comes through as it is, and is refused where
    /// records are cut.
    pub fn new(lines: &'l Lines, inner: R, line_bytes_max: usize) -> Self {
        LinesAsJson { lines, inner, line_bytes_max, line: Vec::new(), ready: Vec::new(), at: 0 }
    }

    /// Makes the next line ready. False at the end.
    fn next(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.at = 0;
        self.line.clear();
        let max = self.line_bytes_max as u64 + 1;
        let read = self.inner.by_ref().take(max).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        if self.line.last() != Some(&b'\n') && read as u64 == max {
            self.ready.append(&mut self.line);
            self.inner.skip_until(b'\n')?;
        } else {
            let text = String::from_utf8_lossy(&self.line);
            self.lines.write(text.trim_end_matches(['\n', '\r']), &mut self.ready);
        }
        self.ready.push(b'\n');
        Ok(true)
    }
}

impl<R: BufRead> Read for LinesAsJson<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let n = out.len().min(self.ready.len() - self.at);
        out[..n].copy_from_slice(&self.ready[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(lines: &Lines, text: &str) -> String {
        let mut out = String::new();
        LinesAsJson::new(lines, text.as_bytes(), 64).read_to_string(&mut out).expect("memory");
        out
    }

    #[test]
    fn each_line_is_a_line_of_json() {
        let pattern =
            Regex::new(r"^(?<who>\w+) did (?<what>.+?)(?: on (?<host>\w+))?$").expect("one");
        let lines = Lines::by_pattern("x", pattern);
        assert_eq!(
            json(&lines, "eve did \"it\\\" on pc\r\n\nnothing\nbob did\tthis\nann did x"),
            concat!(
                r#"{"blanik.format":"x","who":"eve","what":"\"it\\\"","host":"pc","line":"eve did \"it\\\" on pc"}"#,
                "\n\n",
                r#"{"line":"nothing"}"#,
                "\n",
                r#"{"line":"bob did\tthis"}"#,
                "\n",
                r#"{"blanik.format":"x","who":"ann","what":"x","line":"ann did x"}"#,
                "\n",
            )
        );
    }

    #[test]
    fn columns_and_overlong_lines() {
        let lines = Lines::by_delimiter("x", ";".into(), vec!["a".into(), "b".into()]);
        assert_eq!(
            json(&lines, "1;2;3\nnone\n"),
            "{\"blanik.format\":\"x\",\"a\":\"1\",\"b\":\"2;3\",\"line\":\"1;2;3\"}\n{\"line\":\"none\"}\n"
        );
        let long = format!("{}\n1;2\n", "x".repeat(1000));
        let out = json(&lines, &long);
        assert_eq!(out.lines().next().map(str::len), Some(65));
        assert_eq!(out.lines().count(), 2);
        assert!(lines.fit(b"1;2\n3;4\nx") && !lines.fit(b"a\nb\nc;d\n"));
    }
}
