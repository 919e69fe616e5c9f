//! Limits that a core keeps to by itself: requests, creates, jobs, and money.

#[path = "../common/blueprints.rs"]
mod blueprints;
mod cancelled;
mod estimates;
mod jobs;
mod pace;
mod service;
mod spending;
mod unknown;
