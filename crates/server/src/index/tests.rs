//! What clearances see, on small collections; and that what is hidden leaves no trace, on random ones.

use proptest::prelude::*;

use super::*;

const WHOLE: Extent = Extent { from: 0, limit: usize::MAX, bytes_max: u64::MAX };

fn facts(id: u8, version: Option<u8>, level: Tlp) -> Facts {
    Facts {
        id: format!("indicator--00000000-0000-4000-8000-0000000000{id:02x}"),
        version: version.map(|v| format!("2024-01-01T00:00:{v:02}Z")),
        spec: Spec::V21,
        level,
    }
}

fn put(index: &mut Index, facts: &Facts) -> bool {
    let stored = !index.holds(facts);
    if stored {
        let place = Place { offset: index.len() as u64, length: 1 };
        index.insert(facts, place, Timestamp::from_nanos(1_000));
    }
    stored
}

fn seen(index: &Index, clearance: Tlp, filter: &Filter) -> Vec<(String, String)> {
    let page = index.select(clearance, filter, WHOLE);
    page.entries.into_iter().map(|entry| (entry.id, entry.version)).collect()
}

fn all() -> Filter {
    Filter { versions: Versions { all: true, ..Versions::default() }, ..Filter::default() }
}

#[test]
fn an_object_is_kept_once_for_those_who_see_it() {
    let mut index = Index::default();
    assert!(put(&mut index, &facts(1, Some(1), Tlp::Green)));
    assert!(!put(&mut index, &facts(1, Some(1), Tlp::Green)));
    assert!(!put(&mut index, &facts(1, Some(1), Tlp::Red)), "the red see the green one");
    assert!(put(&mut index, &facts(2, Some(1), Tlp::Red)));
    assert!(put(&mut index, &facts(2, Some(1), Tlp::Green)), "the green see no red one");
    assert_eq!(seen(&index, Tlp::Red, &all()).len(), 2, "once for the red");
    assert_eq!(seen(&index, Tlp::Green, &all()).len(), 2);
    index.remove(
        &facts(2, None, Tlp::Red).id,
        version_of(&facts(2, Some(1), Tlp::Red)),
        Tlp::Green,
    );
    assert_eq!(seen(&index, Tlp::Green, &all()).len(), 1);
    assert_eq!(seen(&index, Tlp::Red, &all()).len(), 2, "what the green delete, the red keep");
}

#[test]
fn the_last_version_is_the_last_that_is_seen() {
    let mut index = Index::default();
    for (version, level) in [(1, Tlp::Clear), (3, Tlp::Clear), (2, Tlp::Clear), (4, Tlp::Red)] {
        put(&mut index, &facts(1, Some(version), level));
    }
    let of = |clearance, versions: Versions| {
        let filter = Filter { versions, ..Filter::default() };
        let seen = seen(&index, clearance, &filter).into_iter();
        seen.map(|(_, version)| version[17..19].to_owned()).collect::<Vec<_>>()
    };
    let none = Versions::default();
    assert_eq!(of(Tlp::Clear, none.clone()), ["03"]);
    assert_eq!(of(Tlp::Red, none.clone()), ["04"]);
    assert_eq!(of(Tlp::Clear, Versions { first: true, last: true, ..none.clone() }), ["01", "03"]);
    let at = Timestamp::parse("2024-01-01T00:00:02.000Z").into_iter().collect();
    assert_eq!(of(Tlp::Clear, Versions { at, first: true, ..none }), ["01", "02"]);
}

#[test]
fn the_newest_stix_is_given_unless_another_is_asked_for() {
    let mut index = Index::default();
    put(&mut index, &Facts { spec: Spec::V20, ..facts(1, Some(9), Tlp::Clear) });
    put(&mut index, &facts(1, Some(1), Tlp::Clear));
    put(&mut index, &Facts { spec: Spec::V20, ..facts(2, Some(1), Tlp::Clear) });
    let of = |specs: Option<Vec<Spec>>| {
        let page = index.select(Tlp::Clear, &Filter { specs, ..Filter::default() }, WHOLE);
        page.entries.iter().map(|entry| entry.spec).collect::<Vec<_>>()
    };
    assert_eq!(of(None), [Spec::V21, Spec::V20]);
    assert_eq!(of(Some(vec![Spec::V20])), [Spec::V20, Spec::V20]);
    assert_eq!(of(Some(vec![Spec::V20, Spec::V21])), [Spec::V20, Spec::V20]);
}

/// What happens to a collection.
#[derive(Clone, Debug)]
enum Deed {
    Put(u8, Option<u8>, Tlp),
    Delete(u8, Option<u8>, Tlp),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let tlp = || prop::sample::select(Tlp::ALL);
    let version = || prop::option::of(0..3u8);
    let deed = prop_oneof![
        4 => (0..4u8, version(), tlp()).prop_map(|(i, v, l)| Deed::Put(i, v, l)),
        1 => (0..4u8, version(), tlp()).prop_map(|(i, v, l)| Deed::Delete(i, v, l)),
    ];
    prop::collection::vec(deed, 0..40)
}

/// Does only what those of a clearance do or may know of.
fn told(deeds: &[Deed], clearance: Tlp) -> Index {
    let mut index = Index::default();
    for deed in deeds {
        match deed {
            Deed::Put(id, version, level) if *level <= clearance => {
                put(&mut index, &facts(*id, *version, *level));
            }
            Deed::Delete(id, version, by) if *by <= clearance => {
                let facts = facts(*id, *version, Tlp::Clear);
                index.remove(&facts.id, version_of(&facts), *by);
            }
            _ => {}
        }
    }
    index
}

proptest! {
    #[test]
    fn what_is_hidden_leaves_no_trace(deeds in deeds(), clearance in prop::sample::select(Tlp::ALL), limit in 1..5usize) {
        // Deletions by those who see more reach what is seen here, too, and are no trace: they are left out.
        let deeds: Vec<Deed> = deeds
            .into_iter()
            .filter(|deed| !matches!(deed, Deed::Delete(_, _, by) if *by > clearance))
            .collect();
        let (whole, known) = (told(&deeds, Tlp::Red), told(&deeds, clearance));
        prop_assert_eq!(whole.positions(clearance), known.positions(clearance));
        let mut extent = Extent { limit, ..WHOLE };
        loop {
            let (a, b) = (whole.select(clearance, &all(), extent), known.select(clearance, &all(), extent));
            let keys = |page: &Page| page.entries.iter().map(|e| (e.id.clone(), e.version.clone())).collect::<Vec<_>>();
            prop_assert_eq!(keys(&a), keys(&b));
            prop_assert_eq!(a.next, b.next);
            let Some(next) = a.next else { break };
            prop_assert!(next > extent.from || a.entries.is_empty());
            extent.from = next;
        }
    }

    #[test]
    fn pages_of_any_size_are_the_whole(deeds in deeds(), clearance in prop::sample::select(Tlp::ALL), limit in 1..5usize) {
        let index = told(&deeds, Tlp::Red);
        for filter in [Filter::default(), all()] {
            let mut paged = Vec::new();
            let mut extent = Extent { limit, ..WHOLE };
            loop {
                let page = index.select(clearance, &filter, extent);
                prop_assert!(page.entries.len() <= limit);
                paged.extend(page.entries.into_iter().map(|e| (e.id, e.version)));
                let Some(next) = page.next else { break };
                extent.from = next;
            }
            prop_assert_eq!(paged, seen(&index, clearance, &filter));
        }
    }
}
