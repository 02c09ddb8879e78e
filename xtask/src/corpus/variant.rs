//! A fresh variant of a value: of the same form, and as far as can be with the same meaning to rules.
//!
//! Identifiers (GUIDs, SIDs, hashes, addresses, numbers, offsets) get other digits, times another day.
//! Text gets a word where detection logic seldom looks: a path an additional folder before its last
//! part, a name a suffix before its extension or domain, a command line an additional last word. So an
//! `endswith '\cmd.exe'` stays what it was, and the value is new even to a reader that folds case.
//!
//! Values are taken as they stand in the log: backslashes of JSON are left whole.

use super::draw::Draw;
use super::moment;

/// Days between the variants of a time: more than a capture lasts.
const STEP_DAYS: i64 = 31;

/// Writes variant `number` of `value` behind `out`. Number 0 is the value itself. What is all digits
/// becomes a number of `digits_min` digits at least.
pub fn write(seed: u64, value: &[u8], number: u32, digits_min: usize, out: &mut Vec<u8>) {
    let from = out.len();
    out.extend_from_slice(value);
    if number == 0 || value.is_empty() {
        return;
    }
    let mut draw = Draw::of(seed, value, u64::from(number));
    if moment::begins(value) {
        moment::shift(&mut out[from..], STEP_DAYS * i64::from(number));
        return;
    }
    if is_epoch(value) {
        out.truncate(from);
        epoch(value, number, out);
        return;
    }
    let unsigned = value.strip_prefix(b"-").filter(|rest| !rest.is_empty()).unwrap_or(value);
    if unsigned.iter().all(u8::is_ascii_digit) {
        out.truncate(from + value.len() - unsigned.len());
        digits(unsigned, digits_min, &mut draw, out);
        return;
    }
    if let Some(point) = decimal_point(value) {
        out.truncate(from + point + 1);
        digits(&value[point + 1..], digits_min, &mut draw, out);
        return;
    }
    if is_v4(value) {
        out.truncate(from);
        v4(value, &mut draw, out);
        return;
    }
    if is_v6(value) {
        v6(&mut out[from..], &mut draw);
        return;
    }
    if !identifiers(&mut out[from..], &mut draw) {
        out.truncate(from);
        text(value, &mut draw, out);
    }
}

/// Makes a value variant `number`, of the same length. Text without digits to draw anew gets other
/// capitals.
pub fn in_place(seed: u64, value: &mut [u8], number: u32) {
    let mut draw = Draw::of(seed, value, u64::from(number));
    if moment::begins(value) {
        moment::shift(value, STEP_DAYS * i64::from(number));
    } else if value.len() >= 3 && value.iter().all(u8::is_ascii_digit) {
        redraw(value, &mut draw);
    } else if !value.starts_with(b"%%") && !identifiers(value, &mut draw) {
        for letter in value.iter_mut().filter(|b| b.is_ascii_alphabetic()) {
            *letter ^= if draw.below(2) == 0 { 0x20 } else { 0 };
        }
    }
}

/// Seconds since 1970 with a fraction, as Zeek writes them.
fn is_epoch(value: &[u8]) -> bool {
    value.len() > 11
        && value[..10].iter().all(u8::is_ascii_digit)
        && value[10] == b'.'
        && value[11..].iter().all(u8::is_ascii_digit)
        && (b"1".as_slice()..b"3".as_slice()).contains(&&value[..1])
}

fn epoch(value: &[u8], number: u32, out: &mut Vec<u8>) {
    let seconds = value[..10].iter().fold(0u64, |n, digit| n * 10 + u64::from(digit - b'0'));
    let moved = seconds + u64::from(number) * STEP_DAYS as u64 * 86_400;
    out.extend_from_slice(moved.to_string().as_bytes());
    out.extend_from_slice(&value[10..]);
}

/// A number: of as many digits if that leaves variants enough.
fn digits(value: &[u8], digits_min: usize, draw: &mut Draw, out: &mut Vec<u8>) {
    let length = value.len().max(digits_min).min(18);
    // A port or process id below 60,000 stays one.
    out.push(if length == 5 { draw.one_of(b"12345") } else { draw.one_of(b"123456789") });
    for _ in 1..length {
        out.push(draw.one_of(b"0123456789"));
    }
}

