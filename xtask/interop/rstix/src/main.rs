//! rstix's TAXII client reads and writes our server over TLS: four writers at a time, ten thousand objects of one moment, pages of odd
//! sizes, filters, deletions, refusals. Nothing may be lost, and nothing may come twice.
//!
//! `interop-rstix certificate FOLDER` makes a certificate for this machine (`server.pem`, `server.key`) and prints its pin;
//! `interop-rstix run URL TOKEN PIN` does the rest. rstix trusts the roots that browsers trust, and no others that one could name;
//! a private server's certificate is trusted by its pin (`ServerTrustPolicy::PinnedSpkiOnly`).

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt};
use rstix::core::StixId;
use rstix::model::{Bundle, StixObject};
use rstix::taxii::{
    BearerAuth, DeleteObjectFilter, HttpsPolicy, ServerTrustPolicy, SpkiPin, TaxiiClient,
    TaxiiClientConfig, TaxiiEnvelope, TaxiiError, TaxiiFilter, VersionsQueryFilter,
};
use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Sent in one request, so that all have one time.
const OF_ONE_MOMENT: usize = 10_000;
/// Sent by four writers at a time, after that.
const WRITERS: usize = 4;
const SENT: usize = 250;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["certificate", folder] => certificate(Path::new(folder)),
        ["run", url, token, pin] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(run(url, token, pin))
        }
        _ => Err("certificate FOLDER, or run URL TOKEN PIN".into()),
    }
}

fn certificate(folder: &Path) -> Result<()> {
    let key = rcgen::KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names)?.self_signed(&key)?;
    std::fs::write(folder.join("server.pem"), certificate.pem())?;
    std::fs::write(folder.join("server.key"), key.serialize_pem())?;
    let pin = Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&key));
    println!("{}", pin.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Ok(())
}

fn client(url: &str, token: &str, trust: ServerTrustPolicy) -> Result<TaxiiClient> {
    let config = TaxiiClientConfig::new(url).auth(BearerAuth::new(token)).server_trust(trust);
    Ok(TaxiiClient::new(config)?)
}

async fn run(url: &str, token: &str, pin: &str) -> Result<()> {
    let trust =
        || Ok::<_, TaxiiError>(ServerTrustPolicy::PinnedSpkiOnly(vec![SpkiPin::from_hex(pin)?]));
    let ours = client(url, token, trust()?)?;
    let discovery = ours.discover().await?;
    assert_eq!(discovery.title, "interop");
    let roots = discovery.resolved_api_roots(&url::Url::parse(url)?, HttpsPolicy::Required)?;
    let root = roots.first().ok_or("no API root")?.to_string();
    let listed = ours.collections(&root).await?;
    let [collection] = &listed[..] else { return Err("not one collection".into()) };
    assert!(collection.can_read && collection.can_write);
    let id = collection.id.as_str();

    let objects = objects(OF_ONE_MOMENT + WRITERS * SENT)?;
    let (first, rest) = objects.split_at(OF_ONE_MOMENT);
    added(&ours, &root, id, first).await?;
    let parts = rest.chunks(SENT).map(|part| added(&ours, &root, id, part));
    try_join_all(parts).await?;
    // Sent again, they are there once.
    added(&ours, &root, id, &rest[..SENT]).await?;
    let all: BTreeSet<String> = objects.iter().map(|o| o.id().as_str().to_owned()).collect();
    for limit in [997, 333] {
        let filter = || TaxiiFilter::new().limit(limit);
        let read = ours.objects_stream(root.clone(), id, filter());
        same(&all, read.map_ok(|o| o.id().as_str().to_owned()).try_collect().await?);
        let read = ours.manifest_stream(root.clone(), id, filter());
        same(&all, read.map_ok(|record| record.id).try_collect().await?);
    }
    filtered(&ours, &root, id, &objects).await?;
    refused(&ours, &root, id, &objects[7]).await?;
    let wrong = client(url, &format!("{token}x"), trust()?)?.discover().await;
    assert!(matches!(wrong, Err(TaxiiError::Unauthorized { .. })), "{wrong:?}");
    // Another certificate, and the roots of browsers, which do not vouch for ours.
    let other = ServerTrustPolicy::PinnedSpkiOnly(vec![SpkiPin::from_hex(&"ab".repeat(32))?]);
    for trust in [other, ServerTrustPolicy::SystemRoots] {
        let strange = client(url, token, trust)?.discover().await;
        assert!(matches!(strange, Err(TaxiiError::NetworkError(_))), "{strange:?}");
    }
    println!(
        "rstix's TAXII client over TLS: {} objects, {OF_ONE_MOMENT} of one moment and the rest by {WRITERS} writers, paged by 997 and 333, none lost and none twice",
        all.len()
    );
    Ok(())
}

