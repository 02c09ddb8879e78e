//! What lists call their values: MISP's attribute types, and the words of headers.

use blanik_model::IndicatorType;

/// What a word says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// It is of that type.
    Type(IndicatorType),
    /// It is an indicator, and its shape must say of which type.
    Indicator,
    /// Two values divided by `|`, of which the second is an indicator of that type.
    SecondOf(IndicatorType),
    /// Two values divided by `|`, of which the first is.
    FirstOf(IndicatorType),
    /// Both are.
    Both(IndicatorType, IndicatorType),
    /// No indicator that an event can have.
    Other,
}

/// What the word says.
pub fn called(word: &str) -> Called {
    use Called::{Both, FirstOf, Indicator, Other, SecondOf, Type};
    use IndicatorType::*;
    let word = word.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    if let Some(rest) = word.strip_prefix("filename|") {
        return match called(rest) {
            Type(ty) => SecondOf(ty),
            _ => Other,
        };
    }
    match word.as_str() {
        "ip" | "ips" | "ip-src" | "ip-dst" | "ipaddress" | "ip-address" | "ipv4" | "ipv6"
        | "ipv4-addr" | "ipv6-addr" | "address" | "dest-ip" | "src-ip" | "c2-ip"
        | "ip-addresses" | "ip-port" | "ipv4-address" | "ipv6-address" => Type(Address),
        "ip-src|port" | "ip-dst|port" => FirstOf(Address),
        "cidr" | "network" | "netblock" | "ip-range" | "subnet" => Type(Network),
        "domain" | "domains" | "hostname" | "host" | "fqdn" | "domain-name" | "hostnames"
        | "dns" => Type(Domain),
        "hostname|port" => FirstOf(Domain),
        "domain|ip" => Both(Domain, Address),
        "url" | "urls" | "uri" | "full-url" | "link-url" => Type(Url),
        "md5" | "hash-md5" | "filehash-md5" | "md5-hash" => Type(Md5),
        "sha1" | "sha-1" | "hash-sha1" | "filehash-sha1" | "sha1-hash" => Type(Sha1),
        "sha256" | "sha-256" | "hash-sha256" | "filehash-sha256" | "sha256-hash" => Type(Sha256),
        "sha512" | "sha-512" => Type(Sha512),
        "imphash" => Type(Imphash),
        "ssdeep" => Type(Ssdeep),
        "email"
        | "email-src"
        | "email-dst"
        | "email-reply-to"
        | "emailsender"
        | "emailwhois"
        | "mail"
        | "email-addr"
        | "email-address"
        | "whois-registrant-email"
        | "sender"
        | "eppn"
        | "jabber-id" => Type(Mail),
        "filename" | "file-name" | "filenames" => Type(FileName),
        "filepath" | "file-path" | "path" => Type(FilePath),
        "mutex" => Type(Mutex),
        "regkey" | "registry" | "registry-key" | "regkey|value" => match word.contains('|') {
            true => FirstOf(RegistryKey),
            false => Type(RegistryKey),
        },
        "user-agent" | "useragent" => Type(UserAgent),
        "ja3" | "ja3-fingerprint-md5" | "ja3s" | "ja3s-fingerprint-md5" => Type(Ja3),
        "ja4" | "ja4s" | "ja4-plus" => Type(Ja4),
        "x509-fingerprint-md5"
        | "x509-fingerprint-sha1"
        | "x509-fingerprint-sha256"
        | "certificate"
        | "certificate-hash"
        | "ssl-cert" => Type(Certificate),
        "value"
        | "indicator"
        | "ioc"
        | "iocs"
        | "observable"
        | "file"
        | "hash"
        | "hashes"
        | "indicators"
        | "signature-component.value"
        | "siganture.value"
        | "indicator-value"
        | "filehash"
        | "c2"
        | "c&c" => Indicator,
        _ => Other,
    }
}
