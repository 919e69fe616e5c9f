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

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use leonardo_ai::funcs::{
    GenerationErrorReason, image_create_generation_once, image_download_all, image_wait_for_generation,
    user_get_user_self,
};
use leonardo_ai::models::{CreateGenerationRequest, GenerationId, GenerationJob};
use leonardo_ai::{ApiErrorKind, LeonardoCore, RetryPolicy};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

mod common;

const USAGE: &str = "usage: batch [--out DIR] [--journal FILE] [--concurrency N] [--grace SECONDS] PROMPTS.txt";
/// What every model takes.
const LARGEST_SEED: u64 = 2_147_483_637;

struct Settings {
    prompts: PathBuf,
    out: PathBuf,
    journal: PathBuf,
    concurrency: usize,
    grace: Duration,
}

fn settings() -> Result<Settings, String> {
    let (mut prompts, mut journal) = (None, None);
    let (mut out, mut concurrency, mut grace) = (PathBuf::from("pictures"), 4, Duration::from_secs(30));
    let mut rest = std::env::args_os().skip(1);
    while let Some(argument) = rest.next() {
        let name = argument.to_string_lossy().into_owned();
        let mut value = || rest.next().ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--out" => out = value()?.into(),
            "--journal" => journal = Some(PathBuf::from(value()?)),
            "--concurrency" => {
                let jobs = value()?.to_string_lossy().parse().ok().filter(|jobs| (1..=1000).contains(jobs));
                concurrency = jobs.ok_or("--concurrency needs a number from 1 to 1000")?;
            }
            "--grace" => {
                let seconds = value()?.to_string_lossy().parse().ok();
                let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                grace = seconds.ok_or("--grace needs a number of seconds")?;
            }
            option if option.starts_with("--") => return Err(format!("there is no option {option}")),
            _ if prompts.is_some() => return Err("there is more than one file of prompts".into()),
            _ => prompts = Some(PathBuf::from(argument)),
        }
    }
    let prompts = prompts.ok_or("there is no file of prompts")?;
    let journal = journal.unwrap_or_else(|| {
        let mut name = prompts.clone().into_os_string();
        name.push(".journal");
        name.into()
    });
    // The journal has whole paths, so that it does not matter where the program is started from.
    let out = std::path::absolute(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    Ok(Settings { prompts, out, journal, concurrency, grace })
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// In ms since 1970.
    time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<Mark>,
    /// Where its prompt stood, for whoever reads this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(flatten)]
    event: Event,
}

/// What a job is known by: a hash of its prompt, and how many lines have had the same until then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Mark {
    prompt: String,
    copy: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    /// The journal is of this account.
    Begin {
        server: String,
        user: String,
    },
    /// A create is going to be sent.
    Creating {
        seed: i64,
    },
    /// There is a generation. Where it was looked up, its cost is not known.
    Created {
        id: GenerationId,
        cost: Option<String>,
    },
    Complete,
    Saved {
        files: Vec<Saved>,
    },
    /// `last` if it would fail again. Otherwise it counts for nothing.
    Failed {
        reason: String,
        last: bool,
    },
    /// The emulator that did the work has ended, so it is as if nothing had happened.
    Lost,
}

#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    path: PathBuf,
    bytes: u64,
}

impl Saved {
    fn is_whole(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.is_file() && file.len() == self.bytes)
    }
}

/// How far a job is.
#[derive(Clone, Default)]
enum State {
    #[default]
    New,
    /// A create may have been sent at that time or later.
    Creating {
        seed: i64,
        since: SystemTime,
    },
    Created {
        id: GenerationId,
        files: Vec<Saved>,
    },
    Failed,
}

impl State {
    fn is_saved(&self) -> bool {
        matches!(self, Self::Created { files, .. } if !files.is_empty() && files.iter().all(Saved::is_whole))
    }
}

#[derive(Default)]
struct History {
    account: Option<(String, String)>,
    states: HashMap<Mark, State>,
    seeds: HashSet<i64>,
    ids: HashSet<GenerationId>,
}

