//! Reading by layout is the fast path of reading by names: each event must be the same, whatever was
//! left out of it because nobody asked. The slow twin here is [`Normaliser::normalise`] on every
//! record, without any layout.

use std::collections::BTreeMap;
use std::sync::Arc;

use blanik_ingest::{
    Batcher, Decoder, Feeder, Format, Hint, Input, Normalised, Normaliser, Options, Origin, Place,
    Record, RecordSink, Rejection, VALUE_BYTES_MAX,
};
use blanik_model::{
    EventBatch, Everything, Interest, Interests, Kind, OwnedValue, TextSearch, Timestamp, Value,
};
use proptest::prelude::*;

use crate::data;

/// Fields asked for: of the generated logs and of real ones, and of no log.
const ASKED: [&str; 22] = [
    "Channel",
    "CommandLine",
    "EventID",
    "Hashes",
    "Image",
    "MESSAGE",
    "Parameters",
    "ParentImage",
    "Status",
    "TargetObject",
    "a",
    "b.c",
    "category",
    "dns.rrname",
    "id.orig_h",
    "l",
    "nowhere",
    "query",
    "requestParameters",
    "status",
    "uid",
    "x\u{10d}",
];
/// Texts for which the other values are asked for.
const TEXTS: [&str; 4] = ["mimikatz", "c:\\evil", "lsadump::", "kerberos"];

/// A few fields of each kind, and the other values where a text stands if so asked.
struct Few {
    with_rest: bool,
}

impl Interests for Few {
    fn of(&self, _: &Kind) -> Interest {
        let texts = TEXTS.iter().map(|text| text.as_bytes().into()).collect();
        Interest::Fields {
            names: ASKED.iter().map(|name| Arc::from(*name)).collect(),
            rest: self.with_rest.then(|| Arc::new(TextSearch::new(texts))),
            also: None,
        }
    }
}

/// Damages of each log.
const DAMAGES: usize = 10;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Everything,
    Few,
    FewAndTexts,
}

const EACH: [Asked; 3] = [Asked::Everything, Asked::Few, Asked::FewAndTexts];

/// An event as it was read by its names.
struct Event {
    number: u64,
    kind: Arc<Kind>,
    time: Option<Timestamp>,
    fields: BTreeMap<String, OwnedValue>,
    /// With each value of a name that stands more than once.
    values: Vec<OwnedValue>,
    raw: Vec<u8>,
}

/// Reads every record by its names: it never learns a layout.
struct ByName {
    normaliser: Arc<Normaliser>,
    normalised: Normalised,
    order: u64,
    events: BTreeMap<u64, Event>,
    rejections: Vec<Rejection>,
}

