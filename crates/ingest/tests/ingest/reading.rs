//! Reads inputs to the end and keeps what came, as text that a test can compare.

use std::path::Path;

use blanik_ingest::{
    Decoder, Digested, Feeder, Hint, Input, Options, Origin, Record, RecordSink, Rejection,
    Severity,
};

/// What one reading gave.
#[derive(Default)]
pub struct Reading {
    /// `source#number hint a=1 b="x"`, per record.
    pub records: Vec<String>,
    /// Names and shown values, per record.
    pub fields: Vec<Vec<(String, String)>>,
    pub count: u64,
    pub raw: Vec<Vec<u8>>,
    pub rejections: Vec<Rejection>,
    pub sources: Vec<String>,
    pub any_missing: bool,
    pub digests: Vec<Digested>,
    /// Keep the records' text; otherwise they are only counted.
    keep: bool,
}

impl RecordSink for Reading {
    fn record(&mut self, record: &Record, hint: Hint<'_>, origin: Origin<'_>) {
        self.count += 1;
        if !self.keep {
            return;
        }
        let span = origin.span.start as usize..origin.span.end as usize;
        self.raw.push(origin.raw[span].to_vec());
        let shown = |(name, value): (&str, blanik_model::Value<'_>)| (name.into(), value.display());
        self.fields.push(record.iter().map(shown).collect());
        let hint = match hint {
            Hint::Json => "json".to_owned(),
            Hint::WindowsXmlShape => "windows".to_owned(),
            Hint::Zeek { path } => format!("zeek/{path}"),
            Hint::Text { log, .. } => format!("text/{log}"),
        };
        let mut line = format!("{}#{} {hint}", origin.source.0, origin.number);
        for (name, value) in record.iter() {
            line.push_str(&format!(" {name}={}", serde_json::to_string(&value).expect("ok")));
        }
        self.records.push(line);
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }
}

impl Reading {
    /// Reads the paths.
    pub fn of(paths: &[&Path], options: Options, keep: bool) -> Reading {
        let inputs = paths.iter().map(|p| Input::Path(p.to_path_buf())).collect();
        Reading::of_inputs(inputs, options, keep)
    }

    /// Reads the inputs.
    pub fn of_inputs(inputs: Vec<Input>, options: Options, keep: bool) -> Reading {
        let mut feeder = Feeder::new(inputs, options);
        let mut decoder = Decoder::new();
        let mut reading = Reading { keep, ..Reading::default() };
        for (seq, block) in (0..).zip(feeder.by_ref()) {
            assert_eq!(block.seq, seq, "blocks are numbered without gaps");
            decoder.decode(&block, &mut reading);
        }
        reading.rejections.extend(feeder.rejections());
        reading.sources = feeder.sources().iter().map(|s| s.to_string()).collect();
        reading.any_missing = feeder.any_missing();
        reading.digests = feeder.digests();
        reading
    }

    /// `severity file: place: reason (lost)`, sources without their folder.
    pub fn problems(&self) -> Vec<String> {
        let show = |r: &Rejection| {
            let severity = match r.severity {
                Severity::Note => "note",
                Severity::Skipped => "skipped",
                Severity::Loss => "loss",
                Severity::Missing => "missing",
            };
            let source = &self.sources[r.source.0 as usize];
            let file = source.split('/').next_back().unwrap_or(source);
            format!("{severity} {file}: {}: {} ({})", r.place, r.reason, r.lost)
        };
        self.rejections.iter().map(show).collect()
    }
}
