//! A file system and a service that mounts it: tasks run, what is taken away is put right, and who is mounted waits.

use anyhow::{Context, Result};
use longshore_e2e::{Namespace, condition, elements, example, hello, names_all, text};
use serde_json::{Value, json};

use crate::stack;

/// Example 20's file system and service, in a namespace of their own, with the cluster of example 10.
fn mounted(name: &str, deletion_policy: &str) -> Result<Namespace<'static>> {
    let ns = Namespace::create(stack(), name)?;
    let cluster = hello(name)?.split("---\n").find(|text| text.contains("kind: EcsCluster")).map(ToOwned::to_owned);
    ns.apply(&cluster.context("example 10 has a cluster")?)?;
    let objects = example("20-file-system.yaml")?.replace("namespace: shop", &format!("namespace: {name}"));
    let policy = format!("  deletionPolicy: {deletion_policy}\n  accessPoints:");
    ns.apply(&objects.replace("  accessPoints:", &policy))?;
    ns.wait_ready("efs/shared")?;
    ns.wait_ready("ecssvc/uploads")?;
    Ok(ns)
}

fn rules(group: &str) -> Result<Vec<String>> {
    let filter = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", group)];
    let found = stack().aws.ec2("DescribeSecurityGroupRules", &filter)?;
    Ok(elements(&found, "securityGroupRuleId"))
}

#[test]
fn tasks_mount_a_file_system_and_what_is_closed_between_them_is_opened_again() -> Result<()> {
    let ns = mounted("storage", "Delete")?;
    let told = ns.wait_until("efs/shared", "who mounts it", |now| {
        let status = now["status"].clone();
        if status["mountedBy"] == json!(["storage/uploads"]) { Ok(status) } else { Err(format!("{status:#}")) }
    })?;
    let available = told["mountTargets"].as_array().into_iter().flatten().filter(|target| target["available"] == true);
    assert_eq!(available.count(), 3, "{told:#}");
    assert_eq!(told["accessPoints"][0]["name"], "orders", "{told:#}");

    let clients = text(&told, "/clientsSecurityGroupId");
    let groups = stack().aws.security_groups_of("EfsFileSystem/storage/shared")?;
    let own = groups.iter().find(|group| **group != clients).context("a group of the mount targets'")?;
    let before = rules(own)?;
    assert_eq!(before.len(), 1, "{before:?}");
    stack().aws.ec2(
        "RevokeSecurityGroupIngress",
        &[("GroupId", own.as_str()), ("SecurityGroupRuleId.1", before[0].as_str())],
    )?;
    ns.wait_for("the way to the file system to be open again", || {
        let now = rules(own)?;
        Ok(if now.len() == 1 && now != before { Ok(()) } else { Err(format!("its rules are {now:?}")) })
    })?;

    goes_after_its_user(&ns, "EcsService/storage/uploads")?;
    assert_eq!(stack().aws.security_groups_of("EfsFileSystem/storage/shared")?, [""; 0]);
    Ok(())
}

#[test]
fn a_mount_target_and_an_access_point_that_somebody_removes_are_made_again_and_tasks_mount_the_new_one() -> Result<()> {
    let ns = mounted("storage-gone", "Delete")?;
    let now = ns.get("efs/shared")?;
    let (target, point) =
        (text(&now, "/status/mountTargets/0/mountTargetId"), text(&now, "/status/accessPoints/0/accessPointId"));
    let subnet = text(&now, "/status/mountTargets/0/subnetId");
    stack().aws.efs_delete(&format!("mount-targets/{target}"))?;
    stack().aws.efs_delete(&format!("access-points/{point}"))?;
    let made = ns.wait_until("efs/shared", "both to be there again", |now| {
        let targets = now["status"]["mountTargets"].as_array().into_iter().flatten();
        let mut again = targets.filter(|one| one["subnetId"] == subnet.as_str() && one["available"] == true);
        let again = again.any(|one| one["mountTargetId"] != target.as_str());
        let other = text(now, "/status/accessPoints/0/accessPointId");
        let there = again && !other.is_empty() && other != point;
        if there { Ok(other) } else { Err(now["status"].to_string()) }
    })?;
    ns.wait_settled("efs/shared")?;
    ns.wait_for("the tasks to mount the new access point", || {
        let service = stack().aws.service_of("storage-gone", "uploads")?.context("the service is there")?;
        let definition =
            stack().aws.ecs("DescribeTaskDefinition", &json!({"taskDefinition": service["taskDefinition"]}))?;
        let volumes = definition["taskDefinition"]["volumes"].to_string();
        Ok(if volumes.contains(&made) { Ok(()) } else { Err(volumes) })
    })?;
    ns.wait_settled("ecssvc/uploads")?;
    goes_after_its_user(&ns, "EcsService/storage-gone/uploads")
}

