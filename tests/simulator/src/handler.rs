//! The one handler behind both doors: request in, response out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::call::{Answer, Call, Fault, Protocol, Service};
use crate::clock::Clock;
use crate::control;
use crate::faults::Kind;
use crate::protocol::{ec2_query, json, query, rest_json, rest_xml};
use crate::recording::Entry;
use crate::world::World;

/// A simulated AWS account. Clones are the same account.
#[derive(Clone, Debug)]
pub struct Simulator {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    world: World,
}

/// On a response: the reply is to be held back so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delayed(pub Duration);

/// On a response: the reply is to be lost, its effect kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// The connection broke before a reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was closed before a reply came")]
pub struct ConnectionLost;

impl Simulator {
    /// An account that holds `world`, at the time that `clock` shows.
    pub fn new(mut world: World, clock: Clock) -> Self {
        world.now = world.now.min(clock.now());
        Self { inner: Arc::new(Mutex::new(Inner { clock, world })) }
    }

    /// The world of the examples, in real time.
    pub fn seeded() -> Self {
        Self::new(crate::world_file::seed(), Clock::default())
    }

    /// Answers a request at once. What a fault rule wants done to the reply stands in the response's extensions
    /// ([`Delayed`], [`Lost`]); [`Simulator::answer`] does it.
    #[allow(clippy::needless_pass_by_value, reason = "a door hands over the request that it owns")]
    pub fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        if request.uri().path().starts_with(control::PREFIX) {
            return control::handle(self, &request);
        }
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.world.advance_to(inner.clock.now());
        serve(&mut inner.world, &request)
    }

    /// Answers a request in its time: waits where a fault rule delays the reply, fails where one loses it.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
        let response = self.handle(request);
        if let Some(Delayed(by)) = response.extensions().get::<Delayed>() {
            tokio::time::sleep(*by).await;
        }
        if response.extensions().get::<Lost>().is_some() {
            return Err(ConnectionLost);
        }
        Ok(response)
    }

    /// Moves simulated time forward, and the world with it.
    pub fn advance(&self, by: Duration) {
        let mut inner = self.lock();
        inner.clock.advance(by);
        let now = inner.clock.now();
        inner.world.advance_to(now);
    }

    /// Looks at the world, or changes it behind everyone's back, at the present.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut inner = self.lock();
        let now = inner.clock.now();
        inner.world.advance_to(now);
        look(&mut inner.world)
    }

    /// A panic in another thread's test leaves the world readable: it is only data.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one AWS request from the world as it is now.
fn serve(world: &mut World, request: &Request<Bytes>) -> Response<Bytes> {
    let request_id = world.ids.uuid();
    let (service, parsed) = match recognise(world, request) {
        Ok(recognised) => recognised,
        Err(fault) => return respond(Service::Ecs, "", &Err(fault), &request_id),
    };
    let call = match parsed {
        Ok(call) => call,
        Err(fault) => return respond(service, "", &Err(fault), &request_id),
    };
    let kinds = world.faults.due(&call);
    let answer = answer(world, &call, &kinds);
    record(world, &call, &answer);
    let mut response = respond(service, &call.operation, &answer, &request_id);
    for kind in kinds {
        match kind {
            Kind::Delay { ms } => drop(response.extensions_mut().insert(Delayed(Duration::from_millis(ms)))),
            Kind::LostReply => drop(response.extensions_mut().insert(Lost)),
            Kind::Throttle | Kind::Error { .. } | Kind::Stale => {}
        }
    }
    response
}

/// The service's answer, or the fault that a rule or a rate limit puts before it.
fn answer(world: &mut World, call: &Call, kinds: &[Kind]) -> Answer {
    for kind in kinds {
        match kind {
            Kind::Throttle => return Err(throttled(call.service)),
            Kind::Error { code, status, message } => return Err(Fault::new(*status, code, message)),
            Kind::LostReply | Kind::Delay { .. } | Kind::Stale => {}
        }
    }
    if world.settings.rate_limits && !world.limits.take(call) {
        return Err(throttled(call.service));
    }
    if kinds.contains(&Kind::Stale) {
        return world.call_stale(call);
    }
    if !call.is_read() && world.faults.stale_pending() {
        world.remember();
    }
    world.call(call)
}

