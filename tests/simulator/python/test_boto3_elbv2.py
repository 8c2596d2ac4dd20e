"""Elastic Load Balancing, as boto3 sees it; time is moved by the simulator's own endpoint."""

import pytest

VPC = "vpc-0a1b2c3d"
PUBLIC = ["subnet-0ddd", "subnet-0eee", "subnet-0fff"]
PRIVATE = ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
NOT_FOUND = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "none"}}
HTTPS = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}


def name_of(request, kind):
    """Names have at most 32 letters, digits and hyphens."""
    return f"{kind}-{request.node.name.removeprefix('test_').replace('_', '-')}"[:32].rstrip("-")


def path(*patterns):
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


@pytest.fixture
def elb(client):
    return client("elbv2")


@pytest.fixture
def security_group(client, simulator, request):
    """A group that lets everyone in by HTTP and HTTPS; gone once the interfaces that are in it are."""
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName=request.node.name, Description="of a test", VpcId=VPC)["GroupId"]
    for port in (80, 443):
        ranges = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ranges)
    yield group
    simulator.until(lambda: gone(ec2, group))


def gone(ec2, group):
    try:
        ec2.delete_security_group(GroupId=group)
        return True
    except ec2.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "DependencyViolation", error
        return False


@pytest.fixture
def balancer(elb, simulator, security_group, request):
    """A load balancer of the test's own that is active."""
    name = name_of(request, "lb")
    made = elb.create_load_balancer(
        Name=name, Subnets=PUBLIC, SecurityGroups=[security_group], Scheme="internet-facing", Type="application",
        IpAddressType="ipv4", Tags=[{"Key": "a", "Value": "1"}],
    )["LoadBalancers"][0]
    assert (made["LoadBalancerName"], made["State"]["Code"], made["Type"]) == (name, "provisioning", "application")
    elb.get_waiter("load_balancer_exists").wait(LoadBalancerArns=[made["LoadBalancerArn"]])
    simulator.until(lambda: described(elb, made["LoadBalancerArn"])["State"]["Code"] == "active")
    yield described(elb, made["LoadBalancerArn"])
    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


def described(elb, arn):
    return elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]


@pytest.fixture
def group(elb, request):
    """A target group of the test's own for addresses; deleted by whoever frees it."""
    return elb.create_target_group(
        Name=name_of(request, "tg"), Protocol="HTTP", Port=80, VpcId=VPC, TargetType="ip", HealthCheckIntervalSeconds=10,
        HealthCheckPath="/", HealthyThresholdCount=2, UnhealthyThresholdCount=2, Matcher={"HttpCode": "200-299"},
    )["TargetGroups"][0]["TargetGroupArn"]


def listen(elb, balancer, actions, **more):
    made = elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], DefaultActions=actions, **more)
    return made["Listeners"][0]["ListenerArn"]


def states(elb, group):
    told = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [one["TargetHealth"]["State"] for one in told]


def test_a_load_balancer_reads_back(elb, balancer, security_group, client, refused):
    assert balancer["SecurityGroups"] == [security_group] and balancer["VpcId"] == VPC
    assert [zone["SubnetId"] for zone in balancer["AvailabilityZones"]] == PUBLIC
    assert balancer["DNSName"].endswith(".eu-west-1.elb.amazonaws.com") and balancer["CreatedTime"].year == 2027
    by_name = elb.describe_load_balancers(Names=[balancer["LoadBalancerName"]])["LoadBalancers"]
    assert by_name == [balancer]
    interfaces = client("ec2").describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [security_group]}])
    assert len(interfaces["NetworkInterfaces"]) == 3
    assert all(one["Description"].startswith("ELB app/") for one in interfaces["NetworkInterfaces"])
    refused("LoadBalancerNotFound", elb.describe_load_balancers, Names=["none"])
    same_name = {"Name": balancer["LoadBalancerName"], "Subnets": PRIVATE, "Scheme": "internal"}
    refused("DuplicateLoadBalancerName", elb.create_load_balancer, **same_name)


