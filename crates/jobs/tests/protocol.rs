//! The protocol of ledger and workers, every interleaving of it: two workers, two jobs, a crash at any step, tasks that are
//! handed out twice, responses that get lost or come late, and workers that come back after they were taken over.
//!
//! The states are those of the code. Time is in it only as far as the protocol needs it: a look for what was sent takes so
//! long that every request whose check came before it has arrived by its end, and that whoever has checked and not yet sent
//! finds his check too old.

use leonardo_ai_jobs::State;
use stateright::{Checker, Model, Property};

const WORKERS: usize = 2;
const JOBS: usize = 2;
/// So often a job is taken or fenced off, and handed back, before the model looks no further.
const EPOCHS: u8 = 3;
const TICKETS: u8 = 2;

/// A row of the ledger, with the engine's tasks for it and what the service has of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row {
    state: State,
    epoch: u8,
    ticket: u8,
    /// The engine's tasks that nobody has said are done, as bits by their tickets.
    tasks: u8,
    /// Creates that have left their worker and not arrived.
    on_the_way: u8,
    /// Generations that were made, and paid for.
    made: u8,
}

/// How far a worker is with the job that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// It may ask the ledger whether it may send.
    Ready,
    /// The ledger has said yes; `old` if that is too long ago.
    Checked { old: bool },
    /// The request has left.
    Sending,
    /// It does not know what became of a create.
    Looking,
    /// It was told that nothing was made.
    Refused,
    /// It knows the generation, and the ledger does not yet.
    Knows,
    /// The ledger knows it too.
    Fetching,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Hand {
    job: usize,
    epoch: u8,
    ticket: u8,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    rows: [Row; JOBS],
    hands: [Option<Hand>; WORKERS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Admit(usize),
    Cancel(usize),
    /// The engine hands a task out, whether or not another worker has it already.
    Take(usize, usize, u8),
    Crash(usize),
    Check(usize),
    Send(usize),
    /// The request is carried out, and the response arrives or does not.
    Arrive(usize, bool),
    /// A request is carried out that its worker waits for no more.
    ArriveLate(usize),
    Lose(usize),
    Refuse(usize),
    /// The worker waits for the response no longer.
    TimeOut(usize),
    Find(usize),
    FindNothing(usize),
    /// The next step of the job, written into the ledger.
    Write(usize),
    HandBack(usize),
    /// The request was refused for good.
    Fail(usize),
}

struct Protocol {
    /// The window that remains: a worker sends though its check is too old.
    window: bool,
    /// A worker that was taken over is not stopped by its epoch.
    unfenced: bool,
}

fn is_under_way(state: State) -> bool {
    matches!(state, State::Admitted | State::Sent | State::Created | State::Complete)
}

impl World {
    /// What one worker has, and the row of its job.
    fn of(&mut self, worker: usize) -> Option<(&mut Hand, &mut Row)> {
        let hand = self.hands[worker].as_mut()?;
        let row = &mut self.rows[hand.job];
        Some((hand, row))
    }

    /// The worker is done with it, and the engine is told, unless another works on it by the same task.
    fn let_go(&mut self, worker: usize) {
        if let Some(hand) = self.hands[worker].take() {
            let row = &mut self.rows[hand.job];
            if hand.ticket != row.ticket || !is_under_way(row.state) {
                row.tasks &= !(1 << hand.ticket);
            }
        }
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let row = Row { state: State::Waiting, epoch: 0, ticket: 0, tasks: 0, on_the_way: 0, made: 0 };
        vec![World { rows: [row.clone(), row], hands: [None; WORKERS] }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for (job, row) in world.rows.iter().enumerate() {
            match row.state {
                State::Waiting => actions.extend([Action::Admit(job), Action::Cancel(job)]),
                State::Admitted if row.epoch < EPOCHS => actions.push(Action::Cancel(job)),
                _ => {}
            }
            if row.on_the_way > 0 {
                actions.extend([Action::ArriveLate(job), Action::Lose(job)]);
            }
            for worker in (0..WORKERS).filter(|&worker| world.hands[worker].is_none()) {
                let open = (1..=row.ticket).filter(|ticket| row.tasks & (1 << ticket) != 0);
                actions.extend(open.map(|ticket| Action::Take(worker, job, ticket)));
            }
        }
        for (worker, hand) in world.hands.iter().enumerate() {
            let Some(hand) = hand else { continue };
            actions.push(Action::Crash(worker));
            if matches!(hand.phase, Phase::Ready | Phase::Looking | Phase::Fetching | Phase::Refused) {
                actions.push(Action::HandBack(worker));
            }
            match hand.phase {
                Phase::Ready => actions.push(Action::Check(worker)),
                Phase::Checked { old } if old && !self.window => actions.push(Action::Check(worker)),
                Phase::Checked { .. } => actions.push(Action::Send(worker)),
                Phase::Sending => actions.extend([
                    Action::Arrive(worker, true),
                    Action::Arrive(worker, false),
                    Action::Refuse(worker),
                    Action::TimeOut(worker),
                ]),
                Phase::Looking => actions.extend([Action::Find(worker), Action::FindNothing(worker)]),
                Phase::Refused => actions.push(Action::Fail(worker)),
                Phase::Knows | Phase::Fetching => actions.push(Action::Write(worker)),
            }
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Admit(job) => {
                let row = &mut world.rows[job];
                (row.state, row.ticket) = (State::Admitted, row.ticket + 1);
                row.tasks |= 1 << row.ticket;
            }
            Action::Cancel(job) => {
                let row = &mut world.rows[job];
                (row.state, row.epoch) = (State::Cancelled, row.epoch + 1);
            }
            Action::Take(worker, job, ticket) => {
                let row = &mut world.rows[job];
                if ticket != row.ticket || !is_under_way(row.state) {
                    // Void, so it is done.
                    row.tasks &= !(1 << ticket);
                    return Some(world);
                }
                if row.epoch >= EPOCHS {
                    return None;
                }
                row.epoch += 1;
                let phase = match row.state {
                    State::Admitted => Phase::Ready,
                    State::Sent => Phase::Looking,
                    _ => Phase::Fetching,
                };
                world.hands[worker] = Some(Hand { job, epoch: row.epoch, ticket, phase });
            }
            Action::Crash(worker) => world.hands[worker] = None,
            Action::ArriveLate(job) => {
                // Whoever waits for it is told nothing: see `Arrive`.
                world.rows[job].on_the_way -= 1;
                world.rows[job].made += 1;
            }
            Action::Lose(job) => world.rows[job].on_the_way -= 1,
            Action::HandBack(worker) => {
                let (hand, row) = world.of(worker)?;
                if hand.epoch == row.epoch && is_under_way(row.state) {
                    if row.ticket >= TICKETS || row.epoch >= EPOCHS {
                        return None;
                    }
                    if hand.phase == Phase::Refused {
                        row.state = State::Admitted;
                    }
                    (row.ticket, row.epoch) = (row.ticket + 1, row.epoch + 1);
                    row.tasks |= 1 << row.ticket;
                }
                world.let_go(worker);
            }
            Action::FindNothing(worker) => return self.find_nothing(world, worker),
            _ => return self.step(world, action),
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is paid for twice", |_, world: &World| {
                world.rows.iter().all(|row| row.made <= 1)
            }),
            Property::always("nothing that is paid for is forgotten", |_, world: &World| {
                let kept = |row: &Row| {
                    !matches!(row.state, State::Waiting | State::Admitted | State::Cancelled | State::Failed)
                };
                world.rows.iter().all(|row| row.made == 0 || kept(row))
            }),
            Property::always("what is under way is in the queue", |_, world: &World| {
                world.rows.iter().all(|row| !is_under_way(row.state) || row.tasks & (1 << row.ticket) != 0)
            }),
            Property::always("what is done was made", |_, world: &World| {
                let is_made = |state| matches!(state, State::Created | State::Complete | State::Done);
                world.rows.iter().all(|row| !is_made(row.state) || row.made > 0)
            }),
            Property::sometimes("both get done", |_, world: &World| {
                world.rows.iter().all(|row| row.state == State::Done)
            }),
            Property::sometimes("a job is done that was sent and taken over", |_, world: &World| {
                world.rows.iter().any(|row| row.state == State::Done && row.epoch == EPOCHS)
            }),
        ]
    }
}

