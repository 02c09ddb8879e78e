//! Rows with a header, as CSV: each column's name says what stands in it.

use blanik_detect::indicators::canonical;
use blanik_detect::indicators::pattern::Pattern;
use blanik_model::{IndicatorType, Timestamp, Tlp, Validity};

use super::List;
use super::attribute::{Called, called};
use super::stix::day_or_time;

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Value,
    /// Values of the type that the header names.
    Typed(Called),
    Type,
    Pattern,
    Comment,
    Tlp,
    Date,
    From,
    Until,
    Confidence,
    Grade,
    Actor,
    Campaign,
    Source,
}

/// Columns of a header.
const COLUMNS_MAX: usize = 256;

fn role(header: &str) -> Option<Role> {
    let lower = header.trim().trim_matches('"').to_ascii_lowercase();
    let name = lower.rsplit('.').next().unwrap_or(&lower).replace([' ', '-'], "_");
    Some(match name.as_str() {
        "type" | "entity_type" | "ioc_type" | "indicator_type" | "kind" | "category_type" => {
            Role::Type
        }
        "pattern" => Role::Pattern,
        "comment" | "comments" | "notes" | "note" | "description" | "context" | "details" => {
            Role::Comment
        }
        "tlp" => Role::Tlp,
        "date" | "created" | "first_seen" | "firstseen" | "timestamp" | "first_seen_utc"
        | "publication_date" => Role::Date,
        "valid_from" => Role::From,
        "valid_until" | "expiration" | "expires" | "expiry" => Role::Until,
        "confidence" | "score" | "confidence_level" => Role::Confidence,
        "reliability" | "grade" => Role::Grade,
        "apts" | "actor" | "actors" | "threat_actor" | "apt" | "intrusion_set" => Role::Actor,
        "campaign" | "desensitized" | "malware" | "malware_family" | "family"
        | "malware_printable" => Role::Campaign,
        "sources" | "source" | "reporter" => Role::Source,
        _ => match called(&name) {
            Called::Indicator if name != "file" => Role::Value,
            Called::Type(ty) => Role::Typed(Called::Type(ty)),
            _ => return None,
        },
    })
}

/// True if the first line names columns of which one has values.
pub fn has_header(text: &str) -> bool {
    let Some(first) = text.lines().map(str::trim).find(|line| !line.is_empty()) else {
        return false;
    };
    let first = first.trim_start_matches('#');
    let Some(mark) = mark(first) else { return false };
    let cells = first.split(mark as char);
    let is_value = |role: Role| matches!(role, Role::Value | Role::Typed(_) | Role::Pattern);
    first.len() < 4096 && cells.filter_map(role).any(is_value)
}

/// What divides the cells.
fn mark(header: &str) -> Option<u8> {
    [b',', b';', b'\t'].into_iter().find(|mark| header.as_bytes().contains(mark))
}

