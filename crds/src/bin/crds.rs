//! Writes the definitions of all kinds as YAML: `cargo run -p longshore-crds --bin crds -- DIR`.

use longshore_crds::{crds, generated};
use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(std::env::args_os().nth(1).ok_or("name the directory to write to")?);
    fs::create_dir_all(&directory)?;
    for crd in crds() {
        let path = directory.join(generated::file_name(&crd));
        fs::write(&path, generated::yaml(&crd)?)?;
        println!("{}", path.display());
    }
    Ok(())
}
