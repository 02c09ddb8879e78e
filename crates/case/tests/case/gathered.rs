//! What is gathered of all events: the same however the work was shared.

use std::sync::Arc;

use blanik_case::gather::{About, Gatherer};
use blanik_model::{EventBatch, Kind, ListBuilder, RawBlock, SourceId, Value};
use proptest::prelude::*;

use crate::invented::{WEEK, hosts, time};

fn kind() -> Arc<Kind> {
    Arc::new(Kind {
        product: Some("m365".into()),
        services: vec!["exchange".into()],
        categories: vec![],
        event_id: None,
    })
}

/// A mailbox's audit records: hour, mailbox, message.
fn batch(rows: &[(u8, u8, u8)]) -> EventBatch {
    let mut batch = EventBatch::new(kind());
    let block: RawBlock = Arc::new(b"raw".to_vec());
    for (i, (hour, mailbox, message)) in rows.iter().enumerate() {
        let at = time(WEEK + i64::from(*hour) * 1800);
        batch.begin_row(Some(at), SourceId(0), i as u64 + 1, i as u64, &block, 0..3);
        batch.set("Operation", Value::string("MailItemsAccessed"));
        batch.set("MailboxOwnerUPN", Value::string(&format!("m{mailbox}@mzv.example")));
        let mut names = ListBuilder::default();
        names.push(Value::string("MailAccessType"));
        names.push(Value::string("IsThrottled"));
        let mut values = ListBuilder::default();
        values.push(Value::string(if message % 7 == 0 { "Sync" } else { "Bind" }));
        values.push(Value::string(if message % 11 == 0 { "True" } else { "False" }));
        batch.set("OperationProperties.Name", names.value());
        batch.set("OperationProperties.Value", values.value());
        batch.set("Folders.Path", Value::string("\\Inbox"));
        batch.set("Folders.FolderItems.InternetMessageId", Value::string(&format!("<{message}>")));
    }
    batch
}

fn facts(parts: &[&[(u8, u8, u8)]]) -> String {
    let mut all = Gatherer::default();
    for part in parts {
        let mut one = Gatherer::default();
        let about = |_| About { account: None, source: "log" };
        let batch = batch(part);
        one.take(&batch, &hosts(&batch, Some("cloud")), about);
        all.merge(one);
    }
    assert_eq!(all.not_kept(), 0);
    serde_json::to_string(&all.facts()).expect("facts are JSON")
}

proptest! {
    #[test]
    fn any_sharing_of_the_work_gathers_the_same(rows in proptest::collection::vec((any::<u8>(), 0u8..3, any::<u8>()), 1..300), cut in 0usize..300) {
        let cut = cut.min(rows.len());
        let (a, b) = rows.split_at(cut);
        // Record numbers are those of a batch: the place of the first may differ, and nothing else.
        let without_place = |text: String| {
            let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for fact in value.as_array_mut().expect("a list") {
                fact.as_object_mut().expect("an object").remove("record");
            }
            value
        };
        let whole = without_place(facts(&[&rows]));
        prop_assert_eq!(&without_place(facts(&[a, b])), &whole);
        prop_assert_eq!(&without_place(facts(&[b, a])), &whole);
    }
}

#[test]
fn binds_name_mails_syncs_folders_and_throttling_is_told() {
    let text = facts(&[&[(0, 0, 1), (0, 0, 1), (1, 0, 2), (2, 0, 7), (3, 0, 11)]]);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let of =
        |act: &str| value.as_array().expect("a list").iter().find(|f| f["act"] == act).cloned();
    let bind = of("mail-bind").expect("mails were bound");
    assert_eq!(
        (bind["records"].as_u64(), bind["items"].as_array().map(Vec::len)),
        (Some(4), Some(3))
    );
    assert_eq!(of("mail-sync").expect("a folder was synchronised")["items"][0], "\\Inbox");
    assert!(of("mail-throttled").is_some());
    let covered =
        value.as_array().expect("a list").iter().find(|f| f["type"] == "covered").expect("covered");
    // Half hours 0 to 3 are two hours in a row: one span.
    assert_eq!(covered["spans"].as_array().map(Vec::len), Some(1));
}
