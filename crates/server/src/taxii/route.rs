//! Which endpoint a path is (TAXII 2.1, 3.7 and chapters 4 and 5). Paths end in `/`; without it they are read all the same.

use super::ROOT;
use super::reply::Reply;
use crate::query::decoded;

const SEGMENT_BYTES_MAX: usize = 320;

/// An endpoint, with the collection and the object it is about as the path names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Server discovery.
    Discovery,
    /// The API root.
    Root,
    /// A status.
    Status(String),
    /// All collections.
    Collections,
    /// A collection.
    Collection(String),
    /// Its manifest.
    Manifest(String),
    /// Its objects.
    Objects(String),
    /// Objects to be added.
    Add(String),
    /// One object.
    Object(String, String),
    /// One object to be deleted.
    Delete(String, String),
    /// One object's versions.
    Versions(String, String),
}

impl Route {
    /// The endpoint of a method and a path; or the answer that there is none.
    pub fn of(method: &str, path: &str) -> Result<Route, Reply> {
        let below = path.strip_prefix('/').ok_or_else(Reply::not_found)?;
        let below = below.strip_suffix('/').unwrap_or(below);
        let parts: Option<Vec<String>> = below.split('/').map(segment).collect();
        let parts = parts.ok_or_else(Reply::not_found)?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let root = ROOT.trim_matches('/');
        let route = match *parts.as_slice() {
            ["taxii2"] => Route::Discovery,
            [api] if api == root => Route::Root,
            [api, "status", id] if api == root => Route::Status(id.into()),
            [api, "collections"] if api == root => Route::Collections,
            [api, "collections", id] if api == root => Route::Collection(id.into()),
            [api, "collections", id, "manifest"] if api == root => Route::Manifest(id.into()),
            [api, "collections", id, "objects"] if api == root => match method {
                "POST" => Route::Add(id.into()),
                _ => Route::Objects(id.into()),
            },
            [api, "collections", id, "objects", object] if api == root => match method {
                "DELETE" => Route::Delete(id.into(), object.into()),
                _ => Route::Object(id.into(), object.into()),
            },
            [api, "collections", id, "objects", object, "versions"] if api == root => {
                Route::Versions(id.into(), object.into())
            }
            _ => return Err(Reply::not_found()),
        };
        let expected = match route {
            Route::Add(_) => "POST",
            Route::Delete(..) => "DELETE",
            _ => "GET",
        };
        match method == expected {
            true => Ok(route),
            false => Err(Reply::error(405, "Method not allowed", "not with this method")),
        }
    }

    /// The collection it is about.
    pub fn collection(&self) -> Option<&str> {
        match self {
            Route::Discovery | Route::Root | Route::Status(_) | Route::Collections => None,
            Route::Collection(id) | Route::Manifest(id) | Route::Objects(id) | Route::Add(id) => {
                Some(id)
            }
            Route::Object(id, _) | Route::Delete(id, _) | Route::Versions(id, _) => Some(id),
        }
    }

    /// The parameters that it knows.
    pub fn parameters(&self) -> &'static [&'static str] {
        match self {
            Route::Manifest(_) | Route::Objects(_) => &[
                "added_after",
                "limit",
                "next",
                "match[id]",
                "match[type]",
                "match[version]",
                "match[spec_version]",
            ],
            Route::Object(..) => {
                &["added_after", "limit", "next", "match[version]", "match[spec_version]"]
            }
            Route::Delete(..) => &["match[version]", "match[spec_version]"],
            Route::Versions(..) => &["added_after", "limit", "next", "match[spec_version]"],
            _ => &[],
        }
    }
}

fn segment(text: &str) -> Option<String> {
    decoded(text).filter(|text| text.len() <= SEGMENT_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_endpoints_with_and_without_the_last_slash() {
        let of = |method, path| Route::of(method, path).ok();
        assert_eq!(of("GET", "/taxii2/"), Some(Route::Discovery));
        assert_eq!(of("GET", "/taxii2"), Some(Route::Discovery));
        assert_eq!(of("GET", "/blanik/"), Some(Route::Root));
        assert_eq!(of("GET", "/blanik/collections/c/"), Some(Route::Collection("c".into())));
        assert_eq!(of("GET", "/blanik/collections/c/objects/"), Some(Route::Objects("c".into())));
        assert_eq!(of("POST", "/blanik/collections/c/objects/"), Some(Route::Add("c".into())));
        let object = "/blanik/collections/c/objects/a--b/";
        assert_eq!(of("GET", object), Some(Route::Object("c".into(), "a--b".into())));
        assert_eq!(of("DELETE", object), Some(Route::Delete("c".into(), "a--b".into())));
        assert_eq!(
            of("GET", &format!("{object}versions/")),
            Some(Route::Versions("c".into(), "a--b".into()))
        );
    }

    #[test]
    fn what_is_none_is_told_as_the_standard_says() {
        let status = |method, path: &str| Route::of(method, path).map_err(|reply| reply.status);
        for path in [
            "",
            "/",
            "x",
            "/other/",
            "/blanik/x/",
            "/taxii2//",
            "/blanik/collections/%ff/",
            "/%2e%2e/",
        ] {
            assert_eq!(status("GET", path), Err(404), "{path}");
        }
        assert_eq!(status("GET", &format!("/blanik/status/{}/", "x".repeat(1_000))), Err(404));
        assert_eq!(status("POST", "/taxii2/"), Err(405));
        assert_eq!(status("PUT", "/blanik/collections/c/objects/"), Err(405));
        assert_eq!(status("HEAD", "/blanik/collections/c/objects/a/"), Err(405));
    }
}
