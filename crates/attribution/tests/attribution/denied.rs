//! The denial test says what judging the case without those items says.

use blanik_attribution::observe::Observation;
use blanik_attribution::verdict::{Judge, Verdict};
use serde_json::{Value, json};

use super::{APT31, judge, observations};

/// Of a case of few items the answers are the verdicts.
const EXACT: f64 = 1e-6;
/// Of many, techniques that are left are graded by what each is worth in the whole case.
const NEARLY: f64 = 0.1;

fn item(kind: &str, id: &str, grade: &str) -> Value {
    json!({"id": id, "feature": {kind: id}, "grade": grade, "source": "hunt"})
}

/// Tools that an actor alone has shown.
fn own_tools(judge: &Judge, actor: &str, many: usize) -> Vec<String> {
    let of = judge.corpus.find_actor(actor);
    let features = 0..judge.corpus.features.len();
    let own = features.filter(|f| of.is_some() && judge.counts.only_shown_by(*f) == of);
    own.take(many).map(|f| judge.corpus.features[f].clone()).collect()
}

/// The first actors, in order, with that many tools of their own.
fn with_tools(judge: &Judge, many: usize) -> Vec<String> {
    let has = |a: &&String| own_tools(judge, a, many).len() == many;
    judge.corpus.actors.iter().filter(has).step_by(3).take(4).cloned().collect()
}

fn judged(judge: &Judge, items: &[Observation]) -> Verdict {
    judge.judge(items, None, false).unwrap()
}

/// Holds every answer to the verdict on what is left.
fn check(judge: &Judge, items: &[Observation], groups: &[(String, Vec<String>)], nearly: f64) {
    let whole = judged(judge, items);
    for d in &whole.denial {
        let group = groups.iter().find(|(name, _)| *name == d.without);
        let out = group.map_or(vec![d.without.clone()], |(_, ids)| ids.clone());
        let left: Vec<Observation> =
            items.iter().filter(|o| !out.contains(&o.id)).cloned().collect();
        let then = judged(judge, &left);
        let leader = &then.hypotheses[0];
        let off = (d.probability - leader.probability).abs();
        let bare = |name: &str| name.split(" (").next().unwrap_or_default().to_owned();
        assert!(off < nearly, "without {}: {d:?}, judged anew {leader:?}", d.without);
        // Where two are as probable, either leads.
        let is_close = leader.probability - then.hypotheses[1].probability < nearly;
        assert!(is_close || bare(&d.leader) == bare(&leader.name), "{d:?} {leader:?}");
    }
    for (name, _) in groups {
        assert!(whole.denial.iter().any(|d| d.without == *name), "{name}");
    }
    if !whole.smallest_set.is_empty() {
        let is_left = |o: &&Observation| !whole.smallest_set.contains(&o.id);
        let left: Vec<Observation> = items.iter().filter(is_left).cloned().collect();
        if !left.is_empty() {
            assert_ne!(judged(judge, &left).hypotheses[0].id, whole.hypotheses[0].id);
        }
    }
}

#[test]
fn without_items_the_answer_is_that_of_the_case_without_them() {
    let judge = judge();
    for (many, grade) in [(2, "A1"), (2, "C3"), (3, "B2")] {
        for actor in with_tools(&judge, many) {
            let tools = own_tools(&judge, &actor, many);
            let mut items: Vec<Value> = APT31.iter().map(|t| item("technique", t, grade)).collect();
            items.extend(tools.iter().map(|t| item("software", t, grade)));
            items.push(item("software", "S0002", grade));
            let name = format!("tools of {} alone", judge.knowledge.name(&actor));
            check(&judge, &observations(items.into()), &[(name, tools)], EXACT);
        }
    }
}

