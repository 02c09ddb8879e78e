//! What a record *is*: the product, services and categories that Sigma's taxonomy gives it, and in
//! Windows its event id.
//!
//! A rule's log source names a set of kinds; a batch holds events of one kind. A record may belong
//! to several services or categories (Sysmon 13 is `registry_set` and `registry_event`; a Zeek http
//! record is what `proxy` and `webserver` rules look at).

use std::fmt;
use std::sync::Arc;

/// See the module. Equality and order are by content.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Sigma's `logsource.product`, such as `windows`.
    pub product: Option<Arc<str>>,
    /// Values of Sigma's `logsource.service` that this kind answers to; the first is its own name.
    pub services: Vec<Arc<str>>,
    /// Values of Sigma's `logsource.category` that this kind answers to; the first is its own name.
    pub categories: Vec<Arc<str>>,
    /// In Windows, the event id.
    pub event_id: Option<u32>,
}

impl Kind {
    /// True if a record of this kind answers to the log source: each part given must be among the
    /// kind's; a part not given is satisfied (Sigma specification, "Log Source").
    pub fn answers(
        &self,
        product: Option<&str>,
        service: Option<&str>,
        category: Option<&str>,
    ) -> bool {
        product.is_none_or(|p| self.product.as_deref() == Some(p))
            && service.is_none_or(|s| self.services.iter().any(|have| &**have == s))
            && category.is_none_or(|c| self.categories.iter().any(|have| &**have == c))
    }

    /// True if nothing is known about the record but that it is one.
    pub fn is_generic(&self) -> bool {
        self.product.is_none() && self.services.is_empty() && self.categories.is_empty()
    }
}

/// `windows/sysmon/process_creation/1`: the parts that are known, `other` if none is.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.product.as_deref(), self.services.first().map(|s| &**s)];
        let category = self.categories.first().map(|c| &**c);
        let mut any = false;
        for part in parts.into_iter().chain([category]).flatten() {
            if any {
                f.write_str("/")?;
            }
            f.write_str(part)?;
            any = true;
        }
        match self.event_id {
            Some(id) if any => write!(f, "/{id}"),
            Some(id) => write!(f, "{id}"),
            None if any => Ok(()),
            None => f.write_str("other"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_source_names_the_kinds_that_have_each_part_it_gives() {
        let kind = Kind {
            product: Some("windows".into()),
            services: vec!["sysmon".into()],
            categories: vec!["registry_set".into(), "registry_event".into()],
            event_id: Some(13),
        };
        assert!(kind.answers(Some("windows"), None, Some("registry_event")));
        assert!(kind.answers(None, None, None));
        assert!(!kind.answers(Some("linux"), None, Some("registry_event")));
        assert!(!kind.answers(Some("windows"), Some("security"), None));
        assert_eq!(kind.to_string(), "windows/sysmon/registry_set/13");
        assert_eq!(Kind::default().to_string(), "other");
    }
}
