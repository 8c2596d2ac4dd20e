//! `elbv2/listener`, without its rules.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::add_listener_certificates::builders::AddListenerCertificatesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::create_listener::builders::CreateListenerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::delete_listener::builders::DeleteListenerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::describe_listener_certificates::builders::DescribeListenerCertificatesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::builders::ModifyListenerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::remove_listener_certificates::builders::RemoveListenerCertificatesInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum, Certificate, Listener as Described, MutualAuthenticationAttributes, ProtocolEnum,
};
use longshore_crds::application_load_balancer::{ListenerProtocol, MutualAuthentication, MutualAuthenticationMode};
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, Text};
use longshore_planner::kinds::elbv2::listener::{Listener, ListenerOutput};

use super::listener_action::{default_action, seen_action};
use super::{GONE, joins, retag, tag_list, word};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, identity, managed};

const CREATE: &str = "elasticloadbalancing:CreateListener";
const DESCRIBE: &str = "elasticloadbalancing:DescribeListeners";
/// AWS's word where clients are asked for no certificate.
const OFF: &str = "off";

pub(crate) struct ListenerDriver;

/// There are few: a sweep reads each of them as a whole, those of one load balancer by one call, and the certificates of
/// each by one more.
#[async_trait]
impl Driver for ListenerDriver {
    type Kind = Listener;

    /// Among its load balancer's: by its ARN, or as the one that was made for this object, or by its port.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<Listener>>, Fault> {
        let Some(load_balancer) = at.member("loadBalancer") else { return Ok(None) };
        let Some(there) = aws.joins().listeners.get((), load_balancer.to_owned()).await? else { return Ok(None) };
        let port = at.member("port").and_then(|port| port.parse().ok());
        let known = |one: &&Described| at.entry.physical.is_some() && one.listener_arn == at.entry.physical;
        let mut described = there.iter().find(known);
        if described.is_none() {
            for one in there.iter() {
                let tags = aws.elb_tags(one.listener_arn().unwrap_or_default()).await?.unwrap_or_default();
                if identity(ownership, &tags).as_ref() == Some(&at.id) {
                    described = Some(one);
                }
            }
        }
        let described = described.or_else(|| there.iter().find(|one| port.is_some() && one.port() == port));
        let Some(described) = described else { return Ok(None) };
        let arn = described.listener_arn().unwrap_or_default();
        let Some(tags) = aws.elb_tags(arn).await? else { return Ok(None) };
        let Some(certificates) = certificates(aws, described).await? else { return Ok(None) };
        let kind = Listener { certificates, tags: managed(&tags), ..kind(described)? };
        Ok(Some(Found::new(Seen::active(kind).with_output(ListenerOutput::Arn, arn), ownership, &tags)))
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let aws = survey.aws();
        let mut ours = vec![];
        for load_balancer in joins::all_load_balancers(&aws.core()).await?.values() {
            let arn = load_balancer.load_balancer_arn().unwrap_or_default();
            let listeners = aws.joins().listeners.get((), arn.to_owned()).await?.unwrap_or_default();
            for listener in listeners.iter() {
                let arn = listener.listener_arn().unwrap_or_default();
                let tags = aws.elb_tags(arn).await?.unwrap_or_default();
                let name = load_balancer.load_balancer_name().unwrap_or_default();
                let name = format!("{name}:{}", listener.port().unwrap_or_default());
                ours.extend(Ours::of(claims, Listener::NAME, name, arn, &tags));
            }
        }
        Ok(ours)
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Listener) -> Result<Option<String>, Fault> {
        let request = CreateListenerInputBuilder::default()
            .load_balancer_arn(want.load_balancer.to_string())
            .port(want.port)
            .protocol(ProtocolEnum::from(want.protocol.as_str()))
            .set_ssl_policy(want.ssl_policy.clone())
            .set_certificates(want.certificates.first().map(|arn| vec![certificate(arn)]))
            .default_actions(default_action(&want.default_action))
            .set_mutual_authentication(want.mutual_authentication.as_ref().map(mutual_authentication))
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        let made = aws.write(request).await.absent_if(&["DuplicateListener"])?;
        let Some(made) = made else { return require_ours(&aws.reader(), &marks, &want).await };
        let arn = made.listeners.unwrap_or_default().into_iter().find_map(|listener| listener.listener_arn);
        let arn = arn.ok_or_else(|| Fault::unexpected(CREATE, "ListenerArn"))?;
        add_certificates(aws, &arn, want.certificates.iter().skip(1)).await?;
        Ok(Some(arn))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: Listener,
        seen: Seen<Listener>,
    ) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        let wanted: BTreeSet<&String> = want.certificates.iter().collect();
        let there: BTreeSet<&String> = seen.value.certificates.iter().skip(1).collect();
        let plain = want.protocol == ListenerProtocol::Http;
        if plain {
            // Whether they would go with the protocol the API reference leaves open.
            remove_certificates(aws, arn, there.iter().copied()).await?;
        }
        let (certificates, tags) = (seen.value.certificates.clone(), seen.value.tags.clone());
        let like = Listener { certificates, tags, ..want.clone() };
        if like != seen.value || want.certificates.first() != seen.value.certificates.first() {
            aws.write(modify(arn, &want, &seen.value)).await?;
        }
        if !plain {
            let further: BTreeSet<&String> = want.certificates.iter().skip(1).collect();
            add_certificates(aws, arn, further.difference(&there).copied()).await?;
            remove_certificates(aws, arn, there.difference(&wanted).copied()).await?;
        }
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Listener>) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        let request = DeleteListenerInputBuilder::default().listener_arn(arn);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

