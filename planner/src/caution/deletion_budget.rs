//! Much that goes at once is seldom meant: a wrong context, an emptied folder in Git, a deleted namespace. Deletions
//! beyond a budget pause until a person says that they are meant.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::aws_environment::{AdmittedDeletion, DeletionsStatus};

use super::expiry::until;
use crate::desired::Refusal;

/// Until then everything that is being deleted in the environment may go.
pub const ALLOW_DELETIONS_UNTIL: &str = "ecs.longshore.dev/allow-deletions-until";
/// The time in which deletions count.
pub const DELETION_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// So many objects may always go: a small namespace must just go.
const FEW: usize = 10;
/// Of a large environment one object in so many may go, if that is more.
const ONE_IN: usize = 10;

/// The deletions of an environment that count, as its status has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletions {
    /// What may go, in order: written here before the first call that deletes something of it.
    pub admitted: Vec<Admitted>,
    /// Since when nothing more may go. What was admitted before goes on.
    pub paused_since: Option<Timestamp>,
}

/// An object that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// `Kind/namespace/name`.
    pub object: String,
    /// Since when.
    pub at: Timestamp,
}

/// What a decision about deletions depends on.
#[derive(Clone, Copy, Debug)]
pub struct Deleting<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// The value of [`ALLOW_DELETIONS_UNTIL`] on it.
    pub allowed: Option<&'a str>,
    /// Every object that lives in it, those included that are being deleted.
    pub objects: &'a BTreeSet<String>,
    /// The time of day.
    pub now: Timestamp,
}

/// Until when everything may go, if that is so just now.
///
/// # Errors
/// The value of [`ALLOW_DELETIONS_UNTIL`] is no RFC 3339 time, or is more than [`super::LONGEST`] ahead.
pub fn deletions_allowed(value: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    value.map_or(Ok(None), |value| until(ALLOW_DELETIONS_UNTIL, value, now))
}

/// How many objects of an environment of that size may go within [`DELETION_WINDOW`].
pub fn budget(objects: usize) -> usize {
    FEW.max(objects / ONE_IN)
}

impl Deletions {
    /// Asks that an object may go, of which something in AWS would be deleted. Answers what must be written down before
    /// anything is, and whether it may.
    pub fn admit(&self, object: &str, deleting: &Deleting<'_>) -> (Self, Result<(), Refusal>) {
        let mut next = self.now(deleting);
        if deleting.lifted() || next.recent(deleting.now).any(|admitted| admitted.object == object) {
            return (next, Ok(()));
        }
        if next.paused_since.is_none() && next.admitted.len() >= next.budget(deleting) {
            next.paused_since = Some(deleting.now);
        }
        if let Some(refusal) = next.refusal(deleting) {
            return (next, Err(refusal));
        }
        next.admitted.push(Admitted { object: object.to_owned(), at: deleting.now });
        (next, Ok(()))
    }

    /// What still counts. While deletions are paused everything does, so that it can be told; once they are allowed
    /// nothing does.
    #[must_use]
    pub fn now(&self, deleting: &Deleting<'_>) -> Self {
        if deleting.lifted() {
            return Self::default();
        }
        if self.paused_since.is_some() {
            return self.clone();
        }
        Self { admitted: self.recent(deleting.now).cloned().collect(), paused_since: None }
    }

    /// How long it is until one of them counts no more, and the environment tells so; `None` while nothing changes by
    /// itself.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let first = self.admitted.iter().map(|admitted| admitted.at).min().filter(|_| self.paused_since.is_none())?;
        Some(Duration::try_from(DELETION_WINDOW - now.duration_since(first)).unwrap_or_default())
    }

    /// Why nothing more may go, if that is so.
    pub fn refusal(&self, deleting: &Deleting<'_>) -> Option<Refusal> {
        let since = self.paused_since?;
        let Deleting { environment, now, .. } = deleting;
        let first = self.admitted.first().map_or(since, |admitted| admitted.at);
        let misread = deletions_allowed(deleting.allowed, *now).err();
        let misread = misread.map(|refusal| format!("; {refusal}")).unwrap_or_default();
        let message = format!(
            "{} of {} objects of the AwsEnvironment {environment} were deleted since {first}, and more are to go, so \
             that deletions in it are paused since {since}: at most {} go within ten minutes unless that is meant. If \
             it is: kubectl annotate awsenvironment {environment} {ALLOW_DELETIONS_UNTIL}={} --overwrite{misread}",
            self.admitted.len(),
            self.size(deleting),
            self.budget(deleting),
            soon(*now),
        );
        Some(Refusal::new("DeletionBudget", "", message))
    }

    /// From an environment's status.
    pub fn read(stored: Option<&DeletionsStatus>) -> Self {
        let Some(stored) = stored else { return Self::default() };
        let admitted = stored.admitted.iter().map(|it| Admitted { object: it.object.clone(), at: it.at.0 });
        Self { admitted: admitted.collect(), paused_since: stored.paused_since.as_ref().map(|time| time.0) }
    }

    /// Into an environment's status.
    pub fn write(&self) -> Option<DeletionsStatus> {
        let admitted =
            self.admitted.iter().map(|it| AdmittedDeletion { object: it.object.clone(), at: Time(it.at) }).collect();
        let stored = DeletionsStatus { admitted, paused_since: self.paused_since.map(Time) };
        (stored != DeletionsStatus::default()).then_some(stored)
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = &Admitted> {
        self.admitted.iter().filter(move |admitted| now.duration_since(admitted.at) < DELETION_WINDOW)
    }

    /// How many objects there are, with those that are gone already.
    fn size(&self, deleting: &Deleting<'_>) -> usize {
        let gone = self.admitted.iter().filter(|admitted| !deleting.objects.contains(&admitted.object));
        deleting.objects.len() + gone.count()
    }

    fn budget(&self, deleting: &Deleting<'_>) -> usize {
        budget(self.size(deleting))
    }
}

impl Deleting<'_> {
    /// A person said that everything may go. What cannot be read says nothing.
    fn lifted(&self) -> bool {
        matches!(deletions_allowed(self.allowed, self.now), Ok(Some(_)))
    }
}

/// An hour or two ahead, and the same for an hour, so that a message that shows it does not change at every look.
fn soon(now: Timestamp) -> Timestamp {
    const HOUR: i64 = 60 * 60;
    Timestamp::from_second((now.as_second().div_euclid(HOUR) + 2) * HOUR).unwrap_or(now)
}
