//! A pattern against several events: which of those that meet one of its observations meet it together.
//!
//! Each observation needs an event of its own (STIX 2.1, 9.5). Of the ways to meet a pattern, one is
//! looked for at a time, from the earliest event on; the events it takes are then gone.

use blanik_model::Timestamp;

use super::evaluate::EventFields;
use super::{Observations, Pattern};

/// Ways to meet a pattern that are looked for.
pub const FOUND_MAX: usize = 100;
/// Candidates looked at for one of them: a pattern can be made to have endless combinations.
const STEPS_MAX: u32 = 2_000_000;
/// `REPEATS` of what itself needs several events.
const REPEATS_OF_SEVERAL_MAX: u64 = 64;

/// An event of which one of the pattern's observations holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// When.
    pub time: Timestamp,
    /// Which event: its place among all that were read.
    pub order: u64,
    /// Which observation: its place in the pattern's text, from 0.
    pub observation: u32,
}

/// The events that meet a pattern together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Each time it was met: indices of sightings, two at least, by time.
    pub met: Vec<Vec<usize>>,
    /// True if there may be more than were looked for.
    pub gave_up: bool,
}

impl Pattern {
    /// True if a single event is not always enough.
    pub fn needs_several(&self) -> bool {
        self.observations.needs_several()
    }

    /// Calls with each of the observations that holds of the event.
    pub fn observations_of(&self, event: &dyn EventFields, f: &mut dyn FnMut(u32)) {
        self.observations.each_held(event, &mut 0, f);
    }

    /// How often, and by which of these events, the pattern is met. They are sorted, each once.
    pub fn join(&self, sightings: &[Sighting]) -> Joined {
        let mut search = Search::of(sightings, self.observations.count());
        let mut joined = Joined::default();
        let start = Window { from: i64::MIN, until: i64::MAX, spans: Vec::new() };
        loop {
            let mut met = Vec::new();
            let found =
                search.bind(&self.observations, 0, &start, &mut Vec::new(), &mut |_, used| {
                    let several = used.len() > 1;
                    if several {
                        met.clone_from(used);
                    }
                    several
                });
            joined.gave_up |= search.steps >= STEPS_MAX;
            if !found {
                return joined;
            }
            if joined.met.len() == FOUND_MAX {
                joined.gave_up = true;
                return joined;
            }
            met.sort_unstable();
            for &at in &met {
                let event = search.event[at];
                search.in_use[event] = true;
            }
            joined.met.push(met);
            search.steps = 0;
        }
    }
}

impl Observations {
    fn needs_several(&self) -> bool {
        match self {
            Observations::One(_) => false,
            Observations::And(_) | Observations::FollowedBy(_) => true,
            Observations::Or(all) => all.iter().any(Observations::needs_several),
            Observations::Repeats(one, times) => *times > 1 || one.needs_several(),
            Observations::Within(one, _) | Observations::Between(one, ..) => one.needs_several(),
        }
    }

    /// How many comparisons in brackets.
    fn count(&self) -> usize {
        match self {
            Observations::One(_) => 1,
            Observations::And(all) | Observations::FollowedBy(all) | Observations::Or(all) => {
                all.iter().map(Observations::count).sum()
            }
            Observations::Repeats(one, _)
            | Observations::Within(one, _)
            | Observations::Between(one, ..) => one.count(),
        }
    }

    fn each_held(&self, event: &dyn EventFields, at: &mut u32, f: &mut dyn FnMut(u32)) {
        match self {
            Observations::One(comparisons) => {
                if comparisons.holds(event) {
                    f(*at);
                }
                *at += 1;
            }
            Observations::And(all) | Observations::FollowedBy(all) | Observations::Or(all) => {
                for one in all {
                    one.each_held(event, at, f);
                }
            }
            Observations::Repeats(one, _)
            | Observations::Within(one, _)
            | Observations::Between(one, ..) => one.each_held(event, at, f),
        }
    }
}

