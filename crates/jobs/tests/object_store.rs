//! Files in an object store, of its two kinds that need no server.

#![cfg(feature = "object-store")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{ACCOUNT, Place, core, count, faults, quick, submissions, within};
use futures_util::StreamExt as _;
use leonardo_ai::LeonardoCore;
use leonardo_ai_emulator::Emulator;
use leonardo_ai_jobs::{Account, Job, Jobs, Objects, State, Worker};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

/// Each object that is there, and whether it is a whole JPEG file.
async fn objects(store: &dyn ObjectStore) -> Vec<(String, bool)> {
    let listed: Vec<_> = store.list(None).map(|object| object.unwrap().location).collect().await;
    let mut objects = Vec::new();
    for path in listed {
        let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
        objects.push((path.to_string(), bytes.starts_with(&[0xff, 0xd8]) && bytes.ends_with(&[0xff, 0xd9])));
    }
    objects.sort();
    objects
}

fn start(jobs: &Jobs, core: LeonardoCore, sink: Objects) -> impl AsyncFnOnce() {
    let worker = Worker::new(jobs, move |_| Some(core.clone()), sink).settings(quick());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async move { drop(stopped.await) }));
    async move || {
        drop(stop);
        running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn no_object_is_ever_cut_whatever_breaks() {
    const PROMPTS: usize = 8;
    let emulator = Emulator::builder().generation_time(Duration::from_millis(100)).faults(faults(21));
    let (place, emulator) = (Place::new(), emulator.start().await.unwrap());
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(PROMPTS)).await.unwrap();
    let store = Arc::new(InMemory::new());
    let stop = start(&jobs, core(&emulator.base_url(), emulator.key()), Objects::new(store.clone(), "a/b"));
    let is_done = async || {
        assert!(objects(&*store).await.iter().all(|(_, is_whole)| *is_whole));
        jobs.is_idle().await.unwrap()
    };
    assert!(within(Duration::from_secs(40), is_done).await, "{:?}", jobs.status(ACCOUNT).await);
    stop().await;
    let mut files: Vec<_> =
        jobs.export().flat_map(|job| futures_util::stream::iter(job.unwrap().files)).collect().await;
    files.sort();
    let there: Vec<_> = objects(&*store).await.into_iter().map(|(path, _)| path).collect();
    assert_eq!((there.len(), emulator.charges().len()), (PROMPTS, PROMPTS));
    assert_eq!(files, there);
    assert!(there.iter().all(|path| path.starts_with("a/b/") && path.ends_with("-00.jpg")), "{there:?}");
}

#[tokio::test]
async fn a_store_that_fails_is_tried_again_and_nothing_is_paid_twice() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(100)).start().await.unwrap();
    let place = Place::new();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(1)).await.unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(place.out()).unwrap());
    // A file is where the directory would be.
    std::fs::write(place.out().join("pictures"), "in the way").unwrap();
    let sink = Objects::new(store.clone(), Path::from("pictures"));
    let stop = start(&jobs, core(&emulator.base_url(), emulator.key()), sink);
    let job = async || -> Job { jobs.job(1).await.unwrap() };
    assert!(within(Duration::from_secs(20), async || job().await.tries >= 2).await, "{:?}", job().await);
    let failing = job().await;
    assert!(failing.problem.is_some() && failing.files.is_empty(), "{failing:?}");
    assert_eq!((failing.state, emulator.charges().len()), (State::Complete, 1));
    std::fs::remove_file(place.out().join("pictures")).unwrap();
    assert!(within(Duration::from_secs(20), async || count(&jobs, State::Done).await == 1).await);
    stop().await;
    let done = job().await;
    assert_eq!(objects(&*store).await, [(done.files[0].clone(), true)]);
    assert_eq!((done.problem, emulator.charges().len()), (None, 1));
}