#[test]
fn blocks_absences_and_what_points_to_somebody_are_left_out_like_techniques() {
    let judge = judge();
    let mut items: Vec<Value> = APT31.iter().map(|t| item("technique", t, "B2")).collect();
    for (i, item) in items.iter_mut().enumerate().take(4) {
        item["block"] = json!(format!("step {}", i / 2));
    }
    items.extend([
        json!({"id": "relay", "feature": {"infrastructure": {"value": "relays", "to": ["G0128"]}}, "grade": "A2", "source": "ally", "block": "ally"}),
        json!({"id": "host", "feature": {"infrastructure": {"value": "a host", "to": ["G0128", "G0016"]}}, "grade": "B2", "source": "ally", "block": "ally"}),
        json!({"id": "no", "feature": {"absence": "T1057"}, "grade": "A1", "source": "hunt"}),
        json!({"id": "nor", "feature": {"absence": "T1005"}, "grade": "A1", "source": "hunt"}),
    ]);
    let of = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let groups = [
        ("block step 0".to_owned(), of(&APT31[..2])),
        ("block step 1".to_owned(), of(&APT31[2..4])),
        ("block ally".to_owned(), of(&["relay", "host"])),
    ];
    check(&judge, &observations(items.into()), &groups, EXACT);
}

/// Of a large case.
const MANY: &[&str] = &[
    "T1003",
    "T1016",
    "T1018",
    "T1021.001",
    "T1027",
    "T1033",
    "T1053.005",
    "T1057",
    "T1059.001",
    "T1071.001",
    "T1082",
    "T1083",
    "T1105",
    "T1112",
    "T1140",
    "T1204.002",
    "T1560.001",
    "T1566.001",
];

#[test]
fn of_many_items_the_answers_are_nearly_that() {
    let judge = judge();
    for (many, grade) in [(2, "A2"), (3, "B2"), (4, "C3")] {
        for actor in with_tools(&judge, many).into_iter().take(1) {
            let tools = own_tools(&judge, &actor, many);
            let mut items: Vec<Value> = MANY.iter().map(|t| item("technique", t, grade)).collect();
            for (i, item) in items.iter_mut().enumerate() {
                item["block"] = json!(format!("step {}", i / 3));
            }
            items.extend(tools.iter().map(|t| item("software", t, grade)));
            items.extend(["S0002", "S0154", "S0013"].iter().map(|t| item("software", t, grade)));
            let mut groups =
                vec![(format!("tools of {} alone", judge.knowledge.name(&actor)), tools)];
            for (i, of) in MANY.chunks(3).enumerate() {
                groups.push((
                    format!("block step {i}"),
                    of.iter().map(|t| (*t).to_owned()).collect(),
                ));
            }
            check(&judge, &observations(items.into()), &groups, NEARLY);
        }
    }
}

/// Two tools that one other actor alone has shown, planted among techniques of APT31: where they carry the answer together,
/// the test says so of both, whatever it says of each.
#[test]
fn tools_that_carry_each_other_are_judged_together() {
    let judge = judge();
    let mut led = 0;
    for actor in with_tools(&judge, 2) {
        let tools = own_tools(&judge, &actor, 2);
        let mut items: Vec<Value> = APT31[..3].iter().map(|t| item("technique", t, "A1")).collect();
        items.extend(tools.iter().map(|t| item("software", t, "A1")));
        let whole = judged(&judge, &observations(items.into()));
        if whole.hypotheses[0].id != actor {
            continue;
        }
        led += 1;
        let name = format!("tools of {} alone", judge.knowledge.name(&actor));
        let both = whole.denial.iter().find(|d| d.without == name).unwrap();
        let each = whole.denial.iter().filter(|d| tools.contains(&d.without));
        assert!(each.into_iter().all(|d| d.if_forged >= both.if_forged), "{:?}", whole.denial);
        assert!(both.changes && both.if_forged < 0.1, "{both:?}");
        assert!((1..=2).contains(&whole.smallest_set.len()), "{:?}", whole.smallest_set);
    }
    assert!(led > 0, "no actor's two tools carry the answer");
}
