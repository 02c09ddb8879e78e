//! What a worker counts; sums over workers do not depend on how the work was shared.

use std::collections::BTreeMap;

use blanik_case::gather::Gatherer;
use blanik_model::Timestamp;

use super::joined::Sightings;

/// Hosts counted by name; a log can be written to name more.
const HOSTS_MAX: usize = 50_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    /// Records that decoders handed out.
    pub decoded: u64,
    /// Events that at least one rule was matched against.
    pub evaluated: u64,
    /// Events of kinds that no rule is about.
    pub not_evaluated: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Events that met at least one rule.
    pub with_findings: u64,
    /// Events by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Events by host.
    pub hosts: BTreeMap<String, u64>,
    /// Time of the first event.
    pub first: Option<Timestamp>,
    /// Time of the last.
    pub last: Option<Timestamp>,
    /// Events of hosts that are not among `hosts`.
    pub further_hosts: u64,
    /// Findings left out by a filter on time because their events have none.
    pub without_time: u64,
    /// Values of which only the beginning was taken.
    pub truncated: u64,
    /// Findings of indicators left out because one event had too many.
    pub indicators_left_out: u64,
    /// Parts of patterns that need several events.
    pub sightings: Sightings,
    /// Matches that correlations want, but whose events bear no time.
    pub uncorrelated: u64,
    /// Values of which correlations have only the beginning.
    pub uncorrelated_values: u64,
    /// Alerts of other tools, by tool.
    pub tool_alerts: BTreeMap<String, u64>,
    /// What a case wants to know of all events, if it is asked for.
    pub gathered: Option<Gatherer>,
}

impl Tally {
    /// Counts events of a host. Past the bound, the names that come last in the alphabet are given up,
    /// so that which ones are kept does not depend on how the work was shared.
    pub fn host(&mut self, name: &str, events: u64) {
        match self.hosts.get_mut(name) {
            Some(count) => *count += events,
            None => {
                self.hosts.insert(name.to_owned(), events);
                if self.hosts.len() > HOSTS_MAX
                    && let Some((_, events)) = self.hosts.pop_last()
                {
                    self.further_hosts += events;
                }
            }
        }
    }

    /// Widens the time read.
    pub fn time(&mut self, time: Timestamp) {
        self.first = Some(self.first.map_or(time, |t| t.min(time)));
        self.last = Some(self.last.map_or(time, |t| t.max(time)));
    }

    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Tally) {
        match (&mut self.gathered, other.gathered) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
        self.decoded += other.decoded;
        self.evaluated += other.evaluated;
        self.not_evaluated += other.not_evaluated;
        self.rejected += other.rejected;
        self.with_findings += other.with_findings;
        self.further_hosts += other.further_hosts;
        self.without_time += other.without_time;
        self.truncated += other.truncated;
        self.indicators_left_out += other.indicators_left_out;
        self.sightings.merge(other.sightings);
        self.uncorrelated += other.uncorrelated;
        self.uncorrelated_values += other.uncorrelated_values;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (tool, count) in other.tool_alerts {
            *self.tool_alerts.entry(tool).or_default() += count;
        }
        for (host, count) in other.hosts {
            self.host(&host, count);
        }
        for time in [other.first, other.last].into_iter().flatten() {
            self.time(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_past_the_bound_are_counted_whoever_saw_them() {
        let names: Vec<String> = (0..HOSTS_MAX + 500).map(|i| format!("h{i:06}")).collect();
        let mut one = Tally::default();
        names.iter().for_each(|n| one.host(n, 2));
        let (mut left, mut right) = (Tally::default(), Tally::default());
        names.iter().rev().for_each(|n| left.host(n, 1));
        names.iter().for_each(|n| right.host(n, 1));
        left.merge(right);
        assert_eq!(one.hosts, left.hosts);
        assert_eq!(one.further_hosts, 1000);
        assert_eq!(left.further_hosts, 1000);
    }
}
