//! Events once more, with all their fields: those of a batch that holds only what was asked for.
//!
//! Few events are findings. These are read again from their records.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use blanik_model::{EventBatch, Everything, RawBlock};

use crate::block::{Block, CHUNK_BYTES, Framing, TextHead, ZeekHeader};
use crate::decode::{Decoder, Form, Origin};
use crate::gather::Gather;
use crate::normalise::Normaliser;

const FORMS_MIN: usize = 64;

/// See the module.
pub(crate) struct Reread {
    // By the address of a block. A block that no batch holds is gone; what is left of it here keeps
    // its address from being given to another, whose records may be something else.
    forms: HashMap<usize, (Weak<Vec<u8>>, Framed)>,
    // Those of blocks that are gone are forgotten when there are this many.
    forms_kept: usize,
    // Of the last record from a chunk: its block, and which chunk.
    chunk: Option<(usize, usize)>,
    decoder: Decoder,
    gather: Gather,
}

/// Columns of a batch worth keeping: making them anew would cost more than filling them.
const SPARE_COLUMNS_MAX: usize = 256;

/// What records of a block are.
enum Framed {
    Json,
    Xml,
    Zeek(Arc<ZeekHeader>),
    Evtx,
    Text(TextHead),
}

impl Reread {
    /// One that knows no block yet.
    pub fn new(normaliser: Arc<Normaliser>) -> Self {
        Reread {
            forms: HashMap::new(),
            forms_kept: 0,
            chunk: None,
            decoder: Decoder::new(),
            gather: Gather::new(normaliser, Arc::new(Everything), usize::MAX),
        }
    }

    /// Forgets the blocks noted.
    pub fn clear(&mut self) {
        self.forms.clear();
        self.chunk = None;
    }

    /// Notes what records of the block are.
    pub fn note(&mut self, block: &Block) {
        let form = match &block.framing {
            Framing::JsonLines | Framing::Json(_) => Framed::Json,
            Framing::Xml(_) => Framed::Xml,
            Framing::Zeek(header) => Framed::Zeek(Arc::clone(header)),
            Framing::Text(head, _) => Framed::Text(head.clone()),
            // Records that were rendered lie in blocks of their own.
            Framing::EvtxChunks => Framed::Evtx,
        };
        if self.forms.len() >= self.forms_kept.max(FORMS_MIN) {
            self.forms.retain(|_, (block, _)| block.strong_count() > 0);
            self.forms_kept = 2 * self.forms.len();
        }
        let left = Arc::downgrade(&block.bytes);
        self.forms.insert(address(&block.bytes), (left, form));
    }

    /// Takes a batch back that [`whole`](Self::whole) gave.
    pub fn recycle(&mut self, mut whole: EventBatch) {
        whole.clear();
        if whole.columns().len() <= SPARE_COLUMNS_MAX {
            self.gather.reuse(whole);
        }
    }

    /// The text of a row's record: where it has none, what is made of it.
    pub fn text<'b>(&self, batch: &'b EventBatch, row: usize) -> Cow<'b, [u8]> {
        let block = batch.raw_block(row);
        match self.forms.get(&address(block)) {
            Some((_, Framed::Evtx)) => {
                let start = batch.rows()[row].span.start as usize;
                self.decoder.evtx_rendered(block, start).unwrap_or_default().into()
            }
            _ => batch.raw(row).into(),
        }
    }

    /// The event of a row.
    pub fn whole(&mut self, batch: &EventBatch, row: usize) -> Option<EventBatch> {
        let at = &batch.rows()[row];
        let block = batch.raw_block(row);
        let form = match self.forms.get(&address(block)).map(|(_, framed)| framed) {
            Some(Framed::Json) => Form::Json,
            Some(Framed::Xml) => Form::Xml,
            Some(Framed::Zeek(header)) => Form::Zeek(Arc::clone(header)),
            Some(Framed::Evtx) => {
                let chunk = (address(block), at.span.start as usize / CHUNK_BYTES);
                Form::Evtx { fresh: self.chunk.replace(chunk) != Some(chunk) }
            }
            Some(Framed::Text(head)) => Form::Text(head.clone()),
            // A record of a chunk that was rendered whole.
            None => Form::Rendered,
        };
        self.gather.order = at.order;
        let (source, number, span) = (at.source, at.record, at.span.clone());
        let origin = Origin { source, number, raw: block, span };
        self.decoder.again(&form, origin, &mut self.gather);
        self.gather.rejections.clear();
        self.gather.take_last()
    }
}

fn address(block: &RawBlock) -> usize {
    Arc::as_ptr(block) as usize
}

#[cfg(test)]
mod tests {
    use blanik_model::SourceId;

    use super::*;

    #[test]
    fn the_address_of_a_block_that_is_gone_is_given_to_no_other() {
        let block = |framing| Block {
            source: SourceId(0),
            seq: 0,
            bytes: Arc::new(Vec::new()),
            first: 1,
            framing,
            last: true,
        };
        let mut reread = Reread::new(Arc::new(Normaliser::new()));
        for _ in 0..100 {
            reread.note(&block(Framing::JsonLines));
        }
        // Of chunks, only what is made of them has an address.
        let made: Vec<RawBlock> = (0..200).map(|_| Arc::new(Vec::new())).collect();
        assert!(made.iter().all(|raw| !reread.forms.contains_key(&address(raw))));
    }
}
