//! What a ledger of many accounts asks of its database, in virtual time: the same rules of admission and the same transactions
//! as the crate's, without a database and without a service.
//!
//! `cargo run --release -p leonardo-ai-jobs --example simulation -- [ACCOUNTS [JOBS [WORKERS]]]`, by default 1,000 accounts,
//! 1,000,000 jobs and 200 workers.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};

/// All times are in microseconds.
const MS: u64 = 1_000;
const SECOND: u64 = 1_000 * MS;
const MINUTE: u64 = 60 * SECOND;

/// The limits of an account, and the settings of a worker, as they are by default.
const PLACES: u32 = 10;
const CREATES_PER_MINUTE: usize = 100;
const CONCURRENCY: usize = 64;
const POLL: u64 = 500 * MS;
const HEARTBEAT: u64 = 5 * SECOND;
const TAKEN_OVER_AFTER: u64 = 30 * SECOND;
const NO_KEY: u64 = 5 * SECOND;
const ADMITTED_AT_ONCE: usize = 64;
/// What is measured of PostgreSQL on a core of its own, with the client: less than that for every kind of transaction.
const TRANSACTION: u64 = MS;
/// Every so often a worker dies, and another one starts.
const DEATH_EVERY: u64 = 10 * SECOND;

/// The database: so many transactions at a time, in the order in which they come.
struct Database {
    free_at: BinaryHeap<Reverse<u64>>,
    by_kind: HashMap<&'static str, u64>,
    waited: Vec<u32>,
    in_minute: u64,
    most_in_minute: u64,
    minute: u64,
}

impl Database {
    fn new(cores: usize) -> Self {
        let free_at = (0..cores).map(|_| Reverse(0)).collect();
        let (by_kind, waited) = (HashMap::new(), Vec::new());
        Self { free_at, by_kind, waited, in_minute: 0, most_in_minute: 0, minute: 0 }
    }

