//! Container instances of a cluster: what runs there, and what is left of them.

use aws_sdk_ecs::operation::describe_container_instances::builders::DescribeContainerInstancesInputBuilder;
use aws_sdk_ecs::operation::describe_tasks::builders::DescribeTasksInputBuilder;
use aws_sdk_ecs::operation::list_container_instances::builders::ListContainerInstancesInputBuilder;
use aws_sdk_ecs::operation::list_tasks::builders::ListTasksInputBuilder;
use aws_sdk_ecs::types::{ContainerInstance, Task};

use crate::access::{Aws, Read};
use crate::drivers::only_missing;
use crate::fault::Fault;

/// How many pages of a hundred instances are looked at: what is beyond changes no words.
const PAGES: usize = 5;

/// The first five hundred.
pub(super) async fn of_cluster(aws: &Aws<Read>, cluster: &str) -> Result<Vec<ContainerInstance>, Fault> {
    let mut found = vec![];
    for page in arns(aws, cluster, None).await? {
        let request =
            DescribeContainerInstancesInputBuilder::default().cluster(cluster).set_container_instances(Some(page));
        let answer = aws.read(request).await?;
        only_missing("ecs:DescribeContainerInstances", answer.failures())?;
        found.extend(answer.container_instances.unwrap_or_default());
    }
    Ok(found)
}

/// Whether an instance matches an expression of the cluster query language.
pub(super) async fn any_matches(aws: &Aws<Read>, cluster: &str, expression: &str) -> Result<bool, Fault> {
    Ok(!arns(aws, cluster, Some(expression)).await?.is_empty())
}

/// By pages, none of which is empty.
async fn arns(aws: &Aws<Read>, cluster: &str, filter: Option<&str>) -> Result<Vec<Vec<String>>, Fault> {
    let request = ListContainerInstancesInputBuilder::default()
        .cluster(cluster)
        .set_filter(filter.map(str::to_owned))
        .max_results(100);
    let (mut pages, mut token) = (vec![], None);
    for _ in 0..PAGES {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        pages.extend(page.container_instance_arns.filter(|arns| !arns.is_empty()));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    Ok(pages)
}

/// The tasks on an instance that have not stopped: the first hundred.
pub(super) async fn tasks_on(aws: &Aws<Read>, cluster: &str, instance: &str) -> Result<Vec<Task>, Fault> {
    described_tasks(aws, cluster, ListTasksInputBuilder::default().container_instance(instance)).await
}

/// The tasks of a cluster that are on the first page of a list.
pub(super) async fn described_tasks(
    aws: &Aws<Read>,
    cluster: &str,
    list: ListTasksInputBuilder,
) -> Result<Vec<Task>, Fault> {
    let arns = aws.read(list.cluster(cluster)).await?.task_arns.unwrap_or_default();
    if arns.is_empty() {
        return Ok(vec![]);
    }
    let answer = aws.read(DescribeTasksInputBuilder::default().cluster(cluster).set_tasks(Some(arns))).await?;
    only_missing("ecs:DescribeTasks", answer.failures())?;
    Ok(answer.tasks.unwrap_or_default())
}

/// Whose a task is, for people.
pub(super) fn whose(task: &Task) -> String {
    let arn = task.task_arn().unwrap_or_default();
    match task.group().and_then(|group| group.strip_prefix("service:")) {
        Some(service) => format!("service {service}"),
        None => format!("task {}", arn.rsplit('/').next().unwrap_or(arn)),
    }
}
