//! What is played, as plain data: made from a seed, and made smaller as long as it still fails.

use std::fmt;
use std::time::Duration;

use super::hazards::{Hazard, Hazards};

/// Everything that one simulated run depends on. Times are in milliseconds unless they say otherwise, and count from the
/// beginning of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub seed: u64,
    pub world: World,
    /// The steps of the client's wall clock.
    pub steps: Vec<Step>,
    pub cores: Vec<Core>,
    pub calls: Vec<Call>,
    pub faults: Vec<Fault>,
}

/// The service, apart from its faults.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// By how many seconds its `Date` is off; `None` where it sends none.
    pub date_off: Option<i64>,
    /// The largest page that it gives.
    pub page: u32,
    /// From a request to its response; the work is done in the middle.
    pub latency: u64,
    /// How long a generation takes to complete.
    pub work: u64,
    pub foreign: Foreign,
    /// The call, if there is one, with whose chosen seed and request a generation was made an hour before.
    pub old: Option<usize>,
}

/// Generations of the same accounts that nobody in the history asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// How many there are at the beginning, one made every 40 seconds before it.
    pub before: u32,
    /// How many are made later, from when on, and how far apart.
    pub during: u32,
    pub from: u64,
    pub every: u64,
    /// Each n-th of those made later is deleted that long after it was made; 0 for none.
    pub deleted: u32,
    pub deleted_after: u64,
    /// Each n-th has no `createdAt`; 0 for none.
    pub undated: u32,
    /// Each n-th has fields of the wrong kind; 0 for none.
    pub odd: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub at: u64,
    /// In seconds.
    pub by: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Core {
    /// Cores of different processes know nothing of each other.
    pub process: usize,
    /// Whether the thread's random generator starts as in other processes.
    pub same_random: bool,
    /// The keys that are given one after the other, and then again. Keys 0 and 1 are of account 0, 2 and 3 of account 1.
    pub keys: Vec<usize>,
    pub budget: u32,
    pub timeout: u64,
    pub policy: Policy,
    /// How many creates a minute; 0 for no limits.
    pub creates: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub attempts: u32,
    pub initial: u64,
    pub max: u64,
    /// In tenths.
    pub multiplier: u64,
}

