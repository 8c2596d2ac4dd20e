//! The endpoints under `/_simulator/`: what tests and the demo ask of the simulator itself, not of AWS.
//!
//! `GET calls[?write=true&since=SEQ]`, `DELETE calls`, `GET clock`, `POST clock/advance {seconds}`, `GET world`,
//! `GET|POST|DELETE faults`, `POST images {image, missing, exits, unhealthy, listens, listensAfterSeconds}`,
//! `POST capacity {fargateTasks}`, `POST settings {rateLimits, pageSize}`, `POST tasks/stop {task, reason, exitCode}`,
//! `POST hooks {function, answer}`, what a function answers at a stage of a deployment: `SUCCEEDED`, `FAILED`, `IN_PROGRESS`,
//! `POST alarms {name, alarming}` and `POST loads {service, metric, value}` of CloudWatch,
//! `POST instances/interrupt {instance}`, a Spot instance that EC2 takes back, and `POST zones/lose {zone}`, null for none,
//! `POST events {bus, source, detailType, detail, resources}`, an event such as AWS's services tell,
//! `POST request {url, host, method, headers, sourceIp}` through a load balancer, `GET|DELETE probes` and
//! `POST probes {name, ...}`, which send such a request in every simulated second and count what fails.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::call::Fault;
use crate::faults::Rule;
use crate::handler::Simulator;
use crate::images::Behaviour;
use crate::services::cloudwatch;
use crate::services::ec2;
use crate::services::ec2_auto_scaling;
use crate::services::ecs;
use crate::services::elbv2::{self, Question};
use crate::services::eventbridge;

/// Where these endpoints lie.
pub const PREFIX: &str = "/_simulator/";

