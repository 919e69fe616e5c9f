//! A worker: it does what is written down until it is told to stop.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use leonardo_ai::LeonardoCore;
use leonardo_ai::models::Generation;
use leonardo_ai_jobs::{Directory, Job, Settings, Sink, SinkError, Worker};
use tokio::sync::watch;

use super::keys::Keys;
use super::view::{View, with_event};
use super::{account, failure, record, webhooks};
use crate::args::Global;
use crate::args::jobs::Work;
use crate::commands::create::absolute;
use crate::failure::{FAILED, Failure, INTERRUPTED};
use crate::screen::{Screen, shown};
use crate::told_to_stop;

/// How often it is asked how far the jobs are. With many jobs it takes long, and is asked more seldom.
const LOOK: Duration = Duration::from_millis(500);

/// Saves files, and says so.
struct Saving {
    directory: Directory,
    screen: Screen,
}

impl Sink for Saving {
    fn store<'a>(
        &'a self,
        core: &'a LeonardoCore,
        job: &'a Job,
        generation: &'a Generation,
    ) -> BoxFuture<'a, Result<Vec<String>, SinkError>> {
        async move {
            let files = self.directory.store(core, job, generation).await?;
            let mut object = with_event("saved", record(job, None));
            (object["files"], object["error"]) = (files.clone().into(), serde_json::Value::Null);
            // The ledger knows in which unit.
            object["cost"] = job.settled.map(|settled| settled.to_string()).into();
            let lines = files.iter().map(|file| format!("Saved {}", shown(std::path::Path::new(file))));
            self.screen.result(lines.collect::<Vec<_>>().join("\n"), &object);
            Ok(files)
        }
        .boxed()
    }
}

/// Why it ends.
enum End {
    Done,
    Stuck(String),
    Told,
}

pub async fn work(args: Work, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let keys = Keys::of(&args, global, screen).await?;
    let jobs = args.ledger.open(global).await?;
    let out = absolute(&args.out)?;
    crate::work::save::make(&out)?;
    for name in keys.cores.keys() {
        account(&jobs, name).await?;
    }
    if let Some(address) = args.webhooks {
        webhooks::listen(&jobs, address, screen).await?;
    }
    let mut settings = Settings::default();
    (settings.concurrency, settings.grace) = (args.concurrency.into(), args.grace);
    let sink = Saving { directory: Directory::new(out), screen: screen.clone() };
    let cores = keys.cores.clone();
    let worker = Worker::new(&jobs, move |name| cores.get(name).cloned(), sink).settings(settings);
    let names = keys.cores.keys().cloned().collect();
    let mut view = View::begin(&jobs, screen, names, args.report).await.map_err(failure)?;

    let (stop, mut stopped) = watch::channel(false);
    let running = worker.run(async move { drop(stopped.wait_for(|stop| *stop).await) });
    let mut running = pin!(tokio::spawn(running));
    let mut told = pin!(told_to_stop());
    let mut is_away = false;
    let end = loop {
        let asked = Instant::now();
        match view.look().await {
            Ok(()) => is_away = false,
            // Told once; the worker waits for it as well.
            Err(error) if !is_away => {
                is_away = true;
                screen.complain(error.to_string());
            }
            Err(_) => {}
        }
        if args.until_done && !is_away {
            if view.open() == 0 {
                break End::Done;
            }
            if let Some(reason) = view.is_stuck() {
                break End::Stuck(reason);
            }
        }
        tokio::select! {
            () = &mut told => break End::Told,
            () = tokio::time::sleep(LOOK.max(asked.elapsed() * 10)) => {}
            ended = &mut running => {
                let problem = ended.map_or_else(|error| Some(error.to_string()), |ended| ended.err().map(|error| error.to_string()));
                return Err(Failure::other(problem.unwrap_or_else(|| "the worker has ended".into())));
            }
        }
    };
    if matches!(end, End::Told) {
        screen.say("Handing back what is under way; a create that was sent is waited for. Ctrl-C again ends at once.");
    }
    let _ = stop.send(true);
    tokio::select! {
        _ = &mut running => {}
        () = told_to_stop() => {
            view.end();
            screen.set_hint(Some(Box::new(|| "What was under way is taken over by other workers within a minute.".into())));
            screen.interrupted();
            return Err(Failure::Told(INTERRUPTED));
        }
    }
    // What was finished meanwhile.
    let _ = view.look().await;
    view.end();
    match end {
        End::Done if view.has_failed() => Err(Failure::Told(FAILED)),
        End::Done => Ok(()),
        End::Stuck(reason) => Err(Failure::other(reason)),
        End::Told => {
            let left = view.open();
            let emulated = global.emulator;
            screen.set_hint(Some(Box::new(move || match emulated {
                true => {
                    format!("{left} are left, and the emulator has ended with this program, with all that it had made.")
                }
                false => format!("{left} are left: `leonardo jobs work` goes on, and pays for nothing twice."),
            })));
            screen.interrupted();
            // A worker that works until it is told to stop has done what it should.
            if args.until_done { Err(Failure::Told(INTERRUPTED)) } else { Ok(()) }
        }
    }
}
