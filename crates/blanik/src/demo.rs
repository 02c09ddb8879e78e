//! The exercise behind `blanik demo`: a fictitious ministry's logs of three years, with two intrusions
//! among the ordinary work, and an answer key.
//!
//! Everything here is invented and says so. It only writes files and knows nothing of rules, so that a
//! hunt through it is a fair one: some steps can be seen by no rule. The same seed gives the same bytes
//! everywhere.

pub mod answer;
mod background;
pub mod case_score;
mod chronicle;
mod clock;
mod closing;
mod edge;
mod feeds;
mod folder;
mod intelligence;
mod intrusion_a;
mod intrusion_b;
mod linux;
mod mail;
mod network;
mod on_record;
mod ordinary;
mod programs;
mod published;
mod random;
mod relays;
pub mod score;
mod security;
mod signins;
mod spelling;
mod suricata;
mod sysmon;
pub mod taken;
mod transport;
mod upkeep;
mod windows;
mod zeek;
mod zeek_log;

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use answer::{AnswerKey, ClockSkew, Damage, Intrusion, LogFormat, MissingLogs, Place, Step};
use chronicle::{Chronicle, Deed, Intruder};
pub use closing::{for_programs, tell};
use folder::Shelved;
pub use on_record::{OnRecord, Waiting};
pub use published::{Published, publish};
pub use score::{Missed, Reason, Score, score, techniques};

/// How a hunt through the exercise did by the answer key.
pub struct Scores {
    /// Its findings.
    pub findings: Score,
    /// The case that they come to.
    pub case: case_score::CaseScore,
}

/// Its case.
pub const CASE: &str = on_record::CASE;
/// What every part of the exercise says of itself.
pub const NOTICE: &str = "EXERCISE: every person, account and event here is invented.";

const README: &str = "\
EXERCISE - EXERCISE - EXERCISE

Every person, account and event in this folder is invented by `blanik demo`.
It shows the network of the Ministry of Foreign Affairs of the fictitious Republic
(mzv.example) from May 2022 to May 2025. Addresses inside are of 10.0.0.0/8, outside of the
ranges reserved for documentation (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24).

One thing is real: intrusion A comes through addresses, and uses a name, that CERT-FR
(CERTFR-2021-IOC-003) and Sekoia.io (November 2021) published of the actor they call APT31, so
that their lists find it. They belonged to owners of routers that had been broken into. What is
told of them here never happened; do not contact them.

  logs/            what a collection looks like: hunt this folder
  intelligence/    a bundle of STIX 2.1 with those addresses and that name, and their sources
  answer-key.json  what the two intruders did, which records tell of it, and what they took; which
                   files are damaged on purpose, which clock is wrong, which logs are missing

Ordinary work is thinned: of each working day a few people's traces were kept.
";

/// The readme with the people and their machines.
fn readme() -> String {
    let people = network::STAFF.iter().chain(&network::ADMINS).map(|who| {
        format!("  {:<12}{:<40}{:<10}{}\n", who.account, who.name, who.host.name, who.host.address)
    });
    format!("{README}\nThe people (invented):\n\n{}", people.collect::<String>())
}

/// An exercise that was written.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// The folder to hunt.
    pub logs: PathBuf,
    /// The answer key's file, beside the logs.
    pub key_file: PathBuf,
    /// The text that says what this is.
    pub readme: PathBuf,
    /// The answers.
    pub answers: AnswerKey,
}

/// Writes the exercise into a folder, which is created if it is not there.
pub fn write_exercise(dir: &Path, seed: u64) -> io::Result<Exercise> {
    let mut chronicle = Chronicle::new(seed);
    ordinary::tell(&mut chronicle, seed);
    upkeep::tell(&mut chronicle, seed);
    background::tell(&mut chronicle, seed);
    intrusion_a::tell(&mut chronicle);
    intrusion_b::tell(&mut chronicle);
    let shelved = folder::shelve(&chronicle);
    let answers = answers(&chronicle, &shelved, seed);
    let exercise = Exercise {
        logs: dir.join("logs"),
        key_file: dir.join("answer-key.json"),
        readme: dir.join("EXERCISE.txt"),
        answers,
    };
    fs::create_dir_all(&exercise.logs)?;
    fs::write(&exercise.readme, readme())?;
    fs::write(&exercise.key_file, serde_json::to_vec_pretty(&exercise.answers)?)?;
    shelved.write(&exercise.logs)?;
    intelligence::write(&dir.join("intelligence"))?;
    Ok(exercise)
}

fn answers(chronicle: &Chronicle, shelved: &Shelved, seed: u64) -> AnswerKey {
    let told = [
        (Intruder::A, "A", "EXERCISE intrusion A: the patient one", intrusion_a::addresses()),
        (Intruder::B, "B", "EXERCISE intrusion B: the noisy one", intrusion_b::addresses()),
    ];
    let intrusion = |(by, id, name, addresses): (Intruder, &str, &str, Vec<String>)| {
        let told = chronicle.steps.iter().zip(&shelved.places);
        let mut steps: Vec<Step> = told
            .filter(|(deed, _)| deed.by == by)
            .map(|(deed, places)| step(deed, places))
            .collect();
        steps.sort_by_key(|step| step.time);
        let first = steps.first().expect("each intrusion has steps").time;
        let last = steps.last().expect("each intrusion has steps").time;
        let taken = chronicle.loot.of(by);
        Intrusion { id: id.into(), name: name.into(), first, last, steps, addresses, taken }
    };
    let clock = |device: &network::Device| ClockSkew {
        host: device.name.into(),
        ahead_ms: device.clock_ahead_ms,
    };
    let gap = &network::GAP;
    let (host, why) = (gap.host.fqdn(), gap.why.to_owned());
    let format = |(logs, format): &(&str, &str)| LogFormat {
        logs: (*logs).into(),
        format: (*format).into(),
    };
    AnswerKey {
        exercise: NOTICE.into(),
        seed,
        records: shelved.records,
        intrusions: told.into_iter().map(intrusion).collect(),
        damage: shelved.damage.clone(),
        clocks: [&network::MX01].map(clock).into(),
        gaps: vec![MissingLogs { host, from: gap.from, to: gap.to, why }],
        formats: feeds::FORMATS.iter().map(format).collect(),
    }
}

fn step(deed: &Deed, places: &[Place]) -> Step {
    // What the border says of a connection says least, and next to it what the mail's servers say of a letter to
    // somebody: where there is another record, that one is named first.
    let says_little = |place: &Place| {
        let begins = |folder: &str| place.file.starts_with(folder);
        let border = place.file.contains("conn.log") || begins("nfdump/") || begins("ns01/");
        let firewall = begins("fw01/") && deed.host != network::FW01.name;
        let gateway = begins("mx01/") && deed.host != network::MX01.name;
        border || firewall || gateway || (begins("exch01/") && deed.host != mail::SERVICE)
    };
    let mut records: Vec<Place> = places.to_vec();
    records.sort_by_key(says_little);
    Step {
        time: deed.time.expect("each step puts something down"),
        host: deed.host.clone(),
        from: deed.from.clone(),
        account: deed.account.clone(),
        tactic: deed.tactic.into(),
        technique: deed.technique.into(),
        what: deed.what.clone(),
        records,
    }
}