impl Policy {
    /// The delay before retry number `retry`, from 0.
    pub fn delay(&self, retry: u32) -> Duration {
        let factor = (self.multiplier as f64 / 10.0).powi(retry.min(40) as i32);
        Duration::from_secs_f64((self.initial as f64 * factor).min(self.max as f64) / 1000.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// `image_create_generation_once`
    Once,
    /// `image_generate`
    Generate,
    /// `image_create_generation`, then `image_wait_for_generation`
    Plain,
    /// Repeats a create until it succeeds, as no client should; only to see that the checks find it out.
    Naive,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub core: usize,
    pub function: Function,
    pub at: u64,
    /// Begins when that call has ended, if it is later.
    pub after: Option<usize>,
    /// After how long the caller drops it.
    pub dropped: Option<u64>,
    /// From when on, after its beginning, and for how long nobody polls it.
    pub unpolled: Option<(u64, u64)>,
    /// The seed, if the caller chooses it; a random one marks the work otherwise.
    pub chosen: Option<i64>,
    /// Whether the caller promises that nothing else has this seed.
    pub unique: bool,
    pub prompt: usize,
    pub size: u32,
    pub grace: u64,
    pub deadline: Option<u64>,
    /// How late its records appear in lists.
    pub appears: u64,
    pub altered: Altered,
    /// How long after an unknown outcome or a drop the caller tries again, in a new process.
    pub again: Option<u64>,
}

/// What the service shows differently from what was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Altered {
    pub blanks: bool,
    pub size: Option<u32>,
    pub model: bool,
}

/// The same fault for some requests of one call: those of kind `of`, from number `nth` on, counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub call: usize,
    pub of: Of,
    pub nth: u32,
    pub count: u32,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Of {
    Any,
    Create,
    Me,
    List,
    Get,
}

/// `done` says whether the work of a create was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// No connection.
    Refused,
    Reset {
        done: bool,
    },
    /// The response is late by that much; the work is done at once or with it, even if nobody waits any more.
    Slow {
        by: u64,
        done: bool,
    },
    /// There is never a response.
    Stalled {
        done: bool,
    },
    Status {
        code: u16,
        done: bool,
    },
    /// 429.
    Limited(RetryAfter),
    /// 400.
    Rejected,
    /// Status 200 with a body that does not hold what was made.
    Body(Garbled),
    /// Status 200, and the body breaks off.
    CutOff,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryAfter {
    None,
    Seconds(u64),
    PastDate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Garbled {
    Empty,
    Garbage,
    Html,
    CutJson,
    NoId,
}

/// SplitMix64: small, and the same everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The default of `CreateOnce::clock_tolerance`, in seconds.
pub const TOLERANCE: i64 = 60;
/// Below the tolerance by what a `Date` in whole seconds and a step between two requests can add.
const WITHIN: i64 = TOLERANCE - 5;

impl History {
    pub fn new(seed: u64, hazards: Hazards) -> Self {
        let rng = &mut Rng(seed ^ 0x5eed);
        let mut history = Self {
            seed,
            world: world(rng, hazards),
            steps: Vec::new(),
            cores: Vec::new(),
            calls: Vec::new(),
            faults: Vec::new(),
        };
        for _ in 0..rng.pick(&[1, 1, 1, 2, 2, 3]) {
            history.cores.push(core(rng, hazards));
        }
        for _ in 0..rng.pick(&[1, 1, 1, 2, 2, 3, 4, 5, 6]) {
            let call = history.call(rng, hazards);
            history.calls.push(call);
        }
        for call in 0..history.calls.len() {
            history.add_faults(rng, hazards, call);
        }
        if hazards.on(Hazard::WallSteps) && rng.percent(35) {
            for _ in 0..rng.within(1, 3) {
                let at = if rng.percent(40) { 0 } else { rng.below(40_000) };
                let by = rng.pick(&[1, 5, 30, 59, 90, 600, 3600, 4000, 10_000]) * if rng.percent(50) { -1 } else { 1 };
                history.steps.push(Step { at, by });
            }
        }
        let chosen: Vec<_> = (0..history.calls.len()).filter(|call| history.calls[*call].chosen.is_some()).collect();
        if hazards.on(Hazard::OldTwin) && !chosen.is_empty() && rng.percent(30) {
            history.world.old = Some(rng.pick(&chosen));
        }
        if hazards.on(Hazard::NoDeadline) && rng.percent(2) {
            history.add_equal_calls(rng);
        }
        history.mend();
        history
    }

    /// Two equal calls without a deadline, of which the first takes minutes, and the second loses its first create: the
    /// first one's generation, which is new, must not be taken for the second one's.
    fn add_equal_calls(&mut self, rng: &mut Rng) {
        let first = self.calls.len();
        let call = Call {
            core: rng.below(self.cores.len() as u64) as usize,
            function: Function::Once,
            at: rng.below(50),
            after: None,
            dropped: None,
            unpolled: None,
            chosen: Some(1 + first as i64),
            unique: false,
            prompt: first,
            size: 512,
            grace: 2_000,
            deadline: None,
            appears: 0,
            altered: Altered::default(),
            again: None,
        };
        let held = What::Limited(RetryAfter::Seconds(rng.within(150, 300)));
        let lost = What::Reset { done: rng.percent(50) };
        self.calls.push(call.clone());
        self.calls.push(Call { at: call.at + 10, ..call });
        self.faults.push(Fault { call: first, of: Of::Create, nth: 0, count: 1, what: held });
        self.faults.push(Fault { call: first + 1, of: Of::Create, nth: 0, count: 1, what: lost });
    }

    fn call(&self, rng: &mut Rng, hazards: Hazards) -> Call {
        // Like another one, with its seed alone, or of its own.
        let earlier = (!self.calls.is_empty() && rng.percent(45)).then(|| rng.below(self.calls.len() as u64) as usize);
        let core = rng.below(self.cores.len() as u64) as usize;
        let number = self.calls.len();
        let function = rng.pick(&[
            Function::Once,
            Function::Once,
            Function::Once,
            Function::Once,
            Function::Generate,
            Function::Generate,
            Function::Plain,
        ]);
        let mut call = Call {
            core,
            function,
            at: rng.pick(&[0, 0, 0, 10, 300, 5_000]) + rng.below(3),
            after: (number > 0 && rng.percent(25)).then(|| rng.below(number as u64) as usize),
            dropped: rng.percent(15).then(|| rng.pick(&[1, 30, 500, 5_000, 40_000]) + rng.below(20)),
            unpolled: None,
            chosen: rng.percent(40).then(|| 1 + number as i64),
            unique: false,
            prompt: number,
            size: rng.pick(&[512, 1024]),
            grace: rng.pick(&[2_000, 10_000, 30_000]),
            deadline: Some(rng.pick(&[6_000, 20_000, 60_000, 120_000, 600_000, 600_000])),
            appears: match rng.below(10) {
                // Right before the end of the grace period, see `mend`.
                0 => 30_000,
                1..4 => rng.below(30_000),
                _ => rng.below(10),
            },
            altered: Altered::default(),
            again: None,
        };
        if hazards.on(Hazard::NoDeadline) && rng.percent(10) {
            call.deadline = None;
        }
        if hazards.on(Hazard::Unpolled) && rng.percent(6) {
            call.unpolled = Some((rng.below(10_000), rng.pick(&[1_000, 20_000, 200_000])));
        }
        if hazards.on(Hazard::Altered) && rng.percent(12) {
            call.altered = Altered {
                blanks: rng.percent(50),
                size: rng.percent(40).then(|| rng.pick(&[256, 768, 2048])),
                model: rng.percent(30),
            };
        }
        if let Some(like) = earlier.map(|earlier| &self.calls[earlier]) {
            let other_prompt = like.chosen.is_some() && hazards.on(Hazard::SeedOfAnother) && rng.percent(30);
            if other_prompt {
                call.chosen = like.chosen;
            } else {
                (call.chosen, call.prompt, call.size) = (like.chosen, like.prompt, like.size);
                call.altered = like.altered.clone();
            }
            if rng.percent(50) {
                call.at = like.at;
            }
        }
        if hazards.on(Hazard::NewSetters) && call.chosen == Some(1 + number as i64) && rng.percent(30) {
            call.unique = true;
        }
        // Where the account changes meanwhile, the caller would look in another one than was charged.
        let keys = &self.cores[call.core].keys;
        let one_account = keys.iter().all(|key| key / 2 == keys[0] / 2);
        if hazards.on(Hazard::LookFirst) && one_account && rng.percent(30) {
            call.again = Some(rng.pick(&[0, 10, 3_000]));
        }
        call
    }

    fn add_faults(&mut self, rng: &mut Rng, hazards: Hazards, call: usize) {
        if rng.percent(20) {
            return;
        }
        // One create that fails is what nearly everything interesting begins with.
        if rng.percent(75) {
            let what = what(rng, hazards);
            self.faults.push(Fault { call, of: Of::Create, nth: 0, count: 1, what });
        }
        for _ in 0..rng.pick(&[0, 0, 1, 2, 3, 5]) {
            let of = rng.pick(&[Of::Any, Of::Create, Of::Create, Of::Me, Of::List, Of::List, Of::Get]);
            let (nth, count) = (rng.below(6) as u32, rng.pick(&[1, 1, 1, 2, 5, 30]));
            let what = what(rng, hazards);
            // An hour each time would make a call without a deadline last for days.
            let count = if what == What::Limited(RetryAfter::Seconds(3600)) { count.min(2) } else { count };
            // Each failed create may take a search of its own.
            let count = if of == Of::Create { count.min(5) } else { count };
            self.faults.push(Fault { call, of, nth, count, what });
        }
        if hazards.on(Hazard::FailingMe) {
            if rng.percent(8) {
                let count = rng.pick(&[1, 3, 30]);
                self.faults.push(Fault { call, of: Of::Me, nth: 0, count, what: What::Stalled { done: false } });
            }
        } else {
            for fault in self.faults.iter_mut().filter(|fault| matches!(fault.of, Of::Me | Of::Any)) {
                fault.of = Of::List;
            }
        }
    }

    /// Takes out what the documentation exempts from what it promises. What is left is what a check may insist on.
    pub fn mend(&mut self) {
        // A wrong wall clock is made up for by `Date` only, so one of them must be right.
        if self.world.date_off.is_none_or(|off| off.abs() > WITHIN) && self.steps.iter().any(|step| step.at == 0) {
            self.steps.retain(|step| step.at > 0);
        }
        for number in 0..self.calls.len() {
            // Two processes, or two functions, with the same chosen seed and prompt cannot be told apart.
            let call = &self.calls[number];
            let process = |call: &Call| (self.cores[call.core].process, call.function == Function::Plain);
            let ambiguous = call.chosen.is_some()
                && self.calls[..number].iter().any(|other| {
                    (other.chosen, other.prompt) == (call.chosen, call.prompt)
                        && (process(other) != process(call) || call.function == Function::Plain)
                });
            let late = call.grace - call.grace.min(200);
            let again = call.again.is_some()
                && (call.function != Function::Once
                    || self
                        .calls
                        .iter()
                        .enumerate()
                        .any(|(at, other)| at != number && call.chosen.is_some() && other.chosen == call.chosen));
            let alone = self.world.old != Some(number)
                && !self.calls.iter().enumerate().any(|(at, other)| at != number && other.chosen == call.chosen);
            let call = &mut self.calls[number];
            call.unique &= alone;
            if ambiguous {
                // A seed that no other call has.
                call.chosen = Some(1000 + number as i64);
            }
            // A record that appears after the grace period may be followed by a second one.
            call.appears = call.appears.min(late);
            if again {
                call.again = None;
            }
        }
    }

    /// The age of the old generation at the beginning, in seconds: it is an hour old by any clock in the history.
    pub fn old_age(&self) -> u64 {
        let wrong = self.steps.iter().map(|step| step.by.unsigned_abs()).sum::<u64>();
        3600 + wrong + self.world.date_off.unwrap_or(0).unsigned_abs()
    }

    /// The client's wall clock: by how many seconds it is off at a time.
    pub fn wall_off(&self, at: Duration) -> i64 {
        self.steps.iter().filter(|step| Duration::from_millis(step.at) <= at).map(|step| step.by).sum()
    }

    /// Whether `Date` tells the time well enough to make up for a wall clock that is wrong.
    pub fn date_is_right(&self) -> bool {
        self.world.date_off.is_some_and(|off| off.abs() <= WITHIN)
    }

    pub fn wall_is_right(&self, at: Duration) -> bool {
        self.wall_off(at).abs() <= WITHIN
    }

    /// Somewhat smaller histories, the boldest first.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut smaller = self.clone();
            change(&mut smaller);
            smaller.mend();
            if smaller != *self {
                all.push(smaller);
            }
        };
        for call in 0..self.calls.len() {
            with(&|history| history.drop_call(call));
        }
        with(&|history| history.faults.clear());
        with(&|history| history.steps.clear());
        with(&|history| history.world.old = None);
        with(&|history| history.world.date_off = Some(0));
        with(&|history| history.world.foreign = Foreign::none());
        for fault in 0..self.faults.len() {
            with(&|history| _ = history.faults.remove(fault));
            with(&|history| history.faults[fault].count = 1);
            with(&|history| history.faults[fault].count /= 2);
            with(&|history| history.faults[fault].nth = 0);
            with(&|history| {
                if let What::Slow { by, .. } = &mut history.faults[fault].what {
                    *by /= 2;
                }
            });
            with(&|history| {
                if let What::Limited(RetryAfter::Seconds(seconds)) = &mut history.faults[fault].what {
                    *seconds /= 2;
                }
            });
            // Towards the front only, or it would go round in circles.
            let simplest = [What::Reset { done: true }, What::Reset { done: false }, What::Refused];
            for what in simplest.into_iter().take_while(|what| *what != self.faults[fault].what) {
                with(&|history| history.faults[fault].what = what);
            }
        }
        for step in 0..self.steps.len() {
            with(&|history| _ = history.steps.remove(step));
            with(&|history| history.steps[step].at = 0);
            with(&|history| history.steps[step].by /= 2);
        }
        for call in 0..self.calls.len() {
            with(&|history| history.calls[call].function = Function::Once);
            with(&|history| history.calls[call].dropped = None);
            with(&|history| history.calls[call].unpolled = None);
            with(&|history| history.calls[call].after = None);
            with(&|history| history.calls[call].again = None);
            with(&|history| history.calls[call].chosen = None);
            with(&|history| history.calls[call].altered = Altered::default());
            with(&|history| history.calls[call].altered.blanks = false);
            with(&|history| history.calls[call].altered.size = None);
            with(&|history| history.calls[call].altered.model = false);
            with(&|history| history.calls[call].at = 0);
            with(&|history| history.calls[call].appears = 0);
            with(&|history| history.calls[call].appears /= 2);
            with(&|history| history.calls[call].core = 0);
            with(&|history| history.calls[call].deadline = Some(600_000));
            with(&|history| history.calls[call].grace = 2_000);
            with(&|history| history.calls[call].dropped = history.calls[call].dropped.map(|after| after / 2));
        }
        for core in 0..self.cores.len() {
            with(&|history| history.drop_core(core));
            with(&|history| history.cores[core].keys = vec![0]);
            with(&|history| history.cores[core].same_random = false);
            with(&|history| history.cores[core].budget = 100);
            with(&|history| history.cores[core].creates = 0);
            with(&|history| history.cores[core].process = 0);
        }
        with(&|history| history.world.foreign.during /= 2);
        with(&|history| history.world.foreign.before = 0);
        with(&|history| history.world.foreign.before /= 2);
        with(&|history| history.world.foreign.deleted = 0);
        with(&|history| history.world.foreign.undated = 0);
        with(&|history| history.world.foreign.odd = 0);
        with(&|history| history.world.page = 50);
        with(&|history| history.world.work = 0);
        all
    }

