//! An oracle that sees nothing would be content with everything.

use serde_json::{Value, json};

use super::{Account, Judge, aws};
use crate::fault::Meanwhile;
use crate::scenario;
use crate::stage::Stage;
use crate::suite::{Suite, runtime};

/// The only member of a map.
fn only(map: &mut Value) -> &mut Value {
    map.as_object_mut().unwrap().values_mut().next().unwrap()
}

/// The member that Longshore has made.
fn own(map: &mut Value) -> &mut Value {
    let own = |thing: &&mut Value| thing["tags"]["longshore.dev/installation"] == "faults";
    map.as_object_mut().unwrap().values_mut().find(own).unwrap()
}

#[test]
fn the_oracle_sees_what_is_wrong() {
    type Bend = fn(&mut Value);
    let cases: [(&str, Bend); 12] = [
        ("retention", |world| own(&mut world["logs"]["groups"])["retention_days"] = json!(7)),
        ("an orphan: log group", |world| own(&mut world["logs"]["groups"])["tags"] = json!({})),
        ("boundary", |world| own(&mut world["iam"]["roles"])["boundary"] = json!(null)),
        ("cannot be assumed", |world| own(&mut world["iam"]["roles"])["trust"] = json!("{}")),
        ("may not write logs", |world| own(&mut world["iam"]["roles"])["inline"] = json!({})),
        ("rules of its security group", |world| own(&mut world["ec2"]["groups"])["rules"] = json!({})),
        ("desired count", |world| only(&mut world["ecs"]["services"])["desired"] = json!(9)),
        ("running tasks", |world| only(&mut world["ecs"]["tasks"])["phase"] = json!("STOPPED")),
        ("0 of kind service", |world| only(&mut world["ecs"]["services"])["status"] = json!("INACTIVE")),
        ("capacity providers", |world| only(&mut world["ecs"]["clusters"])["capacity_providers"] = json!([])),
        ("image", |world| {
            let revision = only(&mut only(&mut world["ecs"]["families"])["revisions"]);
            revision["body"]["containerDefinitions"][0]["image"] = json!("another");
        }),
        ("a duplicate", |world| {
            let revisions = &mut only(&mut world["ecs"]["families"])["revisions"];
            let mut second = only(revisions).clone();
            second["arn"] = json!("arn:aws:ecs:eu-west-1:123456789012:task-definition/second:2");
            revisions["2"] = second;
        }),
    ];
    let scenarios: Vec<_> = scenario::all().into_iter().take(2).collect();
    let create = scenarios[1].clone();
    let suite = Suite::new(scenarios);
    runtime().block_on(async {
        let stage = Stage::of(suite.end_of(&create));
        let judge = Judge::begin(&create, Meanwhile::Nothing, &stage);
        let world = stage.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
        let told = |world: Value| judge.differences_of_all(&Account::new(world, &aws::foreign()), &stage);
        assert_eq!(told(world.clone()), [""; 0]);
        for (expected, bend) in cases {
            let mut bent = world.clone();
            bend(&mut bent);
            let told = told(bent);
            assert!(told.iter().any(|problem| problem.contains(expected)), "{expected}: {told:#?}");
        }
    });
}
