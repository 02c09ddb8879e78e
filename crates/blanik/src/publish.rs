//! `blanik publish`: a case on record → a publication pack, whose every sentence anybody can verify.

mod preview;
mod templates;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use blanik_case::Case;
use blanik_evidence::{LogProof, Reader, SigningKey, Workspace};
use blanik_model::record::Published;
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Record, Timestamp, Tlp};
use blanik_share::pack::{self, Files};
use blanik_share::publication::{
    self, Commitment, Language, Log, Material, NAME_CHARS_MIN, NameKind, Names, Order, Publication,
    Publisher, Redactions, Wording, names_of, shown,
};
use blanik_share::{advisory, export};
use blanik_typeset::{Document, Fonts, typeset};
use blanik_verify::container;
use blanik_verify::form::{Growth, MANIFEST, SEAL, Seal, advisory_path, paper_path};

use crate::case::journal::Journal;
use crate::cli::publish::PublishArgs;
use crate::evidence::{self, allies};
use crate::exchange::replies;
use crate::outfile::{Target, write_whole};
use crate::output::counted;
use templates::Templates;

/// What is published, of what, and to whom: everything but the key.
pub struct Draft {
    /// The workspace.
    pub workspace: PathBuf,
    /// The case's records with their indexes.
    pub records: Vec<(u64, Record)>,
    /// What they come to.
    pub case: Case,
    /// What a person withholds.
    pub redactions: Redactions,
    /// What is ordered.
    pub order: Order,
    /// Templates of the user's own.
    pub templates: Option<PathBuf>,
    /// The record of an earlier publication that says that all of the case is invented.
    pub exercise_by: Option<u64>,
}

/// A pack, with what it is of.
pub struct Made {
    /// The pack's bytes.
    pub bytes: Vec<u8>,
    /// What is published.
    pub publication: Publication,
    /// The record of the publication.
    pub record: u64,
    /// How many files there are.
    pub files: usize,
    /// How many proofs.
    pub proofs: usize,
    /// Where the workspace keeps it.
    pub kept: PathBuf,
}

