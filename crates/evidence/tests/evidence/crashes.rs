//! Whatever step of the storage fails, and however: what was acknowledged stands, and the log verifies.

use blanik_evidence::batches::Batches;
use blanik_evidence::commit::Log;
use blanik_evidence::verify::verify_workspace;
use blanik_evidence::{Error, Reader, SigningKey};

use crate::memory::{Fault, MemoryDisk};

const FAULTS: [Fault; 3] = [Fault::Failed, Fault::FailedButPersisted, Fault::DiskFull];

fn key() -> SigningKey {
    SigningKey::from_seed("example.org/log", [1; 32]).expect("a name")
}

fn open(disk: &MemoryDisk) -> Result<Log<MemoryDisk>, Error> {
    Log::open(disk.clone(), key())
}

fn batch(number: usize, count: usize) -> Vec<String> {
    (0..count).map(|i| format!(r#"{{"batch":{number},"i":{i},"host":"H{i}"}}"#)).collect()
}

/// A disk with a log of these batches.
fn disk_with(batches: &[usize]) -> (MemoryDisk, Vec<String>) {
    let disk = MemoryDisk::default();
    Log::create(&disk, &key()).expect("nothing fails");
    let mut log = open(&disk).expect("nothing fails");
    let mut all = Vec::new();
    for (number, count) in batches.iter().enumerate() {
        let records = batch(number, *count);
        log.append(&records).expect("nothing fails");
        all.extend(records);
    }
    (disk, all)
}

fn records(disk: &MemoryDisk) -> Vec<String> {
    let reader = Reader::new(disk.clone()).expect("a log");
    reader.unsealed().map(|record| record.expect("whole").record).collect()
}

/// Opens, holds what is there against what was acknowledged and what was tried, and goes on.
fn recovers(disk: &MemoryDisk, acknowledged: &[String], tried: &[String], what: &str) {
    let mut log = open(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
    let report = verify_workspace(disk, None);
    assert!(report.faults.is_empty(), "{what}: {:?}", report.faults);
    let now = records(disk);
    let both = [acknowledged, tried].concat();
    assert!(now == acknowledged || now == both, "{what}: {} of {}", now.len(), both.len());
    log.append(&batch(99, 3)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let expected = [now, batch(99, 3)].concat();
    assert_eq!(records(disk), expected, "{what}");
    let report = verify_workspace(disk, None);
    assert!(report.faults.is_empty(), "{what}: {:?}", report.faults);
    assert_eq!(report.records_verified, expected.len() as u64, "{what}");
}

#[test]
fn each_step_of_an_append_may_fail_and_the_power_with_it() {
    fail_everywhere(&[&[], &[250, 4]], [1, 8], 2);
}

#[test]
#[ignore = "takes minutes: `cargo xtask ordeal`"]
fn each_step_of_many_appends_may_fail_and_the_power_with_it() {
    fail_everywhere(&[&[3], &[255], &[256], &[700]], [1, 300], 4);
}

fn fail_everywhere(befores: &[&[usize]], counts: [usize; 2], cuts: u64) {
    for before in befores {
        for count in counts {
            let (disk, _) = disk_with(before);
            let mut log = open(&disk).expect("nothing fails");
            disk.fail_at(u64::MAX, Fault::Failed);
            log.append(&batch(50, count)).expect("nothing fails");
            let steps = disk.steps();
            assert!(steps > 15);
            for step in 0..steps {
                for fault in FAULTS {
                    fail_once(before, count, (step, fault), cuts);
                }
            }
        }
    }
}

fn fail_once(before: &[usize], count: usize, (step, fault): (u64, Fault), cuts: u64) {
    let (disk, mut acknowledged) = disk_with(before);
    let mut log = open(&disk).expect("nothing fails");
    let tried = batch(50, count);
    disk.fail_at(step, fault);
    let mut rest = tried.clone();
    match log.append(&tried) {
        Ok(_) => {
            acknowledged.extend(tried);
            rest.clear();
        }
        Err(_) => assert!(matches!(log.append(&batch(51, 1)), Err(Error::Uncertain))),
    }
    let mut state = step * 3 + 1;
    for cut in 0..cuts {
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let disk = disk.after_power_cut(&mut random);
        let what = format!("{before:?} + {count}, step {step}, {fault:?}, cut {cut}");
        recovers(&disk, &acknowledged, &rest, &what);
    }
}

/// Hands on these batches; true if all of them are acknowledged.
fn append_all(log: &mut Log<MemoryDisk>, batches: &[Vec<String>]) -> bool {
    let feed = |to: &Batches<String>| batches.iter().try_for_each(|batch| to.push(batch.clone()));
    log.append_batches(feed).is_ok()
}

#[test]
fn of_batches_on_their_way_the_first_few_stand_whole() {
    let batches: Vec<Vec<String>> = (0..4).map(|n| batch(n, [150, 110, 1, 3][n])).collect();
    let all = batches.concat();
    let (disk, before) = disk_with(&[4]);
    disk.fail_at(u64::MAX, Fault::Failed);
    assert!(append_all(&mut open(&disk).expect("nothing fails"), &batches));
    assert_eq!(records(&disk), [before.clone(), all.clone()].concat());
    let whole: Vec<usize> =
        (0..=batches.len()).map(|n| before.len() + batches[..n].concat().len()).collect();
    for step in 0..disk.steps() {
        let (disk, _) = disk_with(&[4]);
        let mut log = open(&disk).expect("nothing fails");
        let fault = FAULTS[step as usize % 3];
        disk.fail_at(step, fault);
        let acknowledged = append_all(&mut log, &batches);
        let mut seed = step;
        let disk = disk.after_power_cut(&mut || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed >> 33
        });
        let what = format!("step {step}, {fault:?}");
        let log = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
        let now = records(&disk);
        assert!(whole.contains(&now.len()), "{what}: {} records", now.len());
        assert!(!acknowledged || now.len() == before.len() + all.len(), "{what}");
        assert_eq!(now, [before.clone(), all.clone()].concat()[..now.len()], "{what}");
        assert_eq!(log.size(), now.len() as u64, "{what}");
        let report = verify_workspace(&disk, None);
        assert!(report.faults.is_empty(), "{what}: {:?}", report.faults);
    }
}

#[test]
fn who_feeds_may_fail_and_what_was_fed_stands() {
    let (disk, before) = disk_with(&[2]);
    let mut log = open(&disk).expect("nothing fails");
    let fed: Result<_, Error> = log.append_batches(|to: &Batches<String>| {
        to.push(batch(1, 3))?;
        to.push(vec!["[1]".to_owned()])
    });
    assert!(matches!(fed, Err(Error::Record(_))));
    assert_eq!(records(&disk), [before, batch(1, 3)].concat());
    let fed: Result<_, Error> = log.append_batches(|_: &Batches<String>| Ok(()));
    assert_eq!(fed.expect("nothing fails"), 5..5);
}

#[test]
fn recovery_may_fail_at_each_of_its_steps_and_is_done_again() {
    let (fresh, acknowledged) = disk_with(&[250]);
    let tried = batch(1, 300);
    // Stop right behind the commit: what follows is recovery's.
    let disk = fresh;
    let mut log = open(&disk).expect("nothing fails");
    disk.fail_at(14, Fault::Failed);
    assert!(log.append(&tried).is_err());
    let mut seed = 5u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed >> 33
    };
    let mut steps = 0;
    for step in 0.. {
        let again = disk.after_power_cut(&mut random);
        again.fail_at(step, FAULTS[step as usize % 3]);
        let opened = open(&again).is_ok();
        if opened && again.steps() <= step {
            break;
        }
        steps += 1;
        let what = format!("recovery, step {step}");
        recovers(&again.after_power_cut(&mut random), &acknowledged, &tried, &what);
    }
    assert!(steps > 10, "{steps}: nothing was left to recover");
}

#[test]
fn a_log_is_not_opened_with_another_key_or_after_forgery() {
    let (disk, _) = disk_with(&[3]);
    let other = SigningKey::from_seed("example.org/log", [2; 32]).expect("a name");
    assert!(matches!(Log::open(disk, other), Err(Error::NotSigned(_))));
}

#[test]
fn what_is_no_record_is_refused_and_harms_nothing() {
    let (disk, before) = disk_with(&[3]);
    let mut log = open(&disk).expect("nothing fails");
    for bad in ["", "[1]", "{\"a\":\n1}", "{\"a\":}"] {
        assert!(matches!(log.append(&["{}", bad]), Err(Error::Record(_))), "{bad}");
    }
    log.append(&["{\"good\":1}"]).expect("the log goes on");
    assert_eq!(records(&disk).len(), before.len() + 1);
}