/// Example 20's file system and service, whose tasks share the interface of the instances that their cluster makes.
fn mounted_by_instances(ns: &Namespace<'_>) -> Result<()> {
    let cluster = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"name": "main", "namespace": ns.name},
        "spec": {
            "ec2Capacity": [{"name": "general", "instanceType": "m7g.large", "minSize": 1, "maxSize": 2}],
            "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
        },
    });
    ns.apply(&cluster.to_string())?;
    let objects = example("20-file-system.yaml")?.replace("namespace: shop", &format!("namespace: {}", ns.name));
    // As somebody would edit the example.
    let shared = objects
        .replace("  launchType: FARGATE\n", "")
        .replace("    cpu: 256\n    memory: 512\n", "    networkMode: bridge\n")
        .replace("        mountPoints:", "        memory: 256\n        mountPoints:");
    ns.apply(&shared)?;
    Ok(())
}

#[test]
fn tasks_mount_by_the_interface_of_their_instance_and_all_of_it_goes_though_the_files_are_kept() -> Result<()> {
    let ns = Namespace::create(stack(), "storage-instances")?;
    mounted_by_instances(&ns)?;
    for object in ["efs/shared", "ecscl/main", "ecssvc/uploads"] {
        ns.wait_ready(object)?;
    }
    let own = text(&ns.get("efs/shared")?, "/status/securityGroupId");
    let told = ns.get("ecscl/main")?["status"]["ec2Capacity"][0].clone();
    assert_eq!(told["mountTargetSecurityGroupIds"], json!([own]), "{told:#}");
    let before = rules(&own)?;
    assert_eq!(before.len(), 2, "for the clients, and for the instances: {before:?}");
    let world = stack().simulator().world()?;
    let tagged = |id: &&String| {
        let rule = &world["ec2"]["groups"][own.as_str()]["rules"][id.as_str()];
        rule["tags"]["longshore.dev/object"] == "EcsCluster/storage-instances/main"
    };
    let rule = before.iter().find(tagged).context("the cluster's rule")?;
    let revoked = [("GroupId", own.as_str()), ("SecurityGroupRuleId.1", rule.as_str())];
    stack().aws.ec2("RevokeSecurityGroupIngress", &revoked)?;
    ns.wait_for("the way to the file system to be open again", || {
        let now = rules(&own)?;
        Ok(if now.len() == 2 && now != before { Ok(()) } else { Err(format!("its rules are {now:?}")) })
    })?;

    // What mounts no more has nothing kept open.
    ns.patch("ecssvc/uploads", &json!({"spec": {"task": {"networkMode": "awsvpc"}}}))?;
    ns.wait_for("the rule of the instances to go", || {
        let now = rules(&own)?;
        Ok(if now.len() == 1 { Ok(()) } else { Err(format!("its rules are {now:?}")) })
    })?;
    ns.wait_settled("ecssvc/uploads")?;
    ns.patch("ecssvc/uploads", &json!({"spec": {"task": {"networkMode": "bridge"}}}))?;
    ns.wait_for("the rule of the instances to come back", || {
        let now = rules(&own)?;
        Ok(if now.len() == 2 { Ok(()) } else { Err(format!("its rules are {now:?}")) })
    })?;
    ns.wait_settled("ecssvc/uploads")?;

    // The file system is retained, and the cluster's group, which its rule names, goes nevertheless.
    ns.kubectl(&["delete", "ecssvc,efs,ecscl", "--all", "--timeout=300s"])?;
    assert_eq!(stack().aws.security_groups_of("EcsCluster/storage-instances/main")?, [""; 0]);
    assert_eq!(rules(&own)?.len(), 1);
    Ok(())
}

