//! The wall clock, read here and nowhere else.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

/// What tells the time of day: for conditions, Events and annotations that name a time. How long something takes is
/// measured by tokio's clock instead.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's.
    pub fn wall() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// Another one, such as a test's.
    pub fn of(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Now, as Kubernetes writes it: whole seconds.
    pub(crate) fn now(&self) -> Time {
        Time(self.timestamp())
    }

    /// Now, in whole seconds: what is compared with times that Kubernetes keeps.
    pub(crate) fn timestamp(&self) -> Timestamp {
        let now = (self.0)();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// Now, to the microsecond.
    pub(crate) fn now_exactly(&self) -> MicroTime {
        MicroTime((self.0)())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&(self.0)()).finish()
    }
}
