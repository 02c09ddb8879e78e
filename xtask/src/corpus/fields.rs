//! What the generator knows of fields by their names: which of them say what an event *is*, and so keep
//! their values, and which repeat the others.

use super::tally::Rate;

/// The kind of an event is told by these.
const KINDS: &[&str] = &["Channel", "EventID", "event_id", "log_name", "event_type"];

/// Fields whose values are words of the log's own vocabulary.
const VOCABULARY: &[&str] = &[
    "@version",
    "AccessList",
    "AccessMask",
    "AccessReason",
    "Category",
    "Channel",
    "EventID",
    "EventType",
    "GrantedAccess",
    "Keywords",
    "Level",
    "LogonType",
    "Opcode",
    "ProviderGuid",
    "RuleName",
    "Severity",
    "SourceName",
    "Status",
    "SubStatus",
    "Task",
    "Version",
    "app_proto",
    "category",
    "conn_state",
    "event_id",
    "event_type",
    "keywords",
    "level",
    "log_name",
    "opcode",
    "proto",
    "protocol",
    "provider_guid",
    "provider_name",
    "qtype",
    "qtype_name",
    "rcode",
    "rcode_name",
    "rrtype",
    "service",
    "signature",
    "signature_id",
    "source_name",
    "task",
    "type",
    "version",
];

/// Parts of the names of fields that identify somebody or something, however few values they have.
const IDENTIFY: &[&str] = &[
    "account", "addr", "command", "computer", "domain", "guid", "host", "image", "ip", "logonid",
    "orig_h", "process", "resp_h", "sid", "user",
];

/// Fields with fewer values than this are taken for a vocabulary unless they identify.
const VOCABULARY_MAX: u64 = 60;

/// What becomes of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// They stay.
    Kept,
    /// They are made new at the field's rate.
    Fresh,
    /// They are text made of the other fields' values, and follow them.
    Echo,
}

/// True if the field tells the kind of its event.
pub fn tells_kind(name: &str) -> bool {
    KINDS.contains(&name)
}

/// The role of a field with a dotted name and what was counted of it.
pub fn role(name: &str, rate: Rate) -> Role {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.eq_ignore_ascii_case("message") {
        return Role::Echo;
    }
    let lower = last.to_ascii_lowercase();
    let identifies = IDENTIFY.iter().any(|part| lower.contains(part));
    let few = rate.distinct < VOCABULARY_MAX && rate.rate() < 0.02;
    if VOCABULARY.contains(&last) || few && !identifies { Role::Kept } else { Role::Fresh }
}

/// The least digits of a fresh number in a field: ports and process ids are below 65,536.
pub fn digits_min(name: &str) -> usize {
    let lower = name.to_ascii_lowercase();
    let narrow = ["port", "process", "thread", "pid", "orig_p", "resp_p"];
    if narrow.iter().any(|part| lower.contains(part)) { 5 } else { 8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabularies_stay_and_names_are_new() {
        let few = Rate { values: 100_000, distinct: 12 };
        let many = Rate { values: 100_000, distinct: 5_000 };
        assert_eq!(role("EventID", many), Role::Kept);
        assert_eq!(role("winlog.SignatureStatus", few), Role::Kept);
        assert_eq!(role("Hostname", few), Role::Fresh);
        assert_eq!(role("CommandLine", many), Role::Fresh);
        assert_eq!(role("Message", many), Role::Echo);
    }
}
