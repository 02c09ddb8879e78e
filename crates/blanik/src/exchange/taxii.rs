//! A client of TAXII 2.1: finds the collection, gets its objects page by page, adds objects. A server may lie: pages without end,
//! without objects, or of other types are refused, with the reason.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::web::{Answer, Web};

/// What is spoken.
pub const TAXII: &str = "application/taxii+json;version=2.1";
/// Objects asked for at once; servers may give fewer.
const PAGE_OBJECTS: usize = 1_000;
const PAGE_BYTES_MAX: u64 = 64 << 20;
/// Of what is no page.
const RESOURCE_BYTES_MAX: u64 = 8 << 20;
/// What is sent at once, if the server allows as much.
const SENT_BYTES_MAX: usize = 8 << 20;
const SENT_OBJECTS_MAX: usize = 1_000;

/// A collection of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its address, with a `/` at the end.
    pub url: String,
    /// Its id.
    pub id: String,
    /// What it is called beside, for people.
    pub title: String,
    /// What may be sent at once, in bytes.
    pub body_bytes_max: usize,
}

/// What is to be done with a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Get objects.
    Reading,
    /// Add objects.
    Writing,
}

/// Where to begin a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct From {
    /// Only what was added after.
    pub added_after: Option<String>,
    /// What the page before said.
    pub next: Option<String>,
}

/// A page of objects, as they were sent.
pub struct Page {
    /// Each as its JSON text.
    pub objects: Vec<Box<RawValue>>,
    /// Whether there is more, and by what to ask for it.
    pub more: Option<From>,
    /// When the last was added, by the server's word.
    pub last: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    more: bool,
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    objects: Vec<Box<RawValue>>,
}

/// Finds a collection from the address of a server, an API root or the collection itself.
///
/// # Errors
/// If the server is not reached, or it is not clear which collection is meant: then they are listed.
pub fn find(web: &Web, url: &str, asked: Option<&str>, what_for: For) -> Result<Collection> {
    let url = with_slash(url);
    let here = resource(web, &url)?;
    if here["can_read"].is_boolean() {
        return described(&url, &here, SENT_BYTES_MAX);
    }
    let (root_url, root) = match &here["api_roots"] {
        Value::Array(roots) => {
            let first = roots.first().and_then(Value::as_str);
            let named = here["default"].as_str().or(first);
            let named = named.with_context(|| format!("{url} names no API root for this token"))?;
            let root_url = with_slash(&web.resolve(named)?);
            let root = resource(web, &root_url)?;
            (root_url, root)
        }
        _ => (url, here),
    };
    ensure!(root["versions"].is_array(), "{root_url} is no TAXII 2.1 API root");
    let most = root["max_content_length"].as_u64().and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(SENT_BYTES_MAX).min(SENT_BYTES_MAX);
    let listed = resource(web, &format!("{root_url}collections/"))?;
    let listed = listed["collections"].as_array().cloned().unwrap_or_default();
    let right = if what_for == For::Reading { "can_read" } else { "can_write" };
    let is_called = |collection: &Value, name: &str| {
        ["id", "alias", "title"].iter().any(|field| collection[*field] == name)
    };
    let fits = |c: &&Value| match asked {
        Some(name) => is_called(c, name),
        None => c[right] == true,
    };
    let fitting: Vec<&Value> = listed.iter().filter(fits).collect();
    ensure!(
        asked.is_some() || !fitting.is_empty(),
        "this token may {} no collection of {root_url}",
        if what_for == For::Reading { "read" } else { "write to" }
    );
    let [collection] = fitting[..] else {
        let names = listed.iter().map(|c| format!("{} ({})", c["title"], c["id"]));
        let names: Vec<String> = names.collect();
        bail!("which collection? --collection ID; there are: {}", names.join(", "));
    };
    ensure!(
        collection[right] == true,
        "this token has no right to do that with {}",
        collection["id"]
    );
    let id = collection["id"].as_str().unwrap_or_default();
    // It becomes a part of an address.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    ensure!(!id.is_empty() && id.chars().all(is_plain), "the server calls a collection {id:?}");
    described(&format!("{root_url}collections/{id}/"), collection, most)
}

fn described(url: &str, collection: &Value, body_bytes_max: usize) -> Result<Collection> {
    let text = |name: &str| collection[name].as_str().unwrap_or_default().to_owned();
    let (id, title) = (text("id"), text("title"));
    ensure!(!id.is_empty(), "{url}: a collection without id");
    Ok(Collection { url: url.to_owned(), id, title, body_bytes_max })
}

