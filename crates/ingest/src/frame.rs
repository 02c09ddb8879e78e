//! Cutting a log into blocks at its records' bounds, one framer a format. No decoding here.

pub(crate) mod evtx;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod xml;
pub(crate) mod zeek;

use blanik_model::SourceId;

use crate::feeder::{Outlet, Stopped};
use crate::window::Window;

/// How a log is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// EVTX; headless if it begins with a chunk.
    Evtx { headless: bool },
    /// A JSON object a line.
    JsonLines,
    /// JSON values in an array, one after another, or in an array of a wrapping object.
    Json { wrapper: bool },
    /// `<Event>` elements.
    Xml,
    /// Zeek's tab-separated lines.
    Zeek,
}

/// Cuts the whole log.
pub(crate) fn run(
    frame: Frame,
    source: SourceId,
    window: &mut Window<'_>,
    record_bytes_max: usize,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    strip_byte_order_mark(frame, window);
    match frame {
        Frame::Evtx { headless } => evtx::run(source, headless, window, outlet),
        Frame::JsonLines => lines::run(source, window, record_bytes_max, outlet),
        Frame::Json { wrapper } => json::run(source, wrapper, window, record_bytes_max, outlet),
        Frame::Xml => xml::run(source, window, record_bytes_max, outlet),
        Frame::Zeek => zeek::run(source, window, record_bytes_max, outlet),
    }
}

fn strip_byte_order_mark(frame: Frame, window: &mut Window<'_>) {
    window.fill(3);
    if !matches!(frame, Frame::Evtx { .. }) && window.bytes().starts_with(b"\xef\xbb\xbf") {
        window.skip(3);
    }
}
