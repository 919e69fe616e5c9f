//! What is trained, and the pictures it is trained on.

use std::collections::HashMap;
use std::time::SystemTime;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::life::Life;
use super::subject::Subject;

/// An element or a model; the type of their ids is what sets them apart.
#[derive(Debug, Clone)]
pub(crate) struct Training<Id> {
    pub(crate) id: Id,
    pub(crate) life: Life,
    /// What the API shows of it, but for what changes with time.
    pub(crate) record: Map<String, Value>,
}

/// Trainings in the order of their creation, and how many numbers were given out.
pub(crate) struct Trainings<Id>(Vec<Training<Id>>, i64);

impl<Id> Default for Trainings<Id> {
    fn default() -> Self {
        Self(Vec::new(), 0)
    }
}

impl<Id: PartialEq> Trainings<Id> {
    pub(crate) fn add(&mut self, training: Training<Id>) {
        self.0.push(training);
    }

    pub(crate) fn get(&self, id: &Id) -> Option<&Training<Id>> {
        self.0.iter().find(|training| training.id == *id)
    }

    pub(crate) fn remove(&mut self, id: &Id) -> Option<Training<Id>> {
        let place = self.0.iter().position(|training| training.id == *id)?;
        Some(self.0.remove(place))
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Training<Id>> {
        self.0.iter().rev()
    }
}

impl Trainings<i64> {
    /// The id of the next training, which is never that of an earlier one.
    pub(crate) fn next(&mut self, first: i64) -> i64 {
        self.1 += 1;
        first + self.1
    }
}

/// A set of pictures.
#[derive(Debug, Clone)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created: SystemTime,
    pub(crate) updated: SystemTime,
    pub(crate) images: Vec<DatasetImage>,
}

#[derive(Debug, Clone)]
pub(crate) struct DatasetImage {
    pub(crate) id: Uuid,
    pub(crate) created: SystemTime,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// In the storage under its id, once it was uploaded.
    Uploaded {
        extension: String,
    },
    Generated(Subject),
}

impl DatasetImage {
    pub(crate) fn extension(&self) -> &str {
        match &self.content {
            Content::Uploaded { extension } => extension,
            Content::Generated(subject) => subject.extension(),
        }
    }
}

pub(crate) type Datasets = HashMap<Uuid, Dataset>;
