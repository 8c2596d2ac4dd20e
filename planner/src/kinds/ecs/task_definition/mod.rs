//! `ecs/task-definition`: a revision, told apart by its content.

mod container;
mod volume;

use longshore_crds::Size;
use longshore_crds::task_definition as api;
use longshore_crds::task_definition::NetworkMode;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A task definition. Everything but its tags is content: a change of content is another revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// At most 255 letters, digits, `_` and `-` (API reference, `RegisterTaskDefinition`).
    pub family: String,
    /// What the application may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<Text>,
    /// What ECS may do to start it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<Text>,
    /// With which ECS makes the volumes of its tasks. A tag says so, since ECS needs it until the last of them has
    /// stopped, and says it of the service alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infrastructure_role_arn: Option<Text>,
    /// Everything else that `RegisterTaskDefinition` takes. `family`, the roles and `tags` in it are not used.
    pub content: api::TaskDefinition,
    /// The revision that the service runs, where somebody else may deploy: one that differs in nothing will do, whosever
    /// it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<String>,
    /// It was rolled back, and is marked so in AWS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rejected: bool,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    TaskDefinitionOutput {
        /// With the revision.
        Arn = "arn",
        /// The family.
        Family = "family",
        /// The revision's number.
        Revision = "revision",
    }
}

impl Kind for TaskDefinition {
    const NAME: &'static str = "ecs/task-definition";
    const TEARDOWN: u8 = teardown::TASK_DEFINITION;
    const FIXED: &'static [&'static str] = &["family", "taskRoleArn", "executionRoleArn", "content"];
    const ADDRESS: &'static [&'static str] = &["family", "deployed"];
    // For a rollback by hand. A service cannot be updated to a revision that is deregistered.
    const KEEP: usize = 2;
    const CHANGED_BY: &'static [&'static str] = &["DeregisterTaskDefinition", "TagResource", "UntagResource"];
    type Output = TaskDefinitionOutput;

    /// The rules are those of the developer guide, "Task definition parameters", on what is left out, and of what
    /// `DescribeTaskDefinition` fills in.
    fn normalise(mut self) -> Self {
        let content = &mut self.content;
        (content.family, content.task_role_arn, content.execution_role_arn) = (None, None, None);
        content.tags.clear();
        let mode = content.network_mode;
        for container in &mut content.container_definitions {
            container::normalise(container, mode);
        }
        content.container_definitions.sort_by(|a, b| a.name.cmp(&b.name));
        content.volumes.iter_mut().for_each(volume::normalise);
        content.volumes.sort_by(|a, b| a.name.cmp(&b.name));
        content.requires_compatibilities.sort_unstable();
        content.placement_constraints.sort_by_key(|constraint| constraint.expression.clone());
        content.cpu = content.cpu.take().map(|size| size.cpu_units().map_or(size, Size::from));
        content.memory = content.memory.take().map(|size| size.mib().map_or(size, Size::from));
        if let Some(platform) = &mut content.runtime_platform {
            platform.cpu_architecture.get_or_insert(api::CpuArchitecture::X8664);
            platform.operating_system_family.get_or_insert(api::OperatingSystemFamily::Linux);
        }
        if content.network_mode.is_none() && !content.requires_compatibilities.contains(&api::Compatibility::Fargate) {
            content.network_mode = Some(NetworkMode::Bridge);
        }
        content.enable_fault_injection = content.enable_fault_injection.filter(|on| *on);
        self
    }

    fn disown(&self, seen: &mut Self) {
        seen.deployed.clone_from(&self.deployed);
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
