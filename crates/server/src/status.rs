//! What became of requests to add objects (TAXII 2.1, Get Status), for a day, each for the token that asked. They are not on disk: a server
//! that was started again knows no status, and its clients ask for the objects instead.

use std::collections::{HashMap, VecDeque};

use blanik_model::{Timestamp, Tlp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::collection::Added;
use crate::index::microseconds;
use crate::token::Token;
use crate::uuid;

/// How long they are kept, as the standard asks at least.
const KEPT_NANOS: i64 = 24 * 60 * 60 * 1_000_000_000;
/// How many bytes of them are kept; the oldest go.
const BYTES_MAX: usize = 64 << 20;

struct Kept {
    owner: String,
    at: Timestamp,
    body: Vec<u8>,
}

/// See the module.
#[derive(Default)]
pub struct Statuses {
    kept: HashMap<String, Kept>,
    order: VecDeque<String>,
    bytes: usize,
    made: u64,
}

impl Statuses {
    /// The status of what was done at once, as the body of the answer.
    /// `sees`: up to which marking the owner may read the collection; nothing, if they may only write.
    pub fn keep(
        &mut self,
        owner: &Token,
        sees: Option<Tlp>,
        outcome: &[Added],
        at: Timestamp,
    ) -> Vec<u8> {
        self.made += 1;
        let seed = format!("{}{}{}", owner.key(), self.made, at.as_nanos());
        let digest: [u8; 32] = Sha256::digest(seed.as_bytes()).into();
        let id = uuid::from_random(*digest.first_chunk().expect("32 bytes begin with 16"));
        let body = serde_json::to_vec(&resource(&id, sees, outcome, at)).expect("it makes JSON");
        self.bytes += body.len();
        self.order.push_back(id.clone());
        self.kept.insert(id, Kept { owner: owner.key().to_owned(), at, body: body.clone() });
        self.forget(at);
        body
    }

    /// One that this token asked for.
    pub fn get(&mut self, owner: &Token, id: &str, now: Timestamp) -> Option<Vec<u8>> {
        self.forget(now);
        let kept = self.kept.get(id).filter(|kept| kept.owner == owner.key())?;
        Some(kept.body.clone())
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(kept) = self.order.front().and_then(|id| self.kept.get(id)) {
            let is_old = now.as_nanos().saturating_sub(kept.at.as_nanos()) > KEPT_NANOS;
            if !is_old && self.bytes <= BYTES_MAX {
                break;
            }
            self.bytes -= kept.body.len();
            let id = self.order.pop_front().expect("there is a first");
            self.kept.remove(&id);
        }
    }
}

fn resource(id: &str, sees: Option<Tlp>, outcome: &[Added], at: Timestamp) -> Value {
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for added in outcome {
        match added {
            Added::Stored { id, version } => successes.push(json!({"id": id, "version": version})),
            // What they may not see is not told from what is new.
            Added::Held { id, version, level } if sees.is_none_or(|sees| *level > sees) => {
                successes.push(json!({"id": id, "version": version}));
            }
            Added::Held { id, version, .. } => successes.push(json!({
                "id": id,
                "version": version,
                "message": "an object of this id and version is here already"
            })),
            Added::Refused { id, reason } => failures.push(json!({"id": id, "message": reason})),
        }
    }
    let mut status = json!({
        "id": id,
        "status": "complete",
        "request_timestamp": microseconds(at),
        "total_count": outcome.len(),
        "success_count": successes.len(),
        "failure_count": failures.len(),
        "pending_count": 0,
    });
    for (name, list) in [("successes", successes), ("failures", failures)] {
        if !list.is_empty() {
            status[name] = list.into();
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Rights, Tokens};

    fn token(name: &str) -> Token {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = Tokens::of(folder.path());
        let now = Timestamp::from_nanos(0);
        let random = [name.len() as u8; 32];
        let secret = tokens.add(name, Tlp::Green, Rights::new(), now, random).expect("added");
        tokens.owner(&secret).expect("it is known")
    }

    #[test]
    fn a_status_is_for_its_owner_for_a_day_and_tells_nothing_hidden() {
        let (a, b) = (token("a"), token("bb"));
        let mut statuses = Statuses::default();
        let held = |level| Added::Held { id: "x".into(), version: "v".into(), level };
        let refused = Added::Refused { id: "objects[2]".into(), reason: "no id".into() };
        let at = Timestamp::from_nanos(KEPT_NANOS);
        let body =
            statuses.keep(&a, Some(a.clearance), &[held(Tlp::Red), held(Tlp::Green), refused], at);
        let value: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(value["successes"][0], json!({"id": "x", "version": "v"}));
        assert!(value["successes"][1]["message"].is_string());
        assert_eq!(value["failures"][0]["message"], "no id");
        assert_eq!((&value["total_count"], &value["failure_count"]), (&json!(3), &json!(1)));
        let id = value["id"].as_str().expect("an id");
        assert_eq!(statuses.get(&a, id, at), Some(body));
        assert_eq!(statuses.get(&b, id, at), None);
        // Who may only write learns nothing of what is there.
        let blind = statuses.keep(&b, None, &[held(Tlp::Clear)], at);
        let blind: Value = serde_json::from_slice(&blind).expect("JSON");
        assert_eq!(blind["successes"], json!([{"id": "x", "version": "v"}]));
        assert_eq!(statuses.get(&a, id, Timestamp::from_nanos(2 * KEPT_NANOS + 1)), None);
    }
}
