"""ECS, as boto3 sees it; time is moved by the simulator's own endpoint."""

import datetime
import json

import pytest

from conftest import ACCOUNT, REGION

PRIVATE = ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]
VPC_CONFIGURATION = {"awsvpcConfiguration": {"subnets": PRIVATE, "assignPublicIp": "DISABLED"}}
TAGS = [{"key": "a", "value": "1"}]


@pytest.fixture
def ecs(client):
    return client("ecs")


@pytest.fixture
def cluster(ecs, simulator, request):
    """A cluster of the test's own; what runs in it is the test's to end."""
    name = request.node.name[:64]
    made = ecs.create_cluster(clusterName=name, tags=TAGS)["cluster"]
    assert (made["clusterName"], made["status"]) == (name, "ACTIVE")
    yield name
    simulator.until(lambda: deleted(ecs, name))


def deleted(ecs, cluster):
    """Tasks that stop keep their cluster for a while."""
    try:
        return ecs.delete_cluster(cluster=cluster)["cluster"]["status"] == "INACTIVE"
    except ecs.exceptions.ClusterContainsTasksException:
        return False


def register(ecs, family, image="public.ecr.aws/nginx/nginx:1.27", **more):
    container = {"name": "web", "image": image, "essential": True, "portMappings": [{"containerPort": 80}]}
    return ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
        **more,
    )["taskDefinition"]["taskDefinitionArn"]


@pytest.fixture
def service(ecs, simulator, cluster, request):
    """A service of two tasks on Fargate that has reached its steady state; gone afterwards."""
    family = request.node.name[:64]
    made = ecs.create_service(
        cluster=cluster,
        serviceName="hello",
        taskDefinition=register(ecs, family),
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=VPC_CONFIGURATION,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        tags=TAGS,
    )["service"]
    assert (made["status"], made["desiredCount"], made["runningCount"]) == ("ACTIVE", 2, 0)
    simulator.until(lambda: deployment(ecs, cluster)["rolloutState"] == "COMPLETED")
    yield {"cluster": cluster, "service": "hello"}
    ecs.update_service(cluster=cluster, service="hello", desiredCount=0)
    assert ecs.delete_service(cluster=cluster, service="hello", force=True)["service"]["status"] == "DRAINING"
    simulator.until(lambda: described(ecs, cluster)["status"] == "INACTIVE")


def described(ecs, cluster):
    return ecs.describe_services(cluster=cluster, services=["hello"], include=["TAGS"])["services"][0]


def deployment(ecs, cluster):
    return next(one for one in described(ecs, cluster)["deployments"] if one["status"] == "PRIMARY")


def test_clusters(ecs, cluster, refused):
    ecs.update_cluster(cluster=cluster, settings=[{"name": "containerInsights", "value": "enabled"}])
    ecs.update_cluster_settings(cluster=cluster, settings=[{"name": "containerInsights", "value": "disabled"}])
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    ecs.put_cluster_capacity_providers(
        cluster=cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy
    )
    answer = ecs.describe_clusters(clusters=[cluster, "none"], include=["TAGS", "SETTINGS"])
    found = answer["clusters"][0]
    assert found["clusterArn"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{cluster}"
    assert sorted(found["capacityProviders"]) == ["FARGATE", "FARGATE_SPOT"]
    assert found["tags"] == TAGS and found["settings"] == [{"name": "containerInsights", "value": "disabled"}]
    assert answer["failures"][0]["reason"] == "MISSING"
    assert found["clusterArn"] in ecs.list_clusters()["clusterArns"]
    refused("ClusterNotFoundException", ecs.list_services, cluster="none")


def test_tags(ecs, cluster):
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{cluster}"
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]


def test_account_settings(ecs):
    assert ecs.put_account_setting(name="containerInsights", value="enabled")["setting"]["value"] == "enabled"
    ecs.put_account_setting_default(name="containerInsights", value="disabled")
    found = ecs.list_account_settings(name="containerInsights")["settings"]
    assert [(one["name"], one["value"]) for one in found] == [("containerInsights", "disabled")]