impl History {
    fn add(&mut self, Entry { time, job, event, .. }: Entry) -> Result<(), &'static str> {
        if let Event::Begin { server, user } = event {
            self.account = Some((server, user));
            return Ok(());
        }
        let state = self.states.entry(job.ok_or("it names no job")?).or_default();
        match (event, &mut *state) {
            (Event::Creating { seed }, State::New) => {
                self.seeds.insert(seed);
                *state = State::Creating { seed, since: wall_time(time) };
            }
            (Event::Creating { seed }, State::Creating { seed: before, .. }) if seed == *before => {}
            (Event::Created { id, .. }, State::Creating { .. }) => {
                self.ids.insert(id.clone());
                *state = State::Created { id, files: Vec::new() };
            }
            (Event::Saved { files: saved }, State::Created { files, .. }) => *files = saved,
            (Event::Failed { last: true, .. }, _) => *state = State::Failed,
            (Event::Lost, _) => *state = State::New,
            (Event::Failed { .. }, _) | (Event::Complete, State::Created { .. }) => {}
            _ => return Err("it does not follow from those before it"),
        }
        Ok(())
    }
}

/// A file that is only added to. It is locked as long as this process lives.
struct Journal {
    file: File,
    /// A line was written in part, so another must not follow it.
    broken: bool,
}

impl Journal {
    fn open(path: &Path) -> Result<(Self, History), String> {
        let named = |error: io::Error| format!("the journal {}: {error}", path.display());
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(named)?;
        if !file.metadata().map_err(named)?.is_file() {
            return Err(format!("the journal {} is not a file", path.display()));
        }
        // The system gives the lock back when the process ends, however it ends.
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => {
                return Err(format!("the journal {} is in use by another instance", path.display()));
            }
            Err(fs4::TryLockError::Error(error)) => return Err(named(error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(named)?;
        let mut history = History::default();
        let mut whole = 0;
        for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            // What the last line was to tell has not happened: it is written first.
            let Some(line) = line.strip_suffix(b"\n") else { break };
            let read = serde_json::from_slice(line).map_err(|error| error.to_string());
            let read = read.and_then(|entry| history.add(entry).map_err(str::to_owned));
            read.map_err(|problem| {
                format!("line {} of the journal {} cannot be used: {problem}", number + 1, path.display())
            })?;
            whole += line.len() + 1;
        }
        if whole < text.len() {
            file.set_len(whole as u64).map_err(named)?;
        }
        file.sync_all().map_err(named)?;
        sync_directory(path);
        Ok((Self { file, broken: false }, history))
    }

    /// Returns once the line is on the disk.
    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if std::mem::replace(&mut self.broken, true) {
            return Err(io::Error::other("a line before could not be written"));
        }
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.broken = false;
        Ok(())
    }
}

/// Makes the name of a new file last, where a directory can be opened.
fn sync_directory(path: &Path) {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
}

struct Job {
    mark: Mark,
    line: usize,
    prompt: String,
}

fn jobs(path: &Path) -> Result<Vec<Job>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut copies: HashMap<&str, usize> = HashMap::new();
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    let jobs = lines.filter(|(_, prompt)| !prompt.is_empty()).map(|(index, prompt)| {
        let copies = copies.entry(prompt).or_default();
        *copies += 1;
        let mark = Mark { prompt: format!("{:032x}", fnv(prompt)), copy: *copies };
        Job { mark, line: index + 1, prompt: prompt.to_owned() }
    });
    Ok(jobs.collect())
}

/// FNV-1a with 128 bits: the same in every version of this program.
fn fnv(text: &str) -> u128 {
    let start = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    text.bytes().fold(start, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b))
}

/// What is done, and what is not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Saved,
    Later,
    Never,
}

