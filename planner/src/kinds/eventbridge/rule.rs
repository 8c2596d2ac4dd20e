//! `eventbridge/rule`: on which events `EventBridge` starts tasks, and which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Kind, Ready, Seen};
use crate::kinds::scheduler::schedule::Target;
use crate::kinds::{Tags, outputs, teardown};

/// A rule with its one target: the members of `PutRule` and `PutTargets`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// At most 64 characters.
    pub name: String,
    /// The name of the bus.
    pub event_bus: String,
    /// Which events.
    pub event_pattern: Value,
    /// Whether it starts anything.
    pub enabled: bool,
    /// What of an event `<name>` in the target's input stands for; `None`: the input is no template, and passed as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_paths: Option<BTreeMap<String, String>>,
    /// What it starts.
    pub target: Target,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// What Longshore never asks for, in words: only ever seen, and a difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
}

/// The bus on which the events of AWS's services come.
pub const DEFAULT_BUS: &str = "default";

outputs! {
    /// What others refer to.
    RuleOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for Rule {
    const NAME: &'static str = "eventbridge/rule";
    const TEARDOWN: u8 = teardown::SCHEDULE;
    const FIXED: &'static [&'static str] = &["name", "eventBus"];
    const ADDRESS: &'static [&'static str] = &["name", "eventBus"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &[
        "PutRule",
        "EnableRule",
        "DisableRule",
        "PutTargets",
        "RemoveTargets",
        "TagResource",
        "UntagResource",
        "DeleteRule",
    ];
    type Output = RuleOutput;

    fn normalise(mut self) -> Self {
        self.target = self.target.normalise();
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
