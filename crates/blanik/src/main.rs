//! The program: arguments in, exit code out. Everything it does stands in `pipeline`.

use std::process::ExitCode;

use blanik::cli::Cli;
use blanik::pipeline;
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match pipeline::run(cli) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // What went wrong may quote a path or a log: escaped, like everything from outside.
            eprintln!("blanik: {}", blanik_model::text::for_terminal(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}

/// The reader of our output has seen enough (`| head`).
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
