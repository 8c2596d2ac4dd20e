//! What the sweep counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::sweep::Swept;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Environment {
    environment: String,
}

type Of<M> = Family<Environment, M>;

/// Handles; clones count into the same.
#[derive(Clone)]
pub(crate) struct SweepMetrics {
    seconds: Family<Environment, Histogram, fn() -> Histogram>,
    objects: Of<Gauge>,
    unread: Of<Gauge>,
    calls: Of<Gauge>,
    woken: Of<Counter>,
    failures: Of<Counter>,
    orphans: Of<Gauge>,
    ages: Ages,
}

impl SweepMetrics {
    /// Makes and registers them.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            seconds: Family::new_with_constructor(|| Histogram::new([0.1, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0])),
            objects: Of::default(),
            unread: Of::default(),
            calls: Of::default(),
            woken: Of::default(),
            failures: Of::default(),
            orphans: Of::default(),
            ages: Ages::default(),
        };
        registry.register("sweep_seconds", "Duration of a sweep in seconds", metrics.seconds.clone());
        registry.register("sweep_objects", "Objects that the last sweep looked at", metrics.objects.clone());
        registry.register("sweep_unread", "Objects of which the last sweep could not read all", metrics.unread.clone());
        registry.register("sweep_calls", "Requests to AWS that the last sweep took", metrics.calls.clone());
        registry.register("sweep_woken", "Objects that sweeps gave a turn", metrics.woken.clone());
        registry.register("sweep_failures", "Sweeps that could not read everything", metrics.failures.clone());
        registry.register("orphans", "Resources with our tags that no object claims", metrics.orphans.clone());
        registry.register_collector(Box::new(metrics.ages.clone()));
        metrics
    }

    /// A sweep ended.
    pub(crate) fn swept(&self, environment: &str, swept: &Swept, took: Duration) {
        let of = labels(environment);
        self.seconds.get_or_create(&of).observe(took.as_secs_f64());
        self.objects.get_or_create(&of).set(number(swept.objects));
        self.unread.get_or_create(&of).set(number(swept.unread));
        self.calls.get_or_create(&of).set(i64::try_from(swept.calls).unwrap_or(i64::MAX));
        self.woken.get_or_create(&of).inc_by(u64::try_from(swept.woken).unwrap_or(u64::MAX));
        if swept.why.is_some() {
            self.failed(environment);
        } else {
            self.ages.full(environment);
        }
    }

    /// A sweep could not read everything.
    pub(crate) fn failed(&self, environment: &str) {
        self.failures.get_or_create(&labels(environment)).inc();
    }

    /// What nobody claims was counted.
    pub(crate) fn orphans(&self, environment: &str, count: usize) {
        self.orphans.get_or_create(&labels(environment)).set(number(count));
    }

    /// The environment is gone.
    pub(crate) fn forget(&self, environment: &str) {
        let of = labels(environment);
        self.seconds.remove(&of);
        for gauge in [&self.objects, &self.unread, &self.calls, &self.orphans] {
            gauge.remove(&of);
        }
        for counter in [&self.woken, &self.failures] {
            counter.remove(&of);
        }
        self.ages.forget(environment);
    }
}

/// When the last sweep that read everything ended; how long ago that is, is looked up whenever somebody asks.
#[derive(Clone, Debug, Default)]
struct Ages(Arc<Mutex<BTreeMap<String, Instant>>>);

impl Ages {
    fn full(&self, environment: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(environment.to_owned(), Instant::now());
    }

    fn forget(&self, environment: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(environment);
    }
}

impl Collector for Ages {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let ages = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let help = "Seconds since a sweep last read everything";
        let mut encoder = encoder.encode_descriptor("sweep_age_seconds", help, None, MetricType::Gauge)?;
        for (environment, at) in ages {
            ConstGauge::new(at.elapsed().as_secs_f64()).encode(encoder.encode_family(&labels(&environment))?)?;
        }
        Ok(())
    }
}

fn labels(environment: &str) -> Environment {
    Environment { environment: environment.to_owned() }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sweep_that_read_everything_is_told_with_its_age() {
        let mut registry = Registry::with_prefix("longshore");
        let metrics = SweepMetrics::new(&mut registry);
        let swept = Swept { objects: 1000, woken: 1, calls: 148, ..Swept::default() };
        metrics.swept("prod", &swept, Duration::from_secs(8));
        tokio::time::advance(Duration::from_mins(1)).await;
        let failed = Swept { objects: 1000, unread: 3, why: Some("throttled".to_owned()), ..Swept::default() };
        metrics.swept("prod", &failed, Duration::from_secs(8));
        let told = |registry: &Registry| {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
            text
        };
        let text = told(&registry);
        let expected = [
            "longshore_sweep_age_seconds{environment=\"prod\"} 60.0",
            "longshore_sweep_objects{environment=\"prod\"} 1000",
            "longshore_sweep_unread{environment=\"prod\"} 3",
            "longshore_sweep_woken_total{environment=\"prod\"} 1",
            "longshore_sweep_failures_total{environment=\"prod\"} 1",
        ];
        for line in expected {
            assert!(text.contains(line), "{line} in {text}");
        }
        metrics.forget("prod");
        assert!(!told(&registry).contains("prod"), "an environment that is gone is not told of");
    }
}