    fn drop_call(&mut self, gone: usize) {
        self.calls.remove(gone);
        let moved = |call: usize| if call > gone { call - 1 } else { call };
        for call in &mut self.calls {
            call.after = call.after.filter(|after| *after != gone).map(moved);
        }
        self.faults.retain(|fault| fault.call != gone);
        self.faults.iter_mut().for_each(|fault| fault.call = moved(fault.call));
        self.world.old = self.world.old.filter(|old| *old != gone).map(moved);
    }

    fn drop_core(&mut self, gone: usize) {
        if self.cores.len() > 1 && self.calls.iter().all(|call| call.core != gone) {
            self.cores.remove(gone);
            for call in self.calls.iter_mut().filter(|call| call.core > gone) {
                call.core -= 1;
            }
        }
    }
}

impl fmt::Display for History {
    /// A line for each thing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "history of seed {}\n  {:?}", self.seed, self.world)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step:?}"))?;
        self.cores.iter().enumerate().try_for_each(|(at, core)| writeln!(f, "  {at}: {core:?}"))?;
        self.calls.iter().enumerate().try_for_each(|(at, call)| writeln!(f, "  {at}: {call:?}"))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault:?}"))
    }
}

impl Foreign {
    fn none() -> Self {
        Self { before: 0, during: 0, from: 0, every: 1, deleted: 0, deleted_after: 0, undated: 0, odd: 0 }
    }
}