impl RecordSink for ByName {
    fn record(&mut self, record: &Record, hint: Hint<'_>, origin: Origin<'_>) {
        self.normaliser.normalise(record, hint, &mut self.normalised);
        let Normalised { kind, time, fields, .. } = &self.normalised;
        if let Err(overfull) = fields.whole() {
            let reason = format!("once its fields were named, {overfull}");
            let place = Place::Record(origin.number);
            self.rejections.push(Rejection::loss(origin.source, place, 1, reason));
            return;
        }
        let span = origin.span.start as usize..origin.span.end as usize;
        let own = |(name, value): (&str, Value<'_>)| (name.to_owned(), bounded(value));
        let event = Event {
            number: origin.number,
            kind: Arc::clone(kind),
            time: *time,
            fields: fields.iter().map(own).collect(),
            values: fields.iter().map(|(_, value)| bounded(value)).collect(),
            raw: origin.raw[span].to_vec(),
        };
        self.events.insert(self.order, event);
        self.order += 1;
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }
}

/// What a comparison came across, so that a test can say that it compared something.
#[derive(Debug, Default)]
struct Compared {
    events: usize,
    rejections: usize,
    /// Rows that lack values of their event: only what is read by layout does.
    by_layout: usize,
    /// Rows in which a text was found.
    with_text: usize,
}

/// Reads the same blocks both ways; one block in `every`.
fn compare(inputs: Vec<Input>, options: Options, asked: Asked, every: u64) -> Compared {
    let with_rest = asked == Asked::FewAndTexts;
    let interests: Arc<dyn Interests> = match asked {
        Asked::Everything => Arc::new(Everything),
        Asked::Few | Asked::FewAndTexts => Arc::new(Few { with_rest }),
    };
    let normaliser = Arc::new(Normaliser::new());
    let mut by_name = ByName {
        normaliser: Arc::clone(&normaliser),
        normalised: Normalised::default(),
        order: 0,
        events: BTreeMap::new(),
        rejections: Vec::new(),
    };
    let mut decoder = Decoder::new();
    let mut batcher = Batcher::new(normaliser, interests);
    let mut compared = Compared::default();
    for block in Feeder::new(inputs, options).by_ref() {
        if block.seq % every != 0 {
            continue;
        }
        by_name.order = block.seq << 28;
        decoder.decode(&block, &mut by_name);
        batcher.take(&block);
        let rejections = batcher.take_rejections();
        compared.rejections += rejections.len();
        assert_eq!(rejections, std::mem::take(&mut by_name.rejections));
        if batcher.is_full() {
            compare_held(&mut batcher, &mut by_name, with_rest, &mut compared);
        }
    }
    compare_held(&mut batcher, &mut by_name, with_rest, &mut compared);
    assert_eq!(batcher.records(), compared.events as u64);
    compared
}

fn compare_held(
    batcher: &mut Batcher,
    by_name: &mut ByName,
    with_rest: bool,
    compared: &mut Compared,
) {
    for batch in batcher.drain() {
        let rest = rest_by_row(&batch);
        for (row, rest) in rest.iter().enumerate() {
            let at = &batch.rows()[row];
            let event = by_name.events.remove(&at.order).expect("an event has one row");
            let context = || shown(&event);
            assert_eq!(batch.kind(), &event.kind, "{}", context());
            assert_eq!((at.record, at.time), (event.number, event.time), "{}", context());
            same_columns(&batch, row, &event);
            if batch.is_partial() {
                same_rest(&batch, rest, &event, with_rest, compared);
                // As many as are worth the time, and all of a small log.
                if compared.events < 2_000 || at.order % 61 == 0 {
                    let whole = batcher.whole(&batch, row).expect("the batch is the last one's");
                    let fields = fields(&whole, 0).into_iter();
                    let fields: BTreeMap<_, _> =
                        fields.map(|(name, value)| (name, bounded(value.get()))).collect();
                    assert_eq!(whole.kind(), &event.kind, "{}", context());
                    assert_eq!(fields, event.fields, "{}", context());
                    assert_eq!(&*batcher.text(&batch, row), &event.raw[..]);
                    batcher.recycle_whole(whole);
                }
            }
            if !batch.is_partial() {
                assert_eq!(&*batcher.text(&batch, row), &event.raw[..]);
            }
            compared.events += 1;
        }
        batcher.recycle(batch);
    }
    assert!(by_name.events.is_empty(), "an event has a row");
}

/// The row's columns have what the event has under their names; a batch of all fields has them all.
fn same_columns(batch: &EventBatch, row: usize, event: &Event) {
    let partial = batch.is_partial();
    let is_column = |name: &str| !partial || batch.column(name).is_some();
    let expected: BTreeMap<_, _> = event
        .fields
        .iter()
        .filter(|(name, _)| is_column(name))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    assert_eq!(fields(batch, row), expected, "{}", shown(event));
    if partial {
        let lacking = ASKED.iter().find(|name| batch.column(name).is_none());
        assert_eq!(lacking, None, "each field asked for is a column");
    }
}

/// The values that are in no column: each that a text stands in, and all of them where a text stands
/// in the record.
fn same_rest(
    batch: &EventBatch,
    rest: &[OwnedValue],
    event: &Event,
    with_rest: bool,
    compared: &mut Compared,
) {
    let others = event.fields.iter().filter(|(name, _)| batch.column(name).is_none());
    let others: Vec<&OwnedValue> = others.map(|(_, value)| value).collect();
    let raw = String::from_utf8_lossy(&event.raw).to_lowercase();
    for value in rest {
        assert!(event.values.contains(value), "{value:?} is no value of {raw}");
    }
    compared.by_layout += usize::from(rest.len() < others.len());
    if !with_rest {
        assert!(rest.is_empty(), "nobody asked");
        return;
    }
    let in_json = |text: &str| raw.starts_with('{') && raw.contains(&text.replace('\\', "\\\\"));
    let whole = TEXTS.iter().any(|text| raw.contains(text) || in_json(text));
    compared.with_text += usize::from(whole);
    for value in others {
        let lower = value.get().text.to_lowercase();
        if whole || TEXTS.iter().any(|text| lower.contains(text)) {
            assert!(rest.contains(value), "{value:?} is missing of {raw}");
        }
    }
}

fn fields(batch: &EventBatch, row: usize) -> BTreeMap<String, OwnedValue> {
    batch.fields(row).map(|(name, value)| (name.to_string(), value.to_owned())).collect()
}

fn rest_by_row(batch: &EventBatch) -> Vec<Vec<OwnedValue>> {
    let mut rows = vec![Vec::new(); batch.len()];
    let rest = batch.rest();
    for i in 0..rest.len() {
        rows[rest.row_of(i)].push(rest.value(i).to_owned());
    }
    rows
}

/// A value as a batch holds it. An event read again has its values whole.
fn bounded(value: Value<'_>) -> OwnedValue {
    let end = value.text.floor_char_boundary(VALUE_BYTES_MAX);
    Value { text: &value.text[..end], ..value }.to_owned()
}

fn shown(event: &Event) -> String {
    String::from_utf8_lossy(&event.raw[..event.raw.len().min(2000)]).into_owned()
}

fn log(bytes: Vec<u8>) -> Vec<Input> {
    vec![Input::Bytes { name: "log".into(), bytes: bytes.into() }]
}

fn of_format(format: Format) -> Options {
    Options { format: Some(format), ..Options::default() }
}

/// A value as JSON writes it, or fails to.
fn json_value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        r#""""#,
        r#""plain""#,
        r#""PLAIN text, {not} [a] list: 1""#,
        r#""C:\\x\\\"y\"""#,
        r#""c:\\evil\\MimiKatz.exe""#,
        r#""C:\\EVIL""#,
        r#""mimi\u006batz""#,
        r#""mimikatz""#,
        r#""a\/b""#,
        r#""\u0041\u010d\t\n""#,
        r#""\ud83d\ude00""#,
        r#""\ud800""#,
        r#""\x""#,
        "\"\u{10c}au\u{10d}AU\"",
        "\"\u{212A}erberos::list\"",
        r#""KERBEROS""#,
        "\"a\tb\"",
        r#""4688""#,
        r#""0x1f4""#,
        r#""2024-05-06T07:08:09Z""#,
        r#""S-1-5-18""#,
        r#""-""#,
        "0",
        "-0",
        "1.50",
        "1E5",
        "1e999",
        "18446744073709551617",
        "7.0",
        "4688",
        "01",
        "1.",
        "-",
        "true",
        "false",
        "null",
        "tru",
        "[]",
        r#"[1,"x",true]"#,
        r#"["a\\b\"c", null,2.50]"#,
        r#"["mimikatz"]"#,
        "[[1],[2,[]]]",
        r#"[{"b":1},{"b":2,"c":"x"}]"#,
        r#"[{"c":"mimikatz"},3]"#,
        "[1,]",
        "[{}]",
        "{}",
        r#"{"x":1}"#,
        r#"{"c":"deep"}"#,
        r#"{"c":{"x":"mimikatz"},"d":[1]}"#,
        r#"{"x":1,"x":2}"#,
        r#"{"x":[{"y":"C:\\evil"}]}"#,
    ])
}