def test_task_definitions(ecs, refused):
    arns = [register(ecs, "revisions", f"public.ecr.aws/nginx/nginx:1.{number}") for number in range(5)]
    assert arns[0] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/revisions:1"
    found = ecs.describe_task_definition(taskDefinition="revisions", include=["TAGS"])["taskDefinition"]
    assert (found["revision"], found["status"], found["containerDefinitions"][0]["image"]) == (5, "ACTIVE", "public.ecr.aws/nginx/nginx:1.4")
    assert isinstance(found["registeredAt"], datetime.datetime)
    pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix="revisions", sort="DESC", PaginationConfig={"PageSize": 2})
    listed = [page["taskDefinitionArns"] for page in pages]
    assert listed == [arns[:2:-1], arns[2:0:-1], arns[:1]]
    assert "revisions" in ecs.list_task_definition_families(status="ACTIVE")["families"]
    assert ecs.deregister_task_definition(taskDefinition=arns[0])["taskDefinition"]["status"] == "INACTIVE"
    gone = ecs.delete_task_definitions(taskDefinitions=[arns[0]])["taskDefinitions"]
    assert [one["taskDefinitionArn"] for one in gone] == [arns[0]]
    refused("ClientException", ecs.describe_task_definition, taskDefinition="none")


def test_a_service_reaches_its_steady_state(ecs, client, service):
    ecs.get_waiter("services_stable").wait(cluster=service["cluster"], services=["hello"], WaiterConfig={"MaxAttempts": 1})
    found = described(ecs, service["cluster"])
    assert (found["runningCount"], found["pendingCount"]) == (2, 0)
    assert found["tags"] == TAGS and "steady state" in found["events"][0]["message"]
    arns = ecs.list_tasks(cluster=service["cluster"], serviceName="hello")["taskArns"]
    tasks = ecs.describe_tasks(cluster=service["cluster"], tasks=arns)["tasks"]
    assert [task["lastStatus"] for task in tasks] == ["RUNNING", "RUNNING"]
    details = [{pair["name"]: pair["value"] for pair in task["attachments"][0]["details"]} for task in tasks]
    interfaces = client("ec2").describe_network_interfaces(NetworkInterfaceIds=[one["networkInterfaceId"] for one in details])
    addresses = {one["PrivateIpAddress"] for one in interfaces["NetworkInterfaces"]}
    assert addresses == {one["privateIPv4Address"] for one in details} and len(addresses) == 2


def test_a_new_image_rolls_out(ecs, simulator, service):
    arn = register(ecs, "rolls-out", "public.ecr.aws/nginx/nginx:1.28")
    ecs.update_service(**service, taskDefinition=arn)
    assert deployment(ecs, service["cluster"])["rolloutState"] == "IN_PROGRESS"
    simulator.until(lambda: deployment(ecs, service["cluster"])["rolloutState"] == "COMPLETED")
    assert described(ecs, service["cluster"])["taskDefinition"] == arn
    deployments = ecs.list_service_deployments(**service)["serviceDeployments"]
    assert {one["status"] for one in deployments} == {"SUCCESSFUL"} and len(deployments) == 2
    arns = [one["serviceDeploymentArn"] for one in deployments]
    full = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    revisions = [one["targetServiceRevision"]["arn"] for one in full]
    found = ecs.describe_service_revisions(serviceRevisionArns=revisions)["serviceRevisions"]
    assert arn in {one["taskDefinition"] for one in found}


def test_an_image_that_is_not_there_is_rolled_back(ecs, simulator, service):
    good = described(ecs, service["cluster"])["taskDefinition"]
    ecs.update_service(**service, taskDefinition=register(ecs, "bad", "public.ecr.aws/nginx/nginx:does-not-exist"))
    rolled_back = lambda: ecs.list_service_deployments(**service)["serviceDeployments"][0]["status"] == "ROLLBACK_SUCCESSFUL"
    simulator.until(rolled_back, seconds=3600, step=10)
    assert described(ecs, service["cluster"])["taskDefinition"] == good
    stopped = ecs.list_tasks(cluster=service["cluster"], desiredStatus="STOPPED")["taskArns"]
    reasons = {task["stoppedReason"] for task in ecs.describe_tasks(cluster=service["cluster"], tasks=stopped)["tasks"]}
    assert any("CannotPullContainerError" in reason for reason in reasons)


def test_a_deployment_is_stopped(ecs, simulator, service):
    good = described(ecs, service["cluster"])["taskDefinition"]
    ecs.update_service(**service, taskDefinition=register(ecs, "stopped", "public.ecr.aws/nginx/nginx:1.28"))
    newest = ecs.list_service_deployments(**service)["serviceDeployments"][0]
    arn = newest["serviceDeploymentArn"]
    assert ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"] == arn
    simulator.until(lambda: deployment(ecs, service["cluster"])["rolloutState"] == "COMPLETED")
    assert described(ecs, service["cluster"])["taskDefinition"] == good


