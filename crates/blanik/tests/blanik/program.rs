//! The program as a shell runs it: arguments in; exit code, standard output and error out.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, with nothing of the tester's terminal or environment in it.
pub fn blanik(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blanik"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).env_remove("NO_COLOR");
    // Nor anything of a store that the tester has.
    command.env("BLANIK_HOME", folder.join("no-store"));
    command
}

/// What a run gave.
pub struct Ran {
    /// Exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }
}

/// Runs it to the end.
pub fn run(folder: &Path, args: &[&str]) -> Ran {
    blanik(folder, args).output().expect("the program starts").into()
}
