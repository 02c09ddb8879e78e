//! The exercise behind `blanik demo`: a fictitious ministry's logs of three years, with two intrusions
//! among the ordinary work, and an answer key.
//!
//! Everything here is invented and says so. It only writes files and knows nothing of rules, so that a
//! hunt through it is a fair one: some steps can be seen by no rule. The same seed gives the same bytes
//! everywhere.

pub mod answer;
mod chronicle;
mod clock;
mod closing;
mod folder;
mod intrusion_a;
mod intrusion_b;
mod mail;
mod network;
mod ordinary;
mod programs;
mod random;
mod security;
mod spelling;
mod suricata;
mod sysmon;
mod upkeep;
mod windows;
mod zeek;

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use answer::{AnswerKey, Damage, Intrusion, Place, Score, Step, score};
use chronicle::{Chronicle, Deed, Intruder};
pub use closing::tell;
use folder::Shelved;

const NOTICE: &str = "EXERCISE: every name, address, account and event here is invented.";

const README: &str = "\
EXERCISE - EXERCISE - EXERCISE

Every name, address, account and event in this folder is invented by `blanik demo`.
It shows the network of the Ministry of Foreign Affairs of the fictitious Republic
(mzv.example) from May 2022 to May 2025. Addresses inside are of 10.0.0.0/8, outside of the
ranges reserved for documentation (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24).

  logs/            what a collection looks like: hunt this folder
  answer-key.json  what the two intruders did, which record tells of it, and which files are
                   damaged on purpose

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
    Ok(exercise)
}

fn answers(chronicle: &Chronicle, shelved: &Shelved, seed: u64) -> AnswerKey {
    let names = [
        (Intruder::A, "EXERCISE intrusion A: the patient one"),
        (Intruder::B, "EXERCISE intrusion B: the noisy one"),
    ];
    let intrusion = |(by, name): (Intruder, &str)| {
        let told = chronicle.steps.iter().zip(&shelved.places);
        let mut steps: Vec<Step> = told
            .filter(|(deed, _)| deed.by == by)
            .map(|(deed, places)| step(deed, places))
            .collect();
        steps.sort_by_key(|step| step.time);
        let first = steps.first().expect("each intrusion has steps").time;
        let last = steps.last().expect("each intrusion has steps").time;
        Intrusion { name: name.into(), first, last, steps }
    };
    AnswerKey {
        exercise: NOTICE.into(),
        seed,
        records: u64::try_from(chronicle.entries.len()).expect("a count fits"),
        intrusions: names.into_iter().map(intrusion).collect(),
        damage: shelved.damage.clone(),
    }
}

fn step(deed: &Deed, places: &[(blanik_model::Timestamp, Place)]) -> Step {
    // A connection says least: where there is another record, that one is named first.
    let says_more =
        |(_, place): &&(blanik_model::Timestamp, Place)| !place.file.contains("conn.log");
    let first = places.first().expect("each step is told by a record");
    let (time, best) = places.iter().find(says_more).unwrap_or(first);
    let also = places.iter().filter(|(_, place)| place != best);
    Step {
        time: *time,
        host: deed.host.clone(),
        account: deed.account.clone(),
        technique: deed.technique.into(),
        what: deed.what.clone(),
        file: best.file.clone(),
        record: best.record,
        also: also.map(|(_, place)| place.clone()).collect(),
    }
}
