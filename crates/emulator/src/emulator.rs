//! The handle of a running emulator, and its builder.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::cdn::pictures::Pictures;
use crate::control::{self, Control};
use crate::faults::{FaultPlan, Faults};
use crate::http::door::Door;
use crate::http::server::{self, Transport};
#[cfg(feature = "tls")]
use crate::http::tls::Tls;
use crate::service::Service;
use crate::state::account::Charge;
use crate::state::limits::Limits;
use crate::state::log::RequestRecord;
use crate::state::money::Plan;
use crate::state::uploads::Upload;
use crate::state::{Config, State, ids};
use crate::sync::lock;
use crate::webhook::{Delivery, Target, Webhooks};
use crate::{api, cdn};

/// A running server. Dropping it ends all connections and frees the port.
pub struct Emulator {
    state: Arc<State>,
    door: Arc<Door>,
    faults: Arc<Faults>,
    webhooks: Arc<Webhooks>,
    user_id: String,
    #[cfg(feature = "tls")]
    tls: Option<Arc<Tls>>,
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
        self.state.urls.api()
    }

    /// The certificate of the server in PEM, if it speaks [HTTPS](EmulatorBuilder::https). A client must trust it.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.tls.as_ref().map(|tls| tls.certificate())
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.door.port()
    }

    /// The one key that is accepted.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.state.config.key
    }

    /// The id of the account the key belongs to.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Every charge so far, oldest first. A billable request is charged when it is accepted, whether or not its
    /// response arrives, and what is deleted stays charged.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        lock(&self.state.account).charges()
    }

    /// The requests received, oldest first: the last 100,000, and fewer when they and their bodies are large.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        lock(&self.state.log).all()
    }

    /// How many requests were refused with 429 because of the [`Limits`], faults not counted.
    #[must_use]
    pub fn refused_by_limits(&self) -> u64 {
        lock(&self.state.usage).refused()
    }

    /// The files that were uploaded whole, in the order in which their ids were handed out.
    #[must_use]
    pub fn uploads(&self) -> Vec<Upload> {
        lock(&self.state.uploads).all()
    }

    /// How many webhooks were received with a good status, repetitions included.
    #[must_use]
    pub fn webhooks_delivered(&self) -> u64 {
        self.webhooks.delivered()
    }

    /// Puts a plan of faults in force for the requests that arrive from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.faults.set(plan);
    }

    /// How often each fault was brought about, by name.
    #[must_use]
    pub fn faults_injected(&self) -> Vec<(&'static str, u64)> {
        self.faults.injected()
    }

    /// Refuses new connections, or takes them again on the same port.
    ///
    /// While refused the listener is closed, so clients see a refused connection and not a response. Idle connections
    /// are closed, requests under way are finished.
    pub fn refuse_connections(&self, refuse: bool) {
        let _context = self.runtime.enter();
        self.door.refuse(refuse);
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
        self.door.close();
        self.server.abort();
        self.state.stop_tasks();
    }
}

/// Settles how an [`Emulator`] starts and behaves.
#[derive(Debug, Clone)]
#[must_use]
pub struct EmulatorBuilder {
    port: u16,
    key: Option<String>,
    user: Option<u128>,
    generation_time: Duration,
    record_delay: Duration,
    latency: Duration,
    clock_skew: i64,
    fail_every: Option<u64>,
    plan: Plan,
    balance: Option<f64>,
    limits: Limits,
    upload_limit: u64,
    v2_flat: bool,
    v2_in_lists: bool,
    webhook: Option<(String, String)>,
    deliveries: Vec<Delivery>,
    faults: FaultPlan,
    control: bool,
    cors: bool,
    #[cfg(feature = "tls")]
    https: bool,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            key: None,
            user: None,
            generation_time: Duration::from_millis(300),
            record_delay: Duration::ZERO,
            latency: Duration::ZERO,
            clock_skew: 0,
            fail_every: None,
            plan: Plan::default(),
            balance: None,
            limits: Limits::none(),
            upload_limit: 256 * 1024 * 1024,
            v2_flat: false,
            v2_in_lists: true,
            webhook: None,
            deliveries: Vec::new(),
            faults: FaultPlan::none(),
            control: false,
            cors: false,
            #[cfg(feature = "tls")]
            https: false,
        }
    }
}

impl EmulatorBuilder {
    /// The key to accept. Defaults to a random UUID. A production key is a UUID, and other keys than this one are
    /// told to be malformed unless they are UUIDs.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The port on 127.0.0.1. Defaults to 0, a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long a generation, a variation, a texture, a training or a run of a blueprint is PENDING, and how long an
    /// uploaded video or sound is before it can be used. Defaults to 300 ms. The words `slow 5s` (or `slow 500ms`) in a
    /// prompt, or in the name of what is trained or uploaded, say otherwise for one of them.
    pub fn generation_time(mut self, time: Duration) -> Self {
        self.generation_time = time;
        self
    }

    /// For how long a new generation, variation, texture, training or run cannot be found, by its id or in lists. Defaults to
    /// zero.
    /// The response to the create request has its id at once.
    pub fn record_delay(mut self, delay: Duration) -> Self {
        self.record_delay = delay;
        self
    }

    /// How long every response takes, once its work is done, as over a network: also those for pictures and uploads, and not
    /// those of faults that keep the work from being done. Defaults to zero.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// How many milliseconds the service's clock is ahead, or behind if negative, in the times it tells.
    pub fn clock_skew(mut self, milliseconds: i64) -> Self {
        self.clock_skew = milliseconds;
        self
    }

