//! A scheduled action of a scalable target: other bounds from a time on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The time zone of schedules that name none (API reference, `PutScheduledAction`).
const UTC: &str = "UTC";

/// Other bounds from a time on, until another action changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledAction {
    /// `cron(...)`, `rate(...)` or `at(...)`.
    pub schedule: String,
    /// IANA's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Fewest tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_capacity: Option<i32>,
    /// Most tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_capacity: Option<i32>,
}

impl ScheduledAction {
    /// With AWS's defaults, and times as AWS tells them.
    pub(super) fn normalise(mut self) -> Self {
        self.timezone.get_or_insert_with(|| UTC.to_owned());
        for time in [&mut self.start_time, &mut self.end_time].into_iter().flatten() {
            if let Ok(read) = time.parse::<Timestamp>() {
                *time = read.to_string();
            }
        }
        self
    }
}
