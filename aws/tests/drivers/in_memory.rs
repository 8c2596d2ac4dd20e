//! The in-memory door: requests of the real SDK go straight into a simulator, with no socket and no thread.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use longshore_simulator::Simulator;

#[derive(Clone, Debug)]
struct Door(Simulator);

/// An HTTP client of which every request is answered by the simulator.
pub(crate) fn door(simulator: &Simulator) -> SharedHttpClient {
    SharedHttpClient::new(Door(simulator.clone()))
}

impl HttpClient for Door {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Door {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let simulator = self.0.clone();
        HttpConnectorFuture::new(async move {
            let answer = simulator.answer(plain(request)).await;
            let answer = answer.map_err(|lost| ConnectorError::io(lost.into()))?;
            let (parts, body) = answer.into_parts();
            let response = http::Response::from_parts(parts, SdkBody::from(body));
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn plain(request: HttpRequest) -> http::Request<Bytes> {
    let request = request.try_into_http1x().expect("the SDK makes requests that http knows");
    request.map(|body| Bytes::copy_from_slice(body.bytes().expect("no request of these services is streamed")))
}
