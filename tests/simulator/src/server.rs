//! The loopback door: the handler on a port, for anything that speaks HTTP.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::net::TcpListener;

use crate::handler::{ConnectionLost, Simulator};

/// A port that listens on loopback; requests are answered once [`Server::run`] is polled.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    simulator: Simulator,
}

impl Server {
    /// Listens on 127.0.0.1 at `port`; 0 takes a free one.
    pub async fn bind(simulator: Simulator, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        Ok(Self { listener, simulator })
    }

    /// The URL to set as an SDK's endpoint.
    pub fn url(&self) -> std::io::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Serves until `stop` completes.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let app = Router::new().fallback(serve).with_state(self.simulator);
        axum::serve(self.listener, app).with_graceful_shutdown(stop).await
    }
}

async fn serve(State(simulator): State<Simulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Response::new(Body::empty());
    };
    match simulator.answer(http::Request::from_parts(parts, body.to_bytes())).await {
        Ok(response) => response.map(Body::from),
        Err(lost) => Response::new(broken_body(lost)),
    }
}

/// A body that fails while it is sent: the peer sees the connection break in the middle of a reply.
fn broken_body(lost: ConnectionLost) -> Body {
    Body::from_stream(futures::stream::once(async move { Err::<Bytes, _>(lost) }))
}
