//! Links in a text or in markup: what has a scheme, each once, to a number.

use std::collections::HashSet;

use blanik_model::{ListBuilder, Value};

use super::push_list;
use crate::decode::text::squid::host;
use crate::record::Record;

/// Links kept; of more, their number is.
const LINKS_MAX: usize = 2_000;
/// Links looked at, among them the same again and again.
const TRIES_MAX: u64 = 50_000;
/// Bytes of one link.
const LINK_BYTES_MAX: usize = 4 << 10;
const SCHEMES: [&str; 5] = ["https", "http", "ftp", "hxxps", "hxxp"];

/// See the module.
#[derive(Default)]
pub(super) struct Links {
    seen: HashSet<String>,
    list: ListBuilder,
    hosts: ListBuilder,
    hosts_seen: HashSet<String>,
    count: u64,
}

impl Links {
    /// Looks a text through.
    pub fn scan(&mut self, text: &str) {
        for at in memchr::memmem::find_iter(text.as_bytes(), b"://") {
            let before = &text.as_bytes()[..at];
            let letters =
                before.iter().rev().take(6).take_while(|b| b.is_ascii_alphabetic()).count();
            let scheme = text[at - letters..at].to_ascii_lowercase();
            let Some(known) = SCHEMES.iter().find(|s| scheme.ends_with(**s)) else { continue };
            self.count += 1;
            if self.seen.len() >= LINKS_MAX || self.count > TRIES_MAX {
                continue;
            }
            self.link(&text[at - known.len()..]);
        }
    }

    fn link(&mut self, text: &str) {
        let text = &text[..text.floor_char_boundary(LINK_BYTES_MAX)];
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>`{}|\\^".contains(c);
        let link = text.split(ends).next().unwrap_or("");
        // A sentence's own end is none of the link's.
        let link = link.trim_end_matches(['.', ',', ';', ')', ']', '!']);
        let link = link.replace("&amp;", "&");
        let host = host(&link).to_ascii_lowercase();
        if host.is_empty() || !self.seen.insert(link.clone()) {
            return;
        }
        self.list.push(Value::string(&link));
        if !self.hosts_seen.contains(&host) {
            self.hosts.push(Value::string(&host));
            self.hosts_seen.insert(host);
        }
    }

    /// Writes them.
    pub fn write(&self, record: &mut Record) {
        push_list(record, "url", &self.list);
        push_list(record, "url_host", &self.hosts);
        if self.count > 0 {
            record.push("url_count", Value::number(&self.count.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stand_once_and_end_where_they_end() {
        let mut links = Links::default();
        links.scan("see https://a.example/x?b=1&amp;c=2. <a href='HTTP://u:p@B.example:8080/'>, https://a.example/x?b=1&c=2 (hxxp://c.example) foo://no");
        let got: Vec<_> = links.list.value().members().map(|v| v.text.to_owned()).collect();
        assert_eq!(
            got,
            ["https://a.example/x?b=1&c=2", "HTTP://u:p@B.example:8080/", "hxxp://c.example"]
        );
        let hosts: Vec<_> = links.hosts.value().members().map(|v| v.text.to_owned()).collect();
        assert_eq!(
            (hosts, links.count),
            (vec!["a.example".into(), "b.example".into(), "c.example".to_owned()], 4)
        );
    }

    #[test]
    fn a_flood_of_links_is_counted_and_not_kept() {
        let mut links = Links::default();
        let text: String = (0..100_000).map(|n| format!("http://h{n}.example ")).collect();
        links.scan(&text);
        assert_eq!((links.count, links.seen.len()), (100_000, LINKS_MAX));
    }
}
