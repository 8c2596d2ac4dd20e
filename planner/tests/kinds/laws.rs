//! What holds for every value of a kind.

use longshore_planner::engine::Kind;
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use longshore_planner::kinds::ecs::cluster::Cluster;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::any::{Any, flag, list, nothing, number, object, one_of};
use crate::service::{self, any_service};
use crate::task::{self, any_task};
use crate::{fields, normal};

fn any_cluster() -> Any {
    let providers = || list(vec![json!("FARGATE"), json!("FARGATE_SPOT")], &nothing());
    let strategy = list(
        vec![json!({"capacityProvider": "FARGATE"}), json!({"capacityProvider": "FARGATE_SPOT"})],
        &object(&[], &[("weight", number(0..=1)), ("base", number(0..=1))]),
    );
    let logs = object(&[], &[("cloudWatchEncryptionEnabled", flag()), ("s3EncryptionEnabled", flag())]);
    let exec = object(
        &[],
        &[("logging", one_of(&["DEFAULT", "NONE"])), ("kmsKeyId", one_of(&["k"])), ("logConfiguration", logs)],
    );
    let settings = list(
        vec![json!({"name": "containerInsights"})],
        &object(&[("value", one_of(&["enabled", "disabled", "enhanced"]))], &[]),
    );
    object(
        &[("name", one_of(&["main"]))],
        &[
            ("capacityProviders", providers()),
            ("defaultCapacityProviderStrategy", strategy),
            ("settings", settings),
            ("configuration", object(&[], &[("executeCommandConfiguration", exec)])),
            ("tags", one_of(&[json!({}), json!({"a": "b"})])),
        ],
    )
}

fn any_policy() -> Any {
    let one_or_many = || one_of(&[json!("a"), json!(["a"]), json!(["b", "a"]), json!(["a", "b", "a"])]);
    let statement = object(
        &[("Effect", one_of(&["Allow", "allow", "Deny"])), ("Action", one_or_many())],
        &[
            ("Resource", one_or_many()),
            ("Principal", one_of(&[json!("*"), json!({"Service": "ecs-tasks.amazonaws.com"})])),
            ("Condition", object(&[], &[("StringEquals", object(&[("aws:SourceAccount", one_or_many())], &[]))])),
        ],
    );
    let many = list(vec![json!({"Sid": "x"}), json!({"Sid": "y"}), json!({})], &statement);
    object(&[("Statement", prop_oneof![many, statement].boxed())], &[("Version", one_of(&["2012-10-17"]))])
}

fn any_role() -> Any {
    let inline = object(&[], &[("one", any_policy()), ("two", any_policy())]);
    object(
        &[("name", one_of(&["r"])), ("path", one_of(&["/ecs/"])), ("trust", any_policy())],
        &[
            ("inline", inline),
            ("attached", list(vec![json!("arn:a"), json!("arn:b")], &nothing())),
            ("maxSessionDuration", one_of(&[3600, 7200])),
        ],
    )
}

fn any_rule() -> Any {
    let peers = [json!({"cidrIpv4": "10.0.0.0/8"}), json!({"cidrIpv6": "::/0"}), json!({"group": "sg-b"})];
    object(
        &[
            ("group", one_of(&["sg-a"])),
            ("direction", one_of(&["ingress", "egress"])),
            ("protocol", one_of(&["tcp", "TCP", "6", "udp", "17", "icmpv6", "58", "-1", "50"])),
            ("fromPort", number(-1..=2)),
            ("toPort", number(-1..=2)),
            ("peer", one_of(&peers)),
        ],
        &[("description", one_of(&["", "for a"]))],
    )
}

fn settles<K: Kind>(value: &Value) -> Result<(), TestCaseError> {
    let once = normal::<K>(value);
    prop_assert_eq!(&normal::<K>(&once), &once, "{}", value);
    prop_assert_eq!(fields::<K>(value, value), Vec::<String>::new(), "{}", value);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normalising_twice_is_normalising_once(
        task in any_task(), service in any_service(), role in any_role(), rule in any_rule(), cluster in any_cluster(),
    ) {
        settles::<TaskDefinition>(&task)?;
        settles::<Service>(&service)?;
        settles::<Role>(&role)?;
        settles::<SecurityGroupRule>(&rule)?;
        settles::<Cluster>(&cluster)?;
    }

    #[test]
    fn a_task_definition_that_is_read_back_is_the_one_that_was_registered(task in any_task()) {
        prop_assert_eq!(fields::<TaskDefinition>(&task, &task::described(&task)), Vec::<String>::new());
        // Also where what was registered is the normalised form, as it is in fact.
        let normal = normal::<TaskDefinition>(&task);
        prop_assert_eq!(fields::<TaskDefinition>(&task, &task::described(&normal)), Vec::<String>::new());
    }

    #[test]
    fn a_service_that_is_read_back_is_the_one_that_was_created(service in any_service()) {
        prop_assert_eq!(fields::<Service>(&service, &service::described(&service)), Vec::<String>::new());
        let normal = normal::<Service>(&service);
        prop_assert_eq!(fields::<Service>(&service, &service::described(&normal)), Vec::<String>::new());
    }
}
