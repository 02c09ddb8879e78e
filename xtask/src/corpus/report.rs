//! What is told of an input: digest, size, events, and its rates beside the originals'.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::sink::{Written, digest_of};
use super::tally::Rate;

/// Fields shown, those that occur most.
const SHOWN: usize = 40;
/// Fields with fewer distinct values expected have no rate to speak of.
const DISTINCT_MIN: f64 = 20.0;

/// An input that was made.
#[derive(Debug, Default)]
pub struct Made {
    /// Its folder's name.
    pub name: String,
    /// Its files.
    pub files: Vec<Written>,
    /// Events in it.
    pub events: u64,
    /// Rates: of the originals, and of this.
    pub rates: Vec<Compared>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// A field's rate before and after.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The field.
    pub name: String,
    /// In the originals.
    pub original: Rate,
    /// In the expansion.
    pub here: Rate,
    /// True if its values are a vocabulary, which stays.
    pub kept: bool,
}

impl Compared {
    /// All fields of the originals.
    pub fn all(
        original: &BTreeMap<String, Rate>,
        here: &BTreeMap<String, Rate>,
        kept: impl Fn(&str, Rate) -> bool,
    ) -> Vec<Compared> {
        let one = |(name, &original): (&String, &Rate)| Compared {
            here: here.get(name).copied().unwrap_or_default(),
            kept: kept(name, original),
            name: name.clone(),
            original,
        };
        original.iter().map(one).collect()
    }

    /// How far the rate is off: 0.1 is a tenth. None where there is no rate to keep.
    fn off(&self) -> Option<f64> {
        let expected = self.original.rate() * self.here.values as f64;
        let has_rate = !self.kept && expected >= DISTINCT_MIN;
        has_rate.then(|| self.here.rate() / self.original.rate() - 1.0)
    }
}

impl Made {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The digest of all files.
    pub fn digest(&self) -> String {
        match &self.files[..] {
            [file] => file.digest.clone(),
            files => digest_of(files),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {} bytes, {} files, {} events\nsha256 {}\n",
            self.name,
            self.bytes(),
            self.files.len(),
            self.events,
            self.digest()
        );
        for note in &self.notes {
            writeln!(text, "{note}").expect("writing to memory");
        }
        text.push_str(&self.rates_text());
        text
    }

    fn rates_text(&self) -> String {
        let mut rows: Vec<&Compared> = self.rates.iter().filter(|r| r.here.values > 0).collect();
        if rows.is_empty() {
            return String::new();
        }
        rows.sort_by(|a, b| b.here.values.cmp(&a.here.values).then(a.name.cmp(&b.name)));
        let mut text = format!(
            "{:32} {:>9} {:>9} {:>9} {:>9}\n",
            "field", "values", "originals", "here", "off"
        );
        for row in rows.iter().filter(|r| !r.kept).take(SHOWN) {
            let off = row.off().map_or("-".to_owned(), |off| format!("{:+.1} %", off * 100.0));
            let (was, is) = (row.original.rate() * 100.0, row.here.rate() * 100.0);
            writeln!(
                text,
                "{:32} {:>9} {was:>7.3} % {is:>7.3} % {off:>9}",
                row.name, row.here.values
            )
            .expect("writing to memory");
        }
        let with_rate: Vec<(&str, f64)> =
            rows.iter().filter_map(|row| Some((row.name.as_str(), row.off()?))).collect();
        let far: Vec<&(&str, f64)> = with_rate.iter().filter(|(_, off)| off.abs() > 0.1).collect();
        writeln!(
            text,
            "{} fields with a rate to keep, {} further off than a tenth; {} keep their vocabulary",
            with_rate.len(),
            far.len(),
            rows.iter().filter(|r| r.kept).count()
        )
        .expect("writing to memory");
        for (name, off) in far.iter().take(SHOWN) {
            writeln!(text, "  {name} {:+.1} %", off * 100.0).expect("writing to memory");
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let rate = |row: &Compared| {
            serde_json::json!({
                "field": row.name, "kept": row.kept,
                "original_values": row.original.values, "original_distinct": row.original.distinct,
                "values": row.here.values, "distinct": row.here.distinct,
            })
        };
        serde_json::json!({
            "name": self.name, "bytes": self.bytes(), "events": self.events,
            "sha256": self.digest(), "files": self.files.len(), "notes": self.notes,
            "rates": self.rates.iter().map(rate).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_is_off_is_named() {
        let rate = |values, distinct| Rate { values, distinct };
        let row = |name: &str, here, kept| Compared {
            name: name.into(),
            original: rate(1000, 100),
            here,
            kept,
        };
        let rates = vec![
            row("near", rate(2000, 205), false),
            row("far", rate(2000, 300), false),
            row("vocabulary", rate(2000, 100), true),
        ];
        let file = Written { name: "f".into(), bytes: 5, digest: "d".into() };
        let text = Made { files: vec![file], rates, ..Made::default() }.text();
        assert!(
            text.contains("2 fields with a rate to keep, 1 further off than a tenth; 1 keep"),
            "{text}"
        );
        assert!(text.contains("  far +50.0 %"), "{text}");
    }
}
