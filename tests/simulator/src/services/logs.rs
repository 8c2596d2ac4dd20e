//! CloudWatch Logs: log groups with retention and tags, streams, and the events put into them.
//!
//! Source: CloudWatch Logs API reference.

mod groups;
mod streams;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::call::{Answer, Call, Fault};
use crate::protocol::query;
use crate::world::World;

/// What exists: log groups by name.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    groups: BTreeMap<String, LogGroup>,
}

#[derive(Clone, Debug, Serialize)]
struct LogGroup {
    name: String,
    created: i64,
    retention_days: Option<i64>,
    key_id: Option<String>,
    class: String,
    deletion_protected: bool,
    tags: BTreeMap<String, String>,
    streams: BTreeMap<String, Stream>,
}

#[derive(Clone, Debug, Serialize)]
struct Stream {
    created: i64,
    events: Vec<Event>,
}

#[derive(Clone, Debug, Serialize)]
struct Event {
    timestamp: i64,
    ingested: i64,
    message: String,
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "CreateLogGroup" => groups::create(world, input),
        "DescribeLogGroups" => groups::describe(world, input),
        "DeleteLogGroup" => groups::delete(world, input),
        "PutRetentionPolicy" => groups::put_retention(world, input),
        "DeleteRetentionPolicy" => groups::delete_retention(world, input),
        "AssociateKmsKey" => groups::associate_key(world, input),
        "DisassociateKmsKey" => groups::disassociate_key(world, input),
        "PutLogGroupDeletionProtection" => groups::put_deletion_protection(world, input),
        "TagResource" => groups::tag(world, input, "resourceArn"),
        "UntagResource" => groups::untag(world, input, "resourceArn", "tagKeys"),
        "ListTagsForResource" => groups::list_tags(world, input, "resourceArn"),
        "TagLogGroup" => groups::tag(world, input, "logGroupName"),
        "UntagLogGroup" => groups::untag(world, input, "logGroupName", "tags"),
        "ListTagsLogGroup" => groups::list_tags(world, input, "logGroupName"),
        "CreateLogStream" => streams::create(world, input),
        "DescribeLogStreams" => streams::describe(world, input),
        "DeleteLogStream" => streams::delete(world, input),
        "PutLogEvents" => streams::put_events(world, input),
        "GetLogEvents" => streams::get_events(world, input),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// Whether a log group of this name exists.
pub fn group_exists(world: &World, name: &str) -> bool {
    world.logs.groups.contains_key(name)
}

/// Creates a log group, as the awslogs driver does with `awslogs-create-group`; an existing one stays as it is.
pub fn create_group(world: &mut World, name: &str) {
    if !group_exists(world, name) {
        let group = groups::new(world, name);
        world.logs.groups.insert(name.to_owned(), group);
    }
}

/// Writes a line into a stream of a log group, as a container's log driver does; both are made when missing.
pub fn write(world: &mut World, group: &str, stream: &str, message: &str) {
    create_group(world, group);
    let now = world.now;
    let Some(group) = world.logs.groups.get_mut(group) else { return };
    let stream = group.streams.entry(stream.to_owned()).or_insert_with(|| Stream { created: now, events: Vec::new() });
    stream.events.push(Event { timestamp: now, ingested: now, message: message.to_owned() });
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidParameterException", message)
}

fn no_group() -> Fault {
    Fault::bad_request("ResourceNotFoundException", "The specified log group does not exist.")
}

/// A required text of an input.
fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, Fault> {
    query::text(input, member).ok_or_else(|| {
        invalid(format!("1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

/// The name in a log group's identifier: a name, or an ARN with or without `:*`.
fn name_of(identifier: &str) -> &str {
    let name = identifier.split_once(":log-group:").map_or(identifier, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

/// One page of a list as Logs pages: `limit` from 1 to 50, `nextToken`.
fn page<T: Clone>(world: &World, input: &Value, items: &[T], most: i64) -> Result<(Vec<T>, Option<String>), Fault> {
    let limit = query::number(input, "limit").map_err(|_| invalid("limit must be a number"))?.unwrap_or(most);
    if !(1..=most).contains(&limit) {
        let message = format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and {most}"
        );
        return Err(invalid(message));
    }
    let page = world.page(items, usize::try_from(limit).unwrap_or(50), query::text(input, "nextToken"));
    page.map_err(|_| invalid("The specified nextToken is invalid."))
}

#[cfg(test)]
#[path = "logs/tests.rs"]
mod tests;
