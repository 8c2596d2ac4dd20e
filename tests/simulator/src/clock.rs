//! Simulated time: where it starts, how fast it runs, how far it has been moved.

use std::time::Duration;

use tokio::time::Instant;

/// The simulated clock: base + elapsed x speed + moved.
///
/// Elapsed time is read from tokio's clock, so that a test that pauses it pauses the simulator too.
#[derive(Clone, Debug)]
pub struct Clock {
    base: i64,
    start: Instant,
    speed: f64,
    moved: i64,
}

impl Clock {
    /// A clock that shows `base` (milliseconds since the epoch) now and runs `speed` times as fast as real time.
    pub fn new(base: i64, speed: f64) -> Self {
        Self { base, start: Instant::now(), speed, moved: 0 }
    }

    /// The present, in milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        let elapsed = self.start.elapsed().mul_f64(self.speed);
        self.base + milliseconds(elapsed) + self.moved
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, by: Duration) {
        self.moved += milliseconds(by);
    }
}

impl Default for Clock {
    /// Starts at [`EPOCH`] and runs in real time.
    fn default() -> Self {
        Self::new(EPOCH, 1.0)
    }
}

/// Where simulated time starts unless told otherwise: 2027-01-01T00:00:00Z, in milliseconds.
pub const EPOCH: i64 = 1_798_761_600_000;

/// A duration in whole milliseconds.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A time as json 1.1 carries it: seconds since the epoch, with a fraction.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since the epoch stay far below 2^53")]
pub fn wire_time(time: i64) -> serde_json::Value {
    serde_json::json!(time as f64 / 1000.0)
}

/// A time as XML protocols carry it: ISO 8601 in UTC.
pub fn iso_time(time: i64) -> String {
    jiff::Timestamp::from_millisecond(time)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
