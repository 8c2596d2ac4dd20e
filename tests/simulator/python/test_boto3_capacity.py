"""What a cluster on EC2 is made of, as boto3 sees it: instance profile, launch template, group, provider, instances."""

import json

import pytest

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
]}
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"


def test_an_instance_profile_carries_a_role(client, refused):
    iam = client("iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument=json.dumps(TRUST))
    made = iam.create_instance_profile(InstanceProfileName="agent", Path="/own/", Tags=[{"Key": "a", "Value": "1"}])
    assert made["InstanceProfile"]["Arn"].endswith(":instance-profile/own/agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    shown = iam.get_instance_profile(InstanceProfileName="agent")["InstanceProfile"]
    assert [role["RoleName"] for role in shown["Roles"]] == ["agent"]
    assert iam.list_instance_profiles(PathPrefix="/own/")["InstanceProfiles"][0]["InstanceProfileName"] == "agent"
    assert iam.list_instance_profiles_for_role(RoleName="agent")["InstanceProfiles"][0]["Path"] == "/own/"
    iam.tag_instance_profile(InstanceProfileName="agent", Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_instance_profile(InstanceProfileName="agent", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="agent")["Tags"] == [{"Key": "b", "Value": "2"}]
    refused("DeleteConflict", iam.delete_role, RoleName="agent")
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="agent")
    iam.remove_role_from_instance_profile(InstanceProfileName="agent", RoleName="agent")
    iam.delete_instance_profile(InstanceProfileName="agent")
    iam.delete_role(RoleName="agent")


@pytest.fixture
def template(client):
    ec2 = client("ec2")
    data = {
        "ImageId": "ami-0ecsarm", "InstanceType": "m7g.large", "SecurityGroupIds": ["sg-0default"],
        "IamInstanceProfile": {"Name": "ecsInstance"}, "MetadataOptions": {"HttpTokens": "required"},
        # ECS_CLUSTER=capacity
        "UserData": "RUNTX0NMVVNURVI9Y2FwYWNpdHkK",
    }
    client("iam").create_instance_profile(InstanceProfileName="ecsInstance")
    client("iam").add_role_to_instance_profile(InstanceProfileName="ecsInstance", RoleName="ecsInstanceRole")
    made = ec2.create_launch_template(LaunchTemplateName="capacity", LaunchTemplateData=data)["LaunchTemplate"]
    yield made["LaunchTemplateId"]
    assert ec2.delete_launch_template(LaunchTemplateName="capacity")["LaunchTemplate"]["LaunchTemplateName"] == "capacity"


def test_a_cluster_gets_instances_by_a_provider(client, simulator, template, refused):
    ec2, ecs, groups = client("ec2"), client("ecs"), client("autoscaling")
    more = {"InstanceType": "m7g.xlarge"}
    ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData=more)
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    assert ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"][0]["DefaultVersionNumber"] == 2
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["1"])["LaunchTemplateVersions"]
    data = versions[0]["LaunchTemplateData"]
    assert (data["SecurityGroupIds"], data["MetadataOptions"]) == (["sg-0default"], {"HttpTokens": "required"})

    ecs.create_cluster(clusterName="capacity")
    specification = {"LaunchTemplateId": template, "Version": "1"}
    groups.create_auto_scaling_group(
        AutoScalingGroupName="capacity", MinSize=1, MaxSize=3, LaunchTemplate=specification, VPCZoneIdentifier="subnet-0aaa,subnet-0bbb",
    )
    arn = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["capacity"])["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    provider = {"autoScalingGroupArn": arn, "managedScaling": {"status": "DISABLED"}}
    ecs.create_capacity_provider(name="capacity", autoScalingGroupProvider=provider)
    ecs.update_capacity_provider(name="capacity", autoScalingGroupProvider={"managedScaling": {"targetCapacity": 90}})
    shown = ecs.describe_capacity_providers(capacityProviders=["capacity"])["capacityProviders"][0]
    assert shown["autoScalingGroupProvider"]["managedScaling"]["targetCapacity"] == 90

    def instances():
        arns = ecs.list_container_instances(cluster="capacity")["containerInstanceArns"]
        return ecs.describe_container_instances(cluster="capacity", containerInstances=arns)["containerInstances"] if arns else []

    simulator.until(lambda: len(instances()) == 1)
    [one] = instances()
    described = ec2.describe_instances(InstanceIds=[one["ec2InstanceId"]])["Reservations"][0]["Instances"][0]
    assert (described["InstanceType"], described["State"]["Name"]) == ("m7g.large", "running")
    name = one["containerInstanceArn"]
    drained = ecs.update_container_instances_state(cluster="capacity", containerInstances=[name], status="DRAINING")
    assert drained["containerInstances"][0]["status"] == "DRAINING"
    document = json.dumps({"instanceId": "i-own", "instanceType": "m7g.large", "availabilityZone": "eu-west-1a"})
    by_hand = ecs.register_container_instance(cluster="capacity", instanceIdentityDocument=document)["containerInstance"]
    ecs.deregister_container_instance(cluster="capacity", containerInstance=by_hand["containerInstanceArn"])
    ended = ec2.terminate_instances(InstanceIds=[one["ec2InstanceId"]])["TerminatingInstances"][0]
    assert ended["CurrentState"]["Name"] == "shutting-down"
    refused("InvalidInstanceID.NotFound", ec2.terminate_instances, InstanceIds=["i-0none"])

    ecs.delete_capacity_provider(capacityProvider="capacity")
    groups.delete_auto_scaling_group(AutoScalingGroupName="capacity", ForceDelete=True)
    simulator.until(lambda: not groups.describe_auto_scaling_groups()["AutoScalingGroups"] and not instances())
    ecs.delete_cluster(cluster="capacity")


def managed(**more):
    template = {
        "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/ecsManaged",
        "networkConfiguration": {"subnets": ["subnet-0aaa", "subnet-0bbb"], "securityGroups": ["sg-0default"]},
        "instanceRequirements": {"vCpuCount": {"min": 2}, "memoryMiB": {"min": 4096}, "allowedInstanceTypes": ["m7g.*"]},
    }
    return {
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/ecsInfrastructure",
        "instanceLaunchTemplate": template, "infrastructureOptimization": {"scaleInAfter": 0}, **more,
    }


def test_ecs_launches_instances_itself(client, simulator, refused):
    ec2, ecs, iam = client("ec2"), client("ecs"), client("iam")
    trust = json.loads(json.dumps(TRUST).replace("ec2.amazonaws.com", "ecs.amazonaws.com"))
    iam.create_role(RoleName="ecsInfrastructure", AssumeRolePolicyDocument=json.dumps(trust))
    policy = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances"
    iam.attach_role_policy(RoleName="ecsInfrastructure", PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName="ecsManaged")
    iam.add_role_to_instance_profile(InstanceProfileName="ecsManaged", RoleName="ecsInstanceRole")
    ecs.create_cluster(clusterName="managed")
    ecs.create_cluster(clusterName="other")

    create = ecs.create_capacity_provider
    refused("InvalidParameterException", create, name="managed", managedInstancesProvider=managed())
    bare = managed()
    bare["instanceLaunchTemplate"] = {**bare["instanceLaunchTemplate"], "networkConfiguration": {"subnets": []}}
    refused("InvalidParameterException", create, name="managed", cluster="managed", managedInstancesProvider=bare)
    refused("ClusterNotFoundException", create, name="managed", cluster="none", managedInstancesProvider=managed())
    made = create(name="managed", cluster="managed", managedInstancesProvider=managed())["capacityProvider"]
    assert (made["status"], made["type"], made["updateStatus"]) == ("PROVISIONING", "MANAGED_INSTANCES", "CREATE_IN_PROGRESS")
    refused("ClientException", create, name="managed", cluster="managed", managedInstancesProvider=managed())
    strategy = [{"capacityProvider": "managed", "weight": 1}]
    put = {"cluster": "managed", "capacityProviders": ["managed"], "defaultCapacityProviderStrategy": strategy}

    def shown():
        [one] = ecs.describe_capacity_providers(capacityProviders=["managed"])["capacityProviders"]
        return one

    simulator.until(lambda: shown()["status"] == "ACTIVE")
    ecs.put_cluster_capacity_providers(**put)
    refused("InvalidParameterException", ecs.put_cluster_capacity_providers, **{**put, "cluster": "other"})
    names = lambda **more: [one["name"] for one in ecs.describe_capacity_providers(**more)["capacityProviders"]]
    assert "managed" in names(cluster="managed") and "managed" not in names()
    refused("ClientException", ecs.update_capacity_provider, name="managed", managedInstancesProvider=managed())
    update = {"infrastructureRoleArn": managed()["infrastructureRoleArn"], "instanceLaunchTemplate": {"monitoring": "DETAILED"}}
    ecs.update_capacity_provider(name="managed", cluster="managed", managedInstancesProvider=update)
    assert shown()["managedInstancesProvider"]["instanceLaunchTemplate"]["monitoring"] == "DETAILED"

    container = {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 512}
    register, common = ecs.register_task_definition, {"family": "managed", "containerDefinitions": [container]}
    refused("ClientException", register, **common, requiresCompatibilities=["MANAGED_INSTANCES"], networkMode="bridge")
    platform = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    register(**common, networkMode="host", runtimePlatform=platform)
    refused("InvalidParameterException", ecs.run_task, cluster="managed", taskDefinition="managed")
    common = {**common, "networkMode": "host", "runtimePlatform": platform}
    definition = register(**common, requiresCompatibilities=["MANAGED_INSTANCES"])
    assert "MANAGED_INSTANCES" in definition["taskDefinition"]["compatibilities"]
    task = ecs.run_task(cluster="managed", taskDefinition="managed", count=1)["tasks"][0]
    assert (task["launchType"], task["capacityProviderName"]) == ("MANAGED_INSTANCES", "managed")

    def status():
        return ecs.describe_tasks(cluster="managed", tasks=[task["taskArn"]])["tasks"][0]["lastStatus"]

    simulator.until(lambda: status() == "RUNNING")
    arns = ecs.list_container_instances(cluster="managed")["containerInstanceArns"]
    [one] = ecs.describe_container_instances(cluster="managed", containerInstances=arns)["containerInstances"]
    described = ec2.describe_instances(InstanceIds=[one["ec2InstanceId"]])["Reservations"][0]["Instances"][0]
    assert (described["InstanceType"], one["capacityProviderName"]) == ("m7g.large", "managed")
    refused("ClientException", ecs.delete_capacity_provider, capacityProvider="managed", cluster="managed")
    ecs.stop_task(cluster="managed", task=task["taskArn"])
    simulator.until(lambda: status() == "STOPPED" and not ecs.list_container_instances(cluster="managed")["containerInstanceArns"])
    refused("ClientException", ecs.delete_cluster, cluster="managed")
    ecs.put_cluster_capacity_providers(cluster="managed", capacityProviders=[], defaultCapacityProviderStrategy=[])
    gone = ecs.delete_capacity_provider(capacityProvider="managed", cluster="managed")["capacityProvider"]
    assert (gone["status"], gone["updateStatus"]) == ("DEPROVISIONING", "DELETE_IN_PROGRESS")
    simulator.until(lambda: shown()["status"] == "INACTIVE")
    ecs.delete_cluster(cluster="managed")
