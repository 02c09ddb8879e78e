//! Blocks → records. One decoder a thread; it keeps its buffers from block to block.

mod evtx;
pub(crate) mod json;
pub(crate) mod text;
mod xml;
pub(crate) mod zeek;

use std::ops::Range;
use std::sync::Arc;

use blanik_model::{RawBlock, SourceId};

use crate::block::{Block, CHUNK_BYTES, Element, Framing, TextHead, ZeekHeader};
use crate::layout::{LayoutId, Leaves, Unread};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};

pub use self::evtx::EvtxReader;
use self::json::{Got, JsonError, JsonReader, TakesLayouts};
use self::xml::XmlReader;

/// Levels of objects and lists in a record.
pub(crate) const DEPTH_MAX: usize = 64;

/// Where a record came from.
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// The log.
    pub source: SourceId,
    /// Its number there: EVTX record id, line, or number of the element.
    pub number: u64,
    /// Bytes that the record's own lie in; see `span`. For EVTX, chunks, or the record as JSON.
    pub raw: &'a RawBlock,
    /// Where in `raw`.
    pub span: Range<u32>,
}

/// Takes what a decoder gives.
pub trait RecordSink {
    /// A record.
    fn record(&mut self, record: &Record, hint: Hint<'_>, origin: Origin<'_>);
    /// Something that could not be decoded, or that is worth knowing.
    fn reject(&mut self, rejection: Rejection);

    /// Learns the layout of a record: its names in their order. `complete` if each record of that
    /// layout will have a value for each. `None` if such records are to be given as records.
    fn learn(&mut self, record: &Record, hint: Hint<'_>, complete: bool) -> Option<LayoutId> {
        let _ = (record, hint, complete);
        None
    }

    /// The leaves that a record of the layout is asked for, ascending, where that is known already:
    /// the others may be [`Leaf::Absent`](crate::Leaf).
    fn needs(&self, layout: LayoutId) -> Option<&[usize]> {
        let _ = layout;
        None
    }

    /// A record by its layout. Where that fails, nothing was taken: it must be given as a record.
    fn row(
        &mut self,
        layout: LayoutId,
        leaves: Leaves<'_>,
        origin: Origin<'_>,
    ) -> Result<(), Unread> {
        let _ = (layout, leaves, origin);
        Err(Unread::ByName)
    }
}

/// What a record's bytes are.
pub(crate) enum Form {
    /// JSON.
    Json,
    /// JSON that an EVTX record was made to be.
    Rendered,
    /// A Windows event as XML.
    Xml,
    /// A line below this header.
    Zeek(Arc<ZeekHeader>),
    /// A record of a text log.
    Text(TextHead),
    /// A record in an EVTX chunk.
    Evtx {
        /// The record read before it was in another chunk.
        fresh: bool,
    },
}

/// See the module.
#[derive(Default)]
pub struct Decoder {
    json: JsonReader,
    // Of what the EVTX reader makes: the same names mean something else there.
    rendered: JsonReader,
    xml: XmlReader,
    evtx: EvtxReader,
    zeek: zeek::ZeekReader,
    text: text::TextReader,
    record: Record,
}

impl Decoder {
    /// A decoder with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the records of a block, in their order.
    pub fn decode(&mut self, block: &Block, sink: &mut impl RecordSink) {
        match &block.framing {
            Framing::JsonLines => self.json_lines(block, sink),
            Framing::Json(elements) => self.json_elements(block, elements, sink),
            Framing::Xml(elements) => self.xml_elements(block, elements, sink),
            Framing::Zeek(header) => self.zeek.decode(block, header, &mut self.record, sink),
            Framing::EvtxChunks => self.evtx_chunks(block, sink),
            Framing::Text(head, elements) => self.text_elements(block, head, elements, sink),
        }
    }

