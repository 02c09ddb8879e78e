//! Whom an event is about: the machine (or sensor) and the account that acted, by the table
//! `mapping/entities.tsv`. Says what the record says; resolves nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use blanik_model::{Code, Column, EventBatch, Kind, RowTexts, Value};

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

/// The machine that each of a batch's events is about.
pub fn hosts(batch: &EventBatch) -> RowTexts {
    let mut candidates: Vec<Remembering<'_>> =
        present(&ENTITIES.hosts, batch).into_iter().map(Remembering::new).collect();
    let mut hosts = RowTexts::with_capacity(batch.len());
    for row in 0..batch.len() {
        let host = candidates.iter_mut().find_map(|candidate| candidate.code(row, &mut hosts));
        hosts.push(host);
    }
    hosts
}

/// Who acted in a batch's events: which fields say so is looked up once.
pub struct Accounts<'b>(Vec<Present<'b>>);

impl<'b> Accounts<'b> {
    /// Of a batch.
    pub fn of(batch: &'b EventBatch) -> Self {
        Accounts(present(&ENTITIES.accounts, batch))
    }

    /// The account that acted in the row.
    pub fn get(&self, row: usize) -> Option<Cow<'b, str>> {
        self.0.iter().find_map(|candidate| candidate.read(row))
    }
}

/// The account that acted.
pub fn account(batch: &EventBatch, row: usize) -> Option<String> {
    first(&ENTITIES.accounts, batch, row)
}

fn first(candidates: &'static [Candidate], batch: &EventBatch, row: usize) -> Option<String> {
    let fitting = candidates.iter().filter(|c| c.fits(batch.kind()));
    let mut present = fitting.map(|c| Present::of(c, batch));
    present.find_map(|p| p.read(row).map(Cow::into_owned))
}

/// Those of the candidates of which a batch has values, in order.
fn present<'b>(candidates: &'static [Candidate], batch: &'b EventBatch) -> Vec<Present<'b>> {
    let fitting = candidates.iter().filter(|c| c.fits(batch.kind()));
    let present = fitting.map(|c| Present::of(c, batch));
    present.filter(|p| p.columns.iter().any(Option::is_some)).collect()
}

impl Candidate {
    fn fits(&self, kind: &Kind) -> bool {
        (self.product == Some("*") || kind.product.as_deref() == self.product)
            && self.service.is_none_or(|service| kind.services.iter().any(|s| **s == *service))
            && (self.event_ids.is_empty()
                || kind.event_id.is_some_and(|id| self.event_ids.contains(&id)))
    }
}

/// A candidate, and the columns of a batch that it reads.
struct Present<'b> {
    operation: &'static Operation,
    columns: Vec<Option<&'b Column>>,
}

impl<'b> Present<'b> {
    /// A column without values is as good as none.
    fn of(candidate: &'static Candidate, batch: &'b EventBatch) -> Self {
        let column = |name: &&str| batch.column(name).filter(|c| !c.dictionary().is_empty());
        let columns = candidate.sources.iter().map(column).collect();
        Present { operation: &candidate.operation, columns }
    }

    /// The column, where the candidate is one column's value.
    fn column(&self) -> Option<&'b Column> {
        match self.columns.as_slice() {
            [column] if *self.operation == Operation::Copy => *column,
            _ => None,
        }
    }

    fn read(&self, row: usize) -> Option<Cow<'b, str>> {
        let value = |column: &Option<&'b Column>| column.and_then(|column| column.value(row));
        let text = if let [column] = self.columns.as_slice()
            && *self.operation == Operation::Copy
        {
            Cow::Borrowed(named(value(column)?)?)
        } else {
            let sources: Vec<_> = self.columns.iter().map(value).collect();
            let mut out = String::new();
            match self.operation.apply(&sources, &mut out)? {
                Made::Source(i) => Cow::Borrowed(named(sources[i]?)?),
                Made::Text(_) => Cow::Owned(out),
            }
        };
        (!NOBODY.contains(&&*text)).then_some(text)
    }
}

/// A candidate that is one column's value looks at each distinct value once.
struct Remembering<'b> {
    candidate: Present<'b>,
    // By the column's code: unasked, or what was made of it.
    known: Vec<Option<Option<Code>>>,
}

impl<'b> Remembering<'b> {
    fn new(candidate: Present<'b>) -> Self {
        let distinct = candidate.column().map_or(0, |column| column.dictionary().len());
        Remembering { candidate, known: vec![None; distinct] }
    }

    /// What the row's text is among `texts`.
    fn code(&mut self, row: usize, texts: &mut RowTexts) -> Option<Code> {
        let mut read = || self.candidate.read(row).map(|text| texts.intern(&text));
        let Some(column) = self.candidate.column() else { return read() };
        // Past the column's end, and without the field, no code is one of the dictionary's.
        let code = *column.codes().get(row)? as usize;
        *self.known.get_mut(code)?.get_or_insert_with(read)
    }
}

/// Of several machines or accounts, the first.
fn named(value: Value<'_>) -> Option<&str> {
    Some(value.scalars().next()?.text)
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
