//! Which container images exist, and what their containers do once started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a container of an image does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Behaviour {
    /// The image isn't in its registry: the pull fails.
    #[serde(default)]
    pub missing: bool,
    /// The container ends by itself; left out, it runs until it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exits: Option<Exit>,
    /// The container's health check never passes, and what it serves over HTTP is an error (503).
    #[serde(default)]
    pub unhealthy: bool,
    /// The TCP ports that it listens on; left out, those that its port mappings name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listens: Option<Vec<u16>>,
    /// Seconds of simulated time from the container's start until it listens.
    #[serde(default)]
    pub listens_after_seconds: u32,
}

/// How a container ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exit {
    /// The exit code: 0 is success, 137 killed.
    pub code: i32,
    /// Seconds of simulated time from the container's start to its end.
    #[serde(default = "one_second")]
    pub after_seconds: u32,
}

fn one_second() -> u32 {
    1
}

/// The registries, as far as the simulator knows them.
///
/// An image of this account's ECR exists only if it is listed. Any other image exists unless its tag contains one of
/// the missing markers or it is listed as missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Images {
    /// An image whose tag contains one of these isn't there.
    #[serde(default)]
    pub missing_markers: Vec<String>,
    /// Images by their whole reference, as a container definition writes it.
    #[serde(default)]
    pub known: BTreeMap<String, Behaviour>,
}

impl Images {
    /// What containers of this image do; an image that can't be pulled is `missing`.
    pub fn behaviour(&self, image: &str) -> Behaviour {
        if let Some(known) = self.known.get(image) {
            return known.clone();
        }
        let (_, tag) = split_tag(image);
        let marked = self.missing_markers.iter().any(|marker| tag.contains(marker.as_str()));
        Behaviour { missing: marked || is_ecr(image), ..Behaviour::default() }
    }
}

/// Whether the image lies in a private ECR registry (`<account>.dkr.ecr.<region>.amazonaws.com/...`).
pub fn is_ecr(image: &str) -> bool {
    image.split('/').next().is_some_and(|registry| registry.contains(".dkr.ecr."))
}

/// The ARN of the ECR repository that an image lies in, if it lies in one.
pub fn ecr_repository_arn(image: &str) -> Option<String> {
    let (registry, path) = image.split_once('/')?;
    let (account, rest) = registry.split_once(".dkr.ecr.")?;
    let region = rest.split('.').next()?;
    let (name, _) = split_tag(path);
    Some(format!("arn:aws:ecr:{region}:{account}:repository/{name}"))
}

/// An image reference without its tag or digest, and that tag (`latest` when none is given).
pub fn split_tag(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    match image.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}
