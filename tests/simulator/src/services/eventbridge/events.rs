//! Events: those that callers put, and those of AWS's services, which no caller can put.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DEFAULT_BUS, buses, delivery, invalid};
use crate::call::{Answer, Call};
use crate::clock::iso_time;
use crate::world::World;

/// "You can batch" ten "event entries into one request" (API model, `PutEventsRequestEntryList`).
const ENTRIES: usize = 10;

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// The bus that it comes on; left out: the default one.
    pub bus: Option<String>,
    /// Who tells of it, such as `aws.s3`.
    pub source: String,
    /// What kind of event it is, such as `Object Created`.
    pub detail_type: String,
    /// What there is to tell.
    #[serde(default)]
    pub detail: Value,
    /// ARNs of what it is about.
    #[serde(default)]
    pub resources: Vec<String>,
    #[serde(skip)]
    envelope: Value,
}

impl Event {
    /// As rules and targets see it (user guide, "Structure of Amazon EventBridge events").
    pub(super) fn json(&self) -> Value {
        let mut whole = self.envelope.as_object().cloned().unwrap_or_default();
        whole.insert("source".to_owned(), json!(self.source));
        whole.insert("detail-type".to_owned(), json!(self.detail_type));
        whole.insert("resources".to_owned(), json!(self.resources));
        whole.insert("detail".to_owned(), self.detail.clone());
        Value::Object(whole)
    }
}

/// It happens: every rule that it fits starts what its targets say. The event's id.
pub fn publish(world: &mut World, mut event: Event) -> String {
    let id = world.ids.uuid();
    event.envelope = json!({
        "version": "0", "id": id, "account": world.account_id, "region": world.region, "time": iso_time(world.now),
    });
    let bus = event.bus.clone().unwrap_or_else(|| DEFAULT_BUS.to_owned());
    delivery::deliver(world, &bus, &event);
    id
}

/// An entry that is wrong is told of in its place, and the others are taken.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let given = call.input.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    if !(1..=ENTRIES).contains(&given.len()) {
        return Err(invalid(format!("Between 1 and {ENTRIES} entries.")));
    }
    let mut told = vec![];
    for entry in &given {
        told.push(match read(world, entry) {
            Ok(Some(event)) => json!({"EventId": publish(world, event)}),
            // A bus that is not there takes no event, and tells nobody.
            Ok(None) => json!({"EventId": world.ids.uuid()}),
            Err((code, message)) => json!({"ErrorCode": code, "ErrorMessage": message}),
        });
    }
    let failed = told.iter().filter(|entry| entry.get("ErrorCode").is_some()).count();
    Ok(json!({"FailedEntryCount": failed, "Entries": told}))
}

fn read(world: &World, entry: &Value) -> Result<Option<Event>, (&'static str, String)> {
    let text = |member: &str| entry.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let needed = |member: &str| {
        let why = format!("Parameter {member} is not valid. Reason: {member} is a required argument.");
        text(member).map(str::to_owned).ok_or(("InvalidArgument", why))
    };
    let (source, detail_type, detail) = (needed("Source")?, needed("DetailType")?, needed("Detail")?);
    let detail: Option<Value> = serde_json::from_str(&detail).ok().filter(Value::is_object);
    let detail = detail.ok_or(("MalformedDetail", "Detail is malformed.".to_owned()))?;
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
    let Ok(bus) = buses::named(world, text("EventBusName")) else { return Ok(None) };
    let resources = crate::call::texts(entry.get("Resources"));
    Ok(Some(Event { bus: Some(bus), source, detail_type, detail, resources, envelope: Value::Null }))
}