/// Where the point of a decimal number stands: `0.0`, `-12.5`.
fn decimal_point(value: &[u8]) -> Option<usize> {
    let point = value.iter().position(|&b| b == b'.')?;
    let is_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let whole = value[..point].strip_prefix(b"-").unwrap_or(&value[..point]);
    (is_digits(whole) && is_digits(&value[point + 1..])).then_some(point)
}

fn is_v4(value: &[u8]) -> bool {
    let mut parts = 0;
    value.split(|&b| b == b'.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
    }) && parts == 4
}

/// An address: in the same /8, so that inside stays inside.
fn v4(value: &[u8], draw: &mut Draw, out: &mut Vec<u8>) {
    let parts: Vec<&[u8]> = value.split(|&b| b == b'.').collect();
    let private = matches!(parts[..2], [b"192", b"168"] | [b"172", _] | [b"169", b"254"]);
    out.extend_from_slice(parts[0]);
    for at in 1..4 {
        out.push(b'.');
        if at == 1 && private {
            out.extend_from_slice(parts[1]);
        } else {
            out.extend_from_slice((1 + draw.below(253)).to_string().as_bytes());
        }
    }
}

fn is_v6(value: &[u8]) -> bool {
    value.iter().filter(|&&b| b == b':').count() >= 2
        && value.iter().all(|&b| b == b':' || b.is_ascii_hexdigit())
}

/// An address of the same network: its last part is another. The machine's own stays itself.
fn v6(value: &mut [u8], draw: &mut Draw) {
    let last = value.iter().rposition(|&b| b == b':').map_or(0, |at| at + 1);
    for digit in value[last..].iter_mut().filter(|_| last > 2) {
        *digit = draw.one_of(b"123456789abcdef");
    }
}

