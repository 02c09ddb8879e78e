//! A record's values as the texts that rendering makes of them.

use std::io::Write;

use blanik_model::{ListBuilder, Type, Value};

/// Types of values (MS-EVEN6, 2.2.12).
pub(super) const NULL: u8 = 0x00;
pub(super) const STRING: u8 = 0x01;
const ANSI: u8 = 0x02;
const BOOL: u8 = 0x0d;
const BINARY: u8 = 0x0e;
pub(super) const BIN_XML: u8 = 0x21;
/// An array of texts, each ended by a NUL.
pub(super) const STRINGS: u8 = 0x81;

const TICKS_A_SECOND: u64 = 10_000_000;
const TICKS_A_DAY: u64 = 86_400 * TICKS_A_SECOND;

/// True if there is nothing to write.
pub(super) fn is_empty(ty: u8, bytes: &[u8]) -> bool {
    match ty {
        NULL => true,
        STRING => bytes.is_empty() || bytes.starts_with(&[0, 0]),
        ANSI => bytes.iter().all(|b| *b == 0),
        BINARY | BIN_XML | STRINGS => bytes.is_empty(),
        _ => false,
    }
}

/// Writes a value that is not empty behind the text, as UTF-8. `None` if only rendering can tell what
/// it is.
pub(super) fn write(ty: u8, bytes: &[u8], out: &mut Vec<u8>) -> Option<Type> {
    macro_rules! number {
        ($t:ty) => {{
            let number = i128::from(<$t>::from_le_bytes(bytes.try_into().ok()?));
            // Every integer here has at most 64 bits.
            integer(number < 0, number.unsigned_abs() as u64, out);
            return Some(Type::Number);
        }};
    }
    match ty {
        STRING => utf16(bytes, out)?,
        ANSI if bytes.is_ascii() => out.extend(bytes.iter().filter(|b| **b != 0)),
        0x03 => number!(i8),
        0x04 => number!(u8),
        0x05 => number!(i16),
        0x06 => number!(u16),
        0x07 => number!(i32),
        0x08 => number!(u32),
        0x09 => number!(i64),
        0x0a => number!(u64),
        BOOL => match bytes {
            [0, 0, 0, 0] => return wrote("false", Type::Bool, out),
            [1, 0, 0, 0] => return wrote("true", Type::Bool, out),
            _ => number!(i32),
        },
        BINARY => bytes.iter().for_each(|b| out.extend(digits(*b, b"0123456789ABCDEF"))),
        0x0f => guid(bytes.try_into().ok()?, out),
        0x11 => time(u64::from_le_bytes(bytes.try_into().ok()?), out),
        0x13 => sid(bytes, out)?,
        // Numbers written in hexadecimal; a size has its machine's width.
        0x14 => hex(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)), out),
        0x10 if bytes.len() == 4 => {
            hex(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)), out);
        }
        0x10 | 0x15 => hex(u64::from_le_bytes(bytes.try_into().ok()?), out),
        STRINGS => return strings(bytes, out),
        _ => return None,
    }
    Some(Type::String)
}

/// One text as it is, several as a list.
fn strings(bytes: &[u8], out: &mut Vec<u8>) -> Option<Type> {
    let (units, rest) = bytes.as_chunks::<2>();
    let ([units @ .., [0, 0]], []) = (units, rest) else { return None };
    let mut texts = units.split(|unit| *unit == [0, 0]).map(<[_]>::as_flattened);
    let first = texts.next()?;
    let Some(second) = texts.next() else {
        utf16(first, out)?;
        return Some(Type::String);
    };
    let mut list = ListBuilder::default();
    for text in [first, second].into_iter().chain(texts) {
        let start = out.len();
        utf16(text, out)?;
        list.push(Value::string(std::str::from_utf8(&out[start..]).ok()?));
        out.truncate(start);
    }
    out.extend(list.value().text.as_bytes());
    Some(Type::List)
}

fn wrote(text: &str, ty: Type, out: &mut Vec<u8>) -> Option<Type> {
    out.extend(text.as_bytes());
    Some(ty)
}

/// Up to the first NUL. `None` if it is not UTF-16.
fn utf16(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let end = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
    let units = &units[..end];
    // Without branches, so that the compiler makes vectors of it.
    if units.iter().fold(0, |all, [low, high]| all | low & 0x80 | high) == 0 {
        out.extend(units.iter().map(|[low, _]| *low));
        return Some(());
    }
    for c in char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit))) {
        out.extend(c.ok()?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(())
}

fn integer(is_negative: bool, mut rest: u64, out: &mut Vec<u8>) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    if is_negative {
        out.push(b'-');
    }
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend(&buffer[at..]);
}

fn digits(byte: u8, of: &[u8; 16]) -> [u8; 2] {
    [of[usize::from(byte >> 4)], of[usize::from(byte & 15)]]
}

fn hex(number: u64, out: &mut Vec<u8>) {
    // A vector takes whatever is written.
    let _ = write!(out, "0x{number:x}");
}

fn guid(bytes: [u8; 16], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 38];
    (text[0], text[37]) = (b'{', b'}');
    let mut end = 1;
    for (i, at) in [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            end += 1;
        }
        text[end..end + 2].copy_from_slice(&digits(bytes[at], DIGITS));
        end += 2;
    }
    out.extend(text);
}

