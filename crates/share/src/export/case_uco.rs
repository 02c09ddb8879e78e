//! CASE/UCO: where what is published comes from, as a graph in JSON-LD. Terms of CASE 1.4.0 and UCO 1.4.0 only
//! (<https://caseontology.org>).
//!
//! Each record of the log that a claim cites is an event record with its provenance record, whose exhibit number is the
//! record's index in the log; each claim is an annotation of these, and the result of an investigative action on them.
//! With the provenance goes the record's leaf of the log's tree: the bytes that the log holds of it, `00 01` and the commitment
//! to its fields, and their SHA-256, which is what inclusion proofs lead from (RFC 6962, 2.1). It shows nothing of the record.

use std::collections::{BTreeMap, BTreeSet};

use blanik_evidence::Hash;
use blanik_evidence::hash::from_hex;
use blanik_model::{Timestamp, Tlp};
use blanik_verify::agree::leaf_name;
use serde_json::{Map, Value, json};

use super::ids::Ids;
use crate::publication::{Claim, Commitment, Publication};

/// Where the things of this graph are named.
const BASE: &str = "https://blanik.invalid/kb/";

/// The graph.
pub fn provenance(publication: &Publication) -> Value {
    let graph = Graph { publication, ids: Ids::of(publication) };
    let mut nodes = graph.whole();
    for (record, marking) in graph.records() {
        nodes.extend(graph.record(record, marking));
    }
    for claim in publication.claims() {
        nodes.extend(graph.claim(claim));
    }
    let mut seen = BTreeSet::new();
    nodes.retain(|node| seen.insert(node["@id"].to_string()));
    // Facets and statements are parts of objects and no objects of their own.
    let part = |node: &&Value| {
        node["@type"] == "observable:EventRecordFacet"
            || node["@type"] == "marking:StatementMarking"
    };
    let objects = nodes.iter().filter(|node| !part(node));
    let contained = objects.map(|node| json!({ "@id": node["@id"] })).collect();
    nodes.push(graph.investigation(contained));
    json!({
        "@context": {
            "kb": BASE,
            "action": "https://ontology.unifiedcyberontology.org/uco/action/",
            "core": "https://ontology.unifiedcyberontology.org/uco/core/",
            "identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
            "investigation": "https://ontology.caseontology.org/case/investigation/",
            "marking": "https://ontology.unifiedcyberontology.org/uco/marking/",
            "observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
            "tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
            "types": "https://ontology.unifiedcyberontology.org/uco/types/",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@graph": nodes,
    })
}

struct Graph<'p> {
    publication: &'p Publication,
    ids: Ids,
}

fn time(at: Timestamp) -> Value {
    let at = at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    json!({ "@type": "xsd:dateTime", "@value": at })
}

