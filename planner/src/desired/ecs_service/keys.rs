//! The secrets and parameters that an execution role reads, and the keys that encrypt them.

use std::collections::BTreeSet;

use longshore_crds::ContainerDefinition;
use serde_json::{Value, json};

use super::Builder;
use super::pins::Pins;
use super::secrets::{SecretSource, credentials, named, source};
use crate::desired::obstacle::{Fact, Need};
use crate::engine::content_hash;

/// What one execution role reads.
#[derive(Clone, Debug, Default)]
struct Read {
    secrets: BTreeSet<String>,
    parameters: BTreeSet<String>,
    /// ARNs of keys.
    keys: BTreeSet<String>,
    /// Names such as `alias/shop`.
    aliases: BTreeSet<String>,
}

impl Builder<'_> {
    /// Developer guide, "Amazon ECS task execution IAM role", "Secrets Manager or Systems Manager permissions": a key of
    /// the customer's needs `kms:Decrypt`; the services' own let in whoever may read.
    pub(super) fn secret_statements(&self, pins: &mut Pins) -> Vec<Value> {
        let of_containers = self.spec.task.container_definitions.iter().flat_map(named);
        let of_proxy = self.proxy_log().into_iter().flat_map(|log| &log.secret_options);
        let of_volumes = self.spec.task.volumes.iter().filter_map(credentials);
        let named = of_containers.chain(of_proxy.map(|secret| secret.value_from.as_str())).chain(of_volumes);
        let sources: BTreeSet<SecretSource> = named.map(|value_from| source(value_from, self.scope)).collect();
        let mut read = Read::default();
        for source in &sources {
            self.read(source, pins, &mut read);
        }
        let by_alias = (!read.aliases.is_empty()).then(|| {
            // An alias is no resource: what is allowed are the keys that have it (KMS developer guide, "Use aliases to
            // control access to KMS keys").
            json!({
                "Effect": "Allow",
                "Action": DECRYPT,
                "Resource": self.scope.arn("kms", "key/*"),
                "Condition": {"ForAnyValue:StringEquals": {ALIASES: read.aliases}},
            })
        });
        let statements = [
            super::roles::allow("secretsmanager:GetSecretValue", &read.secrets),
            super::roles::allow("ssm:GetParameters", &read.parameters),
            super::roles::allow(DECRYPT, &read.keys),
            by_alias,
        ];
        statements.into_iter().flatten().collect()
    }

    /// The container with a mark that changes when what it reads does, where the spec asks to start anew then: the value is
    /// read when a task starts. The mark is a label, since a version in `valueFrom` would outlive a rotation.
    pub(super) fn with_versions(&self, mut container: ContainerDefinition, pins: &mut Pins) -> ContainerDefinition {
        if self.spec.restart_on_secret_change != Some(true) {
            return container;
        }
        let sources: BTreeSet<SecretSource> =
            named(&container).map(|value_from| source(value_from, self.scope)).collect();
        let versions: Vec<String> = sources.iter().filter_map(|source| self.version(source, pins)).collect();
        if !versions.is_empty() {
            let hash = content_hash(&json!(versions));
            let mark = hash.get(..MARK).unwrap_or(&hash).to_owned();
            container.docker_labels.insert(VERSIONS.to_owned(), mark);
        }
        container
    }

    /// The version that is read now.
    fn version(&self, source: &SecretSource, pins: &mut Pins) -> Option<String> {
        let (arn, need) = self.need(source)?;
        let read = |fact: &Fact| match fact {
            Fact::Stored(Some(stored)) => Some(stored.version.clone()),
            _ => None,
        };
        pins.follow(self, &format!("{arn} version"), need, read)
    }

    fn read(&self, source: &SecretSource, pins: &mut Pins, read: &mut Read) {
        let stored = self.stored(source, pins);
        let (known, key) = stored.as_deref().and_then(|pinned| pinned.split_once(' ')).unzip();
        let (arn, into) = match source {
            SecretSource::Secret(arn) => (arn, &mut read.secrets),
            SecretSource::Parameter(arn) => (arn, &mut read.parameters),
        };
        into.insert(known.unwrap_or(arn).to_owned());
        let Some(key) = key.filter(|key| !is_the_services(key)) else { return };
        match key.rsplit(':').next().filter(|name| name.starts_with("alias/")) {
            Some(alias) => read.aliases.insert(alias.to_owned()),
            None if key.starts_with("arn:") => read.keys.insert(key.to_owned()),
            None => read.keys.insert(self.scope.arn("kms", &format!("key/{key}"))),
        };
    }

    /// The whole ARN and the key, in one text. What is in another account or region is not asked about: what reading it
    /// takes there, its owner says, and `executionRole.policy` here.
    fn stored(&self, source: &SecretSource, pins: &mut Pins) -> Option<String> {
        let (arn, need) = self.need(source)?;
        let read = |fact: &Fact| match fact {
            Fact::Stored(Some(stored)) => Some(format!("{} {}", stored.arn, stored.key.as_deref().unwrap_or_default())),
            _ => None,
        };
        pins.of(self, arn, need, read)
    }

    /// What is asked of a secret or parameter of the environment's own account and region, and its ARN.
    fn need<'a>(&self, source: &'a SecretSource) -> Option<(&'a str, Need)> {
        let (arn, service, need) = match source {
            SecretSource::Secret(arn) => (arn, "secretsmanager", Need::Secret { arn: arn.clone() }),
            SecretSource::Parameter(arn) => (arn, "ssm", Need::Parameter { arn: arn.clone() }),
        };
        arn.starts_with(&self.scope.arn(service, "")).then_some((arn.as_str(), need))
    }
}

/// The label that carries the mark.
const VERSIONS: &str = "longshore.dev/secret-versions";
/// So many characters of a hash tell two versions apart.
const MARK: usize = 16;

/// What reading what a customer's key encrypts takes.
pub(crate) const DECRYPT: &str = "kms:Decrypt";
/// The condition key of the names that a key has.
pub(crate) const ALIASES: &str = "kms:ResourceAliases";

/// Whether it is no key, or that of Secrets Manager or Parameter Store.
fn is_the_services(key: &str) -> bool {
    key.is_empty() || key.rsplit(':').next().is_some_and(|name| name.starts_with("alias/aws/"))
}
