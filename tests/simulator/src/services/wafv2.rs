//! WAF: the web ACLs that come with the world, and which load balancer has which.
//!
//! Source: AWS WAFV2 API reference.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::elbv2;
use crate::world::World;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By ARN.
    acls: BTreeMap<String, WebAcl>,
    /// The web ACL of each load balancer that has one, both by ARN.
    associations: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize)]
struct WebAcl {
    name: String,
    id: String,
    lock_token: String,
}

/// Puts a web ACL for regional resources, which lets everything through, into the world.
pub fn add_web_acl(world: &mut World, name: &str, id: &str) {
    let arn = world.arn("wafv2", &format!("regional/webacl/{name}/{id}"));
    let acl = WebAcl { name: name.to_owned(), id: id.to_owned(), lock_token: world.ids.uuid() };
    world.wafv2.acls.insert(arn, acl);
}

/// A load balancer is gone, and what WAF knew of it.
pub fn forget(world: &mut World, resource: &str) {
    world.wafv2.associations.remove(resource);
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "GetWebACL" => get(world, call),
        "AssociateWebACL" => associate(world, call),
        "DisassociateWebACL" => disassociate(world, call),
        "GetWebACLForResource" => of_resource(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

fn nonexistent() -> Fault {
    let message = "AWS WAF couldn\u{2019}t perform the operation because your resource doesn\u{2019}t exist.";
    Fault::bad_request("WAFNonexistentItemException", message)
}

fn invalid(member: &str) -> Fault {
    let message = format!("Error reason: The parameter is missing or not valid, field: {member}");
    Fault::bad_request("WAFInvalidParameterException", message)
}

fn view(arn: &str, acl: &WebAcl) -> Value {
    json!({
        "Name": acl.name,
        "Id": acl.id,
        "ARN": arn,
        "DefaultAction": {"Allow": {}},
        "Rules": [],
        "VisibilityConfig": {"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": acl.name},
        "Capacity": 0,
    })
}

/// By ARN, or by name, id and scope.
fn get(world: &World, call: &Call) -> Answer {
    let found = match (call.text("ARN"), call.text("Name"), call.text("Id"), call.text("Scope")) {
        (Some(arn), _, _, _) => world.wafv2.acls.get_key_value(arn),
        (None, Some(name), Some(id), Some("REGIONAL")) => {
            world.wafv2.acls.iter().find(|(_, acl)| acl.name == name && acl.id == id)
        }
        (None, Some(_), Some(_), Some(_)) => None,
        _ => return Err(invalid("WEB_ACL")),
    };
    let (arn, acl) = found.ok_or_else(nonexistent)?;
    Ok(json!({"WebACL": view(arn, acl), "LockToken": acl.lock_token}))
}

/// The load balancer that a call is about.
fn resource<'a>(world: &World, call: &'a Call) -> Result<&'a str, Fault> {
    let arn = call.text("ResourceArn").filter(|arn| arn.contains(":loadbalancer/app/"));
    let arn = arn.ok_or_else(|| invalid("RESOURCE_ARN"))?;
    if elbv2::is_active(world, arn).is_some() { Ok(arn) } else { Err(nonexistent()) }
}

fn associate(world: &mut World, call: &Call) -> Answer {
    let arn = resource(world, call)?.to_owned();
    let acl = call.text("WebACLArn").ok_or_else(|| invalid("WEB_ACL_ARN"))?.to_owned();
    if !world.wafv2.acls.contains_key(&acl) {
        return Err(nonexistent());
    }
    // "If you've just created a resource that you're using in this operation, you might just need to wait a few
    // minutes." That this is so until a load balancer is active is inference from what other tools wait for.
    if elbv2::is_active(world, &arn) == Some(false) {
        let message = "AWS WAF couldn\u{2019}t retrieve the resource that you requested. Retry your request.";
        return Err(Fault::bad_request("WAFUnavailableEntityException", message));
    }
    world.wafv2.associations.insert(arn, acl);
    Ok(json!({}))
}

fn disassociate(world: &mut World, call: &Call) -> Answer {
    let arn = resource(world, call)?.to_owned();
    world.wafv2.associations.remove(&arn);
    Ok(json!({}))
}

/// Nothing at all where the load balancer has no web ACL.
fn of_resource(world: &World, call: &Call) -> Answer {
    let acl = world.wafv2.associations.get(resource(world, call)?);
    let found = acl.and_then(|arn| world.wafv2.acls.get_key_value(arn));
    Ok(found.map_or_else(|| json!({}), |(arn, acl)| json!({"WebACL": view(arn, acl)})))
}
