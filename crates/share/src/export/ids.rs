//! Identifiers: UUIDv5 (RFC 9562, 5.5) over what is published and nothing else. The same publication for the same
//! audience has the same ids, whenever it is written; for another audience it has others, so that two of them cannot
//! be laid side by side.

use uuid::Uuid;

use crate::publication::Publication;

/// Ours: UUIDv5 of the URL namespace and `https://blanik.invalid/publication`.
const NAMESPACE: Uuid = Uuid::from_u128(0x6ae2_9d1d_e079_5bdc_b385_6217_1e55_1c59);

/// The namespace of STIX 2.1 for observables (2.9, "Identifiers").
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// What all ids of a publication rest on.
pub struct Ids {
    origin: String,
    case: String,
    intrusion: String,
    tlp: &'static str,
}

impl Ids {
    /// Those of a publication.
    pub fn of(publication: &Publication) -> Self {
        Ids {
            origin: publication.log.origin.clone(),
            case: publication.case.clone(),
            intrusion: publication.intrusion.to_string(),
            tlp: publication.tlp.as_str(),
        }
    }

    /// Of a thing of this publication: what it is, and what of it is published.
    pub fn uuid(&self, what: &str, published: &[&str]) -> Uuid {
        let mut parts = vec![what, &self.origin, &self.case, &self.intrusion, self.tlp];
        parts.extend(published);
        named(&parts)
    }

    /// The same, as STIX writes it.
    pub fn stix(&self, ty: &str, published: &[&str]) -> String {
        format!("{ty}--{}", self.uuid(ty, published))
    }

    /// Of a thing that is the same in all publications from this log: who publishes, a country.
    pub fn common(&self, what: &str, published: &[&str]) -> Uuid {
        let mut parts = vec![what, self.origin.as_str()];
        parts.extend(published);
        named(&parts)
    }
}

/// A list in JSON: no two lists are written alike.
fn named(parts: &[&str]) -> Uuid {
    let name = serde_json::to_vec(parts).expect("texts are JSON");
    Uuid::new_v5(&NAMESPACE, &name)
}

/// Of a STIX observable: its contributing properties, in RFC 8785's form.
pub fn observable(ty: &str, contributing: &serde_json::Value) -> String {
    format!("{ty}--{}", Uuid::new_v5(&OBSERVABLES, contributing.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_namespace_is_what_it_says() {
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://blanik.invalid/publication");
        assert_eq!(NAMESPACE, name, "{:x}", name.as_u128());
    }

    #[test]
    fn observables_have_the_ids_that_others_give_them() {
        // As python-stix2 3.0.2 gives it.
        let id = observable("ipv4-addr", &serde_json::json!({"value": "198.51.100.3"}));
        assert_eq!(id, "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
    }
}
