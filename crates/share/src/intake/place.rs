//! What the folder or the file is called: producers sort their lists by campaign, and say it nowhere
//! else.
//!
//! ESET, HarfangLab and Volexity name folders so, Talos files in folders of years and months, maltrail files
//! by actor. What was learnt so is marked so.

/// What a path says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The list's own name: the topmost folder, or the file.
    pub source: String,
    /// A campaign.
    pub campaign: Option<String>,
    /// An actor.
    pub actor: Option<String>,
}

/// Folders and files that are called after what they hold, not after whom it is of.
const COMMON: &[&str] = &[
    "indicators",
    "indicator",
    "iocs",
    "ioc",
    "attachments",
    "samples",
    "sample",
    "hashes",
    "list",
    "lists",
    "feed",
    "feeds",
    "data",
    "domains",
    "ips",
    "urls",
    "yara_rules",
    "rules",
    "blocklist",
    "cti",
    "intel",
    "stix",
    "misp",
    "events",
    "tmp",
    "home",
    "work",
    "cases",
    "bundle",
    "csv",
    "txt",
    "json",
    "certfr",
    "maltrail",
    "trails",
];

/// Reads a path.
pub fn of(list: &str) -> Place {
    let mut parts: Vec<&str> = list.split(['/', '\\', '!']).filter(|p| !p.is_empty()).collect();
    let file = parts.pop().unwrap_or(list);
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let source = parts.iter().find(|part| !is_common(part)).copied().unwrap_or(stem).to_owned();
    if let Some(actor) = stem.strip_prefix("apt_") {
        return Place { source, actor: Some(actor.to_owned()), campaign: None };
    }
    // The topmost folder is the collection's.
    let folder = parts.get(1..).unwrap_or(&[]).iter().rev().find(|part| !is_common(part));
    let campaign = match folder {
        Some(folder) => Some((*folder).to_owned()),
        None if parts.iter().any(|part| is_date(part)) && !is_common(stem) => Some(stem.to_owned()),
        None => None,
    };
    Place { source, campaign, actor: None }
}

fn is_common(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    COMMON.contains(&lower.as_str())
        || is_date(name)
        || lower.starts_with("update")
        || lower == "."
        || lower == ".."
}

fn is_date(name: &str) -> bool {
    name.len() <= 4 && !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_name_campaigns() {
        for (path, campaign, actor) in [
            ("ioc-eset-dev/dukes/samples.sha256", Some("dukes"), None),
            ("ioc-eset-dev/quarterly_reports/2020_Q2/samples.md5", Some("2020_Q2"), None),
            ("ioc-harfanglab-dev/TRR250401/update2506/x_iocs.csv", Some("TRR250401"), None),
            ("ioc-talos-dev/2023/03/YoroTrooper.txt", Some("YoroTrooper"), None),
            ("volexity/2023/2023-03-30 3CX/indicators/iocs.csv", Some("2023-03-30 3CX"), None),
            ("maltrail-apt-trails/apt_judgmentpanda.txt", None, Some("judgmentpanda")),
            ("feed.txt", None, None),
        ] {
            let place = of(path);
            assert_eq!(
                (place.campaign.as_deref(), place.actor.as_deref()),
                (campaign, actor),
                "{path}"
            );
        }
    }
}
