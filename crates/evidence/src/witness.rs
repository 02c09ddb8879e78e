//! A C2SP tlog-witness: remembers of each log the newest tree it saw, and cosigns what grew from it.
//! Not how requests arrive; that is [`http`](crate::http).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::checkpoint::{Checkpoint, decimal};
use crate::disk::{Disk, Folder, Lock, get_text, put};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::key::{Grade, SigningKey};
use crate::note::{Note, SignatureType, VerifierKey};
use crate::tree::verify_consistency;

/// The file with a witness's key.
pub const KEY_FILE: &str = "witness.key";
/// The file with the witness's public keys: of each grade, Ed25519 and ML-DSA-44, one a line.
pub const PUBLIC_FILE: &str = "public";
/// The file with the public keys of the logs that it knows, one a line, `#` before remarks.
pub const LOGS_FILE: &str = "logs";
/// Hashes that a client may send (tlog-witness, add-checkpoint).
const PROOF_MAX: usize = 63;

/// See the module.
pub struct Witness {
    state: Mutex<Folder>,
    logs: Vec<VerifierKey>,
    key: SigningKey,
    _lock: Lock,
}

/// What a witness answers: tlog-witness says which, and with which HTTP status.
#[derive(Debug)]
pub enum Answer {
    /// 200: the signature lines, Ed25519's and ML-DSA-44's, each with its newline.
    Cosigned(String),
    /// 400: not a request.
    Malformed(Error),
    /// 403: not signed by the log.
    NotSigned,
    /// 404: no log that it knows.
    UnknownLog,
    /// 409: it saw a tree of another size, or another tree of that size. The size it saw.
    Conflict(u64),
    /// 422: the proof does not show that the log grew.
    NotConsistent,
    /// 500: the state cannot be kept, so nothing is signed.
    Failed(Error),
}

/// The body of an `add-checkpoint` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the tree that the witness saw last.
    pub old: u64,
    /// That the new tree begins with it.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl AddCheckpoint {
    /// Reads a request.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |line, reason| Error::malformed("add-checkpoint request", line, reason);
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| fail(1, "no blank line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or_else(|| fail(1, "no old size"))?;
        let mut proof = Vec::new();
        for (i, line) in lines.enumerate() {
            if i == PROOF_MAX {
                return Err(fail(i + 2, "more than 63 hashes"));
            }
            proof.push(Hash::from_base64(line).ok_or_else(|| fail(i + 2, "no hash"))?);
        }
        Ok(AddCheckpoint { old, proof, checkpoint: Note::parse(checkpoint)? })
    }

    /// Writes a request.
    pub fn text(&self) -> String {
        let proof: String = self.proof.iter().map(|hash| format!("{hash}\n")).collect();
        format!("old {}\n{proof}\n{}", self.old, self.checkpoint)
    }
}

