//! What CI asks beside the tests. Each check takes texts and gives problems, a line each; none stops at
//! the first.

mod docs;
mod layers;
mod rules;
mod sources;

use std::process::ExitCode;

use anyhow::Result;

use crate::tree::Tree;

/// Runs all checks and prints what they found.
pub fn run() -> Result<ExitCode> {
    let tree = Tree::read()?;
    let checks = [
        ("layers: crates use lower layers only", layers::check(&tree)?),
        ("sources: house rules", sources::check(&tree)),
        ("docs: links, and tests that are named", docs::check(&tree)),
        ("rules: each built-in rule has its test", rules::check(&tree)),
    ];
    let mut found = 0;
    for (name, problems) in &checks {
        let word = if problems.is_empty() { "ok  " } else { "FAIL" };
        println!("{word} {name}");
        for problem in problems {
            println!("     {problem}");
        }
        found += problems.len();
    }
    if found == 0 {
        println!("check passed: {} files", tree.paths.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!("check failed: {found} problems");
    Ok(ExitCode::from(1))
}
