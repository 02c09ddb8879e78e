//! Logs that are cut by something else than lines: mail messages, and login records of a fixed size.

use memchr::memmem;

use super::About;
use super::text::offset;
use crate::block::{BLOCK_BYTES, Element, Framing, TextHead};
use crate::decode::text::utmp;
use crate::feeder::{Outlet, Stopped};
use crate::rejection::{Place, Rejection};
use crate::text_format::TextFormat;
use crate::window::Window;

/// A message, or those of an mbox, each below a line that begins with `From `.
pub(crate) fn run(
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let max = about.record_bytes_max;
    window.fill(5);
    let mbox = window.bytes().starts_with(b"From ");
    let mut number = 0;
    loop {
        window.fill(max);
        let text = window.bytes();
        if text.is_empty() {
            return Ok(());
        }
        let next = if mbox { memmem::find(text, b"\n\nFrom ").map(|n| n + 2) } else { None };
        let end = next.unwrap_or(text.len());
        number += 1;
        let too_long = next.is_none() && !window.ended();
        let bytes = window.take(end);
        if too_long {
            skip_rest(mbox, window);
            let reason = format!("the message has more than {max} bytes (limit): these were read");
            outlet.reject(Rejection::note(about.source, Place::Record(number), reason));
        }
        let span = 0..offset(bytes.len());
        let elements = vec![Element { number, span, complete: true }];
        hand_on(TextFormat::Mail, about, bytes, elements, window.bytes().is_empty(), outlet)?;
    }
}

/// Goes to the next message.
fn skip_rest(mbox: bool, window: &mut Window<'_>) {
    loop {
        window.fill(BLOCK_BYTES);
        let text = window.bytes();
        if text.is_empty() {
            return;
        }
        if let Some(n) = memmem::find(text, b"\n\nFrom ").filter(|_| mbox) {
            return window.skip(n + 2);
        }
        // What is looked for may stand across the border.
        let keep = if window.ended() { 0 } else { 6.min(text.len()) };
        window.skip(window.bytes().len() - keep);
    }
}

/// Login records, which have one size in a file.
pub(crate) fn utmp(
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    window.fill(BLOCK_BYTES);
    let size = utmp::record_bytes(window.bytes()).unwrap_or(utmp::COMMON_BYTES);
    let mut number = 1;
    loop {
        window.fill(BLOCK_BYTES / size * size);
        let count = window.bytes().len() / size;
        if count == 0 {
            break;
        }
        let bytes = window.take(count * size);
        let element = |i: usize| {
            let span = offset(i * size)..offset((i + 1) * size);
            Element { number: number + i as u64, span, complete: true }
        };
        let elements = (0..count).map(element).collect();
        number += count as u64;
        hand_on(TextFormat::Utmp, about, bytes, elements, window.ended(), outlet)?;
    }
    let rest = window.bytes().len();
    if rest > 0 {
        let reason = format!("{rest} bytes at the end are no whole record of {size}");
        outlet.reject(Rejection::loss(about.source, Place::Record(number), 1, reason));
    }
    Ok(())
}

fn hand_on(
    format: TextFormat,
    about: About,
    bytes: Vec<u8>,
    elements: Vec<Element>,
    last: bool,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let first = elements.first().map_or(1, |e| e.number);
    let head = TextHead { format, clock: Default::default(), table: None };
    outlet.block(about.source, bytes, first, Framing::Text(head, elements), last)
}
