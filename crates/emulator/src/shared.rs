//! What the routes, the connections and the handle have in common.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;

use crate::faults::Faults;
use crate::ids::Uuid;
use crate::limits::{Limits, Usage};
use crate::lock;
use crate::money::Ticks;
use crate::pictures::Pictures;
use crate::record::Log;
use crate::server::Door;
use crate::store::{Place, Store};
use crate::uploads::Uploads;
use crate::webhook::{Delivery, Webhook};

/// What the builder settles.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) key: String,
    pub(crate) user: Uuid,
    pub(crate) generation_time: Duration,
    pub(crate) record_delay: Duration,
    pub(crate) clock_skew: i64,
    pub(crate) fail_every: Option<u64>,
    pub(crate) balance: Ticks,
    pub(crate) limits: Limits,
    pub(crate) upload_limit: u64,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) control: bool,
}

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) origin: String,
    pub(crate) started: SystemTime,
    /// What upload signatures are made with.
    pub(crate) secret: u64,
    pub(crate) door: Door,
    pub(crate) store: Mutex<Store>,
    pub(crate) usage: Mutex<Usage>,
    pub(crate) uploads: Mutex<Uploads>,
    pub(crate) log: Mutex<Log>,
    pub(crate) pictures: Pictures,
    pub(crate) faults: Faults,
    pub(crate) deliveries: Mutex<VecDeque<Delivery>>,
    /// How many webhooks arrived.
    pub(crate) delivered: Mutex<u64>,
    tasks: Mutex<JoinSet<()>>,
}

impl Shared {
    pub(crate) fn new(config: Config, door: Door) -> Arc<Self> {
        Arc::new(Self {
            origin: format!("http://127.0.0.1:{}", door.port()),
            config,
            started: SystemTime::now(),
            secret: fastrand::u64(..),
            door,
            store: Mutex::default(),
            usage: Mutex::default(),
            uploads: Mutex::default(),
            log: Mutex::default(),
            pictures: Pictures::default(),
            faults: Faults::default(),
            deliveries: Mutex::default(),
            delivered: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place { origin: &self.origin, user: self.config.user, skew_millis: self.config.clock_skew }
    }

    /// Runs something beside the requests, until it is done or the emulator is dropped.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    pub(crate) fn stop_tasks(&self) {
        lock(&self.tasks).abort_all();
    }
}
