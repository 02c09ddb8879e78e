//! Which machine an address is, by the word of those who know: the machine itself, a server that spoke
//! to it, the logs of a mail server's hops.

use blanik_model::{EventBatch, Kind};

use super::columns::{Addresses, Texts};

/// A field that names a machine, and one with its address. Without the first the record's own host is meant.
type Pair = (Option<&'static str>, &'static str);

/// What of a kind's events says which machine an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    pairs: &'static [Pair],
    // The field that must say so, in lower case.
    only: Option<(&'static str, &'static str)>,
}

/// Who opens a connection names its own address as the source (Sysmon 3).
const CONNECTION: Watch = Watch { pairs: &[(None, "SourceIp")], only: Some(("Initiated", "true")) };
/// NTLM names the workstation (Windows 4624).
const LOGON: Watch =
    Watch { pairs: &[(Some("WorkstationName"), "IpAddress")], only: Some(("LogonType", "3")) };
/// Exchange's message tracking names both ends of a hop.
const MAIL: Watch = Watch {
    pairs: &[(Some("client-hostname"), "client-ip"), (Some("server-hostname"), "server-ip")],
    only: None,
};
/// Zeek's `smb_mapping` and `smb_files`: `\\HOST\share`.
const SHARE: Watch = Watch { pairs: &[(Some("path"), "id.resp_h")], only: None };
const NTLM: Watch = Watch {
    pairs: &[(Some("hostname"), "id.orig_h"), (Some("server_nb_computer_name"), "id.resp_h")],
    only: None,
};
const LEASE: Watch = Watch { pairs: &[(Some("host_name"), "assigned_addr")], only: None };

pub(super) fn watch(kind: &Kind) -> Option<&'static Watch> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    match kind.product.as_deref() {
        Some("windows") if kind.event_id == Some(3) && service("sysmon") => Some(&CONNECTION),
        Some("windows") if kind.event_id == Some(4624) => Some(&LOGON),
        Some("zeek") if service("smb_mapping") || service("smb_files") => Some(&SHARE),
        Some("zeek") if service("ntlm") => Some(&NTLM),
        Some("zeek") if service("dhcp") => Some(&LEASE),
        _ if service("message_tracking") => Some(&MAIL),
        _ => None,
    }
}

/// The fields that are asked of a kind's events.
pub(super) fn fields(kind: &Kind) -> impl Iterator<Item = &'static str> {
    let watch = watch(kind).into_iter();
    watch.flat_map(|w| {
        let pairs =
            w.pairs.iter().flat_map(|(name, address)| name.iter().copied().chain([*address]));
        pairs.chain(w.only.map(|(field, _)| field))
    })
}

/// Reads which machines and addresses a batch's rows name together.
pub(super) struct Reader<'b> {
    pairs: Vec<(Option<Texts<'b>>, Addresses<'b>)>,
    only: Option<(Texts<'b>, &'static str)>,
}

impl<'b> Reader<'b> {
    pub(super) fn of(watch: &Watch, batch: &'b EventBatch) -> Self {
        let pair = |(name, address): &Pair| {
            (name.map(|name| Texts::of(batch, name)), Addresses::of(batch, address))
        };
        Reader {
            pairs: watch.pairs.iter().map(pair).collect(),
            only: watch.only.map(|(field, word)| (Texts::of(batch, field), word)),
        }
    }

    /// Hands on the machines that a row names, each with its address; `host` is the one that recorded it.
    pub(super) fn read(
        &mut self,
        row: usize,
        host: Option<&str>,
        mut take: impl FnMut(&str, &str),
    ) {
        if let Some((field, word)) = self.only
            && !field.first(row).is_some_and(|text| text.eq_ignore_ascii_case(word))
        {
            return;
        }
        for (name, addresses) in &mut self.pairs {
            let name = match name {
                Some(field) => field.first(row).and_then(machine),
                None => host,
            };
            if let Some((name, address)) = name.zip(addresses.get(row)) {
                take(super::short(name), address);
            }
        }
    }
}

/// The machine's name in `\\HOST\share`, or as it stands; none if it is an address.
fn machine(text: &str) -> Option<&str> {
    let name = text.strip_prefix("\\\\").map_or(text, |p| p.split('\\').next().unwrap_or(p));
    (!name.is_empty() && name.parse::<std::net::IpAddr>().is_err()).then_some(name)
}
