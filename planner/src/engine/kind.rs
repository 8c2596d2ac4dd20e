//! What the engine has to know about a resource kind: one trait, erased to a table of functions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::world::{Seen, Thing};

/// A kind of AWS resource. The same struct says what is wanted and what AWS has.
pub trait Kind: Serialize + DeserializeOwned + Clone + PartialEq + 'static {
    /// `service/resource`, such as `ec2/security-group`.
    const NAME: &'static str;
    /// In a full deletion lower ranks go first: whatever has a higher rank waits until they are gone.
    const TEARDOWN: u8;
    /// The JSON members that AWS cannot change in place: a change of one is another resource.
    const FIXED: &'static [&'static str];
    /// The JSON members by which the resource is found in AWS (its name, its parent). They are written to the
    /// inventory before the resource is made, so that it is found again whatever happens.
    const ADDRESS: &'static [&'static str];
    /// How a change of a fixed member is dealt with.
    const REPLACEMENT: Replacement = Replacement::CreateFirst;
    /// How many predecessors of the same key, the newest first, stay when nothing uses them any more.
    const KEEP: usize = 0;
    /// The JSON member that names the resource that this one is a part of and goes with, if there is one. A part that
    /// is nobody's to delete does not keep the whole from going.
    const PART_OF: Option<&'static str> = None;
    /// The JSON members a change of which starts a deployment.
    const DEPLOYS: &'static [&'static str] = &[];
    /// Whether one that was found as wanted stays so until somebody writes to it, so that it may be relied on for a
    /// while: see [`super::Verified`]. Not where AWS itself changes it, or its detail is told.
    const RESTS: bool = false;
    /// The JSON members that are wanted by the time of day, and of which an earlier one is as good: another one is no
    /// other wish.
    const TIMED: &'static [&'static str] = &[];
    /// The API operations that change one, as CloudTrail names their events: for people who look for what else writes
    /// it.
    const CHANGED_BY: &'static [&'static str] = &[];

    /// The names of the outputs that others may refer to.
    type Output: Into<&'static str>;

    /// Fills in AWS's defaults and sorts what has no order, on both sides, so that equal things are `==`.
    fn normalise(self) -> Self;

    /// Takes what AWS (or an autoscaler, or a user) owns from `self`, the wanted value, over into what will be
    /// compared: fields of `seen` that are not Longshore's business become equal to the wanted ones.
    fn disown(&self, _seen: &mut Self) {}

    /// Whether a deployment of it runs just now.
    fn deploying(_: &Seen<Self>) -> bool {
        false
    }

    /// Whether others may go on, now that it exists and equals what is wanted.
    fn ready(&self, seen: &Seen<Self>) -> Ready;
}

/// Whether a resource that equals what is wanted can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It can.
    Ready,
    /// Not yet: AWS is at it. The reason is for people.
    Wait(String),
    /// It cannot, and waiting alone will not mend it. The reason is for people.
    Broken(String),
}

/// What happens when a fixed member changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The new resource is made first, the old one goes when nothing uses it any more.
    CreateFirst,
    /// It holds data or traffic: blocked, with words, until a person consents; the old one is then retained.
    OnConsent,
}

/// A value that does not read as the kind it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value of a {kind} does not read as one: {reason}")]
pub struct KindError {
    kind: String,
    reason: String,
}

impl KindError {
    pub(super) fn new(kind: &str, reason: &dyn std::fmt::Display) -> Self {
        Self { kind: kind.to_owned(), reason: reason.to_string() }
    }
}

/// A [`Kind`], erased: constants and functions over JSON values.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// See [`Kind::NAME`].
    pub name: &'static str,
    /// See [`Kind::TEARDOWN`].
    pub teardown: u8,
    /// See [`Kind::FIXED`].
    pub fixed: &'static [&'static str],
    /// See [`Kind::ADDRESS`].
    pub address: &'static [&'static str],
    /// See [`Kind::REPLACEMENT`].
    pub replacement: Replacement,
    /// See [`Kind::KEEP`].
    pub keep: usize,
    /// See [`Kind::PART_OF`].
    pub part_of: Option<&'static str>,
    /// See [`Kind::DEPLOYS`].
    pub deploys: &'static [&'static str],
    /// See [`Kind::RESTS`].
    pub rests: bool,
    /// See [`Kind::TIMED`].
    pub timed: &'static [&'static str],
    /// See [`Kind::CHANGED_BY`].
    pub changed_by: &'static [&'static str],
    normalise: fn(&Value) -> Result<Value, KindError>,
    comparable: fn(&Value, &Value) -> Result<Value, KindError>,
    ready: fn(&Value, &Thing) -> Result<Ready, KindError>,
    deploying: fn(&Thing) -> Result<bool, KindError>,
}

impl Rules {
    /// The rules of a kind.
    pub fn of<K: Kind>() -> Self {
        Self {
            name: K::NAME,
            teardown: K::TEARDOWN,
            fixed: K::FIXED,
            address: K::ADDRESS,
            replacement: K::REPLACEMENT,
            keep: K::KEEP,
            part_of: K::PART_OF,
            deploys: K::DEPLOYS,
            rests: K::RESTS,
            timed: K::TIMED,
            changed_by: K::CHANGED_BY,
            normalise: |value| write::<K>(&read::<K>(value)?.normalise()),
            comparable: |want, seen| {
                let want = read::<K>(want)?;
                let mut seen = read::<K>(seen)?.normalise();
                want.disown(&mut seen);
                write::<K>(&seen)
            },
            deploying: |thing| Ok(K::deploying(&thing.typed::<K>()?)),
            ready: |want, thing| Ok(read::<K>(want)?.ready(&thing.typed::<K>()?)),
        }
    }

    /// The value with AWS's defaults filled in and sorted.
    pub fn normalise(&self, value: &Value) -> Result<Value, KindError> {
        (self.normalise)(value)
    }

    /// What to compare the wanted value with: the observed one, normalised, less what is not ours.
    pub fn comparable(&self, want: &Value, seen: &Value) -> Result<Value, KindError> {
        (self.comparable)(want, seen)
    }

    /// Whether others may go on.
    pub fn ready(&self, want: &Value, thing: &Thing) -> Result<Ready, KindError> {
        (self.ready)(want, thing)
    }

    /// Whether a deployment of it runs just now.
    pub fn deploying(&self, thing: &Thing) -> Result<bool, KindError> {
        (self.deploying)(thing)
    }

    /// The fixed members of a value.
    pub fn fixed_members(&self, value: &Value) -> Value {
        members(value, self.fixed)
    }
}

fn members(value: &Value, names: &[&str]) -> Value {
    let member = |name: &&str| Some(((*name).to_owned(), value.get(name)?.clone()));
    Value::Object(names.iter().filter_map(member).collect())
}

fn read<K: Kind>(value: &Value) -> Result<K, KindError> {
    K::deserialize(value).map_err(|e| KindError::new(K::NAME, &e))
}

fn write<K: Kind>(value: &K) -> Result<Value, KindError> {
    serde_json::to_value(value).map_err(|e| KindError::new(K::NAME, &e))
}

/// Every kind that this version knows, by name.
#[derive(Clone, Debug, Default)]
pub struct Kinds(BTreeMap<&'static str, Rules>);

impl Kinds {
    /// The same with one more kind.
    pub fn with<K: Kind>(mut self) -> Self {
        self.0.insert(K::NAME, Rules::of::<K>());
        self
    }

    /// The rules of a kind, if this version knows it.
    pub fn get(&self, name: &str) -> Option<&Rules> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Rules> {
        self.0.values()
    }
}
