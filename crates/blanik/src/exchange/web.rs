//! Asking another's server: one request, one answer, both bounded in time and bytes. A token goes only to the server that was named,
//! and over TLS, or on this machine.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http};

use crate::cli::exchange::AccessArgs;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);
/// For a request and its whole answer.
const TIME_MAX: Duration = Duration::from_secs(600);
/// For a word of an answer to come at all.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Of a file that is fetched, redirects from https to https; never with a token.
const REDIRECTS_MAX: u32 = 5;
const TOKEN_BYTES_MAX: u64 = 4096;
/// Of an error's text, so much is shown.
const REASON_CHARS_SHOWN: usize = 300;

/// How a token is sent; where a user is named, by HTTP Basic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: …`, as MISP wants its key.
    Bare,
}

/// See the module.
pub struct Web {
    agent: Agent,
    authorization: Option<String>,
    /// Scheme, host and port of the server that was named.
    origin: String,
}

/// An answer, whatever its status.
pub struct Answer {
    /// As 200.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What an answer that is no success says of itself.
    pub fn reason(&self) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let words =
            ["title", "description", "name", "message", "errors"].map(|name| match &json[name] {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Null => String::new(),
                other => other.to_string(),
            });
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let reason: String = words.join(": ").chars().take(REASON_CHARS_SHOWN).collect();
        format!("{} {reason}", self.status)
    }
}

impl Web {
    /// For the server of an address.
    ///
    /// # Errors
    /// If it is no address, or the token would travel in the clear.
    pub fn new(url: &str, access: &AccessArgs, scheme: Scheme) -> Result<Web> {
        let uri: Uri = url.parse().ok().with_context(|| format!("{url:?} is no address"))?;
        let origin = origin(&uri).with_context(|| format!("{url:?} is no http(s) address"))?;
        ensure!(
            uri.authority().is_none_or(|a| !a.as_str().contains('@')),
            "a password in an address is seen by everybody: --token-file FILE"
        );
        let authorization = access
            .token_file
            .as_deref()
            .map(|file| credentials(file, access, scheme))
            .transpose()?;
        let in_the_clear = uri.scheme_str() == Some("http") && !is_loopback(&uri);
        if authorization.is_some() && in_the_clear && !access.insecure {
            bail!("the token would travel in the clear: use https://, or say --insecure");
        }
        let agent = agent(access.ca.as_deref(), 0)?;
        Ok(Web { agent, authorization, origin })
    }

    /// Gets an address of the server that was named.
    ///
    /// # Errors
    /// If it is another's, cannot be reached, or the answer is longer than `bytes_max`.
    pub fn get(&self, url: &str, accept: &str, bytes_max: u64) -> Result<Answer> {
        self.own(url)?;
        let mut request = self.agent.get(url).header("accept", accept);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.call().with_context(|| format!("cannot get {url}"))?;
        answer(response, bytes_max).with_context(|| format!("cannot read the answer of {url}"))
    }

    /// Posts to an address of the server that was named.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn post(&self, url: &str, media_type: &str, body: &[u8], bytes_max: u64) -> Result<Answer> {
        self.own(url)?;
        let mut request =
            self.agent.post(url).header("accept", media_type).header("content-type", media_type);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send(body).with_context(|| format!("cannot post to {url}"))?;
        answer(response, bytes_max).with_context(|| format!("cannot read the answer of {url}"))
    }

    /// An address that the server named, as it stands or below itself.
    ///
    /// # Errors
    /// If it is on another server: the token is not for that one.
    pub fn resolve(&self, named: &str) -> Result<String> {
        let url = match named.strip_prefix('/') {
            Some(path) if !path.starts_with('/') => format!("{}/{path}", self.origin),
            _ => named.to_owned(),
        };
        self.own(&url)?;
        Ok(url)
    }

    /// The host's name, for people.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, host)| host)
    }

    fn own(&self, url: &str) -> Result<()> {
        let uri: Option<Uri> = url.parse().ok();
        let is_own = uri.as_ref().and_then(origin).is_some_and(|origin| origin == self.origin);
        ensure!(
            is_own,
            "the server names {url}, which is not on {}: name that server itself",
            self.origin
        );
        Ok(())
    }
}

/// Gets a file from a publisher, who may send on to where it lies, and writes it down. Its length.
///
/// # Errors
/// If it cannot be reached, is not there, or is longer than `bytes_max`.
pub fn download(url: &str, ca: Option<&Path>, bytes_max: u64, out: &mut dyn Write) -> Result<u64> {
    let context = || format!("cannot get {url}");
    let mut response = agent(ca, REDIRECTS_MAX)?.get(url).call().with_context(context)?;
    let status = response.status().as_u16();
    ensure!(status == 200, "cannot get {url}: {status}");
    let mut reader = response.body_mut().as_reader().take(bytes_max + 1);
    let bytes = std::io::copy(&mut reader, out).with_context(context)?;
    ensure!(bytes <= bytes_max, "{url} is longer than {bytes_max} bytes (limit)");
    Ok(bytes)
}

