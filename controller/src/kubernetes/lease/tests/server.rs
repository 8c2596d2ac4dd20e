//! One Lease behind a client of kube, as the API server keeps it: whoever writes must name the last resourceVersion.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower::{BoxError, service_fn};

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It takes effect after so many milliseconds, and is answered after so many more.
    Answered(u64, u64),
    /// It takes effect after so many milliseconds, and the answer never comes.
    AnswerLost(u64),
    /// It never arrives.
    Lost,
    /// The API server has no time.
    Refused,
}

/// The API server; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Server(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lease: Option<Lease>,
    version: u64,
    /// What becomes of the next requests; the first comes last. When there are none left, all is well.
    fates: Vec<Fate>,
    namespace_missing: bool,
    writes: u32,
}

impl Server {
    /// A client of it.
    pub(super) fn client(&self) -> Client {
        let server = self.clone();
        let service = service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { server.answer(request).await }
        });
        Client::new(service, "default")
    }

    /// Decides what becomes of the next requests.
    pub(super) fn weather(&self, fates: Vec<Fate>) {
        self.with(|state| state.fates = fates);
    }

    pub(super) fn without_namespace(&self) {
        self.with(|state| state.namespace_missing = true);
    }

    /// Somebody deletes the Lease.
    pub(super) fn delete(&self) {
        self.with(|state| state.lease = None);
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        self.with(|state| state.lease.clone())
    }

    /// How often it was written.
    pub(super) fn writes(&self) -> u32 {
        self.with(|state| state.writes)
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let method = request.method().clone();
        let body = request.into_body().collect_bytes().await?;
        let fate = self.with(|state| state.fates.pop()).unwrap_or(Fate::Answered(1, 1));
        let (before, after) = match fate {
            Fate::Answered(before, after) => (before, Some(after)),
            Fate::AnswerLost(before) => (before, None),
            Fate::Lost => return std::future::pending().await,
            Fate::Refused => return Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "no time")),
        };
        // A task of its own: what is on its way arrives, though nobody waits for the answer any more.
        let server = self.clone();
        let effect = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(before)).await;
            server.with(|state| state.take(&method, &body))
        });
        let response = effect.await?;
        let Some(after) = after else { return std::future::pending().await };
        tokio::time::sleep(Duration::from_millis(after)).await;
        Ok(response)
    }
}

impl State {
    fn take(&mut self, method: &Method, body: &[u8]) -> Response<Body> {
        if *method == Method::GET {
            return match &self.lease {
                Some(lease) => answer(StatusCode::OK, &serde_json::to_value(lease).unwrap()),
                None => refusal(StatusCode::NOT_FOUND, "there is no such lease"),
            };
        }
        if self.namespace_missing {
            return refusal(StatusCode::NOT_FOUND, "there is no such namespace");
        }
        let mut lease: Lease = serde_json::from_slice(body).unwrap();
        let current = self.lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
        match (method, current) {
            (&Method::POST, None) => {}
            (&Method::PUT, Some(current)) if lease.metadata.resource_version == Some(current.clone()) => {}
            (&Method::PUT, None) => return refusal(StatusCode::NOT_FOUND, "there is no such lease"),
            _ => return refusal(StatusCode::CONFLICT, "it was changed meanwhile"),
        }
        self.version += 1;
        self.writes += 1;
        lease.metadata.resource_version = Some(self.version.to_string());
        self.lease = Some(lease.clone());
        answer(StatusCode::OK, &serde_json::to_value(lease).unwrap())
    }
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    Response::builder().status(status).body(Body::from(body.to_string().into_bytes())).unwrap()
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let reason = match status {
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::CONFLICT => "Conflict",
        _ => "ServiceUnavailable",
    };
    let (kind, code) = ("Status", status.as_u16());
    answer(status, &json!({"kind": kind, "status": "Failure", "reason": reason, "message": message, "code": code}))
}
