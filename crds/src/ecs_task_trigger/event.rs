//! Events on which a trigger starts tasks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ecs_task::ContainerOverride;

/// Events of `EventBridge` on which tasks are started, and what of an event they are told.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerEvent {
    /// The bus of this account on which events come; left out: default, where those of AWS come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[/.\-_A-Za-z0-9]+$"))]
    pub event_bus_name: Option<String>,
    /// Which events: EventBridge's pattern, at most 4096 characters as JSON.
    pub event_pattern: EventPattern,
    /// What of the event the overrides refer to as <name>: JSON paths, such as $.detail.object.key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "input_paths")]
    pub input_paths: BTreeMap<String, String>,
    /// RunTask's, of single containers; in their values <name> stands for what inputPaths names so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub container_overrides: Vec<ContainerOverride>,
}

/// API model of EventBridge, `TransformerPaths`: at most 100, each at most 256 characters long.
fn input_paths(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "What of the event the overrides refer to as <name>: JSON paths, such as $.detail.object.key.",
        "type": "object",
        "maxProperties": 100,
        "additionalProperties": { "type": "string", "minLength": 1, "maxLength": 256 },
    })
}

/// A pattern of events, kept as it was written.
///
/// Its grammar is EventBridge's (user guide, "Comparison operators for use in event patterns"); here it only has to be an
/// object that asks for something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct EventPattern(pub Map<String, Value>);

impl JsonSchema for EventPattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EventPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "x-kubernetes-preserve-unknown-fields": true,
        })
    }
}