/// Everything but further certificates and tags. What goes with HTTPS alone goes by itself with the protocol (API
/// reference, `ModifyListener`).
fn modify(arn: &str, want: &Listener, seen: &Listener) -> ModifyListenerInputBuilder {
    let request = ModifyListenerInputBuilder::default()
        .listener_arn(arn)
        .port(want.port)
        .protocol(ProtocolEnum::from(want.protocol.as_str()))
        .default_actions(default_action(&want.default_action));
    if want.protocol == ListenerProtocol::Http {
        return request;
    }
    let off = || MutualAuthenticationAttributes::builder().mode(OFF).build();
    let mutual = match (&want.mutual_authentication, &seen.mutual_authentication) {
        (Some(mutual), _) => Some(mutual_authentication(mutual)),
        (None, Some(_)) => Some(off()),
        (None, None) => None,
    };
    request
        .set_ssl_policy(want.ssl_policy.clone())
        .set_certificates(want.certificates.first().map(|arn| vec![certificate(arn)]))
        .set_mutual_authentication(mutual)
}

/// All but certificates and tags.
fn kind(described: &Described) -> Result<Listener, Fault> {
    Ok(Listener {
        load_balancer: Text::from(described.load_balancer_arn().unwrap_or_default()),
        port: described.port().unwrap_or_default(),
        protocol: word(DESCRIBE, "protocol", described.protocol().map(ProtocolEnum::as_str))?,
        default_action: seen_action(DESCRIBE, described.default_actions())?,
        certificates: vec![],
        ssl_policy: described.ssl_policy().map(ToOwned::to_owned),
        mutual_authentication: described.mutual_authentication().map(seen_mutual).transpose()?.flatten(),
        tags: Tags::new(),
    })
}

