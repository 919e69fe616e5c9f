//! How far the jobs are, as people and programs see it.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use leonardo_ai_jobs::{Error, Job, Jobs, State, Status};
use serde_json::json;

use super::{cost, money, record};
use crate::screen::{Doing, Screen};

/// The rate is that of the last minute.
const WINDOW: Duration = Duration::from_secs(60);

/// What is seen of the accounts of a worker.
pub struct View {
    jobs: Jobs,
    screen: Screen,
    names: Vec<String>,
    all: Vec<Status>,
    /// How many were over when it began, and how many had failed.
    before: (u64, u64),
    failed: HashSet<i64>,
    rates: VecDeque<(Instant, u64)>,
    report: Duration,
    reported: Option<(Instant, String)>,
    bars: Option<(Doing, Doing)>,
}

impl View {
    pub async fn begin(jobs: &Jobs, screen: &Screen, names: Vec<String>, report: Duration) -> Result<Self, Error> {
        let mut view = Self {
            jobs: jobs.clone(),
            screen: screen.clone(),
            names,
            all: Vec::new(),
            before: (0, 0),
            failed: HashSet::new(),
            rates: VecDeque::new(),
            report,
            reported: None,
            bars: None,
        };
        view.ask().await?;
        view.before = (view.over(), view.count(State::Failed));
        view.failures().await?;
        if screen.has_bars() {
            view.bars = Some((screen.counting(0), screen.doing("")));
        }
        Ok(view)
    }

    async fn ask(&mut self) -> Result<(), Error> {
        let mut all = Vec::with_capacity(self.names.len());
        for name in &self.names {
            all.push(self.jobs.status(name).await?);
        }
        self.all = all;
        Ok(())
    }