    /// Has every so many-th generation, variation, texture, training or run end as FAILED; 0 for none. The words `fail this`
    /// in a prompt, or in the name of what is trained or uploaded, do it for one.
    pub fn fail_every(mut self, count: u64) -> Self {
        self.fail_every = Some(count).filter(|count| *count > 0);
        self
    }

    /// How the account pays. Defaults to [`Plan::Credits`], of which the official SDKs can read the balance.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }

    /// The id of the key's user, as a number. Without it, another one is drawn for each emulator.
    pub fn user(mut self, id: u128) -> Self {
        self.user = Some(id);
        self
    }

    /// What the account starts with: whole credits, or dollars with [`Plan::PayAsYouGo`]. Defaults to 10,000 credits
    /// or 100 dollars. It goes down with each charge, below zero as well: an account that has run dry is not refused.
    pub fn balance(mut self, amount: f64) -> Self {
        self.balance = Some(amount);
        self
    }

    /// What the account may ask for. Defaults to no limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The length in bytes beyond which an uploaded file is refused. Defaults to 256 MiB.
    pub fn upload_limit(mut self, bytes: u64) -> Self {
        self.upload_limit = bytes;
        self
    }

    /// Whether the response to a create request of version 2 has its fields at the top level, as a part of the service's
    /// documentation shows it, and not below `generate`, as they are seen in practice. Defaults to false.
    pub fn v2_flat(mut self, flat: bool) -> Self {
        self.v2_flat = flat;
        self
    }

    /// Whether the account's list of generations has those of version 2, which is not documented. Defaults to true. They
    /// can always be read by their ids.
    pub fn v2_in_lists(mut self, listed: bool) -> Self {
        self.v2_in_lists = listed;
        self
    }

    /// Where to tell that a generation is complete, and the key that is sent along. Only plain HTTP is spoken.
    pub fn webhook(mut self, url: impl Into<String>, callback_key: impl Into<String>) -> Self {
        self.webhook = Some((url.into(), callback_key.into()));
        self
    }

    /// What becomes of the first webhooks, in order of the completions; those after them arrive once.
    pub fn webhook_deliveries(mut self, deliveries: impl IntoIterator<Item = Delivery>) -> Self {
        self.deliveries = deliveries.into_iter().collect();
        self
    }

    /// The plan of faults at the start. Defaults to none.
    pub fn faults(mut self, plan: FaultPlan) -> Self {
        self.faults = plan;
        self
    }

    /// Opens the control interface under `/control/`, which needs no key. Defaults to closed.
    pub fn control(mut self, open: bool) -> Self {
        self.control = open;
        self
    }

    /// Lets pages of every origin call it and read its responses, as a proxy between a page and the service would; storage
    /// and pictures too. A browser's questions whether it may send a request are neither recorded nor spoilt. Defaults to
    /// `false`.
    pub fn cors(mut self, allow: bool) -> Self {
        self.cors = allow;
        self
    }

    /// Speaks HTTPS, with a certificate of its own for 127.0.0.1 and localhost, made anew at each start. Defaults to plain
    /// HTTP. A fault that breaks a connection breaks it as it would without TLS.
    #[cfg(feature = "tls")]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Starts the server on the current runtime.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or the address for webhooks is not a plain HTTP one.
    pub async fn start(self) -> io::Result<Emulator> {
        let target = self.webhook.map(|(url, key)| Target::new(&url, &key)).transpose()?;
        let door = Arc::new(Door::open(self.port)?);
        let config = Config {
            key: self.key.unwrap_or_else(|| ids::random().to_string()),
            user: self.user.map_or_else(ids::random, uuid::Uuid::from_u128),
            generation_time: self.generation_time,
            record_delay: self.record_delay,
            clock_skew: self.clock_skew,
            fail_every: self.fail_every,
            plan: self.plan,
            balance: self.balance.map_or_else(|| self.plan.start(), |amount| self.plan.sum(amount)),
            limits: self.limits,
            upload_limit: self.upload_limit,
            v2_flat: self.v2_flat,
            v2_in_lists: self.v2_in_lists,
        };
        let user_id = config.user.to_string();
        #[cfg(feature = "tls")]
        let tls = if self.https { Some(Arc::new(Tls::new()?)) } else { None };
        #[cfg(feature = "tls")]
        let (scheme, transport) = match &tls {
            Some(tls) => ("https", Transport::Tls(Arc::clone(tls))),
            None => ("http", Transport::Plain),
        };
        #[cfg(not(feature = "tls"))]
        let (scheme, transport) = ("http", Transport::Plain);
        let state = Arc::new(State::new(config, format!("{scheme}://127.0.0.1:{}", door.port())));
        let faults = Arc::new(Faults::default());
        faults.set(self.faults);
        let webhooks = Arc::new(Webhooks::new(target, self.deliveries));
        let control = self.control.then(|| {
            let (state, faults, door) = (Arc::clone(&state), Arc::clone(&faults), Arc::clone(&door));
            control::router(Control { state, faults, door })
        });
        let pictures = Arc::<Pictures>::default();
        let service = Service {
            state: Arc::clone(&state),
            faults: Arc::clone(&faults),
            api: api::router(Arc::clone(&state), Arc::clone(&webhooks), Arc::clone(&pictures)),
            cdn: cdn::router(Arc::clone(&state), pictures),
            storage: cdn::storage::router(Arc::clone(&state)),
            control,
            cors: self.cors,
            latency: self.latency,
        };
        let server = tokio::spawn(server::run(Arc::clone(&door), transport, Arc::new(service)));
        Ok(Emulator {
            state,
            door,
            faults,
            webhooks,
            user_id,
            #[cfg(feature = "tls")]
            tls,
            runtime: Handle::current(),
            server,
        })
    }
}