/// Draws runs of digits anew where they identify something. False if there were none.
fn identifiers(value: &mut [u8], draw: &mut Draw) -> bool {
    let mut found = false;
    let mut at = 0;
    while at < value.len() {
        if value[at] == b'\\' {
            // The character behind it, or `u` and four digits, belong to it.
            at += if value.get(at + 1) == Some(&b'u') { 6 } else { 2 };
            continue;
        }
        if !value[at].is_ascii_hexdigit() {
            at += 1;
            continue;
        }
        let end = at + value[at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let before = at.checked_sub(1).map(|i| value[i]);
        let in_word = |b: u8| b.is_ascii_alphanumeric();
        // `0x` stands before a number, not in a word.
        let after_0x = at >= 2 && value[at - 2..at].eq_ignore_ascii_case(b"0x");
        let whole = (after_0x || !before.is_some_and(in_word))
            && !value.get(end).copied().is_some_and(in_word);
        if whole && identifies(&value[at..end], before, after_0x) {
            redraw(&mut value[at..end], draw);
            found = true;
        }
        at = end;
    }
    found
}

/// True if a run of hexadecimal digits is an offset, a number behind `0x`, or long.
fn identifies(run: &[u8], before: Option<u8>, after_0x: bool) -> bool {
    let decimal = run.iter().all(u8::is_ascii_digit);
    let has_digit = run.iter().any(u8::is_ascii_digit);
    match before {
        Some(b'+') => run.len() >= 3,
        _ if after_0x => run.len() >= 4,
        _ => has_digit && (run.len() >= 8 || decimal && run.len() >= 6),
    }
}

fn redraw(run: &mut [u8], draw: &mut Draw) {
    let decimal = run.iter().all(u8::is_ascii_digit) && run.len() < 8;
    let upper = run.iter().any(u8::is_ascii_uppercase);
    for (place, byte) in run.iter_mut().enumerate() {
        *byte = match (decimal || place == 0, upper) {
            (true, _) if place == 0 => draw.one_of(b"123456789"),
            (true, _) => draw.one_of(b"0123456789"),
            (false, true) => draw.one_of(b"0123456789ABCDEF"),
            (false, false) => draw.one_of(b"0123456789abcdef"),
        };
    }
}

/// Puts a word into text.
fn text(value: &[u8], draw: &mut Draw, out: &mut Vec<u8>) {
    let mut word = Vec::with_capacity(6);
    draw.word(5, &mut word);
    let space = value.contains(&b' ');
    let (at, before, behind): (usize, &[u8], &[u8]) = match last_part(value) {
        // Arguments are words behind a program; a path with spaces in it has none behind its last part.
        Some(at) if space && (value[at..].contains(&b' ') || value[..at - 1].ends_with(b" ")) => {
            (value.len(), b" ", b"")
        }
        Some(at) if value[at - 1] == b'\\' => (at, b"", b"\\\\"),
        Some(at) => (at, b"", b"/"),
        None if space => (value.len(), b" ", b""),
        None => (name_end(value), b"-", b""),
    };
    out.extend_from_slice(&value[..at]);
    out.extend_from_slice(before);
    out.extend_from_slice(&word);
    out.extend_from_slice(behind);
    out.extend_from_slice(&value[at..]);
}

/// Where the last part of a path begins, if there are several.
fn last_part(value: &[u8]) -> Option<usize> {
    let (mut at, mut last) = (0, None);
    while at < value.len() {
        match (value[at], value.get(at + 1)) {
            (b'\\', Some(b'\\')) => {
                at += 2;
                last = Some(at);
            }
            (b'\\', _) => at += 2,
            (b'/', _) => {
                at += 1;
                last = Some(at);
            }
            _ => at += 1,
        }
    }
    last
}

/// Where a name ends and its extension or domain begins.
fn name_end(value: &[u8]) -> usize {
    value
        .iter()
        .position(|&b| matches!(b, b'.' | b'@' | b'$'))
        .filter(|&at| at > 0)
        .unwrap_or(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(value: &str, number: u32) -> String {
        let mut out = Vec::new();
        write(1, value.as_bytes(), number, 5, &mut out);
        String::from_utf8(out).expect("values here are ASCII")
    }

    #[test]
    fn the_form_is_kept() {
        assert_eq!(variant("anything", 0), "anything");
        assert_eq!(variant("2020-10-12 18:32:48", 1), "2020-11-12 18:32:48");
        assert!(variant("1713488395.433985", 1).ends_with(".433985"));
        let path = variant(r"C:\\Windows\\System32\\svchost.exe", 1);
        assert!(path.starts_with(r"C:\\Windows\\System32\\") && path.ends_with(r"\\svchost.exe"));
        let host = variant("WORKSTATION5.theshire.local", 1);
        assert!(host.starts_with("WORKSTATION5-") && host.ends_with(".theshire.local"));
        let line = variant(r"cmd.exe /c C:\\x\\y.exe /q", 1);
        assert!(line.starts_with(r"cmd.exe /c C:\\x\\y.exe /q "));
        assert!(variant("192.168.56.43", 1).starts_with("192.168."));
        let guid = "{71b87c12-d257-5f84-3100-000000000500}";
        assert_eq!(variant(guid, 1).len(), guid.len());
        let trace = variant(r"C:\\windows\\SYSTEM32\\ntdll.dll+9c534", 1);
        assert!(trace.starts_with(r"C:\\windows\\SYSTEM32\\ntdll.dll+"));
        let sid = variant("S-1-5-21-3940915590-64593676-1414006259-500", 1);
        assert!(sid.starts_with("S-1-5-21-") && sid.ends_with("-500"));
    }

    #[test]
    fn variants_are_new_and_repeatable() {
        let values = [
            "4",
            "443",
            "0x3e7",
            r"C:\\a\\b.exe",
            "user",
            "a b",
            "10.0.0.1",
            "fe80::d:1f2e",
            r"\\PIPE\\x",
            "2020-10-12T22:32:48.932Z",
            "SHA1=AB12CD34EF567890,MD5=0123456789abcdef",
            "CRutLH3V8XGXbWhHYj",
        ];
        for value in values {
            assert_eq!(variant(value, 3), variant(value, 3));
            for number in 1..4 {
                assert_ne!(variant(value, number), variant(value, number - 1), "{value}");
            }
        }
    }

    #[test]
    fn a_number_stays_a_number() {
        for value in ["0.0", "-1.25", "7", "-7", "3.5"] {
            for number in 1..20 {
                let text = variant(value, number);
                assert!(serde_json::from_str::<f64>(&text).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn escapes_stay_whole() {
        for value in [r"a\u0041b\n12345678", r"\u12345678", r"x\\", r"\t", r#"say \"hi\" 123456"#] {
            for number in 0..20 {
                let text = format!("\"{}\"", variant(value, number));
                assert!(serde_json::from_str::<String>(&text).is_ok(), "{text}");
            }
        }
    }
}
