//! How often AWS is asked, how long it takes, and how often it is too often.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The request metrics. Clones count into the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<Ended, Counter>,
    throttles: Family<Call, Counter>,
    duration: Family<Call, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    service: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    service: &'static str,
    operation: &'static str,
    outcome: String,
}

impl Call {
    fn of(operation: &'static str) -> Self {
        let (service, operation) = operation.split_once(':').unwrap_or(("", operation));
        Self { service, operation }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        // From 10 ms to the operation's deadline.
        let histogram: fn() -> Histogram = || Histogram::new([0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 7.0]);
        Self {
            requests: Family::default(),
            throttles: Family::default(),
            duration: Family::new_with_constructor(histogram),
        }
    }
}

impl Metrics {
    /// Makes them part of what is scraped.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("aws_requests", "Requests to AWS, by how they ended", self.requests.clone());
        registry.register("aws_throttles", "Requests that AWS throttled", self.throttles.clone());
        registry.register_with_unit(
            "aws_request_duration",
            "How long AWS took to answer",
            Unit::Seconds,
            self.duration.clone(),
        );
    }

    pub(crate) fn count(&self, operation: &'static str, code: Option<&str>, took: Duration) {
        let call = Call::of(operation);
        let outcome = code.unwrap_or("OK").to_owned();
        let labels = Ended { service: call.service, operation: call.operation, outcome };
        self.requests.get_or_create(&labels).inc();
        self.duration.get_or_create(&call).observe(took.as_secs_f64());
    }

    pub(crate) fn throttled(&self, operation: &'static str) {
        self.throttles.get_or_create(&Call::of(operation)).inc();
    }
}
