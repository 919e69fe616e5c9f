//! An emulator of which a fifth of all requests fail, and moments at which a program is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use tokio::process::Child;
use tokio::time::sleep;

/// What goes wrong, with its weight. Half of what fails does so after the work was done.
pub(crate) fn faults() -> Vec<(u32, Fault)> {
    vec![
        (3, Fault::ResetBeforeWork),
        (1, Fault::CloseBeforeWork),
        (1, Fault::StatusBefore(500)),
        (1, Fault::StatusBefore(503)),
        (1, Fault::StatusBefore(429)),
        (3, Fault::ResetAfterWork),
        (1, Fault::CloseAfterWork),
        (2, Fault::CutBody),
        (1, Fault::CutHeaders),
        (1, Fault::StatusAfter(500)),
        (1, Fault::StatusAfter(502)),
    ]
}

/// A fifth of its requests fail.
pub(crate) async fn emulator(seed: u64) -> Emulator {
    let emulator = Emulator::builder()
        .balance(1e6)
        .generation_time(Duration::from_millis(100))
        .record_delay(Duration::from_millis(150))
        .faults(FaultPlan::random(seed, 20, faults()));
    emulator.start().await.unwrap()
}

/// How often each prompt was paid for.
pub(crate) fn paid(emulator: &Emulator) -> BTreeMap<String, usize> {
    let mut paid = BTreeMap::new();
    for charge in emulator.charges() {
        *paid.entry(charge.prompt).or_insert(0) += 1;
    }
    paid
}

/// Numbers that look random.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Kills the program with SIGKILL: at any moment, or as soon as more was charged, which it cannot know yet. `false`
    /// if it ended before, or if that moment does not come.
    pub(crate) async fn kill(&mut self, child: &mut Child, emulator: &Emulator) -> bool {
        let delay = Duration::from_millis(30 + self.below(700));
        let charges = emulator.charges().len() + 1 + self.below(2) as usize;
        let at_a_charge = self.below(3) > 0;
        let moment = async {
            if at_a_charge {
                while emulator.charges().len() < charges {
                    sleep(Duration::from_millis(1)).await;
                }
            } else {
                sleep(delay).await;
            }
        };
        tokio::select! {
            _ = child.wait() => return false,
            () = moment => {}
            () = sleep(Duration::from_secs(5)) => {}
        }
        child.kill().await.unwrap();
        true
    }
}
