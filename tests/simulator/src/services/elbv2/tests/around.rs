//! What lies around load balancers: names, certificates, web ACLs.

use super::*;

#[test]
fn a_name_in_a_hosted_zone_leads_to_the_load_balancer() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let certificates = json!([{"CertificateArn": CERTIFICATE}]);
    let input = json!({"LoadBalancerArn": arn, "Protocol": "HTTPS", "Port": "443", "Certificates": certificates, "DefaultActions": [fixed(200)]});
    aws.ok("CreateListener", &input);
    let found = aws.ok("DescribeLoadBalancers", &json!({"LoadBalancerArns": [arn]}))["LoadBalancers"][0].clone();
    let target = json!({"HostedZoneId": found["CanonicalHostedZoneId"], "DNSName": found["DNSName"], "EvaluateTargetHealth": true});
    let set = json!({"Name": "shop.example.com", "Type": "A", "AliasTarget": target});
    let batch = json!({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": set}]});
    let change = json!({"HostedZoneId": "Z0EXAMPLECOM", "ChangeBatch": batch});
    aws.ask(Service::Route53, "ChangeResourceRecordSets", &change).unwrap();
    aws.seconds(180);
    let answer = aws.send(&json!({"url": "https://shop.example.com/"}));
    assert_eq!((answer.status, answer.certificate.as_deref()), (Some(200), Some(CERTIFICATE)));
    assert_eq!(answer.certificate_covers_host, Some(true));
    let by_own_name = aws.url(&arn, "/").replace("http://", "https://");
    assert_eq!(aws.send(&json!({"url": by_own_name})).certificate_covers_host, Some(false));
}

#[test]
fn a_certificate_tells_who_uses_it() {
    let aws = Aws::new();
    let users = || {
        let input = json!({"CertificateArn": CERTIFICATE});
        aws.ask(Service::Acm, "DescribeCertificate", &input).unwrap()["Certificate"]["InUseBy"].clone()
    };
    assert_eq!(users(), json!([]));
    let arn = aws.balancer("shop");
    let certificates = json!([{"CertificateArn": CERTIFICATE}]);
    let input = json!({"LoadBalancerArn": arn, "Protocol": "HTTPS", "Port": "443", "Certificates": certificates, "DefaultActions": [fixed(200)]});
    aws.ok("CreateListener", &input);
    assert_eq!(users(), json!([arn]));
    let listed = aws.ask(Service::Acm, "ListCertificates", &json!({"CertificateStatuses": ["ISSUED"]})).unwrap();
    assert_eq!(
        listed["CertificateSummaryList"][0]["SubjectAlternativeNameSummaries"],
        json!(["example.com", "*.example.com"])
    );
    for (arn, code) in [("nonsense", "InvalidArnException"), ("arn:aws:acm:none", "ResourceNotFoundException")] {
        let input = json!({"CertificateArn": arn});
        assert_eq!(aws.ask(Service::Acm, "DescribeCertificate", &input).unwrap_err().code, code);
    }
}

#[test]
fn a_web_acl_is_associated_with_an_active_load_balancer() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let waf = |operation: &str, input: Value| aws.ask(Service::Wafv2, operation, &input);
    let by_name = json!({"Name": "shop", "Id": "22222222-3333-4444-5555-666666666666", "Scope": "REGIONAL"});
    let acl = waf("GetWebACL", by_name).unwrap()["WebACL"]["ARN"].clone();
    let association = json!({"WebACLArn": acl, "ResourceArn": arn});
    assert_eq!(waf("AssociateWebACL", association.clone()).unwrap_err().code, "WAFUnavailableEntityException");
    aws.seconds(180);
    let of = || waf("GetWebACLForResource", json!({"ResourceArn": arn})).unwrap();
    assert_eq!(of(), json!({}));
    waf("AssociateWebACL", association).unwrap();
    assert_eq!(of()["WebACL"]["ARN"], acl);
    waf("DisassociateWebACL", json!({"ResourceArn": arn})).unwrap();
    assert_eq!(of(), json!({}));
    let missing = json!({"WebACLArn": "arn:none", "ResourceArn": arn});
    assert_eq!(waf("AssociateWebACL", missing).unwrap_err().code, "WAFNonexistentItemException");
    let group = json!({"ResourceArn": aws.group("orders")});
    assert_eq!(waf("GetWebACLForResource", group).unwrap_err().code, "WAFInvalidParameterException");
    assert_eq!(waf("GetWebACL", json!({"Name": "shop"})).unwrap_err().code, "WAFInvalidParameterException");
}