def test_a_load_balancer_changes(elb, balancer, security_group, refused):
    arn = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
    keys = {one["Key"]: one["Value"] for one in elb.describe_load_balancer_attributes(**arn)["Attributes"]}
    assert (keys["idle_timeout.timeout_seconds"], keys["deletion_protection.enabled"]) == ("60", "false")
    protect = lambda value: elb.modify_load_balancer_attributes(
        **arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
    )
    protect("true")
    refused("OperationNotPermitted", elb.delete_load_balancer, **arn)
    protect("false")
    assert len(elb.set_subnets(**arn, Subnets=PUBLIC[:2])["AvailabilityZones"]) == 2
    assert elb.set_security_groups(**arn, SecurityGroups=[security_group])["SecurityGroupIds"] == [security_group]
    assert elb.set_ip_address_type(**arn, IpAddressType="ipv4")["IpAddressType"] == "ipv4"
    refused("ValidationError", elb.set_subnets, **arn, Subnets=PUBLIC[:1])


def test_listeners_and_certificates(elb, balancer, refused):
    http = listen(elb, balancer, [HTTPS], Protocol="HTTP", Port=80)
    https = listen(elb, balancer, [NOT_FOUND], Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": CERTIFICATE}])
    found = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert {one["ListenerArn"] for one in found} == {http, https}
    redirect = next(one for one in found if one["ListenerArn"] == http)["DefaultActions"][0]["RedirectConfig"]
    assert redirect["Host"] == "#{host}" and redirect["Path"] == "/#{path}" and redirect["Query"] == "#{query}"
    elb.add_listener_certificates(ListenerArn=https, Certificates=[{"CertificateArn": CERTIFICATE}])
    listed = elb.describe_listener_certificates(ListenerArn=https)["Certificates"]
    assert [one["IsDefault"] for one in listed] == [True, False]
    elb.remove_listener_certificates(ListenerArn=https, Certificates=[{"CertificateArn": CERTIFICATE}])
    changed = elb.modify_listener(ListenerArn=https, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")["Listeners"][0]
    assert changed["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06" and changed["Port"] == 443
    server = {"Key": "routing.http.response.server.enabled", "Value": "false"}
    assert server in elb.modify_listener_attributes(ListenerArn=https, Attributes=[server])["Attributes"]
    assert server in elb.describe_listener_attributes(ListenerArn=https)["Attributes"]
    other = {"LoadBalancerArn": balancer["LoadBalancerArn"], "Protocol": "HTTP", "Port": 80, "DefaultActions": [NOT_FOUND]}
    refused("DuplicateListener", elb.create_listener, **other)
    elb.delete_listener(ListenerArn=http)
    refused("ListenerNotFound", elb.describe_listeners, ListenerArns=[http])


def test_rules(elb, balancer, group, refused):
    listener = listen(elb, balancer, [NOT_FOUND], Protocol="HTTP", Port=80)
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 3}]}}
    conditions = [
        path("/orders", "/orders/*"),
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["test"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a", "Value": "b"}]}},
    ]
    rewrite = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/orders", "Replace": "/"}]}}
    made = elb.create_rule(ListenerArn=listener, Priority=10, Conditions=conditions, Actions=[forward], Transforms=[rewrite])["Rules"][0]
    arn = made["RuleArn"]
    assert made["Actions"][0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": group, "Weight": 3}]
    assert made["Conditions"][0]["PathPatternConfig"]["Values"] == ["/orders", "/orders/*"]
    assert made["Transforms"] == [rewrite] and made["Priority"] == "10" and made["IsDefault"] is False
    again = {"ListenerArn": listener, "Priority": 10, "Conditions": [path("/a")], "Actions": [NOT_FOUND]}
    refused("PriorityInUse", elb.create_rule, **again)
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=group)
    assert elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": 20}])["Rules"][0]["Priority"] == "20"
    changed = elb.modify_rule(RuleArn=arn, Conditions=[path("/a")], ResetTransforms=True)["Rules"][0]
    assert changed["Transforms"] == [] and len(changed["Conditions"]) == 1 and changed["Actions"] == made["Actions"]
    pages = elb.get_paginator("describe_rules").paginate(ListenerArn=listener, PaginationConfig={"PageSize": 1})
    assert [rule["Priority"] for page in pages for rule in page["Rules"]] == ["20", "default"]
    elb.delete_rule(RuleArn=arn)
    refused("RuleNotFound", elb.describe_rules, RuleArns=[arn])
    elb.delete_target_group(TargetGroupArn=group)
    refused("TargetGroupNotFound", elb.describe_target_groups, TargetGroupArns=[group])


def test_target_groups(elb, group, refused):
    found = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert (found["TargetType"], found["ProtocolVersion"], found["LoadBalancerArns"]) == ("ip", "HTTP1", [])
    changed = elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/health", HealthCheckTimeoutSeconds=4)
    assert changed["TargetGroups"][0]["HealthCheckPath"] == "/health"
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "60"}
    assert delay in elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])["Attributes"]
    assert delay in elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.200"}, {"Id": "10.0.0.200", "Port": 8080}])
    assert states(elb, group) == ["unused", "unused"]
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.200", "Port": 8080}])
    assert states(elb, group) == ["unused"]
    refused("ValidationError", elb.modify_target_group, TargetGroupArn=group, HealthCheckTimeoutSeconds=10)
    other = {"Name": found["TargetGroupName"], "Protocol": "HTTP", "Port": 81, "VpcId": VPC, "TargetType": "ip"}
    refused("DuplicateTargetGroupName", elb.create_target_group, **other)
    elb.delete_target_group(TargetGroupArn=group)


