//! Logs, metrics, health.

mod http;
mod logs;
mod metrics;
mod sweep;

pub use http::Health;
pub(crate) use http::serve;
pub(crate) use logs::start_logs;
pub(crate) use metrics::{Metrics, QueueDepth, ReconcileLabels};
pub(crate) use sweep::SweepMetrics;
