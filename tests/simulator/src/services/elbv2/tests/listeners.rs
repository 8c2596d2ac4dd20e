//! Listeners and their certificates.

use super::*;

fn https(balancer: &str) -> Value {
    json!({
        "LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": "443",
        "Certificates": [{"CertificateArn": CERTIFICATE}], "DefaultActions": [fixed(404)],
    })
}

#[test]
fn a_listener_of_https_has_a_certificate_and_a_policy() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let made = aws.ok("CreateListener", &https(&balancer))["Listeners"][0].clone();
    assert_eq!(made["Certificates"], json!([{"CertificateArn": CERTIFICATE}]));
    assert_eq!((&made["SslPolicy"], &made["Port"]), (&json!("ELBSecurityPolicy-2016-08"), &json!(443)));
    let listed = aws.ok("DescribeListenerCertificates", &json!({"ListenerArn": made["ListenerArn"]}));
    assert_eq!(listed["Certificates"], json!([{"CertificateArn": CERTIFICATE, "IsDefault": true}]));
    let http = json!({"ListenerArn": made["ListenerArn"], "Protocol": "HTTP", "Port": "80"});
    let changed = aws.ok("ModifyListener", &http)["Listeners"][0].clone();
    assert_eq!((&changed["SslPolicy"], &changed["Certificates"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_listener_that_cannot_be_is_refused() {
    let other = CERTIFICATE.replace("11111111", "00000000");
    let loops = json!({"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}});
    let missing = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/none/0000000000000000";
    let cases = [
        (json!({"Certificates": [{"CertificateArn": other}]}), "CertificateNotFound"),
        (json!({"Certificates": []}), "ValidationError"),
        (json!({"SslPolicy": "ELBSecurityPolicy-1998"}), "SSLPolicyNotFound"),
        (json!({"Port": "0"}), "ValidationError"),
        (json!({"Port": ""}), "ValidationError"),
        (json!({"Protocol": "TCP"}), "ValidationError"),
        (json!({"DefaultActions": []}), "ValidationError"),
        (json!({"DefaultActions": [loops]}), "InvalidLoadBalancerAction"),
        (json!({"DefaultActions": [fixed(404), fixed(404)]}), "ValidationError"),
        (json!({"DefaultActions": [fixed(302)]}), "ValidationError"),
        (json!({"DefaultActions": [forward(missing)]}), "TargetGroupNotFound"),
        (json!({"Protocol": "HTTP"}), "ValidationError"),
    ];
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    for (changes, code) in cases {
        assert_eq!(aws.refused("CreateListener", &with(&https(&balancer), &changes)), code, "{changes}");
    }
    let gone = balancer.replace("/shop/", "/gone/");
    assert_eq!(aws.refused("CreateListener", &https(&gone)), "LoadBalancerNotFound");
}

#[test]
fn a_port_has_one_listener() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let first = aws.listener(&balancer, 80);
    assert_eq!(aws.listener(&balancer, 80), first, "the same settings answer the same listener");
    let other = json!({"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": "80", "DefaultActions": [fixed(503)]});
    assert_eq!(aws.refused("CreateListener", &other), "DuplicateListener");
    let second = aws.listener(&balancer, 81);
    assert_eq!(aws.refused("ModifyListener", &json!({"ListenerArn": second, "Port": "80"})), "DuplicateListener");
    let changed = aws.ok("ModifyListener", &json!({"ListenerArn": second, "DefaultActions": [fixed(503)]}));
    let listener = &changed["Listeners"][0];
    assert_eq!(
        (&listener["Port"], &listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"]),
        (&json!(81), &json!("503"))
    );
    aws.ok("DeleteListener", &json!({"ListenerArn": second}));
    let left = aws.ok("DescribeListeners", &json!({"LoadBalancerArn": balancer}));
    assert_eq!(left["Listeners"].as_array().unwrap().len(), 1);
    assert_eq!(aws.refused("DeleteListener", &json!({"ListenerArn": second})), "ListenerNotFound");
}

#[test]
fn further_certificates_come_and_go_and_the_default_stays() {
    let aws = Aws::new();
    let second = CERTIFICATE.replace("11111111", "22222222");
    aws.add_certificate(&second);
    let made = aws.ok("CreateListener", &https(&aws.balancer("shop")));
    let listener = &made["Listeners"][0]["ListenerArn"];
    let of = |certificate: &str| json!({"ListenerArn": listener, "Certificates": [{"CertificateArn": certificate}]});
    let listed = || {
        let answer = aws.ok("DescribeListenerCertificates", &json!({"ListenerArn": listener}));
        answer["Certificates"].as_array().unwrap().len()
    };
    aws.ok("AddListenerCertificates", &of(&second));
    aws.ok("AddListenerCertificates", &of(&second));
    assert_eq!(listed(), 2);
    assert_eq!(aws.refused("AddListenerCertificates", &of("arn:aws:acm:x")), "CertificateNotFound");
    assert_eq!(aws.refused("RemoveListenerCertificates", &of(CERTIFICATE)), "OperationNotPermitted");
    aws.ok("RemoveListenerCertificates", &of(&second));
    assert_eq!(listed(), 1);
    for number in 0..26 {
        let certificate = format!("arn:aws:acm:eu-west-1:123456789012:certificate/{number}");
        aws.add_certificate(&certificate);
        if number < 25 {
            aws.ok("AddListenerCertificates", &of(&certificate));
        } else {
            assert_eq!(aws.refused("AddListenerCertificates", &of(&certificate)), "TooManyCertificates");
        }
    }
}

#[test]
fn an_action_reads_back_with_its_defaults() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let group = aws.group("orders");
    let to_https =
        json!({"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443"}});
    let cases = [
        (
            to_https,
            "RedirectConfig",
            json!({"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}),
        ),
        (
            forward(&group),
            "ForwardConfig",
            json!({
                "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": false, "DurationSeconds": null},
            }),
        ),
    ];
    for (port, (action, member, expected)) in (8000..).zip(cases) {
        let input = json!({"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": port, "DefaultActions": [action]});
        let made = aws.ok("CreateListener", &input);
        assert_eq!(made["Listeners"][0]["DefaultActions"][0][member], expected);
    }
}
