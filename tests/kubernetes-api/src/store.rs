//! The objects, and everything that ever happened to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::key::Key;
use crate::metadata;

/// A stored object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// As it is read.
    pub(crate) object: Arc<Value>,
    /// Whether reading fills in defaults that are not stored: then writing it back unchanged changes what is stored.
    pub(crate) bare: bool,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    before: Option<Entry>,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub(crate) what: &'static str,
    /// As a watch tells it: of a deleted object, its last state under the revision of its deletion.
    pub(crate) object: Arc<Value>,
}

/// Which objects are meant: all of a resource, those of a namespace, or one.
#[derive(Clone, Debug)]
pub(crate) struct Scope(pub(crate) Key);

impl Scope {
    pub(crate) fn holds(&self, key: &Key) -> bool {
        let Self(scope) = self;
        key.resource == scope.resource
            && (scope.namespace.is_empty() || key.namespace == scope.namespace)
            && (scope.name.is_empty() || key.name == scope.name)
    }
}

/// That far back nothing is known any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Forgotten {
    /// The oldest revision that is still known.
    pub(crate) oldest: u64,
}

/// Objects by key, under one revision that counts all changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    objects: BTreeMap<Key, Entry>,
    /// One for each revision above `oldest`, without gaps.
    changes: Vec<Change>,
    oldest: u64,
    uids: u64,
}

impl Store {
    pub(crate) fn revision(&self) -> u64 {
        self.changes.last().map_or(self.oldest, |last| last.revision)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Entry> {
        self.objects.get(key)
    }

    /// All objects, by key.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter().map(|(key, entry)| (key, &entry.object))
    }

    /// The objects of a scope, in the order of the server's lists: that of their paths.
    pub(crate) fn within(&self, scope: &Scope) -> Vec<Arc<Value>> {
        in_order(self.objects.iter().filter(|(key, _)| scope.holds(key)))
    }

    /// The objects of a scope as they were after this revision.
    pub(crate) fn within_at(&self, scope: &Scope, revision: u64) -> Result<Vec<Arc<Value>>, Forgotten> {
        let mut then: BTreeMap<Key, Entry> =
            self.objects.iter().filter(|(key, _)| scope.holds(key)).map(|(k, e)| (k.clone(), e.clone())).collect();
        for change in self.since(revision)?.iter().rev().filter(|change| scope.holds(&change.key)) {
            match &change.before {
                Some(before) => then.insert(change.key.clone(), before.clone()),
                None => then.remove(&change.key),
            };
        }
        Ok(in_order(then.iter()))
    }

    /// The revision before the last so many changes of a scope; as far back as is known.
    pub(crate) fn revision_before(&self, scope: &Scope, changes: usize) -> u64 {
        let mut of_scope = self.changes.iter().rev().filter(|change| scope.holds(&change.key));
        match changes.checked_sub(1) {
            None => self.revision(),
            Some(back) => of_scope.nth(back).map_or(self.oldest, |change| change.revision - 1),
        }
    }

    /// Everything that happened after this revision.
    pub(crate) fn since(&self, revision: u64) -> Result<&[Change], Forgotten> {
        let forgotten = Forgotten { oldest: self.oldest };
        let known = revision.checked_sub(self.oldest).ok_or(forgotten)?;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        Ok(self.changes.get(known..).unwrap_or_default())
    }

    /// Forgets everything but the present.
    pub(crate) fn forget(&mut self) {
        self.oldest = self.revision();
        self.changes.clear();
    }

    /// A UID that nothing had before. The same in every run.
    pub(crate) fn uid(&mut self) -> String {
        self.uids += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.uids)
    }

    /// Stores an object under a new revision.
    pub(crate) fn put(&mut self, key: &Key, mut object: Value, bare: bool) -> Arc<Value> {
        let revision = self.revision() + 1;
        metadata::set(&mut object, "resourceVersion", json!(revision.to_string()));
        let object = Arc::new(object);
        let before = self.objects.insert(key.clone(), Entry { object: object.clone(), bare });
        let what = if before.is_some() { "MODIFIED" } else { "ADDED" };
        self.changes.push(Change { revision, key: key.clone(), before, what, object: object.clone() });
        object
    }

    /// Removes an object, under a new revision.
    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(before) = self.objects.remove(key) else { return };
        let revision = self.revision() + 1;
        let mut last = before.object.as_ref().clone();
        metadata::set(&mut last, "resourceVersion", json!(revision.to_string()));
        let (key, object) = (key.clone(), Arc::new(last));
        self.changes.push(Change { revision, key, before: Some(before), what: "DELETED", object });
    }
}

fn in_order<'a>(objects: impl Iterator<Item = (&'a Key, &'a Entry)>) -> Vec<Arc<Value>> {
    let mut objects: Vec<_> = objects.collect();
    objects.sort_by_cached_key(|(key, _)| key.path());
    objects.into_iter().map(|(_, entry)| entry.object.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boat(name: &str, size: u64) -> (Key, Value) {
        (Key::new("boats", "sea", name), json!({"metadata": {"name": name}, "size": size}))
    }

    fn all() -> Scope {
        Scope(Key::new("boats", "", ""))
    }

    fn sizes(objects: &[Arc<Value>]) -> Vec<u64> {
        objects.iter().filter_map(|object| object["size"].as_u64()).collect()
    }

    #[test]
    fn every_state_can_be_seen_again_until_it_is_forgotten() {
        let mut store = Store::default();
        for (key, object) in [boat("a", 1), boat("b", 2), boat("a", 3)] {
            store.put(&key, object, false);
        }
        store.remove(&boat("b", 0).0);
        let states = [vec![], vec![1], vec![1, 2], vec![3, 2], vec![3]];
        for (revision, expected) in (0..).zip(&states) {
            assert_eq!(sizes(&store.within_at(&all(), revision).unwrap()), *expected, "{revision}");
        }
        assert_eq!(store.revision_before(&all(), 2), 2);
        assert_eq!(store.revision_before(&Scope(boat("a", 0).0), 1), 2);
        assert_eq!(store.since(3).unwrap().iter().map(|c| c.what).collect::<Vec<_>>(), ["DELETED"]);

        store.forget();
        assert_eq!(store.within_at(&all(), 3).unwrap_err(), Forgotten { oldest: 4 });
        assert_eq!(sizes(&store.within_at(&all(), 4).unwrap()), [3]);
    }

    #[test]
    fn lists_are_in_the_order_of_paths() {
        let mut store = Store::default();
        for (namespace, name) in [("a", "x"), ("a-b", "x"), ("a", "a")] {
            store.put(&Key::new("boats", namespace, name), json!({"metadata": {}, "at": [namespace, name]}), false);
        }
        let at: Vec<_> = store.within(&all()).iter().map(|object| object["at"].clone()).collect();
        assert_eq!(at, [json!(["a-b", "x"]), json!(["a", "a"]), json!(["a", "x"])]);
    }
}
