//! What stands in a publication pack, and where: for who writes one and for who verifies it.

use blanik_evidence::{Disclosure, Hash};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The pack's form.
pub const FORMAT: &str = "blanik-publication/v1";
/// Lists all other files but [`SEAL`].
pub const MANIFEST: &str = "pack.json";
/// That the manifest and each sentence were put on record.
pub const SEAL: &str = "seal.json";
/// What is published, as data.
pub const PUBLICATION: &str = "publication.json";
/// Where what is published comes from, in CASE/UCO.
pub const CASE: &str = "case-uco/provenance.jsonld";
/// STIX's bundle.
pub const STIX: &str = "stix/bundle.json";
/// The layer of ATT&CK Navigator.
pub const LAYER: &str = "navigator/layer.json";
/// The folder of the proofs.
pub const PROOFS: &str = "proofs/";
/// The type of the record of a publication.
pub const RECORD_TYPE: &str = "published";

/// Longest JSON of a pack that is read, in bytes. In memory it is up to thirty times as long.
const JSON_BYTES_MAX: usize = 16 << 20;

/// A file of a pack, or why it cannot be read.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() > JSON_BYTES_MAX {
        return Err(format!("is longer than is read ({JSON_BYTES_MAX} bytes)"));
    }
    serde_json::from_slice(bytes).map_err(|error| format!("cannot be read: {error}"))
}

/// The path of a record's proof.
pub fn proof_path(record: u64) -> String {
    format!("{PROOFS}{record:08}.json")
}

/// The path of the advisory in a language.
pub fn advisory_path(language: &str) -> String {
    format!("advisory.{language}.html")
}

/// The path of the advisory on paper in a language.
pub fn paper_path(language: &str) -> String {
    format!("advisory.{language}.pdf")
}

/// A cited record as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentForm {
    /// Its index.
    pub record: u64,
    /// The log's entry, in lower-case hex: `01` and the commitment to the record's fields, which says nothing of them.
    pub entry: String,
}

impl CommitmentForm {
    /// What the entry is in the log's tree: the bytes whose SHA-256 is the leaf (RFC 6962, 2.1), in lower-case hex.
    pub fn leaf_bytes(&self) -> String {
        format!("00{}", self.entry)
    }
}

/// A file of the pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its path, `/` between folders.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

/// The log in which the records stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogForm {
    /// Its name.
    pub origin: String,
    /// Its key, as signed-note writes it.
    pub key: String,
}

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The heading, in English.
    pub title: String,
    /// The case's name.
    pub case: String,
    /// To whom it may be shown.
    pub tlp: String,
    /// True if all of it is invented.
    pub exercise: bool,
    /// Who publishes.
    pub publisher: String,
    /// When.
    pub published: String,
    /// Where the records stand.
    pub log: LogForm,
    /// All files but the manifest and the seal, by path.
    pub files: Vec<Listed>,
}

/// That a smaller log is the beginning of the one of the seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// The smaller log's size.
    pub from: u64,
    /// RFC 6962's consistency proof, in base64.
    pub hashes: Vec<String>,
}

/// What the seal says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seal {
    /// The record of the publication: `/type`, `/pack`, `/claims`.
    pub record: Disclosure,
    /// From each size at which a proof of the pack stands.
    pub growth: Vec<Growth>,
}

/// A sentence in each language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordingForm {
    /// English.
    pub en: String,
    /// Czech.
    pub cs: String,
}

impl WordingForm {
    /// Each with its language's code.
    pub fn each(&self) -> [(&'static str, &str); 2] {
        [("en", &self.en), ("cs", &self.cs)]
    }
}

/// What a sentence rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitedForm {
    /// Indexes of records.
    pub records: Vec<u64>,
    /// How many more there are.
    pub further: u64,
}

/// A value that a sentence says, and the field of a record in which it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroundForm {
    /// The record.
    pub record: u64,
    /// The field's path.
    pub path: String,
    /// The field's text.
    pub value: String,
}

/// A sentence of the publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimForm {
    /// Its name.
    pub id: String,
    /// What it says.
    pub text: WordingForm,
    /// To whom it may be shown.
    pub marking: String,
    /// What it rests on.
    pub cites: CitedForm,
    /// Which of its values stand in which fields.
    pub grounds: Vec<GroundForm>,
}

impl ClaimForm {
    /// What the record of the publication holds of it: SHA-256, in lower-case hex, of the parts in their order, each with
    /// its length in bytes before it as 8 bytes, big-endian.
    pub fn digest(&self) -> String {
        let mut bytes = b"blanik/claim/v1\n".to_vec();
        let mut put = |part: &str| {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        };
        put(&self.id);
        put(&self.text.en);
        put(&self.text.cs);
        put(&self.marking);
        let records: Vec<String> = self.cites.records.iter().map(u64::to_string).collect();
        put(&records.join(","));
        put(&self.cites.further.to_string());
        for ground in &self.grounds {
            put(&ground.record.to_string());
            put(&ground.path);
            put(&ground.value);
        }
        Hash::of(&bytes).to_hex()
    }
}

/// As much of what is published as is verified.
#[derive(Clone, Debug, Deserialize)]
pub struct PublicationForm {
    /// The chapters.
    pub chapters: Vec<ChapterForm>,
    /// Techniques.
    pub techniques: Vec<TechniqueForm>,
    /// Indicators.
    pub indicators: Vec<IndicatorForm>,
    /// Who it was.
    pub attribution: Option<AttributionForm>,
    /// The cited records as the log holds them.
    #[serde(default)]
    pub commitments: Vec<CommitmentForm>,
}

/// A heading with its claims.
#[derive(Clone, Debug, Deserialize)]
pub struct ChapterForm {
    /// Which.
    pub kind: String,
    /// Its claims.
    pub claims: Vec<ClaimForm>,
}

/// A technique.
#[derive(Clone, Debug, Deserialize)]
pub struct TechniqueForm {
    /// `T1003.001`.
    pub id: String,
}

/// An indicator.
#[derive(Clone, Debug, Deserialize)]
pub struct IndicatorForm {
    /// Its value.
    pub value: String,
}

/// Who it was.
#[derive(Clone, Debug, Deserialize)]
pub struct AttributionForm {
    /// The hypotheses.
    pub hypotheses: Vec<HypothesisForm>,
}

/// A hypothesis.
#[derive(Clone, Debug, Deserialize)]
pub struct HypothesisForm {
    /// In words.
    pub name: String,
    /// Probability.
    pub probability: f64,
}