impl Protocol {
    /// What is written down only by the worker that has the job.
    fn is_mine(&self, hand: Hand, row: &Row) -> bool {
        self.unfenced || hand.epoch == row.epoch
    }

    /// A look is over, and has found nothing: so long that what was checked before it has arrived, and is too old to send.
    fn find_nothing(&self, mut world: World, worker: usize) -> Option<World> {
        let hand = world.hands[worker]?;
        let row = &mut world.rows[hand.job];
        if row.made > 0 || row.on_the_way > 0 {
            return None;
        }
        let is_mine = self.is_mine(hand, row) && matches!(row.state, State::Admitted | State::Sent);
        if is_mine {
            row.state = State::Admitted;
        }
        for other in world.hands.iter_mut().flatten().filter(|other| other.job == hand.job) {
            match &mut other.phase {
                Phase::Checked { old } => *old = true,
                Phase::Sending => other.phase = Phase::Looking,
                _ => {}
            }
        }
        match &mut world.hands[worker] {
            Some(hand) if is_mine => hand.phase = Phase::Ready,
            _ => world.let_go(worker),
        }
        Some(world)
    }

    /// A step of one worker's with its job.
    fn step(&self, mut world: World, action: Action) -> Option<World> {
        let worker = match action {
            Action::Check(worker) | Action::Send(worker) | Action::Arrive(worker, _) | Action::Refuse(worker) => worker,
            Action::TimeOut(worker) | Action::Find(worker) | Action::Write(worker) | Action::Fail(worker) => worker,
            _ => return None,
        };
        let held = world.hands[worker]?;
        let (hand, row) = world.of(worker)?;
        let is_mine = self.is_mine(held, row);
        let mut is_lost = false;
        match action {
            Action::Check(_) if is_mine && matches!(row.state, State::Admitted | State::Sent) => {
                (row.state, hand.phase) = (State::Sent, Phase::Checked { old: false });
            }
            Action::Send(_) => (row.on_the_way, hand.phase) = (row.on_the_way + 1, Phase::Sending),
            Action::Arrive(..) | Action::Refuse(_) if row.on_the_way == 0 => return None,
            Action::Arrive(_, is_told) => {
                (row.on_the_way, row.made) = (row.on_the_way - 1, row.made + 1);
                hand.phase = if is_told { Phase::Knows } else { Phase::Looking };
            }
            Action::Refuse(_) => (row.on_the_way, hand.phase) = (row.on_the_way - 1, Phase::Refused),
            Action::TimeOut(_) => hand.phase = Phase::Looking,
            Action::Find(_) if row.made > 0 => hand.phase = Phase::Knows,
            Action::Find(_) => return None,
            Action::Fail(_) if is_mine && row.state == State::Sent => {
                row.state = State::Failed;
                is_lost = true;
            }
            Action::Write(_) if is_mine => match row.state {
                State::Sent => (row.state, hand.phase) = (State::Created, Phase::Fetching),
                State::Created => row.state = State::Complete,
                State::Complete => {
                    row.state = State::Done;
                    is_lost = true;
                }
                _ => is_lost = true,
            },
            // The ledger says no.
            _ => is_lost = true,
        }
        if is_lost {
            world.let_go(worker);
        }
        Some(world)
    }
}

#[test]
fn every_interleaving_pays_once_and_forgets_nothing() {
    let checker = Protocol { window: false, unfenced: false }.checker().threads(2).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
    assert!(checker.unique_state_count() > 10_000);
}

/// The model would see it: what the protocol cannot close, and what it would be without its fence.
#[test]
fn without_what_protects_it_the_model_finds_two_charges() {
    for protocol in [Protocol { window: true, unfenced: false }, Protocol { window: false, unfenced: true }] {
        let checker = protocol.checker().threads(2).spawn_bfs().join();
        let path = checker.discovery("nothing is paid for twice");
        assert!(path.is_some(), "nothing was found in {} states", checker.unique_state_count());
    }
}
