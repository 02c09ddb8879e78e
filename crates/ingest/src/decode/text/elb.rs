//! Access logs of AWS load balancers: application (with a type in front) and classic ones.
//! Source: "Access logs for your Application Load Balancer", "Access logs for your Classic Load Balancer".

use super::access::{quoted, target, word};
use super::{Is, push, push_number};
use crate::clock::{self, Stamp};
use crate::record::Record;

/// Types that begin a line of an application load balancer.
const TYPES: [&str; 6] = ["http", "https", "h2", "grpcs", "ws", "wss"];

/// Reads a line.
pub(super) fn read(text: &str, record: &mut Record) -> Option<Is> {
    let mut rest = text;
    let first = word(&mut rest);
    if first == "tls" {
        return network(rest, record);
    }
    let application = TYPES.contains(&first);
    let time = if application { word(&mut rest) } else { first };
    let (Stamp::At(time), len) = clock::at_start(time.as_bytes())? else { return None };
    if len < 20 {
        return None;
    }
    if application {
        push(record, "type", first);
    }
    push(record, "elb", word(&mut rest));
    end(word(&mut rest), "c-ip", "c-port", record);
    end(word(&mut rest), "s-ip", "s-port", record);
    for name in ["request_processing_time", "target_processing_time", "response_processing_time"] {
        push(record, name, word(&mut rest));
    }
    push_number(record, "sc-status", word(&mut rest));
    push_number(record, "target_status_code", word(&mut rest));
    push_number(record, "cs-bytes", word(&mut rest));
    push_number(record, "sc-bytes", word(&mut rest));
    let request = quoted(&mut rest)?;
    target(&request, record);
    if let Some(agent) = quoted(&mut rest) {
        push(record, "cs-user-agent", &agent);
    }
    push(record, "ssl_cipher", word(&mut rest));
    push(record, "ssl_protocol", word(&mut rest));
    push(record, "target_group_arn", word(&mut rest));
    for name in ["trace_id", "cs-host"] {
        if let Some(value) = quoted(&mut rest) {
            push(record, name, &value);
        }
    }
    Some(("elb", Some(time)))
}

/// A TLS connection through a network load balancer.
fn network(text: &str, record: &mut Record) -> Option<Is> {
    let mut rest = text;
    let _version = word(&mut rest);
    let (Stamp::At(time), _) = clock::at_start(word(&mut rest).as_bytes())? else { return None };
    push(record, "type", "tls");
    push(record, "elb", word(&mut rest));
    push(record, "listener", word(&mut rest));
    end(word(&mut rest), "src_ip", "src_port", record);
    end(word(&mut rest), "dst_ip", "dst_port", record);
    let rest: Vec<&str> = rest.split_ascii_whitespace().collect();
    let names = [
        (2, "bytes_in"),
        (3, "bytes_out"),
        (5, "certificate"),
        (7, "ssl_cipher"),
        (8, "ssl_protocol"),
        (10, "server_name"),
    ];
    for (at, name) in names {
        push(record, name, rest.get(at).copied().unwrap_or(""));
    }
    Some(("elb/network", Some(time)))
}

/// `192.168.1.10:44325`.
fn end(text: &str, ip: &str, port: &str, record: &mut Record) {
    match text.rsplit_once(':') {
        Some((address, number)) => {
            push(record, ip, address.trim_matches(['[', ']']));
            push_number(record, port, number);
        }
        None => push(record, ip, text),
    }
}
