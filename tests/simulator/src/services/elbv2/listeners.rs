//! Listeners: on which port a load balancer takes requests, and what happens when no rule is for one.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::actions::{self, Action, OfHttps};
use super::load_balancers::{self, LoadBalancer};
use super::rules::{self, Rule};
use super::{Tags, associations, at_most, attributes, bounded, certificates, invalid, paged, required, tags};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::world::World;

/// User guide, "Quotas for your Application Load Balancers".
const LISTENERS: usize = 50;

/// A listener; its default actions are those of its default rule.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) load_balancer: String,
    pub(super) port: u16,
    pub(super) https: bool,
    /// The default certificate and the security policy, of HTTPS.
    pub(super) certificate: Option<String>,
    policy: Option<String>,
    /// Further certificates.
    pub(super) certificates: Vec<String>,
    mutual_authentication: Option<Value>,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: Tags,
}

impl Listener {
    /// What ARNs of its rules have of it, `app/NAME/ID/ID`.
    pub(super) fn path(&self) -> &str {
        self.arn.split_once("listener/").map_or("", |(_, path)| path)
    }

    fn view(&self, world: &World) -> Value {
        let default = rules::default_of(world, &self.arn);
        json!({
            "ListenerArn": self.arn,
            "LoadBalancerArn": self.load_balancer,
            "Port": self.port,
            "Protocol": if self.https { "HTTPS" } else { "HTTP" },
            "Certificates": self.certificate.as_ref().map(|arn| json!([{"CertificateArn": arn}])),
            "SslPolicy": self.policy,
            "DefaultActions": default.map(|rule| actions::view(&rule.actions)),
            "MutualAuthentication": self.mutual_authentication,
        })
    }
}

/// Protocol, port and what HTTPS needs, as `CreateListener` and `ModifyListener` give them.
struct Settings {
    port: u16,
    https: bool,
    certificate: Option<String>,
    policy: Option<String>,
    mutual_authentication: Option<Value>,
}

impl Settings {
    /// Reads an input over the settings that were; a new listener has none.
    fn read(world: &World, input: &Value, before: Option<&Listener>) -> Result<Self, Fault> {
        let port = bounded(input, "Port", 1..=65_535)?.and_then(|port| u16::try_from(port).ok());
        let port =
            port.or(before.map(|before| before.port)).ok_or_else(|| invalid("A listener port must be specified"))?;
        let https = match (query::text(input, "Protocol"), before) {
            (Some("HTTP"), _) => false,
            (Some("HTTPS"), _) => true,
            (Some(other), _) => {
                let message = format!(
                    "Protocol '{other}' must be one of 'HTTP, HTTPS' for load balancers with type 'application'"
                );
                return Err(invalid(message));
            }
            (None, Some(before)) => before.https,
            (None, None) => return Err(invalid("A listener protocol must be specified")),
        };
        let given = certificates::single(input)?;
        if !https {
            if given.is_some() || query::text(input, "SslPolicy").is_some() {
                return Err(invalid("Certificates and security policies can be specified for HTTPS listeners only"));
            }
            return Ok(Self { port, https, certificate: None, policy: None, mutual_authentication: None });
        }
        let certificate = given.or(before.and_then(|before| before.certificate.clone()));
        let certificate = certificate.ok_or_else(|| invalid("A certificate must be specified for HTTPS listeners"))?;
        certificates::check(world, &certificate)?;
        let policy = certificates::policy(input, before.and_then(|before| before.policy.as_deref()))?;
        let mutual = input.get("MutualAuthentication").filter(|given| given.is_object()).map(mutual).transpose()?;
        let mutual = mutual.or(before.and_then(|before| before.mutual_authentication.clone()));
        let mutual_authentication = Some(mutual.unwrap_or_else(|| json!({"Mode": "off"})));
        Ok(Self { port, https, certificate: Some(certificate), policy: Some(policy), mutual_authentication })
    }

    fn are_those_of(&self, listener: &Listener) -> bool {
        (self.port, self.https) == (listener.port, listener.https)
            && self.certificate == listener.certificate
            && self.policy == listener.policy
            && self.mutual_authentication == listener.mutual_authentication
    }
}

fn mutual(given: &Value) -> Result<Value, Fault> {
    match query::text(given, "Mode") {
        None | Some("off") => Ok(json!({"Mode": "off"})),
        Some("passthrough") => Ok(json!({"Mode": "passthrough"})),
        Some("verify") => Err(Fault::bad_request("TrustStoreNotFound", "The simulator has no trust stores")),
        Some(other) => {
            Err(invalid(format!("Mutual authentication mode '{other}' must be one of 'off, passthrough, verify'")))
        }
    }
}