def test_a_pause_is_continued(ecs, simulator, service):
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    how = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": [pause]}
    new = register(ecs, "paused", "public.ecr.aws/nginx/nginx:1.28")
    ecs.update_service(**service, taskDefinition=new, deploymentConfiguration=how)
    arn = ecs.list_service_deployments(**service)["serviceDeployments"][0]["serviceDeploymentArn"]
    newest = lambda: ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]
    simulator.until(lambda: newest()["lifecycleStage"] == "POST_SCALE_UP")
    hook = newest()["lifecycleHookDetails"][0]
    assert hook["status"] == "AWAITING_ACTION" and hook["timeoutAction"] == "ROLLBACK"
    answer = ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"], action="CONTINUE")
    assert answer["serviceDeploymentArn"] == arn
    simulator.until(lambda: newest()["status"] == "SUCCESSFUL")
    assert described(ecs, service["cluster"])["taskDefinition"] == new


def test_a_service_is_refused_and_missed(ecs, service, refused):
    asked = {"cluster": service["cluster"], "serviceName": "other", "taskDefinition": register(ecs, "refused"), "desiredCount": 1}
    refused("InvalidParameterException", ecs.create_service, **asked, launchType="FARGATE")
    refused("ServiceNotFoundException", ecs.update_service, cluster=service["cluster"], service="none", desiredCount=1)
    missing = ecs.describe_services(cluster=service["cluster"], services=["none"])
    assert missing["services"] == [] and missing["failures"][0]["reason"] == "MISSING"
    listed = ecs.list_services(cluster=service["cluster"], launchType="FARGATE")["serviceArns"]
    assert listed == [f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{service['cluster']}/hello"]


def test_a_task_runs_and_is_stopped(ecs, simulator, cluster):
    arn = register(ecs, "one-off")
    run = ecs.run_task(
        cluster=cluster, taskDefinition=arn, launchType="FARGATE", networkConfiguration=VPC_CONFIGURATION, count=1, clientToken="once"
    )
    assert run["failures"] == []
    task = run["tasks"][0]["taskArn"]
    status = lambda: ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]["lastStatus"]
    simulator.until(lambda: status() == "RUNNING")
    assert ecs.stop_task(cluster=cluster, task=task, reason="enough")["task"]["desiredStatus"] == "STOPPED"
    simulator.until(lambda: status() == "STOPPED")
    stopped = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "enough")


@pytest.fixture
def commands(client, simulator):
    """A role with which the agent that runs commands reaches Systems Manager, and which ECS knows already."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "ssmmessages:*", "Resource": "*"}
    document = lambda statement: json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_role(RoleName="commands", AssumeRolePolicyDocument=document(trust))["Role"]
    iam.put_role_policy(RoleName="commands", PolicyName="rights", PolicyDocument=document(rights))
    simulator.advance(60)
    yield made["Arn"]
    iam.delete_role_policy(RoleName="commands", PolicyName="rights")
    iam.delete_role(RoleName="commands")


def test_a_command_runs_in_a_task_that_was_started_for_it(ecs, simulator, cluster, commands, refused):
    arn = register(ecs, "commands", taskRoleArn=commands)
    started = []
    for enabled in (True, False):
        run = ecs.run_task(
            cluster=cluster,
            taskDefinition=arn,
            launchType="FARGATE",
            networkConfiguration=VPC_CONFIGURATION,
            enableExecuteCommand=enabled,
        )
        started.append(run["tasks"][0]["taskArn"])
    described = lambda: ecs.describe_tasks(cluster=cluster, tasks=started)["tasks"]
    simulator.until(lambda: all(task["lastStatus"] == "RUNNING" for task in described()))
    with_agent, without = started
    asked = {"cluster": cluster, "command": "ls", "interactive": True}
    answer = ecs.execute_command(task=with_agent, **asked)
    assert (answer["taskArn"], answer["containerName"]) == (with_agent, "web")
    assert answer["session"]["streamUrl"].startswith("wss://")
    refused("InvalidParameterException", ecs.execute_command, task=without, **asked)
    for task in started:
        ecs.stop_task(cluster=cluster, task=task)
    simulator.until(lambda: all(task["lastStatus"] == "STOPPED" for task in described()))
