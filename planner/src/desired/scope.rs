//! Where an object lives: its environment, its names, whose its resources are.

use std::collections::BTreeMap;

use longshore_crds::{AwsEnvironmentSpec, Tag};

use crate::engine::Ownership;
use crate::kinds::Tags;
use crate::names;

/// Everything about an object that is not in its spec.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The installation's id.
    pub installation: String,
    /// The name of the AwsEnvironment.
    pub environment_name: String,
    /// The account, the region and what they allow.
    pub environment: AwsEnvironmentSpec,
    /// The object's namespace.
    pub namespace: String,
    /// The namespace's labels, by which grants are chosen.
    pub namespace_labels: BTreeMap<String, String>,
    /// Such as `EcsService`.
    pub object_kind: &'static str,
    /// The object's name.
    pub name: String,
    /// The base of its names in AWS, as pinned; `None`: not pinned yet.
    pub base: Option<String>,
}

impl Scope {
    /// Whose the object's resources are. An environment has no namespace.
    pub fn ownership(&self) -> Ownership {
        let parts = [self.object_kind, &self.namespace, &self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Ownership { installation: self.installation.clone(), object: parts.join("/") }
    }

    /// The base of its names in AWS.
    pub fn base(&self) -> String {
        let computed = || names::base(&self.installation, self.object_kind, &self.namespace, &self.name);
        self.base.clone().unwrap_or_else(computed)
    }

    /// The partition, as ARNs name it.
    pub fn partition(&self) -> &'static str {
        names::partition(&self.environment.region)
    }

    /// An ARN in the environment's account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let (region, account) = (&self.environment.region, &self.environment.account_id);
        format!("arn:{}:{service}:{region}:{account}:{resource}", self.partition())
    }

    /// The environment's tags and the object's; where both name a key the object's wins.
    pub fn tags(&self, of_object: &[Tag]) -> Tags {
        let own = of_object.iter().map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default()));
        self.environment.tags.clone().into_iter().chain(own).collect()
    }

    /// The path of generated roles.
    pub fn role_path(&self) -> String {
        let given = self.environment.iam.as_ref().and_then(|iam| iam.path.clone());
        given.unwrap_or_else(|| "/longshore/".to_owned())
    }

    /// The ARN of the execution role that the platform team made for all services of the namespace, if it did.
    pub fn shared_execution_role(&self) -> Option<String> {
        let arn = self.environment.iam.as_ref()?.execution_role.as_ref()?.role_arn.as_ref()?;
        Some(arn.replace("${namespace}", &self.namespace))
    }

    /// The permissions boundary of generated roles.
    pub fn boundary(&self) -> Option<String> {
        self.environment.iam.as_ref()?.permissions_boundary_arn.clone()
    }
}