    /// When transactions are over that are asked for now, one after the other.
    fn run(&mut self, now: u64, kinds: &[(&'static str, u64)]) -> u64 {
        if now / MINUTE > self.minute {
            (self.minute, self.in_minute) = (now / MINUTE, 0);
        }
        let mut count = 0;
        for (kind, times) in kinds {
            *self.by_kind.entry(kind).or_default() += times;
            count += times;
        }
        self.in_minute += count;
        self.most_in_minute = self.most_in_minute.max(self.in_minute);
        let Reverse(free_at) = self.free_at.pop().unwrap_or_default();
        let begin = free_at.max(now);
        let end = begin + count * TRANSACTION;
        self.free_at.push(Reverse(end));
        self.waited.push(u32::try_from((begin - now) / MS).unwrap_or(u32::MAX));
        end
    }

    fn all(&self) -> u64 {
        self.by_kind.values().sum()
    }
}

#[derive(Default)]
struct Account {
    backlog: u32,
    held: u32,
    /// When the creates of the last minute were sent.
    creates: VecDeque<u64>,
    turn_at: u64,
    /// Whether any worker has its key.
    has_key: bool,
    requests: u64,
    done_at: u64,
}

/// A job that is admitted and not done.
struct Job {
    account: usize,
    worker: usize,
    /// Goes up when it is taken over, so that what was to happen to it does not.
    epoch: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Admitted,
    /// Another worker took it over.
    Sent,
    /// The response to the create comes.
    Created,
    /// The generation ends.
    Waiting,
    /// The files are there.
    Complete,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Poll(usize),
    Heartbeat(usize),
    Death,
    /// A task can be fetched.
    Due(usize),
    /// The next step of a job, if it is still of this epoch.
    Step(usize, u32),
}

struct World {
    database: Database,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    number: u64,
    accounts: Vec<Account>,
    turns: BTreeSet<(u64, usize)>,
    jobs: Vec<Job>,
    free: Vec<usize>,
    queue: VecDeque<usize>,
    /// The jobs that each worker has.
    workers: Vec<Vec<usize>>,
    random: fastrand::Rng,
    creates: u64,
    taken_over: u64,
    open: u64,
}

impl World {
    fn new((accounts, jobs, workers): (usize, u32, usize), cores: usize, keyless: usize) -> Self {
        let each = jobs / u32::try_from(accounts).unwrap_or(u32::MAX);
        let account = |index: usize| Account { backlog: each, has_key: index >= keyless, ..Account::default() };
        let mut world = Self {
            database: Database::new(cores),
            events: BinaryHeap::new(),
            number: 0,
            accounts: (0..accounts).map(account).collect(),
            turns: (0..accounts).map(|index| (0, index)).collect(),
            jobs: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            workers: vec![Vec::new(); workers],
            random: fastrand::Rng::with_seed(1),
            creates: 0,
            taken_over: 0,
            open: u64::from(each) * (accounts - keyless) as u64,
        };
        for worker in 0..workers {
            let phase = world.random.u64(0..POLL);
            world.at(phase, Event::Poll(worker));
            world.at(phase, Event::Heartbeat(worker));
        }
        world.at(DEATH_EVERY, Event::Death);
        world
    }

    fn at(&mut self, time: u64, event: Event) {
        self.number += 1;
        self.events.push(Reverse((time, self.number, event)));
    }

    /// Runs until all jobs are done that can be, and tells when that is.
    fn run(&mut self) -> u64 {
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            match event {
                Event::Poll(worker) => self.poll(worker, now),
                Event::Heartbeat(worker) => {
                    self.database.run(now, &[("heartbeat", 1)]);
                    self.at(now + HEARTBEAT, Event::Heartbeat(worker));
                }
                Event::Death => self.death(now),
                Event::Due(job) => self.queue.push_back(job),
                Event::Step(job, epoch) if self.jobs[job].epoch == epoch => self.step(job, now),
                Event::Step(..) => {}
            }
            if self.open == 0 {
                return now;
            }
        }
        unreachable!("workers poll for ever")
    }

    /// A round of a worker: events, admissions, and tasks as long as there are some and it has room.
    fn poll(&mut self, worker: usize, now: u64) {
        let mut admissions = 1;
        while self.admit(now) && admissions < ADMITTED_AT_ONCE {
            admissions += 1;
        }
        self.database.run(now, &[("events", 1), ("admit", admissions as u64)]);
        let room = CONCURRENCY.saturating_sub(self.workers[worker].len());
        let fetched: Vec<_> = self.queue.drain(..room.min(self.queue.len())).collect();
        // One more finds nothing, unless there is no room for it.
        let count = fetched.len() as u64;
        let empty = u64::from(fetched.len() < room);
        let time = self.database.run(now, &[("fetch", count + empty), ("lock", count), ("claim", count)]);
        for number in fetched {
            self.workers[worker].push(number);
            let job = &mut self.jobs[number];
            (job.worker, job.epoch) = (worker, job.epoch + 1);
            let epoch = job.epoch;
            self.at(time, Event::Step(number, epoch));
        }
        self.at(now + POLL, Event::Poll(worker));
    }

    /// The rules of the ledger: whose turn it is, if he has a job, a place, and room in his minute.
    fn admit(&mut self, now: u64) -> bool {
        let Some(&(turn_at, index)) = self.turns.first().filter(|(turn_at, _)| *turn_at <= now) else { return false };
        self.turns.remove(&(turn_at, index));
        let account = &mut self.accounts[index];
        if account.backlog == 0 || account.held >= PLACES {
            return true;
        }
        let full_until = full_until(&account.creates, now);
        account.turn_at = full_until.unwrap_or(now.max(turn_at + 1));
        self.turns.insert((account.turn_at, index));
        if full_until.is_none() {
            account.backlog -= 1;
            account.held += 1;
            let job = Job { account: index, worker: usize::MAX, epoch: 0, state: State::Admitted };
            let number = self.free.pop().unwrap_or(self.jobs.len());
            if number == self.jobs.len() {
                self.jobs.push(job);
            } else {
                let epoch = self.jobs[number].epoch + 1;
                self.jobs[number] = Job { epoch, ..job };
            }
            self.queue.push_back(number);
        }
        true
    }

    /// What a worker does next with a job, up to where it has to wait.
    fn step(&mut self, number: usize, now: u64) {
        let Job { account: index, epoch, state, .. } = self.jobs[number];
        let (next, time) = match state {
            State::Admitted | State::Sent if !self.accounts[index].has_key => {
                let back = self.database.run(now, &[("hand back", 1)]);
                self.leave(number);
                return self.at(back + NO_KEY, Event::Due(number));
            }
            State::Admitted => {
                let sent = self.database.run(now, &[("sending", 1)]);
                self.accounts[index].creates.push_back(sent);
                self.accounts[index].requests += 1;
                self.creates += 1;
                // If the worker dies from now on, another one looks for it.
                (State::Created, sent + self.random.u64(300 * MS..1500 * MS))
            }
            State::Sent => {
                // In the list, whose user is known.
                self.accounts[index].requests += 2;
                (State::Created, now + self.random.u64(200 * MS..SECOND))
            }
            State::Created => {
                let created = self.database.run(now, &[("arrived", 1), ("created", 1), ("read", 1)]);
                let (seen, polls) = seen_after(self.random.u64(10 * SECOND..30 * SECOND));
                self.accounts[index].requests += polls;
                (State::Waiting, created + seen)
            }
            State::Waiting => {
                let complete = self.database.run(now, &[("complete", 1), ("read", 1)]);
                self.accounts[index].held -= 1;
                // Whatever frees a place makes it ready again.
                self.turns.insert((self.accounts[index].turn_at, index));
                (State::Complete, complete + self.random.u64(500 * MS..1500 * MS))
            }
            State::Complete => {
                let done = self.database.run(now, &[("done", 1), ("acknowledge", 1)]);
                let account = &mut self.accounts[index];
                account.done_at = done;
                self.open -= 1;
                self.leave(number);
                return self.free.push(number);
            }
        };
        self.jobs[number].state = next;
        self.at(time, Event::Step(number, epoch));
    }

    /// Nobody works on the job any more.
    fn leave(&mut self, number: usize) {
        let jobs = &mut self.workers[self.jobs[number].worker];
        jobs.retain(|job| *job != number);
        self.jobs[number].epoch += 1;
    }

    /// A worker dies; the engine takes back what it had once enough heartbeats have not come.
    fn death(&mut self, now: u64) {
        let worker = self.random.usize(0..self.workers.len());
        for job in std::mem::take(&mut self.workers[worker]) {
            self.taken_over += 1;
            self.jobs[job].epoch += 1;
            // What was not written down is found out, or done again.
            if self.jobs[job].state == State::Created {
                self.jobs[job].state = State::Sent;
            }
            self.at(now + TAKEN_OVER_AFTER, Event::Due(job));
        }
        self.at(now + DEATH_EVERY, Event::Death);
    }
}

/// When there is room in the minute again, unless there is now.
fn full_until(creates: &VecDeque<u64>, now: u64) -> Option<u64> {
    let last = creates.len().checked_sub(CREATES_PER_MINUTE)?;
    let oldest = creates[last] + MINUTE + 500 * MS;
    (oldest > now).then_some(oldest)
}

/// When a wait notices that a generation has ended, and how many requests it has made by then: after 1 s, and then after half as
/// long again each time, up to 10 s.
fn seen_after(ended: u64) -> (u64, u64) {
    let (mut time, mut delay, mut polls) = (0, SECOND, 1);
    while time < ended {
        time += delay;
        delay = (delay * 3 / 2).min(10 * SECOND);
        polls += 1;
    }
    (time, polls)
}

fn main() {
    let mut given = std::env::args().skip(1).map(|text| text.replace(',', "").parse::<u32>().expect("a number"));
    let mut next = |default| given.next().unwrap_or(default);
    let size = (next(1_000) as usize, next(1_000_000), next(200) as usize);
    println!("{} accounts, {} jobs, {} workers", size.0, size.1, size.2);
    println!(
        "| cores of the database | accounts without a key | time | jobs a second | transactions a second | the most in a minute, a second | busy | wait for the database, median and 99 of 100 | first and last account done | requests an account, a minute | taken over |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let keyless = size.0 / 10;
    for (cores, keyless) in [(4, 0), (8, 0), (16, 0), (16, keyless)] {
        let mut world = World::new(size, cores, keyless);
        let seconds = world.run() as f64 / SECOND as f64;
        let World { database, accounts, creates, taken_over, .. } = &mut world;
        database.waited.sort_unstable();
        let waited = |part: f64| database.waited[((database.waited.len() - 1) as f64 * part) as usize];
        let done = accounts.iter().filter(|account| account.has_key).map(|account| account.done_at / SECOND);
        let (first, last) = (done.clone().min().unwrap_or_default(), done.max().unwrap_or_default());
        let requests: u64 = accounts.iter().map(|account| account.requests).sum();
        let with_key = accounts.iter().filter(|account| account.has_key).count();
        println!(
            "| {cores} | {keyless} | {:.0} min | {:.0} | {:.0} | {} | {:.0} % | {} and {} ms | {first} and {last} s | {:.0} | {taken_over} |",
            seconds / 60.0,
            *creates as f64 / seconds,
            database.all() as f64 / seconds,
            database.most_in_minute / 60,
            database.all() as f64 * TRANSACTION as f64 / SECOND as f64 / seconds / cores as f64 * 100.0,
            waited(0.5),
            waited(0.99),
            requests as f64 / with_key as f64 / seconds * 60.0,
        );
        if cores == 16 {
            let mut kinds: Vec<_> = database.by_kind.iter().collect();
            kinds.sort_by_key(|(_, count)| Reverse(**count));
            let each = |(kind, count): &(&&str, &u64)| format!("{kind} {:.2}", **count as f64 / *creates as f64);
            eprintln!("transactions of a job: {}", kinds.iter().map(each).collect::<Vec<_>>().join(", "));
        }
    }
}
