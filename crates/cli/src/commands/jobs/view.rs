//! How far the jobs of an account are: bars for people at a terminal, lines or objects for all else.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use leonardo_ai_jobs::{State, Status};
use serde_json::json;

use crate::screen::{Doing, Screen};

/// The rate is that of so long.
const WINDOW: Duration = Duration::from_secs(60);
/// Lines that nothing draws over come no more often.
const PLAIN: Duration = Duration::from_secs(5);

pub struct View {
    screen: Screen,
    line: Doing,
    bar: Doing,
    begin: Instant,
    /// How many were at their end, at times of the last minute.
    seen: VecDeque<(Instant, u64)>,
    told: Option<(Instant, Status)>,
}

impl View {
    pub fn new(screen: &Screen) -> Self {
        let (line, bar) = (screen.doing("looking for jobs"), screen.counting(0));
        Self { screen: screen.clone(), line, bar, begin: Instant::now(), seen: VecDeque::new(), told: None }
    }

    pub fn show(&mut self, status: &Status) {
        let now = Instant::now();
        let (all, over) = totals(status);
        self.seen.push_back((now, over));
        while self.seen.len() > 2 && self.seen.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            self.seen.pop_front();
        }
        self.bar.at(over, all);
        self.line.now(self.text(status));
        let is_new = self.told.as_ref().is_none_or(|(at, told)| told != status && now - *at >= PLAIN);
        if is_new && (self.screen.is_json() || !self.screen.draws()) {
            self.tell(status);
        }
    }

    /// The last word, wherever it goes.
    pub fn end(&mut self, status: &Status) {
        self.bar.at(totals(status).1, totals(status).0);
        if self.told.as_ref().is_none_or(|(_, told)| told != status) || self.screen.draws() {
            self.tell(status);
        }
    }

    fn tell(&mut self, status: &Status) {
        if self.screen.is_json() {
            let mut object = object(status);
            object["perMinute"] = json!(self.rate());
            object["secondsLeft"] = json!(self.left(status).map(|left| left.as_secs()));
            self.screen.result("", &object);
        } else {
            self.screen.say(self.text(status));
        }
        self.told = Some((Instant::now(), status.clone()));
    }

    /// Jobs that came to their end in a minute, of late; `None` as long as that cannot be told.
    fn rate(&self) -> Option<f64> {
        let ((since, before), (until, after)) = (self.seen.front()?, self.seen.back()?);
        let seconds = (*until - *since).as_secs_f64();
        // Of a retry there is one less.
        let more = after.checked_sub(*before).filter(|more| *more > 0)?;
        #[allow(clippy::cast_precision_loss, reason = "for people")]
        (seconds > 0.0).then(|| (more as f64 * 60.0 / seconds * 10.0).round() / 10.0)
    }

    fn left(&self, status: &Status) -> Option<Duration> {
        #[allow(clippy::cast_precision_loss, reason = "for people")]
        Duration::try_from_secs_f64(status.open() as f64 / self.rate()? * 60.0).ok()
    }

    fn text(&self, status: &Status) -> String {
        let (all, _) = totals(status);
        let mut parts = vec![format!("{} of {all} done", status.count(State::Done))];
        let working = all - status.count(State::Waiting) - totals(status).1;
        for (count, what) in [(working, "at work"), (status.count(State::Failed), "failed")] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.push(format!("spent {}", spent(status)));
        if let Some(rate) = self.rate().filter(|_| status.open() > 0) {
            // Of many, no tenths.
            parts.push(if rate < 10.0 { format!("{rate} a minute") } else { format!("{rate:.0} a minute") });
        }
        if let Some(left) = self.left(status).filter(|left| !left.is_zero()) {
            parts.push(format!("{} left", span(left)));
        }
        if self.begin.elapsed() > PLAIN && status.is_stuck {
            parts.push(status.problem.clone().unwrap_or_else(|| "the budget is used up".to_owned()));
        }
        parts.join(", ")
    }
}

/// How many there are, and how many are at their end.
fn totals(status: &Status) -> (u64, u64) {
    let all = status.jobs.iter().map(|(_, count)| count).sum::<u64>();
    (all, all - status.open())
}

/// What was spent, of what may be.
pub fn spent(status: &Status) -> String {
    let mut text = status.settled.to_string();
    if let Some(budget) = status.budget {
        text.push_str(&format!(" of {budget}"));
    }
    if let Some(unit) = &status.unit {
        text.push_str(&format!(" {}", unit.as_str()));
    }
    text
}

/// How far an account is, for programs.
pub fn object(status: &Status) -> serde_json::Value {
    let jobs = State::ALL.map(|state| (state.as_str().to_owned(), json!(status.count(state))));
    json!({
        "jobs": serde_json::Map::from_iter(jobs),
        "open": status.open(),
        "held": status.held,
        "spent": status.settled.to_string(),
        "reserved": status.reserved.to_string(),
        "budget": status.budget.map(|budget| budget.to_string()),
        "unit": status.unit,
        "stuck": status.is_stuck,
        "problem": status.problem,
    })
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
