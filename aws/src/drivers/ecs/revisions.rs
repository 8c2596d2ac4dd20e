//! Which revisions are active.

use aws_sdk_ecs::operation::list_task_definitions::builders::ListTaskDefinitionsInputBuilder;
use aws_sdk_ecs::types::TaskDefinitionStatus;

use crate::access::{Aws, Read};
use crate::drivers::lists::Listed;
use crate::fault::Fault;

/// The most that a page has (API reference, `ListTaskDefinitions`).
const PAGE: i32 = 100;

/// ARNs of the active revisions of a family, or of all families: at most so many pages of them, since others may have
/// more than are asked for.
pub(super) async fn active(aws: &Aws<Read>, family: Option<&str>, pages: usize) -> Result<Listed<()>, Fault> {
    let request = ListTaskDefinitionsInputBuilder::default()
        .set_family_prefix(family.map(ToOwned::to_owned))
        .status(TaskDefinitionStatus::Active)
        .max_results(PAGE);
    let mut listed = Listed::default();
    let mut token = None;
    for _ in 0..pages.max(1) {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        listed.found.extend(page.task_definition_arns.unwrap_or_default().into_iter().map(|arn| (arn, ())));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            listed.whole = true;
            break;
        }
    }
    Ok(listed)
}

/// Family and revision of an ARN such as `arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:4`.
pub(super) fn name_of(arn: &str) -> Option<(&str, &str)> {
    arn.rsplit_once("task-definition/")?.1.rsplit_once(':')
}
