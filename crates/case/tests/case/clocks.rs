//! Clocks that go wrong: told from what two hosts recorded of the same, the same for any sharing of the work.

use std::sync::Arc;

use blanik_case::Case;
use blanik_case::gather::{About, Gatherer, fields};
use blanik_model::{EventBatch, Fact, Kind, RawBlock, Record, SourceId, Timestamp, Value};

use crate::invented::{WEEK, hosts, time};

fn kind(product: Option<&str>, service: &str) -> Arc<Kind> {
    Arc::new(Kind {
        product: product.map(Into::into),
        services: vec![service.into()],
        categories: vec![],
        event_id: None,
    })
}

/// Records of a kind, each with its second and its fields.
fn batch(kind: &Arc<Kind>, rows: &[(i64, Vec<(&'static str, String)>)]) -> EventBatch {
    let mut batch = EventBatch::new(kind.clone());
    let block: RawBlock = Arc::new(b"raw".to_vec());
    for (i, (second, values)) in rows.iter().enumerate() {
        let at = time(WEEK + second);
        batch.begin_row(Some(at), SourceId(0), i as u64 + 1, i as u64, &block, 0..3);
        for (name, value) in values {
            assert!(fields(kind).any(|field| field == *name), "{name} is not asked for");
            batch.set(name, Value::string(value));
        }
    }
    batch
}

fn gathered(host: Option<&str>, batch: &EventBatch) -> Gatherer {
    let mut one = Gatherer::default();
    one.take(batch, &hosts(batch, host), |_| About::default());
    one
}

/// A gateway whose clock is ahead, a mail server that has the letters a second later, and a sensor that sees who
/// signs in at the gateway.
fn parts(letters: i64, ahead_s: i64) -> Vec<Gatherer> {
    let postfix = kind(Some("linux"), "postfix");
    let at_gateway: Vec<_> = (0..letters)
        .map(|i| (i * 700 + ahead_s, vec![("message-id", format!("{i}@far.example"))]))
        .collect();
    let exchange = kind(None, "message_tracking");
    let at_server: Vec<_> = (0..letters)
        .map(|i| (i * 700 + 1, vec![("message-id", format!("<{i}@far.example>"))]))
        .collect();
    let source = |names: [&'static str; 2], i: i64| {
        vec![(names[0], "10.20.2.11".to_owned()), (names[1], (50_000 + i).to_string())]
    };
    let sshd = kind(Some("linux"), "sshd");
    let conn = kind(Some("zeek"), "conn");
    let sign_ins: Vec<_> =
        (0..letters).map(|i| (i * 900 + ahead_s + 2, source(["src_ip", "src_port"], i))).collect();
    let session = |i: i64| {
        let mut of = source(["id.orig_h", "id.orig_p"], i);
        of.push(("id.resp_h", "10.20.8.25".to_owned()));
        (i * 900, of)
    };
    let sessions: Vec<_> = (0..letters).map(session).collect();
    vec![
        gathered(Some("mx01.mzv.example"), &batch(&postfix, &at_gateway)),
        gathered(Some("exch01.mzv.example"), &batch(&exchange, &at_server)),
        gathered(Some("mx01.mzv.example"), &batch(&sshd, &sign_ins)),
        gathered(Some("10.20.2.11"), &batch(&conn, &sessions)),
    ]
}

fn merged(parts: impl IntoIterator<Item = Gatherer>) -> Vec<Fact> {
    let mut all = Gatherer::default();
    parts.into_iter().for_each(|part| all.merge(part));
    all.facts()
}

fn case(facts: Vec<Fact>) -> Case {
    let record = |(index, fact)| {
        let at = Timestamp::from_nanos(0);
        (index as u64, Record { case: "t".into(), at, by: "hunt".into(), fact })
    };
    // As they lie in the log: no name of a field stands twice.
    let through_json = |(index, record): (u64, Record)| {
        let text = serde_json::to_string(&record).expect("JSON");
        (index, serde_json::from_str::<Record>(&text).expect("a record"))
    };
    Case::fold(facts.into_iter().enumerate().map(record).map(through_json))
}

#[test]
fn a_clock_that_is_ahead_is_told_by_letters_and_by_connections() {
    let case = case(merged(parts(20, 444)));
    let told: Vec<(&str, &str, i64)> =
        case.clocks.iter().map(|c| (&*c.host, &*c.against, c.ahead_ms)).collect();
    // Who differs from both is the one that is wrong.
    assert_eq!(told, [("mx01", "exch01", 443_000), ("mx01", "zeek", 446_000)]);
    let what = case.clocks[1].what.text();
    assert!(what.starts_with("mx01's clock is 446 s (7 minutes) ahead of the network sensor's"));
    let index = case.clocks[1].what.rests_on().first();
    assert!(index < case.records);
}

#[test]
fn clocks_that_agree_are_not_told_and_few_letters_tell_nothing() {
    assert!(case(merged(parts(20, 0))).clocks.is_empty());
    assert!(case(merged(parts(4, 444))).clocks.is_empty());
    let behind = case(merged(parts(20, -3600)));
    assert!(
        behind.clocks.iter().all(|c| c.host == "mx01" && c.ahead_ms < 0),
        "{:?}",
        behind.clocks
    );
}

#[test]
fn any_sharing_of_the_work_tells_the_same_of_more_than_is_kept() {
    // More letters than are kept: of each both records are, or neither.
    let facts = merged(parts(30_000, 444));
    assert_eq!(facts, merged(parts(30_000, 444).into_iter().rev()));
    let clocked = facts.iter().find_map(|fact| match fact {
        Fact::Clocked(clocked) if clocked.things == "messages" => Some(clocked),
        _ => None,
    });
    let clocked = clocked.expect("two hosts have the same letters");
    assert_eq!((clocked.pairs, clocked.ahead_ms.abs(), clocked.spread_ms), (20_000, 443_000, 0));
}

#[test]
fn the_address_to_which_a_hosts_connections_went_is_its_own() {
    let facts = merged(parts(20, 444));
    let addressed: Vec<(&str, &str, u64)> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Addressed(a) => Some((&*a.host, &*a.address, a.records)),
            _ => None,
        })
        .collect();
    assert_eq!(addressed, [("mx01.mzv.example", "10.20.8.25", 20)]);
}
