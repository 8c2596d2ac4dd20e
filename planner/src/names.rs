//! Names in AWS: deterministic, within AWS's limits, never the same for two objects.

use serde_json::json;

use crate::engine::content_hash;

/// Room for the longest suffix (`-execution`) in the shortest limit: role names have 64 characters.
const BASE_LENGTH: usize = 54;
const HASH_LENGTH: usize = 8;
/// Role names, the shortest of what an object may have several of.
const PART_LENGTH: usize = 64;
/// Names of load balancers and target groups.
const SHORT_LENGTH: usize = 32;

/// The base of all names of an object: namespace and name, cut where they are too long, and eight hexadecimal digits
/// of a hash. The hash is always there: `a-b` in namespace `c` is not `b` in `c-a`, nor is either another
/// installation's.
pub fn base(installation: &str, kind: &str, namespace: &str, name: &str) -> String {
    let hash = content_hash(&json!([installation, kind, namespace, name]));
    let hash = hash.get(..HASH_LENGTH).unwrap_or(&hash);
    let readable: String =
        format!("{namespace}-{name}").chars().take(BASE_LENGTH - HASH_LENGTH - 1).collect::<String>();
    format!("{}-{hash}", readable.trim_end_matches('-'))
}

/// A name of at most 32 letters, digits and hyphens, as Elastic Load Balancing takes: what can be read of a base, and
/// a hash of the base and of the fields that cannot change, so that a successor can stand beside its predecessor. It
/// never begins with `internal-`, which AWS keeps for itself (API reference, `CreateLoadBalancer`).
pub fn short(base: &str, fixed: &serde_json::Value) -> String {
    let hash = content_hash(&json!([base, fixed]));
    let hash = hash.get(..HASH_LENGTH).unwrap_or(&hash);
    let base = if base.starts_with("internal-") { format!("x-{base}") } else { base.to_owned() };
    let readable: String = base.chars().take(SHORT_LENGTH - HASH_LENGTH - 1).collect();
    format!("{}-{hash}", readable.trim_end_matches('-'))
}

/// The name of a part of an object that has several of a kind, of at most 64 characters: of a long one a hash stands for
/// its end.
pub fn part(base: &str, part: &str) -> String {
    let whole = format!("{base}-{part}");
    if whole.len() <= PART_LENGTH {
        return whole;
    }
    let hash = content_hash(&json!([base, part]));
    let hash = hash.get(..HASH_LENGTH).unwrap_or(&hash);
    let readable: String = whole.chars().take(PART_LENGTH - HASH_LENGTH - 1).collect();
    format!("{}-{hash}", readable.trim_end_matches('-'))
}

/// The same for a capacity provider, whose name begins with none of the words that AWS keeps for itself (API reference,
/// `CreateCapacityProvider`).
pub fn provider(base: &str, name: &str) -> String {
    let kept = ["aws", "ecs", "fargate"].iter().any(|word| base.to_ascii_lowercase().starts_with(word));
    if kept { part(&format!("x-{base}"), name) } else { part(base, name) }
}

/// The partition of a region, as ARNs name it (AWS General Reference, "Amazon Resource Names").
pub fn partition(region: &str) -> &'static str {
    let partitions = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    partitions.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_objects_share_a_name() {
        let names = [
            base("i", "EcsService", "a-b", "c"),
            base("i", "EcsService", "a", "b-c"),
            base("i", "EcsCluster", "a-b", "c"),
            base("j", "EcsService", "a-b", "c"),
        ];
        for (n, one) in names.iter().enumerate() {
            assert!(one.starts_with("a-b-c-"), "{one}");
            assert!(names.iter().skip(n + 1).all(|other| other != one), "{one}");
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_different() {
        let long = "x".repeat(63);
        let (one, two) = (base("i", "k", &long, "a"), base("i", "k", &long, "b"));
        assert!(one.len() <= BASE_LENGTH && two.len() <= BASE_LENGTH);
        assert_ne!(one, two);
        assert!(format!("{one}-execution").len() <= 64);
    }

    #[test]
    fn short_names_differ_by_what_cannot_change_and_are_within_the_limits() {
        let bases = ["internal-hello-0a1b2c3d", "a-b", &"x".repeat(54), &format!("{}-y", "x".repeat(22))];
        for base in bases {
            let (http, https) = (short(base, &json!("HTTP")), short(base, &json!("HTTPS")));
            assert_ne!(http, https);
            assert_eq!(http, short(base, &json!("HTTP")));
            for name in [http, https] {
                let clean = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                assert!(name.len() <= 32 && clean && !name.contains("--") && !name.starts_with("internal-"), "{name}");
            }
        }
    }

    #[test]
    fn parts_have_names_of_their_own_within_the_limits() {
        assert_eq!(part("shop-main-0a1b2c3d", "general"), "shop-main-0a1b2c3d-general");
        let (base, long) = ("x".repeat(54), "y".repeat(32));
        assert_eq!(part(&base, &"y".repeat(9)), format!("{base}-{}", "y".repeat(9)), "64 characters fit");
        let names = [part(&base, &long), part(&base, &format!("{long}z")), part(&base, "z")];
        for (n, name) in names.iter().enumerate() {
            assert!(name.len() <= 64 && name.starts_with(&base), "{name}");
            assert!(names.iter().skip(n + 1).all(|other| other != name), "{name}");
        }
    }

    #[test]
    fn no_provider_has_a_name_that_aws_keeps() {
        let cases = [("shop-main-1", "shop-main-1-a"), ("ecs-team-1", "x-ecs-team-1-a"), ("AWS-1", "x-AWS-1-a")];
        for (base, expected) in cases {
            assert_eq!(provider(base, "a"), expected);
        }
    }

    #[test]
    fn every_partition_is_told_from_its_region() {
        for (region, expected) in [
            ("eu-west-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
        ] {
            assert_eq!(partition(region), expected);
        }
    }
}
