//! Cutting a log into blocks at its records' bounds, one framer a format. No decoding here.

pub(crate) mod audit;
pub(crate) mod csv;
pub(crate) mod evtx;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod text;
pub(crate) mod w3c;
pub(crate) mod whole;
pub(crate) mod xml;
pub(crate) mod zeek;

use blanik_model::{SourceId, Timestamp};

use crate::feeder::{Outlet, Stopped};
use crate::text_format::TextFormat;
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
    /// Text of that format.
    Text(TextFormat),
}

/// What is known of the log besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub source: SourceId,
    pub record_bytes_max: usize,
    /// When it was last written to, by the file system or the archive.
    pub written: Option<Timestamp>,
    /// The year it begins in, as the caller says.
    pub year: Option<i32>,
}

/// Cuts the whole log.
pub(crate) fn run(
    frame: Frame,
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let About { source, record_bytes_max, .. } = about;
    strip_byte_order_mark(frame, window);
    match frame {
        Frame::Evtx { headless } => evtx::run(source, headless, window, outlet),
        Frame::JsonLines => lines::run(source, window, record_bytes_max, outlet),
        Frame::Json { wrapper } => json::run(source, wrapper, window, record_bytes_max, outlet),
        Frame::Xml => xml::run(source, window, record_bytes_max, outlet),
        Frame::Zeek => zeek::run(source, window, record_bytes_max, outlet),
        Frame::Text(TextFormat::Auditd) => audit::run(about, window, outlet),
        Frame::Text(TextFormat::Csv) => csv::run(about, window, outlet),
        Frame::Text(TextFormat::W3c) => w3c::run(about, window, outlet),
        Frame::Text(TextFormat::Mail) => whole::run(about, window, outlet),
        Frame::Text(TextFormat::Utmp) => whole::utmp(about, window, outlet),
        Frame::Text(format) => text::run(format, about, window, outlet),
    }
}

fn strip_byte_order_mark(frame: Frame, window: &mut Window<'_>) {
    window.fill(3);
    let binary = matches!(frame, Frame::Evtx { .. } | Frame::Text(TextFormat::Utmp));
    if !binary && window.bytes().starts_with(b"\xef\xbb\xbf") {
        window.skip(3);
    }
}
