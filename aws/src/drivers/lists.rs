//! The lists that a survey makes once, for all objects that it looks at.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::LogGroup;
use aws_sdk_ec2::types::SecurityGroup;
use aws_sdk_efs::types::FileSystemDescription;
use aws_sdk_elasticloadbalancingv2::types::{Rule, TargetGroup};
use aws_sdk_iam::types::{Role, RoleDetail};
use aws_sdk_route53::types::ResourceRecordSet;

use super::service_discovery::listing::Described;
use crate::survey::Once;

/// One for each kind of list.
#[derive(Default)]
pub(crate) struct Lists {
    /// Every role of the account by name, with all but its description and longest session.
    pub(crate) roles: Once<(), HashMap<String, RoleDetail>>,
    /// By path: the roles under it by name, with those two.
    pub(crate) role_heads: Once<String, HashMap<String, Role>>,
    /// By the beginning of their names.
    pub(crate) log_groups: Once<String, Listed<LogGroup>>,
    /// ARNs of the active revisions of all families.
    pub(crate) revisions: Once<(), Listed<()>>,
    /// By installation: the groups with its tag, by id.
    pub(crate) groups: Once<String, HashMap<String, Arc<SecurityGroup>>>,
    /// Every file system of the account, by id.
    pub(crate) file_systems: Once<(), HashMap<String, Arc<FileSystemDescription>>>,
    /// Every target group of the account, by name.
    pub(crate) target_groups: Once<(), HashMap<String, Arc<TargetGroup>>>,
    /// By listener: its rules.
    pub(crate) listener_rules: Once<String, Vec<Rule>>,
    /// By hosted zone: its records, by name and type.
    pub(crate) records: Once<String, Listed<ResourceRecordSet>>,
    /// The Cloud Map services of the account, by ARN.
    pub(crate) discovery_services: Once<(), Listed<Described>>,
}

/// A list, perhaps given up before its end.
pub(crate) struct Listed<V> {
    pub(crate) found: HashMap<String, V>,
    /// Whether what is not in it does not exist.
    pub(crate) whole: bool,
}

impl<V> Default for Listed<V> {
    fn default() -> Self {
        Self { found: HashMap::new(), whole: false }
    }
}
