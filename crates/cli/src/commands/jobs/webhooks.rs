//! Webhooks, which wake the jobs of all workers.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use leonardo_ai::webhook::{Event, Receiver};
use leonardo_ai_jobs::Jobs;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::screen::Screen;

/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Door {
    jobs: Jobs,
    receiver: Receiver,
}

impl FromRef<Door> for Receiver {
    fn from_ref(door: &Door) -> Self {
        door.receiver.clone()
    }
}

/// Listens at the address, and serves as long as the program runs. Every path is taken.
pub async fn listen(jobs: &Jobs, address: SocketAddr, screen: &Screen) -> Result<(), Failure> {
    let key = std::env::var("LEONARDO_WEBHOOK_KEY")
        .map_err(|_| Failure::usage("LEONARDO_WEBHOOK_KEY is not set; it holds the callback key"))?;
    let receiver = Receiver::new([key]).map_err(|error| Failure::usage(error.to_string()))?;
    let named = |error: std::io::Error| Failure::other(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(named)?;
    let address = listener.local_addr().map_err(named)?;
    let routes = Router::new().fallback(received).with_state(Door { jobs: jobs.clone(), receiver });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    screen.say(format!("Listening for webhooks on http://{address}/"));
    Ok(())
}

async fn received(State(door): State<Door>, request: Request) -> Response {
    match timeout(BODY, Event::from_request(request, &door)).await {
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Ok(Err(refused)) => refused.into_response(),
        Ok(Ok(event)) => match door.jobs.notify_event(&event).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}
