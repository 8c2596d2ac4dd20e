//! Who may do what in a control plane that lives for minutes: one administrator's token, and a key for the tokens of
//! service accounts. Nothing here is a secret worth keeping: it is made anew at each start and only answers on
//! loopback.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

/// The files that the control plane's programs are given.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) token: String,
    pub(crate) tokens: PathBuf,
    pub(crate) signing_key: PathBuf,
    pub(crate) verifying_key: PathBuf,
    /// Where kube-apiserver puts the certificate that it makes for itself.
    pub(crate) certificates: PathBuf,
}

impl Credentials {
    pub(crate) fn make(dir: &Path) -> Result<Self> {
        let made = Self {
            token: random()?,
            tokens: dir.join("tokens.csv"),
            signing_key: dir.join("service-account.key"),
            verifying_key: dir.join("service-account.pub"),
            certificates: dir.join("certificates"),
        };
        let key = rcgen::KeyPair::generate().context("cannot make a key pair")?;
        write(&made.tokens, &format!("{},admin,admin,\"system:masters\"\n", made.token))?;
        write(&made.signing_key, &key.serialize_pem())?;
        write(&made.verifying_key, &key.public_key_pem())?;
        Ok(made)
    }

    /// The bundle that a client trusts.
    pub(crate) fn authority(&self) -> PathBuf {
        self.certificates.join("apiserver.crt")
    }

    /// Writes the administrator's kubeconfig. (JSON is YAML.)
    pub(crate) fn write_kubeconfig(&self, path: &Path, url: &str) -> Result<()> {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "longshore",
            "contexts": [{"name": "longshore", "context": {"cluster": "longshore", "user": "admin"}}],
            "clusters": [{"name": "longshore", "cluster": {"server": url, "certificate-authority": self.authority()}}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
        });
        write(path, &format!("{config:#}\n"))
    }
}

fn random() -> Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
