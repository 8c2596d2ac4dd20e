//! The rest-xml protocol of Route 53: the operation in method and path, XML both ways.

use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::query::{ListStyle, escape, write_element};
use crate::call::{Answer, Fault};

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// The members of inputs that stand in a URL's query, by their names there.
const IN_QUERY: [(&str, &str); 6] = [
    ("dnsname", "DNSName"),
    ("hostedzoneid", "HostedZoneId"),
    ("maxitems", "MaxItems"),
    ("name", "StartRecordName"),
    ("type", "StartRecordType"),
    ("identifier", "StartRecordIdentifier"),
];

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeRequest {
    change_batch: ChangeBatch,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeBatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    changes: Changes,
}

#[derive(Deserialize, Serialize)]
struct Changes {
    #[serde(default, rename = "Change")]
    changes: Vec<Change>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    action: String,
    resource_record_set: RecordSet,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordSet {
    name: String,
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<i64>,
    #[serde(default, rename = "TTL", skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_records: Option<RecordValues>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias_target: Option<AliasTarget>,
}

#[derive(Deserialize, Serialize)]
struct RecordValues {
    #[serde(default, rename = "ResourceRecord")]
    values: Vec<RecordValue>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordValue {
    value: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasTarget {
    hosted_zone_id: String,
    #[serde(rename = "DNSName")]
    dns_name: String,
    evaluate_target_health: bool,
}

/// Takes the protocol off a request: the operation and its input.
pub fn parse(method: &Method, uri: &Uri, body: &[u8]) -> Result<(String, Value), Fault> {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let mut input = Map::new();
    for (name, text) in uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
        if let Some((_, member)) = IN_QUERY.iter().find(|(known, _)| *known == name) {
            let text = percent_decode_str(text).decode_utf8_lossy();
            input.insert((*member).to_owned(), json!(text));
        }
    }
    let operation = match (method, path.as_slice()) {
        (&Method::GET, ["2013-04-01", "hostedzonesbyname"]) => "ListHostedZonesByName",
        (&Method::GET, ["2013-04-01", "hostedzone", id, "rrset"]) => {
            input.insert("HostedZoneId".to_owned(), json!(id));
            "ListResourceRecordSets"
        }
        (&Method::POST, ["2013-04-01", "hostedzone", id, "rrset"]) => {
            input.insert("HostedZoneId".to_owned(), json!(id));
            input.insert("ChangeBatch".to_owned(), change_batch(body)?);
            "ChangeResourceRecordSets"
        }
        (&Method::GET, ["2013-04-01", "change", id]) => {
            input.insert("Id".to_owned(), json!(id));
            "GetChange"
        }
        _ => return Err(Fault::not_found("InvalidAction", format!("The simulator has no {method} {}.", uri.path()))),
    };
    Ok((operation.to_owned(), Value::Object(input)))
}

fn change_batch(body: &[u8]) -> Result<Value, Fault> {
    let invalid = |error: &dyn std::fmt::Display| Fault::bad_request("InvalidInput", error.to_string());
    let text = std::str::from_utf8(body).map_err(|error| invalid(&error))?;
    let request: ChangeRequest = quick_xml::de::from_str(text).map_err(|error| invalid(&error))?;
    let mut batch = serde_json::to_value(request.change_batch).map_err(|error| invalid(&error))?;
    unwrap_list(&mut batch, "Changes", "Change");
    for change in batch.get_mut("Changes").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(set) = change.get_mut("ResourceRecordSet") {
            unwrap_list(set, "ResourceRecords", "ResourceRecord");
        }
    }
    Ok(batch)
}

/// A list loses the element around each of its items.
fn unwrap_list(holder: &mut Value, list: &str, item: &str) {
    if let Some(list) = holder.get_mut(list)
        && let Some(items) = list.get_mut(item).map(Value::take)
    {
        *list = items;
    }
}

/// Puts the protocol on an answer: the HTTP status and the body.
pub fn render(operation: &str, answer: &Answer, request_id: &str) -> (u16, String) {
    let (element, status, output) = match answer {
        Ok(output) => (format!("{operation}Response"), 200, output.clone()),
        Err(fault) => {
            let side = if fault.status >= 500 { "Receiver" } else { "Sender" };
            let error = json!({"Type": side, "Code": fault.code, "Message": fault.message});
            ("ErrorResponse".to_owned(), fault.status, json!({"Error": error, "RequestId": request_id}))
        }
    };
    let mut body = format!("<{element} xmlns=\"{}\">", escape(NAMESPACE));
    for (name, value) in output.as_object().into_iter().flatten() {
        write_element(&mut body, name, value, ListStyle::Named);
    }
    body.extend(["</", &element, ">"]);
    (status, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_path_say_what_is_asked() {
        let cases = [
            (
                "/2013-04-01/hostedzonesbyname?dnsname=a.example&maxitems=1",
                "ListHostedZonesByName",
                json!({"DNSName": "a.example", "MaxItems": "1"}),
            ),
            (
                "/2013-04-01/hostedzone/Z1/rrset?name=a%2Eb&type=A",
                "ListResourceRecordSets",
                json!({"HostedZoneId": "Z1", "StartRecordName": "a.b", "StartRecordType": "A"}),
            ),
            ("/2013-04-01/change/C1", "GetChange", json!({"Id": "C1"})),
        ];
        for (uri, operation, input) in cases {
            let parsed = parse(&Method::GET, &uri.parse().unwrap(), b"").unwrap();
            assert_eq!(parsed, (operation.to_owned(), input), "{uri}");
        }
        assert!(parse(&Method::GET, &"/other".parse().unwrap(), b"").is_err());
    }

    #[test]
    fn a_batch_of_changes_becomes_json() {
        let body = "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
                    <Change><Action>UPSERT</Action><ResourceRecordSet><Name>a.b</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords>\
                    <ResourceRecord><Value>\"a &amp; b\"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>\
                    </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>";
        let uri = "/2013-04-01/hostedzone/Z1/rrset/".parse().unwrap();
        let (operation, input) = parse(&Method::POST, &uri, body.as_bytes()).unwrap();
        assert_eq!(operation, "ChangeResourceRecordSets");
        let set = json!({"Name": "a.b", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": "\"a & b\""}]});
        assert_eq!(input["ChangeBatch"], json!({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": set}]}));
    }

    #[test]
    fn an_answer_becomes_xml_with_named_items() {
        let (_, body) = render("GetChange", &Ok(json!({"HostedZones": [{"Id": "a"}]})), "id-1");
        assert_eq!(
            body,
            "<GetChangeResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HostedZones><HostedZone><Id>a</Id>\
             </HostedZone></HostedZones></GetChangeResponse>"
        );
    }
}
