//! What was answered is there after a stop, a kill, damage; one server at a time; TLS.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use blanik_model::Tlp;
use blanik_server::{Error, Right, Server};
use tokio_rustls::rustls;

use crate::client::{Client, folder, indicator, start, token};

fn file(folder: &Path) -> PathBuf {
    let id = blanik_server::Folder::new(folder).collection("shared").expect("it is there").id;
    folder.join("collections").join(id).join("objects.jsonl")
}

#[test]
fn what_was_taken_is_there_after_a_restart_and_a_torn_line_is_named() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    client.add(&[indicator(1, Some(Tlp::Red)), indicator(2, None), indicator(3, None)]);
    client.add(&[indicator(4, None)]);
    client.delete(
        "/blanik/collections/shared/objects/indicator--00000000-0000-4000-8000-000000000002/",
    );
    let (before, manifest) = (client.shared("objects/").text, client.shared("manifest/").text);
    drop(running);
    let path = file(folder.path());
    let whole = fs::read(&path).expect("it is there");
    for torn in
        [&b""[..], b"{", b"{\"seq\":6,\"date_added\":\"2026-01-01T12:00:00Z\",\"obj", &[0; 100]]
    {
        fs::write(&path, &whole).expect("written");
        OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut f| f.write_all(torn))
            .expect("written");
        let running = start(folder.path());
        let client = Client::new(&running, &writer);
        assert_eq!(running.remarks.len(), usize::from(!torn.is_empty()), "{:?}", running.remarks);
        assert!(
            running.remarks.iter().all(|r| r.contains("broke off") && r.contains("objects.jsonl"))
        );
        assert_eq!(client.shared("objects/").text, before);
        assert_eq!(client.shared("manifest/").text, manifest);
        drop(running);
        assert_eq!(fs::read(&path).expect("it is there"), whole);
    }
    // What comes after is behind what was, in time and place.
    let running = start(folder.path());
    let client = Client::new(&running, &writer);
    client.add(&[indicator(5, None)]);
    assert!(client.shared("objects/").text.contains("secret5."));
    assert_eq!(client.shared("objects/").ids().len(), 4);
}

#[test]
fn a_damaged_line_costs_itself_alone() {
    let folder = folder();
    let writer = token(folder.path(), "writer", Right::Both, Tlp::Red);
    let running = start(folder.path());
    Client::new(&running, &writer).add(&[
        indicator(1, None),
        indicator(2, None),
        indicator(3, None),
    ]);
    drop(running);
    let path = file(folder.path());
    let text = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, text.replacen("\"indicator\"", "\"indicat\"\"", 1)).expect("written");
    let running = start(folder.path());
    assert!(running.remarks[0].contains("byte 0"), "{:?}", running.remarks);
    assert_eq!(Client::new(&running, &writer).shared("objects/").ids().len(), 2);
}

#[test]
fn one_server_at_a_time_serves_a_folder() {
    let folder = folder();
    let running = start(folder.path());
    let second = Server::open(folder.path(), "x", &mut Vec::new());
    assert!(matches!(second.map(drop), Err(Error::Locked(_))));
    drop(running);
    assert!(Server::open(folder.path(), "x", &mut Vec::new()).is_ok());
}

/// The version on which a client that knows no other, and the server, agree.
fn handshake(
    port: u16,
    certificate: rustls::pki_types::CertificateDer<'static>,
    version: &'static rustls::SupportedProtocolVersion,
) -> Option<rustls::ProtocolVersion> {
    use std::sync::Arc;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("versions of this provider")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).expect("they agree");
    }
    connection.protocol_version()
}

#[test]
fn tls_is_spoken_with_the_certificate_that_was_given() {
    use std::sync::Arc;
    let folder = folder();
    let reader = token(folder.path(), "reader", Right::Read, Tlp::Green);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
    let (pem, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&pem, made.cert.pem()).expect("written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    assert!(blanik_server::tls(&key, &pem).is_err(), "they are not each other");
    let tls = blanik_server::tls(&pem, &key).expect("they go together");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = Server::open(folder.path(), "Test", &mut Vec::new()).expect("it opens");
    let stop = blanik_server::Stop::default();
    let stopped = stop.clone();
    let thread = std::thread::spawn(move || {
        let clock: blanik_server::Clock = Arc::new(|| blanik_model::Timestamp::from_nanos(0));
        blanik_server::serve(listener, server, Some(tls), Default::default(), (clock, &stopped))
    });
    let certificate = ureq::tls::Certificate::from_pem(made.cert.pem().as_bytes()).expect("PEM");
    let ask = |roots: ureq::tls::RootCerts| {
        let tls = ureq::tls::TlsConfig::builder().root_certs(roots).build();
        let config = ureq::Agent::config_builder().proxy(None).tls_config(tls).build();
        ureq::Agent::new_with_config(config)
            .get(format!("https://localhost:{port}/taxii2/"))
            .header("authorization", format!("Bearer {reader}"))
            .call()
    };
    let trusted = ureq::tls::RootCerts::from([certificate].into_iter());
    assert_eq!(ask(trusted).expect("an answer").status().as_u16(), 200);
    assert!(ask(ureq::tls::RootCerts::WebPki).is_err(), "nobody vouches for it");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let spoken = handshake(port, made.cert.der().clone(), version);
        assert_eq!(spoken, Some(version.version));
    }
    stop.now();
    assert!(thread.join().expect("it ends").is_ok());
}
