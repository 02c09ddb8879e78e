//! How unexpected an observation is: measured by the history of the same rule on the same host.
//!
//! In nats: ln(hours known ÷ hours in which the like was seen). What began to be watched a moment ago
//! surprises nobody; what happens every day does not either, before or after. A rule's level stands
//! for a history of its own: its author says that it hardly ever fires where all is well.

use std::collections::BTreeMap;

use blanik_model::Level;

use crate::observation::Observation;

/// Hours of history that are enough to know a host.
const HISTORY_HOURS_MAX: f64 = 120.0;
/// An observation at least as surprising may be part of an intrusion on its own.
pub(crate) const NOTABLE: f64 = 3.0;

/// Hours without such a finding that a level stands for.
fn claimed_hours(level: Level) -> f64 {
    match level {
        Level::Informational | Level::Low => 0.2,
        Level::Medium => 1.0,
        Level::High => 24.0,
        Level::Critical => 168.0,
    }
}

/// What an observation of a level counts for, beside one of level medium.
pub(crate) fn weight(level: Level) -> f64 {
    match level {
        Level::Informational => 0.25,
        Level::Low => 0.5,
        Level::Medium => 1.0,
        Level::High => 2.0,
        Level::Critical => 4.0,
    }
}

/// The surprise of each observation, in nats. An analyst's word counts for more than history.
pub(crate) fn of(observations: &[Observation]) -> Vec<f64> {
    let mut hours: BTreeMap<((&str, &str), &str), Vec<i64>> = BTreeMap::new();
    for o in observations {
        hours.entry((o.name(), &o.host)).or_default().push(o.hour());
    }
    for of_one in hours.values_mut() {
        of_one.sort_unstable();
        of_one.dedup();
    }
    let first = observations.iter().map(Observation::hour).min().unwrap_or(0);
    let last = observations.iter().map(Observation::hour).max().unwrap_or(0);
    let surprise = |o: &Observation| {
        let like = &hours[&(o.name(), o.host.as_str())];
        // The hour before and behind is the same occasion.
        let before = like.partition_point(|hour| *hour < o.hour() - 1);
        let behind = like.len() - like.partition_point(|hour| *hour <= o.hour() + 1);
        let nats = |known: i64, seen: usize| {
            let known = (known as f64).min(HISTORY_HOURS_MAX);
            ((claimed_hours(o.level) + known) / (1.0 + seen as f64)).ln()
        };
        let measured = nats(o.hour() - first, before).min(nats(last - first, before + behind));
        if o.confirmed { measured.max(NOTABLE) } else { measured }
    };
    observations.iter().map(surprise).collect()
}
