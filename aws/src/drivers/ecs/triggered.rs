//! Tasks that AWS starts by itself: looked at, never started here.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::describe_task_definition::builders::DescribeTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::describe_tasks::builders::DescribeTasksInputBuilder;
use aws_sdk_ecs::operation::list_tasks::builders::ListTasksInputBuilder;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use longshore_planner::desired::RevisionRoles;
use longshore_planner::triggered::{Seen, Watch};

use super::one_off::{DESCRIBED, NO_CLUSTER, listed, record, time};
use crate::access::{Aws, Read};
use crate::drivers::only_missing;
use crate::fault::{Absent, Fault};

/// The tasks that are in the group of a trigger: among those of its family, and those of `known`, by ARN. One that is
/// neither is forgotten by ECS, or not known everywhere yet.
pub async fn triggered_tasks(aws: &Aws<Read>, watch: &Watch, known: &[String]) -> Result<Vec<Seen>, Fault> {
    let mut arns: BTreeSet<String> = known.iter().cloned().collect();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let request = ListTasksInputBuilder::default().cluster(&watch.cluster).family(&watch.family);
        arns.extend(listed(aws, request.desired_status(status)).await?);
    }
    let arns: Vec<String> = arns.into_iter().collect();
    let mut found = vec![];
    for chunk in arns.chunks(DESCRIBED) {
        let request = DescribeTasksInputBuilder::default().cluster(&watch.cluster).set_tasks(Some(chunk.to_vec()));
        let Some(answer) = aws.read(request).await.absent_if(&[NO_CLUSTER])? else { continue };
        only_missing("ecs:DescribeTasks", answer.failures())?;
        let ours = answer.tasks().iter().filter(|task| task.group() == Some(&watch.group));
        found.extend(ours.filter_map(seen));
    }
    Ok(found)
}

fn seen(task: &Task) -> Option<Seen> {
    Some(Seen { record: record(task, 0)?, created_at: time(task.created_at())? })
}

/// The roles of the tasks of a revision, which never change.
pub(crate) async fn revision_roles(aws: &Aws<Read>, arn: &str) -> Result<RevisionRoles, Fault> {
    let answer = aws.read(DescribeTaskDefinitionInputBuilder::default().task_definition(arn)).await?;
    let revision = answer.task_definition;
    let revision = revision.ok_or_else(|| Fault::unexpected("ecs:DescribeTaskDefinition", "taskDefinition"))?;
    Ok(RevisionRoles { task: revision.task_role_arn, execution: revision.execution_role_arn })
}
