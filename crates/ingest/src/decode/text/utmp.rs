//! Login records of `utmp`, `wtmp` and `btmp`: fixed structures, of two sizes and two byte orders.
//!
//! Source: utmp(5), and glibc's `bits/utmp.h`: 32-bit times on x86, arm and powerpc, 64-bit ones elsewhere.

use blanik_model::{Timestamp, Value};

use super::{Is, push};
use crate::record::Record;

/// Size of a record on most machines.
pub(crate) const COMMON_BYTES: usize = 384;
/// Size of a record with 64-bit times.
const LONG_BYTES: usize = 400;
/// Records that are looked at.
const LOOKED_AT: usize = 16;

const TYPES: [&str; 10] = [
    "EMPTY",
    "RUN_LVL",
    "BOOT_TIME",
    "NEW_TIME",
    "OLD_TIME",
    "INIT_PROCESS",
    "LOGIN_PROCESS",
    "USER_PROCESS",
    "DEAD_PROCESS",
    "ACCOUNTING",
];

/// Where the fields lie, and how.
#[derive(Clone, Copy)]
struct Layout {
    bytes: usize,
    big_endian: bool,
}

/// The size of the records that the bytes begin with, if they are login records.
pub(crate) fn record_bytes(head: &[u8]) -> Option<usize> {
    let layouts =
        [(COMMON_BYTES, false), (LONG_BYTES, false), (COMMON_BYTES, true), (LONG_BYTES, true)];
    let layout = layouts.into_iter().map(|(bytes, big_endian)| Layout { bytes, big_endian });
    layout.into_iter().find(|layout| layout.fits(head)).map(|layout| layout.bytes)
}

impl Layout {
    /// Of a record of that size.
    fn of(record: &[u8]) -> Option<Self> {
        let of = |big_endian| Layout { bytes: record.len(), big_endian };
        let known = matches!(record.len(), COMMON_BYTES | LONG_BYTES);
        let layout = [of(false), of(true)].into_iter().find(|l| l.is_record(record));
        layout.filter(|_| known)
    }

    fn fits(self, head: &[u8]) -> bool {
        let (mut all, mut good, mut timed) = (0, 0, 0);
        for record in head.chunks_exact(self.bytes).take(LOOKED_AT) {
            all += 1;
            if self.is_record(record) {
                good += 1;
                // Of a record that says when, it says on which terminal, or `~`.
                timed += usize::from(self.seconds(record) != 0 && record[8] != 0);
            }
        }
        // Some may be damaged.
        timed > 0 && good * 2 >= all && timed * 4 >= all
    }

    fn is_record(self, record: &[u8]) -> bool {
        let seconds = self.seconds(record);
        let of_our_age = seconds == 0 || (315_532_800..4_102_444_800).contains(&seconds);
        let texts = [&record[8..40], &record[44..76], &record[76..332]];
        self.number::<2>(record, 0) < TYPES.len() as i64
            && self.number::<2>(record, 0) >= 0
            && of_our_age
            && texts.iter().all(|t| text(t).bytes().all(|b| b >= b' ' && b != 0x7f))
    }

    fn number<const N: usize>(self, record: &[u8], at: usize) -> i64 {
        let mut bytes: [u8; N] = record[at..at + N].try_into().expect("so many");
        if self.big_endian {
            bytes.reverse();
        }
        let sign = if bytes[N - 1] & 0x80 == 0 { 0 } else { 0xff };
        let mut wide = [sign; 8];
        wide[..N].copy_from_slice(&bytes);
        i64::from_le_bytes(wide)
    }

    fn seconds(self, record: &[u8]) -> i64 {
        match self.bytes {
            COMMON_BYTES => self.number::<4>(record, 340),
            _ => self.number::<8>(record, 344),
        }
    }

    fn micros(self, record: &[u8]) -> i64 {
        match self.bytes {
            COMMON_BYTES => self.number::<4>(record, 344),
            _ => self.number::<8>(record, 352),
        }
    }

    fn address(self, record: &[u8]) -> Option<String> {
        let at = if self.bytes == COMMON_BYTES { 348 } else { 360 };
        let octets: [u8; 16] = record[at..at + 16].try_into().expect("so many");
        if octets[4..].iter().all(|b| *b == 0) {
            let [a, b, c, d] = [octets[0], octets[1], octets[2], octets[3]];
            return (a != 0).then(|| std::net::Ipv4Addr::new(a, b, c, d).to_string());
        }
        Some(std::net::Ipv6Addr::from(octets).to_string())
    }
}

/// A text to its first NUL.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Reads a record.
pub(super) fn read(bytes: &[u8], record: &mut Record) -> Option<Is> {
    let layout = Layout::of(bytes)?;
    let ty = usize::try_from(layout.number::<2>(bytes, 0)).ok()?;
    push(record, "type", TYPES.get(ty)?);
    record.push("pid", Value::number(&layout.number::<4>(bytes, 4).to_string()));
    push(record, "terminal", &text(&bytes[8..40]));
    push(record, "user", &text(&bytes[44..76]));
    // The other end, not the machine whose file it is.
    push(record, "rhost", &text(&bytes[76..332]));
    if let Some(address) = layout.address(bytes) {
        push(record, "src_ip", &address);
    }
    let seconds = layout.seconds(bytes);
    let micros = layout.micros(bytes).clamp(0, 999_999);
    let nanos = seconds.checked_mul(1_000_000_000).and_then(|n| n.checked_add(micros * 1000));
    Some(("utmp", nanos.filter(|_| seconds != 0).map(Timestamp::from_nanos)))
}
