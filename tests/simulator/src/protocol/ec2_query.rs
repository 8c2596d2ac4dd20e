//! EC2's own query protocol: lists without `member` in the form, `<item>` in XML, another shape of errors.
//!
//! Inputs carry the wire's names (`Filter`, `GroupId` for a list of them), since the form doesn't say which member
//! of the API model is meant; answers are given by the wire's names too (`securityGroupInfo`).

use serde_json::Value;

use super::query::{ListStyle, escape, read_form, write_element};
use crate::call::{Answer, Fault};

/// Takes the protocol off a request body: the action and its input.
pub fn parse(body: &[u8]) -> Result<(String, Value), Fault> {
    let (action, tree) = read_form(body)?;
    Ok((action, tree.into_json(ListStyle::Item)))
}

/// Puts the protocol on an answer: the HTTP status and the body.
pub fn render(operation: &str, answer: &Answer, request_id: &str) -> (u16, String) {
    let id = escape(request_id);
    match answer {
        Ok(output) => {
            let mut body = format!(
                "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{id}</requestId>"
            );
            for (name, value) in output.as_object().into_iter().flatten() {
                write_element(&mut body, name, value, ListStyle::Item);
            }
            body.extend(["</", operation, "Response>"]);
            (200, body)
        }
        Err(fault) => {
            let error = format!("<Code>{}</Code><Message>{}</Message>", escape(&fault.code), escape(&fault.message));
            let body =
                format!("<Response><Errors><Error>{error}</Error></Errors><RequestID>{id}</RequestID></Response>");
            (fault.status, body)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_becomes_nested_json() {
        let cases = [
            ("Action=DescribeVpcs&Version=2016-11-15", "DescribeVpcs", json!({})),
            (
                "Action=DescribeSubnets&Filter.1.Name=tag%3ATier&Filter.1.Value.1=private&SubnetId.2=b&SubnetId.1=a",
                "DescribeSubnets",
                json!({"Filter": [{"Name": "tag:Tier", "Value": ["private"]}], "SubnetId": ["a", "b"]}),
            ),
            (
                "Action=X&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8",
                "X",
                json!({"IpPermissions": [{"IpProtocol": "tcp", "FromPort": "80", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]}),
            ),
        ];
        for (form, action, input) in cases {
            assert_eq!(parse(form.as_bytes()), Ok((action.to_owned(), input)), "{form}");
        }
    }

    #[test]
    fn an_answer_becomes_xml_with_items() {
        let (status, body) =
            render("DescribeVpcs", &Ok(json!({"vpcSet": [{"vpcId": "vpc-1", "isDefault": false}]})), "id-1");
        assert_eq!(status, 200);
        assert_eq!(
            body,
            "<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id-1</requestId><vpcSet>\
             <item><isDefault>false</isDefault><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>"
        );
    }

    #[test]
    fn an_error_has_ec2s_shape() {
        let (status, body) = render("X", &Err(Fault::bad_request("InvalidGroup.NotFound", "no <group>")), "id-1");
        assert_eq!(status, 400);
        assert_eq!(
            body,
            "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>no &lt;group&gt;</Message></Error></Errors>\
             <RequestID>id-1</RequestID></Response>"
        );
    }
}
