//! What all clients share.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::key::Key;
use crate::kind::{Kinds, NAMESPACES};
use crate::recording::Recording;
use crate::refusal::{self, Refusal};
use crate::request::Request;
use crate::seam::Verb;
use crate::store::Store;
use crate::write::{Answer, EVERYWHERE, Writer};
use crate::{metadata, read};

pub(crate) struct Server {
    pub(crate) kinds: Kinds,
    pub(crate) recording: Recording,
    clock: Clock,
    store: Mutex<Store>,
    /// The last revision, for watches to wait on.
    revision: watch::Sender<u64>,
}

impl Server {
    pub(crate) fn new(kinds: Kinds, clock: Clock) -> Self {
        let (revision, _) = watch::channel(0);
        let (recording, store) = (Recording::default(), Mutex::default());
        let server = Self { kinds, recording, clock, store, revision };
        for name in EVERYWHERE {
            let mut namespace = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {}});
            metadata::set(&mut namespace, "name", name.into());
            if let Some(kind) = server.kinds.plural(NAMESPACES) {
                let (_created, _) = server.write(|writer| writer.create(kind, "", namespace));
            }
        }
        server
    }

    pub(crate) fn fork(&self, clock: Clock) -> Self {
        let store = self.read(Store::clone);
        let (revision, _) = watch::channel(store.revision());
        Self { kinds: self.kinds.clone(), recording: Recording::default(), clock, store: Mutex::new(store), revision }
    }

    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers also whether anything changed.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&mut Writer<'_>) -> T) -> (T, bool) {
        let now = self.clock.now();
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let before = store.revision();
        let mut writer = Writer::new(&self.kinds, &mut store, now);
        let written = write(&mut writer);
        let changed = writer.revision() != before;
        if changed {
            writer.end_namespaces();
        }
        let revision = store.revision();
        drop(store);
        if changed {
            self.revision.send_replace(revision);
        }
        (written, changed)
    }

    /// Forgets everything but the present.
    pub(crate) fn forget(&self) {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).forget();
    }

    /// Serves everything but watches. Answers also whether anything changed.
    pub(crate) fn serve(&self, request: &Request, stale: usize) -> (Result<Answer, Refusal>, bool) {
        let Some(kind) = self.kinds.plural(&request.key.resource) else {
            return (Err(refusal::no_such_resource()), false);
        };
        let Request { verb, key, part, body, .. } = request;
        match verb {
            Verb::Get => (self.read(|store| read::get(store, kind, key, stale)), false),
            Verb::List | Verb::Watch => (self.read(|store| read::list(store, kind, request, stale)), false),
            Verb::Create => self.write(|writer| writer.create(kind, &key.namespace, body.clone())),
            Verb::Update => self.write(|writer| writer.replace(kind, key, *part, body.clone())),
            Verb::Patch => self.write(|writer| writer.patch(kind, key, *part, body)),
            Verb::Delete => self.write(|writer| writer.delete(kind, key, body)),
        }
    }

    pub(crate) fn object(&self, key: &Key) -> Option<Arc<Value>> {
        self.read(|store| store.get(key).map(|entry| entry.object.clone()))
    }
}
