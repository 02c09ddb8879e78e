//! What a template can see: itself, its data, and the files that it is given. No folder, no clock, no package.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::{Document, Error, Fonts};

const TEMPLATE: &str = "template.typ";
const DATA: &str = "data.json";

pub(crate) struct Sheet<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    template: Source,
    files: HashMap<FileId, Bytes>,
    published: i64,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(document: &Document<'_>, fonts: &'a Fonts) -> Result<Self, Error> {
        let data = fonts.printable_data(document.data).to_string();
        let mut files = HashMap::new();
        for (path, bytes) in document.files {
            files.insert(id(path)?, Bytes::new(bytes.clone()));
        }
        files.insert(id(DATA)?, Bytes::new(data.into_bytes()));
        Ok(Sheet {
            library: LazyHash::new(Library::default()),
            fonts,
            template: Source::new(id(TEMPLATE)?, document.template.to_owned()),
            files,
            published: document.published,
        })
    }
}

fn id(path: &str) -> Result<FileId, Error> {
    let virtual_path = VirtualPath::new(path)
        .map_err(|e| Error::Path { path: path.to_owned(), why: e.to_string() })?;
    Ok(RootedPath::new(VirtualRoot::Project, virtual_path).intern())
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() {
            return Ok(self.template.clone());
        }
        let text = self.file(id)?.as_str().map_err(|_| FileError::InvalidUtf8)?.to_owned();
        Ok(Source::new(id, text))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let missing = || FileError::NotFound(id.get().vpath().get_without_slash().into());
        if id == self.template.id() {
            return Ok(Bytes::from_string(self.template.text().to_owned()));
        }
        self.files.get(&id).cloned().ok_or_else(missing)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.all.get(index).cloned()
    }

    /// The day of publication, for a template that asks: a document does not say when it was typeset.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        let day = crate::moment(self.published)?;
        Datetime::from_ymd(day.year()?, day.month()?, day.day()?)
    }
}
