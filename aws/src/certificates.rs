//! Certificates of ACM, looked up by the host that they are for.

use aws_sdk_acm::operation::describe_certificate::builders::DescribeCertificateInputBuilder;
use aws_sdk_acm::operation::list_certificates::builders::ListCertificatesInputBuilder;
use aws_sdk_acm::types::{CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};

use crate::access::{Aws, Read};
use crate::fault::{Absent, Fault};

/// Without this ACM tells of RSA keys up to 2048 bits only (API reference, `ListCertificates`).
const KEY_TYPES: &[KeyAlgorithm] = &[
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
];

/// The ARNs of those that are issued and cover a host, which may itself begin with `*.`; the one that is valid the longest
/// comes first.
pub(crate) async fn of(aws: &Aws<Read>, host: &str) -> Result<Vec<String>, Fault> {
    let host = host.to_ascii_lowercase();
    let request = ListCertificatesInputBuilder::default()
        .certificate_statuses(CertificateStatus::Issued)
        .includes(Filters::builder().set_key_types(Some(KEY_TYPES.to_vec())).build())
        .max_items(1000);
    let mut found: Vec<(i64, String)> = vec![];
    let mut token = None;
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        for summary in page.certificate_summary_list.unwrap_or_default() {
            let Some(arn) = summary.certificate_arn.clone() else { continue };
            if names(aws, &summary).await?.iter().any(|name| covers(name, &host)) {
                let until = summary.not_after.map_or(0, |until| until.secs());
                found.push((-until, arn));
            }
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            found.sort();
            return Ok(found.into_iter().map(|(_, arn)| arn).collect());
        }
    }
}

/// All names that a certificate is for. The list tells the first hundred.
async fn names(aws: &Aws<Read>, summary: &CertificateSummary) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = summary.domain_name.iter().cloned().collect();
    names.extend(summary.subject_alternative_name_summaries().iter().cloned());
    if summary.has_additional_subject_alternative_names == Some(true) {
        let request = DescribeCertificateInputBuilder::default().set_certificate_arn(summary.certificate_arn.clone());
        let described = aws.read(request).await.absent_if(&["ResourceNotFoundException"])?;
        let certificate = described.and_then(|described| described.certificate);
        names.extend(certificate.and_then(|certificate| certificate.subject_alternative_names).unwrap_or_default());
    }
    Ok(names)
}

/// A `*` stands for one label (ACM user guide, "Certificate characteristics").
fn covers(name: &str, host: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parent = |of: &str| of.split_once('.').map(|(_, parent)| parent.to_owned());
    name == host || (name.starts_with("*.") && parent(&name) == parent(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_label() {
        let cases = [
            ("example.com", "example.com", true),
            ("*.example.com", "shop.example.com", true),
            ("*.Example.com", "*.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("shop.example.com", "*.example.com", false),
        ];
        for (name, host, expected) in cases {
            assert_eq!(covers(name, host), expected, "{name} {host}");
        }
    }
}