/// The file system is deleted first: it says who mounts it, and goes after that.
fn goes_after_its_user(ns: &Namespace<'_>, user: &str) -> Result<()> {
    ns.kubectl(&["delete", "efs/shared", "--wait=false"])?;
    ns.wait_until("efs/shared", "it to say who mounts it", |now| {
        let ready = condition(now, "Ready");
        names_all(&format!("{} {}", ready.reason, ready.message), &["InUse", user])
    })?;
    ns.kubectl(&["delete", "ecssvc/uploads", "--wait=false"])?;
    ns.kubectl(&["wait", "--for=delete", "efs/shared", "ecssvc/uploads", "--timeout=120s"])?;
    Ok(())
}

#[test]
fn each_task_has_a_volume_by_a_role_of_ecs_alone_and_logs_go_through_the_router() -> Result<()> {
    let ns = Namespace::create(stack(), "volumes")?;
    let cluster =
        hello("volumes")?.split("---\n").find(|text| text.contains("kind: EcsCluster")).map(ToOwned::to_owned);
    ns.apply(&cluster.context("example 10 has a cluster")?)?;
    let search = example("20-volumes-and-logs.yaml")?.replace("namespace: shop", "namespace: volumes");
    let on_host = search.replace("configuredAtLaunch: true", "host: {sourcePath: /data}");
    let refusal = ns.refusal(&on_host)?;
    assert!(refusal.contains("Fargate mounts no directory of a host"), "{refusal}");
    ns.apply(&search)?;
    ns.wait_ready("ecssvc/search")?;

    let service = stack().aws.service_of("volumes", "search")?.context("the service is there")?;
    let volume = service["deployments"][0]["volumeConfigurations"][0]["managedEBSVolume"].clone();
    assert_eq!((&volume["sizeInGiB"], &volume["encrypted"]), (&json!(20), &json!(true)), "{volume}");
    let roles = stack().aws.roles_of("EcsService/volumes/search")?;
    let of_ecs = text(&volume, "/roleArn");
    assert!(roles.iter().any(|role| of_ecs.ends_with(role)), "{of_ecs} among {roles:?}");
    let definitions = stack().aws.task_definitions_of("volumes", "search")?;
    let mut containers = definitions[0]["containerDefinitions"].as_array().into_iter().flatten();
    let router = containers.find(|one| one["name"] == "log-router").context("a router")?;
    assert_eq!(router["logConfiguration"]["logDriver"], "awslogs", "its own output: {router}");

    ns.kubectl(&["delete", "ecssvc/search", "--timeout=120s"])?;
    assert_eq!(stack().aws.roles_of("EcsService/volumes/search")?, [""; 0]);
    Ok(())
}

#[test]
fn a_retained_file_system_is_the_same_one_when_its_object_comes_again() -> Result<()> {
    let ns = mounted("storage-kept", "Retain")?;
    let id = |object: &Value| text(object, "/status/fileSystemId");
    let before = id(&ns.get("efs/shared")?);
    goes_after_its_user(&ns, "EcsService/storage-kept/uploads")?;
    let objects = example("20-file-system.yaml")?.replace("namespace: shop", "namespace: storage-kept");
    ns.apply(&objects)?;
    ns.wait_ready("efs/shared")?;
    ns.wait_ready("ecssvc/uploads")?;
    assert_eq!(id(&ns.get("efs/shared")?), before);
    Ok(())
}
