//! Why a document cannot be typeset.

use std::fmt;

use typst::diag::SourceDiagnostic;
use typst::ecow::EcoVec;

use crate::world::Sheet;

/// A place in a template or a part of it; both numbers count from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why a document cannot be typeset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The template, or what it makes of the data, is wrong: each complaint with its place, where it has one.
    #[error("{}", told(.0))]
    Template(Vec<(Option<Place>, String)>),
    /// A file's path is none that a template can name.
    #[error("{path:?} is no path that a template can name: {why}")]
    Path {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    pub(crate) fn of(all: &EcoVec<SourceDiagnostic>, world: &Sheet<'_>) -> Self {
        let told = |d: &SourceDiagnostic| {
            let mut message = d.message.to_string();
            for hint in &d.hints {
                message.push_str(&format!(" ({})", hint.v));
            }
            (crate::place_of(world, d.span), message)
        };
        Error::Template(all.iter().map(told).collect())
    }
}

/// Complaints that are shown; more of them seldom say more.
const COMPLAINTS_MAX: usize = 5;

fn told(all: &[(Option<Place>, String)]) -> String {
    let mut lines: Vec<String> = all
        .iter()
        .take(COMPLAINTS_MAX)
        .map(|(place, message)| match place {
            Some(place) => format!("{place}: {message}"),
            None => message.clone(),
        })
        .collect();
    if all.len() > COMPLAINTS_MAX {
        lines.push(format!("and {} more", all.len() - COMPLAINTS_MAX));
    }
    lines.join("; ")
}
