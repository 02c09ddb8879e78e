//! C2SP tlog-policy: which logs and witnesses are trusted, and how many witnesses it takes.

use std::collections::HashMap;

use crate::checkpoint::Checkpoint;
use crate::error::{Error, Result};
use crate::note::{Note, SignatureType, VerifierKey};

const FORMAT: &str = "policy";
/// Longest policy that is read.
const LINES_MAX: usize = 10_000;

/// See the module.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The logs; empty if any log will do that is known otherwise.
    pub logs: Vec<Peer>,
    /// The witnesses.
    pub witnesses: Vec<Peer>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A log or a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its key.
    pub key: VerifierKey,
    /// Where it is reached.
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Debug)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// What a policy finds under a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The witnesses that signed, by their keys' names, and when.
    pub witnesses: Vec<(String, u64)>,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::default();
        let mut policy = Policy { logs: vec![], witnesses: vec![], groups: vec![], quorum: None };
        let mut seen_quorum = false;
        for (i, line) in text.split('\n').enumerate() {
            let fail = |reason| Error::malformed(FORMAT, i + 1, reason);
            if i == LINES_MAX {
                return Err(fail("too long"));
            }
            if line.contains(|c: char| c.is_ascii_control() && c != '\t') {
                return Err(fail("a control character"));
            }
            let words: Vec<&str> =
                line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            let done = match words[..] {
                [] => Ok(()),
                [first, ..] if first.starts_with('#') => Ok(()),
                ["log", key] => policy.add_log(key, None),
                ["log", key, url] => policy.add_log(key, Some(url)),
                ["witness", name, key] => reader.witness(&mut policy, name, key, None),
                ["witness", name, key, url] => reader.witness(&mut policy, name, key, Some(url)),
                ["group", name, threshold, ref members @ ..] if !members.is_empty() => {
                    reader.group(&mut policy, name, threshold, members)
                }
                ["quorum", _] if seen_quorum => Err("a second quorum"),
                ["quorum", name] => {
                    seen_quorum = true;
                    reader.quorum(name).map(|quorum| policy.quorum = quorum)
                }
                _ => Err("not log, witness, group or quorum with what belongs to it"),
            };
            done.map_err(fail)?;
        }
        if !seen_quorum {
            return Err(Error::malformed(FORMAT, text.split('\n').count(), "no quorum"));
        }
        Ok(policy)
    }

    fn add_log(&mut self, key: &str, url: Option<&str>) -> std::result::Result<(), &'static str> {
        // A log of ours has two keys: which of them a policy names, has to have signed.
        self.logs.push(peer(
            &self.logs,
            key,
            url,
            &[SignatureType::Ed25519, SignatureType::MlDsa44],
        )?);
        Ok(())
    }

    /// Verifies a checkpoint: signed by a log of the policy (by `log`, where it names none), cosigned
    /// by its quorum.
    pub fn verify(&self, note: &Note, log: Option<&VerifierKey>) -> Result<Verdict> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        let own = log.filter(|_| self.logs.is_empty());
        let trusted = self.logs.iter().map(|peer| &peer.key).chain(own);
        let mut signed_by_log = false;
        for key in trusted.filter(|key| key.name() == checkpoint.origin) {
            note.verify(key)?;
            signed_by_log = true;
        }
        if !signed_by_log {
            return Err(Error::NotSigned("a log of the policy".into()));
        }
        let signed: Vec<Option<u64>> =
            self.witnesses.iter().map(|peer| cosigned(note, &peer.key)).collect::<Result<_>>()?;
        if self.quorum.is_some_and(|quorum| !self.holds(quorum, &signed)) {
            let have = signed.iter().flatten().count();
            return Err(Error::NoQuorum { have, known: self.witnesses.len() });
        }
        let name = |peer: &Peer| peer.key.name().to_owned();
        let both = self.witnesses.iter().zip(signed);
        let witnesses = both.filter_map(|(peer, time)| Some((name(peer), time?))).collect();
        Ok(Verdict { checkpoint, witnesses })
    }

    fn holds(&self, member: Member, signed: &[Option<u64>]) -> bool {
        match member {
            Member::Witness(i) => signed[i].is_some(),
            // A group's members stand before it: this ends.
            Member::Group(i) => {
                let group = &self.groups[i];
                let met = group.members.iter().filter(|m| self.holds(**m, signed)).count();
                met >= group.threshold
            }
        }
    }
}

/// When this witness signed; none if it did not.
fn cosigned(note: &Note, key: &VerifierKey) -> Result<Option<u64>> {
    match note.verify(key) {
        Err(Error::NotSigned(_)) => Ok(None),
        other => other,
    }
}

fn peer(
    others: &[Peer],
    key: &str,
    url: Option<&str>,
    types: &[SignatureType],
) -> std::result::Result<Peer, &'static str> {
    let key: VerifierKey = key.parse().map_err(|_| "no verifier key")?;
    if !types.contains(&key.signature_type()) {
        return Err("a key of the wrong type");
    }
    if others.iter().any(|other| other.key.public() == key.public()) {
        return Err("this key stands twice");
    }
    Ok(Peer { key, url: url.map(str::to_owned) })
}

