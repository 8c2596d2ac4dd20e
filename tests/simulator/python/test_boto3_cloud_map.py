"""Services of Cloud Map as boto3 sees them: made, tagged, changed, found by the tasks in them, taken away."""

import pytest

ADDRESS = {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]}


@pytest.fixture
def cloud_map(client):
    return client("servicediscovery")


@pytest.fixture
def namespace(cloud_map):
    wanted = [{"Name": "NAME", "Values": ["shop.internal"], "Condition": "EQ"}]
    [found] = cloud_map.list_namespaces(Filters=wanted)["Namespaces"]
    return found["Id"]


@pytest.fixture
def service(cloud_map, namespace):
    made = cloud_map.create_service(
        Name="orders", NamespaceId=namespace, Description="ours", DnsConfig=ADDRESS,
        HealthCheckCustomConfig={"FailureThreshold": 1}, Tags=[{"Key": "Team", "Value": "shop"}],
    )["Service"]
    yield made
    left = {one["Id"] for one in cloud_map.list_services()["Services"]}
    if made["Id"] in left:
        cloud_map.delete_service(Id=made["Id"])


def test_a_namespace_tells_how_its_names_are_found(cloud_map, namespace):
    found = cloud_map.get_namespace(Id=namespace)["Namespace"]
    assert (found["Name"], found["Type"]) == ("shop.internal", "DNS_PRIVATE")
    with pytest.raises(cloud_map.exceptions.NamespaceNotFound):
        cloud_map.get_namespace(Id="ns-none")


def test_a_service_reads_back_and_its_name_is_taken(cloud_map, namespace, service):
    seen = cloud_map.get_service(Id=service["Arn"])["Service"]
    assert (seen["Name"], seen["NamespaceId"], seen["Type"]) == ("orders", namespace, "DNS_HTTP")
    assert seen["DnsConfig"] == ADDRESS
    wanted = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
    pages = cloud_map.get_paginator("list_services").paginate(Filters=wanted, PaginationConfig={"PageSize": 1})
    listed = [one for page in pages for one in page["Services"]]
    assert "orders" in [one["Name"] for one in listed]
    with pytest.raises(cloud_map.exceptions.ServiceAlreadyExists):
        cloud_map.create_service(Name="Orders", NamespaceId=namespace, DnsConfig=ADDRESS)
    with pytest.raises(cloud_map.exceptions.InvalidInput):
        cloud_map.create_service(Name="a b", NamespaceId=namespace, DnsConfig=ADDRESS)


def test_times_change_and_tags(cloud_map, service):
    records = [{"Type": "A", "TTL": 5}]
    change = {"Description": "others", "DnsConfig": {"DnsRecords": records}}
    assert cloud_map.update_service(Id=service["Id"], Service=change)["OperationId"]
    seen = cloud_map.get_service(Id=service["Id"])["Service"]
    assert (seen["Description"], seen["DnsConfig"]["DnsRecords"]) == ("others", records)
    arn = service["Arn"]
    cloud_map.tag_resource(ResourceARN=arn, Tags=[{"Key": "Stage", "Value": "test"}])
    cloud_map.untag_resource(ResourceARN=arn, TagKeys=["Team"])
    assert cloud_map.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "Stage", "Value": "test"}]


def test_tasks_are_registered_while_they_run_and_hold_the_service(client, simulator, cloud_map, service):
    ecs = client("ecs")
    ecs.create_cluster(clusterName="named")
    revision = ecs.register_task_definition(
        family="named", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[{"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27"}],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="named", serviceName="named", taskDefinition=revision, desiredCount=2, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0aaa"]}},
        serviceRegistries=[{"registryArn": service["Arn"]}],
    )

    def found():
        return cloud_map.list_instances(ServiceId=service["Id"])["Instances"]

    simulator.until(lambda: len(found()) == 2)
    assert all(one["Attributes"]["AWS_INSTANCE_IPV4"].startswith("10.") for one in found())
    with pytest.raises(cloud_map.exceptions.ResourceInUse):
        cloud_map.delete_service(Id=service["Id"])
    ecs.delete_service(cluster="named", service="named", force=True)
    simulator.until(lambda: not found())
    cloud_map.delete_service(Id=service["Id"])
    with pytest.raises(cloud_map.exceptions.ServiceNotFound):
        cloud_map.get_service(Id=service["Id"])

    def gone():
        [shown] = ecs.describe_services(cluster="named", services=["named"])["services"]
        [cluster] = ecs.describe_clusters(clusters=["named"])["clusters"]
        return shown["status"] == "INACTIVE" and cluster["runningTasksCount"] == 0

    simulator.until(gone)
    simulator.advance(120)
    ecs.delete_cluster(cluster="named")