/// When the next event may be.
#[derive(Clone)]
struct Window {
    /// Nanoseconds since 1970: from here on, and before `until`.
    from: i64,
    until: i64,
    /// `WITHIN`: the events from this one on lie within so many nanoseconds.
    spans: Vec<(usize, i64)>,
}

/// What is done with events that meet an expression: true if that was the end of the search.
type Then<'t, 's> = dyn FnMut(&mut Search<'s>, &mut Vec<usize>) -> bool + 't;

struct Search<'s> {
    sightings: &'s [Sighting],
    /// Sightings of each observation, by time.
    of: Vec<Vec<usize>>,
    /// Of each sighting, the number of its event.
    event: Vec<usize>,
    in_use: Vec<bool>,
    steps: u32,
}

impl<'s> Search<'s> {
    fn of(sightings: &'s [Sighting], observations: usize) -> Self {
        let mut of = vec![Vec::new(); observations];
        let mut orders: Vec<u64> = sightings.iter().map(|s| s.order).collect();
        orders.sort_unstable();
        orders.dedup();
        let number = |s: &Sighting| orders.partition_point(|order| *order < s.order);
        let event = sightings.iter().map(number).collect();
        for (at, sighting) in sightings.iter().enumerate() {
            if let Some(of) = of.get_mut(sighting.observation as usize) {
                of.push(at);
            }
        }
        Search { sightings, of, event, in_use: vec![false; orders.len()], steps: 0 }
    }

    fn time(&self, at: usize) -> i64 {
        self.sightings[at].time.as_nanos()
    }

    /// Looks for events that meet an expression whose first observation is number `first`; `used` are
    /// those taken before it.
    fn bind(
        &mut self,
        expression: &Observations,
        first: usize,
        window: &Window,
        used: &mut Vec<usize>,
        then: &mut Then<'_, 's>,
    ) -> bool {
        match expression {
            Observations::One(_) => self.bind_repeated(first, 1, window, used, then),
            Observations::Or(all) => {
                let mut first = first;
                all.iter().any(|one| {
                    let found = self.bind(one, first, window, used, then);
                    first += one.count();
                    found
                })
            }
            Observations::And(all) => self.bind_all(all, first, window, used, then),
            Observations::FollowedBy(all) => self.bind_in_turn(all, first, window, used, then),
            Observations::Within(one, seconds) => {
                let mut window = window.clone();
                // A float that is too large becomes the greatest integer.
                window.spans.push((used.len(), (seconds * 1e9) as i64));
                self.bind(one, first, &window, used, then)
            }
            Observations::Between(one, start, stop) => {
                let mut window = window.clone();
                window.from = window.from.max(start.as_nanos());
                window.until = window.until.min(stop.as_nanos());
                self.bind(one, first, &window, used, then)
            }
            Observations::Repeats(one, times) => match **one {
                Observations::One(_) => self.bind_repeated(first, *times, window, used, then),
                _ if *times > REPEATS_OF_SEVERAL_MAX => {
                    self.steps = STEPS_MAX;
                    false
                }
                _ => self.bind_again(one, *times, first, window, used, then),
            },
        }
    }

    /// Each of these, in any order of time.
    fn bind_all(
        &mut self,
        all: &[Observations],
        first: usize,
        window: &Window,
        used: &mut Vec<usize>,
        then: &mut Then<'_, 's>,
    ) -> bool {
        let Some((one, rest)) = all.split_first() else { return then(self, used) };
        let next = first + one.count();
        self.bind(one, first, window, used, &mut |search, used| {
            search.bind_all(rest, next, window, used, then)
        })
    }

    /// Each of these, none before the end of the one before it.
    fn bind_in_turn(
        &mut self,
        all: &[Observations],
        first: usize,
        window: &Window,
        used: &mut Vec<usize>,
        then: &mut Then<'_, 's>,
    ) -> bool {
        let Some((one, rest)) = all.split_first() else { return then(self, used) };
        let (next, start) = (first + one.count(), used.len());
        self.bind(one, first, window, used, &mut |search, used| {
            let end = used[start..].iter().map(|&at| search.time(at)).max();
            let mut window = window.clone();
            window.from = window.from.max(end.unwrap_or(i64::MIN));
            search.bind_in_turn(rest, next, &window, used, then)
        })
    }

