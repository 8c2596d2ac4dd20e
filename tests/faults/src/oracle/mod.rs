//! What must be: judged from what users applied and what AWS's API shows, with no help of the planner.

mod access;
mod aws;
mod balancing;
mod capacity;
mod caution;
mod conditions;
mod connect;
mod creates;
mod names;
mod one_off;
mod registries;
mod scaling;
mod service;
mod storage;
mod tests;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use longshore_kubernetes_api::KubernetesApi;
use serde_json::Value;

use crate::fault::Meanwhile;
use crate::scenario::{Act, End, KINDS, Never, Scenario, key, objects, written};
use crate::stage::{SOMEBODY, Stage};
use aws::Account;

/// An object that users want, as far as AWS is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    /// `EcsService`.
    kind: String,
    namespace: String,
    name: String,
    spec: Value,
    /// What its environment says.
    environment: Value,
    /// The image that runs, where that is not the spec's.
    image: Option<String>,
    /// A deployment goes on that comes no further: none of it need run.
    deploying: bool,
    /// Its status was lost: what only that had told of, a predecessor that was being replaced, may be left.
    forgotten: bool,
}

impl Want {
    /// As the tag of everything that it owns names it.
    fn tag(&self) -> String {
        let parts = [&self.kind, &self.namespace, &self.name].map(String::as_str);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }
}

/// Judges one run.
pub(crate) struct Judge {
    scenario: Scenario,
    meanwhile: Meanwhile,
    /// What users last applied of each object.
    specs: BTreeMap<String, Value>,
    /// What they had applied at the start.
    first: BTreeMap<String, Value>,
    /// The tag of an object that was deleted before Longshore had put its finalizer on it.
    unseen: Option<String>,
    /// The statuses that were looked at, with the generations of their objects.
    seen: BTreeMap<String, (Value, Value)>,
    /// The controller was not told what people said on an environment.
    unheard: bool,
    /// When people annotated the environment: with what, when, and until when it counts.
    annotated: Vec<(String, i64, i64)>,
}

impl Judge {
    /// At the start of a run.
    pub(crate) fn begin(scenario: &Scenario, meanwhile: Meanwhile, stage: &Stage) -> Self {
        let specs = specs(&stage.api);
        Self {
            scenario: scenario.clone(),
            meanwhile,
            first: specs.clone(),
            specs,
            unseen: None,
            seen: BTreeMap::new(),
            unheard: false,
            annotated: vec![],
        }
    }

    /// A watch leaves out what people say on an environment: it cannot be heeded before the next list.
    pub(crate) fn leave_out(&mut self) {
        self.unheard = true;
    }

