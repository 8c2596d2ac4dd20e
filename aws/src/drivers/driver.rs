//! What a driver is: how one kind of resource is read, made, changed and deleted; erased, all are alike.

use std::fmt;

use async_trait::async_trait;
use futures::future::join_all;
use longshore_planner::engine::{Glimpse, Id, Kind, KindError, LookUp, Owner, Ownership, Rules, Seen, Thing, Unread};
use serde_json::Value;

use crate::access::{Aws, Read, Write};
use crate::fault::Fault;
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{self, Marks, Tags};

/// One resource that exists.
pub(crate) struct Found<K> {
    pub(crate) seen: Seen<K>,
    /// The identity in its tags, where it is this object's: the one that made it.
    pub(crate) tagged: Option<Id>,
    /// Other parts of the same thing: this object's, under the identity in their tags, and nobody's.
    pub(crate) beside: Vec<(Option<Id>, Seen<K>)>,
}

impl<K> Found<K> {
    /// By its tags.
    pub(crate) fn new(seen: Seen<K>, ownership: &Ownership, tags: &Tags) -> Self {
        let seen = Seen { owner: ownership.judge(tags), ..seen };
        Self { tagged: tags::identity(ownership, tags), ..Self::untagged(seen) }
    }

    /// Whose it is, is known without its tags.
    pub(crate) fn untagged(seen: Seen<K>) -> Self {
        Self { seen, tagged: None, beside: vec![] }
    }
}

/// One of many resources to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) ownership: &'a Ownership,
    pub(crate) at: &'a LookUp,
}

/// One of many resources that were read, perhaps not wholly.
pub(crate) struct Glimpsed<K> {
    pub(crate) found: Found<K>,
    pub(crate) unread: Unread,
}

impl<K> Glimpsed<K> {
    /// Everything was read.
    pub(crate) fn whole(found: Found<K>) -> Self {
        Self { found, unread: Unread::Nothing }
    }
}

/// The answers to many asks, in their order.
pub(crate) type Answers<T> = Vec<Result<Option<T>, Fault>>;

/// Makes AWS have what a value of one kind says.
///
/// Every method can be called again after any outcome, and converges: a create finds what an earlier one left.
/// An update sends the whole wanted value with explicit empties, never a delta.
#[async_trait]
pub(crate) trait Driver: Send + Sync + 'static {
    /// The kind, as the planner knows it.
    type Kind: Kind + Send + Sync;

    /// The resource, if it exists. One look-up at a time: where AWS can read many in a call, they join.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<Self::Kind>>, Fault>;

    /// Many resources of this kind, of many objects, for drift: at the least cost, which may leave out something of
    /// each (see [`Unread`]). A kind that overrides it states at what cadence the rest is read.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<Self::Kind>> {
        let reads = asks.iter().map(|ask| async {
            let found = self.read(survey.aws(), ask.ownership, ask.at).await?;
            Ok(found.map(Glimpsed::whole))
        });
        join_all(reads).await
    }

    /// Everything of this kind that carries the installation's tags.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault>;

    /// Makes it; the ARN or id that AWS gave it, where the answer tells.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Self::Kind) -> Result<Option<String>, Fault>;

    /// Changes it in place.
    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: Self::Kind,
        seen: Seen<Self::Kind>,
    ) -> Result<(), Fault>;

    /// Takes it away, or a step on the way there.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Self::Kind>) -> Result<(), Fault>;
}

/// A [`Driver`] over JSON values.
#[async_trait]
pub(crate) trait AnyDriver: Send + Sync {
    fn kind(&self) -> &'static str;
    /// The resource, if it exists, and what else is found with it.
    async fn read(&self, aws: &Aws<Read>, ownership: &Ownership, at: &LookUp) -> Result<Vec<(Id, Thing)>, Fault>;
    /// The same for many.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Vec<Result<Vec<(Id, Glimpse)>, Fault>>;
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault>;
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: &Value) -> Result<Option<String>, Fault>;
    async fn update(&self, aws: &Aws<Write>, marks: Marks<'_>, want: &Value, thing: &Thing) -> Result<(), Fault>;
    async fn delete(&self, aws: &Aws<Write>, thing: &Thing) -> Result<(), Fault>;
}

#[async_trait]
impl<D: Driver> AnyDriver for D {
    fn kind(&self) -> &'static str {
        D::Kind::NAME
    }

    async fn read(&self, aws: &Aws<Read>, ownership: &Ownership, at: &LookUp) -> Result<Vec<(Id, Thing)>, Fault> {
        let Some(found) = Driver::read(self, aws, ownership, at).await? else { return Ok(vec![]) };
        erased(found, at)
    }

    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Vec<Result<Vec<(Id, Glimpse)>, Fault>> {
        let answers = Driver::read_all(self, survey, asks).await;
        let erase = |(ask, answer): (&Ask<'_>, Result<Option<Glimpsed<D::Kind>>, Fault>)| {
            let Some(Glimpsed { found, unread }) = answer? else { return Ok(vec![]) };
            let all = erased(found, ask.at)?.into_iter();
            Ok(all.map(|(id, thing)| (id, Glimpse { thing, unread })).collect())
        };
        asks.iter().zip(answers).map(erase).collect()
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        Driver::list_ours(self, survey, claims).await
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: &Value) -> Result<Option<String>, Fault> {
        Driver::create(self, aws, marks, typed::<D::Kind>(marks.id, want)?).await
    }

    async fn update(&self, aws: &Aws<Write>, marks: Marks<'_>, want: &Value, thing: &Thing) -> Result<(), Fault> {
        let seen = thing.typed().map_err(|error| defect(marks.id, &error))?;
        Driver::update(self, aws, marks, typed::<D::Kind>(marks.id, want)?, seen).await
    }

    async fn delete(&self, aws: &Aws<Write>, thing: &Thing) -> Result<(), Fault> {
        let seen = thing.typed().map_err(|error: KindError| defect(&D::Kind::NAME, &error))?;
        Driver::delete(self, aws, seen).await
    }
}

/// What this object made under another identity (an older version hashed its fixed fields differently, or named it
/// differently) is told under that one, so that it is not taken for two.
fn erased<K: Kind>(found: Found<K>, at: &LookUp) -> Result<Vec<(Id, Thing)>, Fault> {
    let erase = |seen| Thing::erase(seen).map_err(|error| defect(&at.id, &error));
    let id = found.tagged.filter(|id| id.kind == at.id.kind).unwrap_or_else(|| at.id.clone());
    let mut all = vec![(id, erase(found.seen)?)];
    for (tagged, seen) in found.beside {
        let owner = if tagged.is_some() { Owner::This } else { Owner::Stray };
        let thing = erase(Seen { owner, ..seen })?;
        let id = tagged.unwrap_or_else(|| Id::stray(&Rules::of::<K>(), &thing.value));
        all.push((id, thing));
    }
    Ok(all)
}

/// The wanted value, complete and typed.
fn typed<K: Kind>(id: &Id, want: &Value) -> Result<K, Fault> {
    K::deserialize(want).map(Kind::normalise).map_err(|error| defect(id, &error))
}

fn defect(what: &dyn fmt::Display, error: &dyn fmt::Display) -> Fault {
    Fault::fix("longshore:Driver", "Defect", format!("{what}: {error}"), "report this: it is a defect in Longshore")
}