    /// Reads one record once more; what is wrong with it was said the first time.
    pub(crate) fn again(&mut self, form: &Form, origin: Origin<'_>, sink: &mut impl RecordSink) {
        let text = &origin.raw[origin.span.start as usize..origin.span.end as usize];
        let record = &mut self.record;
        match form {
            Form::Json => _ = json(&mut self.json, text, record, Hint::Json, origin, sink),
            Form::Rendered => {
                _ = json(&mut self.rendered, text, record, Hint::WindowsXmlShape, origin, sink);
            }
            Form::Xml => {
                if self.xml.read(text, record).is_ok() {
                    sink.record(record, Hint::WindowsXmlShape, origin);
                }
            }
            Form::Zeek(header) => self.zeek.again(header, record, sink, origin),
            Form::Text(head) => {
                record.clear();
                let hint = self.text.read(text, head, &mut head.clock.clone(), record).hint;
                if record.whole().is_ok() {
                    sink.record(record, hint, origin);
                }
            }
            Form::Evtx { fresh } => {
                if *fresh {
                    self.evtx.begin_chunk();
                }
                let (chunk, at) = chunk_of(origin.raw, origin.span.start as usize);
                self.evtx.again(chunk, at, &mut self.rendered, record, sink, origin);
            }
        }
    }

    fn text_elements(
        &mut self,
        block: &Block,
        head: &TextHead,
        elements: &[Element],
        sink: &mut impl RecordSink,
    ) {
        let (mut lossy, mut strange) = (Lossy::default(), Lossy::default());
        let mut clock = head.clock;
        for Element { number, span, complete } in elements {
            let text = &block.bytes[span.start as usize..span.end as usize];
            let place = head.place(*number);
            self.record.clear();
            let told = self.text.read(text, head, &mut clock, &mut self.record);
            if !told.clean {
                lossy.add(place);
            }
            if self.record.is_empty() {
                let reason = format!("no record as `{}` has them", head.format.as_str());
                sink.reject(Rejection::loss(block.source, place, 1, reason));
                continue;
            }
            if !told.known {
                strange.add(place);
            }
            if !complete {
                let reason = "the log breaks off in this record; read so far";
                sink.reject(Rejection::note(block.source, place, reason));
            }
            match self.record.whole() {
                Ok(()) => {
                    sink.record(&self.record, told.hint, origin(block, *number, span));
                }
                Err(overfull) => {
                    sink.reject(Rejection::loss(block.source, place, 1, overfull.to_string()));
                }
            }
        }
        lossy.tell(block.source, sink);
        strange.tell_strange(head.format.as_str(), block.source, sink);
    }

    fn json_lines(&mut self, block: &Block, sink: &mut impl RecordSink) {
        let mut lossy = Lossy::default();
        for (number, span) in lines(block) {
            let text = &block.bytes[span.start as usize..span.end as usize];
            let place = Place::Line(number);
            let origin = Origin { source: block.source, number, raw: &block.bytes, span };
            match json(&mut self.json, text, &mut self.record, Hint::Json, origin, sink) {
                Ok(true) => {}
                Ok(false) => lossy.add(place),
                Err(error) => sink.reject(rejected(block.source, place, &error)),
            }
        }
        lossy.tell(block.source, sink);
    }

    fn json_elements(&mut self, block: &Block, elements: &[Element], sink: &mut impl RecordSink) {
        let mut lossy = Lossy::default();
        for Element { number, span, complete } in elements {
            let text = &block.bytes[span.start as usize..span.end as usize];
            let place = Place::Record(*number);
            let origin = origin(block, *number, span);
            match json(&mut self.json, text, &mut self.record, Hint::Json, origin, sink) {
                Ok(true) => {}
                Ok(false) => lossy.add(place),
                Err(error) if *complete => sink.reject(rejected(block.source, place, &error)),
                Err(_) => sink.reject(cut_off(block.source, place)),
            }
        }
        lossy.tell(block.source, sink);
    }

    fn xml_elements(&mut self, block: &Block, elements: &[Element], sink: &mut impl RecordSink) {
        let mut lossy = Lossy::default();
        for Element { number, span, complete } in elements {
            let place = Place::Record(*number);
            if !complete {
                sink.reject(cut_off(block.source, place));
                continue;
            }
            let text = &block.bytes[span.start as usize..span.end as usize];
            match self.xml.read(text, &mut self.record) {
                Ok(clean) => {
                    if !clean {
                        lossy.add(place);
                    }
                    sink.record(&self.record, Hint::WindowsXmlShape, origin(block, *number, span));
                }
                Err(error) => {
                    let reason = error.to_string();
                    sink.reject(Rejection::loss(block.source, place, 1, reason));
                }
            }
        }
        lossy.tell(block.source, sink);
    }

