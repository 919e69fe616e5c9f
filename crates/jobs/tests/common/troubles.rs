//! The worst day of a ledger: requests fail, workers are killed, one is stopped for a minute and woken, and whatever else the
//! test does.

use std::time::{Duration, Instant};

use leonardo_ai_emulator::{Emulator, Limits};
use leonardo_ai_jobs::{Account, Jobs, Money};

use super::process::Process;
use super::{ACCOUNT, Place, check, faults, spawn, submissions};

const WORKERS: usize = 8;
const KILL_EVERY: Duration = Duration::from_secs(2);
const STOPPED_FOR: Duration = Duration::from_secs(60);

/// Eight worker processes do it all, while 30 % of all requests fail. Every 2 s one is killed, by chance, and replaced; another
/// one is stopped, and woken after a minute. `round` is told each time how many were killed.
pub async fn troubles(place: &Place, (seed, prompts): (u64, usize), mut round: impl FnMut(usize)) {
    let mut limits = Limits::none();
    (limits.pending_jobs, limits.creates_per_minute) = (Some(10), Some(100));
    let emulator = Emulator::builder()
        .generation_time(Duration::from_millis(2500))
        .limits(limits)
        .faults(faults(seed))
        .start()
        .await
        .unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    // So small a picture costs a credit.
    let budget = Money::whole(prompts as u32);
    jobs.set_account(&Account::new(ACCOUNT).budget(budget)).await.unwrap();
    let submitted: Vec<_> =
        submissions(prompts).into_iter().map(|submission| submission.cost(Money::whole(1))).collect();
    jobs.submit(ACCOUNT, &submitted).await.unwrap();

    let start = || Process(spawn(place, &emulator));
    let mut workers: Vec<_> = (0..WORKERS).map(|_| start()).collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let (begin, mut killed, mut stopped_at, mut is_woken) = (Instant::now(), 0, None, false);
    // The limit of creates a minute decides how long it takes.
    let limit = Duration::from_secs(180 + 2 * prompts as u64);
    loop {
        // The database may be away for a moment.
        let is_idle = matches!(jobs.is_idle().await, Ok(true));
        if is_idle && is_woken {
            break;
        }
        assert!(begin.elapsed() < limit, "{:?}", jobs.status(ACCOUNT).await);
        tokio::time::sleep(KILL_EVERY).await;
        match stopped_at {
            None if !emulator.charges().is_empty() => {
                workers[0].signal("-STOP");
                stopped_at = Some(Instant::now());
            }
            Some(at) if !is_woken && at.elapsed() >= STOPPED_FOR => {
                workers[0].signal("-CONT");
                is_woken = true;
            }
            _ => {}
        }
        // All but the one that is stopped.
        workers[random.usize(1..WORKERS)] = start();
        killed += 1;
        round(killed);
    }
    let done = begin.elapsed();
    // Whoever was woken has had time to do harm.
    tokio::time::sleep(Duration::from_secs(3)).await;
    drop(workers);
    println!("seed {seed}: {prompts} prompts in {done:.0?}, {killed} workers killed");
    println!(
        "{} charges, {} faults",
        emulator.charges().len(),
        emulator.faults_injected().iter().map(|(_, times)| times).sum::<u64>()
    );
    check(&jobs, &emulator, prompts).await;
    assert_eq!(jobs.status(ACCOUNT).await.unwrap().settled, budget);
    assert_eq!(emulator.charges().iter().map(|charge| charge.amount).sum::<f64>(), prompts as f64);
}