/// Publishes, or says what would be.
pub fn run(args: &PublishArgs) -> Result<ExitCode> {
    if let Some(folder) = &args.write_template {
        Templates::write(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let inputs = args.redact_file.iter().cloned().collect::<Vec<_>>();
    let target = args.output.as_ref().map(|path| Target::new(path, &inputs)).transpose()?;
    if let Some(path) = args.output.as_ref().filter(|path| path.is_file()) {
        bail!(
            "{} is there already, and a pack that is on record may be lost: name another file",
            path.display()
        );
    }
    let draft = Draft::of(args)?;
    for words in draft.names(args.tlp)?.unknown() {
        let words = for_terminal(words);
        eprintln!(
            "blanik: {words:?} is no name of the case; it is withheld wherever it stands as text"
        );
    }
    if let Some(record) = draft.exercise_by {
        eprintln!(
            "blanik: by record {record} the case was published as an exercise: this pack is marked as one, too"
        );
    }
    let Some(target) = target else {
        preview::tell(&draft, args.tlp, &mut std::io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    };
    let key = evidence::key(&args.workspace, &args.key)?;
    let made = draft.publish(args.tlp, key)?;
    let write = || -> Result<()> {
        let mut out = target.create()?;
        out.write_all(&made.bytes)
            .with_context(|| format!("cannot write {}", target.path().display()))?;
        out.finish()
    };
    write().with_context(|| format!("the pack is in {}", made.kept.display()))?;
    if draft.order.attributes && made.publication.attribution.is_none() {
        eprintln!(
            "blanik: no verdict of it is on record, so nothing is said of who it was: `blanik attribute CASE --record`"
        );
    }
    println!(
        "Published  {}, {}, {}; record {} of the log",
        counted(made.publication.claims().count() as u64, "sentence"),
        counted(made.files as u64, "file"),
        counted(made.proofs as u64, "proof"),
        made.record
    );
    println!("Pack       {}", for_terminal(&target.path().display().to_string()));
    println!("Verify it  blanik verify {}", for_terminal(&target.path().display().to_string()));
    Ok(ExitCode::SUCCESS)
}

impl Draft {
    /// What a command line orders.
    pub fn of(args: &PublishArgs) -> Result<Self> {
        let journal = Journal::open(&args.case, &args.workspace);
        if matches!(journal, Journal::File(_)) {
            bail!("only a case of a workspace can be published: a file's records are in no log");
        }
        let records = journal.records()?;
        let redactions = redactions(args)?;
        let title = args
            .title
            .as_ref()
            .map(|en| Wording { en: en.clone(), cs: args.title_cs.as_ref().unwrap_or(en).clone() });
        let published = args.date.map_or_else(evidence::now, Ok)?;
        // To the second: more says only how fast the machine is.
        let seconds = published.as_nanos().div_euclid(1_000_000_000);
        let published = Timestamp::from_seconds(seconds).unwrap_or(published);
        let reader = evidence::reader(&args.workspace)?;
        let exercise_by = exercise_by(&records);
        let order = Order {
            intrusion: args.intrusion,
            title,
            publisher: Publisher { name: args.publisher.clone(), contact: args.contact.clone() },
            published,
            victim: args.victim.clone(),
            exercise: args.exercise || exercise_by.is_some(),
            attributes: !args.no_attribution,
            cosigned: cosigned(&args.workspace, &records)?,
            log: log(&reader),
        };
        Ok(Draft {
            workspace: args.workspace.clone(),
            case: Case::fold(records.iter().cloned()),
            records,
            redactions,
            order,
            templates: args.template.clone(),
            exercise_by: exercise_by.filter(|_| !args.exercise),
        })
    }

    /// What may be shown to an audience.
    pub fn names(&self, tlp: Tlp) -> Result<Names> {
        let number = self.order.intrusion;
        let found = number.checked_sub(1).and_then(|i| self.case.intrusions.found.get(i));
        let Some(intrusion) = found else {
            let n = self.case.intrusions.found.len();
            bail!("there is no intrusion {number}: the case has {n}");
        };
        let given = names_of(&self.case, &self.records, intrusion);
        let publisher = &self.order.publisher;
        let said =
            [&*publisher.name, publisher.contact.as_deref().unwrap_or(""), &self.order.log.origin];
        Names::new(given, tlp, self.redactions.clone(), &said.join(" "))
            .context("more names than can be looked for")
    }

    /// What an audience would read.
    pub fn publication(&self, names: &Names) -> Result<Publication> {
        let material = Material { case: &self.case, records: &self.records, names };
        Ok(publication::publication(&material, &self.order)?)
    }

    /// The files that people read and systems take in.
    fn files(&self, publication: &Publication, names: &Names) -> Result<Files> {
        let templates = Templates::of(self.templates.as_deref())?;
        let mut files: Files = export::all(publication).into_iter().collect();
        for language in Language::ALL {
            let page = advisory::html(publication, language, Some(&templates.page))
                .context("the advisory's template")?;
            files.insert(advisory_path(language.code()), page.into_bytes());
        }
        // What a sheet of paper says is in no file as plain text: what it is made of is looked through instead.
        let mut made_of: Files = BTreeMap::new();
        let fonts = Fonts::with(templates.fonts.iter().map(Vec::as_slice));
        for language in Language::ALL {
            let printable = |text: &str| fonts.printable(text);
            let sheet = advisory::sheet(publication, language, &printable);
            let document = Document {
                template: &templates.paper,
                data: &sheet.data,
                files: &templates.files,
                identity: &sheet.identity,
                published: sheet.published,
            };
            let set = typeset(&document, &fonts).context("the advisory's template for paper")?;
            let left_out = |claims: &[&str]| {
                let printed: Vec<String> = claims.iter().map(|text| printable(text)).collect();
                set.left_out(&printed)
            };
            advisory::check_paper(publication, language, left_out)?;
            let path = paper_path(language.code());
            made_of.insert(path.clone(), serde_json::to_vec(&sheet.data)?);
            // A template can put together what stands nowhere whole, and break a name where a line ends.
            made_of.insert(format!("{path}, as it is read"), set.lines.join("\n").into_bytes());
            made_of.insert(format!("{path}, line after line"), set.pages.join("\n").into_bytes());
            files.insert(path, set.pdf);
        }
        let beside = templates.files.into_iter();
        made_of.extend(beside.map(|(name, bytes)| (format!("the template's {name}"), bytes)));
        made_of.insert("the template".to_owned(), templates.paper.into_bytes());
        let leaks = pack::leaks(&made_of, names);
        match leaks.is_empty() {
            true => Ok(files),
            false => Err(pack::Error::Leaks(leaks).into()),
        }
    }

    /// All files but the seal, and how many of them are proofs; nothing is put on record.
    pub fn unsealed(&self, names: &Names) -> Result<(Publication, Files, usize)> {
        let mut publication = self.publication(names)?;
        let reader = evidence::reader(&self.workspace)?;
        publication.commitments = commitments(&reader, &publication)?;
        let proofs = proofs(&reader, &publication, names)?;
        let n = proofs.len();
        let files = pack::assemble(&publication, self.files(&publication, names)?, proofs, names)?;
        Ok((publication, files, n))
    }

    /// Makes the pack, and puts on record that it was published.
    pub fn publish(&self, tlp: Tlp, key: SigningKey) -> Result<Made> {
        let names = self.names(tlp)?;
        let (publication, mut files, proofs) = self.unsealed(&names).map_err(explained)?;
        let digest = blanik_evidence::Hash::of(&files[MANIFEST]).to_hex();
        let record = Record {
            case: self.records.first().map_or_else(String::new, |(_, r)| r.case.clone()),
            // Whatever day is printed: the log says when it was done.
            at: evidence::now()?,
            by: key.name().to_owned(),
            fact: Fact::Published(Published {
                intrusion: self.order.intrusion as u64,
                tlp: tlp.to_string(),
                publisher: self.order.publisher.name.clone(),
                pack: digest.clone(),
                claims: pack::claim_digests(&publication)?,
                exercise: publication.exercise,
            }),
        };
        let mut workspace = Workspace::open_with(&self.workspace, key)?;
        let index = workspace.size();
        workspace.append_json(&[serde_json::to_string(&record)?])?;
        drop(workspace);
        let kept = replies::pack_path(&self.workspace, &digest);
        let mut sealed = || -> Result<Vec<u8>> {
            let reader = evidence::reader(&self.workspace)?;
            let seal = seal(&reader, index, &files)?;
            files.insert(SEAL.to_owned(), serde_json::to_vec_pretty(&seal)?);
            let bytes = container::write(&files)?;
            // By what it says of ids and sentences, answers to it are known.
            write_whole(&kept, &bytes)?;
            Ok(bytes)
        };
        let bytes = sealed().with_context(|| {
            format!("record {index} says that it was published, and there is no pack of it: publish it once more")
        })?;
        Ok(Made { bytes, publication, record: index, files: files.len(), proofs, kept })
    }
}

/// What to do about names that are still in it.
fn explained(error: anyhow::Error) -> anyhow::Error {
    let Some(pack::Error::Leaks(leaks)) = error.downcast_ref() else { return error };
    let mut said: Vec<String> = leaks
        .iter()
        .take(8)
        .map(|l| format!("{:?} as {} in {} at byte {}", l.value, l.form, l.path, l.offset))
        .collect();
    if leaks.len() > said.len() {
        said.push(format!("and {} more", leaks.len() - said.len()));
    }
    anyhow::anyhow!(
        "nothing was written: what is withheld is in the pack: {}. Give another title or publisher, or withhold less",
        for_terminal(&said.join("; "))
    )
}

/// What the log holds of all cited records.
fn commitments(reader: &Reader, publication: &Publication) -> Result<Vec<Commitment>> {
    let of = |record: u64| {
        let entry = blanik_evidence::hash::to_hex(&reader.entry(record)?);
        Ok(Commitment { record, entry })
    };
    pack::cited(publication).into_iter().map(of).collect()
}

/// The proofs of all cited records: the fields that the audience may see.
fn proofs(
    reader: &Reader,
    publication: &Publication,
    names: &Names,
) -> Result<BTreeMap<u64, String>> {
    let said = pack::said(publication);
    let cited = pack::cited(publication);
    let mut proofs = BTreeMap::new();
    for unsealed in reader.records_at(&cited)? {
        let index = unsealed.index;
        let also = said.get(&index).map_or(&[][..], Vec::as_slice);
        let paths = shown::paths(&unsealed.record, names, also)?;
        let disclosure = reader.disclose_of(&unsealed, &paths)?;
        proofs.insert(index, serde_json::to_string_pretty(&disclosure)? + "\n");
    }
    Ok(proofs)
}

/// That the record of the publication stands in the log, and that the logs of the proofs are its beginning.
fn seal(reader: &Reader, index: u64, files: &Files) -> Result<Seal> {
    let fields = ["/type", "/pack", "/claims", "/tlp", "/intrusion"].map(str::to_owned);
    let record = reader.disclose(index, &fields)?;
    let size = size_of(&record)?;
    let mut sizes = BTreeSet::new();
    for (_, bytes) in files.iter().filter(|(path, _)| path.starts_with(blanik_verify::form::PROOFS))
    {
        sizes.insert(size_of(&serde_json::from_slice(bytes)?)?);
    }
    let mut growth = Vec::new();
    for from in sizes.into_iter().filter(|from| *from != size) {
        let hashes = reader.prove_growth(from, size)?;
        growth.push(Growth { from, hashes: hashes.iter().map(ToString::to_string).collect() });
    }
    Ok(Seal { record, growth })
}

fn size_of(disclosure: &blanik_evidence::Disclosure) -> Result<u64> {
    let note = LogProof::parse(&disclosure.proof)?.checkpoint;
    Ok(blanik_evidence::Checkpoint::parse(&note.text)?.size)
}

/// The record by which a case was published as an exercise: what was invented once, stays so.
fn exercise_by(records: &[(u64, Record)]) -> Option<u64> {
    let by = |(index, record): &(u64, Record)| match &record.fact {
        Fact::Published(published) if published.exercise => Some(*index),
        _ => None,
    };
    records.iter().find_map(by)
}

/// The log's name and key.
fn log(reader: &Reader) -> Log {
    let key = reader.key();
    Log { origin: key.name().to_owned(), key: key.to_string() }
}

/// Allies whose cosignatures hold and cover the case.
fn cosigned(
    workspace: &Path,
    records: &[(u64, Record)],
) -> Result<Vec<(String, String, Option<Timestamp>)>> {
    let all = allies::cosigned(workspace, records)?.into_iter();
    Ok(all.map(|one| (one.agency, one.grade.to_owned(), one.at)).collect())
}

fn redactions(args: &PublishArgs) -> Result<Redactions> {
    let mut all = args.redact.clone();
    if let Some(file) = &args.redact_file {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        all.extend(text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned));
    }
    let mut redactions = Redactions::default();
    for what in all {
        if let Some(word) = what.strip_prefix("kind:") {
            let kind = NameKind::ALL.into_iter().find(|kind| kind.word() == word);
            redactions.kinds.insert(kind.with_context(|| {
                let words = NameKind::ALL.map(NameKind::word).join(", ");
                format!("--redact kind:{}: kinds are {words}", for_terminal(word))
            })?);
        } else if let Some(path) = what.strip_prefix("field:") {
            if !path.starts_with('/') {
                bail!("--redact field:{}: a path begins with /", for_terminal(path));
            }
            redactions.fields.insert(path.to_owned());
        } else {
            let value = what.trim().to_lowercase();
            if value.chars().count() < NAME_CHARS_MIN {
                bail!(
                    "--redact {:?}: a text of less than {NAME_CHARS_MIN} characters stands everywhere; name more of it",
                    for_terminal(&what)
                );
            }
            redactions.values.insert(value);
        }
    }
    Ok(redactions)
}