fn world(rng: &mut Rng, hazards: Hazards) -> World {
    let mut foreign = Foreign::none();
    let mut page = rng.pick(&[50, 50, 50, 50, 20, 7, 3]);
    foreign.before = rng.pick(&[0, 0, 1, 3, 10]);
    if rng.percent(35) {
        foreign.during = rng.pick(&[1, 5, 20, 60, 150]);
        foreign.from = rng.below(5_000);
        foreign.every = rng.pick(&[5, 20, 100, 500]);
        foreign.undated = rng.pick(&[0, 0, 1, 2, 5]);
        if hazards.on(Hazard::Deletions) && rng.percent(30) {
            foreign.deleted = rng.pick(&[1, 1, 2, 7]);
            foreign.deleted_after = rng.within(300, 12_000);
            foreign.every = rng.pick(&[5, 20, 50, 100]);
            foreign.during = rng.pick(&[60, 150]);
            page = rng.pick(&[3, 7, 20]);
        }
        if hazards.on(Hazard::OddRecords) && rng.percent(30) {
            foreign.odd = rng.pick(&[1, 3]);
        }
    }
    let date_off = match rng.below(100) {
        0..15 if hazards.on(Hazard::NoDate) => None,
        15..45 if hazards.on(Hazard::DateOff) => Some(rng.within(0, 180) as i64 - 90),
        _ => Some(0),
    };
    World { date_off, page, latency: rng.pick(&[2, 20, 20, 100]), work: rng.pick(&[0, 500, 8_000]), foreign, old: None }
}