def test_tags(elb, balancer, group, refused):
    arns = [balancer["LoadBalancerArn"], group]
    elb.add_tags(ResourceArns=arns, Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}])
    elb.remove_tags(ResourceArns=arns, TagKeys=["b"])
    told = {one["ResourceArn"]: one["Tags"] for one in elb.describe_tags(ResourceArns=arns)["TagDescriptions"]}
    assert told[group] == [{"Key": "c", "Value": ""}]
    assert {"Key": "a", "Value": "1"} in told[arns[0]]
    refused("ValidationError", elb.describe_tags, ResourceArns=[group] * 21)
    elb.delete_target_group(TargetGroupArn=group)


def test_requests_reach_a_services_tasks(elb, client, simulator, balancer, security_group, group, request):
    """From the Internet to a container, and no second without an answer while a new revision rolls out."""
    ecs, ec2 = client("ecs"), client("ec2")
    listener = listen(elb, balancer, [NOT_FOUND], Protocol="HTTP", Port=80)
    elb.create_rule(ListenerArn=listener, Priority=1, Conditions=[path("/hello*")], Actions=[{"Type": "forward", "TargetGroupArn": group}])
    own = ec2.create_security_group(GroupName=f"{request.node.name}-app", Description="of a test", VpcId=VPC)["GroupId"]
    peer = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": security_group}]}]
    ec2.authorize_security_group_ingress(GroupId=own, IpPermissions=peer)
    cluster = "behind-a-load-balancer"
    ecs.create_cluster(clusterName=cluster)

    def register(image):
        container = {"name": "web", "image": image, "essential": True, "portMappings": [{"containerPort": 80}]}
        return ecs.register_task_definition(
            family=cluster, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]

    ecs.create_service(
        cluster=cluster, serviceName="web", taskDefinition=register("public.ecr.aws/nginx/nginx:1.27"), desiredCount=2,
        launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": PRIVATE, "securityGroups": [own]}},
        loadBalancers=[{"targetGroupArn": group, "containerName": "web", "containerPort": 80}],
        healthCheckGracePeriodSeconds=60,
    )
    service = lambda: ecs.describe_services(cluster=cluster, services=["web"])["services"][0]
    completed = lambda: service()["deployments"][0]["rolloutState"] == "COMPLETED"
    simulator.until(completed)
    assert states(elb, group) == ["healthy", "healthy"]
    url = f"http://{balancer['DNSName']}/hello"
    answer = simulator.post("request", url=url)
    assert (answer["status"], answer["container"], answer["containerPort"], answer["targetGroup"]) == (200, "web", 80, group)
    assert simulator.post("request", url=f"http://{balancer['DNSName']}/other")["status"] == 404

    simulator.post("probes", name="hello", url=url)
    ecs.update_service(cluster=cluster, service="web", taskDefinition=register("public.ecr.aws/nginx/nginx:1.28"))
    simulator.until(completed, seconds=1200)
    seen = simulator.get("probes")["probes"][0]
    assert seen["secondsFailed"] == 0 and seen["secondsOk"] > 100, seen

    ecs.delete_service(cluster=cluster, service="web", force=True)
    simulator.until(lambda: service()["status"] == "INACTIVE")
    simulator.until(lambda: gone(ec2, own))
    elb.delete_listener(ListenerArn=listener)
    elb.delete_target_group(TargetGroupArn=group)
    ecs.delete_cluster(cluster=cluster)
