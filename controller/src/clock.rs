//! The wall clock, read here and nowhere else.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Now, as Kubernetes writes it: whole seconds.
pub(crate) fn now() -> Time {
    let now = jiff::Timestamp::now();
    Time(jiff::Timestamp::from_second(now.as_second()).unwrap_or(now))
}
