//! Single calls.

use std::time::{Duration, Instant};

use leonardo_ai::funcs::{image_get_generation_by_id, user_get_user_self};
use leonardo_ai::{Blocking as _, Error, RetryPolicy, TimeoutScope};
use leonardo_ai_emulator::Emulator;

use crate::common::{GENERATION, ID, LONG, ME, Refusing, Reply, SHORT};
use crate::{server, start};

#[test]
fn a_call_gives_what_it_gives_when_it_is_awaited() {
    let (runtime, emulator, core) = start(Emulator::builder());
    let awaited = runtime.block_on(async { user_get_user_self(&core).await }).unwrap();
    assert_eq!(user_get_user_self(&core).send_blocking().unwrap(), awaited);
    let response = user_get_user_self(&core).with_response().send_blocking().unwrap();
    assert_eq!((response.status.as_u16(), response.attempts), (200, 1));
    assert_eq!(response.output, awaited);
    assert_eq!(emulator.requests().len(), 3);
}

#[test]
fn retries_and_their_delays_are_the_same() {
    let (_runtime, server) = server(vec![Reply::json(503, "{}"), Reply::Reset, Reply::json(200, GENERATION)]);
    let response = image_get_generation_by_id(&server.core(), ID).with_response().send_blocking().unwrap();
    assert_eq!((response.attempts, response.output.id.as_str()), (3, ID));
}

#[test]
fn errors_are_the_same() {
    let refusing = Refusing::new();
    for reply in
        [Reply::json(404, "{}"), Reply::json(401, "{}"), Reply::json(200, "{"), Reply::cut(200, "{"), Reply::Reset]
    {
        let (runtime, server) = server(vec![reply]);
        let core = server.builder().retry(RetryPolicy::none()).build().unwrap();
        let call = || image_get_generation_by_id(&core, ID);
        let awaited = runtime.block_on(async { call().await }).unwrap_err();
        assert_alike(&call().send_blocking().unwrap_err(), &awaited);
        // Refused before anything is sent.
        let call = || image_get_generation_by_id(&core, "..");
        let awaited = runtime.block_on(async { call().await }).unwrap_err();
        assert_alike(&call().send_blocking().unwrap_err(), &awaited);
        // No connection.
        let call = || image_get_generation_by_id(&core, ID).server_url(refusing.url());
        let awaited = runtime.block_on(async { call().await }).unwrap_err();
        assert_alike(&call().send_blocking().unwrap_err(), &awaited);
    }
}

/// Compares all but how long it took.
fn assert_alike(one: &Error, other: &Error) {
    let text = |error: &Error| {
        let text = error.to_string();
        let words = text.split(' ').filter(|word| word.trim_end_matches([',', ';', '.', ')']).parse::<f64>().is_err());
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(text(one), text(other));
    assert_eq!(one.call().map(|call| call.attempts), other.call().map(|call| call.attempts));
    assert_eq!(one.may_have_been_charged(), other.may_have_been_charged());
}

#[test]
fn time_runs_out_as_it_does_elsewhere_and_the_connection_ends() {
    let (runtime, server) = server(vec![Reply::Stall(Vec::new())]);
    let started = Instant::now();
    let error = image_get_generation_by_id(&server.core(), ID).deadline(SHORT).send_blocking().unwrap_err();
    assert!(matches!(&error, Error::Timeout(error) if error.scope == TimeoutScope::Deadline), "{error}");
    assert!(started.elapsed() >= SHORT && started.elapsed() < LONG);
    runtime.block_on(server.expect_left());
}

#[test]
fn any_future_may_be_waited_for_and_may_borrow() {
    let (_runtime, _emulator, core) = start(Emulator::builder());
    let mut names = Vec::new();
    let asking = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            names.push(user_get_user_self(&core).await?.user.unwrap().username);
        }
        // Within one that waits already.
        user_get_user_self(&core).send_blocking()
    };
    asking.send_blocking().unwrap();
    assert_eq!(names.len(), 3);
}

#[test]
fn sixty_four_threads_at_once() {
    let (_runtime, server) = server(vec![Reply::json(200, ME)]);
    let core = server.core();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..8 {
                    user_get_user_self(&core).send_blocking().unwrap();
                }
            });
        }
    });
    assert_eq!(server.count(), 64 * 8);
}