    /// One expression so many times, each by events of its own.
    fn bind_again(
        &mut self,
        one: &Observations,
        times: u64,
        first: usize,
        window: &Window,
        used: &mut Vec<usize>,
        then: &mut Then<'_, 's>,
    ) -> bool {
        if times == 0 {
            return then(self, used);
        }
        let start = used.len();
        self.bind(one, first, window, used, &mut |search, used| {
            // In order of their beginnings: other orders are the same events.
            let begin = used[start..].iter().map(|&at| search.time(at)).min();
            let mut window = window.clone();
            window.from = window.from.max(begin.unwrap_or(i64::MIN));
            search.bind_again(one, times - 1, first, &window, used, then)
        })
    }

    /// One observation so many times: of events in a row, as others would only lie farther apart.
    fn bind_repeated(
        &mut self,
        observation: usize,
        times: u64,
        window: &Window,
        used: &mut Vec<usize>,
        then: &mut Then<'_, 's>,
    ) -> bool {
        let (from, to) = self.range(observation, window, used);
        let Ok(times) = usize::try_from(times) else { return false };
        let start = used.len();
        for begin in from..to {
            if to - begin < times {
                return false;
            }
            for at in begin..to {
                self.steps += 1;
                let sighting = self.of[observation][at];
                let event = self.event[sighting];
                if !self.in_use[event] {
                    self.in_use[event] = true;
                    used.push(sighting);
                    if used.len() - start == times {
                        break;
                    }
                } else if at == begin {
                    break;
                }
            }
            let whole = used.len() - start == times && self.is_within(window, used);
            if whole && self.steps < STEPS_MAX && then(self, used) {
                return true;
            }
            for sighting in used.drain(start..) {
                self.in_use[self.event[sighting]] = false;
            }
            if self.steps >= STEPS_MAX {
                return false;
            }
        }
        false
    }

    /// Which of an observation's sightings lie in the window.
    fn range(&self, observation: usize, window: &Window, used: &[usize]) -> (usize, usize) {
        let (mut from, mut until) = (window.from, window.until);
        for &(base, length) in &window.spans {
            let times = || used[base..].iter().map(|&at| self.time(at));
            if let (Some(first), Some(last)) = (times().min(), times().max()) {
                from = from.max(last.saturating_sub(length));
                until = until.min(first.saturating_add(length).saturating_add(1));
            }
        }
        let of = &self.of[observation];
        let at = |time: i64| of.partition_point(|&at| self.time(at) < time);
        (at(from), at(until).max(at(from)))
    }

