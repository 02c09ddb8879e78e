//! Suricata's EVE: alerts, and the events without alarm that fill it. Signatures are invented.

use blanik_model::Timestamp;
use serde_json::{Value, json};

use super::chronicle::{Body, Chronicle};

/// A signature that can fire.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its number, in the range for local rules.
    pub id: u32,
    /// Its message.
    pub message: &'static str,
    /// Its class.
    pub category: &'static str,
    /// 1 is the gravest.
    pub severity: u8,
}

/// Who spoke to whom.
#[derive(Clone, Copy, Debug)]
pub struct Talk<'a> {
    /// The one who began.
    pub from: &'a str,
    /// The other.
    pub to: &'a str,
    /// The other's port.
    pub port: u16,
}

impl Chronicle {
    /// An alert on an HTTP request.
    pub fn alerted(
        &mut self,
        time: Timestamp,
        talk: Talk<'_>,
        signature: Signature,
        http: Option<(&str, &str, &str)>,
    ) {
        let mut line = self.eve(time, talk, "alert");
        line["alert"] = json!({
            "action": "allowed",
            "gid": 1,
            "signature_id": signature.id,
            "rev": 1,
            "signature": signature.message,
            "category": signature.category,
            "severity": signature.severity,
        });
        if let Some((method, host, url)) = http {
            line["http"] = json!({
                "hostname": host, "url": url, "http_method": method,
                "protocol": "HTTP/1.1", "status": 200, "length": self.random.between(120, 9000),
            });
            line["app_proto"] = "http".into();
        }
        self.put(time, Body::Eve(line.to_string()));
    }

    /// A handshake, as EVE tells it.
    pub fn eve_tls(&mut self, time: Timestamp, talk: Talk<'_>, server: &str) {
        let mut line = self.eve(time, talk, "tls");
        line["tls"] = json!({
            "subject": format!("CN={server}"),
            "issuerdn": "CN=Exercise CA, O=Exercise Trust",
            "sni": server,
            "version": "TLS 1.2",
        });
        self.put(time, Body::Eve(line.to_string()));
    }

    /// A flow, as EVE tells it.
    pub fn eve_flow(&mut self, time: Timestamp, talk: Talk<'_>, bytes: (u64, u64)) {
        let mut line = self.eve(time, talk, "flow");
        line["flow"] = json!({
            "pkts_toserver": bytes.0 / 1400 + 4,
            "pkts_toclient": bytes.1 / 1400 + 4,
            "bytes_toserver": bytes.0,
            "bytes_toclient": bytes.1,
            "state": "closed",
            "reason": "timeout",
            "alerted": false,
        });
        self.put(time, Body::Eve(line.to_string()));
    }

    fn eve(&mut self, time: Timestamp, talk: Talk<'_>, kind: &str) -> Value {
        let stamp = time.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.6f+0000").to_string();
        json!({
            "timestamp": stamp,
            "flow_id": self.random.between(1 << 40, 1 << 50),
            "in_iface": "eth1",
            "event_type": kind,
            "src_ip": talk.from,
            "src_port": self.random.between(49_200, 65_000),
            "dest_ip": talk.to,
            "dest_port": talk.port,
            "proto": "TCP",
        })
    }
}