impl Witness {
    /// Makes a witness in a new or empty folder.
    pub fn init(path: &Path, key: &SigningKey, passphrase: &str) -> Result<()> {
        let shown = path.display().to_string();
        if path.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::NotEmpty(shown));
        }
        std::fs::create_dir_all(path).map_err(Error::io(&shown))?;
        let folder = Folder::new(path);
        let secret = key.encrypt(passphrase)?.into_bytes();
        let logs = b"# Public keys of the logs that this witness cosigns, one a line.\n".to_vec();
        let of = |grade| key.graded(grade);
        let both = |key: SigningKey| format!("{}\n{}\n", key.cosigner(), key.ml_dsa_44());
        let public: String = Grade::ALL.into_iter().map(|grade| both(of(grade))).collect();
        let files = [(LOGS_FILE, logs), (KEY_FILE, secret), (PUBLIC_FILE, public.into_bytes())];
        put(&folder, &files.map(|(name, bytes)| (name.to_owned(), bytes)))
    }

    /// Opens a witness; no other process may have it open.
    pub fn open(path: &Path, key: SigningKey) -> Result<Self> {
        let folder = Folder::new(path);
        let lock = folder.lock()?;
        let mut logs = Vec::new();
        for line in get_text(&folder, LOGS_FILE)?.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                logs.push(line.parse()?);
            }
        }
        Ok(Witness { state: Mutex::new(folder), logs, key, _lock: lock })
    }

    /// The key with which it cosigns.
    pub fn cosigner(&self) -> VerifierKey {
        self.key.graded(Grade::Consistent).cosigner()
    }

    /// Answers a request at this time, in seconds since 1970.
    pub fn add_checkpoint(&self, text: &str, now: u64) -> Answer {
        let request = match AddCheckpoint::parse(text) {
            Ok(request) => request,
            Err(error) => return Answer::Malformed(error),
        };
        let checkpoint = match Checkpoint::parse(&request.checkpoint.text) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return Answer::Malformed(error),
        };
        if let Some(refusal) = self.refusal(&checkpoint, &request.checkpoint) {
            return refusal;
        }
        if request.old > checkpoint.size {
            return Answer::Malformed(Error::NotInTree);
        }
        let grew = |seen: &Checkpoint| {
            if request.old != seen.size {
                return Some(Answer::Conflict(seen.size));
            }
            if request.old == checkpoint.size && checkpoint.root != seen.root {
                return Some(Answer::Conflict(seen.size));
            }
            let (old, new) = ((seen.size, seen.root), (checkpoint.size, checkpoint.root));
            (!verify_consistency(old, new, &request.proof)).then_some(Answer::NotConsistent)
        };
        self.remember(&checkpoint, &request.checkpoint, Grade::Consistent, now, grew)
    }

    /// Cosigns a checkpoint whose whole tree is at hand: `root_at` gives its root at any size. At a size
    /// below the newest it saw, that has to lie on the way; it is not forgotten.
    pub fn sign(
        &self,
        note: &Note,
        grade: Grade,
        now: u64,
        root_at: impl Fn(u64) -> Result<Hash>,
    ) -> Answer {
        let checkpoint = match Checkpoint::parse(&note.text) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return Answer::Malformed(error),
        };
        if let Some(refusal) = self.refusal(&checkpoint, note) {
            return refusal;
        }
        let grew = |seen: &Checkpoint| {
            let begins_so = root_at(seen.size).is_ok_and(|root| root == seen.root);
            (!begins_so).then_some(Answer::Conflict(seen.size))
        };
        self.remember(&checkpoint, note, grade, now, grew)
    }

    fn refusal(&self, checkpoint: &Checkpoint, note: &Note) -> Option<Answer> {
        let of_origin = |key: &&VerifierKey| {
            key.name() == checkpoint.origin && key.signature_type() != SignatureType::Cosignature
        };
        let mut keys = self.logs.iter().filter(of_origin).peekable();
        if keys.peek().is_none() {
            return Some(Answer::UnknownLog);
        }
        let signed = keys.any(|key| note.verify(key).is_ok());
        (!signed).then_some(Answer::NotSigned)
    }

    /// Looks at what it saw of the log, keeps the new checkpoint, and only then signs: one at a time.
    fn remember(
        &self,
        checkpoint: &Checkpoint,
        note: &Note,
        grade: Grade,
        now: u64,
        refuses: impl Fn(&Checkpoint) -> Option<Answer>,
    ) -> Answer {
        let folder = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let path = format!("state/{}", Hash::of(checkpoint.origin.as_bytes()).to_hex());
        let seen = match seen(&folder, &path, checkpoint) {
            Ok(seen) => seen,
            Err(error) => return Answer::Failed(error),
        };
        if let Some(refusal) = refuses(&seen) {
            return refusal;
        }
        if seen.size < checkpoint.size || seen.size == 0 {
            let bytes = note.to_string().into_bytes();
            if let Err(error) = put(&*folder, &[(path, bytes)]) {
                return Answer::Failed(error);
            }
        }
        let key = self.key.graded(grade);
        let lines = [Some(key.cosign(&note.text, now)), key.cosign_ml_dsa_44(&note.text, now)];
        Answer::Cosigned(lines.iter().flatten().map(|line| format!("{line}\n")).collect())
    }
}

/// The newest checkpoint that it saw of this log; of a log that it never saw, that of the empty tree.
fn seen(folder: &Folder, path: &str, of: &Checkpoint) -> Result<Checkpoint> {
    match folder.read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Checkpoint {
            origin: of.origin.clone(),
            size: 0,
            root: Hash::of_nothing(),
            extensions: Vec::new(),
        }),
        Err(error) => Err(Error::io(path)(error)),
        Ok(_) => {
            let (seen, _) = Checkpoint::parse_signed(&get_text(folder, path)?)?;
            if seen.origin == of.origin {
                Ok(seen)
            } else {
                Err(Error::wrong(path, 0, "the state of another log"))
            }
        }
    }
}
