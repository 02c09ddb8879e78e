//! What stands at the border writes of the same traffic that Zeek sees: flows as nfdump prints them, the proxy, the
//! name server that asks outside, the firewall with its VPN, and the web servers.

use blanik_model::Timestamp;

use super::chronicle::{Body, Chronicle};
use super::clock::after;
use super::feeds::{Feed, stamp, syslog};
use super::network::{DC01, FW01, NS01, VPN, WEB01, WWW02};
use super::zeek::{Flow, Request};

/// True for the ministry's own addresses.
fn is_ours(address: &str) -> bool {
    address.starts_with("10.") || address.starts_with("192.0.2.")
}

impl Chronicle {
    /// Put down by the exporter of flows and the firewall, where a connection crosses the border.
    pub fn crossed(&mut self, flow: &Flow) {
        if is_ours(&flow.from) == is_ours(&flow.to) {
            return;
        }
        self.exported(flow);
        let server = flow.from.starts_with("10.20.0.") || flow.from.starts_with("10.20.8.");
        if !is_ours(&flow.from) || server {
            self.passed(flow, "close", "accept");
        }
    }

    /// A flow of `nfdump -o csv`. Its times have whole seconds, in UTC.
    fn exported(&mut self, flow: &Flow) {
        let traffic = flow.traffic;
        let end = after(flow.time, i64::try_from(traffic.millis).expect("a duration fits"));
        let (begun, ended) =
            (stamp(flow.time, "%Y-%m-%d %H:%M:%S"), stamp(end, "%Y-%m-%d %H:%M:%S"));
        let udp = traffic.service == "dns";
        let packets = |bytes: u64| bytes / 1400 + if udp { 1 } else { 4 };
        let line = format!(
            "{begun},{ended},{}.{:03},{},{},{},{},{},{},0,0,{},{},{},{}",
            traffic.millis / 1000,
            traffic.millis % 1000,
            flow.from,
            flow.to,
            flow.from_port,
            flow.to_port,
            if udp { "UDP" } else { "TCP" },
            if udp { "........" } else { "...AP.SF" },
            packets(traffic.sent),
            traffic.sent + packets(traffic.sent) * 40,
            packets(traffic.received),
            traffic.received + packets(traffic.received) * 40,
        );
        self.put(flow.time, Body::Line(Feed::Flows, line));
    }

    /// A connection at the firewall, told when it ends.
    fn passed(&mut self, flow: &Flow, end: &str, action: &str) {
        let (inside, outside) = if is_ours(&flow.from) { ("dmz", "wan1") } else { ("wan1", "dmz") };
        let traffic = flow.traffic;
        let extension = format!(
            "cat=traffic:forward FTNTFGTsubtype=forward FTNTFGTlevel=notice FTNTFGTvd=root src={} spt={} \
             deviceInboundInterface={inside} dst={} dpt={} deviceOutboundInterface={outside} proto=6 act={action} \
             FTNTFGTpolicyid=11 FTNTFGTduration={} out={} in={}",
            flow.from,
            flow.from_port,
            flow.to,
            flow.to_port,
            traffic.millis / 1000,
            traffic.sent,
            traffic.received,
        );
        self.cef(flow.time, ("00013", &format!("traffic:forward {end}"), 3), &extension);
    }

    /// The firewall lets nobody through.
    pub fn refused(&mut self, time: Timestamp, from: &str, port: u16) {
        let spt = self.random.between(49_200, 65_000);
        let extension = format!(
            "cat=traffic:local FTNTFGTsubtype=local FTNTFGTlevel=notice FTNTFGTvd=root src={from} spt={spt} \
             deviceInboundInterface=wan1 dst={VPN} dpt={port} proto=6 act=deny FTNTFGTpolicyid=0 out=0 in=0"
        );
        self.cef(time, ("00014", "traffic:local deny", 3), &extension);
    }

    /// Somebody came in by the VPN, and got an address inside.
    pub fn came_by_vpn(&mut self, time: Timestamp, account: &str, from: &str, inside: &str) {
        let id = self.random.between(1_000_000, 9_999_999);
        let extension = format!(
            "cat=event:vpn FTNTFGTsubtype=vpn FTNTFGTlevel=information FTNTFGTvd=root FTNTFGTlogdesc=SSL VPN tunnel \
             up act=tunnel-up FTNTFGTtunneltype=ssl-tunnel FTNTFGTtunnelid={id} src={from} FTNTFGTremip={from} \
             FTNTFGTtunnelip={inside} duser={account} FTNTFGTgroup=VPN-Users reason=login successfully"
        );
        self.cef(time, ("39947", "event:vpn tunnel-up", 3), &extension);
    }

