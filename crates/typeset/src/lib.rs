//! Documents on paper: a template (Typst), data (JSON) and files → PDF/A-2a that also satisfies PDF/UA-1, by the typesetter
//! `typst` as a library. Nothing here reads a file, a clock or a network: a template sees what it is given. The same input
//! gives the same bytes.

mod error;
mod fonts;
mod read;
mod world;

use std::collections::BTreeMap;

use typst::World;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

pub use error::{Error, Place};
pub use fonts::Fonts;

/// What is typeset.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The template, in Typst.
    pub template: &'a str,
    /// What the template reads as `json("data.json")`.
    pub data: &'a serde_json::Value,
    /// Other files that the template may read: pictures, parts of it. By path, with `/` between folders.
    pub files: &'a BTreeMap<String, Vec<u8>>,
    /// What identifies the document; its hash becomes the identifier of the PDF.
    pub identity: &'a str,
    /// When the document was published, in seconds since 1970.
    pub published: i64,
}

/// A document on pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typeset {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// What stands on each page as text (not what is in pictures), in the order in which it is set, without white space and
    /// without characters that only say how text flows.
    pub pages: Vec<String>,
    /// The same with its white space, a space where one piece of a line ends.
    pub lines: Vec<String>,
}

impl Typeset {
    /// Whether the text stands whole on one page. Where letters run from right to left, runs stand in the order of
    /// sight, so that of these only the letters can be looked for.
    pub fn says(&self, text: &str) -> bool {
        self.left_out(&[text]).is_none()
    }

    /// Of texts that should all stand here, each whole on one page, the place of the first that is missing: a text that is part
    /// of others stands here for each of them, and once for itself.
    pub fn left_out<S: AsRef<str>>(&self, texts: &[S]) -> Option<usize> {
        read::left_out(&self.pages, texts)
    }
}

/// Typesets a document. Letters that no font has are written out (`[U+4E2D]`), see [`Fonts::printable`].
///
/// # Errors
/// [`Error`] names the lines of the template that cannot be typeset.
pub fn typeset(document: &Document<'_>, fonts: &Fonts) -> Result<Typeset, Error> {
    let world = world::Sheet::new(document, fonts)?;
    let compiled = typst::compile::<PagedDocument>(&world);
    let result = compiled
        .output
        .and_then(|paged| {
            let pdf = typst_pdf::pdf(&paged, &options(document)?)?;
            let (pages, lines) = read::pages(&paged);
            Ok(Typeset { pdf, pages, lines })
        })
        .map_err(|all| Error::of(&all, &world));
    // What was remembered between two documents is of no use for the next.
    typst::comemo::evict(0);
    result
}

fn options(document: &Document<'_>) -> typst::diag::SourceResult<PdfOptions> {
    let standards =
        PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1]).expect("both are of PDF 1.7");
    Ok(PdfOptions {
        ident: Smart::Custom(document.identity.to_owned()),
        creator: Smart::Custom(Some("blanik".to_owned())),
        timestamp: moment(document.published).map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    })
}

fn moment(seconds: i64) -> Option<Datetime> {
    let at = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).ok();
    Datetime::from_ymd_hms(
        i32::from(at.year()),
        small(at.month())?,
        small(at.day())?,
        small(at.hour())?,
        small(at.minute())?,
        small(at.second())?,
    )
}

/// Where the text of a diagnosis is.
fn place_of(world: &world::Sheet<'_>, span: typst::syntax::DiagSpan) -> Option<Place> {
    use typst::WorldExt;
    let id = span.id()?;
    let range = world.range(span)?;
    let source = world.source(id).ok()?;
    let (line, column) = source.lines().byte_to_line_column(range.start)?;
    Some(Place {
        file: id.get().vpath().get_without_slash().to_owned(),
        line: line + 1,
        column: column + 1,
    })
}
