//! Events once more, with all their fields: those of a batch that holds only what was asked for.
//!
//! Few events are findings. These are read again from their records, the slow way.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use blanik_model::{EventBatch, Kind, RawBlock};

use crate::block::{Block, Framing, TextHead, ZeekHeader};
use crate::decode::Decoder;
use crate::normalise::{Normalised, Normaliser};
use crate::record::{Hint, Record};

const FORMS_MIN: usize = 64;

/// See the module.
#[derive(Default)]
pub(crate) struct Reread {
    // By the address of a block. A block that no batch holds is gone; what is left of it here keeps
    // its address from being given to another, whose records may be something else.
    forms: HashMap<usize, (Weak<Vec<u8>>, Form)>,
    // Those of blocks that are gone are forgotten when there are this many.
    forms_kept: usize,
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
    Text(TextHead),
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
            Framing::Text(head, _) => Form::Text(head.clone()),
            // Their records' text is not the block's.
            Framing::EvtxChunks => return,
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
        let (decoder, record) = (&mut self.decoder, &mut self.record);
        let (read, hint) = match self.forms.get(&address(block)).map(|(_, form)| form) {
            Some(Form::Json) => (decoder.json_again(text, record), Hint::Json),
            Some(Form::Xml) => (decoder.xml_again(text, record), Hint::WindowsXmlShape),
            Some(Form::Zeek(header)) => {
                (decoder.zeek_again(text, header, record), Hint::Zeek { path: &header.path })
            }
            Some(Form::Text(head)) => match decoder.text_again(text, head, record) {
                Some(hint) => (true, hint),
                None => return None,
            },
            // A record of a chunk, as the JSON it was made to be.
            None => (decoder.json_again(text, record), Hint::WindowsXmlShape),
        };
        if !read {
            return None;
        }
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
        let mut reread = Reread::default();
        for _ in 0..100 {
            reread.note(&block(Framing::JsonLines));
        }
        // Of chunks, only what is made of them has an address.
        let made: Vec<RawBlock> = (0..200).map(|_| Arc::new(Vec::new())).collect();
        assert!(made.iter().all(|raw| !reread.forms.contains_key(&address(raw))));
    }
}
