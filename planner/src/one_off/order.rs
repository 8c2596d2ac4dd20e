//! What is run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Attempt;
use crate::engine::{Id, TAG_RESOURCE, World, resolved};

/// How tags name a one-off task: `ecs/task:ATTEMPT@HASH`.
const TASK: &str = "ecs/task";

/// A task that is to be run to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// ARN of the cluster.
    pub cluster: String,
    /// The members of `RunTask`, but for the client token; they may name outputs of the object's resources.
    pub request: Value,
    /// Hash of what the spec says is run.
    pub content: String,
    /// By what `ListTasks` finds its tasks.
    pub started_by: String,
    /// The containers whose exit codes count.
    pub containers: Vec<String>,
    /// Where containers write to: log group and prefix of the stream, by name.
    pub logs: BTreeMap<String, (String, String)>,
}

/// What the tasks of an order are judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Tasks of an attempt.
    pub count: usize,
    /// How many attempts may follow one that failed.
    pub backoff_limit: u32,
    /// Seconds from the first start.
    pub active_deadline_seconds: Option<i64>,
}

impl Order {
    /// The same, once everything in it is known.
    pub fn resolved(&self, world: &World) -> Option<Self> {
        let request = resolved(&self.request, world);
        request.open.is_empty().then(|| Self { request: request.value, ..self.clone() })
    }

    /// The call of an attempt. Made again it is the same, whatever the spec or the service says by then.
    pub fn call(&self, attempt: &Attempt) -> Value {
        let mut call = self.request.clone();
        let mark = mark(attempt.number, &attempt.content);
        if let Some(members) = call.as_object_mut() {
            members.insert("cluster".to_owned(), json!(attempt.cluster));
            members.insert("taskDefinition".to_owned(), json!(attempt.task_definition));
            members.insert("clientToken".to_owned(), json!(attempt.token));
        }
        if let Some(Value::Array(tags)) = call.get_mut("tags") {
            tags.push(json!({"key": TAG_RESOURCE, "value": mark.to_string()}));
        }
        call
    }
}

/// The tag of a task: which attempt it is of, and the hash of what it runs.
pub fn mark(attempt: u32, content: &str) -> Id {
    Id { fixed: content.to_owned(), ..Id::new(TASK, attempt.to_string()) }
}

/// What the tag of a task says of it: which attempt it is of, and the hash of what it runs.
pub fn mark_of(tag: &str) -> Option<(u32, String)> {
    let id = tag.parse::<Id>().ok().filter(|id| id.kind == TASK)?;
    Some((id.key.parse().ok()?, id.fixed))
}
