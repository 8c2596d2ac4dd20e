//! What the controller counts.

use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::queue::{Queue, Urgency};

/// Labels of a reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReconcileLabels {
    pub(crate) kind: &'static str,
    pub(crate) outcome: &'static str,
}

/// Labels of what waits, or waited, for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct UrgencyLabels {
    urgency: &'static str,
}

impl From<Urgency> for UrgencyLabels {
    fn from(urgency: Urgency) -> Self {
        Self { urgency: urgency.label() }
    }
}

/// Handles; clones count into the same.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) reconciles: Family<ReconcileLabels, Counter>,
    pub(crate) seconds: Histogram,
    waited: Family<UrgencyLabels, Histogram, fn() -> Histogram>,
    pub(crate) panics: Counter,
    pub(crate) status_writes: Counter,
}

impl Metrics {
    /// Makes and registers them.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            seconds: Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0]),
            waited: Family::new_with_constructor(|| {
                Histogram::new([0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0])
            }),
            panics: Counter::default(),
            status_writes: Counter::default(),
        };
        registry.register("reconciles", "Reconciles by kind and outcome", metrics.reconciles.clone());
        registry.register("reconcile_seconds", "Duration of a reconcile in seconds", metrics.seconds.clone());
        let help = "For how long objects waited for their turn, in seconds, by urgency";
        registry.register("queue_wait_seconds", help, metrics.waited.clone());
        registry.register("reconcile_panics", "Reconciles that ended in a panic", metrics.panics.clone());
        registry.register("status_writes", "Writes of an object's status", metrics.status_writes.clone());
        metrics
    }

    /// A turn began, so long after its object was due.
    pub(crate) fn waited(&self, urgency: Urgency, waited: Duration) {
        self.waited.get_or_create(&urgency.into()).observe(waited.as_secs_f64());
    }
}

/// How much there is to do, looked up whenever somebody asks: while nothing has a turn, objects become due all the same.
#[derive(Debug)]
pub(crate) struct QueueDepth(pub(crate) Queue);

impl Collector for QueueDepth {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let depth = self.0.depth();
        let help = "Objects known to the queue";
        gauge(depth.objects).encode(encoder.encode_descriptor("queue_objects", help, None, MetricType::Gauge)?)?;
        let help = "Objects whose turn has come, by urgency";
        let mut waiting = encoder.encode_descriptor("queue_due", help, None, MetricType::Gauge)?;
        for (urgency, count) in depth.waiting {
            gauge(count).encode(waiting.encode_family(&UrgencyLabels::from(urgency))?)?;
        }
        Ok(())
    }
}

fn gauge(count: usize) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Key, ObjectKind};

    #[tokio::test(start_paused = true)]
    async fn what_waits_and_how_long_it_waited_is_told_by_urgency() {
        let queue = Queue::default();
        let mut registry = Registry::with_prefix("longshore");
        let metrics = Metrics::new(&mut registry);
        registry.register_collector(Box::new(QueueDepth(queue.clone())));
        for (name, urgency) in [("a", Urgency::Due), ("b", Urgency::Edit), ("c", Urgency::Due)] {
            let key = Key { kind: ObjectKind::EcsService, namespace: "shop".into(), name: name.into() };
            queue.wake(key, Some("prod"), urgency);
        }
        tokio::time::advance(Duration::from_secs(7)).await;
        let turn = queue.next().await;
        metrics.waited(turn.urgency, turn.waited);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let expected = [
            "longshore_queue_objects 3",
            "longshore_queue_due{urgency=\"edit\"} 0",
            "longshore_queue_due{urgency=\"due\"} 2",
            "longshore_queue_wait_seconds_sum{urgency=\"edit\"} 7.0",
        ];
        for line in expected {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