/// The default one first; none where the protocol has none. `None`: the listener went away meanwhile.
async fn certificates(aws: &Aws<Read>, listener: &Described) -> Result<Option<Vec<String>>, Fault> {
    if listener.certificates().is_empty() {
        return Ok(Some(vec![]));
    }
    let arns = |certificates: &[Certificate]| -> Vec<String> {
        certificates.iter().filter_map(|certificate| certificate.certificate_arn.clone()).collect()
    };
    let mut found = arns(listener.certificates());
    let request = DescribeListenerCertificatesInputBuilder::default().set_listener_arn(listener.listener_arn.clone());
    let mut marker = None;
    loop {
        let page = aws.read(request.clone().set_marker(marker)).await.absent_if(GONE)?;
        let Some(page) = page else { return Ok(None) };
        found.extend(arns(&page.certificates.unwrap_or_default()));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(Some(found));
        }
    }
}

fn certificate(arn: &str) -> Certificate {
    Certificate::builder().certificate_arn(arn).build()
}

/// One a call (API reference, `AddListenerCertificates`).
async fn add_certificates(
    aws: &Aws<Write>,
    listener: &str,
    arns: impl Iterator<Item = &String> + Send,
) -> Result<(), Fault> {
    for arn in arns {
        let request = AddListenerCertificatesInputBuilder::default().listener_arn(listener);
        aws.write(request.certificates(certificate(arn))).await?;
    }
    Ok(())
}

/// One a call (API reference, `RemoveListenerCertificates`).
async fn remove_certificates(
    aws: &Aws<Write>,
    listener: &str,
    arns: impl Iterator<Item = &String> + Send,
) -> Result<(), Fault> {
    for arn in arns {
        let request = RemoveListenerCertificatesInputBuilder::default().listener_arn(listener);
        aws.write(request.certificates(certificate(arn))).await?;
    }
    Ok(())
}

fn mutual_authentication(want: &MutualAuthentication) -> MutualAuthenticationAttributes {
    let request = MutualAuthenticationAttributes::builder().mode(want.mode.as_str());
    if want.mode != MutualAuthenticationMode::Verify {
        return request.build();
    }
    let advertised = want.advertise_trust_store_ca_names.unwrap_or(false);
    let advertise = if advertised { AdvertiseTrustStoreCaNamesEnum::On } else { AdvertiseTrustStoreCaNamesEnum::Off };
    request
        .set_trust_store_arn(want.trust_store_arn.clone())
        .ignore_client_certificate_expiry(want.ignore_client_certificate_expiry.unwrap_or(false))
        .advertise_trust_store_ca_names(advertise)
        .build()
}

fn seen_mutual(seen: &MutualAuthenticationAttributes) -> Result<Option<MutualAuthentication>, Fault> {
    let Some(mode) = seen.mode().filter(|mode| *mode != OFF) else { return Ok(None) };
    let advertised = seen.advertise_trust_store_ca_names().map(|word| *word == AdvertiseTrustStoreCaNamesEnum::On);
    Ok(Some(MutualAuthentication {
        mode: word(DESCRIBE, "mode of mutual authentication", Some(mode))?,
        trust_store_arn: seen.trust_store_arn().map(ToOwned::to_owned),
        ignore_client_certificate_expiry: seen.ignore_client_certificate_expiry(),
        advertise_trust_store_ca_names: advertised,
    }))
}

/// Something listens there: fine if an earlier create of ours made it.
async fn require_ours(aws: &Aws<Read>, marks: &Marks<'_>, want: &Listener) -> Result<Option<String>, Fault> {
    let load_balancer = want.load_balancer.to_string();
    let there = aws.joins().listeners.get((), load_balancer).await?.unwrap_or_default();
    let what = format!("a listener on port {}", want.port);
    let Some(arn) = there.iter().find(|one| one.port() == Some(want.port)).and_then(Described::listener_arn) else {
        return Err(Fault::wait(CREATE, "NotVisibleYet", format!("{what} exists, and AWS does not show it yet")));
    };
    let tags = aws.elb_tags(arn).await?.unwrap_or_default();
    match marks.judge(&tags) {
        Owner::This => Ok(Some(arn.to_owned())),
        _ => Err(crate::drivers::already_exists(CREATE, &what)),
    }
}
