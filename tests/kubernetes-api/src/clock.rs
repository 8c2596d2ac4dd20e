//! What time it is in the cluster.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the time of every timestamp that the server sets.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock of the caller's.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that says `start` now, and goes with tokio's time: it stands, and jumps, when that is paused.
    pub fn from(start: Timestamp) -> Self {
        let began = Instant::now();
        Self::new(move || {
            let passed = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::MAX);
            start.checked_add(passed).unwrap_or(Timestamp::MAX)
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    /// Begins with the year 2026.
    fn default() -> Self {
        Self::from(Timestamp::from_second(1_767_225_600).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_goes_with_tokios_time() {
        let clock = Clock::default();
        tokio::time::advance(Duration::from_mins(90)).await;
        assert_eq!(clock.now().to_string(), "2026-01-01T01:30:00Z");
    }
}
