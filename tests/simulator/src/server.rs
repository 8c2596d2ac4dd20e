//! The loopback door: the handler on a port, for anything that speaks HTTP.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

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

    /// Serves until `stop` completes; connections that are open then are cut.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok(()),
                accepted = self.listener.accept() => {
                    let (stream, _) = accepted?;
                    connections.spawn(serve(stream, self.simulator.clone()));
                }
                // Ended connections are taken out, so that a long run doesn't gather them.
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// Serves one connection. It ends without a reply where a reply is to be lost, or when the peer goes: neither is an
/// error here.
async fn serve(stream: TcpStream, simulator: Simulator) {
    let answer = service_fn(move |request| answer(simulator.clone(), request));
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer);
    drop(connection.await);
}

async fn answer(simulator: Simulator, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, ConnectionLost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| ConnectionLost)?.to_bytes();
    simulator.answer(Request::from_parts(parts, body)).await.map(|response| response.map(Full::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// What comes back for a raw request, until the connection ends.
    async fn exchange(url: &str, request: &str) -> String {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A broken connection is one of the answers that are looked for.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    fn list_clusters() -> String {
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=A/20270101/eu-west-1/ecs/aws4_request\r\n\
         x-amz-target: AmazonEC2ContainerServiceV20141113.ListClusters\r\n\r\n{}"
            .to_owned()
    }

    #[tokio::test]
    async fn the_port_answers_until_it_is_stopped() {
        let simulator = Simulator::seeded();
        let server = Server::bind(simulator.clone(), 0).await.unwrap();
        let url = server.url().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async move { drop(stopped.await) }));

        let answer = exchange(&url, &list_clusters()).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"clusterArns":[]}"#), "{answer}");

        let lost = serde_json::json!({"operation": "ListClusters", "kind": "lost_reply"});
        simulator.with_world(|world| world.faults.add(serde_json::from_value(lost).unwrap()));
        let answer = exchange(&url, &list_clusters()).await;
        assert_eq!(answer, "", "the connection ends without a byte");

        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
    }
}
