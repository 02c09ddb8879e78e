//! Whom an event is about: the machine (or sensor) and the account that acted, by the table
//! `mapping/entities.tsv`. Says what the record says; resolves nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use blanik_model::batch::ABSENT;
use blanik_model::{Column, EventBatch, Kind, Type, Value};

use crate::normalise::operation::{Made, Operation};
use crate::normalise::table::{numbers, rows};

const TABLE: &str = include_str!("../mapping/entities.tsv");

/// A row of the table.
struct Candidate {
    // `*` is any.
    product: Option<&'static str>,
    service: Option<&'static str>,
    event_ids: Vec<u32>,
    operation: Operation,
    sources: Vec<&'static str>,
}

struct Entities {
    hosts: Vec<Candidate>,
    accounts: Vec<Candidate>,
}

static ENTITIES: LazyLock<Entities> = LazyLock::new(|| {
    let mut entities = Entities { hosts: Vec::new(), accounts: Vec::new() };
    for [product, service, ids, entity, operation, sources] in
        rows(TABLE, ["product", "service", "event_id", "entity", "op", "source"])
    {
        let candidate = Candidate {
            product: (product != "-").then_some(product),
            service: (service != "*").then_some(service),
            event_ids: if ids == "*" { vec![] } else { numbers(ids) },
            operation: Operation::parse(operation),
            sources: sources.split('|').collect(),
        };
        match entity {
            "host" => entities.hosts.push(candidate),
            "account" => entities.accounts.push(candidate),
            _ => panic!("host or account: {entity}"),
        }
    }
    entities
});

/// The fields that say which machine an event of that kind is about.
pub fn host_fields(kind: &Kind) -> impl Iterator<Item = &'static str> {
    ENTITIES.hosts.iter().filter(|c| c.fits(kind)).flat_map(|c| c.sources.iter().copied())
}

/// The fields that say which account acted in an event of that kind.
pub fn account_fields(kind: &Kind) -> impl Iterator<Item = &'static str> {
    ENTITIES.accounts.iter().filter(|c| c.fits(kind)).flat_map(|c| c.sources.iter().copied())
}

/// The machine that the event is about, or the sensor that saw it.
pub fn host(batch: &EventBatch, row: usize) -> Option<String> {
    first(&ENTITIES.hosts, batch, row)
}

/// The machines that a batch's events are about, with the number of events of each, by name.
pub fn hosts(batch: &EventBatch) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut rows: Vec<usize> = (0..batch.len()).collect();
    // Nearly always the first candidate has a value everywhere: then its codes are counted.
    if let Some(column) =
        ENTITIES.hosts.iter().find(|c| c.fits(batch.kind())).and_then(|c| c.column(batch))
    {
        let mut by_code = vec![0u64; column.dictionary().len()];
        let text = |code: u32| column.dictionary().get(code);
        rows.retain(|row| match column.codes().get(*row) {
            Some(&code) if code != ABSENT && is_name(text(code)) => {
                by_code[code as usize] += 1;
                false
            }
            _ => true,
        });
        for (code, count) in by_code.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            *counts.entry(text(code as u32).text.to_owned()).or_default() += count;
        }
    }
    for name in rows.into_iter().filter_map(|row| host(batch, row)) {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn is_name(value: Value<'_>) -> bool {
    !matches!(value.ty, Type::List | Type::Null) && !value.text.is_empty() && value.text != "-"
}

/// The account that acted.
pub fn account(batch: &EventBatch, row: usize) -> Option<String> {
    first(&ENTITIES.accounts, batch, row)
}

fn first(candidates: &[Candidate], batch: &EventBatch, row: usize) -> Option<String> {
    candidates.iter().filter(|c| c.fits(batch.kind())).find_map(|c| c.read(batch, row))
}

impl Candidate {
    fn fits(&self, kind: &Kind) -> bool {
        (self.product == Some("*") || kind.product.as_deref() == self.product)
            && self.service.is_none_or(|service| kind.services.iter().any(|s| **s == *service))
            && (self.event_ids.is_empty()
                || kind.event_id.is_some_and(|id| self.event_ids.contains(&id)))
    }

    /// The column, where the candidate is one column's value.
    fn column<'b>(&self, batch: &'b EventBatch) -> Option<&'b Column> {
        match self.sources.as_slice() {
            [one] if self.operation == Operation::Copy => batch.column(one),
            _ => None,
        }
    }

    fn read(&self, batch: &EventBatch, row: usize) -> Option<String> {
        let sources: Vec<_> = self.sources.iter().map(|name| batch.value(row, name)).collect();
        let mut out = String::new();
        let text = match self.operation.apply(&sources, &mut out)? {
            // Of several machines or accounts, the first.
            Made::Source(i) => sources[i]?.scalars().next()?.text,
            Made::Text(_) => &out,
        };
        (!NOBODY.contains(&text)).then(|| text.to_owned())
    }
}

