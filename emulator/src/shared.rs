//! What the routes, the connections and the handle have in common.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::faults::Faults;
use crate::ids::Uuid;
use crate::money::Ticks;
use crate::pictures::Pictures;
use crate::record::Log;
use crate::server::Door;
use crate::store::{Place, Store};

/// What the builder settles.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) key: String,
    pub(crate) user: Uuid,
    pub(crate) generation_time: Duration,
    pub(crate) balance: Ticks,
}

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) origin: String,
    pub(crate) door: Door,
    pub(crate) store: Mutex<Store>,
    pub(crate) log: Mutex<Log>,
    pub(crate) pictures: Pictures,
    pub(crate) faults: Faults,
}

impl Shared {
    pub(crate) fn new(config: Config, door: Door) -> Arc<Self> {
        Arc::new(Self {
            origin: format!("http://127.0.0.1:{}", door.port()),
            config,
            door,
            store: Mutex::default(),
            log: Mutex::default(),
            pictures: Pictures::default(),
            faults: Faults::default(),
        })
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place { origin: &self.origin, user: self.config.user, skew_millis: 0 }
    }
}
