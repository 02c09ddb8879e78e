//! Cosignatures that come back from allies: a signed note is held against the log itself, then each signature against the ally's
//! key. Only what holds is kept, under the checkpoint of its size.

use crate::checkpoint::Checkpoint;
use crate::disk::{Disk, get_text, put};
use crate::error::{Error, Result};
use crate::hash::to_hex;
use crate::note::{Note, SIGNATURES_MAX, SignatureLine, VerifierKey};
use crate::reader::{COSIGNED, Reader};
use crate::tree;

/// A cosignature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// The name of the key.
    pub name: String,
    /// Seconds since 1970 at which it was given, by its own word.
    pub at: Option<u64>,
    /// True if it was kept before.
    pub was_kept: bool,
}

/// What became of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The size of the tree that was cosigned.
    pub size: u64,
    /// Cosignatures that hold, and are kept now.
    pub holds: Vec<Holds>,
    /// Signatures that are not kept: by whom, and why.
    pub left: Vec<(String, &'static str)>,
}

/// Why a signature is not kept whose key nobody here knows.
pub const UNKNOWN: &str = "its key is not known here";
const DOES_NOT_HOLD: &str = "the signature does not hold";
const NO_ROOM: &str = "as many signatures stand under this checkpoint as are read";

impl<D: Disk> Reader<D> {
    /// Takes in what others signed under a checkpoint of this log, as far as it holds by these keys.
    ///
    /// # Errors
    /// If the checkpoint is none of this log's tree, or is neither signed by the log nor kept here; if the disk does not let it.
    pub fn take_back(&self, note: &Note, known: &[VerifierKey]) -> Result<Returned> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        self.is_ours(&checkpoint, note)?;
        let path = cosigned_path(checkpoint.size);
        let mut kept = self.kept(&path, &checkpoint, note)?;
        let mut returned = Returned { size: checkpoint.size, holds: Vec::new(), left: Vec::new() };
        let before = kept.signatures.clone();
        let others = note.signatures.iter().filter(|line| line.name != self.key().name());
        for line in others {
            let key = known.iter().find(|key| key.name() == line.name && key.id() == line.id);
            let shown = || format!("{} ({})", line.name, to_hex(&line.id));
            match key.map(|key| key.verify(&note.text, &line.signature)) {
                None => returned.left.push((shown(), UNKNOWN)),
                Some(Err(_)) => returned.left.push((shown(), DOES_NOT_HOLD)),
                Some(Ok(_)) if kept.signatures.len() >= SIGNATURES_MAX => {
                    returned.left.push((shown(), NO_ROOM));
                }
                Some(Ok(at)) => {
                    let was_kept = before.contains(line);
                    returned.holds.push(Holds { name: line.name.clone(), at, was_kept });
                    add(&mut kept, line.clone());
                }
            }
        }
        if kept.signatures != before {
            put(self.disk(), &[(path, kept.to_string().into_bytes())])?;
        }
        Ok(returned)
    }

    /// Checkpoints of this log's own tree that the log signed and others cosigned, by size; and of what in the folder of cosigned
    /// checkpoints is none, the reason.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn cosigned_of_tree(&self) -> Result<Vec<Result<(Checkpoint, Note)>>> {
        Ok(self.cosigned_names()?.iter().map(|name| self.cosigned_at(name)).collect())
    }

    fn cosigned_at(&self, name: &str) -> Result<(Checkpoint, Note)> {
        let path = format!("{COSIGNED}/{name}");
        let (checkpoint, note) = Checkpoint::parse_signed(&get_text(self.disk(), &path)?)?;
        if path != cosigned_path(checkpoint.size) {
            return Err(Error::wrong(&path, 0, "a checkpoint of another size than its name says"));
        }
        self.is_ours(&checkpoint, &note)?;
        self.keys().verify(&note)?;
        Ok((checkpoint, note))
    }

    /// That a checkpoint is one of this log's tree, at whatever size.
    fn is_ours(&self, checkpoint: &Checkpoint, note: &Note) -> Result<()> {
        let refused = |reason: String| Error::Refused { from: checkpoint.origin.clone(), reason };
        if checkpoint.origin != self.key().name() {
            return Err(refused(format!("a checkpoint of another log than {}", self.key().name())));
        }
        let size = self.checkpoint().size;
        let is_of_tree = checkpoint.size <= size
            && tree::root(&self.nodes(), checkpoint.size).is_ok_and(|root| root == checkpoint.root);
        if is_of_tree && checkpoint.size > 0 {
            return Ok(());
        }
        let what = match checkpoint.size {
            0 => "the checkpoint of an empty log".to_owned(),
            n if n > size => format!("a checkpoint of {n} records, and this log has {size}"),
            n => format!("at {n} records this log has another root"),
        };
        // Who has the log's key signed two histories: that is what witnesses are for.
        let signed = match self.keys().verify(note) {
            Ok(()) if checkpoint.size > 0 => {
                ". THE LOG'S OWN KEYS SIGNED IT: there is another history under this name"
            }
            _ => "",
        };
        Err(refused(what + signed))
    }

    /// What is kept of that checkpoint; of one that is not, the note with the log's own signatures alone.
    fn kept(&self, path: &str, checkpoint: &Checkpoint, note: &Note) -> Result<Note> {
        match get_text(self.disk(), path) {
            Ok(text) => {
                let (_, kept) = Checkpoint::parse_signed(&text)?;
                return match kept.text == note.text {
                    true => Ok(kept),
                    false => Err(Error::wrong(path, 0, "another text than what was cosigned")),
                };
            }
            Err(Error::Missing(_)) => {}
            Err(error) => return Err(error),
        }
        let own = if checkpoint.size == self.checkpoint().size { self.note() } else { note };
        self.keys().verify(own)?;
        if own.text != note.text {
            return Err(Error::wrong(path, 0, "another text than what was cosigned"));
        }
        Ok(self.own_lines(own))
    }

    /// A note with the log's own signatures alone.
    fn own_lines(&self, note: &Note) -> Note {
        let (first, second) = (&self.keys().ed25519, &self.keys().ml_dsa_44);
        let is_own = |line: &&SignatureLine| {
            [first, second].iter().any(|key| (key.name(), key.id()) == (&line.name, line.id))
        };
        let signatures = note.signatures.iter().filter(is_own).cloned().collect();
        Note { text: note.text.clone(), signatures }
    }

    /// Signature lines that came without the checkpoint that they are of: each with the one of those at hand under which it
    /// holds, and the log's own signatures. None if it holds under none, or its key is not known.
    pub fn note_of(&self, line: &SignatureLine, known: &[VerifierKey]) -> Result<Option<Note>> {
        let key = known.iter().find(|key| key.name() == line.name && key.id() == line.id);
        let Some(key) = key else { return Ok(None) };
        let kept = self.cosigned()?.into_iter().map(|(_, note)| note);
        for note in kept.chain([self.note().clone()]) {
            if key.verify(&note.text, &line.signature).is_ok() {
                // What is kept beside it was judged when it came, maybe by keys that are not given now.
                let mut note = self.own_lines(&note);
                add(&mut note, line.clone());
                return Ok(Some(note));
            }
        }
        Ok(None)
    }

    /// Keeps a checkpoint with the signatures that were gathered under it.
    pub fn keep_cosigned(&self, size: u64, note: &Note) -> Result<()> {
        put(self.disk(), &[(cosigned_path(size), note.to_string().into_bytes())])
    }
}

fn cosigned_path(size: u64) -> String {
    format!("{COSIGNED}/{size:016}")
}

/// Puts a signature under a note, in place of an older one by the same key.
pub fn add(note: &mut Note, line: SignatureLine) {
    let place = note.signatures.iter().position(|s| (&s.name, s.id) == (&line.name, line.id));
    match place {
        Some(place) => note.signatures[place] = line,
        None => note.signatures.push(line),
    }
}
