//! A client whose writes begin only while this process leads.

use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use longshore_aws::Fence;
use tokio::time::Instant;
use tower::{BoxError, service_fn};

/// The same API server, for everything that a turn reads and writes. The fence is looked at here and not by those who
/// write, so that none can be forgotten: status, finalizers and Events go through it alike.
pub(crate) fn fenced(client: &Client, fence: &Fence) -> Client {
    let (inner, fence) = (client.clone(), fence.clone());
    let service = service_fn(move |request: Request<Body>| {
        let (client, fence) = (inner.clone(), fence.clone());
        async move {
            let reads = request.method() == Method::GET;
            let sending = client.send(request);
            if reads {
                return sending.await.map_err(BoxError::from);
            }
            fence.pass(Instant::now() + Fence::LONGEST, sending).await?.map_err(BoxError::from)
        }
    });
    Client::new(service, client.default_namespace())
}
