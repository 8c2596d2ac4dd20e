//! Names in AWS: deterministic, within AWS's limits, never the same for two objects.

use serde_json::json;

use crate::engine::content_hash;

/// Room for the longest suffix (`-execution`) in the shortest limit: role names have 64 characters.
const BASE_LENGTH: usize = 54;
const HASH_LENGTH: usize = 8;

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
