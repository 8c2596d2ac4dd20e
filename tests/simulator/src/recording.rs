//! A recording of every call, for tests that count writes or look at what was sent.

use serde::Serialize;
use serde_json::Value;

/// One call, and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts from 1, over all services.
    pub seq: u64,
    /// Simulated time, in milliseconds since the epoch.
    pub time: i64,
    /// The service's name, such as `ecs`.
    pub service: &'static str,
    /// The operation, such as `CreateService`.
    pub operation: String,
    /// The input as the service saw it.
    pub input: Value,
    /// `OK`, or the error code that the caller got.
    pub outcome: String,
    /// Whether the operation is one that changes something, by its name.
    pub write: bool,
    /// The caller's access key.
    pub access_key: String,
}

/// All calls since the start or the last clearing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recording {
    last: u64,
    entries: Vec<Entry>,
}

impl Recording {
    /// Adds a call; its number is set here and returned.
    pub fn add(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.seq = self.last;
        self.entries.push(entry);
        self.last
    }

    /// The calls with a number above `since`, only writes or reads if asked so.
    pub fn calls(&self, since: u64, write: Option<bool>) -> Vec<Entry> {
        let wanted = |entry: &&Entry| entry.seq > since && write.is_none_or(|write| entry.write == write);
        self.entries.iter().filter(wanted).cloned().collect()
    }

    /// Forgets all calls; numbers go on counting.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The number of the last call.
    pub fn last(&self) -> u64 {
        self.last
    }
}
