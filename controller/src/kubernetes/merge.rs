//! Several watches of one kind, told as one: whoever reads the store must not take the first list of one namespace for
//! everything there is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};

/// Namespace and name.
type Key = (Option<String>, String);

/// What each watch has told so far.
pub(super) struct Merge<K: Resource<DynamicType = ()> + 'static> {
    parts: Vec<Part<K>>,
    store: Store<K>,
    /// Whether every watch has told its first list.
    complete: bool,
}

struct Part<K> {
    /// The list that is being told; until all are complete, the first one as it has become since.
    list: BTreeMap<Key, K>,
    listed: bool,
    /// What of it is in the store.
    stored: BTreeSet<Key>,
}

impl<K> Merge<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + 'static,
{
    /// Of so many watches, whose objects all end in `store`.
    pub(super) fn new(watches: usize, store: Store<K>) -> Self {
        let part = || Part { list: BTreeMap::new(), listed: false, stored: BTreeSet::new() };
        Self { parts: std::iter::repeat_with(part).take(watches).collect(), store, complete: false }
    }

    /// What one watch's event means for the whole.
    pub(super) fn take(&mut self, watch: usize, event: Event<K>) -> Vec<Event<K>> {
        if self.parts.len() == 1 {
            return vec![event];
        }
        let Some(part) = self.parts.get_mut(watch) else { return vec![] };
        match event {
            Event::Init => {
                part.list.clear();
                part.listed = false;
                vec![]
            }
            Event::InitApply(object) => part.hold(object),
            Event::InitDone => {
                part.listed = true;
                self.listed(watch)
            }
            Event::Apply(object) if !self.complete => part.hold(object),
            Event::Apply(object) => {
                part.stored.insert(key(&object));
                vec![Event::Apply(object)]
            }
            Event::Delete(object) if !self.complete => {
                part.list.remove(&key(&object));
                vec![]
            }
            Event::Delete(object) => {
                part.stored.remove(&key(&object));
                vec![Event::Delete(object)]
            }
        }
    }

    fn listed(&mut self, watch: usize) -> Vec<Event<K>> {
        if self.complete {
            return self.listed_again(watch);
        }
        if !self.parts.iter().all(|part| part.listed) {
            return vec![];
        }
        self.complete = true;
        let objects = self.parts.iter_mut().flat_map(Part::store);
        [Event::Init].into_iter().chain(objects.map(Event::InitApply)).chain([Event::InitDone]).collect()
    }

    /// The other watches' objects stay: this list is told object by object, and so is what is no longer in it.
    fn listed_again(&mut self, watch: usize) -> Vec<Event<K>> {
        let Some(part) = self.parts.get_mut(watch) else { return vec![] };
        let before = part.stored.clone();
        let now = part.store();
        let gone = before.difference(&part.stored).filter_map(|(namespace, name)| {
            let at = ObjectRef::new(name);
            self.store.get(&namespace.iter().fold(at, |at, namespace| at.within(namespace)))
        });
        let gone = gone.map(|object| Event::Delete(object.as_ref().clone()));
        gone.chain(now.into_iter().map(Event::Apply)).collect()
    }
}

impl<K: Resource<DynamicType = ()>> Part<K> {
    fn hold(&mut self, object: K) -> Vec<Event<K>> {
        self.list.insert(key(&object), object);
        vec![]
    }

    /// The list, which is in the store from now on.
    fn store(&mut self) -> Vec<K> {
        self.stored = self.list.keys().cloned().collect();
        std::mem::take(&mut self.list).into_values().collect()
    }
}

fn key<K: Resource>(object: &K) -> Key {
    (object.namespace(), object.name_any())
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::runtime::reflector::store;
    use serde_json::json;

    /// `a/one` is the object one in the namespace a.
    fn object(name: &str) -> ConfigMap {
        let (namespace, name) = name.split_once('/').unwrap();
        serde_json::from_value(json!({"metadata": {"namespace": namespace, "name": name}})).unwrap()
    }

    /// `0 list a/one a/two`, `1 put b/one`, `1 del b/one`: what a watch tells.
    fn events(told: &str) -> (usize, Vec<Event<ConfigMap>>) {
        let mut words = told.split(' ');
        let watch = words.next().unwrap().parse().unwrap();
        let events = match (words.next().unwrap(), words.map(object)) {
            ("begin", objects) => [Event::Init].into_iter().chain(objects.map(Event::InitApply)).collect(),
            ("list", objects) => {
                let listed = [Event::Init].into_iter().chain(objects.map(Event::InitApply));
                listed.chain([Event::InitDone]).collect()
            }
            ("put", objects) => objects.map(Event::Apply).collect(),
            (_, objects) => objects.map(Event::Delete).collect(),
        };
        (watch, events)
    }

    /// What it is, what the watches tell one after the other, and what the store then holds; `None`: it is not ready.
    type Case<'a> = (&'a str, &'a [&'a str], Option<&'a [&'a str]>);

    #[test]
    fn the_store_holds_what_all_watches_told_and_is_ready_when_all_have_listed() {
        let cases: [Case<'_>; 8] = [
            ("one list of two", &["0 list a/one"], None),
            ("both lists", &["0 list a/one", "1 list b/one"], Some(&["a/one", "b/one"])),
            ("a list of nothing", &["0 list", "1 list b/one"], Some(&["b/one"])),
            (
                "a change before the other list",
                &["0 list a/one a/two", "0 put a/three", "0 del a/one", "1 list"],
                Some(&["a/three", "a/two"]),
            ),
            ("a list that broke off and is told anew", &["0 begin a/old", "0 list a/new", "1 list"], Some(&["a/new"])),
            (
                "a later list leaves the other namespace alone",
                &["0 list a/one a/two", "1 list b/one", "0 list a/two a/three"],
                Some(&["a/three", "a/two", "b/one"]),
            ),
            (
                "changes after both",
                &["0 list a/one", "1 list b/one", "0 put a/two", "1 del b/one"],
                Some(&["a/one", "a/two"]),
            ),
            ("a later list that is not complete", &["0 list a/one", "1 list", "0 begin a/two"], Some(&["a/one"])),
        ];
        for (what, told, expected) in cases {
            let (reader, mut writer) = store();
            let mut merge = Merge::new(2, reader.clone());
            for (watch, events) in told.iter().map(|told| events(told)) {
                for event in events {
                    merge.take(watch, event).iter().for_each(|event| writer.apply_watcher_event(event));
                }
            }
            let ready = futures::FutureExt::now_or_never(reader.wait_until_ready()).is_some();
            assert_eq!(ready, expected.is_some(), "{what}: ready");
            let mut names: Vec<String> = reader
                .state()
                .iter()
                .map(|object| format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any()))
                .collect();
            names.sort();
            assert_eq!(names, expected.unwrap_or_default(), "{what}");
        }
    }
}
