//! Whether an answer of AWS is older than one that was told of already.

use jiff::{SignedDuration, Timestamp};
use longshore_crds::EcsServiceStatus;

use super::service::seen_service;
use crate::engine::{Graph, Seen, World};
use crate::kinds::ecs::service::ServiceDetail;

/// How long ECS's answers may lag (API reference, `RunTask`: the API is eventually consistent; asking again, with growing
/// waits, is advised for about five minutes).
const LAG: SignedDuration = SignedDuration::from_mins(5);

/// Why what was seen of the service is of no use: the status tells of a deployment that began not long ago, and AWS's
/// answer is from before it. To compare that with the spec would be to find done what is still to be done, and to say so.
pub fn outdated_service(status: &EcsServiceStatus, graph: &Graph, world: &World, now: Timestamp) -> Option<String> {
    let told = status.deployment.as_ref()?;
    let (id, began) = (told.id.as_ref()?, told.started_at.as_ref()?.parse::<Timestamp>().ok()?);
    let seen = seen_service(graph, world).filter(|seen| seen.outputs.get("arn") == status.service_arn.as_ref())?;
    let detail = Seen::detail::<ServiceDetail>(&seen)?;
    let times = detail.deployments.iter().flat_map(|deployment| [&deployment.created_at, &deployment.updated_at]);
    // ECS may go back to an older deployment, which it then updates.
    let newest = times.filter_map(|time| time.parse::<Timestamp>().ok()).max()?;
    let knows = detail.deployments.iter().any(|deployment| deployment.id == *id);
    (!knows && newest < began && now.duration_since(began) < LAG)
        .then(|| format!("ECS answered with the service as it was before the deployment {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::SERVICE_KEY;
    use crate::engine::{Id, Kind, Owner, State, Text, Thing};
    use crate::kinds::ecs::service::Service;
    use longshore_crds::ecs_service::DeploymentStatus;
    use serde_json::json;

    const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:service/shop/hello";

    /// A service of which AWS tells one deployment.
    fn seen(id: &str, created: &str, updated: &str) -> (Graph, World) {
        let service = json!({
            "cluster": Text::from("shop"), "name": "hello", "taskDefinition": Text::from("hello:1"),
            "schedulingStrategy": "REPLICA", "deploymentConfiguration": {}, "availabilityZoneRebalancing": "ENABLED",
        });
        let service: Service = serde_json::from_value(service).unwrap();
        let mut graph = Graph::default();
        graph.add(SERVICE_KEY, service.clone(), "spec", &[]).unwrap();
        let id_of: Id = graph.iter().next().unwrap().0.clone();
        assert_eq!(id_of.kind, Service::NAME);
        let detail =
            json!({"deployments": [{"id": id, "status": "PRIMARY", "createdAt": created, "updatedAt": updated}]});
        let thing = Thing {
            value: serde_json::to_value(service.normalise()).unwrap(),
            state: State::Active,
            owner: Owner::This,
            outputs: [("arn".to_owned(), ARN.to_owned())].into(),
            mentions: vec![],
            detail,
        };
        (graph, World { things: [(id_of, thing)].into(), ..World::default() })
    }

    #[test]
    fn an_answer_from_before_a_deployment_that_was_told_of_is_outdated() {
        let cases = [
            ("the deployment itself", ("ecs-svc/2", "12:00:00Z", "12:00:00Z"), ARN, "12:01:00Z", false),
            ("from before it", ("ecs-svc/1", "11:00:00Z", "11:02:00.5Z"), ARN, "12:01:00Z", true),
            ("one that came after it", ("ecs-svc/3", "12:00:30Z", "12:00:30Z"), ARN, "12:01:00Z", false),
            ("gone back to the one before", ("ecs-svc/1", "11:00:00Z", "12:00:50Z"), ARN, "12:01:00Z", false),
            ("updated just as it began", ("ecs-svc/1", "11:00:00Z", "12:00:00Z"), ARN, "12:01:00Z", false),
            ("five minutes later", ("ecs-svc/1", "11:00:00Z", "11:02:00Z"), ARN, "12:05:00Z", false),
            ("nothing lags for so long", ("ecs-svc/1", "11:00:00Z", "11:02:00Z"), ARN, "12:06:00Z", false),
            ("of another service", ("ecs-svc/1", "11:00:00Z", "11:02:00Z"), "another", "12:01:00Z", false),
        ];
        let at = |time: &str| format!("2026-01-01T{time}");
        for (what, (id, created, updated), arn, now, expected) in cases {
            let (graph, world) = seen(id, &at(created), &at(updated));
            let deployment = DeploymentStatus {
                id: Some("ecs-svc/2".to_owned()),
                started_at: Some(at("12:00:00Z")),
                ..DeploymentStatus::default()
            };
            let status = EcsServiceStatus {
                service_arn: Some(arn.to_owned()),
                deployment: Some(deployment),
                ..EcsServiceStatus::default()
            };
            let told = outdated_service(&status, &graph, &world, at(now).parse().unwrap());
            assert_eq!(told.is_some(), expected, "{what}: {told:?}");
        }
    }
}
