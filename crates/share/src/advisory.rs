//! The advisory: what the public reads of an intrusion, as one self-contained HTML page, and as data and a template for the
//! typesetter. Each sentence of the case is a claim, stands in an element of its own (`data-claim`) to the letter, and has
//! its records behind it. A ministry may bring templates of its own; a page that then lacks a claim, or changes
//! one, is refused.
//!
//! Nothing here reads a file or a clock; the typesetter itself is another crate.

pub mod data;
mod defang;
mod figure;
mod spell;
mod words;

use std::collections::BTreeMap;

use blanik_model::markup::Text;
use blanik_verify::agree::{marked, may_change};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior};

use crate::publication::{Language, Publication};

/// The page's template, as it is if nobody brings another.
pub const HTML_TEMPLATE: &str = include_str!("../templates/advisory.html");

/// The template for paper, as it is if nobody brings another.
pub const PAPER_TEMPLATE: &str = include_str!("../templates/advisory.typ");

/// Why there is no advisory.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// The template cannot be read or filled; the text names the line.
    #[error("the template of the advisory: {0}")]
    Template(String),
    /// The page lacks a sentence of the publication.
    #[error(
        "the template leaves out claim {0}: on the page each claim stands in an element with data-claim, on paper whole on one page"
    )]
    Missing(String),
    /// The page may run or load something.
    #[error(
        "the template drops the program's content security policy, or has a script: whoever verifies the page refuses it"
    )]
    Runs,
    /// A sentence stands on the page more than once.
    #[error("claim {0} stands on the page more than once")]
    Twice(String),
    /// The page says a sentence otherwise than the publication, or one that it does not have.
    #[error("the page's text of claim {0} is not the publication's")]
    Otherwise(String),
}

/// The page. `template` stands for [`HTML_TEMPLATE`].
///
/// # Errors
/// If the template is none, or the page does not hold each claim once and to the letter.
pub fn html(
    p: &Publication,
    language: Language,
    template: Option<&str>,
) -> Result<String, AdvisoryError> {
    let told = |e: minijinja::Error| AdvisoryError::Template(format!("{e:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(write_escaped);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("exact", exact);
    environment.add_template("advisory.html", template.unwrap_or(HTML_TEMPLATE)).map_err(told)?;
    let filled = environment.get_template("advisory.html").map_err(told)?;
    let page = filled.render(Value::from(Serde(data::data(p, language)))).map_err(told)?;
    check(p, language, &page)?;
    Ok(page)
}

/// What the typesetter needs beside its template.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// All that the template may say.
    pub data: serde_json::Value,
    /// What identifies the document: the same for the same publication and language.
    pub identity: String,
    /// When it was published, in seconds since 1970.
    pub published: i64,
}

/// What the typesetter makes the PDF of. `printable` writes out what no font of the typesetter has: what figures say is made
/// so before they are drawn, with room for it.
pub fn sheet(p: &Publication, language: Language, printable: &dyn Fn(&str) -> String) -> Sheet {
    let mut data = data::data(p, language);
    data["figures"] = data::figures(&printed(p, printable), language);
    Sheet {
        data,
        identity: format!("{} {} {}", data::reference(p), p.published, language.code()),
        published: p.published.as_nanos().div_euclid(1_000_000_000),
    }
}

/// The publication with all of its text made printable.
fn printed(p: &Publication, printable: &dyn Fn(&str) -> String) -> Publication {
    fn of(value: serde_json::Value, printable: &dyn Fn(&str) -> String) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(printable(&text)),
            Value::Array(all) => all.into_iter().map(|v| of(v, printable)).collect(),
            Value::Object(all) => all.into_iter().map(|(k, v)| (k, of(v, printable))).collect(),
            other => other,
        }
    }
    let printed = serde_json::to_value(p).map(|value| of(value, printable));
    // Numbers that JSON does not have are no text: then it is drawn as it is, and made printable as the markup that it becomes.
    printed.and_then(serde_json::from_value).unwrap_or_else(|_| p.clone())
}

/// Whether a typeset document holds each claim; `left_out` gives the place of the first of several texts that it does not say as
/// often as they all together do.
///
/// # Errors
/// [`AdvisoryError::Missing`] of the first claim that it does not say.
pub fn check_paper(
    p: &Publication,
    language: Language,
    left_out: impl Fn(&[&str]) -> Option<usize>,
) -> Result<(), AdvisoryError> {
    let texts: Vec<&str> = p.claims().map(|claim| claim.text.in_language(language)).collect();
    match left_out(&texts).and_then(|place| p.claims().nth(place)) {
        None => Ok(()),
        Some(claim) => Err(AdvisoryError::Missing(claim.id.clone())),
    }
}

/// Whatever is not marked safe is escaped, and characters that move or hide text are written out.
fn write_escaped(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let written = match (value.is_none(), value.is_safe()) {
        (true, _) => Ok(()),
        (false, true) => write!(out, "{value}"),
        (false, false) => write!(out, "{}", Text(&value.to_string())),
    };
    written.map_err(minijinja::Error::from)
}

/// Text to the letter, for claims: only markup is escaped. Where it stands, the template isolates it
/// (`unicode-bidi: isolate`), so that nothing in it reorders what is beside it.
fn exact(text: &str) -> Value {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
    Value::from_safe_string(out)
}

/// Each claim once, and to the letter.
fn check(p: &Publication, language: Language, page: &str) -> Result<(), AdvisoryError> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (id, text) in marked(page) {
        if found.insert(id.clone(), text).is_some() {
            return Err(AdvisoryError::Twice(id));
        }
    }
    for claim in p.claims() {
        match found.remove(&claim.id) {
            None => return Err(AdvisoryError::Missing(claim.id.clone())),
            Some(Some(text)) if text == claim.text.in_language(language) => {}
            Some(_) => return Err(AdvisoryError::Otherwise(claim.id.clone())),
        }
    }
    match found.pop_first() {
        Some((id, _)) => Err(AdvisoryError::Otherwise(id)),
        None if may_change(page) => Err(AdvisoryError::Runs),
        None => Ok(()),
    }
}