impl List<'_> {
    /// Reads a table that [has a header](has_header).
    pub(super) fn table(&mut self, text: &str) {
        let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(mark(header).unwrap_or(b','))
            .flexible(true)
            .comment(None)
            .from_reader(text.as_bytes());
        let Ok(headers) = reader.headers() else { return self.lose(1, "no header", header) };
        let roles: Vec<Option<Role>> = headers
            .iter()
            .take(COLUMNS_MAX)
            .map(|name| role(name.trim_start_matches(['#', ' '])))
            .collect();
        let own = self.provenance.clone();
        for (i, row) in reader.records().enumerate() {
            match row {
                Ok(row) => {
                    let place = row.position().map_or(i as u32 + 2, |p| p.line() as u32);
                    let cells: Vec<(Role, &str)> = roles
                        .iter()
                        .zip(row.iter())
                        .filter_map(|(role, cell)| Some(((*role)?, cell.trim())))
                        .filter(|(_, cell)| !cell.is_empty())
                        .collect();
                    self.row(&cells, place);
                    self.provenance.clone_from(&own);
                }
                Err(error) => self.lose(i as u32 + 2, &format!("no row: {error}"), ""),
            }
        }
    }

    fn row(&mut self, cells: &[(Role, &str)], place: u32) {
        // Where a role stands twice (CERT-FR's events and components), the last is the closest.
        let get =
            |role: Role| cells.iter().rev().find(|(own, _)| *own == role).map(|(_, cell)| *cell);
        let time = |role: Role| get(role).and_then(day_or_time);
        let validity: Validity = Validity {
            date: time(Role::Date),
            valid_from: time(Role::From),
            valid_until: time(Role::Until),
        };
        self.say(&get);
        let comment = get(Role::Comment).unwrap_or("");
        if let Some(pattern) = get(Role::Pattern) {
            return self.pattern(pattern, validity, comment, place);
        }
        let mut any = false;
        for (role, cell) in cells {
            let called = match role {
                Role::Value => get(Role::Type).map_or(Called::Indicator, called),
                Role::Typed(called) => *called,
                _ => continue,
            };
            any = true;
            self.cell(called, cell, validity, comment, place, get(Role::Type));
        }
        if !any {
            self.lose(place, "a row without a value", comment);
        }
    }

    /// What the row says of its indicators.
    fn say<'c>(&mut self, get: &impl Fn(Role) -> Option<&'c str>) {
        let provenance = &mut self.provenance;
        provenance.tlp = get(Role::Tlp).and_then(Tlp::read).or(provenance.tlp);
        provenance.confidence = get(Role::Confidence).and_then(|cell| cell.parse().ok());
        if let Some(grade) = get(Role::Grade) {
            provenance.grade = Some(grade.to_owned());
        }
        if let Some(source) = get(Role::Source) {
            source.clone_into(&mut provenance.source);
        }
        // Python's lists: ['APT31', 'APT40'].
        let names = |cell: &str| -> Vec<String> {
            cell.split([',', ';', '[', ']', '\''])
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let (actors, campaign) = (get(Role::Actor).map(names), get(Role::Campaign));
        if actors.is_some() || campaign.is_some() {
            provenance.actors = actors.unwrap_or_default();
            provenance.campaigns = campaign.map(str::to_owned).into_iter().collect();
            provenance.named_by_place = false;
        }
    }

    fn cell(
        &mut self,
        called: Called,
        cell: &str,
        validity: Validity,
        comment: &str,
        place: u32,
        word: Option<&str>,
    ) {
        match called {
            Called::Type(ty) if is_spaced(ty) => self.add(ty, cell, validity, comment, place),
            // One file's hashes stand in one cell.
            Called::Type(ty) => {
                for part in cell.split([',', ';', ' ', '\n']).filter(|part| !part.is_empty()) {
                    self.add(ty, part, validity, comment, place);
                }
            }
            Called::FirstOf(ty) => {
                self.add(ty, cell.split('|').next().unwrap_or(cell), validity, comment, place);
            }
            Called::SecondOf(ty) => {
                self.add(ty, cell.rsplit('|').next().unwrap_or(cell), validity, comment, place);
            }
            Called::Both(first, second) => {
                let (one, other) = cell.split_once('|').unwrap_or((cell, ""));
                self.add(first, one, validity, comment, place);
                if !other.is_empty() {
                    self.add(second, other, validity, comment, place);
                }
            }
            Called::Indicator => {
                for part in cell.split([',', ';', '\n']).filter(|part| !part.trim().is_empty()) {
                    self.shaped(part, validity, comment, place);
                }
            }
            Called::Other => {
                let reason =
                    format!("{} is no indicator that an event can have", word.unwrap_or("this"));
                self.lose(place, &reason, cell);
            }
        }
    }

    /// A value of which only the shape says what it is.
    fn shaped(&mut self, text: &str, validity: Validity, comment: &str, place: u32) {
        let live = canonical::refang(text.trim());
        if super::lines::is_file(&live)
            && let Some(name) = canonical::file_name(&live)
        {
            return self.push(IndicatorType::FileName, &name, validity, comment, place);
        }
        match canonical::guess(&live) {
            Some((ty, value)) => self.push(ty, &value, validity, comment, place),
            None => self.lose(place, "a value of no known shape", text),
        }
    }

    /// A STIX pattern: as the values it stands for, or as it is.
    pub(super) fn pattern(&mut self, text: &str, validity: Validity, comment: &str, place: u32) {
        let pattern = match Pattern::parse(text) {
            Ok(pattern) => pattern,
            Err(error) => return self.lose(place, &format!("no STIX pattern: {error}"), text),
        };
        if let Some(values) = pattern.as_values() {
            for (ty, value) in values {
                self.push(ty, &value, validity, comment, place);
            }
            return;
        }
        if !pattern.is_possible() {
            let unknown = pattern.unknown_paths();
            let reason = format!("the pattern asks for {}, which no event has", unknown.join(", "));
            self.lose(place, &reason, text);
        } else {
            self.push(IndicatorType::Pattern, text, validity, comment, place);
        }
    }
}

/// Values of these types may have blanks in them.
fn is_spaced(ty: IndicatorType) -> bool {
    matches!(
        ty,
        IndicatorType::FileName
            | IndicatorType::FilePath
            | IndicatorType::Mutex
            | IndicatorType::RegistryKey
            | IndicatorType::UserAgent
            | IndicatorType::Url
            | IndicatorType::Ssdeep
            | IndicatorType::Network
    )
}

/// Seconds since 1970 or a day or a time.
pub(super) fn epoch(text: &str) -> Option<Timestamp> {
    text.parse::<i64>().ok().filter(|s| *s > 0).and_then(Timestamp::from_seconds)
}
