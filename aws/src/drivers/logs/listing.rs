//! Log groups by the beginning of their names.

use aws_sdk_cloudwatchlogs::operation::describe_log_groups::builders::DescribeLogGroupsInputBuilder;
use aws_sdk_cloudwatchlogs::types::LogGroup;

use crate::access::{Aws, Read};
use crate::drivers::lists::Listed;
use crate::fault::Fault;

/// The most that a page has (API reference, `DescribeLogGroups`).
const PAGE: i32 = 50;

/// At most so many pages of it: others may have more groups under that beginning than are asked for.
pub(super) async fn groups(aws: &Aws<Read>, prefix: &str, pages: usize) -> Result<Listed<LogGroup>, Fault> {
    let request = DescribeLogGroupsInputBuilder::default().log_group_name_prefix(prefix).limit(PAGE);
    let mut listed = Listed::default();
    let mut token = None;
    for _ in 0..pages.max(1) {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        let groups = page.log_groups.unwrap_or_default().into_iter();
        listed.found.extend(groups.filter_map(|group| Some((group.log_group_name.clone()?, group))));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            listed.whole = true;
            break;
        }
    }
    Ok(listed)
}

/// What a group is listed under: its name up to the last slash. None where that says nothing.
pub(super) fn prefix(name: &str) -> Option<&str> {
    let (before, _) = name.rsplit_once('/')?;
    (!before.is_empty()).then(|| name.get(..=before.len())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_listed_with_those_that_lie_beside_them() {
        let cases = [
            ("/longshore/shop-hello-1f2e", Some("/longshore/")),
            ("/aws/ecs/a", Some("/aws/ecs/")),
            ("a/b", Some("a/")),
            ("/a", None),
            ("a", None),
        ];
        for (name, expected) in cases {
            assert_eq!(prefix(name), expected, "{name}");
        }
    }
}
