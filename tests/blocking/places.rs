//! Where a call may be made: in many threads, in a runtime of any kind, in destructors, and at the end of a thread.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leonardo_ai::funcs::{image_create_generation, image_wait_for_generation, user_get_user_self};
use leonardo_ai::{Blocking as _, Error, LeonardoCore, Limits};
use leonardo_ai_emulator::Emulator;
use tokio::runtime::Builder;

use crate::common::{LONG, ME, Reply, SHORT};
use crate::{harbour, server, start};

/// Has a thread do it, and fails if that takes too long.
fn in_time(what: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        what();
        sender.send(()).unwrap();
    });
    match receiver.recv_timeout(LONG / 2) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        _ => thread.join().unwrap(),
    }
}

#[test]
fn of_many_threads_that_sleep_each_is_woken() {
    in_time(|| {
        std::thread::scope(|scope| {
            for thread in 0..64 {
                scope.spawn(move || {
                    for round in 0..50 {
                        let time = Duration::from_micros((thread * 7 + round * 13) % 5 * 400);
                        async { tokio::time::sleep(time).await }.send_blocking();
                    }
                });
            }
        });
    });
}

#[test]
fn within_a_runtime_with_connections_that_were_made_there() {
    for workers in [0, 1, 2] {
        let (_served, server) = server(vec![Reply::json(200, ME)]);
        let core = server.builder().timeout(LONG).build().unwrap();
        in_time(move || {
            let runtime = match workers {
                0 => Builder::new_current_thread().enable_all().build().unwrap(),
                _ => Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap(),
            };
            let rounds = async move {
                for _ in 0..20 {
                    // Leaves an idle connection behind, which the next call takes.
                    user_get_user_self(&core).await.unwrap();
                    user_get_user_self(&core).send_blocking().unwrap();
                }
                tokio::task::spawn_blocking(move || user_get_user_self(&core).send_blocking()).await.unwrap().unwrap();
            };
            runtime.block_on(async { tokio::spawn(rounds).await }).unwrap();
        });
        assert_eq!(server.count(), 41);
    }
}

#[test]
fn within_a_runtime_that_has_used_up_what_a_task_may_do() {
    let (_served, server) = server(vec![Reply::json(200, ME)]);
    let core = server.core();
    in_time(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            (0..1000).for_each(|number| sender.send(number).unwrap());
            // All that can be had before this task must yield.
            std::future::poll_fn(|context| {
                while receiver.poll_recv(context).is_ready() {}
                user_get_user_self(&core).send_blocking().unwrap();
                std::task::Poll::Ready(())
            })
            .await;
        });
    });
}

#[test]
fn waits_and_limits_that_are_held_up_are_not_waited_for() {
    let (_served, emulator, _) = start(Emulator::builder());
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .limits(Limits::default())
        .deadline(LONG)
        .build()
        .unwrap();
    in_time(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
            // One of these reads the account's list for all, until it is held up.
            let unknown = "11111111-2222-4333-8444-555555555555";
            let waits: Vec<_> = (0..12)
                .map(|_| tokio::spawn(image_wait_for_generation(&core, unknown).appear_within(LONG).into_future()))
                .collect();
            tokio::time::sleep(SHORT).await;
            let job = image_create_generation(&core, harbour()).send_blocking().unwrap();
            image_wait_for_generation(&core, job.generation_id).send_blocking().unwrap();
            waits.into_iter().for_each(|wait| wait.abort());
        });
    });
}

/// Calls when it is dropped.
struct CallsLast(LeonardoCore, Arc<AtomicUsize>);

impl Drop for CallsLast {
    fn drop(&mut self) {
        user_get_user_self(&self.0).send_blocking().unwrap();
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn in_a_destructor_while_a_panic_unwinds() {
    let (_served, _emulator, core) = start(Emulator::builder());
    let called = Arc::new(AtomicUsize::new(0));
    for within in [false, true] {
        let last = CallsLast(core.clone(), called.clone());
        let panicking = std::thread::spawn(move || {
            let fails = async move {
                let _last = last;
                panic!("as is meant to be");
            };
            match within {
                false => fails.send_blocking(),
                true => Builder::new_current_thread().enable_all().build().unwrap().block_on(fails),
            }
        });
        assert!(panicking.join().is_err());
    }
    assert_eq!(called.load(Ordering::SeqCst), 2);
    // What was left behind is whole.
    user_get_user_self(&core).send_blocking().unwrap();
}

#[test]
fn a_runtime_that_ends_takes_no_connection_with_it() {
    let (_served, server) = server(vec![Reply::json(200, ME)]);
    let core = server.core();
    for _ in 0..5 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { user_get_user_self(&core).await }).unwrap();
        runtime.shutdown_timeout(Duration::ZERO);
        user_get_user_self(&core).send_blocking().unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn at_the_very_end_of_a_thread_it_is_refused_or_done() {
    struct AtTheEnd(LeonardoCore, Arc<Mutex<Vec<Result<(), Error>>>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let result = user_get_user_self(&self.0).send_blocking();
            self.1.lock().unwrap().push(result.map(drop));
        }
    }
    thread_local!(static LAST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) });
    let (_served, _emulator, core) = start(Emulator::builder());
    let results = Arc::new(Mutex::new(Vec::new()));
    for first in [false, true] {
        let (core, results) = (core.clone(), results.clone());
        in_time(move || {
            if first {
                user_get_user_self(&core).send_blocking().unwrap();
            }
            LAST.set(Some(AtTheEnd(core.clone(), results)));
            if !first {
                user_get_user_self(&core).send_blocking().unwrap();
            }
        });
    }
    let results = results.lock().unwrap();
    assert_eq!(results.len(), 2);
    for result in &*results {
        assert!(matches!(result, Ok(()) | Err(Error::InvalidRequest(_))), "{result:?}");
    }
}

#[test]
fn the_thread_that_drives_connections_is_not_held_up() {
    struct Calls(LeonardoCore, mpsc::Sender<Result<(), Error>>);
    impl Drop for Calls {
        fn drop(&mut self) {
            self.1.send(user_get_user_self(&self.0).send_blocking().map(drop)).unwrap();
        }
    }
    let (_served, _emulator, core) = start(Emulator::builder());
    let (sender, results) = mpsc::channel();
    let calls = Calls(core.clone(), sender);
    // A task of the runtime that is entered while a call is waited for.
    async { drop(tokio::spawn(async move { drop(calls) })) }.send_blocking();
    let refused = results.recv_timeout(LONG).unwrap();
    assert!(matches!(refused, Err(Error::InvalidRequest(_))), "{refused:?}");
    user_get_user_self(&core).send_blocking().unwrap();
}
