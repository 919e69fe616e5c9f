//! What is built on a core and keeps something in it: settings that the builder took, and state that all calls share.
//!
//! The core does not know what that is. Each is found by its type, which is private to whoever keeps it.

use std::sync::{Arc, Mutex};

use http::Extensions;

use crate::runtime::lock;

pub(super) struct Extended {
    /// Fixed once the core is built, so that reading one locks nothing.
    settings: Extensions,
    state: Mutex<Extensions>,
}

impl Extended {
    pub(super) fn new(settings: Extensions) -> Self {
        Self { settings, state: Mutex::default() }
    }

    pub(super) fn setting<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.settings.get()
    }

    pub(super) fn state<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        lock(&self.state).get_or_insert_with(|| Arc::new(make())).clone()
    }
}