    fn evtx_chunks(&mut self, block: &Block, sink: &mut impl RecordSink) {
        self.evtx.decode(block, &mut self.rendered, &mut self.record, sink);
    }

    /// The record that begins there in a block of EVTX chunks, as JSON.
    pub(crate) fn evtx_rendered(&self, chunks: &[u8], at: usize) -> Option<Vec<u8>> {
        let (chunk, at) = chunk_of(chunks, at);
        self.evtx.rendered(chunk, at)
    }
}

/// The chunk that a place in a block lies in, and the place there.
fn chunk_of(chunks: &[u8], at: usize) -> (&[u8], usize) {
    let start = at - at % CHUNK_BYTES;
    (&chunks[start..chunks.len().min(start + CHUNK_BYTES)], at - start)
}

/// A record on its way to a sink.
struct Row<'a, 's, S> {
    sink: &'s mut S,
    origin: Origin<'a>,
}

impl<S: RecordSink> TakesLayouts for Row<'_, '_, S> {
    fn needs(&self, layout: LayoutId) -> Option<&[usize]> {
        self.sink.needs(layout)
    }

    fn row(&mut self, layout: LayoutId, leaves: Leaves<'_>) -> Result<(), Unread> {
        self.sink.row(layout, leaves, self.origin.clone())
    }
}

/// Reads a JSON text, by its layout where that is known. `Ok(false)` if it was not UTF-8.
fn json(
    reader: &mut JsonReader,
    text: &[u8],
    record: &mut Record,
    hint: Hint<'_>,
    origin: Origin<'_>,
    sink: &mut impl RecordSink,
) -> Result<bool, JsonError> {
    let mut row = Row { sink, origin };
    let (got, clean) = reader.read_or_take(text, record, Some(&mut row))?;
    let Row { sink, origin } = row;
    if let Got::Record(met) = got {
        sink.record(record, hint, origin);
        if let Some(met) = met {
            reader.learnt(met, sink.learn(record, hint, true));
        }
    }
    Ok(clean)
}

fn origin<'a>(block: &'a Block, number: u64, span: &Range<u32>) -> Origin<'a> {
    Origin { source: block.source, number, raw: &block.bytes, span: span.clone() }
}

fn rejected(source: SourceId, place: Place, error: &JsonError) -> Rejection {
    Rejection::loss(source, place, 1, error.to_string())
}

fn cut_off(source: SourceId, place: Place) -> Rejection {
    Rejection::loss(source, place, 1, "the record breaks off before its end")
}

/// The lines of a block that are not blank, with their numbers, without line ends.
pub(crate) fn lines(block: &Block) -> impl Iterator<Item = (u64, Range<u32>)> {
    let bytes = &block.bytes[..];
    let mut at = 0;
    let mut number = block.first;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
            let (start, this) = (at, number);
            at = end + 1;
            number += 1;
            let stop = if bytes[start..end].ends_with(b"\r") { end - 1 } else { end };
            if !bytes[start..stop].iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
                let at = |n| u32::try_from(n).expect("blocks are bounded far below 4 GiB");
                return Some((this, at(start)..at(stop)));
            }
        }
        None
    })
}

/// Records of a block whose text was not UTF-8: told once a block.
#[derive(Default)]
struct Lossy {
    first: Option<Place>,
    count: u64,
}

impl Lossy {
    fn add(&mut self, place: Place) {
        self.first.get_or_insert(place);
        self.count += 1;
    }

    fn tell_strange(self, format: &str, source: SourceId, sink: &mut impl RecordSink) {
        if let Some(place) = self.first {
            let reason = format!(
                "{} records from here on are not as `{format}` has them; kept as text",
                self.count
            );
            sink.reject(Rejection::note(source, place, reason));
        }
    }

    fn tell(self, source: SourceId, sink: &mut impl RecordSink) {
        if let Some(place) = self.first {
            let reason = format!(
                "{} records from here on hold bytes that are not UTF-8, read as U+FFFD",
                self.count
            );
            sink.reject(Rejection::note(source, place, reason));
        }
    }
}
