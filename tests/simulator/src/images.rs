//! Which container images exist, and what their containers do once started.

use std::collections::BTreeMap;
use std::fmt::Write as _;

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
    /// What a container does whose command this is, words joined by spaces; whatever its image.
    #[serde(default)]
    pub commands: BTreeMap<String, Behaviour>,
    /// How often another image was pushed under the tag of an image since the first.
    #[serde(default)]
    pub pushes: BTreeMap<String, u64>,
}

impl Images {
    /// What containers of this image do; an image that can't be pulled is `missing`.
    pub fn behaviour(&self, image: &str) -> Behaviour {
        if let Some(known) = self.known.get(image).or_else(|| self.by_digest(image)) {
            return known.clone();
        }
        let (_, tag) = split_tag(image);
        let marked = self.missing_markers.iter().any(|marker| tag.contains(marker.as_str()));
        Behaviour { missing: marked || is_ecr(image), ..Behaviour::default() }
    }
}

impl Images {
    /// Another image is pushed under a tag: the one before stays, by its digest.
    pub fn push(&mut self, image: &str) {
        *self.pushes.entry(image.to_owned()).or_default() += 1;
    }

    /// What an image's tag stands for, if there is such an image.
    pub fn digest(&self, image: &str) -> Option<String> {
        let known = self.known.get(image).filter(|known| !known.missing);
        known.map(|_| digest(image, self.pushes.get(image).copied().unwrap_or_default()))
    }

    fn by_digest(&self, image: &str) -> Option<&Behaviour> {
        let (name, wanted) = image.split_once('@')?;
        let same = |tagged: &&String| split_tag(tagged).0 == name;
        let was = |tagged: &String| {
            let pushes = self.pushes.get(tagged).copied().unwrap_or_default();
            (0..=pushes).any(|push| digest(tagged, push) == wanted)
        };
        let tagged = self.known.keys().filter(same).find(|tagged| was(tagged))?;
        self.known.get(tagged)
    }
}

/// The digest of what was pushed under a tag: always the same, and another for each push.
fn digest(image: &str, push: u64) -> String {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let mut digits = String::from("sha256:");
    for part in 0..4_u64 {
        for byte in image.bytes().chain(push.to_be_bytes()).chain(part.to_be_bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // A String takes whatever is written to it.
        let _ = write!(digits, "{state:016x}");
    }
    digits
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_pulled_by_its_digest_also_after_its_tag_has_moved() {
        let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1";
        let mut images = Images { known: [(image.to_owned(), Behaviour::default())].into(), ..Images::default() };
        let before = images.digest(image).unwrap();
        images.push(image);
        let after = images.digest(image).unwrap();
        assert!(before != after && before.len() == 71, "{before} {after}");
        for (digest, missing) in [(before, false), (after, false), ("sha256:0".to_owned(), true)] {
            let by_digest = image.replace(":1", &format!("@{digest}"));
            assert_eq!(images.behaviour(&by_digest).missing, missing, "{by_digest}");
        }
        assert_eq!(images.digest(&image.replace(":1", ":2")), None);
    }
}