/// What stands where there is nobody to name. `unset`: the audit log's name for a login that never was.
const NOBODY: [&str; 3] = ["", "-", "unset"];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use blanik_model::{Kind, RawBlock, SourceId, Value};

    use super::*;

    fn check(
        source: Option<&str>,
        event_id: Option<u32>,
        fields: &[(&str, &str)],
        want: (Option<&str>, Option<&str>),
    ) {
        let mut parts = source.into_iter().flat_map(|s| s.split('/'));
        let product = parts.next().map(Into::into);
        let services = parts.map(Into::into).collect();
        let kind = Kind { product, services, event_id, ..Kind::default() };
        let mut batch = EventBatch::new(Arc::new(kind));
        let block: RawBlock = Arc::new(Vec::new());
        batch.begin_row(None, SourceId(0), 1, 0, &block, 0..0);
        for (name, value) in fields {
            batch.set(name, Value::string(value));
        }
        let got = (host(&batch, 0), account(&batch, 0));
        assert_eq!((got.0.as_deref(), got.1.as_deref()), want, "{source:?} {fields:?}");
    }

    #[test]
    fn the_machine_and_who_acted() {
        let windows = Some("windows");
        check(windows, None, &[("Computer", "PC1"), ("User", r"D\u")], (Some("PC1"), Some(r"D\u")));
        check(windows, None, &[("Computer", "-"), ("Hostname", "PC2")], (Some("PC2"), None));
        let service = [("node", "n"), ("AUID", "unset"), ("UID", "www-data")];
        check(Some("linux/auditd"), None, &service, (Some("n"), Some("www-data")));
        let logon = [
            ("SubjectUserName", "PC$"),
            ("SubjectDomainName", "D"),
            ("TargetUserName", "u"),
            ("TargetDomainName", "D"),
        ];
        check(windows, Some(4624), &logon, (None, Some(r"D\u")));
        check(windows, Some(4720), &logon, (None, Some(r"D\PC$")));
        check(windows, Some(4648), &logon, (None, Some(r"D\PC$")));
        let ticket = [("TargetUserName", "u@D.LOCAL"), ("TargetDomainName", "D.LOCAL")];
        check(windows, Some(4769), &ticket, (None, Some("u@D.LOCAL")));
        let nobody = [("SubjectUserName", "-"), ("SubjectDomainName", "-")];
        check(windows, Some(4720), &nobody, (None, None));
        check(Some("zeek"), None, &[("id.orig_h", "10.0.0.1")], (Some("10.0.0.1"), None));
        check(
            Some("zeek"),
            None,
            &[("id.orig_h", "10.0.0.1"), ("_system_name", "sensor")],
            (Some("sensor"), None),
        );
        check(Some("zeek/ssh"), None, &[("client", "SSH-2.0-x")], (None, None));
        check(Some("zeek/kerberos"), None, &[("client", "u/D")], (None, Some("u/D")));
        check(Some("suricata"), None, &[("src_ip", "10.0.0.2")], (Some("10.0.0.2"), None));
        check(Some("m365"), None, &[("UserId", "a@b")], (None, Some("a@b")));
        check(
            Some("aws"),
            None,
            &[("userIdentity.arn", "arn:aws:iam::1:user/x")],
            (None, Some("arn:aws:iam::1:user/x")),
        );
        check(None, None, &[("host", "web1"), ("user", "root")], (Some("web1"), Some("root")));
        check(Some("linux"), None, &[], (None, None));
    }
}