fn objects(count: usize) -> Result<Vec<StixObject>> {
    let when = "2025-01-01T00:00:00.000Z";
    let one = |n: usize| {
        serde_json::json!({
            "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{n:012x}"),
            "created": when, "modified": when, "pattern": format!("[domain-name:value = 'd{n}.example']"),
            "pattern_type": "stix", "valid_from": when,
        })
    };
    let objects: Vec<_> = (0..count).map(one).collect();
    let id = "bundle--00000000-0000-4000-8000-000000000000";
    let bundle = serde_json::json!({"type": "bundle", "id": id, "objects": objects});
    Ok(Bundle::parse(&bundle.to_string())?.objects().to_vec())
}

async fn added(ours: &TaxiiClient, root: &str, id: &str, part: &[StixObject]) -> Result<()> {
    let envelope = TaxiiEnvelope::new(part.to_vec());
    let status = ours.add_objects(root, id, &envelope).await?;
    assert_eq!((status.success_count as usize, status.failure_count), (part.len(), 0));
    let again = ours.get_status(root, &status.id).await?;
    assert_eq!(again.success_count, status.success_count);
    Ok(())
}

fn same(all: &BTreeSet<String>, read: Vec<String>) {
    let distinct: BTreeSet<String> = read.iter().cloned().collect();
    assert_eq!((read.len(), &distinct), (all.len(), all), "lost or doubled");
}

async fn filtered(ours: &TaxiiClient, root: &str, id: &str, objects: &[StixObject]) -> Result<()> {
    let one = objects[7].id().clone();
    let page = ours.objects(root, id, TaxiiFilter::new().object_id(one.clone())).await?;
    assert_eq!(page.value.objects, [objects[7].clone()], "as it was sent");
    let none = ours.objects(root, id, TaxiiFilter::new().object_type("malware")).await?;
    assert!(none.value.objects.is_empty() && !none.value.more);
    let versions = ours.object_versions(root, id, &one, VersionsQueryFilter::default()).await?;
    assert_eq!(versions.value.versions.len(), 1);
    // What was added after the last of the first ten thousand: the writers' objects alone.
    let first = ours.objects(root, id, TaxiiFilter::new().limit(1)).await?;
    let moment = first.headers.date_added_last.ok_or("no X-TAXII-Date-Added-Last")?;
    let later = ours.objects_stream(root, id, TaxiiFilter::new().added_after(moment).limit(100));
    assert_eq!(later.collect::<Vec<_>>().await.len(), WRITERS * SENT);
    Ok(())
}

async fn refused(ours: &TaxiiClient, root: &str, id: &str, object: &StixObject) -> Result<()> {
    let one: &StixId = object.id();
    ours.delete_object(root, id, one, DeleteObjectFilter::default()).await?;
    let gone = ours.get_object(root, id, one, Default::default()).await;
    assert!(matches!(gone, Err(TaxiiError::NotFound { .. })), "{gone:?}");
    let strange = ours.objects(root, id, TaxiiFilter::new().next("nonsense")).await;
    assert!(matches!(strange, Err(TaxiiError::BadRequest { .. })), "{strange:?}");
    Ok(())
}