    /// Asks how far it is, and shows it.
    pub async fn look(&mut self) -> Result<(), Error> {
        self.ask().await?;
        if self.count(State::Failed) != self.failed.len() as u64 {
            for job in self.failures().await? {
                let problem = job.problem.as_deref().unwrap_or("failed");
                self.screen.complain(format!("{}: {problem}", job.request.prompt));
                if self.screen.is_json() {
                    let unit = self.status_of(&job.account).and_then(|status| status.unit.as_ref());
                    self.screen.result("", &with_event("failed", record(&job, unit)));
                }
            }
        }
        let now = Instant::now();
        self.rates.push_back((now, self.over()));
        while self.rates.len() > 2 && self.rates.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            self.rates.pop_front();
        }
        if let Some((bar, line)) = &self.bars {
            let over = self.over() - self.before.0.min(self.over());
            bar.count(over, over + self.open());
            line.now(self.line());
        }
        let is_due = self.reported.as_ref().is_none_or(|(at, _)| now - *at >= self.report);
        if is_due {
            self.tell();
        }
        Ok(())
    }

    /// Tells how far it is, unless that was told last.
    pub fn tell(&mut self) {
        let line = self.line();
        if self.reported.as_ref().is_some_and(|(_, told)| *told == line) {
            return;
        }
        if self.screen.is_json() {
            self.screen.result("", &self.object());
        } else if self.bars.is_none() {
            self.screen.say(format!("{} done, {line}", self.count(State::Done)));
        }
        self.reported = Some((Instant::now(), line));
    }

    /// Takes the bars away.
    pub fn end(&mut self) {
        self.bars = None;
        self.tell();
    }

    /// Jobs that have failed and were not seen before.
    async fn failures(&mut self) -> Result<Vec<Job>, Error> {
        let mut new = Vec::new();
        let before = std::mem::take(&mut self.failed);
        for name in &self.names {
            let mut list = std::pin::pin!(self.jobs.list(name, State::Failed));
            while let Some(job) = list.try_next().await? {
                self.failed.insert(job.id);
                if !before.contains(&job.id) {
                    new.push(job);
                }
            }
        }
        Ok(new)
    }

    fn count(&self, state: State) -> u64 {
        self.all.iter().map(|status| status.count(state)).sum()
    }

    fn over(&self) -> u64 {
        self.count(State::Done) + self.count(State::Failed) + self.count(State::Cancelled)
    }

    pub fn open(&self) -> u64 {
        self.all.iter().map(Status::open).sum()
    }

    /// Whether jobs have failed since it began.
    pub fn has_failed(&self) -> bool {
        self.count(State::Failed) > self.before.1
    }

    /// Why nothing goes on, if all that is left waits for other limits.
    pub fn is_stuck(&self) -> Option<String> {
        let waits = |status: &&Status| status.open() > 0;
        let all: Option<Vec<_>> = self.all.iter().filter(waits).map(stuck_alone).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.join(" "))
    }

    fn status_of(&self, name: &str) -> Option<&Status> {
        self.names.iter().zip(&self.all).find(|(other, _)| *other == name).map(|(_, status)| status)
    }

    /// Jobs a minute, once that can be told.
    fn per_minute(&self) -> Option<f64> {
        let ((begin, first), (end, last)) = (self.rates.front()?, self.rates.back()?);
        let seconds = (*end - *begin).as_secs_f64();
        (last > first && seconds > 0.0).then(|| (last - first) as f64 * 60.0 / seconds)
    }

    fn seconds_left(&self) -> Option<f64> {
        Some(self.open() as f64 * 60.0 / self.per_minute()?).filter(|_| self.open() > 0)
    }

    fn spent(&self) -> String {
        let sums = self.all.iter().map(|status| {
            let spent = money(status.settled, status.unit.as_ref());
            status.budget.map_or(spent.clone(), |budget| format!("{spent} of {budget}"))
        });
        sums.collect::<Vec<_>>().join(" + ")
    }

    fn line(&self) -> String {
        let waiting = self.count(State::Waiting);
        let mut line = format!("{} at work, {waiting} waiting", self.open() - waiting.min(self.open()));
        match self.count(State::Failed) {
            0 => {}
            failed => line.push_str(&format!(", {failed} failed")),
        }
        if let Some(rate) = self.per_minute() {
            line.push_str(&format!("; {rate:.0} a minute"));
        }
        line.push_str(&format!("; {} spent", self.spent()));
        if let Some(left) = self.seconds_left() {
            line.push_str(&format!("; about {} left", length(left)));
        }
        line
    }

    fn object(&self) -> serde_json::Value {
        let spent: Vec<_> = self.all.iter().map(|status| cost(status.settled, status.unit.as_ref())).collect();
        json!({
            "event": "progress", "done": self.count(State::Done), "failed": self.count(State::Failed),
            "cancelled": self.count(State::Cancelled), "waiting": self.count(State::Waiting), "open": self.open(),
            "perMinute": self.per_minute(), "spent": spent, "secondsLeft": self.seconds_left(),
        })
    }
}

/// An object with what it tells.
pub fn with_event(event: &str, mut object: serde_json::Value) -> serde_json::Value {
    object["event"] = event.into();
    object
}

/// Why nothing of the backlog goes on.
pub fn stuck(status: &Status) -> Option<String> {
    if !status.is_stuck {
        return None;
    }
    let waiting = status.count(State::Waiting);
    Some(match (&status.problem, status.budget) {
        (Some(problem), _) => format!("{waiting} wait: {problem}."),
        (None, Some(budget)) => format!(
            "{waiting} wait: the next would cost more than is left of {}. `leonardo jobs limits --budget` sets another.",
            money(budget, status.unit.as_ref())
        ),
        (None, None) => {
            format!("{waiting} wait: the account has no place. `leonardo jobs limits --jobs` sets how many.")
        }
    })
}

/// The same, if nothing else is open.
fn stuck_alone(status: &Status) -> Option<String> {
    stuck(status).filter(|_| status.open() == status.count(State::Waiting))
}

fn length(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
