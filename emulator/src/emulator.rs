//! The handle of a running emulator, and its builder.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::faults::FaultPlan;
use crate::ids::Uuid;
use crate::lock;
use crate::money;
use crate::record::{Charge, RequestRecord};
use crate::server::{self, Door};
use crate::shared::{Config, Shared};

/// A running server. Dropping it ends all connections and frees the port.
pub struct Emulator {
    shared: Arc<Shared>,
    key: String,
    user_id: String,
    runtime: Handle,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Starts on a free port of 127.0.0.1 with a random key.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Settles more before the start.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The base address of the API, ending in `/api/rest`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/api/rest", self.shared.origin)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared.door.port()
    }

    /// The one key that is accepted.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The id of the account the key belongs to.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Every charge so far, oldest first. A create request is charged when it is accepted, whether or not its answer
    /// arrives, and what is deleted stays charged.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        lock(&self.shared.store).charges()
    }

    /// The requests received, oldest first: the last 100,000, and fewer when they and their bodies are large.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        lock(&self.shared.log).all()
    }

    /// Puts a plan of faults in force for the requests that arrive from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.shared.faults.set(plan);
    }

    /// How often each fault was brought about, by name.
    #[must_use]
    pub fn faults_injected(&self) -> Vec<(&'static str, u64)> {
        self.shared.faults.injected()
    }

    /// Refuses new connections, or takes them again on the same port.
    ///
    /// While refused the listener is closed, so clients see a refused connection and not an answer. Idle connections
    /// are closed, requests under way are finished.
    pub fn refuse_connections(&self, refuse: bool) {
        let _context = self.runtime.enter();
        self.shared.door.refuse(refuse);
    }

    /// Waits for the server to end, which it does by itself only if its task fails.
    pub async fn join(mut self) {
        let _ = (&mut self.server).await;
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("base_url", &self.base_url())
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.shared.door.close();
        self.server.abort();
    }
}

/// Settles how an [`Emulator`] starts and behaves.
#[derive(Debug, Clone)]
#[must_use]
pub struct EmulatorBuilder {
    port: u16,
    key: Option<String>,
    user_id: Option<Uuid>,
    generation_time: Duration,
    balance: f64,
    faults: FaultPlan,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            key: None,
            user_id: None,
            generation_time: Duration::from_millis(300),
            balance: 100.0,
            faults: FaultPlan::none(),
        }
    }
}

impl EmulatorBuilder {
    /// The key to accept; a random UUID unless given. A production key is a UUID, and other keys than this one are
    /// told to be malformed unless they are UUIDs.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The port on 127.0.0.1; a free one unless given, or when 0.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long a generation is PENDING; 300 milliseconds unless given.
    pub fn generation_time(mut self, time: Duration) -> Self {
        self.generation_time = time;
        self
    }

    /// The dollars the account starts with; 100 unless given. They go down with each charge, below zero as well: an
    /// account that has run dry is not refused.
    pub fn balance(mut self, dollars: f64) -> Self {
        self.balance = dollars;
        self
    }

    /// The plan of faults at the start; none unless given.
    pub fn faults(mut self, plan: FaultPlan) -> Self {
        self.faults = plan;
        self
    }

    /// Starts the server on the current runtime.
    ///
    /// # Errors
    ///
    /// When the port cannot be had.
    pub async fn start(self) -> io::Result<Emulator> {
        let key = self.key.unwrap_or_else(|| Uuid::random().to_string());
        let user = self.user_id.unwrap_or_else(Uuid::random);
        let config = Config {
            key: key.clone(),
            user,
            generation_time: self.generation_time,
            balance: money::ticks(self.balance),
        };
        let shared = Shared::new(config, Door::open(self.port)?);
        shared.faults.set(self.faults);
        let server = tokio::spawn(server::run(Arc::clone(&shared)));
        Ok(Emulator { shared, key, user_id: user.to_string(), runtime: Handle::current(), server })
    }
}
