//! Requests that are not sent late: a process may be stopped at any point on the way of a request, also between the
//! last look at the clock and the moment at which the connection, which has a task of its own, writes it.
//!
//! A request's deadline therefore goes with its body. The connection takes the body directly before it writes, and one
//! that is late is an error in its place: what AWS may have of the request by then is incomplete, and does nothing.
//! Requests without a body (deletions of EFS) have only the look at the clock before the connection gets them.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Makes a call, none of whose requests through [`punctual`] may be sent at `deadline` or later.
pub(crate) async fn due<T>(deadline: Instant, call: impl Future<Output = T>) -> T {
    DEADLINE.scope(deadline, call).await
}

/// The same client, whose requests hold to the deadline of the call that makes them, if it has one.
pub(crate) fn punctual(client: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Punctual(client))
}

#[derive(Clone, Debug)]
struct Punctual<C>(C);

impl HttpClient for Punctual<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Punctual(self.0.http_connector(settings, parts)))
    }
}

impl HttpConnector for Punctual<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Ok(deadline) = DEADLINE.try_with(|deadline| *deadline) else { return self.0.call(request) };
        let empty = request.body().bytes().is_some_and(<[u8]>::is_empty);
        if empty {
            return self.0.call(request);
        }
        let mut request = request;
        let body = request.take_body();
        *request.body_mut() = SdkBody::from_body_1_x(PunctualBody { body, deadline });
        self.0.call(request)
    }
}

/// A body that is an error at its deadline.
struct PunctualBody {
    body: SdkBody,
    deadline: Instant,
}

impl Body for PunctualBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if Instant::now() >= self.deadline {
            return Poll::Ready(Some(Err(Box::new(Late))));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.body)
    }
}

#[derive(Debug)]
struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this request is too late and was not sent: the process was stopped for a while")
    }
}

impl Error for Late {}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use aws_config::retry::RetryConfig;
    use aws_credential_types::Credentials;
    use aws_sdk_ecs::config::{BehaviorVersion, Region};
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use http_body_util::BodyExt;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A connection that sends what it gets after the process slept for so long.
    #[derive(Clone, Debug, Default)]
    struct Sleepy(Duration, Arc<Mutex<Vec<Bytes>>>);

    impl HttpConnector for Sleepy {
        fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
            let Self(sleep, sent) = self.clone();
            HttpConnectorFuture::new(async move {
                tokio::time::advance(sleep).await;
                let hint = Body::size_hint(request.body()).exact();
                let body = request.take_body().collect().await.map_err(ConnectorError::io)?.to_bytes();
                assert_eq!(hint, u64::try_from(body.len()).ok(), "its length is known beforehand");
                sent.lock().unwrap().push(body);
                Err(ConnectorError::user("no answer".into()))
            })
        }
    }

    async fn sent(body: &'static str, sleep: Duration) -> Vec<Bytes> {
        let sleepy = Sleepy(sleep, Arc::default());
        let connector = Punctual(SharedHttpConnector::new(sleepy.clone()));
        let request = HttpRequest::new(SdkBody::from(body));
        let deadline = Instant::now() + SECOND * 7;
        assert!(due(deadline, async { connector.call(request).await }).await.is_err());
        sleepy.1.lock().unwrap().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_the_connection_writes_after_its_deadline_is_not_sent() {
        assert_eq!(sent("{}", SECOND * 6).await, ["{}"]);
        assert_eq!(sent("{}", SECOND * 7).await, Vec::<Bytes>::new());
        assert_eq!(sent("", SECOND * 6).await, [""]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_of_nobody_who_has_a_deadline_is_sent_whenever() {
        let sleepy = Sleepy(SECOND * 60, Arc::default());
        let connector = Punctual(SharedHttpConnector::new(sleepy.clone()));
        assert!(connector.call(HttpRequest::new(SdkBody::from("{}"))).await.is_err());
        assert_eq!(*sleepy.1.lock().unwrap(), ["{}"]);
    }

    /// What arrives at the other end of a real connection until the request is whole or the connection ends.
    async fn arrived(deadline: Instant) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = aws_sdk_ecs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .credentials_provider(Credentials::new("AKIALONGSHORETESTS", "of-no-use-elsewhere", None, None, "tests"))
            .http_client(punctual(aws_smithy_http_client::Builder::new().build_http()))
            .retry_config(RetryConfig::disabled())
            .build();
        let reading = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let (mut got, mut buffer) = (String::new(), [0; 4096]);
            while !got.contains(r#""cluster":"main""#) {
                let count = connection.read(&mut buffer).await.unwrap();
                if count == 0 {
                    break;
                }
                got.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
            }
            got
        };
        let sending = aws_sdk_ecs::Client::from_conf(config).delete_cluster().cluster("main").send();
        let (got, answer) = tokio::join!(reading, due(deadline, sending));
        assert!(answer.is_err(), "nobody answers");
        got
    }

    #[tokio::test]
    async fn nothing_whole_comes_through_a_real_connection_that_is_late() {
        assert!(arrived(Instant::now() + SECOND * 60).await.ends_with(r#"{"cluster":"main"}"#));
        assert!(!arrived(Instant::now()).await.contains(r#""cluster""#));
    }
}
