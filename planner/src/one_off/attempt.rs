//! What was begun.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use longshore_crds::ecs_task::Phase;
use serde::{Deserialize, Serialize};

use super::records::LAG;
use super::{Order, Sight};
use crate::desired::Refusal;

/// The annotation that says what was begun.
pub const ATTEMPT: &str = "ecs.longshore.dev/attempt";

/// For how long AWS answers a client token with what it started for it, by which time nobody has forgotten it: a token is
/// forgotten an hour after its task ended, or after a day (API reference, `RunTask`, "Ensuring idempotency"). Half of that,
/// for clocks that differ and calls that take their time.
const REPLAYED: SignedDuration = SignedDuration::from_mins(30);

/// A run that was begun: written before `RunTask`, so that no crash makes it two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Which it is, the first being 1.
    pub number: u32,
    /// Which client token this is: of all before it AWS said that nothing was started, and none of theirs was ever seen.
    pub call: u32,
    /// The client token; empty where it is not known, and then nothing is called.
    pub token: String,
    /// Hash of what is run.
    pub content: String,
    /// When the token was first used.
    pub at: Timestamp,
    /// When the first one was.
    pub since: Timestamp,
    /// ARN of the cluster.
    pub cluster: String,
    /// ARN of the revision.
    pub task_definition: String,
    /// The containers whose exit codes count.
    pub containers: Vec<String>,
    /// AWS answered the last call, and said that nothing was started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// How it ended; nothing more is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Phase>,
}

impl Attempt {
    /// By an object's annotations. One that cannot be read is no leave to begin.
    pub fn read(annotations: &BTreeMap<String, String>) -> Result<Option<Self>, Refusal> {
        let Some(text) = annotations.get(ATTEMPT) else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| {
            let message = format!(
                "the annotation {ATTEMPT} says what Longshore began, and cannot be read ({error}): whether the task ran is \
                 not known, so it is not run; put the annotation back as it was, or make another object"
            );
            Refusal::new("InvalidAnnotation", "metadata.annotations", message)
        })
    }

    /// As the annotation says it.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The client token of a call of an object: at most 64 characters, of which a UID has 36.
    pub fn token_of(uid: &str, number: u32, call: u32) -> String {
        format!("{uid}-{number}-{call}")
    }

    /// The next call: with the same token while AWS answers that with what it started for it, else with another one.
    pub fn next(last: Option<&Self>, order: &Order, (number, call): (u32, u32), uid: &str, now: Timestamp) -> Self {
        let same = last.filter(|last| (last.number, last.call) == (number, call));
        let revision = order.request.get("taskDefinition").and_then(serde_json::Value::as_str).unwrap_or_default();
        Self {
            number,
            call,
            token: same.map_or_else(|| Self::token_of(uid, number, call), |same| same.token.clone()),
            content: order.content.clone(),
            at: same.map_or(now, |same| same.at),
            since: last.map_or(now, |last| last.since),
            cluster: last.map_or_else(|| order.cluster.clone(), |last| last.cluster.clone()),
            task_definition: same.map_or_else(|| revision.to_owned(), |same| same.task_definition.clone()),
            containers: order.containers.clone(),
            refused: false,
            outcome: None,
        }
    }

    /// Whether AWS still answers the call with what it started for it.
    pub(super) fn is_replayed(&self, now: Timestamp) -> bool {
        !self.token.is_empty() && now.duration_since(self.at) < REPLAYED
    }

    /// Whether what was started by the last call with this token, if anything was, would be seen by now. None is made
    /// after the time in which AWS answers them alike.
    pub(super) fn would_be_seen(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) >= REPLAYED + LAG
    }
}

/// What an object ran that had the same name and ran the same, by the tasks that AWS has: the object was deleted and made
/// again, or lost its annotations.
pub fn ran_before(seen: &[Sight], order: &Order, now: Timestamp) -> Option<Attempt> {
    let same = seen.iter().filter(|sight| sight.content == order.content);
    let last = same.max_by_key(|sight| (sight.record.attempt, sight.created_at))?;
    Some(Attempt {
        number: last.record.attempt,
        call: 1,
        token: String::new(),
        content: order.content.clone(),
        at: now,
        since: now,
        cluster: order.cluster.clone(),
        task_definition: last.task_definition.clone().unwrap_or_default(),
        containers: order.containers.clone(),
        refused: false,
        outcome: None,
    })
}
