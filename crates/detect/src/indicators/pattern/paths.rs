//! Where in an event that stands which a pattern's object path names.

use blanik_model::IndicatorType;

use crate::indicators::canonical;

/// Which of two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Either.
    Any,
    /// The one that began.
    Source,
    /// The other.
    Destination,
}

/// What in an event a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Addresses and names of machines.
    Machine(End),
    /// Whether a machine is named by an IPv4 or IPv6 address or a domain.
    MachineType(End),
    /// URLs.
    Url,
    /// What of a URL is asked of a server.
    Request,
    /// Hashes of files.
    Hash,
    /// Hashes of certificates.
    Certificate,
    /// A file's name.
    FileName,
    /// A file's folder.
    Folder,
    /// Mail addresses.
    Mail,
    /// A mutex.
    Mutex,
    /// A registry key.
    Registry,
    /// A user agent.
    Agent,
    /// Fields whose name holds one of these words.
    Named(&'static [&'static str]),
}

impl Source {
    /// What a path names. `None` if no event has such a thing.
    pub fn of(path: &str) -> Option<Source> {
        let (object, property) = path.split_once(':')?;
        let hash = property.starts_with("hashes")
            || property.starts_with("extensions.ntfs-ext")
            || property == "extensions.windows-pebinary-ext.imphash";
        let header = property.to_ascii_lowercase();
        Some(match (object, property) {
            ("ipv4-addr" | "ipv6-addr" | "domain-name" | "hostname", "value") => {
                Source::Machine(End::Any)
            }
            ("network-traffic", "src_ref.value") => Source::Machine(End::Source),
            ("network-traffic", "dst_ref.value") => Source::Machine(End::Destination),
            ("network-traffic", "src_ref.type") => Source::MachineType(End::Source),
            ("network-traffic", "dst_ref.type") => Source::MachineType(End::Destination),
            ("network-traffic", "dst_port") => {
                Source::Named(&["dst_port", "dest_port", "destinationport", "destport", "resp_p"])
            }
            ("network-traffic", "src_port") => {
                Source::Named(&["src_port", "source_port", "sourceport", "orig_p"])
            }
            ("network-traffic", "protocols[*]" | "protocols[0]") => {
                Source::Named(&["proto", "protocol", "service"])
            }
            ("network-traffic", _) if header.ends_with("request_header.user-agent") => {
                Source::Agent
            }
            ("network-traffic", _) if header.ends_with("request_value") => Source::Request,
            ("url", "value") => Source::Url,
            ("file" | "artifact", _) if hash => Source::Hash,
            ("process", _) if property.contains("_ref.hashes") => Source::Hash,
            ("file", "name") => Source::FileName,
            ("file", "parent_directory_ref.path") | ("directory", "path") => Source::Folder,
            ("process", "command_line") => Source::Named(&["commandline", "command_line"]),
            ("process", "name" | "image_ref.name" | "binary_ref.name") => Source::FileName,
            ("process", "pid") => Source::Named(&["processid", "process.pid", "pid"]),
            ("process", "cwd") => Source::Named(&["currentdirectory"]),
            ("email-addr", "value") => Source::Mail,
            ("email-message", "subject") => Source::Named(&["subject"]),
            ("email-message", _) if property.ends_with(".value") => Source::Mail,
            ("mutex", "name") => Source::Mutex,
            ("windows-registry-key", "key") => Source::Registry,
            ("windows-registry-key", _) if property.starts_with("values") => {
                Source::Named(&["details", "newvalue", "targetobject", "objectvaluename"])
            }
            ("user-account", "account_login" | "user_id" | "display_name") => {
                Source::Named(&["user", "account", "login"])
            }
            ("x509-certificate", _) if hash => Source::Certificate,
            ("x509-certificate", "serial_number") => Source::Named(&["serial"]),
            ("x509-certificate", "subject") => Source::Named(&["subject"]),
            ("x509-certificate", "issuer") => Source::Named(&["issuer"]),
            _ => return None,
        })
    }

    /// The sort of indicator by which events that have the value are found, if there is one.
    pub(crate) fn trigger(&self, path: &str, value: &str) -> Option<IndicatorType> {
        match self {
            Source::Machine(_) if canonical::address(value).is_some() => {
                Some(IndicatorType::Address)
            }
            Source::Machine(End::Source | End::Destination) => Some(IndicatorType::Domain),
            _ => self.indicator(path),
        }
    }

    /// The sort of indicator that a value of the path is. `None` if there is none.
    pub(crate) fn indicator(&self, path: &str) -> Option<IndicatorType> {
        Some(match self {
            Source::Machine(_) if path.starts_with("domain-name") => IndicatorType::Domain,
            Source::Machine(_) if path.starts_with("hostname") => IndicatorType::Domain,
            Source::Machine(End::Any) => IndicatorType::Address,
            Source::Url => IndicatorType::Url,
            Source::Hash => {
                let name = path.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
                match name.replace(['-', '_'], "").as_str() {
                    "md5" => IndicatorType::Md5,
                    "sha1" => IndicatorType::Sha1,
                    "sha256" => IndicatorType::Sha256,
                    "sha512" => IndicatorType::Sha512,
                    "ssdeep" => IndicatorType::Ssdeep,
                    "imphash" => IndicatorType::Imphash,
                    _ => return None,
                }
            }
            Source::Certificate => IndicatorType::Certificate,
            Source::FileName => IndicatorType::FileName,
            Source::Mail => IndicatorType::Mail,
            Source::Mutex => IndicatorType::Mutex,
            Source::Registry => IndicatorType::RegistryKey,
            Source::Agent => IndicatorType::UserAgent,
            _ => return None,
        })
    }
}
