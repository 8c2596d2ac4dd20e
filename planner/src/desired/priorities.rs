//! The priorities of listener rules: no two objects need to agree on them, and the specific goes before the general.
//!
//! A rule's class says how specific it is; within the class a hash of its object and its identity says where to begin,
//! and what is taken is passed by. Bands of classes do not overlap, so that neither the order of creation nor a full
//! stretch can put a general rule first.

use std::collections::BTreeSet;

use serde_json::json;

use crate::engine::{Id, content_hash};
use crate::kinds::elbv2::listener_rule::Conditions;

/// API reference, `CreateRule`.
pub(super) const HIGHEST: i32 = 50_000;

/// Priorities of one class.
const BAND: i32 = 1000;

/// How specific paths can be: exact, or by literal segments before the first wildcard; five for none.
const PATH_LEVELS: i32 = 6;
/// Whether anything further is asked for, or not.
const FURTHER_LEVELS: i32 = 2;

/// A priority of a listener that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenPriority {
    /// 1 to 50,000.
    pub priority: i32,
    /// The object whose rule it is, by its tags, as `Kind/namespace/name`; `None`: no object's of this installation.
    pub object: Option<String>,
    /// Which rule of that object, by its tags.
    pub resource: Option<Id>,
}

/// The class of a rule, 0 to 47: lower is more specific. If all requests that match one rule match another too, the
/// class of the one is not above that of the other.
///
/// Elastic Load Balancing asks rules in the order of their priorities, lowest first (Application Load Balancers guide,
/// "Listener rules").
pub fn class(conditions: &Conditions) -> i32 {
    let host = conditions.hosts.iter().map(|host| host_level(host)).max().unwrap_or(HOST_ANY);
    let path = conditions.paths.iter().map(|path| path_level(path)).max().unwrap_or(PATH_LEVELS - 1);
    let further = i32::from(!conditions.has_further());
    (host * PATH_LEVELS + path) * FURTHER_LEVELS + further
}

/// Nothing is said of the host, or nothing but a wildcard.
const HOST_ANY: i32 = 3;

/// 0 for a host as it is, 1 for a wildcard before three or more labels, 2 for any other.
fn host_level(host: &str) -> i32 {
    let Some(at) = host.rfind(['*', '?']) else { return 0 };
    if host == "*" {
        return HOST_ANY;
    }
    let labels = host.get(at + 1..).unwrap_or_default().split('.').filter(|label| !label.is_empty()).count();
    if labels >= 3 { 1 } else { 2 }
}

/// 0 for a path as it is, then by the literal segments before the first wildcard, the more the lower.
fn path_level(path: &str) -> i32 {
    let Some(at) = path.find(['*', '?']) else { return 0 };
    let literal = path.get(..at).unwrap_or_default();
    let segments = literal.split('/').filter(|segment| !segment.is_empty()).take(4).count();
    PATH_LEVELS - 1 - i32::try_from(segments).unwrap_or_default()
}

/// Starting points end so far before the end of a band that a successor does not come round to its front.
const ROOM: i32 = 50;

/// The priority of a rule whose spec gives none; `None` where its whole class is taken.
///
/// `object` and `rule` are the object and the rule within it. `remembered` is what was chosen before: it stays, whatever
/// others do. A rule of the listener that is this very one keeps its priority, also where the memory was lost. A rule
/// that takes over from another of the same key comes after it, so that the old one answers until it goes.
pub fn choose(
    conditions: &Conditions,
    object: &str,
    rule: &Id,
    remembered: Option<i32>,
    taken: &[TakenPriority],
) -> Option<i32> {
    let first = class(conditions) * BAND + 1;
    let own = taken.iter().find(|one| is(one, object, rule)).map(|one| one.priority);
    let band = first..first + BAND;
    if let Some(known) = remembered.or(own).filter(|known| band.contains(known)) {
        return Some(known);
    }
    let others: BTreeSet<i32> = taken.iter().filter(|one| !is(one, object, rule)).map(|one| one.priority).collect();
    let predecessors = taken.iter().filter(|one| precedes(one, object, rule) && band.contains(&one.priority));
    let start = predecessors.map(|one| one.priority - first + 1).max().unwrap_or_else(|| start(object, &rule.key));
    (0..BAND).map(|step| first + (start + step) % BAND).find(|candidate| !others.contains(candidate))
}

/// Whether a taken priority is that of this very rule.
pub(super) fn is(taken: &TakenPriority, object: &str, rule: &Id) -> bool {
    taken.object.as_deref() == Some(object) && taken.resource.as_ref() == Some(rule)
}

/// Whether a taken priority is that of a rule that this one takes over from.
pub(super) fn precedes(taken: &TakenPriority, object: &str, rule: &Id) -> bool {
    let same_place = |other: &Id| other != rule && other.same_place(rule);
    taken.object.as_deref() == Some(object) && taken.resource.as_ref().is_some_and(same_place)
}

fn start(object: &str, key: &str) -> i32 {
    let hash = content_hash(&json!([object, key]));
    let number = hash.get(..8).and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or_default();
    i32::try_from(number % i64::from(BAND - ROOM)).unwrap_or_default()
}
