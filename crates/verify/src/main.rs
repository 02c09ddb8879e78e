//! `blanik-verify`: verifies a publication pack on a machine that has nothing else.

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use blanik_verify::told::{self, Style};
use blanik_verify::{Trust, verify};

const HELP: &str = "\
Verifies a publication pack of blanik: each sentence green or red, with its reason.

Usage: blanik-verify [--key KEY] [--policy FILE] PACK

Options:
  --key KEY      The log's public key, from somewhere you trust (NAME+ID+BASE64), or a file with it
  --policy FILE  Whose log, and which witnesses are enough (C2SP tlog-policy)
  -h, --help     This
  -V, --version  The version

Without --key and --policy it is verified that the pack agrees with the log whose key it names;
whose log that is, only you can know. Everything else needs no trust in whoever made the pack.

Examples:
  blanik-verify pack.zip
  blanik-verify --policy policy pack.zip

Exit codes: 0 all sentences hold, 1 some do not, 2 the pack cannot be read.
";

/// Largest pack that is read.
const PACK_BYTES_MAX: u64 = 256 << 20;

struct Args {
    pack: PathBuf,
    trust: Trust,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("blanik-verify: {}", told::plain(&error));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let Some(args) = args(std::env::args_os().skip(1))? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let shown = args.pack.display();
    let file = std::fs::File::open(&args.pack).map_err(|e| format!("cannot open {shown}: {e}"))?;
    let mut bytes = Vec::new();
    let read = file.take(PACK_BYTES_MAX + 1).read_to_end(&mut bytes);
    let read = read.map_err(|e| format!("cannot read {shown}: {e}"))?;
    if read as u64 > PACK_BYTES_MAX {
        return Err(format!("{shown} is larger than any pack ({PACK_BYTES_MAX} bytes)"));
    }
    let report = verify(&bytes, &args.trust).map_err(|e| format!("{shown}: {e}"))?;
    let out = std::io::stdout();
    let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    // Who closes the pipe has read enough.
    let _ = out.lock().write_all(told::text(&report, Style { colour }).as_bytes());
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The arguments; none if help or the version was asked for.
fn args(given: impl Iterator<Item = std::ffi::OsString>) -> Result<Option<Args>, String> {
    let (mut pack, mut trust) = (None, Trust::default());
    let mut given = given;
    while let Some(arg) = given.next() {
        match arg.to_str() {
            Some("-h" | "--help") => return Ok(None),
            Some("-V" | "--version") => {
                println!("blanik-verify {}", env!("CARGO_PKG_VERSION"));
                std::process::exit(0);
            }
            Some("--key") => trust.key = Some(key(&value(&mut given, "--key")?)?),
            Some("--policy") => {
                let text = text(&value(&mut given, "--policy")?)?;
                let parsed = blanik_evidence::Policy::parse(&text);
                trust.policy = Some(parsed.map_err(|e| format!("the policy: {e}"))?);
            }
            Some(flag) if flag.starts_with("--") => {
                return Err(format!("unknown option {flag}; see --help"));
            }
            _ if pack.is_some() => return Err("one pack at a time; see --help".to_owned()),
            _ => pack = Some(PathBuf::from(arg)),
        }
    }
    let pack = pack.ok_or("which pack? See --help")?;
    Ok(Some(Args { pack, trust }))
}

fn value(
    given: &mut impl Iterator<Item = std::ffi::OsString>,
    flag: &str,
) -> Result<std::ffi::OsString, String> {
    given.next().ok_or_else(|| format!("{flag} needs a value"))
}

fn text(path: &std::ffi::OsStr) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// A key as it is written, or a file with it.
fn key(given: &std::ffi::OsStr) -> Result<blanik_evidence::VerifierKey, String> {
    let parse = |text: &str| text.lines().next().unwrap_or("").trim().parse().ok();
    let direct = given.to_str().and_then(parse);
    match direct {
        Some(key) => Ok(key),
        None => parse(&text(given)?).ok_or_else(|| "no key of a log (NAME+ID+BASE64)".to_owned()),
    }
}
