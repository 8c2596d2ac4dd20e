//! Log streams and their events.

use serde_json::{Map, Value, json};

use super::{Event, LogGroup, Stream, invalid, name_of, no_group, page, required};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::world::World;

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let now = world.now;
    let name = required(input, "logStreamName")?;
    if name.len() > 512 || name.contains([':', '*']) {
        let message = format!(
            "1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*"
        );
        return Err(invalid(message));
    }
    let group = group_mut(world, input)?;
    if group.streams.contains_key(name) {
        return Err(Fault::bad_request("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    group.streams.insert(name.to_owned(), Stream { created: now, events: Vec::new() });
    Ok(json!({}))
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let name = required(input, "logStreamName")?;
    group_mut(world, input)?.streams.remove(name).ok_or_else(no_stream)?;
    Ok(json!({}))
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let group = group(world, input)?;
    let prefix = query::text(input, "logStreamNamePrefix");
    let by_time = query::text(input, "orderBy") == Some("LastEventTime");
    if by_time && prefix.is_some() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let mut streams: Vec<_> =
        group.streams.iter().filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix))).collect();
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.events.last().map(|event| event.timestamp));
    }
    if query::flag(input, "descending") == Some(true) {
        streams.reverse();
    }
    let (streams, next) = page(world, input, &streams, 50)?;
    let shown: Vec<Value> = streams.into_iter().map(|(name, stream)| shown(world, &group.name, name, stream)).collect();
    let mut answer = Map::from_iter([("logStreams".to_owned(), Value::Array(shown))]);
    answer.extend(next.map(|token| ("nextToken".to_owned(), json!(token))));
    Ok(Value::Object(answer))
}

fn shown(world: &World, group: &str, name: &str, stream: &Stream) -> Value {
    let mut shown = json!({
        "logStreamName": name,
        "creationTime": stream.created,
        "arn": world.arn("logs", &format!("log-group:{group}:log-stream:{name}")),
        // By the API reference this is always 0 since 2019.
        "storedBytes": 0,
    });
    if let (Some(members), Some(first), Some(last)) =
        (shown.as_object_mut(), stream.events.first(), stream.events.last())
    {
        members.insert("firstEventTimestamp".to_owned(), json!(first.timestamp));
        members.insert("lastEventTimestamp".to_owned(), json!(last.timestamp));
        members.insert("lastIngestionTime".to_owned(), json!(last.ingested));
    }
    shown
}

pub(super) fn put_events(world: &mut World, input: &Value) -> Answer {
    let ingested = world.now;
    let name = required(input, "logStreamName")?;
    let mut events = Vec::new();
    for event in query::items(input, "logEvents") {
        let timestamp = query::number(event, "timestamp").ok().flatten();
        let timestamp = timestamp.ok_or_else(|| invalid("timestamp must not be null"))?;
        let message = required(event, "message")?.to_owned();
        events.push(Event { timestamp, ingested, message });
    }
    if events.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let stream = group_mut(world, input)?.streams.get_mut(name).ok_or_else(no_stream)?;
    stream.events.extend(events);
    stream.events.sort_by_key(|event| event.timestamp);
    Ok(json!({"nextSequenceToken": "0"}))
}

/// From the newest backwards unless `startFromHead`; tokens are those of pages, forward only.
pub(super) fn get_events(world: &World, input: &Value) -> Answer {
    let group = group(world, input)?;
    let stream = group.streams.get(required(input, "logStreamName")?).ok_or_else(no_stream)?;
    let number = |member: &str| query::number(input, member).map_err(|_| invalid(format!("{member} must be a number")));
    let (start, end) = (number("startTime")?.unwrap_or(0), number("endTime")?.unwrap_or(i64::MAX));
    let events = stream.events.iter().filter(|event| event.timestamp >= start && event.timestamp < end);
    let mut events: Vec<Value> = events
        .map(|event| json!({"timestamp": event.timestamp, "ingestionTime": event.ingested, "message": event.message}))
        .collect();
    let wanted = usize::try_from(number("limit")?.unwrap_or(10_000)).unwrap_or(10_000).min(10_000);
    // The end of a stream answers with the token that it was asked with: that is how readers know it.
    let position =
        query::text(input, "nextToken").and_then(|token| token.strip_prefix("f/")).and_then(|token| token.parse().ok());
    let from_head = query::flag(input, "startFromHead").unwrap_or_default();
    let skipped = position.unwrap_or(if from_head { 0 } else { events.len().saturating_sub(wanted) });
    events = events.into_iter().skip(skipped).take(wanted).collect();
    let forward = format!("f/{}", skipped + events.len());
    Ok(json!({"events": events, "nextForwardToken": forward, "nextBackwardToken": format!("b/{skipped}")}))
}

fn no_stream() -> Fault {
    Fault::bad_request("ResourceNotFoundException", "The specified log stream does not exist.")
}

fn group_name(input: &Value) -> Result<&str, Fault> {
    match query::text(input, "logGroupIdentifier") {
        Some(identifier) => Ok(name_of(identifier)),
        None => required(input, "logGroupName"),
    }
}

fn group<'a>(world: &'a World, input: &Value) -> Result<&'a LogGroup, Fault> {
    world.logs.groups.get(group_name(input)?).ok_or_else(no_group)
}

fn group_mut<'a>(world: &'a mut World, input: &Value) -> Result<&'a mut LogGroup, Fault> {
    let name = group_name(input)?.to_owned();
    world.logs.groups.get_mut(&name).ok_or_else(no_group)
}
