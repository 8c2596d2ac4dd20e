//! Images in ECR, by their names.

/// The ARN of the repository that an image is in, if it is in a private one of ECR (user guide, "Private registry":
/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY`).
pub(super) fn repository_arn(image: &str, partition: &str) -> Option<String> {
    let (host, rest) = image.split_once('/')?;
    let mut labels = host.split('.');
    let account = labels.next().filter(|text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    labels.next().filter(|label| *label == "dkr")?;
    labels.next().filter(|label| matches!(*label, "ecr" | "ecr-fips"))?;
    let region = labels.next()?;
    let without_digest = rest.split('@').next()?;
    let repository = match without_digest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => without_digest,
    };
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{repository}"))
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
            ("public.ecr.aws/nginx/nginx:1.27", None),
            ("nginx", None),
            ("registry.example.com:5000/a/b:1", None),
        ];
        for (image, expected) in cases {
            assert_eq!(repository_arn(image, "aws"), expected, "{image}");
        }
    }
}
