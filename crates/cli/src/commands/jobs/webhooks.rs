//! Webhooks, which wake jobs wherever they are held.

use std::net::SocketAddr;

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::post;
use leonardo_ai::webhook::{Event, Receiver};
use leonardo_ai_jobs::Jobs as Ledger;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::failure::Failure;
use crate::screen::Screen;

const KEYS: &str = "LEONARDO_WEBHOOK_KEY";

#[derive(Clone)]
struct Service {
    ledger: Ledger,
    receiver: Receiver,
}

impl FromRef<Service> for Receiver {
    fn from_ref(service: &Service) -> Self {
        service.receiver.clone()
    }
}

/// The server; it ends when this is dropped.
pub struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub async fn serve(address: SocketAddr, ledger: &Ledger, screen: &Screen) -> Result<Server, Failure> {
    let keys = std::env::var(KEYS).unwrap_or_default();
    let keys: Vec<_> = keys.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Err(Failure::usage(format!("{KEYS} is not set; it holds the callback key of the API key")));
    }
    let receiver = Receiver::new(keys).map_err(|error| Failure::usage(format!("{KEYS}: {error}")))?;
    let cannot = |error| Failure::other(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let local = listener.local_addr().map_err(cannot)?;
    let routes =
        axum::Router::new().route("/webhook", post(receive)).with_state(Service { ledger: ledger.clone(), receiver });
    screen.say(format!("Receiving webhooks at http://{local}/webhook"));
    Ok(Server(tokio::spawn(async move { axum::serve(listener, routes).await }).abort_handle()))
}

/// What is no webhook with a right key does not come here.
async fn receive(State(service): State<Service>, event: Event) -> StatusCode {
    match service.ledger.notify_event(&event).await {
        Ok(()) => StatusCode::NO_CONTENT,
        // The service may send it again.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
