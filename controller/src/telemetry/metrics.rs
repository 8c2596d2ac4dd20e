//! What the controller counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Labels of a reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReconcileLabels {
    pub(crate) kind: &'static str,
    pub(crate) outcome: &'static str,
}

/// Handles; clones count into the same.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) reconciles: Family<ReconcileLabels, Counter>,
    pub(crate) seconds: Histogram,
    pub(crate) objects: Gauge,
    pub(crate) due: Gauge,
    pub(crate) panics: Counter,
    pub(crate) status_writes: Counter,
}

impl Metrics {
    /// Makes and registers them.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            seconds: Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0]),
            objects: Gauge::default(),
            due: Gauge::default(),
            panics: Counter::default(),
            status_writes: Counter::default(),
        };
        registry.register("reconciles", "Reconciles by kind and outcome", metrics.reconciles.clone());
        registry.register("reconcile_seconds", "Duration of a reconcile in seconds", metrics.seconds.clone());
        registry.register("queue_objects", "Objects known to the queue", metrics.objects.clone());
        registry.register("queue_due", "Objects whose turn has come", metrics.due.clone());
        registry.register("reconcile_panics", "Reconciles that ended in a panic", metrics.panics.clone());
        registry.register("status_writes", "Writes of an object's status", metrics.status_writes.clone());
        metrics
    }

    /// How many objects the queue knows, and how many of them are due.
    pub(crate) fn depth(&self, objects: usize, due: usize) {
        self.objects.set(i64::try_from(objects).unwrap_or(i64::MAX));
        self.due.set(i64::try_from(due).unwrap_or(i64::MAX));
    }
}
