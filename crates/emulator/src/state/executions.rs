//! Runs of blueprints, and what they make.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::life::Life;

/// One accepted request to run a blueprint.
pub(crate) struct Execution {
    pub(crate) life: Life,
    /// As they were given.
    pub(crate) inputs: Value,
    pub(crate) public: bool,
    /// In the order in which they appear.
    pub(crate) outputs: Vec<Output>,
}

/// One of the generations of a run.
pub(crate) struct Output {
    pub(crate) id: Uuid,
    pub(crate) generation: Uuid,
    /// That of the generation, which may be deleted.
    pub(crate) life: Life,
    pub(crate) blocked: Option<Blocked>,
}

/// Why moderation let an output fail.
pub(crate) struct Blocked {
    pub(crate) message: String,
    /// How many outputs are missing because of it.
    pub(crate) outputs: u32,
}

/// By their ids.
pub(crate) type Executions = HashMap<Uuid, Arc<Execution>>;
