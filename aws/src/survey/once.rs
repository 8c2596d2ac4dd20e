//! Lists that are made once, by whoever asks first.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::fault::Fault;

type Cell<V> = Arc<OnceCell<Result<Arc<V>, Fault>>>;

/// Lists by what they are lists of. One that failed is not made again either: who wants it, makes another survey.
pub(crate) struct Once<K, V>(Mutex<HashMap<K, Cell<V>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V> Once<K, V> {
    /// The list of `key`, which `list` makes if it is not there.
    pub(crate) async fn get<F>(&self, key: K, list: impl FnOnce(K) -> F) -> Result<Arc<V>, Fault>
    where
        F: Future<Output = Result<V, Fault>>,
    {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key.clone()).or_default())
        };
        cell.get_or_init(|| async { list(key).await.map(Arc::new) }).await.clone()
    }
}
