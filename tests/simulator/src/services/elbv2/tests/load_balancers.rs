//! Load balancers: made, placed, deleted.

use super::*;

fn described(aws: &Aws, arn: &str) -> Value {
    aws.ok("DescribeLoadBalancers", &json!({"LoadBalancerArns": [arn]}))["LoadBalancers"][0].clone()
}

fn interfaces(aws: &Aws, description: &str) -> usize {
    let filter = json!({"Filter": [{"Name": "description", "Value": [description]}]});
    aws.ec2("DescribeNetworkInterfaces", &filter).unwrap()["networkInterfaceSet"].as_array().unwrap().len()
}

#[test]
fn a_new_load_balancer_is_provisioning_and_then_active() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let made = described(&aws, &arn);
    assert_eq!((&made["State"]["Code"], &made["Scheme"]), (&json!("provisioning"), &json!("internet-facing")));
    assert_eq!(made["SecurityGroups"], json!(["sg-balancer"]));
    assert!(arn.starts_with("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/"), "{arn}");
    let zones: Vec<&str> =
        made["AvailabilityZones"].as_array().unwrap().iter().map(|zone| zone["SubnetId"].as_str().unwrap()).collect();
    assert_eq!(zones, ["subnet-0ddd", "subnet-0eee", "subnet-0fff"]);
    aws.until(300, "active", || described(&aws, &arn)["State"]["Code"] == "active");

    let internal = with(&balancer("inside"), &json!({"Scheme": "internal", "Subnets": ["subnet-0aaa", "subnet-0bbb"]}));
    let made = aws.ok("CreateLoadBalancer", &internal)["LoadBalancers"][0].clone();
    assert!(made["DNSName"].as_str().unwrap().starts_with("internal-inside-"), "{made}");
}

#[test]
fn a_load_balancer_that_cannot_be_is_refused() {
    let cases = [
        (json!({"Name": "a".repeat(33)}), "ValidationError"),
        (json!({"Name": "-shop"}), "ValidationError"),
        (json!({"Name": "shop-"}), "ValidationError"),
        (json!({"Name": "shop_a"}), "ValidationError"),
        (json!({"Name": "internal-shop"}), "ValidationError"),
        (json!({"Name": ""}), "ValidationError"),
        (json!({"Subnets": ["subnet-0ddd"]}), "ValidationError"),
        (json!({"Subnets": ["subnet-0aaa", "subnet-0ddd"]}), "InvalidConfigurationRequest"),
        (json!({"Subnets": ["subnet-0ddd", "subnet-0none"]}), "SubnetNotFound"),
        (json!({"SecurityGroups": ["sg-0none"]}), "InvalidSecurityGroup"),
        (json!({"Scheme": "open"}), "InvalidScheme"),
        (json!({"Type": "network"}), "ValidationError"),
        (json!({"IpAddressType": "dualstack"}), "InvalidSubnet"),
        (json!({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}), "DuplicateTagKeys"),
    ];
    let aws = Aws::new();
    for (changes, code) in cases {
        assert_eq!(aws.refused("CreateLoadBalancer", &with(&balancer("shop"), &changes)), code, "{changes}");
    }
    assert_eq!(aws.ok("DescribeLoadBalancers", &json!({}))["LoadBalancers"], json!([]));
}

#[test]
fn making_one_again_with_the_same_settings_answers_it() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    assert_eq!(aws.balancer("shop"), arn);
    let other = with(&balancer("shop"), &json!({"Scheme": "internal"}));
    assert_eq!(aws.refused("CreateLoadBalancer", &other), "DuplicateLoadBalancerName");
}