fn agent(ca: Option<&Path>, redirects: u32) -> Result<Agent> {
    let mut config = Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIME_MAX))
        .timeout_recv_response(Some(SILENCE_MAX))
        .timeout_global(Some(TIME_MAX))
        .max_redirects(redirects)
        .user_agent(concat!("blanik/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false);
    if let Some(ca) = ca {
        let roots = RootCerts::from(certificates(ca)?.into_iter());
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    Ok(Agent::new_with_config(config.build()))
}

fn certificates(path: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>> {
    let shown = path.display();
    let pem = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) =
            item.with_context(|| format!("{shown} is no PEM"))?
        {
            found.push(certificate);
        }
    }
    ensure!(!found.is_empty(), "{shown} holds no certificate");
    Ok(found)
}

fn answer(mut response: http::Response<Body>, bytes_max: u64) -> Result<Answer> {
    let content_type = response.headers().get("content-type").and_then(|v| v.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.body_mut().with_config().limit(bytes_max).read_to_vec()?;
    Ok(Answer { status, content_type, headers, body })
}

fn origin(uri: &Uri) -> Option<String> {
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority()?.as_str().rsplit('@').next()?;
    Some(format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What is sent as `Authorization`.
fn credentials(path: &Path, access: &AccessArgs, scheme: Scheme) -> Result<String> {
    let shown = path.display();
    let mut text = String::new();
    let file = fs::File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let read = file.take(TOKEN_BYTES_MAX).read_to_string(&mut text);
    read.with_context(|| format!("cannot read {shown}"))?;
    if let Some(user) = &access.user {
        // RFC 7617: the name may hold no colon, for that ends it; the password is taken as it stands on its line.
        let password = text.trim_end_matches(['\r', '\n']);
        let is_plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        ensure!(is_plain(user) && !user.contains(':'), "--user: a name without a colon");
        ensure!(is_plain(password), "{shown} holds no password: one line");
        return Ok(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
    }
    let token = text.trim();
    ensure!(
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
        "{shown} holds no token: one line of letters and digits"
    );
    Ok(match scheme {
        Scheme::Bearer => format!("Bearer {token}"),
        Scheme::Bare => token.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_only_to_the_server_that_was_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        fs::write(&file, "secret\n").expect("written");
        let access = AccessArgs { token_file: Some(file.clone()), ..AccessArgs::default() };
        let web =
            Web::new("https://taxii.example:8443/taxii2/", &access, Scheme::Bearer).expect("well");
        assert_eq!(web.authorization.as_deref(), Some("Bearer secret"));
        assert_eq!(web.resolve("/api/").ok().as_deref(), Some("https://taxii.example:8443/api/"));
        assert!(web.resolve("https://TAXII.example:8443/x/").is_ok());
        for other in [
            "https://evil.example/api/",
            "http://taxii.example:8443/api/",
            "https://taxii.example/api/",
            "//evil.example/api/",
            "https://taxii.example:8443@evil.example/",
            "api/",
            "",
        ] {
            assert!(web.resolve(other).is_err(), "{other}");
        }
        let open = |url| Web::new(url, &access, Scheme::Bare).map(drop).map_err(|e| e.to_string());
        assert!(open("http://taxii.example/").is_err_and(|reason| reason.contains("in the clear")));
        assert!(open("http://127.0.0.1:1/").is_ok() && open("http://[::1]:1/").is_ok());
        assert!(open("ftp://127.0.0.1/").is_err() && open("x").is_err());
        assert!(open("https://me:pass@taxii.example/").is_err());
        fs::write(&file, "two words").expect("written");
        assert!(open("https://taxii.example/").is_err_and(|reason| !reason.contains("words\"")));
    }

    #[test]
    fn a_user_signs_in_by_http_basic() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("password");
        let of = |user: &str, password: &str| {
            fs::write(&file, password).expect("written");
            let user = Some(user.to_owned());
            let access =
                AccessArgs { token_file: Some(file.clone()), user, ..AccessArgs::default() };
            let web = Web::new("https://taxii.example/", &access, Scheme::Bearer);
            web.map(|web| web.authorization.expect("one is sent")).map_err(|e| e.to_string())
        };
        // The example of RFC 7617, 2.
        let example = of("Aladdin", "open sesame\n");
        assert_eq!(example.as_deref(), Ok("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(of("test", "123\u{a3}").as_deref(), Ok("Basic dGVzdDoxMjPCow=="));
        for (user, password) in [("a:b", "x"), ("", "x"), ("a", ""), ("a", "x\ny"), ("a\n", "x")] {
            assert!(of(user, password).is_err(), "{user:?} {password:?}");
        }
    }
}
