//! The endpoints: an admitted request in, its answer out (TAXII 2.1, Endpoints).

use std::sync::PoisonError;

use blanik_model::Timestamp;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Admitted, ROOT, Reply, Route, Server, describe, place_name, place_of};
use crate::collection::Collection;
use crate::index::{Extent, Page, microseconds};
use crate::media;
use crate::query::Query;

type Answer = Result<Reply, Reply>;

/// What is sent to be added (TAXII 2.1, Envelope).
#[derive(Deserialize)]
struct Envelope<'e> {
    #[serde(borrow)]
    objects: Vec<&'e RawValue>,
}

/// See the module. An `Err` is an answer, too.
pub(super) fn answer(server: &Server, admitted: &Admitted, body: &[u8], now: Timestamp) -> Answer {
    let query = Query::parse(&admitted.query, admitted.route.parameters());
    let query = query.map_err(|reason| Reply::bad_request(&reason))?;
    let request = Request { server, admitted, query, now };
    match &admitted.route {
        Route::Discovery => Ok(request.discovery()),
        Route::Root => Ok(request.root()),
        Route::Status(id) => request.status(id),
        Route::Collections => Ok(request.collections()),
        Route::Collection(name) => request.collection(name),
        Route::Manifest(name) => request.manifest(name),
        Route::Objects(name) => request.objects(name),
        Route::Add(name) => request.add(name, body),
        Route::Object(name, id) => request.object(name, id),
        Route::Delete(name, id) => request.delete(name, id),
        Route::Versions(name, id) => request.versions(name, id),
    }
}

struct Request<'r> {
    server: &'r Server,
    admitted: &'r Admitted,
    query: Query,
    now: Timestamp,
}

