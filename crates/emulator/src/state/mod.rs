//! What the emulator knows: one account, what it made, what it uploaded, and what was asked of it.

pub(crate) mod account;
pub(crate) mod blueprints;
pub(crate) mod clock;
pub(crate) mod cut_out;
pub(crate) mod ephemeral;
pub(crate) mod executions;
pub(crate) mod files;
pub(crate) mod generation;
pub(crate) mod header;
pub(crate) mod ids;
pub(crate) mod image_file;
pub(crate) mod life;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod media;
pub(crate) mod money;
pub(crate) mod picture;
pub(crate) mod platform;
pub(crate) mod prices;
pub(crate) mod subject;
pub(crate) mod texture;
pub(crate) mod training;
pub(crate) mod uploads;
pub(crate) mod urls;
pub(crate) mod v2_models;
pub(crate) mod variation;

use std::future::Future;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::sync::lock;
use account::Account;
use ephemeral::Ephemeral;
use executions::Executions;
use image_file::Gallery;
use limits::{Limits, Usage};
use log::Log;
use money::{Plan, Ticks};
use texture::Textures;
use training::{Datasets, Trainings};
use uploads::Uploads;
use urls::Urls;

/// What the builder settles.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) key: String,
    pub(crate) user: Uuid,
    pub(crate) generation_time: Duration,
    pub(crate) record_delay: Duration,
    pub(crate) clock_skew: i64,
    pub(crate) fail_every: Option<u64>,
    pub(crate) plan: Plan,
    pub(crate) balance: Ticks,
    pub(crate) limits: Limits,
    pub(crate) upload_limit: u64,
    pub(crate) v2_flat: bool,
    pub(crate) v2_in_lists: bool,
}

/// Where the account is locked together with another part, it is locked first, and the uploads are locked last.
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) urls: Urls,
    pub(crate) started: SystemTime,
    pub(crate) account: Mutex<Account>,
    pub(crate) usage: Mutex<Usage>,
    pub(crate) uploads: Mutex<Uploads>,
    pub(crate) datasets: Mutex<Datasets>,
    pub(crate) elements: Mutex<Trainings<i64>>,
    pub(crate) models: Mutex<Trainings<Uuid>>,
    pub(crate) textures: Mutex<Textures>,
    pub(crate) executions: Mutex<Executions>,
    /// The pictures that were given.
    pub(crate) gallery: Mutex<Gallery>,
    pub(crate) ephemeral: Mutex<Ephemeral>,
    pub(crate) log: Mutex<Log>,
    tasks: Mutex<JoinSet<()>>,
}

impl State {
    /// `origin` is the scheme, host and port that clients see.
    pub(crate) fn new(config: Config, origin: String) -> Self {
        let urls = Urls::new(origin, config.user);
        Self {
            uploads: Mutex::new(Uploads::new(urls.clone(), config.upload_limit)),
            urls,
            config,
            started: SystemTime::now(),
            account: Mutex::default(),
            usage: Mutex::default(),
            datasets: Mutex::default(),
            elements: Mutex::default(),
            models: Mutex::default(),
            textures: Mutex::default(),
            executions: Mutex::default(),
            gallery: Mutex::default(),
            ephemeral: Mutex::default(),
            log: Mutex::default(),
            tasks: Mutex::default(),
        }
    }

    /// A moment as the service's clock shows it, without a zone.
    pub(crate) fn shown(&self, at: SystemTime) -> String {
        clock::zoneless(clock::shifted(at, self.config.clock_skew))
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