/// Answers one of these endpoints, in JSON.
pub fn handle(simulator: &Simulator, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match answer(simulator, request) {
        Ok(body) => (200, body),
        Err(fault) => (fault.status, json!({"error": fault.message})),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Bytes::from(body.to_string())).unwrap_or_else(|_| Response::new(Bytes::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Capacity {
    fargate_tasks: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interrupt {
    instance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoseZone {
    zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    rate_limits: Option<bool>,
    page_size: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    service: String,
    metric: String,
    value: f64,
}

#[derive(Deserialize)]
struct HookAnswer {
    function: String,
    answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alarm {
    name: String,
    alarming: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StopTask {
    task: String,
    reason: Option<String>,
    exit_code: Option<i32>,
}

fn answer(simulator: &Simulator, request: &Request<Bytes>) -> Result<Value, Fault> {
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    let body = request.body();
    match (request.method(), path) {
        (&Method::GET, "calls") => calls(simulator, request.uri().query().unwrap_or_default()),
        (&Method::DELETE, "calls") => Ok(simulator.with_world(|world| {
            world.recording.clear();
            json!({})
        })),
        (&Method::GET, "clock") => Ok(simulator.with_world(|world| json!({"now": crate::clock::wire_time(world.now)}))),
        (&Method::POST, "clock/advance") => {
            let Advance { seconds } = parse(body)?;
            let by = Duration::try_from_secs_f64(seconds).map_err(|error| Fault::bad_request("", error.to_string()))?;
            simulator.advance(by);
            Ok(simulator.with_world(|world| json!({"now": crate::clock::wire_time(world.now)})))
        }
        (&Method::GET, "world") => {
            simulator.with_world(|world| serde_json::to_value(&*world)).map_err(|error| broken(&error))
        }
        (&Method::GET, "faults") => Ok(simulator.with_world(|world| json!({"rules": world.faults.rules()}))),
        (&Method::POST, "faults") => {
            let rule: Rule = parse(body)?;
            simulator.with_world(|world| world.faults.add(rule));
            Ok(json!({}))
        }
        (&Method::DELETE, "faults") => Ok(simulator.with_world(|world| {
            world.faults.clear();
            json!({})
        })),
        (&Method::GET, "probes") => Ok(simulator.with_world(|world| world.probes.view())),
        (&Method::DELETE, "probes") => Ok(simulator.with_world(|world| {
            world.probes.clear();
            json!({})
        })),
        (&Method::POST, "request") => request_of_a_test(simulator, body),
        (&Method::POST, _) => change(simulator, path, body),
        _ => Err(unknown(path)),
    }
}

/// Sends a request to a load balancer.
fn request_of_a_test(simulator: &Simulator, body: &[u8]) -> Result<Value, Fault> {
    let question: Question = parse(body)?;
    let outcome = simulator.with_world(|world| elbv2::request(world, &question));
    serde_json::to_value(outcome).map_err(|error| broken(&error))
}

/// Changes of the world behind everyone's back.
fn change(simulator: &Simulator, path: &str, body: &[u8]) -> Result<Value, Fault> {
    match path {
        "images" => {
            let mut behaviour: Map<String, Value> = parse(body)?;
            let image = behaviour.remove("image").and_then(|image| image.as_str().map(str::to_owned));
            let image = image.ok_or_else(|| Fault::bad_request("", "image is missing"))?;
            let behaviour: Behaviour = serde_json::from_value(Value::Object(behaviour))
                .map_err(|error| Fault::bad_request("", error.to_string()))?;
            simulator.with_world(|world| world.images.known.insert(image, behaviour));
        }
        "capacity" => {
            let Capacity { fargate_tasks } = parse(body)?;
            simulator.with_world(|world| world.settings.fargate_capacity = fargate_tasks);
        }
        "settings" => {
            let Settings { rate_limits, page_size } = parse(body)?;
            simulator.with_world(|world| {
                world.settings.rate_limits = rate_limits.unwrap_or(world.settings.rate_limits);
                world.settings.page_size = page_size.or(world.settings.page_size);
            });
        }
        "tasks/stop" => {
            let StopTask { task, reason, exit_code } = parse(body)?;
            simulator.with_world(|world| ecs::stop_task_from_outside(world, &task, reason.as_deref(), exit_code))?;
        }
        "instances/interrupt" => {
            let Interrupt { instance } = parse(body)?;
            if !simulator.with_world(|world| ec2::interrupt(world, &instance)) {
                return Err(Fault::not_found("", format!("no Spot instance {instance} runs")));
            }
        }
        "zones/lose" => {
            let LoseZone { zone } = parse(body)?;
            simulator.with_world(|world| ec2_auto_scaling::lose_zone(world, zone.as_deref()));
        }
        "events" => {
            let event: eventbridge::Event = parse(body)?;
            let id = simulator.with_world(|world| eventbridge::publish(world, event));
            return Ok(json!({"id": id}));
        }
        "loads" => {
            let Load { service, metric, value } = parse(body)?;
            simulator.with_world(|world| cloudwatch::set_load(world, &service, &metric, value));
        }
        "hooks" => {
            let HookAnswer { function, answer } = parse(body)?;
            simulator.with_world(|world| ecs::set_hook_answer(world, &function, &answer));
        }
        "alarms" => {
            let Alarm { name, alarming } = parse(body)?;
            simulator.with_world(|world| cloudwatch::set_alarm(world, &name, alarming));
        }
        "probes" => {
            let mut probe: Map<String, Value> = parse(body)?;
            let name = probe.remove("name").and_then(|name| name.as_str().map(str::to_owned));
            let name = name.ok_or_else(|| Fault::bad_request("", "name is missing"))?;
            let question: Question = serde_json::from_value(Value::Object(probe))
                .map_err(|error| Fault::bad_request("", error.to_string()))?;
            simulator.with_world(|world| world.probes.add(name, question, world.now));
        }
        _ => return Err(unknown(path)),
    }
    Ok(json!({}))
}

/// The recorded calls; `write=true|false` and `since=SEQ` narrow them.
fn calls(simulator: &Simulator, query: &str) -> Result<Value, Fault> {
    let (mut since, mut write) = (0, None);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "since" => since = value.parse().map_err(|_| Fault::bad_request("", "since is a number"))?,
            "write" => write = Some(value.parse().map_err(|_| Fault::bad_request("", "write is true or false"))?),
            _ => return Err(Fault::bad_request("", format!("no filter {name}; there are since and write"))),
        }
    }
    Ok(simulator
        .with_world(|world| json!({"calls": world.recording.calls(since, write), "last": world.recording.last()})))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::bad_request("", error.to_string()))
}

fn unknown(path: &str) -> Fault {
    Fault::not_found("", format!("no endpoint {PREFIX}{path}"))
}

fn broken(error: &serde_json::Error) -> Fault {
    Fault::new(500, "", error.to_string())
}
