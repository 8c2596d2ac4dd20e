//! The handler: who is asked, what goes wrong on demand, how time passes.

use super::*;
use crate::clock::EPOCH;
use crate::faults::Rule;
use serde_json::{Value, json};

fn still() -> Simulator {
    Simulator::new(crate::world_file::seed(), Clock::new(EPOCH, 0.0))
}

fn request(operation: &str, input: &Value) -> Request<Bytes> {
    let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270101/eu-west-1/ecs/aws4_request, Signature=0";
    Request::post("/")
        .header("authorization", scope)
        .header("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}"))
        .body(Bytes::from(input.to_string()))
        .unwrap()
}

fn ask(simulator: &Simulator, operation: &str, input: &Value) -> (u16, Value) {
    let response = simulator.handle(request(operation, input));
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

fn control(simulator: &Simulator, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(format!("/_simulator/{path}")).body(body).unwrap();
    let response = simulator.handle(request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

fn break_it(simulator: &Simulator, rule: &Value) {
    let rule: Rule = serde_json::from_value(rule.clone()).unwrap();
    simulator.with_world(|world| world.faults.add(rule));
}

#[test]
fn an_unsigned_request_is_refused() {
    let response = still().handle(Request::post("/").body(Bytes::new()).unwrap());
    assert_eq!(response.status(), 403);
}

#[test]
fn another_region_is_refused_with_words() {
    let scope = "AWS4-HMAC-SHA256 Credential=A/20270101/us-east-1/ecs/aws4_request";
    let mut request = request("ListClusters", &json!({}));
    request.headers_mut().insert("authorization", scope.parse().unwrap());
    let response = still().handle(request);
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(response.status() == 400 && body.contains("eu-west-1 only"), "{body}");
}

#[test]
fn a_fault_rule_fires_at_the_point_it_names() {
    let create = |name: &str| ("CreateCluster", json!({"clusterName": name}));
    let throttle = json!({"service": "ecs", "operation": "CreateCluster", "nth": 2, "kind": "throttle"});
    let error =
        json!({"resource": "special", "times": 2, "kind": {"error": {"code": "ServerException", "status": 500}}});
    let simulator = still();
    break_it(&simulator, &throttle);
    break_it(&simulator, &error);
    let cases = [
        (create("one"), 200, None),
        (create("two"), 400, Some("ThrottlingException")),
        (create("two"), 200, None),
        (create("special"), 500, Some("ServerException")),
        (("DescribeClusters", json!({"clusters": ["special"]})), 500, Some("ServerException")),
        (create("special"), 200, None),
    ];
    for ((operation, input), status, code) in cases {
        let (got, body) = ask(&simulator, operation, &input);
        assert_eq!((got, body["__type"].as_str()), (status, code), "{operation} {input}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_has_had_its_effect() {
    let simulator = still();
    break_it(&simulator, &json!({"operation": "CreateCluster", "kind": "lost_reply"}));
    let input = json!({"clusterName": "main"});
    assert!(simulator.answer(request("CreateCluster", &input)).await.is_err());
    let (_, listed) = ask(&simulator, "ListClusters", &json!({}));
    assert_eq!(listed["clusterArns"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_delayed_reply_comes_late() {
    let simulator = still();
    break_it(&simulator, &json!({"operation": "ListClusters", "kind": {"delay": {"ms": 30_000}}}));
    let before = tokio::time::Instant::now();
    assert!(simulator.answer(request("ListClusters", &json!({}))).await.is_ok());
    assert_eq!(before.elapsed(), Duration::from_secs(30));
}

#[test]
fn a_stale_read_answers_as_of_before_the_last_write() {
    let simulator = still();
    ask(&simulator, "CreateCluster", &json!({"clusterName": "one"}));
    break_it(&simulator, &json!({"operation": "ListClusters", "kind": "stale"}));
    ask(&simulator, "CreateCluster", &json!({"clusterName": "two"}));
    let count = || ask(&simulator, "ListClusters", &json!({})).1["clusterArns"].as_array().unwrap().len();
    assert_eq!((count(), count()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn simulated_time_follows_the_paused_clock_at_its_speed() {
    let simulator = Simulator::new(crate::world_file::seed(), Clock::new(EPOCH, 10.0));
    let now = || simulator.with_world(|world| world.now - EPOCH);
    assert_eq!(now(), 0);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(now(), 20_000);
    simulator.advance(Duration::from_secs(5));
    assert_eq!(now(), 25_000);
}

#[test]
fn calls_are_recorded_with_their_outcome() {
    let simulator = still();
    ask(&simulator, "CreateCluster", &json!({"clusterName": "main"}));
    ask(&simulator, "ListClusters", &json!({}));
    ask(&simulator, "DeleteCluster", &json!({"cluster": "none"}));
    let calls = |query: &str| -> Vec<String> {
        let (_, body) = control(&simulator, "GET", &format!("calls{query}"), &Value::Null);
        let calls = body["calls"].as_array().unwrap();
        calls.iter().map(|call| format!("{} {}", call["operation"], call["outcome"]).replace('"', "")).collect()
    };
    assert_eq!(calls("?write=true"), ["CreateCluster OK", "DeleteCluster ClusterNotFoundException"]);
    assert_eq!(calls("?since=1&write=false"), ["ListClusters OK"]);
    control(&simulator, "DELETE", "calls", &Value::Null);
    assert!(calls("").is_empty());
    ask(&simulator, "ListClusters", &json!({}));
    assert_eq!(control(&simulator, "GET", "calls", &Value::Null).1["last"], 4, "numbers go on counting");
}

#[test]
fn the_world_is_looked_at_and_changed_from_outside() {
    let simulator = still();
    let (_, moved) = control(&simulator, "POST", "clock/advance", &json!({"seconds": 1.5}));
    assert_eq!(moved["now"], json!(1_798_761_601.5));
    ask(&simulator, "CreateCluster", &json!({"clusterName": "main"}));
    let (_, world) = control(&simulator, "GET", "world", &Value::Null);
    assert_eq!(world["ecs"]["clusters"]["main"]["active"], true);
    let cases = [
        ("POST", "images", json!({"image": "a:1", "exits": {"code": 2}}), 200),
        ("POST", "images", json!({"image": "a:1", "explodes": true}), 400),
        ("POST", "capacity", json!({"fargateTasks": 3}), 200),
        ("POST", "settings", json!({"rateLimits": true, "pageSize": 2}), 200),
        ("POST", "faults", json!({"operation": "X", "kind": "throttle"}), 200),
        ("POST", "faults", json!({"kind": "earthquake"}), 400),
        ("DELETE", "faults", Value::Null, 200),
        ("POST", "tasks/stop", json!({"task": "none"}), 404),
        ("GET", "nothing", Value::Null, 404),
    ];
    for (method, path, body, status) in cases {
        let (got, answer) = control(&simulator, method, path, &body);
        assert_eq!(got, status, "{method} {path} {body}: {answer}");
    }
    simulator.with_world(|world| {
        assert_eq!(world.images.behaviour("a:1").exits.unwrap().code, 2);
        assert_eq!(world.settings.fargate_capacity, Some(3));
        assert_eq!((world.settings.rate_limits, world.settings.page_size), (true, Some(2)));
    });
}

#[test]
fn calls_faster_than_the_bucket_are_throttled() {
    let simulator = still();
    simulator.with_world(|world| world.settings.rate_limits = true);
    let create = || ask(&simulator, "CreateCluster", &json!({"clusterName": "main"}));
    let granted = (0..30).filter(|_| create().0 == 200).count();
    assert_eq!(granted, 20, "twenty at once");
    assert_eq!(create().1["__type"], "ThrottlingException");
    simulator.advance(Duration::from_secs(3));
    assert_eq!((0..10).filter(|_| create().0 == 200).count(), 3, "then one a second");
}

#[test]
fn requests_and_probes_are_asked_for_by_their_endpoints() {
    let simulator = still();
    let question = json!({"url": "http://shop.example.com/"});
    let (status, answer) = control(&simulator, "POST", "request", &question);
    assert_eq!(status, 200);
    assert!(answer["problem"].as_str().unwrap().contains("doesn't resolve"), "{answer}");
    assert_eq!(control(&simulator, "POST", "request", &json!({"address": "x"})).0, 400);

    assert_eq!(control(&simulator, "POST", "probes", &question).0, 400, "a probe has a name");
    let named = json!({"name": "shop", "url": "http://shop.example.com/"});
    assert_eq!(control(&simulator, "POST", "probes", &named).0, 200);
    control(&simulator, "POST", "clock/advance", &json!({"seconds": 3}));
    let seen = control(&simulator, "GET", "probes", &Value::Null).1;
    assert_eq!((&seen["probes"][0]["secondsFailed"], &seen["probes"][0]["secondsOk"]), (&json!(3), &json!(0)));
    control(&simulator, "DELETE", "probes", &Value::Null);
    assert_eq!(control(&simulator, "GET", "probes", &Value::Null).1, json!({"probes": []}));
}
