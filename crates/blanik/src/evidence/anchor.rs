//! RFC 3161: asking an authority when the newest checkpoint was there, and keeping its answer.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use blanik_evidence::anchor::{self, FOLDER};
use blanik_evidence::{Disk, SigningKey, http};

use crate::cli::evidence::AnchorArgs;

/// Makes a request, or takes the answer.
pub(super) fn run(args: &AnchorArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let checkpoint = reader.note().to_string();
    // Random, so that an old answer is no answer.
    let nonce = SigningKey::generate("nonce")?.verifier();
    let nonce = u64::from_be_bytes(*nonce.public().first_chunk().expect("a key has 32 bytes"));
    let request = anchor::request(checkpoint.as_bytes(), nonce);
    if let Some(path) = &args.request {
        std::fs::write(path, request)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}: for checkpoint {}", path.display(), reader.checkpoint().size);
        return Ok(ExitCode::SUCCESS);
    }
    let answer = match (&args.url, &args.response) {
        (Some(url), _) => {
            let answer = http::post(url, "application/timestamp-query", &request)?;
            if answer.status != 200 {
                bail!("{url}: {}", answer.status);
            }
            answer.body
        }
        (_, Some(path)) => {
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        _ => bail!("name an authority with --url, or carry --request to it and --response back"),
    };
    let time = anchor::read(&answer, checkpoint.as_bytes())?;
    let (kept, about) = anchor::paths(reader.checkpoint().size, &answer);
    let disk = reader.disk();
    let keep = |path: &str, bytes: &[u8]| {
        disk.write(path, bytes)?;
        disk.sync(path)
    };
    disk.make_folder(FOLDER)
        .and_then(|()| keep(&about, checkpoint.as_bytes()))
        .and_then(|()| keep(&kept, &answer))
        .and_then(|()| disk.sync_folder(FOLDER))
        .with_context(|| format!("cannot write {kept}"))?;
    println!("size {}: time-stamped {time}; kept as {kept}", reader.checkpoint().size);
    Ok(ExitCode::SUCCESS)
}
