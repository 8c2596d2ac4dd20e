"""Certificate Manager, WAF and Route 53, as boto3 sees them: what lies between clients and load balancers."""

import pytest

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
ZONE = "Z0EXAMPLECOM"


def test_certificates(client, refused):
    acm = client("acm")
    listed = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    assert [(one["CertificateArn"], one["DomainName"]) for one in listed] == [(CERTIFICATE, "example.com")]
    found = acm.describe_certificate(CertificateArn=CERTIFICATE)["Certificate"]
    assert (found["Status"], found["SubjectAlternativeNames"]) == ("ISSUED", ["example.com", "*.example.com"])
    assert found["NotAfter"].year == 2028
    refused("ResourceNotFoundException", acm.describe_certificate, CertificateArn=CERTIFICATE.replace("1111", "0000"))


@pytest.fixture
def balancer(client, simulator):
    elb = client("elbv2")
    arn = elb.create_load_balancer(Name="edge", Subnets=["subnet-0ddd", "subnet-0eee"])["LoadBalancers"][0]["LoadBalancerArn"]
    described = lambda: elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    simulator.until(lambda: described()["State"]["Code"] == "active")
    yield described()
    elb.delete_load_balancer(LoadBalancerArn=arn)


def test_web_acls(client, balancer, refused):
    waf, arn = client("wafv2"), balancer["LoadBalancerArn"]
    found = waf.get_web_acl(Name="shop", Scope="REGIONAL", Id="22222222-3333-4444-5555-666666666666")
    acl = found["WebACL"]["ARN"]
    assert acl.endswith(":regional/webacl/shop/22222222-3333-4444-5555-666666666666") and found["LockToken"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=arn)
    assert waf.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["Name"] == "shop"
    waf.disassociate_web_acl(ResourceArn=arn)
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=arn)
    refused("WAFNonexistentItemException", waf.associate_web_acl, WebACLArn=acl.replace("shop", "none"), ResourceArn=arn)


def test_records(client, simulator, balancer, refused):
    route53 = client("route53")
    zones = route53.list_hosted_zones_by_name(DNSName="example.com")["HostedZones"]
    assert [(zone["Id"], zone["Name"]) for zone in zones] == [(f"/hostedzone/{ZONE}", "example.com.")]
    alias = {"HostedZoneId": balancer["CanonicalHostedZoneId"], "DNSName": balancer["DNSName"], "EvaluateTargetHealth": True}
    shop = {"Name": "shop.example.com", "Type": "A", "AliasTarget": alias}
    text = {"Name": "shop.example.com", "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": '"a & <b>"'}]}
    change = lambda action, *sets: route53.change_resource_record_sets(
        HostedZoneId=ZONE,
        ChangeBatch={"Comment": "of a test", "Changes": [{"Action": action, "ResourceRecordSet": one} for one in sets]},
    )["ChangeInfo"]
    made = change("UPSERT", shop, text)
    assert made["Status"] == "PENDING"
    simulator.until(lambda: route53.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "INSYNC")
    found = {one["Type"]: one for one in route53.list_resource_record_sets(HostedZoneId=ZONE)["ResourceRecordSets"]}
    assert found["A"]["AliasTarget"]["DNSName"] == f"{balancer['DNSName'].lower()}." and found["A"]["Name"] == "shop.example.com."
    assert (found["TXT"]["TTL"], found["TXT"]["ResourceRecords"]) == (300, [{"Value": '"a & <b>"'}])
    again = {"HostedZoneId": ZONE, "ChangeBatch": {"Changes": [{"Action": "CREATE", "ResourceRecordSet": text}]}}
    assert "already exists" in str(refused("InvalidChangeBatch", route53.change_resource_record_sets, **again))
    refused("NoSuchHostedZone", route53.list_resource_record_sets, HostedZoneId="Z0NONE")
    answer = simulator.post("request", url="http://shop.example.com/")
    assert "no rule of sg-0default" in answer["problem"], "the name leads to the load balancer, whose group keeps all out"
    change("DELETE", shop, text)
    assert route53.list_resource_record_sets(HostedZoneId=ZONE)["ResourceRecordSets"] == []