fn sid(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let [revision, count, authority @ ..] = bytes else { return None };
    let (authority, subs) = authority.split_first_chunk::<6>()?;
    let (subs, rest) = subs.as_chunks::<4>();
    if subs.len() != usize::from(*count) || !rest.is_empty() {
        return None;
    }
    let authority = authority.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    out.extend(b"S-");
    integer(false, u64::from(*revision), out);
    out.push(b'-');
    integer(false, authority, out);
    for sub in subs {
        out.push(b'-');
        integer(false, u64::from(u32::from_le_bytes(*sub)), out);
    }
    Some(())
}

/// A FILETIME: ticks of 100 ns since 1601.
fn time(ticks: u64, out: &mut Vec<u8>) {
    let (year, month, day) = date(ticks / TICKS_A_DAY);
    let (of_day, part) = (ticks % TICKS_A_DAY / TICKS_A_SECOND, ticks % TICKS_A_SECOND);
    let mut text = *b"0000-00-00T00:00:00.0000000Z";
    if i64::try_from(ticks).is_ok() {
        for (place, mut number) in [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, of_day / 3600),
            (14..16, of_day / 60 % 60),
            (17..19, of_day % 60),
            (20..27, part),
        ] {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
    }
    out.extend(text);
}

/// Year, month and day of a day counted from 1601-01-01. Four centuries have the same days; their
/// years are counted from March, so that the odd day is the last one.
fn date(days: u64) -> (u64, u64, u64) {
    const FOUR_CENTURIES: u64 = 146_097;
    const CENTURY: u64 = 36_524;
    const FOUR_YEARS: u64 = 1461;
    // 1601-01-01 is 306 days after 1600-03-01.
    let mut days = days + 306;
    let mut year = 1600 + days / FOUR_CENTURIES * 400;
    days %= FOUR_CENTURIES;
    let centuries = (days / CENTURY).min(3);
    days -= centuries * CENTURY;
    let fours = days / FOUR_YEARS;
    days %= FOUR_YEARS;
    let years = (days / 365).min(3);
    days -= years * 365;
    year += centuries * 100 + fours * 4 + years;
    let lengths = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let month = month as u64;
    match month {
        0..10 => (year, month + 3, days + 1),
        _ => (year + 1, month - 9, days + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ty: u8, bytes: &[u8]) -> Option<(Type, String)> {
        let mut out = Vec::new();
        let ty = write(ty, bytes, &mut out)?;
        Some((ty, String::from_utf8(out).expect("it is UTF-8")))
    }

    #[test]
    fn values_as_they_are_rendered() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let string = |text: &str| Some((Type::String, text.to_owned()));
        let number = |text: &str| Some((Type::Number, text.to_owned()));
        let list = |texts: &[&str]| {
            let mut list = ListBuilder::default();
            texts.iter().for_each(|text| list.push(Value::string(text)));
            Some((Type::List, list.value().text.to_owned()))
        };
        for (ty, bytes, want) in [
            (STRING, utf16("plain\0hidden"), string("plain")),
            (STRING, utf16("čau 😀"), string("čau 😀")),
            (STRING, vec![0, 0xd8], None),
            (STRING, vec![b'a'], None),
            (ANSI, b"a\0b\0".to_vec(), string("ab")),
            (ANSI, vec![0xe9], None),
            (0x03, vec![0xff], number("-1")),
            (0x09, i64::MIN.to_le_bytes().to_vec(), number("-9223372036854775808")),
            (0x0a, u64::MAX.to_le_bytes().to_vec(), number("18446744073709551615")),
            (0x06, vec![1], None),
            (BOOL, vec![1, 0, 0, 0], Some((Type::Bool, "true".into()))),
            (BOOL, vec![16, 0, 0, 0], number("16")),
            (BINARY, vec![0x0a, 0xff], string("0AFF")),
            (0x0f, (0..16).collect(), string("{03020100-0504-0706-0809-0a0b0c0d0e0f}")),
            (0x10, vec![0x1f, 0, 0, 0], string("0x1f")),
            (0x15, vec![0; 8], string("0x0")),
            (0x13, vec![1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], string("S-1-5-18")),
            (0x13, vec![1, 2, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], None),
            (0x0b, vec![0; 4], None),
            (STRINGS, utf16("one\0"), string("one")),
            (STRINGS, utf16("one\0\0three\0"), list(&["one", "", "three"])),
            (STRINGS, utf16("one\0not ended"), None),
        ] {
            assert_eq!(written(ty, &bytes), want, "{ty:#x} {bytes:?}");
        }
    }

    #[test]
    fn times_over_leap_years() {
        for (ticks, want) in [
            (0, "1601-01-01T00:00:00.0000000Z"),
            (94_354_847_999_999_999, "1899-12-31T23:59:59.9999999Z"),
            (125_962_560_000_000_000, "2000-02-29T00:00:00.0000000Z"),
            (116_444_736_000_000_000, "1970-01-01T00:00:00.0000000Z"),
            (u64::MAX, "0000-00-00T00:00:00.0000000Z"),
        ] {
            let text = written(0x11, &u64::to_le_bytes(ticks)).map(|(_, text)| text);
            assert_eq!(text.as_deref(), Some(want));
        }
    }
}
