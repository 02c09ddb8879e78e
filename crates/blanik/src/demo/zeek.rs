//! What goes over the wire, as the sensors tell it: Zeek's conn, dns, http, ssl, smb_files and dce_rpc, and beside
//! them what the exporter of flows, the proxy, the name server and the firewall write of the same traffic.

use blanik_model::Timestamp;

use super::chronicle::{Body, Chronicle};
use super::zeek_log::{ZeekLog, ZeekRecord};

/// A connection whose contents are yet to be told.
#[derive(Clone, Debug)]
pub struct Flow {
    /// When it began.
    pub time: Timestamp,
    uid: String,
    /// The address that began.
    pub from: String,
    /// Its port.
    pub from_port: u64,
    /// The other address.
    pub to: String,
    /// Its port.
    pub to_port: u16,
    /// How much went over it.
    pub traffic: Traffic,
}

/// How much went over a connection.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// What was spoken: `dns`, `http`, `ssl`, `gssapi,smb`, `dce_rpc`, `ssh`.
    pub service: &'static str,
    /// How long it took.
    pub millis: u64,
    /// Bytes from the one who began.
    pub sent: u64,
    /// Bytes back.
    pub received: u64,
}

/// A request of HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` …
    pub method: &'a str,
    /// The site.
    pub host: &'a str,
    /// The path and query.
    pub uri: &'a str,
    /// The program that asks.
    pub agent: &'a str,
    /// Bytes sent and received.
    pub lengths: (u64, u64),
    /// The answer's status.
    pub status: u16,
    /// The answer's type.
    pub mime: &'a str,
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl Chronicle {
    /// A connection, written to conn; its contents can be told with the other functions here.
    pub fn flow(
        &mut self,
        time: Timestamp,
        from: &str,
        to: &str,
        port: u16,
        traffic: Traffic,
    ) -> Flow {
        let flow = Flow {
            time,
            uid: format!("C{}", self.random.letters(17, ALPHABET)),
            from: from.into(),
            from_port: self.random.between(49_200, 65_000),
            to: to.into(),
            to_port: port,
            traffic,
        };
        let udp = traffic.service == "dns";
        let packets = |bytes: u64| bytes / 1400 + if udp { 1 } else { 4 };
        let header = if udp { 28 } else { 40 };
        let local = |address: &str| if address.starts_with("10.") { "T" } else { "F" };
        let (sent, received) = (traffic.sent, traffic.received);
        let seconds = format!("{}.{:03}", traffic.millis / 1000, traffic.millis % 1000);
        let values = [
            ("proto", if udp { "udp" } else { "tcp" }.to_owned()),
            ("service", traffic.service.into()),
            ("duration", seconds),
            ("orig_bytes", sent.to_string()),
            ("resp_bytes", received.to_string()),
            ("conn_state", "SF".into()),
            ("local_orig", local(from).into()),
            ("local_resp", local(to).into()),
            ("missed_bytes", "0".into()),
            ("history", if udp { "Dd" } else { "ShADadFf" }.into()),
            ("orig_pkts", packets(sent).to_string()),
            ("orig_ip_bytes", (sent + packets(sent) * header).to_string()),
            ("resp_pkts", packets(received).to_string()),
            ("resp_ip_bytes", (received + packets(received) * header).to_string()),
        ];
        self.zeek(&flow, ZeekLog::Conn, values);
        self.crossed(&flow);
        flow
    }

    fn zeek(
        &mut self,
        flow: &Flow,
        log: ZeekLog,
        values: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        let nanos = flow.time.as_nanos();
        let ts = format!("{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000);
        let mut all = vec![
            ("ts", ts),
            ("uid", flow.uid.clone()),
            ("id.orig_h", flow.from.clone()),
            ("id.orig_p", flow.from_port.to_string()),
            ("id.resp_h", flow.to.clone()),
            ("id.resp_p", flow.to_port.to_string()),
        ];
        all.extend(values);
        self.put(flow.time, Body::Zeek(ZeekRecord { log, values: all }));
    }

    /// A name asked for, with its answer; both logs.
    pub fn asked(&mut self, time: Timestamp, from: &str, query: &str, kind: &str, answer: &str) {
        let resolver = super::network::DC01.address;
        // A resolver asks onwards, towards the outside.
        let to = if from == resolver { super::network::CLOUD.1 } else { resolver };
        let sent = 40 + u64::try_from(query.len()).expect("names are short");
        let received = sent + u64::try_from(answer.len()).expect("answers are short") + 16;
        let traffic =
            Traffic { service: "dns", millis: self.random.between(1, 60), sent, received };
        let flow = self.flow(time, from, to, 53, traffic);
        let number = if kind == "TXT" { "16" } else { "1" };
        let values = [
            ("proto", "udp".to_owned()),
            ("trans_id", self.random.between(1, 65_535).to_string()),
            ("rtt", format!("0.{:06}", self.random.between(900, 60_000))),
            ("query", query.into()),
            ("qclass", "1".into()),
            ("qclass_name", "C_INTERNET".into()),
            ("qtype", number.into()),
            ("qtype_name", kind.into()),
            ("rcode", "0".into()),
            ("rcode_name", "NOERROR".into()),
            ("AA", "F".into()),
            ("TC", "F".into()),
            ("RD", "T".into()),
            ("RA", "T".into()),
            ("Z", "0".into()),
            ("answers", answer.into()),
            ("TTLs", "300.000000".into()),
            ("rejected", "F".into()),
        ];
        self.zeek(&flow, ZeekLog::Dns, values);
        if !query.ends_with(super::network::DOMAIN) {
            self.forwarded(super::clock::after(time, 3), query, kind);
        }
    }

    /// A request over the connection.
    pub fn requested(&mut self, flow: &Flow, request: Request<'_>) {
        let message = match request.status {
            200 => "OK",
            302 => "Found",
            404 => "Not Found",
            _ => "-",
        };
        let values = [
            ("trans_depth", "1".to_owned()),
            ("method", request.method.into()),
            ("host", request.host.into()),
            ("uri", request.uri.into()),
            ("version", "1.1".into()),
            ("user_agent", request.agent.into()),
            ("request_body_len", request.lengths.0.to_string()),
            ("response_body_len", request.lengths.1.to_string()),
            ("status_code", request.status.to_string()),
            ("status_msg", message.into()),
            ("tags", String::new()),
            ("resp_fuids", format!("F{}", self.random.letters(16, ALPHABET))),
            ("resp_mime_types", request.mime.into()),
        ];
        self.zeek(flow, ZeekLog::Http, values);
        self.served(flow, request);
    }

    /// A handshake for a server's name over the connection.
    pub fn shook_hands(&mut self, flow: &Flow, server: &str, validation: &str) {
        let mut fingerprint = super::random::Random::stream(0, server);
        let values = [
            ("version", "TLSv12".to_owned()),
            ("cipher", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384".into()),
            ("curve", "x25519".into()),
            ("server_name", server.into()),
            ("resumed", "F".into()),
            ("next_protocol", "h2".into()),
            ("established", "T".into()),
            ("subject", format!("CN={server}")),
            ("issuer", "CN=Exercise CA,O=Exercise Trust".into()),
            ("validation_status", validation.into()),
            ("ja3", self.random.hex(32)),
            ("ja3s", fingerprint.hex(32)),
        ];
        self.zeek(flow, ZeekLog::Ssl, values);
        self.tunnelled(flow, server);
    }

    /// A file touched in a share: `SMB::FILE_OPEN`, `SMB::FILE_WRITE` …
    pub fn touched_file(&mut self, flow: &Flow, action: &str, share: &str, name: &str, size: u64) {
        let values = [
            ("action", action.to_owned()),
            ("path", share.into()),
            ("name", name.into()),
            ("size", size.to_string()),
        ];
        self.zeek(flow, ZeekLog::SmbFiles, values);
    }

    /// A remote procedure called.
    pub fn called(&mut self, flow: &Flow, pipe: &str, endpoint: &str, operation: &str) {
        let values = [
            ("rtt", format!("0.{:06}", self.random.between(300, 4000))),
            ("named_pipe", pipe.to_owned()),
            ("endpoint", endpoint.into()),
            ("operation", operation.into()),
        ];
        self.zeek(flow, ZeekLog::DceRpc, values);
    }
}
