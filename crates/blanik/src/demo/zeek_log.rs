//! Zeek's logs conn, dns, http, ssl, smb_files and dce_rpc: their columns, and a record's two spellings
//! (TSV, JSON). What they tell of is in [`super::zeek`].

use serde_json::{Map, Number, Value};

/// Which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ZeekLog {
    /// Connections.
    Conn,
    /// Names asked for.
    Dns,
    /// Requests.
    Http,
    /// TLS handshakes.
    Ssl,
    /// Files in shares.
    SmbFiles,
    /// Remote procedure calls.
    DceRpc,
}

/// A column: its name and Zeek's type.
type Column = (&'static str, &'static str);

const ENDS: [Column; 6] = [
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
];
const CONN: &[Column] = &[
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("local_orig", "bool"),
    ("local_resp", "bool"),
    ("missed_bytes", "count"),
    ("history", "string"),
    ("orig_pkts", "count"),
    ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"),
    ("resp_ip_bytes", "count"),
    ("tunnel_parents", "set[string]"),
];
const DNS: &[Column] = &[
    ("proto", "enum"),
    ("trans_id", "count"),
    ("rtt", "interval"),
    ("query", "string"),
    ("qclass", "count"),
    ("qclass_name", "string"),
    ("qtype", "count"),
    ("qtype_name", "string"),
    ("rcode", "count"),
    ("rcode_name", "string"),
    ("AA", "bool"),
    ("TC", "bool"),
    ("RD", "bool"),
    ("RA", "bool"),
    ("Z", "count"),
    ("answers", "vector[string]"),
    ("TTLs", "vector[interval]"),
    ("rejected", "bool"),
];
const HTTP: &[Column] = &[
    ("trans_depth", "count"),
    ("method", "string"),
    ("host", "string"),
    ("uri", "string"),
    ("referrer", "string"),
    ("version", "string"),
    ("user_agent", "string"),
    ("origin", "string"),
    ("request_body_len", "count"),
    ("response_body_len", "count"),
    ("status_code", "count"),
    ("status_msg", "string"),
    ("info_code", "count"),
    ("info_msg", "string"),
    ("tags", "set[enum]"),
    ("username", "string"),
    ("password", "string"),
    ("proxied", "set[string]"),
    ("resp_fuids", "vector[string]"),
    ("resp_mime_types", "vector[string]"),
];
const SSL: &[Column] = &[
    ("version", "string"),
    ("cipher", "string"),
    ("curve", "string"),
    ("server_name", "string"),
    ("resumed", "bool"),
    ("last_alert", "string"),
    ("next_protocol", "string"),
    ("established", "bool"),
    ("subject", "string"),
    ("issuer", "string"),
    ("validation_status", "string"),
    ("ja3", "string"),
    ("ja3s", "string"),
];
const SMB_FILES: &[Column] = &[
    ("fuid", "string"),
    ("action", "enum"),
    ("path", "string"),
    ("name", "string"),
    ("size", "count"),
    ("prev_name", "string"),
];
const DCE_RPC: &[Column] = &[
    ("rtt", "interval"),
    ("named_pipe", "string"),
    ("endpoint", "string"),
    ("operation", "string"),
];

impl ZeekLog {
    /// Zeek's name of it.
    pub fn name(self) -> &'static str {
        match self {
            ZeekLog::Conn => "conn",
            ZeekLog::Dns => "dns",
            ZeekLog::Http => "http",
            ZeekLog::Ssl => "ssl",
            ZeekLog::SmbFiles => "smb_files",
            ZeekLog::DceRpc => "dce_rpc",
        }
    }

    fn columns(self) -> impl Iterator<Item = Column> {
        let own = match self {
            ZeekLog::Conn => CONN,
            ZeekLog::Dns => DNS,
            ZeekLog::Http => HTTP,
            ZeekLog::Ssl => SSL,
            ZeekLog::SmbFiles => SMB_FILES,
            ZeekLog::DceRpc => DCE_RPC,
        };
        ENDS.into_iter().chain(own.iter().copied())
    }

    /// The lines with which a TSV log begins.
    pub fn header(self) -> Vec<String> {
        let names: Vec<_> = self.columns().map(|column| column.0).collect();
        let types: Vec<_> = self.columns().map(|column| column.1).collect();
        vec![
            "#separator \\x09".into(),
            "#set_separator\t,".into(),
            "#empty_field\t(empty)".into(),
            "#unset_field\t-".into(),
            format!("#path\t{}", self.name()),
            format!("#fields\t{}", names.join("\t")),
            format!("#types\t{}", types.join("\t")),
        ]
    }
}

/// One line of a log. Columns that are not set have no value.
#[derive(Debug)]
pub struct ZeekRecord {
    /// Of which log.
    pub log: ZeekLog,
    /// Columns and their values, in any order.
    pub values: Vec<(&'static str, String)>,
}

impl ZeekRecord {
    fn get(&self, column: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| *name == column).map(|(_, value)| value.as_str())
    }

    /// As a line of a TSV log.
    pub fn to_tsv(&self) -> String {
        let values = self.log.columns().map(|(name, _)| match self.get(name) {
            None => "-".to_owned(),
            Some("") => "(empty)".to_owned(),
            Some(text) => text.replace('\t', "\\x09"),
        });
        values.collect::<Vec<_>>().join("\t")
    }

    /// As a line of a JSON log.
    pub fn to_json(&self) -> String {
        let values = self
            .log
            .columns()
            .filter_map(|(name, kind)| Some((name.to_owned(), json_value(kind, self.get(name)?))));
        Value::Object(values.collect::<Map<_, _>>()).to_string()
    }
}

fn json_value(kind: &str, text: &str) -> Value {
    let number = || text.parse::<Number>().map_or(Value::Null, Value::Number);
    match kind {
        "time" | "interval" | "count" | "port" => number(),
        "bool" => Value::Bool(text == "T"),
        "vector[interval]" => list(text, |item| json_value("interval", item)),
        "vector[string]" | "set[string]" | "set[enum]" => list(text, |item| item.into()),
        _ => text.into(),
    }
}

fn list(text: &str, item: impl Fn(&str) -> Value) -> Value {
    text.split(',').filter(|part| !part.is_empty()).map(item).collect()
}
