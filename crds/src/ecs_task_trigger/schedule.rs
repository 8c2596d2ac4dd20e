//! When a trigger starts tasks, and what becomes of a start that fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Times at which tasks are started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerSchedule {
    /// As `cron(15 4 * * ? *)`, `rate(1 day)` or `at(2027-01-01T00:00:00)`.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^(cron|rate|at)\(.+\)$"))]
    pub expression: String,
    /// IANA's name, as Europe/Stockholm; left out: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub timezone: Option<String>,
    /// Minutes within which it may start late; left out: it starts on time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1440))]
    pub flexible_time_window_minutes: Option<i32>,
}

/// How often a start that failed is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryPolicy {
    /// Seconds after which it is given up; left out: 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 86400))]
    pub maximum_event_age_in_seconds: Option<i32>,
    /// How often it is tried again; left out: 185.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 185))]
    pub maximum_retry_attempts: Option<i32>,
}

/// Where a start that was given up is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterConfig {
    /// ARN of a queue of SQS; the environment must grant the action sqs:SendMessage.
    #[schemars(length(max = 1600), regex(pattern = r"^arn:aws(-[a-z]+)*:sqs:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$"))]
    pub arn: String,
}