fn json_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "b.c",
        "c",
        "l",
        "x\u{10d}",
        r"x\u010d",
        "",
        "EventID",
        "Channel",
        "Image",
        "@timestamp",
        "_path",
        "event_type",
        "Payload",
        "_source",
        "uid",
        "ts",
    ])
}

/// Names and values of a record as the values' owner spells it.
#[derive(Clone, Debug)]
struct Shape {
    names: Vec<&'static str>,
    spaced: bool,
}

fn any_records() -> impl Strategy<Value = String> {
    let shape = (prop::collection::vec(json_name(), 1..7), any::<bool>())
        .prop_map(|(names, spaced)| Shape { names, spaced });
    let line = (0..8_usize, prop::collection::vec(json_value(), 7), 0..24_u8);
    let few_shapes = prop::collection::vec(shape, 1..4);
    (few_shapes, prop::collection::vec(line, 1..40)).prop_map(|(shapes, lines)| {
        lines
            .into_iter()
            .map(|(i, values, oddity)| {
                let shape = &shapes[i % shapes.len()];
                let (colon, comma) = if shape.spaced { (": ", ", ") } else { (":", ",") };
                let fields = shape.names.iter().zip(values);
                let fields: Vec<_> =
                    fields.map(|(name, value)| format!("\"{name}\"{colon}{value}")).collect();
                let object = format!("{{{}}}", fields.join(comma));
                match oddity {
                    0 => object[..object.floor_char_boundary(object.len() / 2)].to_owned(),
                    1 => format!("{object} "),
                    2 => format!("{object}}}"),
                    3 => format!(" {}", object.replace(',', " , ")),
                    4 => "[1]".into(),
                    _ => object,
                }
            })
            .collect::<Vec<_>>()
            .join("\n")
    })
}

