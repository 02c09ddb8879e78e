//! Events once more, with all their fields: those of a batch that holds only what was asked for.
//!
//! Few events are findings. These are read again from their records, the slow way.

use std::collections::HashMap;
use std::sync::Arc;

use blanik_model::{EventBatch, Kind, RawBlock};

use crate::block::{Block, Framing, ZeekHeader};
use crate::decode::Decoder;
use crate::normalise::{Normalised, Normaliser};
use crate::record::{Hint, Record};

/// See the module.
#[derive(Default)]
pub(crate) struct Reread {
    // By the address of a block's bytes, which are alive as long as a batch has them.
    forms: HashMap<usize, Form>,
    decoder: Decoder,
    record: Record,
    normalised: Normalised,
    // Emptied batches: making columns anew would cost more than filling them.
    spare: HashMap<Arc<Kind>, EventBatch>,
}

/// Columns of a batch worth keeping.
const SPARE_COLUMNS_MAX: usize = 256;

/// What a record of a block is.
#[derive(Clone)]
enum Form {
    Json,
    Xml,
    Zeek(Arc<ZeekHeader>),
}

impl Reread {
    /// Forgets the blocks noted.
    pub fn clear(&mut self) {
        self.forms.clear();
    }

    /// Notes what records of the block are.
    pub fn note(&mut self, block: &Block) {
        let form = match &block.framing {
            Framing::JsonLines | Framing::Json(_) => Form::Json,
            Framing::Xml(_) => Form::Xml,
            Framing::Zeek(header) => Form::Zeek(Arc::clone(header)),
            // Their records' text is not the block's.
            Framing::EvtxChunks => return,
        };
        self.forms.insert(address(&block.bytes), form);
    }

    /// Takes a batch back that [`whole`](Self::whole) gave.
    pub fn recycle(&mut self, mut whole: EventBatch) {
        whole.clear();
        if whole.columns().len() <= SPARE_COLUMNS_MAX {
            self.spare.insert(Arc::clone(whole.kind()), whole);
        }
    }

    /// The event of a row.
    pub fn whole(
        &mut self,
        normaliser: &Normaliser,
        batch: &EventBatch,
        row: usize,
    ) -> Option<EventBatch> {
        let at = &batch.rows()[row];
        let block = batch.raw_block(row);
        let text = batch.raw(row);
        let read = match self.forms.get(&address(block)) {
            Some(Form::Json) => self.decoder.json_again(text, &mut self.record),
            Some(Form::Xml) => self.decoder.xml_again(text, &mut self.record),
            Some(Form::Zeek(header)) => self.decoder.zeek_again(text, header, &mut self.record),
            None => self.decoder.json_again(text, &mut self.record),
        };
        if !read {
            return None;
        }
        let hint = match self.forms.get(&address(block)) {
            Some(Form::Json) => Hint::Json,
            Some(Form::Zeek(header)) => Hint::Zeek { path: &header.path },
            Some(Form::Xml) | None => Hint::WindowsXmlShape,
        };
        normaliser.normalise(&self.record, hint, &mut self.normalised);
        let kind = &self.normalised.kind;
        let spare = self.spare.remove(kind);
        let mut whole = spare.unwrap_or_else(|| EventBatch::new(Arc::clone(kind)));
        whole.begin_row(at.time, at.source, at.record, at.order, block, at.span.clone());
        for (name, value) in self.normalised.fields.iter() {
            whole.set(name, value);
        }
        Some(whole)
    }
}

fn address(block: &RawBlock) -> usize {
    Arc::as_ptr(block) as usize
}
