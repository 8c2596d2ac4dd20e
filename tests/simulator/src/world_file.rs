//! The world to start with, read from one file.
//!
//! `world.yaml` beside this crate's `Cargo.toml` is the world of the project's examples, and shows every member.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::foreign::Stored;
use crate::images::Images;
use crate::services::{acm, ec2, eventbridge, iam, route53, servicediscovery, wafv2};
use crate::world::World;

/// What is wrong with a world file.
#[derive(Debug, thiserror::Error)]
#[error("world file: {0}")]
pub struct WorldFileError(pub String);

/// A world file, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorldFile {
    account: String,
    region: String,
    #[serde(default)]
    vpcs: Vec<VpcEntry>,
    #[serde(default)]
    policies: Vec<PolicyEntry>,
    #[serde(default)]
    roles: Vec<RoleEntry>,
    #[serde(default)]
    images: Images,
    #[serde(default)]
    repositories: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    secrets: Vec<StoredEntry>,
    #[serde(default)]
    parameters: Vec<StoredEntry>,
    /// Machine images, by id: their architecture.
    #[serde(default)]
    machine_images: BTreeMap<String, String>,
    /// Parameters of AWS's own, by name.
    #[serde(default)]
    public_parameters: BTreeMap<String, String>,
    #[serde(default)]
    keys: Vec<KeyEntry>,
    #[serde(default)]
    s3_file_systems: Vec<String>,
    #[serde(default)]
    certificate_authorities: Vec<String>,
    #[serde(default)]
    certificates: Vec<CertificateEntry>,
    #[serde(default)]
    web_acls: Vec<WebAclEntry>,
    #[serde(default)]
    hosted_zones: Vec<ZoneEntry>,
    #[serde(default)]
    namespaces: Vec<NamespaceEntry>,
    /// Buses of events beside the default one.
    #[serde(default)]
    event_buses: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NamespaceEntry {
    id: String,
    name: String,
    #[serde(default, rename = "type")]
    kind: servicediscovery::Kind,
    /// Names by ids.
    #[serde(default)]
    services: BTreeMap<String, String>,
}

/// A secret or parameter: its ARN, or that and its key.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum StoredEntry {
    Arn(String),
    #[serde(rename_all = "camelCase")]
    Encrypted {
        arn: String,
        kms_key_id: String,
    },
}

