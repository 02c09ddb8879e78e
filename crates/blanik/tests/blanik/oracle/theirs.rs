//! `rsigma-eval` as the oracle: for each list of rules that a kind of events is routed to, an engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use blanik_detect::{Rule, Rules};
use blanik_model::{EventBatch, Kind, Type, Value};
use rsigma_eval::{Engine, JsonEvent, RuleFieldSet};
use rsigma_parser::{Detection, SigmaCollection, SigmaRule, parse_sigma_yaml};
use serde_json::{Map, Number};

use crate::data::SigmaHq;

/// The rules that compile in both implementations, and the engines made of them so far.
pub struct Oracle {
    /// Our compilation; rules are named by their place in it.
    pub rules: Arc<Rules>,
    parsed: HashMap<String, SigmaRule>,
    refused: BTreeMap<String, String>,
    engines: Mutex<HashMap<Vec<u32>, Arc<Desk>>>,
    desks: Mutex<HashMap<Arc<Kind>, Arc<Desk>>>,
}

/// The engines for a list of rules.
pub struct Desk {
    /// Rules by fields, and rules with keywords, which need the whole event.
    pub parts: Vec<Part>,
    /// All its rules, by their place in [`Oracle::rules`].
    pub rules: BTreeSet<u32>,
}

/// One engine, what its rules ask for, and what it has answered.
pub struct Part {
    engine: Engine,
    index: HashMap<String, u32>,
    /// The fields asked for; `None` is all of them.
    fields: Option<BTreeSet<String>>,
    answers: Mutex<HashMap<u128, Arc<[u32]>>>,
}

impl Oracle {
    /// Parses the rules again, and takes those that both can compile.
    pub fn new(sigma_hq: &SigmaHq) -> Self {
        let mut parsed = HashMap::new();
        let mut refused: BTreeMap<String, String> = sigma_hq
            .problems
            .iter()
            .filter(|p| p.fatal)
            .map(|p| (p.rule.clone().unwrap_or_else(|| p.origin.clone()), p.reason.clone()))
            .collect();
        for document in &sigma_hq.documents {
            let found = parse_sigma_yaml(&document.text).expect("SigmaHQ's files are YAML");
            for rule in found.rules {
                let id = rule.id.clone().expect("SigmaHQ's rules have an id");
                if refused.contains_key(&id) {
                    continue;
                }
                match rsigma_eval::compile_rule(&rule) {
                    Ok(_) => drop(parsed.entry(id).or_insert(rule)),
                    Err(error) => drop(refused.insert(id, error.to_string())),
                }
            }
        }
        Oracle {
            rules: Arc::clone(&sigma_hq.rules),
            parsed,
            refused,
            engines: Mutex::default(),
            desks: Mutex::default(),
        }
    }

    /// Number of rules compared.
    pub fn shared(&self) -> usize {
        self.parsed.len()
    }

    /// Rules not compared, and why.
    pub fn refused(&self) -> &BTreeMap<String, String> {
        &self.refused
    }

    /// The desk for a kind, by our own routing.
    pub fn desk(&self, kind: &Arc<Kind>) -> Arc<Desk> {
        if let Some(desk) = self.desks.lock().expect("no one panics").get(kind) {
            return Arc::clone(desk);
        }
        let named = |rule: &Rule| rule.log_source.names(kind) && self.parsed.contains_key(&rule.id);
        let list: Vec<u32> =
            self.rules.iter().filter(|(_, r)| named(r)).map(|(ix, _)| ix.0).collect();
        let mut engines = self.engines.lock().expect("no one panics");
        let desk = engines.entry(list).or_insert_with_key(|list| Arc::new(self.build(list)));
        self.desks.lock().expect("no one panics").insert(Arc::clone(kind), Arc::clone(desk));
        Arc::clone(desk)
    }

    fn build(&self, list: &[u32]) -> Desk {
        let rule = |ix: u32| &self.parsed[&self.rules.get(blanik_detect::RuleIx(ix)).id];
        let (whole, by_field): (Vec<u32>, Vec<u32>) =
            list.iter().partition(|ix| needs_whole_event(rule(**ix)));
        let part = |list: Vec<u32>, whole: bool| {
            let rules: Vec<SigmaRule> = list.iter().map(|ix| rule(*ix).clone()).collect();
            let index = rules.iter().map(|r| r.id.clone().expect("has one")).zip(list).collect();
            let mut collection = SigmaCollection::new();
            collection.rules = rules;
            let fields = RuleFieldSet::collect(&collection, &[], true);
            let fields = fields.names().map(str::to_owned).collect();
            let mut engine = Engine::new();
            engine.add_collection(&collection).expect("each compiled before");
            Part { engine, index, fields: (!whole).then_some(fields), answers: Mutex::default() }
        };
        let parts = [part(by_field, false), part(whole, true)];
        let parts = parts.into_iter().filter(|p| !p.index.is_empty()).collect();
        Desk { parts, rules: list.iter().copied().collect() }
    }
}

/// Keywords look at every field, and references at fields that are not named as one.
fn needs_whole_event(rule: &SigmaRule) -> bool {
    fn walk(part: &Detection) -> bool {
        match part {
            Detection::AllOf(items) => items.iter().any(|i| {
                i.field.name.is_none()
                    || i.field.modifiers.contains(&rsigma_parser::Modifier::FieldRef)
            }),
            Detection::And(parts) | Detection::AnyOf(parts) => parts.iter().any(walk),
            _ => true,
        }
    }
    rule.detection.named.values().any(walk)
}

impl Part {
    /// True if its rules ask for that field.
    pub fn asks_for(&self, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.contains(name))
    }

    /// The rules that meet the row of a batch; `key` is alike for rows alike in what is asked for.
    /// Also whether the answer is new.
    pub fn answer(&self, batch: &EventBatch, row: usize, key: u128) -> (Arc<[u32]>, bool) {
        if let Some(known) = self.answers.lock().expect("no one panics").get(&key) {
            return (Arc::clone(known), false);
        }
        let fields = batch.fields(row).filter(|(name, _)| self.asks_for(name));
        let event =
            fields.map(|(name, value)| (name.to_string(), json(value))).collect::<Map<_, _>>();
        let event = serde_json::Value::Object(event);
        let results = self.engine.evaluate(&JsonEvent::borrow(&event));
        let met: Arc<[u32]> = results
            .iter()
            .map(|r| self.index[r.header.rule_id.as_deref().expect("SigmaHQ's rules have an id")])
            .collect();
        self.answers.lock().expect("no one panics").insert(key, Arc::clone(&met));
        (met, true)
    }
}

/// A value as JSON has it.
pub fn json(value: Value<'_>) -> serde_json::Value {
    match value.ty {
        Type::Null => serde_json::Value::Null,
        Type::Bool => (value.text == "true").into(),
        Type::String => value.text.into(),
        Type::List => value.members().map(json).collect(),
        Type::Number => match value.text.parse::<Number>() {
            Ok(number) => number.into(),
            Err(_) => value.text.into(),
        },
    }
}
