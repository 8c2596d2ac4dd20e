//! Certificate Manager: the certificates that come with the world, which are only looked at.
//!
//! Source: ACM API reference.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::services::elbv2;
use crate::world::World;

/// A year, in milliseconds: so long is a certificate of the simulator valid.
const VALID: i64 = 365 * 24 * 3_600_000;

/// What exists, by ARN.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    certificates: BTreeMap<String, Certificate>,
}

#[derive(Clone, Debug, Serialize)]
struct Certificate {
    domain: String,
    /// All names that it is for, the domain's among them.
    names: Vec<String>,
    issued_at: i64,
}

/// Puts a certificate into the world, which is for a domain and maybe further names.
pub fn add_certificate(world: &mut World, arn: &str, domain: &str, further: &[String]) {
    let names = std::iter::once(domain.to_owned()).chain(further.iter().cloned()).collect();
    let certificate = Certificate { domain: domain.to_owned(), names, issued_at: world.now };
    world.acm.certificates.insert(arn.to_owned(), certificate);
}

/// Whether there is a certificate of this ARN.
pub fn exists(world: &World, arn: &str) -> bool {
    world.acm.certificates.contains_key(arn)
}

/// Whether a certificate is for a host. A `*` stands for one label (ACM user guide, "Characteristics").
pub fn covers(world: &World, arn: &str, host: &str) -> bool {
    let fits = |name: &String| match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
        None => name == host,
    };
    world.acm.certificates.get(arn).is_some_and(|certificate| certificate.names.iter().any(fits))
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "ListCertificates" => list(world, call),
        "DescribeCertificate" => describe(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

fn list(world: &World, call: &Call) -> Answer {
    let statuses = call.texts("CertificateStatuses");
    let wanted = statuses.is_empty() || statuses.iter().any(|status| status == "ISSUED");
    let all = world.acm.certificates.iter().filter(|_| wanted);
    let views: Vec<Value> = all
        .map(|(arn, certificate)| {
            let mut view = view(arn, certificate);
            let users = elbv2::certificate_users(world, arn);
            if let Some(members) = view.as_object_mut() {
                members.insert("SubjectAlternativeNameSummaries".to_owned(), json!(certificate.names));
                members.insert("HasAdditionalSubjectAlternativeNames".to_owned(), json!(false));
                members.insert("InUse".to_owned(), json!(!users.is_empty()));
            }
            view
        })
        .collect();
    let most = call.input.get("MaxItems").and_then(Value::as_u64).unwrap_or(1000);
    if !(1..=1000).contains(&most) {
        return Err(Fault::bad_request("ValidationException", "MaxItems must be between 1 and 1000"));
    }
    let page = world.page(&views, usize::try_from(most).unwrap_or(1000), call.text("NextToken"));
    let (page, next) = page.map_err(|_| Fault::bad_request("InvalidArgsException", "The NextToken is not valid."))?;
    Ok(with_token(json!({"CertificateSummaryList": page}), next))
}

fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let (Some(members), Some(next)) = (answer.as_object_mut(), next) {
        members.insert("NextToken".to_owned(), json!(next));
    }
    answer
}

fn describe(world: &World, call: &Call) -> Answer {
    let arn = call.text("CertificateArn").unwrap_or_default();
    if !arn.starts_with("arn:aws:acm:") {
        return Err(Fault::bad_request("InvalidArnException", format!("The ARN '{arn}' is not valid.")));
    }
    let missing = || {
        let message = format!("Could not find certificate {arn} in account {}.", world.account_id);
        Fault::bad_request("ResourceNotFoundException", message)
    };
    let certificate = world.acm.certificates.get(arn).ok_or_else(missing)?;
    let mut shown = view(arn, certificate);
    if let Some(members) = shown.as_object_mut() {
        members.insert("SubjectAlternativeNames".to_owned(), json!(certificate.names));
        members.insert("InUseBy".to_owned(), json!(elbv2::certificate_users(world, arn)));
    }
    Ok(json!({"Certificate": shown}))
}

/// The members that both views have.
fn view(arn: &str, certificate: &Certificate) -> Value {
    json!({
        "CertificateArn": arn,
        "DomainName": certificate.domain,
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": "RSA_2048",
        "CreatedAt": wire_time(certificate.issued_at),
        "IssuedAt": wire_time(certificate.issued_at),
        "NotBefore": wire_time(certificate.issued_at),
        "NotAfter": wire_time(certificate.issued_at + VALID),
        "RenewalEligibility": "ELIGIBLE",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_one_label() {
        let mut world = World::new("123456789012", "eu-west-1");
        add_certificate(&mut world, "arn:a", "example.com", &["*.example.com".to_owned()]);
        let cases = [
            ("example.com", true),
            ("shop.example.com", true),
            ("a.shop.example.com", false),
            (".example.com", false),
            ("example.org", false),
        ];
        for (host, expected) in cases {
            assert_eq!(covers(&world, "arn:a", host), expected, "{host}");
        }
    }
}