/// Windows events: their kind depends on values, and fields are derived from others.
fn windows_records() -> impl Strategy<Value = String> {
    let channel = prop::sample::select(vec![
        "Security",
        "Microsoft-Windows-Sysmon/Operational",
        "System",
        "MICROSOFT-WINDOWS-SYSMON/OPERATIONAL",
        "Nobody/Knows",
    ]);
    let id = prop::sample::select(vec![
        "1", "12", "13", "14", "4688", "4624", "4657", "\"4688\"", "\"12\"", "12.0", "7045",
        "\"x\"", "null",
    ]);
    let change = prop::sample::select(vec![
        "CreateKey",
        "DeleteKey",
        "SetValue",
        "DeleteValue",
        "createkey",
        "",
    ]);
    let fields = prop::collection::vec(json_value(), 6);
    let record = (channel, id, change, fields, 0..6_u8, any::<bool>());
    prop::collection::vec(record, 1..50).prop_map(|records| {
        let record = |(channel, id, change, v, shape, swapped): (&str, &str, &str, Vec<&str>, u8, bool)| {
            let mut data = [
                format!("\"NewProcessName\":{}", v[0]),
                format!("\"CommandLine\":{}", v[1]),
                format!("\"ProcessId\":{}", v[2]),
                format!("\"TargetObject\":{}", v[3]),
                format!("\"EventType\":\"{change}\""),
                format!("\"SubjectUserSid\":{}", v[4]),
            ];
            if swapped {
                data.reverse();
            }
            let data = data.join(",");
            let data_short = format!("\"Image\":{},\"EventType\":\"{change}\"", v[5]);
            match shape {
                0 => format!("{{\"EventID\":{id},\"Channel\":\"{channel}\",\"Hostname\":\"WS\",{data}}}"),
                1 => format!(
                    "{{\"EventID\":{id},\"Channel\":\"{channel}\",\"SourceName\":\"x\",{data_short}}}"
                ),
                2 => format!(
                    "{{\"Event\":{{\"System\":{{\"EventID\":{id},\"Channel\":\"{channel}\",\"Computer\":\"WS\"}},\
                     \"EventData\":{{{data}}}}}}}"
                ),
                3 => format!(
                    "{{\"winlog\":{{\"channel\":\"{channel}\",\"event_id\":{id},\"event_data\":{{{data}}}}},\
                     \"@timestamp\":\"2024-05-06T07:08:09.000Z\"}}"
                ),
                4 => format!(
                    "{{\"log_name\":\"{channel}\",\"event_id\":{id},\"event_data\":{{{data_short}}}}}"
                ),
                _ => format!("{{\"Channel\":\"{channel}\",{data_short},\"EventID\":{id}}}"),
            }
        };
        records.into_iter().map(record).collect::<Vec<_>>().join("\n")
    })
}

/// Events of clouds and endpoints: objects are given as text, and one value is made of others.
fn cloud_records() -> impl Strategy<Value = String> {
    let template = prop::sample::select(vec![
        r#"{"eventSource":"s3.amazonaws.com","eventName":"X","awsRegion":"r","requestParameters":{"a":$,"b":{"c":$}},"errorCode":$}"#,
        r#"{"eventSource":"s3.amazonaws.com","eventName":"X","awsRegion":"r","requestParameters":$}"#,
        r#"{"Operation":"X","CreationTime":"2023-01-01T00:00:00","Workload":"Exchange","Parameters":[{"Name":"p","Value":$},{"Name":"q","Value":$}],"ResultStatus":$}"#,
        r#"{"time":"2023-01-01T00:00:00Z","category":"SignInLogs","properties":{"status":{"errorCode":$,"additionalDetails":$}}}"#,
        r#"{"time":"2023-01-01T00:00:00Z","category":"AuditLogs","properties":{"category":$,"targetResources":{"a":$}}}"#,
        r#"{"ActionType":"ProcessCreated","DeviceName":"h","Timestamp":"2023-01-01T00:00:00Z","MD5":$,"SHA1":$,"FolderPath":$}"#,
        r#"{"__REALTIME_TIMESTAMP":"1700000000000000","MESSAGE":$,"SYSLOG_IDENTIFIER":"sshd"}"#,
        r#"{"event":{"category":["process"],"type":["start"]},"host":{"os":{"type":"linux"},"name":$},"process":{"executable":$}}"#,
    ]);
    let record = (template, prop::collection::vec(json_value(), 3));
    prop::collection::vec(record, 1..50).prop_map(|records| {
        let mut text = String::new();
        for (template, values) in records {
            let mut values = values.into_iter();
            for part in template.split_inclusive('$') {
                text.push_str(part.trim_end_matches('$'));
                if part.ends_with('$') {
                    text.push_str(values.next().unwrap_or("1"));
                }
            }
            text.push('\n');
        }
        text
    })
}

