//! What can go wrong with a call, and what else happens at that moment.

use std::fmt;

use crate::name::{Named, Target};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The process dies; the call was never made.
    CrashBefore,
    /// The process dies; the call took effect.
    CrashAfter,
    /// The call takes effect and its answer never comes: the connection breaks.
    LostReply,
    /// Refused as too fast, for as long as the controller asks again at once.
    Throttled,
    /// Refused with an error of the server's, for as long as the controller asks again at once.
    ServerError,
    /// A read answers as of before the last change.
    StaleRead,
    /// Somebody else wrote the object just before.
    Conflict,
    /// A watch leaves an event out and goes on.
    EventLost,
    /// A watch tells an event twice.
    EventDoubled,
    /// A watch ends before an event.
    WatchClosed,
    /// A watch ends before an event, and cannot be taken up where it ended.
    WatchExpired,
}

impl Kind {
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::CrashBefore, "crash-before"),
        (Self::CrashAfter, "crash-after"),
        (Self::LostReply, "lost-reply"),
        (Self::Throttled, "throttled"),
        (Self::ServerError, "server-error"),
        (Self::StaleRead, "stale-read"),
        (Self::Conflict, "conflict"),
        (Self::EventLost, "event-lost"),
        (Self::EventDoubled, "event-doubled"),
        (Self::WatchClosed, "watch-closed"),
        (Self::WatchExpired, "watch-expired"),
    ];

    /// Whether it can happen to this call.
    pub(crate) fn happens_to(self, call: &Named) -> bool {
        let is_watch = call.target == Target::Watch;
        match self {
            Self::CrashBefore | Self::LostReply | Self::Throttled | Self::ServerError => !is_watch,
            Self::CrashAfter => call.write,
            // A GET of Kubernetes is answered with the most recent state (API concepts, "Resource versions"); what lags
            // there is the watches.
            Self::StaleRead => call.target == Target::Aws && !call.write && !call.name.starts_with("sts:"),
            Self::Conflict => call.name.starts_with("patch:") && !call.name.starts_with("patch:events"),
            // The first list is one answer: nothing can be left out of it.
            Self::EventLost => is_watch && !call.name.contains(":initial:"),
            Self::EventDoubled | Self::WatchClosed | Self::WatchExpired => is_watch,
        }
    }

    /// How many calls of the same name in a row it happens to. The controller sends a call three times at most.
    pub(crate) fn times(self) -> usize {
        match self {
            Self::Throttled | Self::ServerError => 4,
            Self::StaleRead => 2,
            _ => 1,
        }
    }

    /// What else may happen then. Only a restart finds another world than the one that was left, and only a write
    /// leaves one that no earlier point has left.
    pub(crate) fn meanwhiles(self, call: &Named) -> &'static [(Meanwhile, &'static str)] {
        let leaves_something = self.is_crash() && call.write && !call.name.ends_with(":events");
        if leaves_something { &Meanwhile::ALL } else { &Meanwhile::ALL[..1] }
    }

    pub(crate) fn is_crash(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name);
        f.pad(name)
    }
}

/// What a user does at the moment of the fault; after a crash, before the next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meanwhile {
    Nothing,
    /// The spec is changed.
    Changed,
    /// The object is deleted.
    Deleted,
    /// All status is gone.
    StatusGone,
}

impl Meanwhile {
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::Nothing, "nothing"),
        (Self::Changed, "changed"),
        (Self::Deleted, "deleted"),
        (Self::StatusGone, "status-gone"),
    ];
}

impl fmt::Display for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(meanwhile, _)| meanwhile == self).map_or("", |(_, name)| name);
        f.pad(name)
    }
}