#[test]
fn load_balancers_are_found_by_name_arn_and_page() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    aws.balancer("other");
    let names = |input: &Value| -> Vec<String> {
        let found = aws.ok("DescribeLoadBalancers", input)["LoadBalancers"].as_array().unwrap().clone();
        found.iter().map(|one| one["LoadBalancerName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&json!({"Names": ["shop"]})), ["shop"]);
    assert_eq!(names(&json!({"LoadBalancerArns": [arn]})), ["shop"]);
    let first = aws.ok("DescribeLoadBalancers", &json!({"PageSize": "1"}));
    assert_eq!(names(&json!({"PageSize": "1", "Marker": first["NextMarker"]})), ["shop"]);
    assert_eq!(aws.refused("DescribeLoadBalancers", &json!({"Names": ["none"]})), "LoadBalancerNotFound");
    assert_eq!(aws.refused("DescribeLoadBalancers", &json!({"PageSize": "401"})), "ValidationError");
}

#[test]
fn a_deleted_load_balancer_leaves_its_interfaces_for_a_while() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let listener = aws.listener(&arn, 80);
    assert_eq!(interfaces(&aws, "ELB app/shop/*"), 3);
    aws.ok("DeleteLoadBalancer", &json!({"LoadBalancerArn": arn}));
    assert_eq!(aws.refused("DescribeLoadBalancers", &json!({"LoadBalancerArns": [arn]})), "LoadBalancerNotFound");
    assert_eq!(aws.refused("DescribeListeners", &json!({"ListenerArns": [listener]})), "ListenerNotFound");
    aws.keep_out("sg-app", 8080, &json!({"Groups": [{"GroupId": "sg-balancer"}]}));
    let delete_group = || aws.ec2("DeleteSecurityGroup", &json!({"GroupId": "sg-balancer"}));
    assert_eq!(delete_group().unwrap_err().code, "DependencyViolation");
    aws.until(300, "the security group can go", || delete_group().is_ok());
    assert_eq!(interfaces(&aws, "ELB app/shop/*"), 0);
    // It is no error to delete it again.
    aws.ok("DeleteLoadBalancer", &json!({"LoadBalancerArn": arn}));
}

#[test]
fn a_protected_load_balancer_stays() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let protect = |value: &str| {
        let attributes = json!([{"Key": "deletion_protection.enabled", "Value": value}]);
        aws.ok("ModifyLoadBalancerAttributes", &json!({"LoadBalancerArn": arn, "Attributes": attributes}));
    };
    protect("true");
    assert_eq!(aws.refused("DeleteLoadBalancer", &json!({"LoadBalancerArn": arn})), "OperationNotPermitted");
    protect("false");
    aws.ok("DeleteLoadBalancer", &json!({"LoadBalancerArn": arn}));
}

#[test]
fn subnets_and_security_groups_are_replaced() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let subnets = json!({"LoadBalancerArn": arn, "Subnets": ["subnet-0ddd", "subnet-0eee"]});
    assert_eq!(aws.ok("SetSubnets", &subnets)["AvailabilityZones"].as_array().unwrap().len(), 2);
    let one = json!({"LoadBalancerArn": arn, "Subnets": ["subnet-0ddd"]});
    assert_eq!(aws.refused("SetSubnets", &one), "ValidationError");
    assert_eq!(interfaces(&aws, "ELB app/shop/*"), 3, "the third interface lingers");
    aws.seconds(120);
    assert_eq!(interfaces(&aws, "ELB app/shop/*"), 2);

    let groups = json!({"LoadBalancerArn": arn, "SecurityGroups": ["sg-app"]});
    assert_eq!(aws.ok("SetSecurityGroups", &groups)["SecurityGroupIds"], json!(["sg-app"]));
    let filter = json!({"Filter": [{"Name": "group-id", "Value": ["sg-app"]}]});
    let in_group = aws.ec2("DescribeNetworkInterfaces", &filter).unwrap();
    assert_eq!(in_group["networkInterfaceSet"].as_array().unwrap().len(), 2);
    assert_eq!(
        aws.ok("SetIpAddressType", &json!({"LoadBalancerArn": arn, "IpAddressType": "ipv4"}))["IpAddressType"],
        "ipv4"
    );
}
