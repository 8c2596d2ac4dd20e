//! The doors of one process, both behind its seam: under the SDK's clients, and under kube's.

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use longshore_aws::Edge;
use longshore_kubernetes_api::{self as api, Delivery, FOREVER, KubernetesApi, Verdict};
use longshore_sdk_connector::{Broken, edge_to};
use longshore_simulator::Simulator;
use longshore_simulator::faults::{Kind as Refused, Rule};
use serde_json::json;

use crate::fault::Kind;
use crate::name::{self, Named};
use crate::seam::{Judgement, Seam};

/// How long a throttled client of Kubernetes is asked to wait.
const RETRY_AFTER_SECONDS: u32 = 1;

/// AWS.
#[derive(Clone)]
struct AwsDoor {
    simulator: Simulator,
    seam: Seam,
}

/// The way to AWS, on which every request goes through the seam to the simulator.
pub(crate) fn aws(simulator: &Simulator, seam: &Seam) -> Edge {
    let door = AwsDoor { simulator: simulator.clone(), seam: seam.clone() };
    edge_to(move |request| {
        let door = door.clone();
        async move { door.serve(request).await.map_err(Broken::from) }
    })
}

impl AwsDoor {
    async fn serve(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, &'static str> {
        let call = name::of_aws(&request);
        match self.seam.judge(call.clone()) {
            Judgement::Serve => {}
            Judgement::Dead | Judgement::Fault(Kind::CrashBefore) => return pending().await,
            Judgement::Fault(Kind::CrashAfter) => {
                drop(self.simulator.handle(request));
                return pending().await;
            }
            Judgement::Fault(Kind::LostReply) => {
                drop(self.simulator.handle(request));
                return Err("the connection broke (a fault of the test)");
            }
            Judgement::Fault(kind) => self.refuse(&call, kind),
        }
        if call.write && self.seam.plans_stale_reads() {
            self.simulator.with_world(longshore_simulator::World::remember);
        }
        Ok(self.simulator.handle(request))
    }

    /// The simulator itself refuses the next call, in the words of its service.
    fn refuse(&self, call: &Named, kind: Kind) {
        let kind = match kind {
            Kind::Throttled => Refused::Throttle,
            Kind::StaleRead => Refused::Stale,
            _ => server_error(&call.name),
        };
        let rule = Rule { service: None, operation: None, resource: None, nth: 1, times: 1, kind, seen: 0 };
        self.simulator.with_world(|world| world.faults.add(rule));
    }
}

/// What each service says when it is its own fault (API references, "Common errors").
fn server_error(call: &str) -> Refused {
    let (code, status) = match call.split(':').next().unwrap_or_default() {
        "ecs" => ("ServerException", 500),
        "ec2" => ("InternalError", 500),
        "iam" => ("ServiceFailure", 500),
        "elasticloadbalancing" => ("InternalFailure", 500),
        "application-autoscaling" => ("InternalServiceException", 500),
        "elasticfilesystem" => ("InternalServerError", 500),
        "scheduler" => ("InternalServerException", 500),
        "events" => ("InternalException", 500),
        _ => ("ServiceUnavailableException", 503),
    };
    Refused::Error { code: code.to_owned(), status, message: "a fault of the test".to_owned() }
}

/// Kubernetes. For conflicts it has a hand of its own.
pub(crate) struct KubernetesSeam {
    pub(crate) api: KubernetesApi,
    pub(crate) seam: Seam,
}

impl api::Seam for KubernetesSeam {
    fn judge(&self, call: &api::Call) -> Verdict {
        let named = name::of_kubernetes(call);
        match self.seam.judge(named) {
            Judgement::Serve => Verdict::Serve,
            Judgement::Dead => Verdict::Delay(FOREVER),
            Judgement::Fault(kind) => self.verdict(kind, call),
        }
    }

    fn deliver(&self, event: &api::Event) -> Delivery {
        match self.seam.judge(name::of_event(event)) {
            Judgement::Fault(Kind::EventLost) => Delivery::Lose,
            Judgement::Fault(Kind::EventDoubled) => Delivery::Double,
            Judgement::Fault(Kind::WatchClosed) => Delivery::Close,
            Judgement::Fault(Kind::WatchExpired) => Delivery::Expire,
            Judgement::Serve | Judgement::Dead | Judgement::Fault(_) => Delivery::Deliver,
        }
    }
}

impl KubernetesSeam {
    fn verdict(&self, kind: Kind, call: &api::Call) -> Verdict {
        match kind {
            Kind::CrashBefore => Verdict::Delay(FOREVER),
            Kind::CrashAfter => Verdict::DelayAnswer(FOREVER),
            Kind::LostReply => Verdict::BreakAfter,
            Kind::Throttled => Verdict::Refuse(api::too_many_requests(RETRY_AFTER_SECONDS)),
            Kind::ServerError => Verdict::Refuse(api::internal_error()),
            Kind::Conflict => {
                // What somebody else writes, whatever it is, makes the call's resourceVersion an old one.
                let touch = |object: &mut serde_json::Value| {
                    object["metadata"]["annotations"]["example.com/touched"] = json!("by somebody else");
                };
                drop(self.api.edit(&call.key, touch));
                Verdict::Serve
            }
            _ => Verdict::Serve,
        }
    }
}

/// Between a crash and the next start.
pub(crate) const DOWN: Duration = Duration::from_secs(5);
