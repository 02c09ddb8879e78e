//! What a gatherer works out once a batch, or once a distinct value, is what it would of each row alone.

use std::sync::Arc;

use blanik_case::gather::{About, Gatherer, fields};
use blanik_model::{EventBatch, Kind, ListBuilder, RawBlock, RowTexts, SourceId, Value};
use proptest::prelude::*;

use crate::invented::{WEEK, time};

/// Kinds of which something is asked, of every reader one at least.
const KINDS: [(&str, &str, Option<u32>); 16] = [
    ("zeek", "kerberos", None),
    ("zeek", "smb_mapping", None),
    ("zeek", "dhcp", None),
    ("exchange", "message_tracking", None),
    ("m365", "exchange", None),
    ("zeek", "conn", None),
    ("suricata", "flow", None),
    ("zeek", "smb_files", None),
    ("zeek", "ntlm", None),
    ("linux", "sshd", None),
    ("linux", "postfix", None),
    ("m365", "sharepoint", None),
    ("windows", "sysmon", Some(3)),
    ("windows", "sysmon", Some(11)),
    ("windows", "security", Some(4624)),
    ("windows", "security", Some(5145)),
];

/// Texts that some reader takes for what it looks for, and some that none does. `,` parts a list.
const TEXTS: [&str; 32] = [
    "MailItemsAccessed",
    "MailAccessType",
    "",
    "-",
    "10.0.0.1",
    "10.0.0.2",
    "8.8.8.8",
    "203.0.113.9:443",
    "::1",
    "2001:db8::1",
    "0",
    "80",
    "50000",
    "65536",
    "1200",
    "true",
    "3",
    "10",
    "Accepted",
    "TGS",
    "cifs/FS01",
    "novak/MZV",
    "NOVAK",
    "DC01$",
    "FileDownloaded",
    "https://x/docs/a.docx",
    "c:\\t\\A.ZIP",
    "SMB::FILE_READ",
    "<1@far.example>",
    "10.0.0.1,8.8.8.8",
    "-,80",
    "žluť",
];

/// A row: its hour, its host and account, and which text each of the fields has that are asked for.
type Row = (i64, Option<u8>, Option<u8>, Vec<Option<usize>>);

fn row() -> impl Strategy<Value = Row> {
    let who = || proptest::option::of(0u8..3);
    let texts = proptest::collection::vec(proptest::option::weighted(0.9, 0..TEXTS.len()), 12);
    (0i64..60, who(), who(), texts)
}

fn kind(at: usize) -> Arc<Kind> {
    let (product, service, event_id) = KINDS[at];
    let (product, services) = (Some(product.into()), vec![service.into()]);
    Arc::new(Kind { product, services, categories: vec![], event_id })
}

/// Rows of a kind, the first of which has this number in its log, and the hosts that they are about.
fn batch(kind: &Arc<Kind>, first: usize, rows: &[Row]) -> (EventBatch, RowTexts) {
    let (mut batch, mut hosts) = (EventBatch::new(kind.clone()), RowTexts::default());
    let block: RawBlock = Arc::new(b"raw".to_vec());
    for (i, (hour, host, _, texts)) in rows.iter().enumerate() {
        let number = (first + i) as u64;
        let at = (*hour > 0).then(|| time(WEEK + hour * 1800));
        batch.begin_row(at, SourceId(0), number, number, &block, 0..3);
        for (name, text) in fields(kind).zip(texts) {
            let Some(text) = text.map(|at| TEXTS[at]) else { continue };
            let mut list = ListBuilder::default();
            text.split(',').for_each(|part| list.push(Value::string(part)));
            batch.set(name, if text.contains(',') { list.value() } else { Value::string(text) });
        }
        let host = host.map(|host| hosts.intern(&format!("h{host}.mzv.example")));
        hosts.push(host);
    }
    (batch, hosts)
}

fn gathered(kind: &Arc<Kind>, parts: &[&[Row]], into: &mut Gatherer) {
    let mut first = 0;
    for part in parts {
        let (batch, hosts) = batch(kind, first, part);
        into.take(&batch, &hosts, |row| About {
            account: part[row].2.map(|account| format!("account {account}").into()),
            source: "log",
        });
        first += part.len();
    }
}

fn facts(gatherer: Gatherer) -> (u64, String) {
    (gatherer.not_kept(), serde_json::to_string_pretty(&gatherer.facts()).expect("facts are JSON"))
}

proptest! {
    #[test]
    fn a_batch_says_what_its_rows_say(at in 0..KINDS.len(), rows in proptest::collection::vec(row(), 1..80)) {
        let kind = kind(at);
        let (mut whole, mut single) = (Gatherer::default(), Gatherer::default());
        gathered(&kind, &[&rows], &mut whole);
        let each: Vec<&[Row]> = rows.chunks(1).collect();
        gathered(&kind, &each, &mut single);
        prop_assert_eq!(facts(whole), facts(single));
    }
}
