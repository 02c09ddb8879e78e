//! Answers: a status, headers, a body. Errors are the standard's error message (TAXII 2.1, 3.6.1).

use serde_json::{Value, json};

use crate::media;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// As 200.
    pub status: u16,
    /// Beside the type and the length.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

impl Reply {
    /// With what a type is.
    pub(super) fn json(status: u16, value: &Value) -> Reply {
        Reply::bytes(status, serde_json::to_vec(value).expect("a value makes JSON"))
    }

    pub(super) fn bytes(status: u16, body: Vec<u8>) -> Reply {
        Reply { status, headers: vec![("content-type", media::TAXII.to_owned())], body }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }

    /// The error message.
    pub fn error(status: u16, title: &str, description: &str) -> Reply {
        let body = json!({
            "title": title,
            "description": description,
            "http_status": status.to_string(),
        });
        Reply::json(status, &body)
    }

    pub(super) fn unauthorized() -> Reply {
        let error = Reply::error(401, "Unauthorized", "a token is needed that is valid here");
        error.with("www-authenticate", "Bearer realm=\"blanik\", Basic realm=\"blanik\"".into())
    }

    /// The same for what is not there and for what may not be seen.
    pub(super) fn not_found() -> Reply {
        Reply::error(404, "Not found", "there is nothing here, or nothing for this token")
    }

    pub(super) fn bad_request(reason: &str) -> Reply {
        Reply::error(400, "Bad request", reason)
    }

    /// Something of ours is broken. What, is told to the operator.
    pub(super) fn failed(error: &crate::error::Error) -> Reply {
        eprintln!("blanik: {}", blanik_model::text::for_terminal(&error.to_string()));
        Reply::error(500, "Internal server error", "the server's disk does not let it")
    }
}
