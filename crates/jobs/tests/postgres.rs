//! The same on PostgreSQL, whose server is restarted meanwhile. It is started by the test, in a directory of its own, from
//! where `JOBS_TEST_POSTGRES` says that its programs are; without that nothing is tested here.

#![cfg(all(feature = "postgres", unix))]

mod common;

use common::Place;
use common::server::Server;
use common::troubles::troubles;

/// Not a test: what the processes do that the other starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn worker_process() {
    // Without an address it is run among the tests, and has nothing to do.
    if std::env::var_os("JOBS_TEST_DATABASE").is_some() {
        common::worker_process().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_prompt_is_paid_for_once_whatever_is_restarted() {
    let Some(programs) = std::env::var_os("JOBS_TEST_POSTGRES") else { return };
    let mut place = Place::new();
    let server = Server::start(programs.into(), place.directory.path());
    place.url = server.url();
    let mut restarts = 0;
    troubles(&place, common::seed_and_prompts(), |killed| {
        if matches!(killed, 2 | 5) {
            server.control("restart");
            restarts += 1;
        }
    })
    .await;
    assert_eq!(restarts, 2);
}
