//! The role of instances: what ECS's agent needs in this one cluster, and nothing that tasks may do.

use longshore_crds::ecs_cluster::Ec2Capacity;
use serde_json::{Value, json};

use super::capacity::Capacity;
use crate::kinds::iam::role::Role;

/// The inline policy of the role.
pub(super) const POLICY: &str = "agent";
/// What Session Manager needs (Systems Manager user guide, "Verify or add instance permissions for Session Manager").
const SESSION_MANAGER: &str = "AmazonSSMManagedInstanceCore";
/// What the CloudWatch agent needs (CloudWatch user guide, "Create IAM roles and users for use with CloudWatch agent").
const CLOUD_WATCH_AGENT: &str = "CloudWatchAgentServerPolicy";

impl Capacity<'_> {
    /// Images are pulled, and logs written, by the execution roles of tasks: every task has one.
    pub(super) fn instance_role(&self, entry: &Ec2Capacity, cluster: &str) -> Role {
        let wanted = entry.instance_role.unwrap_or_default();
        let managed = [(wanted.session_manager, SESSION_MANAGER), (wanted.cloud_watch_agent, CLOUD_WATCH_AGENT)];
        let managed = managed.into_iter().filter(|(wanted, _)| *wanted == Some(true));
        Role {
            description: format!(
                "{}: what ECS's agent may do on the instances {}",
                self.scope.ownership().object,
                entry.name
            ),
            trust: trust(),
            inline: [(POLICY.to_owned(), self.agent_policy(cluster))].into(),
            attached: managed
                .map(|(_, name)| format!("arn:{}:iam::aws:policy/{name}", self.scope.partition()))
                .collect(),
            ..self.role_of(entry, "instances")
        }
    }

    /// AWS's `AmazonEC2ContainerServiceforEC2Role` less what makes clusters, pulls images and writes logs, for one cluster
    /// alone where the action has a resource or the condition key `ecs:cluster` (Service Authorization Reference, "Actions,
    /// resources, and condition keys for Amazon Elastic Container Service").
    fn agent_policy(&self, cluster: &str) -> Value {
        let arn = self.scope.arn("ecs", &format!("cluster/{cluster}"));
        let instances = self.scope.arn("ecs", &format!("container-instance/{cluster}/*"));
        json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance"],
                    "Resource": arn,
                },
                {
                    "Effect": "Allow",
                    "Action": ["ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"],
                    "Resource": instances,
                    "Condition": {"ArnEquals": {"ecs:cluster": arn}},
                },
                {
                    "Effect": "Allow",
                    "Action": ["ec2:DescribeTags", "ecs:DiscoverPollEndpoint", "ecs:Submit*"],
                    "Resource": "*",
                },
                {
                    "Effect": "Allow",
                    "Action": "ecs:TagResource",
                    "Resource": instances,
                    "Condition": {"StringEquals": {"ecs:CreateAction": "RegisterContainerInstance"}},
                },
            ],
        })
    }
}

/// Developer guide, "Amazon ECS container instance IAM role".
pub(super) fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    })
}