    /// A wrong password at the VPN.
    pub fn failed_at_vpn(&mut self, time: Timestamp, account: &str, from: &str) {
        let extension = format!(
            "cat=event:vpn FTNTFGTsubtype=vpn FTNTFGTlevel=alert FTNTFGTvd=root FTNTFGTlogdesc=SSL VPN login fail \
             act=ssl-login-fail FTNTFGTtunneltype=ssl-web src={from} FTNTFGTremip={from} duser={account} \
             reason=sslvpn_login_permission_denied"
        );
        self.cef(time, ("39426", "event:vpn ssl-login-fail", 7), &extension);
    }

    fn cef(&mut self, time: Timestamp, (class, name, severity): (&str, &str, u8), extension: &str) {
        let message = format!(
            "CEF:0|Fortinet|Fortigate|v7.0.12|{class}|{name}|{severity}|deviceExternalId=FG100FTK20000001 \
             dvchost={} FTNTFGTeventtime={} FTNTFGTtz=+0000 {extension}",
            FW01.name,
            time.as_nanos()
        );
        let whole = syslog(time, FW01.name, "", &message);
        // The device sends no tag.
        self.put(time, Body::Line(Feed::Firewall, whole.replacen(" : ", " ", 1)));
    }

    /// A TLS connection through the proxy, which looks at the handshake and lets it pass (Squid's "splice").
    pub fn tunnelled(&mut self, flow: &Flow, server: &str) {
        if !flow.from.starts_with("10.") || is_ours(&flow.to) {
            return;
        }
        let (millis, bytes) = (flow.traffic.millis, flow.traffic.received);
        self.squid(
            flow,
            ("TCP_TUNNEL/200", millis, bytes),
            "CONNECT",
            &format!("{server}:{}", flow.to_port),
            "-",
        );
    }

    /// A request in the clear: through the proxy, if somebody inside asks; to one of the web servers, if it is theirs.
    pub fn served(&mut self, flow: &Flow, request: Request<'_>) {
        if flow.to == WEB01.address {
            return self.by_iis(flow, request);
        }
        if flow.to == WWW02.address {
            return self.by_apache(flow, request);
        }
        if !flow.from.starts_with("10.") || is_ours(&flow.to) {
            return;
        }
        let url = format!("http://{}{}", request.host, request.uri);
        let status = format!("TCP_MISS/{:03}", request.status);
        let how = (status.as_str(), flow.traffic.millis, request.lengths.1 + 320);
        self.squid(flow, how, request.method, &url, request.mime);
    }

    fn squid(&mut self, flow: &Flow, how: (&str, u64, u64), method: &str, url: &str, mime: &str) {
        let (status, elapsed, bytes) = how;
        // Squid writes when it is done.
        let done = after(flow.time, i64::try_from(elapsed).expect("a duration fits"));
        let millis = done.as_nanos() / 1_000_000;
        let line = format!(
            "{}.{:03} {elapsed:>6} {} {status} {bytes} {method} {url} - ORIGINAL_DST/{} {mime}",
            millis / 1000,
            millis % 1000,
            flow.from,
            flow.to,
        );
        self.put(done, Body::Line(Feed::Squid, line));
    }

    fn by_iis(&mut self, flow: &Flow, request: Request<'_>) {
        let (stem, query) = request.uri.split_once('?').unwrap_or((request.uri, "-"));
        let line = format!(
            "{} {} {} {stem} {query} {} - {} {} - {} {} 0 0 {} {} {}",
            stamp(flow.time, "%Y-%m-%d %H:%M:%S"),
            WEB01.address,
            request.method,
            flow.to_port,
            flow.from,
            request.agent.replace(' ', "+"),
            request.host,
            request.status,
            request.lengths.1 + 240,
            request.lengths.0 + 410,
            flow.traffic.millis,
        );
        self.put(flow.time, Body::Line(Feed::Iis, line));
    }

    fn by_apache(&mut self, flow: &Flow, request: Request<'_>) {
        let line = format!(
            "{} - - [{}] \"{} {} HTTP/1.1\" {} {} \"-\" \"{}\"",
            flow.from,
            stamp(flow.time, "%d/%b/%Y:%H:%M:%S +0000"),
            request.method,
            request.uri,
            request.status,
            request.lengths.1,
            request.agent,
        );
        self.put(flow.time, Body::Line(Feed::Access, line));
    }

    /// What the name server was asked on behalf of somebody inside: by the domain controller, which forwards.
    pub fn forwarded(&mut self, time: Timestamp, query: &str, kind: &str) {
        let port = self.random.between(20_000, 65_000);
        let line = format!(
            "{} queries: info: client @0x7f2c{:08x} {}#{port} ({query}): query: {query} IN {kind} +E(0)DK ({})",
            stamp(time, "%d-%b-%Y %H:%M:%S%.3f"),
            self.random.between(0x1000_0000, 0xffff_ffff),
            DC01.address,
            NS01.address,
        );
        self.put(time, Body::Line(Feed::Queries, line));
    }
}
