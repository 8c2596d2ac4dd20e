"""Gives an emulated AWS account what example 00 takes for granted: a VPC, subnets, a permissions boundary.

Prints a JSON object: what the example writes -> what this account has.
"""

import json

import boto3

ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
PRIVATE = ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]
PUBLIC = ["subnet-0ddd", "subnet-0eee", "subnet-0fff"]
ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def main():
    ec2 = boto3.client("ec2")
    iam = boto3.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    real = {"vpc-0a1b2c3d": vpc}
    for number, (written, zone) in enumerate(zip(PRIVATE + PUBLIC, ZONES + ZONES)):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
        real[written] = subnet["Subnet"]["SubnetId"]
    boundary = iam.create_policy(PolicyName="app-boundary", PolicyDocument=json.dumps(ALLOW_ALL))
    real["arn:aws:iam::123456789012:policy/app-boundary"] = boundary["Policy"]["Arn"]
    print(json.dumps(real))


main()
