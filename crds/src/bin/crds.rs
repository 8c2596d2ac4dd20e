//! Writes the definitions of all kinds as files: `cargo run -p longshore-crds --bin crds -- ROOT`, which `make generate`
//! does.

use longshore_crds::{crds, generated};
use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::args_os().nth(1).ok_or("name the project's directory")?);
    for (path, text) in generated::files(&crds())? {
        let path = root.join(path);
        fs::create_dir_all(path.parent().ok_or("a file has a directory")?)?;
        fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}
