//! `cargo run -p blanik-share --example exports -- FOLDER [PUBLICATION.json]`: writes all exports of a publication into a
//! folder, for programs of others to read. Without one: those of the tests' example.

#[path = "../tests/share/example.rs"]
#[allow(dead_code)]
mod example;

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("a folder is named");
    let publication = match args.next() {
        Some(file) => serde_json::from_slice(&fs::read(file)?)?,
        None => example::publication(),
    };
    for (name, bytes) in blanik_share::export::all(&publication) {
        let path = Path::new(&folder).join(name);
        fs::create_dir_all(path.parent().expect("a name stands in the folder"))?;
        fs::write(path, bytes)?;
    }
    Ok(())
}