    fn is_within(&self, window: &Window, used: &[usize]) -> bool {
        window.spans.iter().all(|&(base, length)| {
            let times = || used[base..].iter().map(|&at| self.time(at));
            match (times().min(), times().max()) {
                (Some(first), Some(last)) => last.saturating_sub(first) <= length,
                _ => true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sightings from letters: `a` is the pattern's first observation; a number is seconds.
    fn sightings(text: &str) -> Vec<Sighting> {
        let one = |(order, word): (usize, &str)| {
            let seconds: i64 = word[1..].parse().expect("seconds");
            let time = Timestamp::from_nanos(seconds * 1_000_000_000);
            let observation = u32::from(word.as_bytes()[0] - b'a');
            Sighting { time, order: order as u64, observation }
        };
        let mut all: Vec<_> = text.split(' ').enumerate().map(one).collect();
        all.sort_unstable();
        all
    }

    #[track_caller]
    fn check(pattern: &str, events: &str, expected: &[&str]) {
        let pattern = ["a", "b", "c"].iter().fold(pattern.to_owned(), |text, name| {
            text.replace(&format!("@{name}"), &format!("[url:value = '{name}']"))
        });
        let pattern = Pattern::parse(&pattern).expect("a pattern");
        let sightings = sightings(events);
        let name = |&at: &usize| {
            let s = &sightings[at];
            let letter = char::from(b'a' + s.observation as u8);
            format!("{letter}{}", s.time.as_nanos() / 1_000_000_000)
        };
        let joined = pattern.join(&sightings);
        let met: Vec<String> = joined
            .met
            .iter()
            .map(|met| met.iter().map(name).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(met, expected);
        assert!(!joined.gave_up);
    }

    #[test]
    fn both_in_any_order_and_each_by_its_own_event() {
        check("@a AND @b", "a1 b5", &["a1 b5"]);
        check("@a AND @b", "b1 a5", &["b1 a5"]);
        check("@a AND @b", "a1 a2", &[]);
        check("@a AND @b", "a1 b2 a3 b4", &["a1 b2", "a3 b4"]);
        let pattern = Pattern::parse("[url:value = 'a'] AND [url:value = 'a']").expect("a pattern");
        let time = Timestamp::from_nanos(1);
        let of = |observation| Sighting { time, order: 7, observation };
        assert_eq!(pattern.join(&[of(0), of(1)]), Joined::default());
    }

    #[test]
    fn one_after_the_other() {
        check("@a FOLLOWEDBY @b", "a1 b5", &["a1 b5"]);
        check("@a FOLLOWEDBY @b", "b1 a5", &[]);
        check("@a FOLLOWEDBY @b", "a3 b3", &["a3 b3"]);
        check("@a FOLLOWEDBY @b FOLLOWEDBY @c", "a1 c2 b3 c4", &["a1 b3 c4"]);
        check("(@a AND @b) FOLLOWEDBY @c", "a1 c2 b3 c4", &["a1 b3 c4"]);
    }

    #[test]
    fn within_a_time() {
        check("(@a AND @b) WITHIN 10 SECONDS", "a1 b11", &["a1 b11"]);
        check("(@a AND @b) WITHIN 10 SECONDS", "a1 b12", &[]);
        check("(@a AND @b) WITHIN 10 SECONDS", "a1 b30 a35", &["b30 a35"]);
        check("(@a FOLLOWEDBY @b) WITHIN 5 SECONDS", "a1 a8 b10", &["a8 b10"]);
    }

    #[test]
    fn so_many_times() {
        check("@a REPEATS 3 TIMES", "a1 a2 a3 a4", &["a1 a2 a3"]);
        check("@a REPEATS 3 TIMES WITHIN 5 SECONDS", "a1 a10 a12 a14", &["a10 a12 a14"]);
        check("@a REPEATS 2 TIMES FOLLOWEDBY @b", "a1 b2 a3 b4", &["a1 a3 b4"]);
        check("(@a FOLLOWEDBY @b) REPEATS 2 TIMES", "a1 b2 a3 b4", &["a1 b2 a3 b4"]);
    }

    #[test]
    fn between_two_times() {
        let in_1970 = "START t'1970-01-01T00:00:10Z' STOP t'1970-01-01T00:00:20Z'";
        check(&format!("(@a AND @b) {in_1970}"), "a1 b12 a15 b20", &["b12 a15"]);
    }

    #[test]
    fn what_one_event_meets_alone_is_not_joined() {
        check("@a OR (@b AND @c)", "a1 b2 c3", &["b2 c3"]);
    }

    #[test]
    fn endless_combinations_are_given_up() {
        let words: Vec<String> = (0..2_000).map(|i| format!("a{i}")).collect();
        let all = ["([url:value = 'a'] OR [url:value = 'b'])"; 12].join(" AND ");
        let pattern = Pattern::parse(&format!("({all}) AND [url:value = 'c']")).expect("a pattern");
        let joined = pattern.join(&sightings(&words.join(" ")));
        assert!(joined.met.is_empty());
        let many = Pattern::parse("[url:value = 'a'] REPEATS 2 TIMES").expect("a pattern");
        let joined = many.join(&sightings(&words.join(" ")));
        assert_eq!((joined.met.len(), joined.gave_up), (FOUND_MAX, true));
    }
}
