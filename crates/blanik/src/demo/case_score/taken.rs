//! What the case says was taken, against the key: whether confirmed ≤ truth ≤ possible holds for each mailbox, each
//! place that files came from, and each address that something went to.

use std::collections::BTreeMap;

use blanik_case::View;
use blanik_case::exposure::{Bounds, Exposure};
use serde::Serialize;

use super::super::taken::Taken;

/// One thing that was taken, and what the case says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfTaken {
    /// What: a mailbox, a host and folder, an address.
    pub what: String,
    /// Of what: `messages`, `files` or `bytes`.
    pub unit: &'static str,
    /// How much was taken, in truth.
    pub truth: u64,
    /// How much the case says; none if it does not name it at all.
    pub told: Option<Told>,
    /// True if the truth lies between the bounds.
    pub holds: bool,
}

/// The case's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// At least.
    pub confirmed: u64,
    /// At most; none is without bound.
    pub possible: Option<u64>,
}

impl OfTaken {
    fn new(what: String, unit: &'static str, truth: u64, told: Option<Told>) -> Self {
        let between =
            |t: Told| t.confirmed <= truth && t.possible.is_none_or(|possible| truth <= possible);
        OfTaken { what, unit, truth, told, holds: told.is_some_and(between) }
    }
}

/// Holds the exposures of these intrusions against what an intruder took.
pub(super) fn score(taken: &Taken, views: &[&View]) -> Vec<OfTaken> {
    let mut scored = Vec::new();
    for mail in &taken.mailboxes {
        let told = told(views, |e| e.items, |e| e.act == "mail" && is(&e.object, &mail.mailbox));
        scored.push(OfTaken::new(mail.mailbox.clone(), "messages", mail.messages, told));
    }
    let mut files: BTreeMap<String, (&str, u64)> = BTreeMap::new();
    for of in &taken.files {
        files.entry(format!("{} {}", of.host, of.folder)).or_insert((&of.folder, 0)).1 += of.files;
    }
    for (what, (folder, truth)) in files {
        let told = told(views, |e| e.items, |e| e.act == "file" && is_below(&e.object, folder));
        scored.push(OfTaken::new(what, "files", truth, told));
    }
    let mut outbound: BTreeMap<&str, u64> = BTreeMap::new();
    for of in &taken.outbound {
        *outbound.entry(&of.to).or_default() += of.bytes;
    }
    for (to, truth) in outbound {
        let told = told(views, |e| e.bytes, |e| e.act == "outbound" && is(&e.object, to));
        scored.push(OfTaken::new(to.to_owned(), "bytes", truth, told));
    }
    scored
}

fn is(object: &str, name: &str) -> bool {
    object.eq_ignore_ascii_case(name)
}

/// True if an object is that folder or lies below it, however it is written.
fn is_below(object: &str, folder: &str) -> bool {
    let plain = |path: &str| path.to_lowercase().replace('\\', "/").trim_matches('/').to_owned();
    let (object, folder) = (plain(object), plain(folder));
    object == folder || object.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The bounds of all exposures that are about it, together; `None` if none is.
fn told(
    views: &[&View],
    amount: impl Fn(&Exposure) -> Bounds,
    about: impl Fn(&Exposure) -> bool,
) -> Option<Told> {
    let all = views.iter().flat_map(|view| &view.exposure).filter(|e| about(e)).map(amount);
    all.map(|b| Told { confirmed: b.confirmed, possible: b.possible }).reduce(|a, b| Told {
        confirmed: a.confirmed + b.confirmed,
        possible: a.possible.zip(b.possible).map(|(a, b)| a + b),
    })
}