impl StoredEntry {
    fn stored(&self) -> (String, Stored) {
        match self {
            Self::Arn(arn) => (arn.clone(), Stored::default()),
            Self::Encrypted { arn, kms_key_id } => (arn.clone(), Stored { key: Some(kms_key_id.clone()), changes: 0 }),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyEntry {
    arn: String,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CertificateEntry {
    arn: String,
    domain: String,
    #[serde(default)]
    alternatives: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WebAclEntry {
    name: String,
    id: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneEntry {
    id: String,
    name: String,
    #[serde(default)]
    private: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VpcEntry {
    id: String,
    cidr: String,
    default_security_group: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    subnets: Vec<SubnetEntry>,
    #[serde(default)]
    security_groups: Vec<GroupEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubnetEntry {
    id: String,
    zone: String,
    cidr: String,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupEntry {
    id: String,
    name: String,
    description: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyEntry {
    arn: String,
    document: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleEntry {
    arn: String,
    trust: Value,
    #[serde(default)]
    managed_policies: Vec<String>,
    #[serde(default)]
    inline_policies: BTreeMap<String, Value>,
}

impl WorldFile {
    /// Reads a file's text; the error says where it is wrong.
    pub fn load(text: &str) -> Result<Self, WorldFileError> {
        serde_saphyr::from_str(text).map_err(|error| WorldFileError(error.to_string()))
    }

    /// The world of the project's examples, which is built in.
    pub fn of_the_examples() -> Result<Self, WorldFileError> {
        Self::load(include_str!("../world.yaml"))
    }

    /// The world that the file describes.
    pub fn build(&self) -> Result<World, WorldFileError> {
        let mut world = World::new(&self.account, &self.region);
        self.apply(&mut world).map_err(WorldFileError)?;
        Ok(world)
    }

    fn apply(&self, world: &mut World) -> Result<(), String> {
        if self.account.len() != 12 || !self.account.chars().all(|digit| digit.is_ascii_digit()) {
            return Err(format!("account {} is not twelve digits", self.account));
        }
        self.vpcs.iter().try_for_each(|vpc| vpc.apply(world))?;
        for policy in &self.policies {
            iam::add_policy(world, &policy.arn, &policy.document.to_string())
                .map_err(|error| format!("policy {}: {error}", policy.arn))?;
        }
        for role in &self.roles {
            let inline =
                role.inline_policies.iter().map(|(name, document)| (name.clone(), document.to_string())).collect();
            iam::add_role(world, &role.arn, &role.trust.to_string(), &role.managed_policies, &inline)
                .map_err(|error| format!("role {}: {error}", role.arn))?;
        }
        world.images = self.images.clone();
        for (repository, tags) in &self.repositories {
            for tag in tags {
                let image = format!("{}.dkr.ecr.{}.amazonaws.com/{repository}:{tag}", self.account, self.region);
                world.images.known.entry(image).or_default();
            }
        }
        world.foreign.secrets.extend(self.secrets.iter().map(StoredEntry::stored));
        world.foreign.parameters.extend(self.parameters.iter().map(StoredEntry::stored));
        world.foreign.images.clone_from(&self.machine_images);
        world.foreign.public_parameters.clone_from(&self.public_parameters);
        for KeyEntry { arn, aliases } in &self.keys {
            world.foreign.aliases.extend(aliases.iter().map(|alias| (alias.clone(), arn.clone())));
        }
        world.foreign.s3_file_systems.extend(self.s3_file_systems.iter().cloned());
        world.foreign.certificate_authorities.extend(self.certificate_authorities.iter().cloned());
        for CertificateEntry { arn, domain, alternatives } in &self.certificates {
            acm::add_certificate(world, arn, domain, alternatives);
        }
        self.event_buses.iter().for_each(|name| eventbridge::add_bus(world, name));
        self.web_acls.iter().for_each(|acl| wafv2::add_web_acl(world, &acl.name, &acl.id));
        for NamespaceEntry { id, name, kind, services } in &self.namespaces {
            servicediscovery::add_namespace(world, id, name, *kind);
            for (service, name) in services {
                servicediscovery::add_service(world, service, id, name);
            }
        }
        self.hosted_zones.iter().for_each(|zone| route53::add_zone(world, &zone.id, &zone.name, zone.private));
        Ok(())
    }
}

impl VpcEntry {
    fn apply(&self, world: &mut World) -> Result<(), String> {
        ec2::add_vpc(world, &self.id, &self.cidr, &self.tags, &self.default_security_group)?;
        for subnet in &self.subnets {
            let SubnetEntry { id, zone, cidr, public, tags } = subnet;
            ec2::add_subnet(world, &ec2::NewSubnet { id, vpc_id: &self.id, cidr, zone, public: *public, tags })?;
        }
        for group in &self.security_groups {
            ec2::add_group(world, &group.id, &self.id, &group.name, &group.description, &group.tags);
        }
        Ok(())
    }
}

/// The world that a file's text describes.
pub fn parse(text: &str) -> Result<World, WorldFileError> {
    WorldFile::load(text)?.build()
}

/// The world of the project's examples. A test holds that the built-in file is right; were it not, this would be an
/// empty account.
pub fn seed() -> World {
    let built_in = WorldFile::of_the_examples().and_then(|file| file.build());
    built_in.unwrap_or_else(|_| World::new("123456789012", "eu-west-1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_world_holds_what_the_examples_name() {
        let world = WorldFile::of_the_examples().unwrap().build().unwrap();
        assert_eq!((world.account_id.as_str(), world.region.as_str()), ("123456789012", "eu-west-1"));
        let zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
        for (public, ids) in [
            (false, ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]),
            (true, ["subnet-0ddd", "subnet-0eee", "subnet-0fff"]),
        ] {
            for (id, zone) in ids.into_iter().zip(zones) {
                let subnet = ec2::subnet(&world, id).unwrap();
                assert_eq!(
                    (subnet.vpc_id.as_str(), subnet.availability_zone.as_str(), subnet.public),
                    ("vpc-0a1b2c3d", zone, public),
                    "{id}"
                );
            }
        }
        assert_eq!(ec2::group_vpc(&world, "sg-0database").as_deref(), Some("vpc-0a1b2c3d"));
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";
        assert_eq!(world.foreign.resolve(secret), Some(secret));
        let certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
        assert!(acm::covers(&world, certificate, "shop.example.com"));
        for (image, missing) in [
            ("public.ecr.aws/nginx/nginx:1.27", false),
            ("public.ecr.aws/xray/aws-xray-daemon:3.x", false),
            ("public.ecr.aws/nginx/nginx:does-not-exist", true),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1.4.2", false),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:9.9.9", true),
        ] {
            assert_eq!(world.images.behaviour(image).missing, missing, "{image}");
        }
    }

    #[test]
    fn the_built_in_roles_do_what_they_are_for() {
        let world = seed();
        let role = "arn:aws:iam::123456789012:role/app-shop-migrations";
        assert_eq!(iam::assumable(&world, role, "ecs-tasks.amazonaws.com", world.now), Ok(()));
        assert!(iam::assumable(&world, role, "ec2.amazonaws.com", world.now).is_err());
        assert!(iam::allows(&world, role, "s3:GetObject", "arn:aws:s3:::orders-in/a"));
        assert!(!iam::allows(&world, role, "iam:CreateRole", "*"));
    }

    #[test]
    fn a_wrong_file_says_what_is_wrong() {
        let start = "account: '123456789012'\nregion: eu-west-1\n";
        let vpc = "vpcs: [{id: vpc-1, cidr: 10.0.0.0/16, defaultSecurityGroup: sg-1, subnets: [{id: subnet-1, zone: ZONE, cidr: CIDR}]}]\n";
        let subnet = |zone: &str, cidr: &str| format!("{start}{}", vpc.replace("ZONE", zone).replace("CIDR", cidr));
        let cases = [
            (format!("{start}colour: red\n"), "colour"),
            ("region: eu-west-1\n".to_owned(), "account"),
            ("account: '12'\nregion: eu-west-1\n".to_owned(), "twelve digits"),
            (subnet("us-east-1a", "10.0.0.0/24"), "zone us-east-1a is not of eu-west-1"),
            (subnet("eu-west-1a", "10.1.0.0/24"), "lies outside the VPC's 10.0.0.0/16"),
            (subnet("eu-west-1a", "10.0.0.0/8"), "no block of 16 to 28 bits"),
            (
                format!("{start}policies: [{{arn: 'arn:aws:iam::aws:policy/x', document: {{}}}}]\n"),
                "policy arn:aws:iam::aws:policy/x: Syntax errors",
            ),
        ];
        for (text, expected) in cases {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
