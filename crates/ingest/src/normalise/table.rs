//! Reads the embedded mapping tables. Not a parser for files of others: the tables are part of the
//! program, and a test reads each of them, so what is malformed in them is a bug and panics.

/// The rows of a table: tab-separated, `#` comments, the first line that is none is the header.
/// Panics if the header is not `columns` or a row has another number of cells.
pub(crate) fn rows<const N: usize>(
    text: &'static str,
    columns: [&str; N],
) -> Vec<[&'static str; N]> {
    let mut lines = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    let header = lines.next().expect("a table has a header");
    assert_eq!(cells::<N>(header), columns, "a table's header");
    lines.map(cells).collect()
}

fn cells<const N: usize>(line: &'static str) -> [&'static str; N] {
    let cells: Vec<_> = line.split('\t').collect();
    cells.try_into().unwrap_or_else(|_| panic!("{N} cells expected: {line}"))
}

/// The members of a cell: separated by commas, `-` is none.
pub(crate) fn members(cell: &'static str) -> Vec<&'static str> {
    if cell == "-" { vec![] } else { cell.split(',').collect() }
}

/// The numbers of a cell such as `1-3,7`; `-` is none. Panics on anything else.
pub(crate) fn numbers(cell: &'static str) -> Vec<u32> {
    let number = |s: &str| s.parse::<u32>().unwrap_or_else(|_| panic!("a number: {cell}"));
    let mut out = Vec::new();
    for part in members(cell) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        out.extend(number(first)..=number(last));
    }
    out
}

/// The spellings that `a{b,c}d` stands for: `abd`, `acd`. Braces do not nest.
pub(crate) fn spellings(pattern: &str) -> Vec<String> {
    let Some((head, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (choices, tail) = rest.split_once('}').expect("a brace is closed");
    let tails = spellings(tail);
    let mut out = Vec::new();
    for choice in choices.split(',') {
        out.extend(tails.iter().map(|tail| format!("{head}{choice}{tail}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lists_ranges_and_braces() {
        assert_eq!(rows("# c\na\tb\n\n1\t2\n", ["a", "b"]), [["1", "2"]]);
        assert_eq!(numbers("1-3,7"), [1, 2, 3, 7]);
        assert!(numbers("-").is_empty());
        assert_eq!(spellings("x{,.y}{1,2}"), ["x1", "x2", "x.y1", "x.y2"]);
    }

    #[test]
    #[should_panic(expected = "2 cells expected")]
    fn a_row_of_another_width_is_a_bug() {
        rows("a\tb\n1\n", ["a", "b"]);
    }
}
