//! Logs, metrics, health.

mod http;
mod logs;
mod metrics;

pub(crate) use http::{Health, serve};
pub(crate) use logs::start_logs;
pub(crate) use metrics::{Metrics, ReconcileLabels};