/// Gets a page.
///
/// # Errors
/// If the server is not reached, or its answer is no page.
pub fn page(web: &Web, collection: &Collection, from: &From) -> Result<Page> {
    let mut url = format!("{}objects/?limit={PAGE_OBJECTS}", collection.url);
    for (name, value) in [("added_after", &from.added_after), ("next", &from.next)] {
        if let Some(value) = value {
            url.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    let answer = web.get(&url, TAXII, PAGE_BYTES_MAX)?;
    checked(&answer, 200).with_context(|| url.clone())?;
    let envelope: Envelope = serde_json::from_slice(&answer.body)
        .with_context(|| format!("{url}: the answer is no envelope of TAXII"))?;
    let last = answer.header("x-taxii-date-added-last").map(str::to_owned);
    let more = match envelope.more {
        false => None,
        true => Some(follow(from, envelope.next, last.as_deref(), envelope.objects.len())?),
    };
    Ok(Page { objects: envelope.objects, more, last })
}

/// By what the next page is asked for: what the server says, or else the time of the last object.
fn follow(from: &From, next: Option<String>, last: Option<&str>, objects: usize) -> Result<From> {
    ensure!(objects > 0, "the server says that there is more and gives nothing");
    let to = match next {
        Some(next) => From { added_after: from.added_after.clone(), next: Some(next) },
        None => From { added_after: last.map(str::to_owned), next: None },
    };
    ensure!(
        to != *from && to != From::default(),
        "the server says that there is more and leads in a circle"
    );
    Ok(to)
}

/// What a server said of objects that were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Taken, or there before.
    pub successes: u64,
    /// Being worked on.
    pub pending: u64,
    /// Refused, with the reason.
    pub failures: Vec<String>,
}

/// Adds objects, as many requests as they need.
///
/// # Errors
/// If the server is not reached or refuses a request as a whole.
pub fn add(web: &Web, collection: &Collection, objects: &[Box<RawValue>]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut rest = objects;
    while !rest.is_empty() {
        let (count, body) = envelope(rest, collection.body_bytes_max)?;
        let url = format!("{}objects/", collection.url);
        let answer = web.post(&url, TAXII, &body, RESOURCE_BYTES_MAX)?;
        checked(&answer, 202).with_context(|| url.clone())?;
        let status: Value = serde_json::from_slice(&answer.body)
            .with_context(|| format!("{url}: the answer is no status of TAXII"))?;
        let number = |name: &str| status[name].as_u64();
        let (Some(successes), Some(pending)) = (number("success_count"), number("pending_count"))
        else {
            bail!("{url}: the answer is no status of TAXII");
        };
        outcome.successes += successes;
        outcome.pending += pending;
        for failure in status["failures"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let text = |name: &str| failure[name].as_str().unwrap_or_default();
            outcome.failures.push(format!("{}: {}", text("id"), text("message")));
        }
        rest = &rest[count..];
    }
    Ok(outcome)
}

/// As many objects as fit into a request, and its body.
fn envelope(objects: &[Box<RawValue>], bytes_max: usize) -> Result<(usize, Vec<u8>)> {
    let mut body = br#"{"objects":["#.to_vec();
    let mut count = 0;
    for object in objects.iter().take(SENT_OBJECTS_MAX) {
        // With a comma before and the brackets behind.
        if count > 0 && body.len() + object.get().len() + 3 > bytes_max {
            break;
        }
        if count > 0 {
            body.push(b',');
        }
        body.extend(object.get().bytes());
        count += 1;
    }
    body.extend(b"]}");
    ensure!(
        body.len() <= bytes_max,
        "an object is longer than the server takes ({bytes_max} bytes)"
    );
    Ok((count, body))
}

fn resource(web: &Web, url: &str) -> Result<Value> {
    let answer = web.get(url, TAXII, RESOURCE_BYTES_MAX)?;
    checked(&answer, 200).with_context(|| url.to_owned())?;
    serde_json::from_slice(&answer.body).with_context(|| format!("{url}: the answer is no JSON"))
}

fn checked(answer: &Answer, status: u16) -> Result<()> {
    ensure!(answer.status == status, "the server says: {}", answer.reason());
    let ty = answer.content_type.split(';').next().unwrap_or_default().trim();
    ensure!(
        ty.eq_ignore_ascii_case("application/taxii+json"),
        "the answer is {ty:?}, not application/taxii+json: is this a TAXII 2.1 server?"
    );
    Ok(())
}

fn with_slash(url: &str) -> String {
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}

/// Percent-encoded, but for letters, digits and `-._~:`.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b':' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_on_or_are_refused() {
        let from = From { added_after: Some("t1".into()), next: Some("7".into()) };
        let on = follow(&from, Some("8".into()), None, 1).expect("it leads on");
        assert_eq!(on, From { added_after: Some("t1".into()), next: Some("8".into()) });
        let by_time = follow(&From::default(), None, Some("t2"), 1).expect("it leads on");
        assert_eq!(by_time, From { added_after: Some("t2".into()), next: None });
        assert!(follow(&from, Some("7".into()), None, 1).is_err(), "a circle");
        assert!(follow(&from, Some("8".into()), None, 0).is_err(), "nothing");
        assert!(follow(&by_time, None, Some("t2"), 1).is_err(), "the same time again");
        assert!(follow(&From::default(), None, None, 1).is_err(), "no way on");
    }

    #[test]
    fn requests_hold_what_the_server_takes() {
        let raw = |n: usize| RawValue::from_string(format!("\"{}\"", "x".repeat(n))).expect("JSON");
        let objects = [raw(10), raw(10), raw(10)];
        let (count, body) = envelope(&objects, 40).expect("two fit");
        assert_eq!((count, body.len()), (2, 12 + 12 + 1 + 12 + 2));
        assert_eq!(envelope(&objects, 100).expect("all fit").0, 3);
        assert!(envelope(&objects, 20).is_err(), "not even one");
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(encoded("2024-01-01T00:00:00.5Z"), "2024-01-01T00:00:00.5Z");
        assert_eq!(encoded("a&b=č+/"), "a%26b%3D%C4%8D%2B%2F");
    }
}
