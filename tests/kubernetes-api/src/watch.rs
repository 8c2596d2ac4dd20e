//! Watches: what is there, if asked for, and then everything that happens.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use crate::door::Door;
use crate::key::Key;
use crate::kind::Kind;
use crate::metadata::{self, text};
use crate::read;
use crate::refusal::{self, Refusal};
use crate::request::Request;
use crate::seam::{Delivery, Event};
use crate::store::{Change, Scope, Store};

/// How often a watch tells that nothing has happened, so that the client need not go back far when it ends.
/// (apiserver, `defaultBookmarkFrequency`.)
const BOOKMARKS: Duration = Duration::from_mins(1);

/// What is about to be told.
enum Told {
    Object {
        change: &'static str,
        object: Arc<Value>,
        initial: bool,
    },
    Bookmark(Value),
    /// The last word.
    Error(Refusal),
}

/// A running watch.
pub(crate) struct Watch {
    door: Arc<Door>,
    scope: Scope,
    /// As in bookmarks.
    type_: (String, String),
    news: Receiver<u64>,
    /// Everything up to this revision has been told, or is in `next`.
    told: u64,
    next: VecDeque<Told>,
    ends: Option<Instant>,
    bookmark: Option<Instant>,
    ended: bool,
}

impl Watch {
    /// Begins with what the request asks for, as it was before the last `stale` changes.
    pub(crate) fn begin(door: Arc<Door>, kind: &Kind, request: &Request, stale: usize) -> Result<Self, Refusal> {
        read::is_valid(&request.query)?;
        let (query, scope) = (&request.query, Scope(request.key.clone()));
        let (since, bookmarks) =
            (query.number("resourceVersion")?.unwrap_or_default(), query.is("allowWatchBookmarks"));
        let whole = query.flag("sendInitialEvents");
        let news = door.server.news();
        let type_ = (kind.api_version(), kind.name.clone());
        let now = Instant::now();
        let ends = query.number("timeoutSeconds")?.map(|seconds| now + Duration::from_secs(seconds));
        let bookmark = bookmarks.then(|| now + BOOKMARKS);
        let next = VecDeque::new();
        let mut watch = Self { door, scope, type_, news, told: since, next, ends, bookmark, ended: false };
        if whole == Some(true) || (whole.is_none() && since == 0) {
            watch.told = watch.door.server.read(|store| {
                let revision = store.revision_before(&watch.scope, stale);
                watch.next.extend(initial(store, &watch.scope, revision));
                revision
            });
            if whole == Some(true) && bookmarks {
                let mut end = watch.bookmark();
                metadata::set(&mut end, "annotations", json!({"k8s.io/initial-events-end": "true"}));
                watch.next.push_back(Told::Bookmark(end));
            }
        } else if since == 0 {
            watch.told = watch.door.server.read(Store::revision);
        }
        Ok(watch)
    }

    /// The lines of the answer.
    pub(crate) fn lines(self) -> impl Stream<Item = Bytes> + Send {
        futures::stream::unfold(self, |mut watch| async move { watch.line().await.map(|line| (line, watch)) })
    }

    /// The next lines of the answer; `None` at its end.
    async fn line(&mut self) -> Option<Bytes> {
        while !self.ended {
            if let Some(told) = self.next.pop_front() {
                if let Some(line) = self.tell(told) {
                    return Some(line);
                }
            } else if !self.look() {
                self.wait().await;
            }
        }
        None
    }

    /// Takes up what has happened. Answers whether there is something to tell.
    fn look(&mut self) -> bool {
        let (scope, told) = (&self.scope, self.told);
        let (next, told) = self.door.server.read(|store| match store.since(told) {
            Ok(changes) => {
                let next: VecDeque<_> = changes.iter().filter(|c| scope.holds(&c.key)).map(Told::from).collect();
                (next, store.revision().max(told))
            }
            Err(forgotten) => ([Told::Error(refusal::expired(told, forgotten.oldest))].into(), told),
        });
        (self.next, self.told) = (next, told);
        !self.next.is_empty()
    }

    /// Until something has happened, or it is time for a bookmark or for the end.
    async fn wait(&mut self) {
        let (ends, bookmark) = (self.ends, self.bookmark);
        tokio::select! {
            biased;
            changed = self.news.changed() => self.ended = changed.is_err(),
            () = at(ends) => self.ended = true,
            () = at(bookmark) => {
                self.bookmark = bookmark.map(|at| at + BOOKMARKS);
                self.next.push_back(Told::Bookmark(self.bookmark()));
            }
        }
    }

    /// The line for something; `None` where the seam keeps it back.
    fn tell(&mut self, told: Told) -> Option<Bytes> {
        let (change, object, initial) = match told {
            Told::Object { change, object, initial } => (change, object, initial),
            Told::Bookmark(bookmark) => return Some(line("BOOKMARK", &bookmark)),
            Told::Error(refusal) => return Some(self.last_word(&refusal)),
        };
        let resource = &self.scope.0.resource;
        let key = Key::new(resource, text(&object, "namespace"), text(&object, "name"));
        let nth = self.door.nth_event(resource);
        match self.door.seam.deliver(&Event { change, key, nth, initial }) {
            Delivery::Deliver => Some(line(change, &object)),
            Delivery::Lose => None,
            Delivery::Double => Some([line(change, &object), line(change, &object)].concat().into()),
            Delivery::Close => {
                self.ended = true;
                None
            }
            Delivery::Expire => Some(self.last_word(&refusal::expired(self.told, self.told))),
        }
    }

    fn last_word(&mut self, refusal: &Refusal) -> Bytes {
        self.ended = true;
        line("ERROR", &refusal::as_object(refusal))
    }

    fn bookmark(&self) -> Value {
        let (api_version, kind) = &self.type_;
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"resourceVersion": self.told.to_string()}})
    }
}

impl From<&Change> for Told {
    fn from(change: &Change) -> Self {
        Self::Object { change: change.what, object: change.object.clone(), initial: false }
    }
}

fn initial(store: &Store, scope: &Scope, revision: u64) -> Vec<Told> {
    let objects = store.within_at(scope, revision).unwrap_or_default();
    objects.into_iter().map(|object| Told::Object { change: "ADDED", object, initial: true }).collect()
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

fn line(change: &str, object: &Value) -> Bytes {
    format!("{}\n", json!({"type": change, "object": object})).into()
}
