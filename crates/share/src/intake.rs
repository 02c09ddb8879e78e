//! One file of intelligence: what it is, by its content, and what was made of it.

mod attribute;
mod file_kind;
mod lines;
mod misp;
mod place;
pub(crate) mod stix;
mod table;
mod warninglist;

use blanik_detect::indicators::warnings::WarningList;
use blanik_detect::indicators::{NewEntry, SetBuilder, canonical};
use blanik_model::{IndicatorType, Provenance, Tlp, Validity};

use file_kind::FileKind;

/// Losses that are kept one by one; what is more is counted.
const LOSSES_MAX: usize = 100_000;
/// Bytes of a lost text that are shown.
const SHOWN_BYTES: usize = 120;

/// What of a list was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The file.
    pub list: String,
    /// Line, row or object, from 1; 0 is the whole file.
    pub place: u32,
    /// Why.
    pub reason: String,
    /// What stood there, shortened.
    pub text: String,
}

/// What a user says of a list that does not say it itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAs {
    /// Who made it.
    pub source: Option<String>,
    /// To whom it may be shown.
    pub tlp: Option<Tlp>,
    /// How reliable it is.
    pub grade: Option<String>,
}

/// Takes in lists. See the module.
#[derive(Debug, Default)]
pub struct Intake {
    /// The indicators.
    pub set: SetBuilder,
    /// The warning lists.
    pub warnings: Vec<WarningList>,
    /// What was not taken.
    pub losses: Vec<Loss>,
    /// Losses that are not in `losses`.
    pub losses_not_listed: u64,
    /// Files of which something was taken.
    pub lists: u64,
}

/// One file on its way in.
struct List<'a> {
    intake: &'a mut Intake,
    /// What is said of all its indicators.
    provenance: Provenance,
}

impl Intake {
    /// An intake that has taken nothing yet.
    pub fn new() -> Self {
        Intake::default()
    }

    /// Takes in a file: indicators, a warning list, or a loss that says what it is instead. `list` is its
    /// path as people know it; what folders and files are called may say which campaign it is of.
    pub fn read(&mut self, list: &str, bytes: &[u8], said: &ListAs) {
        let before = (self.set.len(), self.warnings.len());
        let place = place::of(list);
        let provenance = Provenance {
            source: said.source.clone().unwrap_or_else(|| place.source.clone()),
            list: list.to_owned(),
            tlp: said.tlp,
            grade: said.grade.clone(),
            ..Provenance::default()
        };
        let mut reading = List { intake: self, provenance };
        match file_kind::of(list, bytes) {
            Err(what) => reading.lose(0, what, ""),
            Ok(FileKind::Json(value)) => reading.json(&value, said, &place),
            Ok(FileKind::JsonLines(text)) => reading.json_lines(&text, said, &place),
            Ok(FileKind::Table(text)) => {
                reading.name_by_place(&place);
                reading.table(&text);
            }
            Ok(FileKind::Lines(text)) => {
                reading.name_by_place(&place);
                reading.lines(&text, &place);
            }
        }
        self.lists += u64::from(before != (self.set.len(), self.warnings.len()));
    }
}

impl List<'_> {
    fn name_by_place(&mut self, place: &place::Place) {
        let provenance = &mut self.provenance;
        if !provenance.actors.is_empty() || !provenance.campaigns.is_empty() {
            return;
        }
        provenance.actors.extend(place.actor.clone());
        provenance.campaigns.extend(place.campaign.clone());
        provenance.named_by_place = place.actor.is_some() || place.campaign.is_some();
    }

    fn json(&mut self, value: &serde_json::Value, said: &ListAs, place: &place::Place) {
        if let Some(list) = warninglist::read(&self.provenance.list, value) {
            self.intake.warnings.push(list);
        } else if stix::is_bundle(value) {
            let objects = value["objects"].as_array().map_or(&[][..], Vec::as_slice);
            self.stix(&objects.iter().collect::<Vec<_>>(), said, place);
        } else if let Some(objects) = value.as_array().filter(|all| all.iter().any(stix::is_object))
        {
            self.stix(&objects.iter().collect::<Vec<_>>(), said, place);
        } else if stix::is_object(value) {
            self.stix(&[value], said, place);
        } else if misp::events(value).next().is_some() {
            self.misp(value, said, place);
        } else {
            self.lose(0, "JSON that is no STIX, no MISP event and no warning list", "");
        }
    }

    fn json_lines(&mut self, text: &str, said: &ListAs, place: &place::Place) {
        let mut objects = Vec::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str::<serde_json::Value>(line) {
                Ok(value) if stix::is_object(&value) => objects.push(value),
                Ok(value) => match misp::events(&value).next() {
                    Some(_) => self.misp(&value, said, place),
                    None => self.lose(i as u32 + 1, "JSON that is no STIX object", line),
                },
                Err(error) => self.lose(i as u32 + 1, &format!("invalid JSON: {error}"), line),
            }
        }
        self.stix(&objects.iter().collect::<Vec<_>>(), said, place);
    }

    /// Adds an indicator that is said to be of a type, in whichever way it is written.
    fn add(
        &mut self,
        ty: IndicatorType,
        text: &str,
        validity: Validity,
        comment: &str,
        place: u32,
    ) {
        let live = canonical::refang(text.trim());
        // Lists call ranges addresses, ports a part of a host, and links domains.
        if ty == IndicatorType::Address && live.contains(['/', '-']) || ty == IndicatorType::Network
        {
            match canonical::networks(&live) {
                Some(all) => all.iter().for_each(|(address, length)| {
                    self.push(
                        IndicatorType::Network,
                        &format!("{address}/{length}"),
                        validity,
                        comment,
                        place,
                    );
                }),
                None => self.add_guessed(ty, &live, validity, comment, place),
            }
            return;
        }
        match canonical::of(ty, &live) {
            Some(value) => self.push(ty, &value, validity, comment, place),
            None => self.add_guessed(ty, &live, validity, comment, place),
        }
    }

    /// What is not what it is called may show what it is.
    fn add_guessed(
        &mut self,
        ty: IndicatorType,
        text: &str,
        validity: Validity,
        comment: &str,
        place: u32,
    ) {
        match canonical::guess(text) {
            Some((other, value)) => self.push(other, &value, validity, comment, place),
            None => self.lose(place, &format!("called {ty}, but it is none"), text),
        }
    }

    fn push(
        &mut self,
        ty: IndicatorType,
        value: &str,
        validity: Validity,
        comment: &str,
        place: u32,
    ) {
        let new = NewEntry { ty, value, validity, comment, place };
        if !self.intake.set.push(&self.provenance, new) {
            self.lose(place, "there is no room for more indicators (limit)", value);
        }
    }

    fn lose(&mut self, place: u32, reason: &str, text: &str) {
        let intake = &mut *self.intake;
        if intake.losses.len() >= LOSSES_MAX {
            intake.losses_not_listed += 1;
            return;
        }
        let text = text.trim();
        intake.losses.push(Loss {
            list: self.provenance.list.clone(),
            place,
            reason: reason.to_owned(),
            text: text[..text.floor_char_boundary(SHOWN_BYTES)].to_owned(),
        });
    }
}
