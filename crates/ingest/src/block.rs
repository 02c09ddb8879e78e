//! A piece of a log, cut at record boundaries: what a decoder takes at a time.
//!
//! Cutting is cheap and done by one reader; decoding is dear and done by many.

use std::ops::Range;
use std::sync::Arc;

use blanik_model::{RawBlock, SourceId};

use crate::clock::Clock;
use crate::decode::lines;
use crate::rejection::Place;
use crate::text_format::TextFormat;

/// Bytes that a block has at least, unless the log ends. It has more only to hold one long record.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// Bytes of an EVTX chunk.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// See the module.
#[derive(Clone, Debug)]
pub struct Block {
    /// The log it was cut from.
    pub source: SourceId,
    /// Its place among all blocks of all logs, from 0, without gaps.
    pub seq: u64,
    /// The bytes.
    pub bytes: RawBlock,
    /// Number of the first line, from 1 (lines), or of the first chunk, from 0 (EVTX).
    pub first: u64,
    /// Where the records lie in the bytes.
    pub framing: Framing,
    /// True if the log ends, or breaks off, with this block.
    pub last: bool,
}

impl Block {
    /// Records in it, where the cutting knows.
    pub fn records(&self) -> Option<u64> {
        match &self.framing {
            Framing::JsonLines | Framing::Zeek(_) => Some(lines(self).count() as u64),
            Framing::Json(elements) | Framing::Xml(elements) | Framing::Text(_, elements) => {
                Some(elements.len() as u64)
            }
            Framing::EvtxChunks => None,
        }
    }

    /// Where its first record stands.
    pub fn place(&self) -> Place {
        match &self.framing {
            Framing::JsonLines | Framing::Zeek(_) => Place::Line(self.first),
            Framing::EvtxChunks => Place::Chunk(self.first),
            Framing::Text(head, elements) => {
                elements.first().map_or(Place::File, |e| head.place(e.number))
            }
            Framing::Json(elements) | Framing::Xml(elements) => {
                elements.first().map_or(Place::File, |e| Place::Record(e.number))
            }
        }
    }
}

/// Where the records of a block lie, and what they are.
#[derive(Clone, Debug)]
pub enum Framing {
    /// A JSON object a line.
    JsonLines,
    /// JSON values at these places.
    Json(Vec<Element>),
    /// XML events at these places.
    Xml(Vec<Element>),
    /// Zeek lines below that header.
    Zeek(Arc<ZeekHeader>),
    /// EVTX chunks of 64 KiB each.
    EvtxChunks,
    /// Records of a text log at these places.
    Text(TextHead, Vec<Element>),
}

/// What must be known of a text log to read its records.
#[derive(Clone, Debug)]
pub struct TextHead {
    /// What they are.
    pub format: TextFormat,
    /// What the year is, where they do not say.
    pub clock: Clock,
    /// Their columns, where the log names them.
    pub table: Option<Arc<Table>>,
}

impl TextHead {
    /// Where a record stands.
    pub(crate) fn place(&self, number: u64) -> Place {
        match self.format {
            TextFormat::Mail | TextFormat::Utmp | TextFormat::Journal => Place::Record(number),
            _ => Place::Line(number),
        }
    }
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Between columns.
    pub separator: u8,
    /// Their names, in order. A name that stands twice has its number behind it the second time.
    pub columns: Vec<String>,
    /// The day, where a directive names it and the lines do not.
    pub day: Option<(i32, u8, u8)>,
    /// What `mapping/text.tsv` calls its records, where the columns' names tell.
    pub log: &'static str,
}

/// A record that the reader has already found the bounds of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its number in the log.
    pub number: u64,
    /// Its bytes in the block.
    pub span: Range<u32>,
    /// False if it breaks off before its end.
    pub complete: bool,
}

/// The `#` lines of a Zeek log. Some of them may come again before every line: what is long is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeekHeader {
    /// Between columns.
    pub separator: u8,
    /// Between members of sets and vectors.
    pub set_separator: Vec<u8>,
    /// Stands for an empty string, set or vector.
    pub empty_field: Vec<u8>,
    /// Stands for a field without a value.
    pub unset_field: Vec<u8>,
    /// The log's name, such as `conn`.
    pub path: String,
    /// Column names.
    pub fields: Arc<[String]>,
    /// Column types; columns behind the last have text.
    pub types: Arc<[ZeekType]>,
}

/// What a Zeek column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeekType {
    /// Text, addresses, enums and anything else.
    Text,
    /// `count`, `int`, `port`, `double`, `interval`, `time`.
    Number,
    /// `T` or `F`.
    Bool,
    /// `set[…]` or `vector[…]` of text.
    Texts,
    /// `set[…]` or `vector[…]` of numbers.
    Numbers,
    /// `set[…]` or `vector[…]` of truth values.
    Bools,
}
