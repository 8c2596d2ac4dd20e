//! What an update changes, and what starts a deployment.

use super::*;

#[test]
fn only_what_a_revision_fixes_starts_a_deployment() {
    let other = json!({"awsvpcConfiguration": {"subnets": ["subnet-0ccc"], "securityGroups": ["sg-0default"]}});
    let reordered =
        json!({"awsvpcConfiguration": {"subnets": ["subnet-0bbb", "subnet-0aaa"], "securityGroups": ["sg-0default"]}});
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    let cases = [
        ("a task definition", json!({"taskDefinition": "hello:2"}), true),
        ("the same task definition", json!({"taskDefinition": "hello:1"}), false),
        ("other subnets", json!({"networkConfiguration": other}), true),
        ("the same subnets in another order", json!({"networkConfiguration": reordered}), false),
        ("a platform version", json!({"platformVersion": "1.4.0"}), true),
        ("force", json!({"forceNewDeployment": true}), true),
        ("nothing", json!({}), false),
        ("desired count", json!({"desiredCount": 3}), false),
        ("deployment configuration", json!({"deploymentConfiguration": breaker}), false),
        ("no execute command", json!({"enableExecuteCommand": false}), false),
        ("grace period", json!({"healthCheckGracePeriodSeconds": 60}), false),
        ("propagated tags", json!({"propagateTags": "SERVICE"}), false),
        ("a strategy", json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}), false),
        ("rebalancing", json!({"availabilityZoneRebalancing": "DISABLED"}), false),
    ];
    for (what, changes, deploys) in cases {
        let aws = Aws::new();
        let before = aws.steady(1, &json!({}));
        aws.register_image("public.ecr.aws/nginx/nginx:1.28");
        let after = aws.update(&changes);
        assert_eq!(before["deployments"][0]["id"] != after["deployments"][0]["id"], deploys, "{what}");
    }
}

#[test]
fn absent_means_unchanged_and_an_empty_breaker_turns_it_off() {
    let aws = Aws::new();
    let configuration =
        json!({"minimumHealthyPercent": 50, "deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    aws.steady(1, &json!({"deploymentConfiguration": configuration, "healthCheckGracePeriodSeconds": 30}));
    let after = aws.update(&json!({"desiredCount": 2, "deploymentConfiguration": {"maximumPercent": 150}}));
    let configuration = &after["deploymentConfiguration"];
    assert_eq!((&configuration["minimumHealthyPercent"], &configuration["maximumPercent"]), (&json!(50), &json!(150)));
    assert_eq!(configuration["deploymentCircuitBreaker"], json!({"enable": true, "rollback": true}));
    assert_eq!(after["healthCheckGracePeriodSeconds"], 30);
    let after = aws.update(&json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {}}}));
    assert_eq!(
        after["deploymentConfiguration"]["deploymentCircuitBreaker"],
        json!({"enable": false, "rollback": false})
    );
}

#[test]
fn a_service_reads_back_with_defaults_filled() {
    let aws = Aws::new();
    aws.create(1, &json!({}));
    let service = aws.service();
    let expected = json!({
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/main/hello",
        "launchType": "FARGATE",
        "platformFamily": "Linux",
        "schedulingStrategy": "REPLICA",
        "propagateTags": "NONE",
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "availabilityZoneRebalancing": "ENABLED",
        "healthCheckGracePeriodSeconds": 0,
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "tags": [],
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&service[member], value, "{member}");
    }
    let expected = json!({
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        "deploymentCircuitBreaker": {"enable": false, "rollback": false},
    });
    assert_eq!(service["deploymentConfiguration"], expected);
    assert_eq!(service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"], "DISABLED");
    assert!(service["createdAt"].is_f64() && service.get("deploymentController").is_none());
}

#[test]
fn creating_a_service_again_with_the_same_input_answers_it() {
    let aws = Aws::new();
    let first = aws.create(1, &json!({}));
    assert_eq!(aws.create(1, &json!({}))["deployments"][0]["id"], first["deployments"][0]["id"]);
    let other = aws.call("CreateService", &service(2)).unwrap_err();
    assert_eq!(other, ("InvalidParameterException".to_owned(), "Creation of service was not idempotent.".to_owned()));
}

#[test]
fn lists_come_in_pages() {
    let aws = Aws::new();
    for number in 0..12 {
        let mut input = service(0);
        input["serviceName"] = json!(format!("service-{number:02}"));
        aws.ok("CreateService", &input);
    }
    let first = aws.ok("ListServices", &json!({"cluster": "main"}));
    assert_eq!(first["serviceArns"].as_array().unwrap().len(), 10, "ten a page by default");
    let second = aws.ok("ListServices", &json!({"cluster": "main", "nextToken": first["nextToken"]}));
    assert_eq!((second["serviceArns"].as_array().unwrap().len(), second.get("nextToken")), (2, None));
    aws.0.with_world(|world| world.settings.page_size = Some(5));
    let small = aws.ok("ListServices", &json!({"cluster": "main", "maxResults": 100}));
    assert_eq!(small["serviceArns"].as_array().unwrap().len(), 5, "the world may want small pages");
}
