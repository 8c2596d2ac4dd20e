//! The in-memory door to a simulated AWS: requests of the real SDK go straight into whatever answers them, with no
//! socket and no thread, so that a test's paused clock holds for both sides.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use longshore_aws::{Edge, Metrics};
use longshore_simulator::Simulator;

/// Why a request has no answer: the SDK sees a connection that broke.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Longshore's way to AWS, which leads into the simulator, with credentials that nobody checks.
pub fn edge(simulator: &Simulator) -> Edge {
    let simulator = simulator.clone();
    edge_to(move |request| {
        let simulator = simulator.clone();
        async move { simulator.answer(request).await.map_err(Broken::from) }
    })
}

/// Longshore's way to AWS, where `serve` answers every request.
pub fn edge_to<F>(serve: impl Fn(Request<Bytes>) -> F + Send + Sync + 'static) -> Edge
where
    F: Future<Output = Result<Response<Bytes>, Broken>> + Send + 'static,
{
    let credentials = Credentials::new("AKIALONGSHORETESTS", "of-no-use-elsewhere", None, None, "tests");
    let mut edge = Edge::new(Metrics::default());
    edge.http_client = Some(SharedHttpClient::new(Door(Arc::new(serve))));
    edge.credentials = Some(SharedCredentialsProvider::new(credentials));
    edge
}

struct Door<S>(Arc<S>);

impl<S> Clone for Door<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for Door<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door")
    }
}

impl<S, F> HttpClient for Door<S>
where
    S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response<Bytes>, Broken>> + Send + 'static,
{
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<S, F> HttpConnector for Door<S>
where
    S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response<Bytes>, Broken>> + Send + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let serve = self.0.clone();
        HttpConnectorFuture::new(async move {
            let answer = serve(plain(request)?).await.map_err(ConnectorError::io)?;
            let (parts, body) = answer.into_parts();
            let response = Response::from_parts(parts, SdkBody::from(body));
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn plain(request: HttpRequest) -> Result<Request<Bytes>, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body =
        body.bytes().ok_or_else(|| ConnectorError::user("a request that is streamed is not known here".into()))?;
    Ok(Request::from_parts(parts, Bytes::copy_from_slice(body)))
}
