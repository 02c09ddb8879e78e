//! TAXII 2.1 (OASIS Standard, 10 June 2021) without a network: a request's head is admitted, then answered with its body. Whoever is
//! not known, or may not do it, is told before a body is read. What a reader may not see is not there: no answer differs by it.

mod endpoints;
mod reply;
mod route;

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blanik_model::{Timestamp, Tlp};

use crate::collection::Collection;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::media;
use crate::status::Statuses;
use crate::token::{Right, Token, Tokens};
pub use reply::Reply;
pub(crate) use route::Route;

/// The path of the one API root.
pub const ROOT: &str = "/blanik/";

/// What a server gives and takes at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of a request's body, in bytes: `max_content_length`.
    pub body_bytes_max: usize,
    /// Of a page, if its client asks for more or for nothing.
    pub page_objects_max: usize,
    /// Of a page, in bytes; one object is always given.
    pub page_bytes_max: u64,
    /// Of a request to add, in objects.
    pub objects_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            body_bytes_max: 10 << 20,
            page_objects_max: 1_000,
            page_bytes_max: 8 << 20,
            objects_max: 20_000,
        }
    }
}

/// A request without its body. Absent headers are `None`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'h> {
    /// As `GET`.
    pub method: &'h str,
    /// Below the host, without parameters.
    pub path: &'h str,
    /// The parameters, without `?`.
    pub query: &'h str,
    /// `Accept`.
    pub accept: Option<&'h str>,
    /// `Content-Type`.
    pub content_type: Option<&'h str>,
    /// `Content-Length`.
    pub content_length: Option<&'h str>,
    /// `Authorization`.
    pub authorization: Option<&'h str>,
}

/// A request that may be answered.
#[derive(Debug)]
pub struct Admitted {
    token: Token,
    route: Route,
    query: String,
}

impl Admitted {
    /// True if its body is to be read.
    pub fn has_body(&self) -> bool {
        matches!(self.route, Route::Add(_))
    }
}

/// See the module.
pub struct Server {
    title: String,
    collections: Vec<Collection>,
    tokens: Tokens,
    statuses: Mutex<Statuses>,
    bounds: Bounds,
    // Until it is dropped, no other server writes here.
    _lock: File,
}

impl Server {
    /// Opens a folder. What of it could not be read is told in `remarks`.
    ///
    /// # Errors
    /// If another server has it, it holds no collection, or the disk does not let it.
    pub fn open(folder: &Path, title: &str, remarks: &mut Vec<String>) -> Result<Server> {
        let tokens = Tokens::of(folder);
        // Told now, not by every request.
        tokens.list()?;
        let folder = Folder::new(folder);
        if folder.collections()?.is_empty() {
            return Err(Error::Empty(folder.path().to_owned()));
        }
        let lock = folder.lock()?;
        let collections = folder.open(remarks)?;
        let (statuses, bounds) = (Mutex::default(), Bounds::default());
        Ok(Server { title: title.to_owned(), collections, tokens, statuses, bounds, _lock: lock })
    }

    /// With other bounds.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Server {
        Server { bounds, ..self }
    }

    /// The bounds.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The collections.
    pub fn collections(&self) -> &[Collection] {
        &self.collections
    }

    /// Looks at a request before its body is read.
    ///
    /// # Errors
    /// The answer, if it is not to be.
    pub fn admit(&self, head: &Head<'_>) -> std::result::Result<Admitted, Reply> {
        let secret = head.authorization.and_then(secret);
        let token = secret.and_then(|secret| self.tokens.owner(&secret));
        let token = token.ok_or_else(Reply::unauthorized)?;
        if head.accept.is_some_and(|accept| !media::is_accepted(accept)) {
            return Err(Reply::error(
                406,
                "Not acceptable",
                &format!("only {} is spoken here", media::TAXII),
            ));
        }
        let route = Route::of(head.method, head.path)?;
        self.allow(&token, &route)?;
        if let Route::Add(_) = route {
            if !head.content_type.is_some_and(media::is_taxii) {
                return Err(Reply::error(
                    415,
                    "Unsupported media type",
                    &format!("send {}", media::TAXII),
                ));
            }
            let length = head.content_length.and_then(|length| length.parse::<u64>().ok());
            if length.is_some_and(|length| length > self.bounds.body_bytes_max as u64) {
                return Err(self.too_large());
            }
        }
        Ok(Admitted { token, route, query: head.query.to_owned() })
    }

    /// For a body longer than `max_content_length`.
    pub fn too_large(&self) -> Reply {
        let most = format!("at most {} bytes (max_content_length)", self.bounds.body_bytes_max);
        Reply::error(413, "Request entity too large", &most)
    }

    /// Whether a token may do it. A collection to which it has no right is not there.
    fn allow(&self, token: &Token, route: &Route) -> std::result::Result<(), Reply> {
        let Some(name) = route.collection() else { return Ok(()) };
        let collection = self.collection(name, token)?;
        let right = token.right(&collection.settings().id).ok_or_else(Reply::not_found)?;
        let (reads, writes) = match route {
            Route::Add(_) => (false, true),
            Route::Delete(..) => (true, true),
            Route::Collection(_) => (false, false),
            _ => (true, false),
        };
        match (reads && !right.reads()) || (writes && !right.writes()) {
            false => Ok(()),
            true => Err(Reply::error(403, "Forbidden", "this token has no right to do that here")),
        }
    }

    /// The collection of this id or alias, if the token has any right to it.
    fn collection(&self, name: &str, token: &Token) -> std::result::Result<&Collection, Reply> {
        let mut found = self.collections.iter().filter(|c| c.settings().is_called(name));
        let found = found.find(|c| token.right(&c.settings().id).is_some());
        found.ok_or_else(Reply::not_found)
    }

    /// Answers. `body` is empty where [`Admitted::has_body`] denied one.
    pub fn answer(&self, admitted: &Admitted, body: &[u8], now: Timestamp) -> Reply {
        endpoints::answer(self, admitted, body, now).unwrap_or_else(|reply| reply)
    }
}

/// The token of an `Authorization`: as `Bearer`, as the password of `Basic`, or as `Token`, which a client in use sends.
fn secret(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(rest.trim().to_owned()),
        "basic" => {
            let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
            Some(pair.split_once(':')?.1.to_owned())
        }
        _ => None,
    }
}

/// A collection's description for a token.
fn describe(collection: &Collection, right: Right) -> serde_json::Value {
    let settings = collection.settings();
    let mut described = serde_json::json!({
        "id": settings.id,
        "title": settings.title,
        "alias": settings.alias,
        "can_read": right.reads(),
        "can_write": right.writes(),
        "media_types": ["application/stix+json;version=2.1", "application/stix+json;version=2.0"],
    });
    if let Some(description) = &settings.description {
        described["description"] = description.as_str().into();
    }
    described
}

/// A place between pages: who goes on must see as much as who began.
fn place_name(clearance: Tlp, at: usize) -> String {
    format!("{}.{at}", clearance as u8)
}

/// The place of such a name, if it is one of this clearance.
fn place_of(name: &str, clearance: Tlp, positions: usize) -> Option<usize> {
    let (level, at) = name.split_once('.')?;
    let at: usize = at.parse().ok()?;
    (level == (clearance as u8).to_string() && at <= positions).then_some(at)
}
