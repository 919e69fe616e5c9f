//! A file of prompts to pictures, in a way that survives being killed: `batch [--out DIR] [--journal FILE]
//! [--concurrency N] [--grace SECONDS] PROMPTS.txt`.
//!
//! The file has a prompt on each line, and each line gets one picture; lines that are the same are separate jobs. The
//! program can be ended at any moment, by `kill -9` too. Started again with the same arguments, it goes on where it was,
//! and pays for nothing twice. Lines may be added, removed and moved meanwhile; a line that is changed is another job.
//!
//! | option | default | |
//! |---|---|---|
//! | `--out` | `pictures` | where the pictures go |
//! | `--journal` | `PROMPTS.txt.journal` | where it is written down what was done |
//! | `--concurrency` | 4 | how many jobs are under way at a time |
//! | `--grace` | 30 | for how many seconds a generation may be missing from the account's list after it was created |
//!
//! | exit status | meaning |
//! |---|---|
//! | 0 | every prompt has its picture |
//! | 1 | there is something left to do: start it again |
//! | 2 | the command, a file or the configuration is wrong, or another instance has the journal |
//! | 3 | all is done that can be: some prompts were refused or failed, and would be again |
//!
//! With `LEONARDO_API_KEY` it asks the real service, which charges for it. Without, it starts the emulator, whose work
//! ends with this program.
//!
//! # How it works
//!
//! Each job gets a random seed. Before a create is sent, the journal tells the seed and the time, and that is on the disk.
//! What was `creating` when the program ended may have been created or not, so it is looked for by its seed, until the
//! grace period is over, before it is created (`look_first`). What was `created` is waited for by its id. What was
//! `saved` is left alone if the files have their lengths.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use leonardo_ai::RetryPolicy;
use leonardo_ai::funcs::user_get_user_self;
use leonardo_ai::models::GenerationId;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[path = "../common/mod.rs"]
mod common;
mod jobs;
mod journal;
mod settings;
mod work;

use jobs::{Job, jobs, random_seed};
use journal::{Entry, Event, History, Journal, State, now};
use settings::{Settings, USAGE, settings};
use work::{Batch, End};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match settings() {
        Ok(settings) => settings,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let prepared = jobs(&settings.prompts).and_then(|jobs| Ok((jobs, Journal::open(&settings.journal)?)));
    match prepared {
        Ok((jobs, (journal, history))) => common::until_interrupted(batch(settings, jobs, journal, history)).await,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

async fn batch(
    settings: Settings,
    jobs: Vec<Job>,
    mut journal: Journal,
    mut history: History,
) -> Result<ExitCode, Box<dyn Error>> {
    // From here on, no other instance sends anything: the journal is locked.
    let (core, emulator) = match common::service().await {
        Ok(service) => service,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(ExitCode::from(2));
        }
    };
    if emulator.is_some() {
        println!("The emulator's work ends with this program: what is not saved by then is lost.");
    }
    let user = user_get_user_self(&core).retry(patient()).await?;
    let user = user.user.map(|user| user.id).ok_or("the service does not tell the id of the key's user")?;
    let account = match &emulator {
        Some(_) => ("emulator".to_owned(), String::new()),
        None => (core.server_url().to_string(), user.to_string()),
    };
    if !begin(&mut journal, &mut history, account, emulator.is_some())? {
        eprintln!("the journal {} is of another server or account: name another", settings.journal.display());
        return Ok(ExitCode::from(2));
    }
    fs::create_dir_all(&settings.out)?;
    remove_parts(&settings.out, &history.ids)?;

    let batch = Arc::new(Batch {
        core,
        out: settings.out,
        grace: settings.grace,
        journal: Mutex::new(journal),
        at_once: Semaphore::new(settings.concurrency),
        stop: AtomicBool::new(false),
    });
    let (mut works, doubtful) = start(&batch, jobs, &mut history)?;
    let left = history.states.values();
    let left = left.filter(|state| !state.is_saved() && !matches!(state, State::Failed | State::New)).count();
    if left > 0 {
        eprintln!(
            "the journal has {left} prompts under way that are not in the file any more; nothing is done about them"
        );
    }
    if doubtful > 0 {
        println!("{doubtful} prompts may have been created already: they are looked for first.");
    }
    let mut ends = Vec::new();
    while let Some(end) = works.join_next().await {
        ends.push(end?);
    }
    let count = |end| ends.iter().filter(|&&other| other == end).count();
    println!("{} saved, {} refused or failed, {} to do.", count(End::Saved), count(End::Never), count(End::Later));
    Ok(match (count(End::Later), count(End::Never)) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(3),
        _ => {
            eprintln!("start it again to go on");
            ExitCode::FAILURE
        }
    })
}

/// More attempts than usual: what these calls find out saves money.
fn patient() -> RetryPolicy {
    RetryPolicy::default().max_attempts(8)
}

/// Removes what downloads of this journal's generations have left unfinished: `.ID-INDEX.RANDOM.part`.
fn remove_parts(out: &Path, ids: &HashSet<GenerationId>) -> io::Result<()> {
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let part = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"));
        let (Some((stem, _)), true) = (part.and_then(|part| part.rsplit_once('.')), path.is_file()) else { continue };
        if stem.rsplit_once('-').is_some_and(|(id, _)| ids.contains(&GenerationId::from(id))) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Begins the journal, or goes on with it unless it is of another account.
fn begin(
    journal: &mut Journal,
    history: &mut History,
    account: (String, String),
    is_emulator: bool,
) -> Result<bool, Box<dyn Error>> {
    let time = now();
    match &history.account {
        Some(before) if *before != account => return Ok(false),
        // Of an emulator that has ended, only files are left.
        Some(_) if is_emulator => {
            for (mark, state) in &mut history.states {
                if !state.is_saved() {
                    journal.write(&Entry { time, job: Some(mark.clone()), line: None, event: Event::Lost })?;
                    *state = State::New;
                }
            }
        }
        Some(_) => {}
        None => {
            let (server, user) = account;
            journal.write(&Entry { time, job: None, line: None, event: Event::Begin { server, user } })?;
        }
    }
    Ok(true)
}

/// Starts what is left to do of each job, and tells how many may have been created already.
fn start(batch: &Arc<Batch>, jobs: Vec<Job>, history: &mut History) -> Result<(JoinSet<End>, usize), Box<dyn Error>> {
    let mut works = JoinSet::new();
    let mut doubtful = 0;
    for job in jobs {
        match history.states.remove(&job.mark).unwrap_or_default() {
            state if state.is_saved() => _ = works.spawn(async { End::Saved }),
            State::Creating { seed, since } => {
                doubtful += 1;
                works.spawn(batch.clone().create(job, seed, Some(since)));
            }
            State::New => {
                let seed = loop {
                    let seed = random_seed()?;
                    if history.seeds.insert(seed) {
                        break seed;
                    }
                };
                works.spawn(batch.clone().create(job, seed, None));
            }
            State::Created { id, .. } => _ = works.spawn(batch.clone().fetch(job, id)),
            State::Failed => _ = works.spawn(async { End::Never }),
        }
    }
    Ok((works, doubtful))
}
