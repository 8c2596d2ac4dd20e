//! Tags, as ECS spells them.

use crate::rules::{RuleText, Rules};
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const KEY: RuleText = (
    "!self.key.startsWith('aws:') && !self.key.startsWith('longshore.dev/')",
    "tags that start with aws: or longshore.dev/ are set by AWS and by Longshore: choose another key",
);

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[KEY]))]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Its key.
    #[schemars(length(min = 1, max = 128))]
    pub key: String,
    /// Its value; left out: empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub value: Option<String>,
}

words! {
    /// Whose tags a task takes over.
    pub enum PropagateTags { TaskDefinition = "TASK_DEFINITION", Service = "SERVICE", None = "NONE" }
}