struct Batch {
    core: LeonardoCore,
    out: PathBuf,
    grace: Duration,
    journal: Mutex<Journal>,
    at_once: Semaphore,
    /// Nothing more is created.
    stop: AtomicBool,
}

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
    let time = now();
    match &history.account {
        Some(before) if *before != account => {
            eprintln!("the journal {} is of another server or account: name another", settings.journal.display());
            return Ok(ExitCode::from(2));
        }
        // Of an emulator that has ended, only files are left.
        Some(_) if emulator.is_some() => {
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

impl Batch {
    /// Creates, or finds what was created since a time at which the journal says that it was going to be.
    async fn create(self: Arc<Self>, job: Job, seed: i64, since: Option<SystemTime>) -> End {
        let Ok(_permit) = self.at_once.acquire().await else { return End::Later };
        if self.stop.load(Ordering::Relaxed) {
            return End::Later;
        }
        if !self.write(&job, Event::Creating { seed }) {
            return End::Later;
        }
        let request = CreateGenerationRequest {
            seed: Some(seed),
            num_images: Some(1),
            ..CreateGenerationRequest::new(job.prompt.clone())
        };
        let name = job.name();
        // The seed is random and in the journal, so no other request has it.
        let mut create = image_create_generation_once(&self.core, request)
            .unique_seed(true)
            .grace(self.grace)
            .on_retry(move |retry| eprintln!("{name}: {retry}"));
        if let Some(since) = since {
            create = create.look_first(since);
        }
        match create.await {
            Ok(GenerationJob { generation_id: id, cost, .. }) => {
                let cost = cost.map(|cost| format!("{} {}", cost.amount, cost.unit));
                match &cost {
                    Some(cost) => println!("{}: created {id} for {cost}", job.name()),
                    None => println!("{}: found {id}", job.name()),
                }
                if !self.write(&job, Event::Created { id: id.clone(), cost }) {
                    return End::Later;
                }
                self.files(&job, id).await
            }
            Err(error) => {
                let refused = [ApiErrorKind::Moderation, ApiErrorKind::InvalidRequest];
                let last = error.api().is_some_and(|api| refused.contains(&api.kind)) && !error.may_have_been_charged();
                if !last {
                    // It is not about this prompt, so the others would fare no better.
                    self.stop.store(true, Ordering::Relaxed);
                }
                self.failed(&job, &error, last)
            }
        }
    }

    async fn fetch(self: Arc<Self>, job: Job, id: GenerationId) -> End {
        let Ok(_permit) = self.at_once.acquire().await else { return End::Later };
        self.files(&job, id).await
    }

    async fn files(&self, job: &Job, id: GenerationId) -> End {
        let name = job.name();
        let wait = image_wait_for_generation(&self.core, id)
            .first_poll(Duration::from_millis(300))
            .on_retry(move |retry| eprintln!("{name}: {retry}"));
        let generation = match wait.await {
            Ok(generation) => generation,
            Err(error) => {
                let last = matches!(error.reason, GenerationErrorReason::Failed(_));
                return self.failed(job, &error, last);
            }
        };
        if generation.generated_images.is_empty() {
            return self.failed(job, &format!("generation {} has no images", generation.id), true);
        }
        if !self.write(job, Event::Complete) {
            return End::Later;
        }
        // A file that is there already, and not in the journal, is downloaded again and replaced.
        let paths = match image_download_all(&self.core, &generation, &self.out).await {
            Ok(paths) => paths,
            Err(error) => return self.failed(job, &error, false),
        };
        let mut files = Vec::new();
        for path in paths {
            match fs::metadata(&path) {
                Ok(file) => files.push(Saved { path, bytes: file.len() }),
                Err(error) => return self.failed(job, &format!("{}: {error}", path.display()), false),
            }
        }
        let shown: Vec<_> = files.iter().map(|file| file.path.display().to_string()).collect();
        if !self.write(job, Event::Saved { files }) {
            return End::Later;
        }
        println!("{}: saved {}", job.name(), shown.join(", "));
        End::Saved
    }

    /// Whether it could be written. Without, nothing must go on.
    fn write(&self, job: &Job, event: Event) -> bool {
        let entry = Entry { time: now(), job: Some(job.mark.clone()), line: Some(job.line), event };
        let written =
            tokio::task::block_in_place(|| self.journal.lock().unwrap_or_else(PoisonError::into_inner).write(&entry));
        if let Err(error) = &written {
            self.stop.store(true, Ordering::Relaxed);
            eprintln!("{}: cannot write the journal: {error}", job.name());
        }
        written.is_ok()
    }

    fn failed(&self, job: &Job, error: &dyn std::fmt::Display, last: bool) -> End {
        eprintln!("{}: {error}", job.name());
        let written = self.write(job, Event::Failed { reason: error.to_string(), last });
        if last && written { End::Never } else { End::Later }
    }
}

impl Job {
    fn name(&self) -> String {
        format!("line {}", self.line)
    }
}

/// More attempts than usual: what these calls find out saves money.
fn patient() -> RetryPolicy {
    RetryPolicy::default().max_attempts(8)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A time of the journal; one that cannot be is the beginning.
fn wall_time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A seed that no other program can draw by being started alike.
fn random_seed() -> Result<i64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes)?;
    Ok((u64::from_le_bytes(bytes) % (LARGEST_SEED + 1)) as i64)
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
