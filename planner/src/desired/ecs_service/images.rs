//! Images in ECR: by their names, and by what their tags stand for.

use longshore_crds::ContainerDefinition;
use longshore_crds::ecs_service::ImageResolution;

use super::Builder;
use super::pins::Pins;
use crate::desired::obstacle::{Fact, Need};

/// An image in a private registry of ECR (user guide, "Private registry":
/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY`).
struct Image<'a> {
    account: &'a str,
    region: &'a str,
    /// Host and repository.
    name: &'a str,
    repository: &'a str,
    /// None where a digest stands in its place.
    tag: Option<&'a str>,
}

impl<'a> Image<'a> {
    fn parse(image: &'a str) -> Option<Self> {
        let (host, _) = image.split_once('/')?;
        let mut labels = host.split('.');
        let account =
            labels.next().filter(|text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
        labels.next().filter(|label| *label == "dkr")?;
        labels.next().filter(|label| matches!(*label, "ecr" | "ecr-fips"))?;
        let region = labels.next()?;
        let (tagged, digest) = image.split_once('@').map_or((image, None), |(tagged, digest)| (tagged, Some(digest)));
        let (name, tag) = match tagged.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (tagged, "latest"),
        };
        let (_, repository) = name.split_once('/')?;
        Some(Self { account, region, name, repository, tag: Some(tag).filter(|_| digest.is_none()) })
    }
}

/// The ARN of the repository that an image is in, if it is in a private one of ECR.
pub(super) fn repository_arn(image: &str, partition: &str) -> Option<String> {
    let Image { account, region, repository, .. } = Image::parse(image)?;
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{repository}"))
}

impl Builder<'_> {
    /// The container with its image by digest, where the spec asks for that and the registry is the environment's own. What
    /// is not there stays as it is: ECS says of it what is wrong.
    pub(super) fn with_image(&self, mut container: ContainerDefinition, pins: &mut Pins) -> ContainerDefinition {
        if let Some(image) = self.by_digest(&container.image, pins) {
            container.image = image;
        }
        container
    }

    fn by_digest(&self, image: &str, pins: &mut Pins) -> Option<String> {
        let resolution = self.spec.image_resolution.unwrap_or(ImageResolution::Tag);
        let environment = &self.scope.environment;
        let parsed = Image::parse(image).filter(|_| resolution != ImageResolution::Tag)?;
        if parsed.account != environment.account_id || parsed.region != environment.region {
            return None;
        }
        let need = Need::ImageDigest { repository: parsed.repository.to_owned(), tag: parsed.tag?.to_owned() };
        let read = |fact: &Fact| if let Fact::ImageDigest(digest) = fact { digest.clone() } else { None };
        let digest = if resolution == ImageResolution::FollowTag {
            pins.follow(self, image, need, read)
        } else {
            pins.of(self, image, need, read)
        };
        digest.map(|digest| format!("{}@{digest}", parsed.name))
    }
}

#[cfg(test)]
mod tests {
    use super::repository_arn;

    #[test]
    fn only_private_repositories_of_ecr_need_rights() {
        let arn = |repository: &str| Some(format!("arn:aws:ecr:eu-west-1:123456789012:repository/{repository}"));
        let cases = [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1.4.2", arn("orders")),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/orders", arn("team/orders")),
            ("123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com/orders@sha256:00", arn("orders")),
            // A colon that is the port's, and no tag's.
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com:443/orders", arn("orders")),
            ("12345678901.dkr.ecr.eu-west-1.amazonaws.com/orders", None),
            ("abcdefghijkl.dkr.ecr.eu-west-1.amazonaws.com/orders", None),
            ("public.ecr.aws/nginx/nginx:1.27", None),
            ("nginx", None),
            ("registry.example.com:5000/a/b:1", None),
        ];
        for (image, expected) in cases {
            assert_eq!(repository_arn(image, "aws"), expected, "{image}");
        }
    }
}
