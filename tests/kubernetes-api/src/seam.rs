//! Where a test decides what becomes of a call: fault points by name and number.
//!
//! Each client has a [`Seam`] of its own, so that a crashed process and its successor, or two candidates for one
//! lease, can have different luck. A seam is asked before a call has any effect and with nothing locked: it may edit
//! objects itself, so that the call meets what somebody else just wrote.

use std::fmt;
use std::time::Duration;

use crate::key::Key;
use crate::refusal::Refusal;

/// What a client asks for, in the words of Kubernetes' roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// GET of one object.
    Get,
    /// GET of many.
    List,
    /// GET of changes.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH.
    Patch,
    /// DELETE of one object.
    Delete,
}

impl Verb {
    /// Whether it may change something.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::List | Self::Watch)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        })
    }
}

/// One call of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is asked for.
    pub verb: Verb,
    /// As in Kubernetes' roles: `ecsservices`, or `ecsservices/status` for the subresource.
    pub resource: String,
    /// The object. The name is empty for list and watch, the namespace where all of them are meant.
    pub key: Key,
    /// The how-manieth call of this client with this verb and resource, from 1.
    pub nth: usize,
    /// Whether it may change something.
    pub write: bool,
}

impl fmt::Display for Call {
    /// `patch ecsservices/status #3 (shop/hello)`
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {} #{}", self.verb, self.resource, self.nth)?;
        match (self.key.namespace.as_str(), self.key.name.as_str()) {
            ("", "") => Ok(()),
            ("", one) | (one, "") => write!(to, " ({one})"),
            (namespace, name) => write!(to, " ({namespace}/{name})"),
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Verdict {
    /// It is served.
    #[default]
    Serve,
    /// The connection breaks before anything has happened.
    BreakBefore,
    /// It takes effect, and its answer is lost with the connection.
    BreakAfter,
    /// It is refused without effect: a [`conflict_on`](crate::conflict_on), [`too_many_requests`](crate::too_many_requests)...
    Refuse(Refusal),
    /// It arrives this much later. If the client gives up before, nothing happens. With [`FOREVER`], it hangs.
    Delay(Duration),
    /// It takes effect at once and is answered this much later. With [`FOREVER`], it is never answered.
    DelayAnswer(Duration),
    /// A get or list (or the first events of a watch) is served from before the last so many changes of what it
    /// reads. Writes are served as always.
    Stale(usize),
}

/// A delay that does not end.
pub const FOREVER: Duration = Duration::MAX;

/// An object that a watch of a client is about to tell of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub change: &'static str,
    /// The object.
    pub key: Key,
    /// The how-manieth event of this client's watches of this resource, from 1.
    pub nth: usize,
    /// Whether it belongs to the state with which the watch began, not to what happened since.
    pub initial: bool,
}

/// What becomes of a watch's event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// It is told.
    #[default]
    Deliver,
    /// It is left out, and the watch goes on. (The real server does not do so; a client that survives it needs no
    /// proof that it never will.)
    Lose,
    /// It is told twice.
    Double,
    /// The watch ends before it, as when a server restarts.
    Close,
    /// The watch ends before it with 410 Gone: the client must list anew.
    Expire,
}

/// Decides what becomes of calls and events. Anything that shares one plan of faults with other services (AWS's calls
/// have a name and a number, too) implements it; a closure does for calls alone.
pub trait Seam: Send + Sync {
    /// What becomes of a call.
    fn judge(&self, call: &Call) -> Verdict;

    /// What becomes of a watch's event. Unless said otherwise, it is delivered.
    fn deliver(&self, _event: &Event) -> Delivery {
        Delivery::Deliver
    }
}

impl<F: Fn(&Call) -> Verdict + Send + Sync> Seam for F {
    fn judge(&self, call: &Call) -> Verdict {
        self(call)
    }
}

/// The seam of a client whose calls are all served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seamless;

impl Seam for Seamless {
    fn judge(&self, _: &Call) -> Verdict {
        Verdict::Serve
    }
}