fn zeek_records() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec!["conn", "dns", "http", "files", "unknown_to_all"]);
    let column = prop::sample::select(vec![
        ("ts", "time"),
        ("uid", "string"),
        ("id.orig_h", "addr"),
        ("id.resp_p", "port"),
        ("query", "string"),
        ("user_agent", "string"),
        ("answers", "vector[string]"),
        ("TTLs", "vector[interval]"),
        ("AA", "bool"),
        ("a", "string"),
    ]);
    let value = prop::sample::select(vec![
        "-",
        "(empty)",
        "",
        "x",
        "1715000000.5",
        "T",
        "10.0.0.1",
        "mimikatz",
        r"mimi\x6batz",
        "a,b,-",
        r"a\x09b",
        r"c:\evil",
        "\u{10c}au\u{10d}au",
        "KERBEROS,1.5",
        "1",
        r"\x",
        r"\xff",
    ]);
    let row = prop::collection::vec(value, 6);
    let columns = prop::collection::vec(column, 1..7);
    (path, columns, prop::collection::vec((row, 0..20_u8), 1..40)).prop_map(|(path, columns, rows)| {
        let of = |column: fn(&(&'static str, &'static str)) -> &'static str| {
            columns.iter().map(column).collect::<Vec<_>>().join("\t")
        };
        let mut log = format!(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n\
             #fields\t{}\n#types\t{}\n",
            of(|c| c.0),
            of(|c| c.1)
        );
        for (row, oddity) in rows {
            let width = if oddity == 0 { columns.len() - 1 } else { columns.len() };
            log += &row[..width.min(row.len())].join("\t");
            log += if oddity == 1 { "\t\n" } else { "\n" };
        }
        log
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_json_read_by_layout_is_as_read_by_names(text in any_records(), broken in any::<u16>()) {
        let mut bytes = text.into_bytes();
        // Now and then a byte that is not UTF-8.
        if let (0, Some(byte)) = (broken % 4, bytes.get_mut(broken as usize)) {
            *byte = 0xff;
        }
        for asked in EACH {
            compare(log(bytes.clone()), of_format(Format::Json), asked, 1);
        }
    }

    #[test]
    fn windows_events_read_by_layout_are_as_read_by_names(text in windows_records()) {
        for asked in EACH {
            compare(log(text.clone().into_bytes()), of_format(Format::Json), asked, 1);
        }
    }

    #[test]
    fn cloud_events_read_by_layout_are_as_read_by_names(text in cloud_records()) {
        for asked in EACH {
            compare(log(text.clone().into_bytes()), of_format(Format::Json), asked, 1);
        }
    }

    #[test]
    fn zeek_lines_read_by_layout_are_as_read_by_names(text in zeek_records()) {
        for asked in EACH {
            compare(log(text.clone().into_bytes()), of_format(Format::ZeekTsv), asked, 1);
        }
    }
}

#[test]
fn a_layout_met_again_is_read_by_layout() {
    let line = |n: u32, image: &str| {
        format!(
            "{{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Image\":\"{image}\",\
             \"Company\":\"c{n}\",\"EventType\":\"\"}}\n"
        )
    };
    let mut text: String = (0..50).map(|n| line(n, "x.exe")).collect();
    text += &line(50, "C:\\\\Evil\\\\x.exe");
    let json = of_format(Format::Json);
    let compared = compare(log(text.into_bytes()), json, Asked::FewAndTexts, 1);
    assert_eq!((compared.events, compared.with_text), (51, 1), "{compared:?}");
    assert!((40..=49).contains(&compared.by_layout), "{compared:?}");
}

