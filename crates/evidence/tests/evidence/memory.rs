//! A disk in memory that loses power: what is not synced may be lost, half or whole, and any step can
//! fail, with or without its effect.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use blanik_evidence::Disk;

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done.
    Failed,
    /// All was done, and an error came back all the same.
    FailedButPersisted,
    /// A write got half of its bytes onto the disk, which is full now.
    DiskFull,
}

#[derive(Clone, Debug)]
enum Change {
    Named(String, u64),
    Gone(String),
}

#[derive(Clone, Debug, Default)]
struct Platter {
    next: u64,
    /// Bytes by file number: as programs see them, and as they are sure to stand.
    files: BTreeMap<u64, (Vec<u8>, Vec<u8>)>,
    /// Paths as programs see them.
    names: BTreeMap<String, u64>,
    /// Paths that are sure.
    durable: BTreeMap<String, u64>,
    /// What was done to names since their folder was synced.
    pending: Vec<(String, Change)>,
    steps: u64,
    fault: Option<(u64, Fault)>,
    full: bool,
}

/// See the module. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Platter>>);

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl MemoryDisk {
    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().expect("no one panics while holding it")
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.platter().steps
    }

    /// Lets the step with this number fail; numbers begin anew.
    pub fn fail_at(&self, step: u64, fault: Fault) {
        let mut platter = self.platter();
        platter.steps = 0;
        platter.fault = Some((step, fault));
    }

    /// The disk after a power cut and a repair: of what was not synced, a part that `random` draws.
    pub fn after_power_cut(&self, random: &mut dyn FnMut() -> u64) -> MemoryDisk {
        let old = self.platter().clone();
        let mut new = Platter { next: old.next, durable: old.durable, ..Platter::default() };
        // Each folder's changes persist in order, up to some point.
        let mut kept: BTreeMap<String, bool> = BTreeMap::new();
        for (folder, change) in old.pending {
            let still = kept.entry(folder).or_insert(true);
            *still = *still && !random().is_multiple_of(3);
            if *still {
                apply(&mut new.durable, change);
            }
        }
        new.names = new.durable.clone();
        for number in new.names.values() {
            let (seen, sure) = &old.files[number];
            let bytes = match random() % 3 {
                0 => sure.clone(),
                1 => seen.clone(),
                _ if sure == seen => sure.clone(),
                _ => seen[..random() as usize % (seen.len() + 1)].to_vec(),
            };
            new.files.insert(*number, (bytes.clone(), bytes));
        }
        MemoryDisk(Arc::new(Mutex::new(new)))
    }

    fn step(
        &self,
        write: bool,
        act: impl FnOnce(&mut Platter, bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut platter = self.platter();
        let now = platter.steps;
        platter.steps += 1;
        let fault = platter.fault.filter(|(at, _)| *at == now).map(|(_, fault)| fault);
        if platter.full && write {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match fault {
            None => act(&mut platter, false),
            Some(Fault::Failed) => Err(io::Error::other("injected")),
            Some(Fault::FailedButPersisted) => {
                act(&mut platter, false)?;
                Err(io::Error::other("injected, done all the same"))
            }
            Some(Fault::DiskFull) => {
                platter.full = true;
                if write {
                    act(&mut platter, true)?;
                }
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }
}

fn apply(names: &mut BTreeMap<String, u64>, change: Change) {
    match change {
        Change::Named(path, number) => {
            names.retain(|name, n| *n != number || *name == path);
            names.insert(path, number);
        }
        Change::Gone(path) => {
            names.remove(&path);
        }
    }
}

impl Platter {
    fn change(&mut self, path: &str, change: Change) {
        apply(&mut self.names, change.clone());
        self.pending.push((folder_of(path), change));
    }
}

impl Disk for MemoryDisk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let platter = self.platter();
        let number = platter.names.get(path).ok_or_else(missing)?;
        Ok(platter.files[number].0.clone())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.step(true, |platter, half| {
            let number = platter.next;
            platter.next += 1;
            let written = if half { &bytes[..bytes.len() / 2] } else { bytes };
            platter.files.insert(number, (written.to_vec(), Vec::new()));
            platter.change(path, Change::Named(path.to_owned(), number));
            Ok(())
        })
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        self.step(false, |platter, _| {
            let number = *platter.names.get(path).ok_or_else(missing)?;
            let file = platter.files.get_mut(&number).expect("a name has a file");
            file.1 = file.0.clone();
            Ok(())
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.step(false, |platter, _| {
            let number = *platter.names.get(from).ok_or_else(missing)?;
            platter.change(to, Change::Named(to.to_owned(), number));
            Ok(())
        })
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.step(false, |platter, _| {
            let pending = std::mem::take(&mut platter.pending);
            for (folder, change) in pending {
                if folder == path {
                    apply(&mut platter.durable, change);
                } else {
                    platter.pending.push((folder, change));
                }
            }
            Ok(())
        })
    }

    fn make_folder(&self, _: &str) -> io::Result<()> {
        self.step(false, |_, _| Ok(()))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.step(false, |platter, _| {
            platter.names.get(path).ok_or_else(missing)?;
            platter.change(path, Change::Gone(path.to_owned()));
            Ok(())
        })
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let platter = self.platter();
        let own = platter.names.keys().filter(|name| folder_of(name) == path);
        Ok(own.map(|name| name.rsplit('/').next().expect("a name").to_owned()).collect())
    }
}