    /// Before what happens at the moment of a fault. An object that Longshore has not seen (after a restore) is gone at
    /// once when it is deleted: nobody can know any more whose its things are. They are reported, and stay.
    pub(crate) fn before(&mut self, meanwhile: Meanwhile, api: &KubernetesApi) {
        let subject = api.get(&key(&self.scenario.subject)).filter(|_| meanwhile == Meanwhile::Deleted);
        let unseen = subject.filter(|object| object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty));
        self.unseen = unseen.map(|object| self.want(&object, api).tag());
    }

    /// After everything that a user does.
    pub(crate) fn user_did(&mut self, api: &KubernetesApi) {
        self.specs = specs(api);
    }

    /// After one of the scenario's acts.
    pub(crate) fn acted(&mut self, act: &Act, stage: &Stage) {
        if let Act::Annotate { annotation, minutes, .. } = act {
            let now = stage.now().as_second();
            self.annotated.push((annotation.clone(), (now + 1) * 1000, (now + minutes * 60) * 1000));
        }
    }

    /// Whether every object is where it shall end, and environments and clusters have closed what no service uses: that they hear
    /// by a watch, at the latest when that begins anew.
    pub(crate) fn has_arrived(&self, stage: &Stage) -> bool {
        let all = all(&stage.api);
        let account = Account::of(&stage.simulator);
        all.iter().all(|(key, object)| self.end_problems(key, object).is_empty())
            && access::differences(&account, service_specs(&all)).is_empty()
            && storage::instances(&account, &all).is_empty()
    }

    /// Conditions that say what is not so, or contradict each other, judged when they are written: what somebody changes
    /// in AWS afterwards makes no lie of them.
    pub(crate) fn lies(&mut self, stage: &Stage) -> Vec<String> {
        let disturbed = matches!(self.meanwhile, Meanwhile::Changed | Meanwhile::StatusGone);
        let most = self.scenario.most.deploying.filter(|_| !disturbed);
        let mut lies: Vec<String> = most.and_then(|most| caution::deploying(stage, most)).into_iter().collect();
        for (key, object) in all(&stage.api) {
            let said = (object["metadata"]["generation"].clone(), object["status"].clone());
            if self.seen.insert(key.clone(), said.clone()) == Some(said) {
                continue;
            }
            lies.extend(conditions::contradictions(&object).into_iter().map(|lie| format!("{key}: {lie}")));
            if conditions::claims_ready(&object) {
                let account = Account::of(&stage.simulator);
                let differences = self.differences(&account, &key, &object, &stage.api);
                lies.extend(differences.into_iter().map(|difference| format!("{key} says Ready, but {difference}")));
            }
        }
        lies
    }

    /// Everything that is wrong at the end.
    pub(crate) fn end(&self, stage: &Stage) -> Vec<String> {
        let mut problems = self.differences_of_all(&Account::of(&stage.simulator), stage);
        problems.extend(creates::second(&stage.simulator));
        problems.extend(one_off::second_runs(&stage.simulator));
        problems.extend(triggers::second_starts(&stage.simulator));
        problems.extend(defects(&stage.api));
        problems.extend(self.incautious(stage));
        problems
    }

    fn annotated_with<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (i64, i64)> + 'a {
        let of_name = self.annotated.iter().filter(move |(annotation, ..)| annotation.ends_with(name));
        of_name.map(|(_, since, until)| (*since, *until))
    }

    /// What should not have happened on the way, known at the end.
    fn incautious(&self, stage: &Stage) -> Vec<String> {
        let heard = self.annotated_with("/paused-until").filter(|_| !self.unheard);
        let paused = heard.flat_map(|times| caution::while_paused(&stage.simulator, times));
        let allowed_from = self.annotated_with("/allow-deletions-until").map(|(since, _)| since - 1000).next();
        let most = self.scenario.most.deletions.filter(|_| self.meanwhile != Meanwhile::StatusGone);
        let deleted = most.and_then(|most| caution::deletions(&stage.simulator, allowed_from, most));
        paused.chain(deleted).collect()
    }

    fn differences_of_all(&self, account: &Account, stage: &Stage) -> Vec<String> {
        let all = all(&stage.api);
        let forgotten = self.forgotten();
        let mut problems = vec![];
        for (key, object) in &all {
            problems.extend(self.end_problems(key, object));
            problems.extend(self.differences(account, key, object, &stage.api));
            // What is stalled before it looks does not find again what its status has lost; once it is mended it does.
            if !(forgotten && self.scenario.frozen) {
                problems.extend(account.inventory(key, object, forgotten));
            }
            if self.specs.get(key).is_some_and(|spec| *spec != object["spec"]) {
                problems.push(format!("{key}: its spec was written"));
            }
        }
        problems.extend(access::differences(account, service_specs(&all)));
        problems.extend(storage::instances(account, &all));
        let wants: Vec<Want> = all.iter().map(|(_, object)| self.want(object, &stage.api)).collect();
        if !forgotten && self.unseen.is_none() {
            problems.extend(names::left(account, &wants));
        }
        let wanted = wants.iter().map(Want::tag);
        let wanted: BTreeSet<String> = wanted.chain(self.unseen.clone()).collect();
        problems.extend(account.orphans(&wanted, forgotten));
        problems.extend(account.duplicates());
        problems.extend(account.leaked());
        // All end, so that none runs at the end.
        problems.extend(one_off::left_running(&account.world, &BTreeSet::new()));
        problems
    }

    /// Whether users take away what only statuses say.
    fn forgotten(&self) -> bool {
        self.scenario.loses_status() || self.meanwhile == Meanwhile::StatusGone
    }

    fn end_problems(&self, key: &str, object: &Value) -> Vec<String> {
        let expected = self.scenario.end_of(key, self.meanwhile).map(|end| end.stalled.as_str());
        conditions::differences(object, expected).into_iter().map(|it| format!("{key}: {it}")).collect()
    }

    /// How AWS differs from an object. Where it is frozen, either what it was or what it would be now will do: the
    /// change came before or after what stopped it.
    fn differences(&self, account: &Account, key: &str, object: &Value, api: &KubernetesApi) -> Vec<String> {
        let now = self.want(object, api);
        let differences = account.differences(&now);
        match self.first.get(key).filter(|_| self.scenario.frozen && !differences.is_empty()) {
            Some(first) => account.differences(&Want { spec: first.clone(), ..now }),
            None => differences,
        }
    }

    fn want(&self, object: &Value, api: &KubernetesApi) -> Want {
        let text = |member: &str| object["metadata"][member].as_str().unwrap_or_default().to_owned();
        let environments = objects(api, "awsenvironments");
        let default = environments.into_iter().find(|(key, _)| key.name == "default");
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        let key = format!("{}s/{}/{}", kind.to_lowercase(), text("namespace"), text("name"));
        let end: Option<&End> = self.scenario.end_of(&key, self.meanwhile);
        Want {
            kind,
            namespace: text("namespace"),
            name: text("name"),
            spec: object["spec"].clone(),
            environment: default.map(|(_, object)| object["spec"].clone()).unwrap_or_default(),
            image: end.and_then(|end| end.image.clone()),
            deploying: end.is_some_and(|end| end.deploying),
            forgotten: self.forgotten(),
        }
    }
}

