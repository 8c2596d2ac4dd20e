//! The door of one client: an HTTP service in memory, behind the client's seam.

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use http::{HeaderValue, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use serde_json::Value;

use crate::recording::Outcome;
use crate::refusal::{self, Refusal};
use crate::request::Request;
use crate::seam::{Call, FOREVER, Seam, Verb, Verdict};
use crate::server::Server;
use crate::watch::Watch;

/// What a service answers.
pub(crate) type Answered = Response<UnsyncBoxBody<Bytes, io::Error>>;

pub(crate) struct Door {
    pub(crate) server: Arc<Server>,
    pub(crate) seam: Arc<dyn Seam>,
    client: String,
    calls: Mutex<HashMap<(Verb, String), usize>>,
    events: Mutex<HashMap<String, usize>>,
}

impl Door {
    pub(crate) fn new(server: Arc<Server>, client: &str, seam: Arc<dyn Seam>) -> Self {
        Self { server, seam, client: client.to_owned(), calls: Mutex::default(), events: Mutex::default() }
    }

    /// The number of the next event of a resource.
    pub(crate) fn nth_event(&self, resource: &str) -> usize {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = events.entry(resource.to_owned()).or_default();
        *nth += 1;
        *nth
    }

    fn call(&self, request: &Request) -> Call {
        let (verb, resource) = (request.verb, request.resource());
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = calls.entry((verb, resource.clone())).or_default();
        *nth += 1;
        Call { verb, resource, key: request.key.clone(), nth: *nth, write: verb.writes() }
    }

    async fn serve(self: Arc<Self>, request: http::Request<Body>) -> Result<Answered, io::Error> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        let request = match Request::read(&self.server.kinds, &parts, &body) {
            Ok(request) => request,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        let call = self.call(&request);
        let number = self.server.recording.begin(&self.client, &call);
        match self.seam.judge(&call) {
            Verdict::Serve => Ok(self.answer(number, &request, 0)),
            Verdict::Stale(changes) => Ok(self.answer(number, &request, changes)),
            Verdict::BreakBefore => {
                self.server.recording.end(number, Outcome::Broken, false);
                Err(broken())
            }
            Verdict::BreakAfter => {
                self.settle(number, &request, 0, Outcome::Lost);
                Err(broken())
            }
            Verdict::Refuse(refusal) => {
                self.server.recording.end(number, Outcome::Answered(refusal.code), false);
                Ok(refused(&refusal))
            }
            Verdict::Delay(delay) => {
                pause(delay).await;
                Ok(self.answer(number, &request, 0))
            }
            Verdict::DelayAnswer(delay) => {
                let answer = self.answer(number, &request, 0);
                pause(delay).await;
                Ok(answer)
            }
        }
    }

    fn answer(self: &Arc<Self>, number: usize, request: &Request, stale: usize) -> Answered {
        self.settle(number, request, stale, Outcome::Answered)
    }

    /// Has it done, and notes what came of it.
    fn settle(self: &Arc<Self>, number: usize, request: &Request, stale: usize, told: fn(u16) -> Outcome) -> Answered {
        let (answer, changed) = if request.verb == Verb::Watch {
            (self.watch(request, stale), false)
        } else {
            let (answer, changed) = self.server.serve(request, stale);
            (answer.map(|answer| json(answer.code, &answer.object)), changed)
        };
        let answer = answer.unwrap_or_else(|refusal| refused(&refusal));
        self.server.recording.end(number, told(answer.status().as_u16()), changed);
        answer
    }

    fn watch(self: &Arc<Self>, request: &Request, stale: usize) -> Result<Answered, Refusal> {
        let kind = self.server.kinds.plural(&request.key.resource).ok_or_else(refusal::no_such_resource)?;
        let watch = Watch::begin(self.clone(), kind, request, stale)?;
        let lines = watch.lines().map(|line| Ok(http_body::Frame::data(line)));
        Ok(response(200, StreamBody::new(lines).boxed_unsync()))
    }
}

/// The service under a client.
#[derive(Clone)]
pub(crate) struct DoorService(pub(crate) Arc<Door>);

impl tower::Service<http::Request<Body>> for DoorService {
    type Response = Answered;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Answered, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.0.clone().serve(request))
    }
}

fn json(code: u16, object: &Value) -> Answered {
    let body = Full::new(Bytes::from(object.to_string())).map_err(|never| match never {});
    response(code, body.boxed_unsync())
}

fn refused(refusal: &Refusal) -> Answered {
    json(refusal.code, &refusal::as_object(refusal))
}

fn response(code: u16, body: UnsyncBoxBody<Bytes, io::Error>) -> Answered {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection broke (a fault of the test)")
}

async fn pause(delay: Duration) {
    if delay == FOREVER {
        return pending().await;
    }
    tokio::time::sleep(delay).await;
}
