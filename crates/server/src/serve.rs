//! The network: hyper's HTTP/1.1 on one thread, TLS by rustls, work on a few others. Everything is bounded: connections, the bytes
//! of heads and bodies, the time for each, the life of a connection. Whoever is slow holds one connection, and not for long.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blanik_model::Timestamp;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, Result};
use crate::taxii::{Admitted, Head, Reply, Server};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// After the listener refused a connection, it is asked again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 64;

/// How much, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; others are closed at once.
    pub connections_max: usize,
    /// Of these, connections from one address: a reverse proxy or a NAT may stand there.
    pub connections_of_one_max: usize,
    /// Bodies in memory at a time, read or worked on; others wait. Who only reads needs none.
    pub bodies_max: usize,
    /// Requests worked on at a time; others wait.
    pub requests_max: usize,
    /// For TLS's handshake, and for a request's head.
    pub head_time_max: Duration,
    /// For a request's body.
    pub body_time_max: Duration,
    /// For a connection, however many requests; then it ends with the request under way.
    pub connection_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections_max: 256,
            connections_of_one_max: 128,
            bodies_max: 32,
            requests_max: 8,
            head_time_max: Duration::from_secs(10),
            body_time_max: Duration::from_secs(30),
            connection_time_max: Duration::from_secs(300),
        }
    }
}

/// Stops a server from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Notify>);

impl Stop {
    /// Now. What is under way is left.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// TLS with this certificate chain and key, both PEM files: TLS 1.2 and 1.3, no client certificates.
///
/// # Errors
/// If a file is not what it should be, or they do not go together.
pub fn tls(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let named = |path: &Path, reason: String| Error::Tls(format!("{}: {reason}", path.display()));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect)
        .map_err(|error| named(certificates, error.to_string()))?;
    if chain.is_empty() {
        return Err(named(certificates, "no certificate in it".into()));
    }
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|error| named(key, error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| named(key, error.to_string()))?;
    Ok(Arc::new(config))
}

/// What all connections share.
struct Shared {
    server: Server,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    clock: Clock,
    bodies: Semaphore,
    work: Semaphore,
}

/// Answers requests until it is stopped.
///
/// # Errors
/// If the system gives no thread or does not let it listen.
pub fn serve(
    listener: TcpListener,
    server: Server,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
    (clock, stop): (Clock, &Stop),
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(limits.requests_max)
        .build()?;
    listener.set_nonblocking(true)?;
    let tls = tls.map(TlsAcceptor::from);
    let (bodies, work) = (Semaphore::new(limits.bodies_max), Semaphore::new(limits.requests_max));
    let shared = Arc::new(Shared { server, tls, limits, clock, bodies, work });
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let accepting = tokio::spawn(accept(listener, shared));
        stop.0.notified().await;
        accepting.abort();
        Ok(())
    })
}

/// Connections of each address that has some.
type Peers = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A connection's place among those of its address, until it is dropped.
struct Place(Peers, IpAddr);

impl Place {
    /// None if the address has as many as it may.
    fn of(peers: &Peers, peer: IpAddr, most: usize) -> Option<Place> {
        let mut all = peers.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.entry(peer).or_default();
        if *held >= most {
            return None;
        }
        *held += 1;
        Some(Place(Arc::clone(peers), peer))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut held) = all.entry(self.1) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    let connections = Arc::new(Semaphore::new(shared.limits.connections_max));
    let peers = Peers::default();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // As long as there are no descriptors left, say.
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Beyond the bound it is closed: who is honest comes again.
        let most = shared.limits.connections_of_one_max;
        let Some(place) = Place::of(&peers, peer.ip(), most) else { continue };
        if let Ok(permit) = Arc::clone(&connections).try_acquire_owned() {
            tokio::spawn(connection(stream, Arc::clone(&shared), (permit, place)));
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, _held: (OwnedSemaphorePermit, Place)) {
    // Small answers go at once. Where that is refused, they only come later.
    let _ = stream.set_nodelay(true);
    let Some(tls) = shared.tls.clone() else { return converse(stream, shared).await };
    if let Ok(Ok(stream)) = timeout(shared.limits.head_time_max, tls.accept(stream)).await {
        converse(stream, shared).await;
    }
}

async fn converse<S>(stream: S, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = shared.limits;
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(request, shared).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time_max)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // A client that goes away, or sends no HTTP, has only itself to tell.
    if timeout(limits.connection_time_max, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(limits.body_time_max, connection).await;
    }
}

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let admitted = shared.server.admit(&Head {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        accept: text(&head.headers, &header::ACCEPT),
        content_type: text(&head.headers, &header::CONTENT_TYPE),
        content_length: text(&head.headers, &header::CONTENT_LENGTH),
        authorization: text(&head.headers, &header::AUTHORIZATION),
    });
    let reply = match admitted {
        Ok(admitted) => work(admitted, body, shared).await,
        Err(reply) => reply,
    };
    response(reply)
}

/// A header's text. One that is none is as one that says nothing known.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

async fn work(admitted: Admitted, body: Incoming, shared: Arc<Shared>) -> Reply {
    // Whoever was slow before has gone by then.
    let patience = 2 * shared.limits.body_time_max;
    let (mut bytes, mut _slot) = (Bytes::new(), None);
    if admitted.has_body() {
        _slot = match timeout(patience, shared.bodies.acquire()).await {
            Ok(Ok(slot)) => Some(slot),
            _ => return busy(),
        };
        bytes = match whole(body, &shared).await {
            Ok(bytes) => bytes,
            Err(reply) => return reply,
        };
    }
    let Ok(Ok(_turn)) = timeout(patience, shared.work.acquire()).await else { return busy() };
    let (now, worker) = ((shared.clock)(), Arc::clone(&shared));
    let answer = move || worker.server.answer(&admitted, &bytes, now);
    // A request that panicked is one request.
    let failed = |_| Reply::error(500, "Internal server error", "this request failed");
    tokio::task::spawn_blocking(answer).await.unwrap_or_else(failed)
}

/// A request's body, if it comes in time and is not too large.
async fn whole(body: Incoming, shared: &Shared) -> std::result::Result<Bytes, Reply> {
    let whole = Limited::new(body, shared.server.bounds().body_bytes_max).collect();
    match timeout(shared.limits.body_time_max, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(shared.server.too_large()),
        Ok(Err(_)) => Err(Reply::error(400, "Bad request", "the body breaks off")),
        Err(_) => Err(Reply::error(408, "Request timeout", "the body did not come in time")),
    }
}

fn busy() -> Reply {
    Reply::error(503, "Service unavailable", "too many requests at a time: come again")
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    // Strangers hold no connection.
    let closes = matches!(reply.status, 401 | 408 | 413);
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("we send known ones");
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        let value = HeaderValue::from_str(&value).expect("headers of ours are plain text");
        headers.insert(HeaderName::from_static(name), value);
    }
    // What it holds is not for caches, whoever they are.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if closes {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