fn core(rng: &mut Rng, hazards: Hazards) -> Core {
    let switching = hazards.on(Hazard::KeyChanges) && rng.percent(25);
    Core {
        process: rng.below(2) as usize,
        same_random: hazards.on(Hazard::SameRandom) && rng.percent(30),
        keys: if switching {
            rng.pick(&[&[0, 1][..], &[0, 2], &[0, 0, 2], &[2, 0, 0, 0], &[0, 2, 2, 2, 2, 2]]).to_vec()
        } else {
            vec![rng.pick(&[0, 0, 0, 1, 2])]
        },
        budget: if hazards.on(Hazard::WorkflowBudget) { rng.pick(&[0, 1, 3, 100, 100]) } else { 100 },
        timeout: rng.pick(&[1_000, 4_000, 10_000]),
        policy: Policy {
            attempts: rng.pick(&[1, 2, 4]),
            initial: rng.pick(&[100, 500, 1_000]),
            max: rng.pick(&[2_000, 5_000, 20_000]),
            multiplier: rng.pick(&[10, 20, 20, 20, 30]),
        },
        creates: if hazards.on(Hazard::Limits) && rng.percent(50) { rng.pick(&[1, 2, 5, 20]) } else { 0 },
    }
}

fn what(rng: &mut Rng, hazards: Hazards) -> What {
    let done = rng.percent(60);
    match rng.below(100) {
        0..10 => What::Refused,
        10..30 => What::Reset { done },
        30..45 => What::Slow { by: rng.pick(&[50, 900, 3_000, 9_000, 25_000]), done },
        45..55 => What::Stalled { done },
        55..70 => What::Status { code: rng.pick(&[500, 502, 503, 504, 408]), done },
        70..82 => {
            let zero = hazards.on(Hazard::ShortRetryAfter);
            What::Limited(match rng.below(5) {
                0 => RetryAfter::None,
                1 if zero => RetryAfter::Seconds(0),
                2 => RetryAfter::Seconds(3600),
                3 if zero => RetryAfter::PastDate,
                _ => RetryAfter::Seconds(rng.within(1, 5)),
            })
        }
        82..85 => What::Rejected,
        85..97 => {
            What::Body(rng.pick(&[Garbled::Empty, Garbled::Garbage, Garbled::Html, Garbled::CutJson, Garbled::NoId]))
        }
        _ => What::CutOff,
    }
}
