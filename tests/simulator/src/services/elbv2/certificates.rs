//! Certificates and security policies of HTTPS listeners.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::listeners::Listener;
use super::{invalid, listeners, not_permitted, paged, required};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::services::acm;
use crate::world::World;

/// User guide, "Quotas for your Application Load Balancers": certificates per load balancer, not counting default
/// certificates.
const CERTIFICATES: usize = 25;

/// What a listener has when no policy is given (user guide, "Security policies").
const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

const POLICIES: [&str; 14] = [
    DEFAULT_POLICY,
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-TLS-1-2-2017-01",
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-FS-1-2-2019-08",
    "ELBSecurityPolicy-FS-1-2-Res-2019-08",
    "ELBSecurityPolicy-FS-1-2-Res-2020-10",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
];

/// The one certificate of an input, if there is one.
pub(super) fn single(input: &Value) -> Result<Option<String>, Fault> {
    match query::items(input, "Certificates") {
        [] => Ok(None),
        [one] if query::text(one, "IsDefault").is_none() => Ok(Some(required(one, "CertificateArn")?.to_owned())),
        [_] => Err(invalid("IsDefault cannot be specified for a certificate")),
        _ => Err(invalid("Up to '1' certificate can be specified")),
    }
}

/// A certificate must be there.
pub(super) fn check(world: &World, arn: &str) -> Result<(), Fault> {
    if acm::exists(world, arn) {
        return Ok(());
    }
    Err(Fault::bad_request("CertificateNotFound", format!("Certificate '{arn}' not found")))
}

/// The security policy of an input, or what was, or the default.
pub(super) fn policy(input: &Value, before: Option<&str>) -> Result<String, Fault> {
    let policy = query::text(input, "SslPolicy").or(before).unwrap_or(DEFAULT_POLICY);
    if POLICIES.contains(&policy) {
        return Ok(policy.to_owned());
    }
    Err(Fault::bad_request("SSLPolicyNotFound", format!("SSL policy '{policy}' not found")))
}

/// `AddListenerCertificates`: one that is there already stays as it is.
pub(super) fn add(world: &mut World, input: &Value) -> Answer {
    let listener = listeners::named(world, input)?;
    let (arn, balancer) = (listener.arn.clone(), listener.load_balancer.clone());
    if !listener.https {
        return Err(invalid("Certificates can be specified for HTTPS listeners only"));
    }
    let new = single(input)?.ok_or_else(|| invalid("A certificate must be specified"))?;
    check(world, &new)?;
    let held = world.elbv2.listeners.values().filter(|listener| listener.load_balancer == balancer);
    let count: usize = held.map(|listener| listener.certificates.len()).sum();
    let Some(listener) = world.elbv2.listeners.get_mut(&arn) else { return Err(listeners::not_found()) };
    if !listener.certificates.contains(&new) {
        if count >= CERTIFICATES {
            let message = format!("The maximum number of certificates per load balancer is '{CERTIFICATES}'");
            return Err(Fault::bad_request("TooManyCertificates", message));
        }
        listener.certificates.push(new.clone());
    }
    Ok(json!({"Certificates": [{"CertificateArn": new, "IsDefault": false}]}))
}

/// `RemoveListenerCertificates`: the default one can't go.
pub(super) fn remove(world: &mut World, input: &Value) -> Answer {
    let listener = listeners::named(world, input)?;
    let arn = listener.arn.clone();
    let old = single(input)?.ok_or_else(|| invalid("A certificate must be specified"))?;
    if listener.certificate.as_ref() == Some(&old) && !listener.certificates.contains(&old) {
        return Err(not_permitted("The default certificate of a listener cannot be removed"));
    }
    if let Some(listener) = world.elbv2.listeners.get_mut(&arn) {
        listener.certificates.retain(|certificate| *certificate != old);
    }
    Ok(json!({}))
}

/// `DescribeListenerCertificates`: the default one first.
pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let listener = listeners::named(world, input)?;
    let default = listener.certificate.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": true}));
    let others = listener.certificates.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": false}));
    paged(world, input, "Certificates", &default.chain(others).collect::<Vec<_>>())
}

/// The load balancers, by ARN, that have a certificate on a listener.
pub fn certificate_users(world: &World, arn: &str) -> Vec<String> {
    let has = |listener: &&Listener| {
        listener.certificate.as_deref() == Some(arn) || listener.certificates.iter().any(|one| one == arn)
    };
    let users: BTreeSet<&String> =
        world.elbv2.listeners.values().filter(has).map(|listener| &listener.load_balancer).collect();
    users.into_iter().cloned().collect()
}

/// The certificate that a listener shows to a client that asks for a host: one that is for it, else the default one
/// (user guide, "SSL certificates": the certificate list and Server Name Indication).
pub(super) fn shown<'a>(world: &World, listener: &'a Listener, host: &str) -> Option<&'a String> {
    let mut all = listener.certificate.iter().chain(&listener.certificates);
    all.find(|arn| acm::covers(world, arn, host)).or(listener.certificate.as_ref())
}
