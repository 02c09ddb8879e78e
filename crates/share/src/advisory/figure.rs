//! The figures of an advisory, as SVG: drawn for a column 720 units wide, so that their letters are of a readable size on
//! A4. They carry no script, no style of the page, and no name that the publication does not hold.

mod axis;
pub mod bar;
pub mod graph;
pub mod matrix;
pub mod timeline;

use std::fmt::Write;

use blanik_model::markup::Text;

/// Width of a figure in units.
const WIDTH: f64 = 720.0;
/// Width of a letter of the usual size, with some room.
const LETTER: f64 = 5.9;
const INK: &str = "#1a1f26";
const SOFT: &str = "#5a6673";
const RULE: &str = "#d3d9e0";
const NAVY: &str = "#17375e";
const BLUE: &str = "#2f6ea5";
const PALE: &str = "#b9cbdc";
/// The last is what the typesetter has; where it is missing, any.
const FACES: &str =
    "'Segoe UI', 'Noto Sans', 'Liberation Sans', Arial, 'Libertinus Serif', sans-serif";

/// A picture that is being drawn.
struct Canvas {
    out: String,
}

impl Canvas {
    /// An empty one. One without a title only repeats what stands beside it.
    fn new(title: &str, width: f64, height: f64) -> Canvas {
        let mut out = String::new();
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" font-family=\"{FACES}\" font-size=\"11\" fill=\"{INK}\""
        );
        let _ = match title {
            "" => write!(out, " aria-hidden=\"true\">"),
            title => write!(out, " role=\"img\"><title>{}</title>", Text(title)),
        };
        Canvas { out }
    }

    /// Slanted lines, as a fill `url(#name)`.
    fn hatch(&mut self, name: &str, colour: &str) {
        let _ = write!(
            self.out,
            "<defs><pattern id=\"{name}\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"5\" stroke=\"{colour}\" \
             stroke-width=\"1.6\"/></pattern></defs>"
        );
    }

    /// Text at its base line; `rest` holds further attributes.
    fn text(&mut self, (x, y): (f64, f64), rest: &str, text: &str) {
        let _ = write!(self.out, "<text x=\"{x:.1}\" y=\"{y:.1}\" {rest}>{}</text>", Text(text));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), rest: &str) {
        let _ = write!(
            self.out,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {rest}/>"
        );
    }

    /// A rectangle; `title` is what it says when it is pointed at.
    fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), rest: &str, title: &str) {
        let _ = write!(
            self.out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" {rest}",
            width.max(0.0),
            height.max(0.0)
        );
        self.close("rect", title);
    }

    /// Ends an element that has begun, with its title if it has one.
    fn close(&mut self, element: &str, title: &str) {
        let _ = match title {
            "" => write!(self.out, "/>"),
            title => write!(self.out, "><title>{}</title></{element}>", Text(title)),
        };
    }

    fn done(mut self) -> String {
        self.out.push_str("</svg>");
        self.out
    }
}

/// Lines of at most `width` characters and at most `lines` of them, the last with `…` if something was left off. Words
/// that are longer than a line are broken.
fn wrap(text: &str, width: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + letters.len() > width {
            out.push(String::new());
            used = 0;
        }
        for (i, letter) in letters.into_iter().enumerate() {
            let line_is_full = used == width;
            if line_is_full {
                out.push(String::new());
                used = 0;
            }
            let line = out.last_mut().expect("there is always a line");
            if i == 0 && used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push(letter);
            used += 1;
        }
    }
    if out.len() > lines {
        out.truncate(lines);
        let last = out.last_mut().expect("at least one line is asked for");
        *last = last.chars().take(width.saturating_sub(1)).collect::<String>() + "…";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_are_never_longer_than_they_may_be() {
        assert_eq!(wrap("one two three", 7, 3), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4, 3), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("one two three four", 7, 1), ["one tw…"]);
        assert_eq!(wrap("", 7, 1), [""]);
    }
}