/// What AWS refused to change although nothing went wrong: it was asked too early, or for what cannot be.
pub(crate) fn refused(scenario: &Scenario, stage: &Stage) -> Vec<String> {
    let calls = stage.simulator.with_world(|world| world.recording.calls(0, Some(true)));
    let refused = calls.into_iter().filter(|call| call.outcome != "OK");
    let refused = refused.map(|call| format!("{}: {}", call.operation, call.outcome));
    let unexpected = refused.filter(|refused| !scenario.refused.contains(refused));
    unexpected.map(|refused| format!("AWS refused {refused}")).collect()
}

/// What Longshore changed although there was nothing to do.
pub(crate) fn unquiet(scenario: &Scenario, stage: &Stage) -> Vec<String> {
    if !scenario.never.contains(&Never::Changed) {
        return vec![];
    }
    let calls = stage.simulator.with_world(|world| world.recording.calls(0, Some(true)));
    let own = calls.into_iter().filter(|call| call.access_key != SOMEBODY);
    own.map(|call| format!("Longshore called {} {}", call.operation, call.input)).collect()
}

fn all(api: &KubernetesApi) -> Vec<(String, Value)> {
    let all = KINDS.into_iter().flat_map(|resource| objects(api, resource));
    all.map(|(key, object)| (written(&key), object)).collect()
}

fn service_specs(all: &[(String, Value)]) -> impl Iterator<Item = &Value> {
    all.iter().filter(|(_, object)| object["kind"] == "EcsService").map(|(_, object)| &object["spec"])
}

fn specs(api: &KubernetesApi) -> BTreeMap<String, Value> {
    all(api).into_iter().map(|(key, object)| (key, object["spec"].clone())).collect()
}

/// Defects that the controller itself told of.
fn defects(api: &KubernetesApi) -> Vec<String> {
    let told = api.list("events").into_iter().filter(|event| event["reason"] == "InternalError");
    told.map(|event| format!("the controller met a defect: {}", event["note"])).collect()
}