/// `CreateListener`: with the settings of one that is there it answers that one.
pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let balancer = load_balancers::named(world, input)?.clone();
    let settings = Settings::read(world, input, None)?;
    let default = actions::read(query::items(input, "DefaultActions"), OfHttps(settings.https))?;
    let tags = tags::at_creation(input)?;
    let mut own = world.elbv2.listeners.values().filter(|listener| listener.load_balancer == balancer.arn);
    if let Some(there) = own.clone().find(|listener| listener.port == settings.port) {
        let same_actions = rules::default_of(world, &there.arn).is_some_and(|rule| rule.actions == default);
        if settings.are_those_of(there) && same_actions && there.tags == tags {
            return Ok(json!({"Listeners": [there.view(world)]}));
        }
        return Err(duplicate(settings.port));
    }
    if own.by_ref().count() >= LISTENERS {
        return Err(Fault::bad_request(
            "TooManyListeners",
            format!("The maximum number of listeners is '{LISTENERS}'"),
        ));
    }
    associations::check(world, &balancer, &default)?;
    let arn = add(world, &balancer, settings, default, tags);
    associations::refresh(world);
    Ok(json!({"Listeners": world.elbv2.listeners.get(&arn).map(|made| vec![made.view(world)])}))
}

fn duplicate(port: u16) -> Fault {
    let message = format!("A listener already exists on this port for this load balancer: {port}");
    Fault::bad_request("DuplicateListener", message)
}

fn add(world: &mut World, balancer: &LoadBalancer, settings: Settings, default: Vec<Action>, tags: Tags) -> String {
    let (id, rule_id) = (world.ids.hex(16), world.ids.hex(16));
    let arn = world.arn("elasticloadbalancing", &format!("listener/{}/{id}", balancer.path()));
    let listener = Listener {
        arn: arn.clone(),
        load_balancer: balancer.arn.clone(),
        port: settings.port,
        https: settings.https,
        certificate: settings.certificate,
        policy: settings.policy,
        certificates: Vec::new(),
        mutual_authentication: settings.mutual_authentication,
        attributes: attributes::of_new_listener(),
        tags,
    };
    let rule_arn = world.arn("elasticloadbalancing", &format!("listener-rule/{}/{rule_id}", listener.path()));
    let rule = Rule::default_of(rule_arn.clone(), arn.clone(), default);
    world.elbv2.listeners.insert(arn.clone(), listener);
    world.elbv2.rules.insert(rule_arn, rule);
    arn
}

/// `DescribeListeners`: those of a load balancer, or those of these ARNs.
pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let arns = at_most(input, "ListenerArns", 20)?;
    let of_balancer = query::text(input, "LoadBalancerArn").is_some();
    if of_balancer != arns.is_empty() {
        return Err(invalid("Either a load balancer ARN or listener ARNs must be specified"));
    }
    let balancer = if of_balancer { Some(load_balancers::named(world, input)?.arn.clone()) } else { None };
    if arns.iter().any(|arn| !world.elbv2.listeners.contains_key(arn)) {
        return Err(not_found());
    }
    let wanted = |listener: &&Listener| match &balancer {
        Some(balancer) => listener.load_balancer == *balancer,
        None => arns.contains(&listener.arn),
    };
    let views: Vec<Value> =
        world.elbv2.listeners.values().filter(wanted).map(|listener| listener.view(world)).collect();
    paged(world, input, "Listeners", &views)
}

/// `ModifyListener`: what isn't given stays.
pub(super) fn modify(world: &mut World, input: &Value) -> Answer {
    let before = named(world, input)?;
    let settings = Settings::read(world, input, Some(before))?;
    let balancer = world.elbv2.balancers.get(&before.load_balancer).ok_or_else(not_found)?;
    let taken = world.elbv2.listeners.values().any(|other| {
        other.load_balancer == before.load_balancer && other.arn != before.arn && other.port == settings.port
    });
    if taken {
        return Err(duplicate(settings.port));
    }
    let given = query::items(input, "DefaultActions");
    let default = if given.is_empty() { None } else { Some(actions::read(given, OfHttps(settings.https))?) };
    if let Some(default) = &default {
        associations::check(world, balancer, default)?;
    }
    let arn = before.arn.clone();
    let rule = rules::default_of(world, &arn).map(|rule| rule.arn.clone());
    if let Some(listener) = world.elbv2.listeners.get_mut(&arn) {
        listener.port = settings.port;
        listener.https = settings.https;
        listener.certificate = settings.certificate;
        listener.policy = settings.policy;
        listener.mutual_authentication = settings.mutual_authentication;
    }
    if let Some((rule, default)) = rule.and_then(|rule| world.elbv2.rules.get_mut(&rule)).zip(default) {
        rule.actions = default;
        let rule = rule.arn.clone();
        world.elbv2.turns.remove(&rule);
        associations::refresh(world);
    }
    Ok(json!({"Listeners": world.elbv2.listeners.get(&arn).map(|changed| vec![changed.view(world)])}))
}

/// `DeleteListener`: its rules go with it.
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let arn = named(world, input)?.arn.clone();
    world.elbv2.listeners.remove(&arn);
    world.elbv2.rules.retain(|_, rule| rule.listener != arn);
    associations::refresh(world);
    Ok(json!({}))
}

/// The listener that an input names by `ListenerArn`.
pub(super) fn named<'a>(world: &'a World, input: &Value) -> Result<&'a Listener, Fault> {
    let arn = required(input, "ListenerArn")?;
    if !arn.contains(":listener/") {
        return Err(invalid(format!("'{arn}' is not a valid listener ARN")));
    }
    world.elbv2.listeners.get(arn).ok_or_else(not_found)
}

pub(super) fn not_found() -> Fault {
    Fault::bad_request("ListenerNotFound", "One or more listeners not found")
}
