//! Events for what happened once.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::core::Status;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::CALL;
use super::status::WriteError;

/// One recorder for the process: it counts repetitions instead of making new Events. Its key is type, action, reason
/// and object, and the first note stays; so what varies goes into the action.
#[derive(Clone)]
pub(crate) struct Events(Recorder);

impl Events {
    pub(crate) fn new(client: Client) -> Self {
        let reporter = Reporter { controller: "longshore".to_owned(), instance: std::env::var("HOSTNAME").ok() };
        Self(Recorder::new(client, reporter))
    }

    /// Tells an Event. That it cannot be told is logged and changes nothing.
    pub(crate) async fn tell(&self, object: &ObjectReference, warning: bool, reason: &str, action: &str, note: String) {
        let event = Event {
            type_: if warning { EventType::Warning } else { EventType::Normal },
            reason: reason.to_owned(),
            note: Some(note.chars().take(1000).collect()),
            action: action.chars().take(128).collect(),
            secondary: None,
        };
        match tokio::time::timeout(CALL, self.0.publish(&event, object)).await {
            Ok(Ok(())) => {}
            // What is deleted last goes after Kubernetes has closed its namespace to anything new.
            Ok(Err(kube::Error::Api(refused))) if refused.code == 403 && ends_with_its_namespace(&refused) => {}
            Ok(Err(error)) => match WriteError::from(error) {
                WriteError::NotLeader => {}
                error => tracing::warn!(%error, "an Event could not be written"),
            },
            Err(_) => tracing::warn!("an Event could not be written in time"),
        }
    }
}

fn ends_with_its_namespace(refused: &Status) -> bool {
    let causes = refused.details.iter().flat_map(|details| &details.causes);
    causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
}