/// The error by which a service says that it is asked too often.
fn throttled(service: Service) -> Fault {
    match service.protocol() {
        Protocol::Ec2Query => Fault::new(503, "RequestLimitExceeded", "Request limit exceeded."),
        Protocol::Query | Protocol::RestXml => Fault::bad_request("Throttling", "Rate exceeded"),
        Protocol::Json | Protocol::RestJson => Fault::bad_request("ThrottlingException", "Rate exceeded"),
    }
}

fn record(world: &mut World, call: &Call, answer: &Answer) {
    let outcome = answer.as_ref().err().map_or_else(|| "OK".to_owned(), |fault| fault.code.clone());
    world.recording.add(Entry {
        seq: 0,
        time: call.time,
        service: call.service.name(),
        operation: call.operation.clone(),
        input: call.input.clone(),
        outcome,
        write: !call.is_read(),
        access_key: call.access_key.clone(),
    });
}

/// Whose request this is, and the call in it. The outer error is for requests that name no service.
fn recognise(world: &World, request: &Request<Bytes>) -> Result<(Service, Result<Call, Fault>), Fault> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let missing = || Fault::forbidden("MissingAuthenticationTokenException", "Missing Authentication Token");
    let scope = header("authorization").and_then(Scope::parse).ok_or_else(missing)?;
    let target = header("x-amz-target").and_then(|target| target.split_once('.'));
    let service = target
        .and_then(|(prefix, _)| Service::from_target(prefix))
        .or_else(|| Service::from_scope(&scope.service))
        .ok_or_else(|| {
            Fault::bad_request("UnknownOperationException", format!("The simulator has no service {}.", scope.service))
        })?;
    Ok((service, call(world, service, &scope, target.map(|(_, operation)| operation), request)))
}

fn call(
    world: &World,
    service: Service,
    scope: &Scope,
    target: Option<&str>,
    request: &Request<Bytes>,
) -> Result<Call, Fault> {
    let body = request.body();
    let (operation, input) = match service.protocol() {
        Protocol::Json => {
            let operation =
                target.ok_or_else(|| Fault::bad_request("UnknownOperationException", "No X-Amz-Target."))?;
            (operation.to_owned(), json::parse(body)?)
        }
        Protocol::Query => query::parse(body)?,
        Protocol::Ec2Query => ec2_query::parse(body)?,
        Protocol::RestXml => rest_xml::parse(request.method(), request.uri(), body)?,
        Protocol::RestJson => rest_json::parse(request.method(), request.uri(), body)?,
    };
    if service.is_regional() && scope.region != world.region {
        let message = format!("The simulated account has resources in {} only, not in {}.", world.region, scope.region);
        return Err(Fault::bad_request("SimulatorHasOneRegion", message));
    }
    Ok(Call {
        service,
        operation,
        input,
        region: scope.region.clone(),
        access_key: scope.access_key.clone(),
        account_id: world.account_id.clone(),
        time: world.now,
    })
}

/// The credential scope of a `SigV4` signature; the signature itself isn't checked.
struct Scope {
    access_key: String,
    region: String,
    service: String,
}

impl Scope {
    /// From `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`.
    fn parse(authorization: &str) -> Option<Self> {
        let (_, rest) = authorization.split_once("Credential=")?;
        let mut parts = rest.split(',').next()?.trim().split('/');
        let access_key = parts.next()?.to_owned();
        let (_date, region, service) = (parts.next()?, parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { access_key, region, service })
    }
}

fn respond(service: Service, operation: &str, answer: &Answer, request_id: &str) -> Response<Bytes> {
    let (content_type, (status, body)) = match service.protocol() {
        Protocol::Json => ("application/x-amz-json-1.1", json::render(answer)),
        Protocol::Query => ("text/xml", query::render(service, operation, answer, request_id)),
        Protocol::Ec2Query => ("text/xml;charset=UTF-8", ec2_query::render(operation, answer, request_id)),
        Protocol::RestXml => ("text/xml", rest_xml::render(operation, answer, request_id)),
        Protocol::RestJson => ("application/json", rest_json::render(answer)),
    };
    let mut response = Response::builder();
    if let (Protocol::RestJson, Err(fault)) = (service.protocol(), answer) {
        response = response.header("x-amzn-errortype", &fault.code);
    }
    let response = response
        .status(status)
        .header("content-type", content_type)
        .header("x-amzn-requestid", request_id)
        .body(Bytes::from(body));
    response.unwrap_or_else(|_| Response::new(Bytes::new()))
}

#[cfg(test)]
mod tests;
