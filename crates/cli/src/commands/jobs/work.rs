//! `leonardo jobs work`.

use std::time::Duration;

use leonardo_ai_jobs::{Directory, Jobs as Ledger, Settings, Status, Worker};
use tokio::sync::oneshot;

use super::view::View;
use super::{failure, keys, open, submit, webhooks};
use crate::args::{Global, Place, Work};
use crate::commands::create::absolute;
use crate::failure::{FAILED, Failure, INTERRUPTED};
use crate::screen::Screen;
use crate::session::Session;

/// How often the ledger is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// Why the worker is to stop.
enum End {
    /// Ctrl-C or SIGTERM.
    Told,
    Idle,
    /// Nothing more is admitted.
    Stuck(String),
}

pub async fn work(args: Work, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let session = if global.emulator { Some(Session::connect(global, screen).await?) } else { None };
    let cores = keys::cores(&args, global, session.as_ref())?;
    let out = absolute(&args.out)?;
    crate::work::save::make(&out)?;
    // What the emulator makes ends with this program, so the ledger does too if no other was named.
    let (place, _scratch) = place(&args.place, session.is_some())?;
    let ledger = open(&place, global).await?;
    let template = submit::template(&args.wanted, global, screen, session.as_ref()).await?;
    submit::wanted(&ledger, &place.account, args.wanted.clone(), &template, screen).await?;
    let _server = match args.webhooks {
        Some(address) => Some(webhooks::serve(address, &ledger, screen).await?),
        None => None,
    };

    let mut settings = Settings::default();
    settings.concurrency = args.concurrency.into();
    settings.grace = args.grace;
    let worker = Worker::new(&ledger, cores, Directory::new(out)).settings(settings);
    let (stop, stopped) = oneshot::channel::<()>();
    let working = tokio::spawn(worker.run(async { drop(stopped.await) }));
    let mut view = View::new(screen);
    let before = status(&ledger, &place.account).await.unwrap_or_default();
    let end = tokio::select! {
        end = watch(&ledger, &place.account, args.until_done, &mut view) => end,
        () = crate::told_to_stop() => End::Told,
    };
    if matches!(end, End::Told) {
        screen.say("Stopping: creates under way are waited for, the rest is handed back. Once more ends it at once.");
    }
    let _ = stop.send(());
    tokio::select! {
        ended = working => ended.map_err(|error| Failure::other(error.to_string()))?.map_err(failure)?,
        () = crate::told_to_stop() => {
            screen.set_hint(Some(Box::new(|| "Other workers take over what this one had, after 30 seconds.".into())));
            screen.interrupted();
            return Err(Failure::Told(INTERRUPTED));
        }
    }
    let after = status(&ledger, &place.account).await?;
    view.end(&after);
    match end {
        End::Told => {
            let (open, is_emulated) = (after.open(), session.is_some());
            screen.set_hint(Some(Box::new(move || match is_emulated {
                true => format!("{open} not finished, and the emulator has ended with this program."),
                false => format!("{open} not finished: `leonardo jobs work` goes on, and pays for nothing twice."),
            })));
            screen.interrupted();
            Err(Failure::Told(INTERRUPTED))
        }
        End::Stuck(why) => Err(Failure::other(why)),
        End::Idle => match failed(&after).saturating_sub(failed(&before)) {
            0 => Ok(()),
            more => {
                screen.complain(format!("{more} failed: `leonardo jobs export --state failed` says why"));
                Err(Failure::Told(FAILED))
            }
        },
    }
}

fn failed(status: &Status) -> u64 {
    status.count(leonardo_ai_jobs::State::Failed)
}

/// The ledger that was named; for an emulator, or else one that is removed at the end.
fn place(named: &Place, is_emulated: bool) -> Result<(Place, Option<tempfile::TempDir>), Failure> {
    let mut place = named.clone();
    if !is_emulated || place.database.is_some() {
        return Ok((place, None));
    }
    let scratch = tempfile::tempdir().map_err(|error| Failure::other(format!("no temporary directory: {error}")))?;
    place.database = Some(scratch.path().join("jobs.sqlite").display().to_string());
    Ok((place, Some(scratch)))
}

/// Of an account without jobs there is nothing to tell.
async fn status(ledger: &Ledger, account: &str) -> Result<Status, Failure> {
    match ledger.status(account).await {
        Err(leonardo_ai_jobs::Error::NoAccount(_)) => Ok(Status::default()),
        status => status.map_err(failure),
    }
}

/// Shows how far the account is until there is a reason to stop.
async fn watch(ledger: &Ledger, account: &str, until_done: bool, view: &mut View) -> End {
    loop {
        // A database that cannot be reached is waited for, as the worker does.
        if let Ok(status) = status(ledger, account).await {
            view.show(&status);
            if until_done && status.open() == 0 {
                return End::Idle;
            }
            if until_done && status.is_stuck {
                let why = status.problem.as_deref().unwrap_or("the next job costs more than is left of the budget");
                return End::Stuck(format!("nothing more can be done: {why}"));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
