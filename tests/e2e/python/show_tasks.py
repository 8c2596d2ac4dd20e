"""Shows a service's running tasks as AWS describes them: network interface, private IP, security groups, roles.

usage: show_tasks.py NAMESPACE NAME     (of the EcsService)
Prints {"service": {...}, "tasks": [{...}]}.
"""

import json
import sys

import boto3


def services_of(ecs, cluster):
    try:
        pages = list(ecs.get_paginator("list_services").paginate(cluster=cluster))
    except ecs.exceptions.ClusterNotFoundException:
        return []  # another test's, gone since it was listed
    return [arn for page in pages for arn in page["serviceArns"]]


def find_service(ecs, owner):
    for page in ecs.get_paginator("list_clusters").paginate():
        for cluster in page["clusterArns"]:
            arns = services_of(ecs, cluster)
            for start in range(0, len(arns), 10):
                found = ecs.describe_services(cluster=cluster, services=arns[start:start + 10], include=["TAGS"])
                for service in found["services"]:
                    if {"key": "longshore.dev/object", "value": owner} in service.get("tags", []):
                        return service
    sys.exit(f"no service is tagged as made for {owner}")


def show_task(task, definition, interfaces):
    attachment = next(a for a in task["attachments"] if a["type"] == "ElasticNetworkInterface")
    details = {detail["name"]: detail["value"] for detail in attachment["details"]}
    interface = interfaces.get(details["networkInterfaceId"], {})
    return {
        "arn": task["taskArn"],
        "lastStatus": task["lastStatus"],
        "launchType": task["launchType"],
        "networkInterface": details["networkInterfaceId"],
        "privateIp": details["privateIPv4Address"],
        "subnet": details["subnetId"],
        "securityGroups": sorted(group["GroupId"] for group in interface.get("Groups", [])),
        "taskRole": definition.get("taskRoleArn"),
        "executionRole": definition.get("executionRoleArn"),
    }


def main():
    namespace, name = sys.argv[1:]
    ecs, ec2, iam = boto3.client("ecs"), boto3.client("ec2"), boto3.client("iam")
    service = find_service(ecs, f"EcsService/{namespace}/{name}")
    cluster = service["clusterArn"]
    arns = ecs.list_tasks(cluster=cluster, serviceName=service["serviceName"], desiredStatus="RUNNING")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    interfaces = {
        interface["NetworkInterfaceId"]: interface
        for page in ec2.get_paginator("describe_network_interfaces").paginate()
        for interface in page["NetworkInterfaces"]
    }
    shown = []
    for task in tasks:
        definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
        shown.append(show_task(task, definition, interfaces))
    groups = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    described = ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"]
    roles = {}
    for arn in {task[role] for task in shown for role in ("taskRole", "executionRole")} - {None, ""}:
        role = iam.get_role(RoleName=arn.rsplit("/", 1)[1])["Role"]
        roles[arn] = {
            "path": role["Path"],
            "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "object": next((tag["Value"] for tag in role.get("Tags", []) if tag["Key"] == "longshore.dev/object"), None),
            "trust": role["AssumeRolePolicyDocument"],
        }
    print(json.dumps({
        "runningCount": service["runningCount"],
        "securityGroups": [
            {"id": group["GroupId"], "tags": {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}} for group in described
        ],
        "roles": roles,
        "tasks": shown,
    }))


main()
