//! A whole process that stands for election, and can be stopped and woken as by SIGSTOP and SIGCONT.

use std::future::Future;
use std::pin::pin;

use longshore_aws::Fence;
use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::{Election, LeaseName};
use super::server::Server;
use crate::clock::Clock;

pub(super) struct Candidate {
    pub(super) fence: Fence,
    stopped: watch::Sender<bool>,
    told_to_end: CancellationToken,
    process: JoinHandle<()>,
}

impl Candidate {
    /// Starts one: it stands by, leads while it can, and stands by again.
    pub(super) fn start(server: &Server) -> Self {
        let (fence, told_to_end) = (Fence::closed(), CancellationToken::new());
        let mut election = election(server, &fence);
        let told = told_to_end.clone();
        let life = async move {
            let terms = async {
                loop {
                    election.acquire().await;
                    election.hold().await;
                }
            };
            tokio::select! {
                () = terms => {}
                () = told.cancelled() => {}
            }
            election.release().await;
        };
        let (stopped, signals) = watch::channel(false);
        Self { fence, stopped, told_to_end, process: tokio::spawn(stoppable(signals, life)) }
    }

    /// SIGSTOP, or SIGCONT.
    pub(super) fn stop(&self, stopped: bool) {
        self.stopped.send_replace(stopped);
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// SIGTERM: it gives the Lease back and ends.
    pub(super) fn tell_to_end(&self) {
        self.told_to_end.cancel();
    }

    /// SIGTERM, and its end.
    pub(super) async fn end(self) {
        self.tell_to_end();
        self.process.await.unwrap();
    }

    /// SIGKILL.
    pub(super) fn kill(&self) {
        self.process.abort();
    }
}

/// An election that nobody runs.
pub(super) fn election(server: &Server, fence: &Fence) -> Election {
    let name = LeaseName { namespace: "default".to_owned(), name: "longshore".to_owned() };
    Election::new(&server.client(), name, Clock::wall(), fence.clone(), &mut Registry::default())
}

/// While stopped, nothing of it runs, whatever it waits for happens meanwhile.
async fn stoppable(mut stopped: watch::Receiver<bool>, life: impl Future<Output = ()>) {
    let mut life = pin!(life);
    while stopped.wait_for(|stopped| !stopped).await.is_ok() {
        tokio::select! {
            biased;
            Ok(_) = stopped.wait_for(|stopped| *stopped) => {}
            () = &mut life => return,
        }
    }
}
