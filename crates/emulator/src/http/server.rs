//! Connections: from a socket to requests, each of which is handed on.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::door::Door;
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::wire::{End, Wire, WireIo};

/// Whoever responds to requests. The wire is there for those who would not let the connection go on as it should.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, wire: &Arc<Wire>, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// What lies between the door and a connection.
#[derive(Clone)]
pub(crate) enum Transport {
    Plain,
    #[cfg(feature = "tls")]
    Tls(Arc<Tls>),
}

impl Transport {
    /// The connection in plain text; none if the peer does not speak as it should.
    async fn open(self, stream: TcpStream) -> Option<TcpStream> {
        match self {
            Self::Plain => Some(stream),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.open(stream).await.ok(),
        }
    }
}

/// Serves until the door is closed or the task aborted; connections end with it.
pub(crate) async fn run(door: Arc<Door>, transport: Transport, handler: Arc<impl Handler>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = door.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Some(Ok(stream)) => {
                let (door, handler, opening) =
                    (Arc::clone(&door), Arc::clone(&handler), transport.clone().open(stream));
                connections.spawn(async move {
                    if let Some(stream) = opening.await {
                        connection(door, handler, stream).await;
                    }
                });
            }
            // Such as too many open files: it passes when connections end.
            Some(Err(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            None => return,
        }
    }
}

async fn connection(door: Arc<Door>, handler: Arc<impl Handler>, stream: TcpStream) {
    let wire = Arc::new(Wire::new(stream));
    let mut closing = door.closing();
    let number = door.enter(&wire);
    let _leave = Leave(&door, number);

    let service = service_fn(|request: Request<Incoming>| {
        let (door, handler, wire) = (Arc::clone(&door), Arc::clone(&handler), Arc::clone(&wire));
        async move {
            if door.refusing() {
                // The connection came just before.
                wire.end(End::Close);
                return std::future::pending().await;
            }
            Ok::<_, Infallible>(handler.handle(&wire, request).await)
        }
    });
    let serving = http1::Builder::new().keep_alive(true).serve_connection(WireIo(Arc::clone(&wire)), service);
    tokio::pin!(serving);
    let mut told = false;
    loop {
        tokio::select! {
            biased;
            () = wire.ended() => return,
            _ = closing.changed(), if !told => {
                told = true;
                serving.as_mut().graceful_shutdown();
            }
            _ = &mut serving => return,
        }
    }
}

/// Forgets a connection however its task ends.
struct Leave<'a>(&'a Door, u64);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}