impl Graph<'_> {
    fn id(&self, what: &str, key: &[&str]) -> String {
        format!("kb:{what}-{}", self.ids.uuid(what, key))
    }

    fn reference(&self, what: &str, key: &[&str]) -> Value {
        json!({ "@id": self.id(what, key) })
    }

    /// A node with what all nodes have; what is null is left out.
    fn node(&self, what: (&str, &[&str]), ty: &str, further: Value) -> Value {
        let (name, key) = what;
        let mut node = Map::new();
        let head = json!({ "@id": self.id(name, key), "@type": ty });
        for part in [head, further] {
            if let Value::Object(part) = part {
                node.extend(part.into_iter().filter(|(_, value)| !value.is_null()));
            }
        }
        Value::Object(node)
    }

    fn marked(&self, tlp: Tlp) -> Value {
        self.reference("marking", &[tlp.as_str()])
    }

    /// Who publishes, what it was made with, the log, and the markings that are used.
    fn whole(&self) -> Vec<Value> {
        let publication = self.publication;
        let further = json!({ "core:name": publication.publisher.name, "core:description": publication.publisher.contact });
        let publisher = self.node(("publisher", &[]), "identity:Organization", further);
        let further = json!({ "core:name": "blanik", "tool:toolType": "Forensic analysis" });
        let tool = self.node(("tool", &[]), "tool:Tool", further);
        let key = format!("A tamper-evident log. Its key: {}", publication.log.key);
        let further = json!({ "core:name": publication.log.origin, "core:description": key });
        let log = self.node(("log", &[]), "observable:ObservableObject", further);
        let mut nodes = vec![publisher, tool, log];
        for tlp in Tlp::ALL.iter().filter(|tlp| **tlp <= publication.tlp || self.uses(**tlp)) {
            nodes.extend(self.marking(*tlp));
        }
        nodes
    }

    fn uses(&self, tlp: Tlp) -> bool {
        self.publication.claims().any(|claim| claim.marking == tlp)
    }

    fn marking(&self, tlp: Tlp) -> [Value; 2] {
        let label = format!("TLP:{}", tlp.as_str().to_ascii_uppercase());
        let statement = self.node(
            ("statement", &[tlp.as_str()]),
            "marking:StatementMarking",
            json!({ "marking:definitionType": "statement", "marking:statement": label }),
        );
        let definition = json!({
            "core:name": label,
            "marking:definitionType": "statement",
            "marking:definition": { "@id": statement["@id"] },
        });
        let marking =
            self.node(("marking", &[tlp.as_str()]), "marking:MarkingDefinition", definition);
        [marking, statement]
    }

    /// Records that claims cite, by index; each is marked as the freest claim that cites it.
    fn records(&self) -> BTreeMap<u64, Tlp> {
        let mut records: BTreeMap<u64, Tlp> = BTreeMap::new();
        for claim in self.publication.claims() {
            for record in &claim.cites.records {
                let marking = records.entry(*record).or_insert(claim.marking);
                *marking = (*marking).min(claim.marking);
            }
        }
        records
    }

    fn record(&self, record: u64, marking: Tlp) -> Vec<Value> {
        let index = record.to_string();
        let key = [index.as_str()];
        let facet = self.node(
            ("record-facet", &key),
            "observable:EventRecordFacet",
            json!({
                "observable:eventRecordID": index,
                "observable:eventRecordServiceName": self.publication.log.origin,
            }),
        );
        let further = json!({
            "core:name": format!("Record {index} of {}", self.publication.log.origin),
            "core:objectMarking": self.marked(marking),
            "core:hasFacet": { "@id": facet["@id"] },
        });
        let event = self.node(("record", &key), "observable:EventRecord", further);
        let committed = self.publication.commitments.iter().find(|c| c.record == record);
        let leaf = committed.and_then(|committed| self.leaf(committed, marking));
        let mut of = vec![json!({ "@id": event["@id"] }), self.reference("log", &[])];
        of.extend(leaf.iter().map(|leaf| json!({ "@id": leaf["@id"] })));
        let further = json!({
            "core:description": format!("What record {index} of the log gives to this publication"),
            "core:objectMarking": self.marked(marking),
            "investigation:exhibitNumber": index,
            "investigation:rootExhibitNumber": self.publication.log.origin,
            "core:object": of,
        });
        let provenance = self.node(("provenance", &key), "investigation:ProvenanceRecord", further);
        let further = json!({
            "core:source": { "@id": event["@id"] },
            "core:target": self.reference("log", &[]),
            "core:kindOfRelationship": "Contained_Within",
            "core:isDirectional": true,
        });
        let within = self.node(("within", &key), "observable:ObservableRelationship", further);
        [event, facet, provenance, within].into_iter().chain(leaf).collect()
    }

    /// What the log holds of a record; none if the entry is no hex.
    fn leaf(&self, committed: &Commitment, marking: Tlp) -> Option<Value> {
        let bytes = committed.leaf_bytes();
        let digest = Hash::of(&from_hex(&bytes)?).to_hex();
        let index = committed.record.to_string();
        let key = [index.as_str()];
        let hash = self.node(
            ("leaf-hash", &key),
            "types:Hash",
            json!({
                "types:hashMethod": "SHA256",
                "types:hashValue": { "@type": "xsd:hexBinary", "@value": digest },
            }),
        );
        let facet = self.node(
            ("leaf-facet", &key),
            "observable:ContentDataFacet",
            json!({
                "observable:dataPayload": bytes,
                "observable:sizeInBytes": bytes.len() / 2,
                "observable:hash": hash,
            }),
        );
        let further = json!({
            "core:name": leaf_name(committed.record),
            "core:description": "In hex: 00, 01, and the commitment to the record's fields. Its SHA-256 is the leaf of RFC 6962's tree from \
                which the proof in the pack leads to the signed checkpoint.",
            "core:objectMarking": self.marked(marking),
            "core:hasFacet": facet,
        });
        Some(self.node(("leaf", &key), "observable:ContentData", further))
    }

    /// The claim, and the action by which it was drawn from its records.
    fn claim(&self, claim: &Claim) -> [Value; 2] {
        let key = [claim.id.as_str(), &claim.text.en, &claim.text.cs];
        let indexes: Vec<String> = claim.cites.records.iter().map(u64::to_string).collect();
        let of = |what| -> Vec<Value> {
            indexes.iter().map(|index| self.reference(what, &[index])).collect()
        };
        let further = match claim.cites.further {
            0 => Value::Null,
            further => format!("It rests on {further} further records.").into(),
        };
        let statement = self.node(
            ("claim", &key),
            "core:Annotation",
            json!({
                "core:name": claim.id,
                "core:description": further,
                "core:statement": [claim.text.en, claim.text.cs],
                "core:objectMarking": self.marked(claim.marking),
                "core:object": of("record"),
            }),
        );
        let mut result = of("provenance");
        result.push(json!({ "@id": statement["@id"] }));
        let action = self.node(
            ("action", &key),
            "investigation:InvestigativeAction",
            json!({
                "core:name": format!("Drawing claim {}", claim.id),
                "core:objectMarking": self.marked(claim.marking),
                "action:performer": self.reference("publisher", &[]),
                "action:instrument": self.reference("tool", &[]),
                "action:object": of("record"),
                "action:result": result,
            }),
        );
        [statement, action]
    }

    fn investigation(&self, contained: Vec<Value>) -> Value {
        let publication = self.publication;
        let (first, last) =
            (publication.first.min(publication.last), publication.first.max(publication.last));
        let further = json!({
            "core:name": publication.title.en,
            "core:description": format!("Case {}, intrusion {}", publication.case, publication.intrusion),
            "core:tag": publication.exercise.then_some("exercise"),
            "core:createdBy": self.reference("publisher", &[]),
            "core:objectCreatedTime": time(publication.published),
            "core:objectMarking": self.marked(publication.tlp),
            "core:startTime": time(first),
            "core:endTime": time(last),
            "investigation:investigationForm": "incident",
            "core:object": contained,
        });
        self.node(("investigation", &[]), "investigation:Investigation", further)
    }
}