/// Names, while a policy is read.
#[derive(Default)]
struct Reader {
    names: HashMap<String, Member>,
    in_a_group: std::collections::HashSet<String>,
}

impl Reader {
    fn name(&mut self, name: &str, member: Member) -> std::result::Result<(), &'static str> {
        let free = name != "none" && self.names.insert(name.to_owned(), member).is_none();
        if free { Ok(()) } else { Err("this name is taken") }
    }

    fn witness(
        &mut self,
        policy: &mut Policy,
        name: &str,
        key: &str,
        url: Option<&str>,
    ) -> std::result::Result<(), &'static str> {
        self.name(name, Member::Witness(policy.witnesses.len()))?;
        let types = [SignatureType::Cosignature, SignatureType::MlDsa44];
        policy.witnesses.push(peer(&policy.witnesses, key, url, &types)?);
        Ok(())
    }

    fn group(
        &mut self,
        policy: &mut Policy,
        name: &str,
        threshold: &str,
        names: &[&str],
    ) -> std::result::Result<(), &'static str> {
        let mut members = Vec::new();
        for member in names {
            members.push(*self.names.get(*member).ok_or("a member that is not defined before")?);
            if !self.in_a_group.insert((*member).to_owned()) {
                return Err("a member of two groups");
            }
        }
        let threshold = match threshold {
            "any" => 1,
            "all" => members.len(),
            k => k.parse().map_err(|_| "no threshold")?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err("a threshold that no number of members meets");
        }
        self.name(name, Member::Group(policy.groups.len()))?;
        policy.groups.push(Group { threshold, members });
        Ok(())
    }

    fn quorum(&self, name: &str) -> std::result::Result<Option<Member>, &'static str> {
        match self.names.get(name) {
            Some(member) => Ok(Some(*member)),
            None if name == "none" => Ok(None),
            None => Err("a quorum that is not defined before"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::key::SigningKey;

    fn key(name: &str) -> SigningKey {
        SigningKey::from_seed(name, Hash::of(name.as_bytes()).0).expect("a name")
    }

    fn signed(by: &[&str]) -> Note {
        let root = Hash::of_nothing();
        let checkpoint = Checkpoint { origin: "log".into(), size: 0, root, extensions: vec![] };
        let mut note = key("log").sign(checkpoint.to_string());
        note.signatures.extend(by.iter().map(|name| key(name).cosign(&note.text, 1_700_000_000)));
        note
    }

    fn example() -> String {
        let mut text =
            format!("# who we trust\nlog {} https://log.example\n", key("log").verifier());
        for name in ["X1", "X2", "X3", "Y1", "Y2"] {
            text += &format!("\twitness  {name} {}\n", key(name).cosigner());
        }
        text + "group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup all-of-them all X Y\nquorum all-of-them\n"
    }

    #[test]
    fn quorums_of_quorums() {
        let policy = Policy::parse(&example()).expect("a policy");
        for (by, holds) in [
            (&["X1", "X3", "Y2"][..], true),
            (&["X1", "X2", "X3"], false),
            (&["X1", "Y1", "Y2"], false),
            (&[], false),
        ] {
            let verdict = policy.verify(&signed(by), None);
            assert_eq!(verdict.is_ok(), holds, "{by:?}: {verdict:?}");
            if let Ok(verdict) = verdict {
                assert_eq!(verdict.witnesses.len(), by.len());
                assert_eq!(verdict.witnesses[0].1, 1_700_000_000);
            }
        }
    }

    #[test]
    fn a_signature_of_a_known_witness_that_does_not_hold_spoils_the_note() {
        let policy = Policy::parse(&example()).expect("a policy");
        let mut note = signed(&["X1", "X2", "Y1", "Y2"]);
        let last = note.signatures.last_mut().expect("five");
        last.signature[20] ^= 1;
        assert!(matches!(policy.verify(&note, None), Err(Error::BadSignature(_))));
        note.signatures.last_mut().expect("five").name = "stranger".into();
        policy.verify(&note, None).expect("strangers are ignored");
    }

    #[test]
    fn what_is_no_policy() {
        let text = example();
        for (from, to, line) in [
            ("group Y any Y1 Y2", "group Y any Y1 X2", 9),
            ("group X 2", "group X 4", 8),
            ("group X 2", "group X 0", 8),
            ("quorum all-of-them", "quorum nobody", 11),
            ("quorum all-of-them", "", 12),
            ("witness  X2", "witness  X1", 4),
            ("group Y any Y1", "group Y any Z", 9),
            ("# who", "who", 1),
        ] {
            match Policy::parse(&text.replacen(from, to, 1)) {
                Err(Error::Malformed { line: l, .. }) => assert_eq!(l, line, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
        assert!(Policy::parse("quorum none\n").is_ok());
    }
}