impl Request<'_> {
    fn discovery(&self) -> Reply {
        // Relative, for the server does not know under which name it is reached.
        let discovery = json!({"title": self.server.title, "default": ROOT, "api_roots": [ROOT]});
        Reply::json(200, &discovery)
    }

    fn root(&self) -> Reply {
        let root = json!({
            "title": self.server.title,
            "versions": [media::TAXII],
            "max_content_length": self.server.bounds.body_bytes_max,
        });
        Reply::json(200, &root)
    }

    fn status(&self, id: &str) -> Answer {
        let mut statuses = self.server.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        let body = statuses.get(&self.admitted.token, id, self.now);
        body.map(|body| Reply::bytes(200, body)).ok_or_else(Reply::not_found)
    }

    fn collections(&self) -> Reply {
        let token = &self.admitted.token;
        let theirs = self.server.collections.iter().filter_map(|collection| {
            let right = token.right(&collection.settings().id)?;
            Some(describe(collection, right))
        });
        let theirs: Vec<_> = theirs.collect();
        let body = if theirs.is_empty() { json!({}) } else { json!({"collections": theirs}) };
        Reply::json(200, &body)
    }

    fn collection(&self, name: &str) -> Answer {
        let collection = self.named(name)?;
        let right = self.admitted.token.right(&collection.settings().id);
        let right = right.ok_or_else(Reply::not_found)?;
        Ok(Reply::json(200, &describe(collection, right)))
    }

    fn objects(&self, name: &str) -> Answer {
        let collection = self.named(name)?;
        let page = self.page(collection, &self.query)?;
        self.envelope(collection, &page)
    }

    fn object(&self, name: &str, id: &str) -> Answer {
        let collection = self.named(name)?;
        let query = self.about(collection, id)?;
        let page = self.page(collection, &query)?;
        self.envelope(collection, &page)
    }

    fn manifest(&self, name: &str) -> Answer {
        let collection = self.named(name)?;
        let page = self.page(collection, &self.query)?;
        let entry = |entry: &crate::index::Entry| {
            json!({
                "id": entry.id,
                "date_added": microseconds(entry.added),
                "version": entry.version,
                "media_type": entry.spec.media_type(),
            })
        };
        let objects: Vec<_> = page.entries.iter().map(entry).collect();
        self.list("objects", &page, objects.into())
    }

    fn versions(&self, name: &str, id: &str) -> Answer {
        let collection = self.named(name)?;
        let mut query = self.about(collection, id)?;
        query.filter.versions.all = true;
        let page = self.page(collection, &query)?;
        let versions: Vec<_> = page.entries.iter().map(|entry| entry.version.clone()).collect();
        self.list("versions", &page, versions.into())
    }

    fn delete(&self, name: &str, id: &str) -> Answer {
        let collection = self.named(name)?;
        let mut query = self.about(collection, id)?;
        // Without a version, the object goes (TAXII 2.1, Delete an Object).
        if query.filter.versions == Default::default() {
            query.filter.versions.all = true;
        }
        let clearance = self.admitted.token.clearance;
        let deleted = collection.delete(&query.filter, clearance, self.now);
        match deleted.map_err(|error| Reply::failed(&error))? {
            0 => Err(Reply::not_found()),
            _ => Ok(Reply::bytes(200, Vec::new())),
        }
    }

    fn add(&self, name: &str, body: &[u8]) -> Answer {
        let collection = self.named(name)?;
        let unprocessable = |reason: &str| Reply::error(422, "Unprocessable entity", reason);
        let text = std::str::from_utf8(body).map_err(|_| unprocessable("the body is no UTF-8"))?;
        // A list would be read as an object's values.
        if !text.trim_start().starts_with('{') {
            return Err(unprocessable("the body is no object"));
        }
        let envelope: Envelope<'_> = serde_json::from_str(text)
            .map_err(|error| unprocessable(&format!("the body is no envelope: {error}")))?;
        let most = self.server.bounds.objects_max;
        if envelope.objects.is_empty() || envelope.objects.len() > most {
            return Err(unprocessable(&format!("an envelope holds 1 to {most} objects")));
        }
        let outcome = collection.add(&envelope.objects, self.now);
        let outcome = outcome.map_err(|error| Reply::failed(&error))?;
        let mut statuses = self.server.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        let token = &self.admitted.token;
        let right = token.right(&collection.settings().id);
        let sees = right.is_some_and(|right| right.reads()).then_some(token.clearance);
        let status = statuses.keep(token, sees, &outcome, self.now);
        Ok(Reply::bytes(202, status))
    }

    fn named(&self, name: &str) -> Result<&Collection, Reply> {
        self.server.collection(name, &self.admitted.token)
    }

    /// The query of one object, which has to be there for this clearance.
    fn about(&self, collection: &Collection, id: &str) -> Result<Query, Reply> {
        if !collection.shows(id, self.admitted.token.clearance) {
            return Err(Reply::not_found());
        }
        let mut query = self.query.clone();
        query.filter.ids = Some(vec![id.to_owned()]);
        Ok(query)
    }

    fn page(&self, collection: &Collection, query: &Query) -> Result<Page, Reply> {
        let clearance = self.admitted.token.clearance;
        let from = match &query.next {
            None => 0,
            Some(next) => {
                place_of(next, clearance, collection.positions(clearance)).ok_or_else(|| {
                    Reply::bad_request("next: no place that this server named to this token")
                })?
            }
        };
        let bounds = self.server.bounds;
        let limit = query.limit.unwrap_or(usize::MAX).min(bounds.page_objects_max);
        let extent = Extent { from, limit, bytes_max: bounds.page_bytes_max };
        Ok(collection.select(clearance, &query.filter, extent))
    }

    /// Objects as they were sent (TAXII 2.1, Envelope); nothing is `{}`.
    fn envelope(&self, collection: &Collection, page: &Page) -> Answer {
        let mut body = b"{".to_vec();
        if !page.entries.is_empty() {
            if let Some(next) = page.next {
                let next = place_name(self.admitted.token.clearance, next);
                body.extend(format!(r#""more":true,"next":"{next}","#).bytes());
            } else {
                body.extend(br#""more":false,"#);
            }
            body.extend(br#""objects":["#);
            body.extend(collection.bytes_of(&page.entries).map_err(|error| Reply::failed(&error))?);
            body.push(b']');
        }
        body.push(b'}');
        Ok(dated(Reply::bytes(200, body), page))
    }

    /// A list with a name of its own. `next` is beyond the standard, which pages manifests by time and loses what is of one time.
    fn list(&self, name: &str, page: &Page, list: serde_json::Value) -> Answer {
        let mut body = json!({});
        if !page.entries.is_empty() {
            body["more"] = page.next.is_some().into();
            if let Some(next) = page.next {
                body["next"] = place_name(self.admitted.token.clearance, next).into();
            }
            body[name] = list;
        }
        Ok(dated(Reply::json(200, &body), page))
    }
}

/// With the times of the first and last (TAXII 2.1, Pagination).
fn dated(reply: Reply, page: &Page) -> Reply {
    match (page.entries.first(), page.entries.last()) {
        (Some(first), Some(last)) => reply
            .with("x-taxii-date-added-first", microseconds(first.added))
            .with("x-taxii-date-added-last", microseconds(last.added)),
        _ => reply,
    }
}