/// Over real telemetry: a part of the blocks, the same ones on every run.
fn compare_data(name: &str, every: u64) {
    let Some(path) = data::folder(name) else { return };
    for asked in EACH {
        let input = vec![Input::Path(path.clone())];
        let compared = compare(input, Options::default(), asked, every);
        eprintln!("{name}, {asked:?}: {compared:?}");
        assert!(compared.events > 1_000, "{name}: {compared:?}");
        let expected = asked != Asked::Everything;
        assert_eq!(compared.by_layout > 0, expected, "{name}, {asked:?}: {compared:?}");
    }
}

#[test]
fn real_windows_json_read_by_layout() {
    compare_data("windows-json-otrf", 101);
}

#[test]
fn real_windows_evtx_read_by_layout() {
    compare_data("windows-evtx", 19);
}

/// Damage that no checksum betrays: only then are damaged records read by their templates.
#[test]
fn damaged_windows_evtx_read_by_layout() {
    let Some(folder) = data::folder("windows-evtx/evtx-attack-samples/Credential Access") else {
        return;
    };
    let mut state = 1u64;
    let mut draw = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut by_layout = 0;
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder of the data")
        .map(|entry| entry.expect("an entry of it").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "evtx"))
        .collect();
    paths.sort_unstable();
    for path in paths.iter().step_by(3) {
        let whole = std::fs::read(path).expect("a file of the data");
        if whole.len() > 1 << 20 {
            continue;
        }
        for _ in 0..DAMAGES {
            let mut log = whole.clone();
            for chunk in log[4096..].chunks_exact_mut(65_536) {
                let free = u32::from_le_bytes(chunk[48..52].try_into().expect("four bytes"));
                let free = (free as usize).clamp(513, chunk.len());
                for _ in 0..1 + draw(2) {
                    let at = 512 + draw(free - 512);
                    chunk[at] = [0, 1, 0x0f, 0xff, chunk[at] ^ 1, draw(256) as u8][draw(6)];
                }
                close(chunk, free);
            }
            let compared = compare(self::log(log), of_format(Format::Evtx), Asked::Few, 1);
            by_layout += compared.by_layout;
        }
    }
    assert!(by_layout > 100, "{by_layout}");
}

/// Writes the checksums that a chunk has (libevtx, "Windows XML Event Log format", 3).
fn close(chunk: &mut [u8], free: usize) {
    let data = crc32fast::hash(&chunk[512..free]);
    chunk[52..56].copy_from_slice(&data.to_le_bytes());
    let mut header = crc32fast::Hasher::new();
    header.update(&chunk[..120]);
    header.update(&chunk[128..512]);
    chunk[124..128].copy_from_slice(&header.finalize().to_le_bytes());
}

#[test]
fn real_zeek_read_by_layout() {
    compare_data("zeek", 3);
}

#[test]
fn real_cloud_logs_read_by_layout() {
    compare_data("cloud", 1);
}

#[test]
fn real_suricata_read_by_layout() {
    compare_data("suricata", 11);
}

#[test]
fn a_long_value_is_cut_at_a_character_and_counted() {
    let long = "\u{10d}".repeat(VALUE_BYTES_MAX / 2 + 1);
    let odd = format!("x{long}");
    let line = |value: &str| format!("{{\"a\":\"{value}\",\"b\":\"{value}\"}}\n");
    let fits = "y".repeat(VALUE_BYTES_MAX);
    // The first two are read by names, the others by their layout.
    let text = [line("1"), line(&long), line(&odd), line(&fits), line(&odd)].concat();
    let lengths = |asked: Arc<dyn Interests>| {
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()), asked);
        let mut feeder = Feeder::new(log(text.clone().into_bytes()), of_format(Format::Json));
        feeder.by_ref().for_each(|block| batcher.take(&block));
        let mut lengths = Vec::new();
        for batch in batcher.drain() {
            for row in 0..batch.len() {
                lengths.push(batch.value(row, "a").map_or(0, |value| value.text.len()));
            }
        }
        (lengths, batcher.truncated())
    };
    let max = VALUE_BYTES_MAX;
    let expected = vec![1, max, max - 1, max, max - 1];
    assert_eq!(lengths(Arc::new(Everything)), (expected.clone(), 6));
    // A value that nobody asks for is not taken, and not counted.
    assert_eq!(lengths(Arc::new(Few { with_rest: false })), (expected, 3));
}
