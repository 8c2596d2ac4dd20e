//! One leader, by a Lease of Kubernetes; the others stand by, warm.
//!
//! - `decide`: whose the Lease is, as a pure function.
//! - `record`: what is written into it.
//! - `election`: standing by, renewing, giving it back.
//!
//! Why two never write at the same time: a leader begins no write later than [`WRITES_FOR`] after it *began* its last
//! renewal, and none of its writes is under way for longer than [`Fence::LONGEST`]. Another takes the Lease only when
//! it has not seen it change for [`TERM`], which is longer than both together; and it saw the renewal after that was
//! begun. Each measures on its own clock that never goes back, so nobody compares times of day.

mod decide;
mod election;
mod record;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use longshore_aws::Fence;

pub(crate) use election::Election;

/// Who holds the Lease may count on it for so long after a renewal was seen.
const TERM: Duration = Duration::from_secs(16);
/// It is renewed so often; those that stand by look as often.
const RENEW: Duration = Duration::from_secs(2);
/// No write begins later than this after the last renewal was begun.
const WRITES_FOR: Duration = Duration::from_secs(7);
/// No call about the Lease takes longer, so that there are three tries before writing stops.
const ANSWER: Duration = Duration::from_secs(2);

const _: () = assert!(WRITES_FOR.as_secs() + Fence::LONGEST.as_secs() < TERM.as_secs(), "or two would write at a time");

/// Which Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseName {
    /// Its namespace, which must exist.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Whether this process leads.
pub(crate) enum Leadership {
    /// There is no other, by the operator's word.
    Alone,
    /// One of several, perhaps.
    Elected(Box<Election>),
}

impl Leadership {
    /// Returns when it is known who leads.
    pub(crate) async fn join(&mut self) {
        match self {
            Self::Alone => {}
            Self::Elected(election) => election.join().await,
        }
    }

    /// Returns when this process leads.
    pub(crate) async fn acquire(&mut self) {
        match self {
            Self::Alone => {}
            Self::Elected(election) => election.acquire().await,
        }
    }

    /// Returns when it leads no more. May be dropped and called again.
    pub(crate) async fn hold(&mut self) {
        match self {
            Self::Alone => std::future::pending().await,
            Self::Elected(election) => election.hold().await,
        }
    }

    /// Lets another lead at once. Only for whoever has nothing under way any more.
    pub(crate) async fn release(&mut self) {
        match self {
            Self::Alone => {}
            Self::Elected(election) => election.release().await,
        }
    }
}
