//! When a record happened, by its own word: `mapping/times.tsv`.

use blanik_model::{Timestamp, Type, Value};

use super::lookup::{Key, NameMap, forever};
use super::table::rows;
use crate::clock::access;
use crate::mapping::{Mapping, TimeFormat};

const TABLE: &str = include_str!("../../mapping/times.tsv");

/// How a candidate is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Text,
    Zoned,
    Epoch,
    Seconds,
    Dotnet,
    Pattern(&'static str),
    Access,
}

/// A field that may hold the time.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Its name.
    pub field: Key,
    how: How,
}

/// The candidates of each shape, best first.
#[derive(Debug)]
pub(crate) struct Times(NameMap<Vec<Candidate>>);

impl Times {
    pub fn new(mapping: &Mapping) -> Self {
        let mut times: NameMap<Vec<Candidate>> = NameMap::default();
        for format in &mapping.formats {
            let Some((fields, written)) = &format.time else { continue };
            let how = match written {
                TimeFormat::Text => How::Text,
                TimeFormat::Epoch => How::Epoch,
                TimeFormat::Pattern(pattern) => How::Pattern(forever(pattern)),
            };
            let candidate = |field: &String| Candidate { field: forever(field).into(), how };
            times.insert(format.shape_name().into(), fields.iter().map(candidate).collect());
        }
        for [shape, field, how] in rows(TABLE, ["shape", "field", "how"]) {
            let how = match how {
                "text" => How::Text,
                "zoned" => How::Zoned,
                "epoch" => How::Epoch,
                "seconds" => How::Seconds,
                "dotnet" => How::Dotnet,
                "access" => How::Access,
                _ => panic!("no way to read a time: {how}"),
            };
            times.entry(shape.into()).or_default().push(Candidate { field: field.into(), how });
        }
        Times(times)
    }

    /// Those of a shape; those of `other` if it has none.
    pub fn of(&self, shape: &str) -> &[Candidate] {
        self.0.get(shape).or_else(|| self.0.get("other")).map_or(&[], |c| c)
    }
}

impl Candidate {
    /// The time a value names.
    pub fn read(&self, value: Value<'_>) -> Option<Timestamp> {
        // Of several times, the first.
        let value = value.scalars().next()?;
        let text = match value.ty {
            Type::String | Type::Number => value.text.trim(),
            _ => return None,
        };
        match self.how {
            How::Text => written(text),
            How::Zoned if names_zone(text) => written(text),
            How::Zoned => None,
            How::Epoch => epoch(text),
            How::Seconds => epoch(text).or_else(|| written(text)),
            How::Pattern(pattern) => Timestamp::parse_as(text, pattern),
            How::Access => access(text.as_bytes()).map(|(time, _)| time),
            How::Dotnet => dotnet(text.strip_prefix("/Date(")?.strip_suffix(")/")?),
        }
    }
}

fn written(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    Timestamp::parse(text).or_else(|| {
        let (clock, zone) =
            text.rsplit_once(' ').filter(|(_, zone)| zone.starts_with(['+', '-']))?;
        Timestamp::parse(&format!("{clock}{zone}"))
    })
}

fn names_zone(text: &str) -> bool {
    let after_time = text.get(19..).unwrap_or("");
    after_time.ends_with(['Z', 'z'])
        || after_time.ends_with(" UTC")
        || after_time.contains(['+', '-'])
}

/// Seconds since 1970; a whole number too long for them is in milli-, micro- or nanoseconds.
fn epoch(text: &str) -> Option<Timestamp> {
    match text.len() {
        13 if is_whole(text) => epoch_in(text, 1_000_000),
        16 if is_whole(text) => epoch_in(text, 1_000),
        19 if is_whole(text) => epoch_in(text, 1),
        _ => Timestamp::from_decimal_seconds(text),
    }
}

/// Milliseconds since 1970 in UTC; a zone behind them says where the writer's clock stood.
fn dotnet(text: &str) -> Option<Timestamp> {
    let zone = text.rfind(['+', '-']).filter(|at| *at > 0);
    epoch_in(&text[..zone.unwrap_or(text.len())], 1_000_000)
}

fn is_whole(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn epoch_in(text: &str, nanos_each: i64) -> Option<Timestamp> {
    text.parse::<i64>().ok()?.checked_mul(nanos_each).map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_write_a_time() {
        for (how, text, want) in [
            (How::Text, "2020-09-02 11:25:53.243421 UTC", "2020-09-02T11:25:53.243421Z"),
            (How::Text, "2020-09-02T11:25:53.2434215Z", "2020-09-02T11:25:53.2434215Z"),
            (How::Text, "2021-12-13 12:49:23.500 +01:00", "2021-12-13T11:49:23.5Z"),
            (How::Text, "yesterday", ""),
            (How::Zoned, "2020-09-02 11:25:53", ""),
            (How::Zoned, "2020-09-02T11:25:53Z", "2020-09-02T11:25:53Z"),
            (How::Zoned, "2020-09-02T11:25:53+02:00", "2020-09-02T09:25:53Z"),
            (How::Seconds, "1517336042.279652", "2018-01-30T18:14:02.279652Z"),
            (How::Seconds, "1517336042279", "2018-01-30T18:14:02.279Z"),
            (How::Seconds, "2018-03-24T17:15:20.6Z", "2018-03-24T17:15:20.6Z"),
            (How::Seconds, "99999999999999999999", ""),
            (How::Dotnet, "/Date(1603418699430)/", "2020-10-23T02:04:59.43Z"),
            (How::Dotnet, "/Date(x)/", ""),
            (How::Dotnet, "/Date(1603418699430+0200)/", "2020-10-23T02:04:59.43Z"),
            (How::Dotnet, "/Date(-1000)/", "1969-12-31T23:59:59Z"),
            (How::Access, "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36Z"),
            (How::Epoch, "1603490845.12", "2020-10-23T22:07:25.12Z"),
            (How::Epoch, "1603490845120", "2020-10-23T22:07:25.12Z"),
            (How::Epoch, "2020-09-02T11:25:53Z", ""),
        ] {
            let got = Candidate { field: "x".into(), how }.read(Value::string(text));
            assert_eq!(got.map_or(String::new(), |t| t.to_string()), want, "{text}");
        }
    }
}
