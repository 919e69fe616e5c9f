//! What a history may hold beyond the ordinary faults, each with a switch.

macro_rules! hazards {
    ($($(#[doc = $what:literal])+ $name:ident = $text:literal, $on:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Hazard {
            $($(#[doc = $what])+ $name,)+
        }

        const ALL: &[(Hazard, &str, bool)] = &[$((Hazard::$name, $text, $on),)+];
    };
}

// `false` takes one out of every history.
hazards! {
    /// The client's wall clock steps, by seconds to hours.
    WallSteps = "wall-steps", true;
    /// The service's `Date` is off by up to 90 seconds.
    DateOff = "date-off", true;
    /// The service sends no `Date`.
    NoDate = "no-date", true;
    /// `/me` fails, is slow or stalls.
    FailingMe = "failing-me", true;
    /// 429 with a `Retry-After` of 0, of a date that has passed, or shorter than the policy's delay, which then holds.
    ShortRetryAfter = "short-retry-after", true;
    /// The service shows prompt, size or model otherwise than they were asked for.
    Altered = "altered", true;
    /// The key provider changes the account between attempts.
    KeyChanges = "key-changes", true;
    /// Two calls with the same chosen seed and different prompts.
    SeedOfAnother = "seed-of-another", true;
    /// A generation from an hour before with the same chosen seed and prompt.
    OldTwin = "old-twin", true;
    /// Calls without a deadline.
    NoDeadline = "no-deadline", true;
    /// The thread's random generator starts alike in several processes.
    SameRandom = "same-random", true;
    /// Other generations are deleted while the list is read.
    Deletions = "deletions", true;
    /// Other generations have fields of the wrong kind.
    OddRecords = "odd-records", true;
    /// A call is not polled for a while.
    Unpolled = "unpolled", true;
    /// Small retry budgets, which workflows take from too.
    WorkflowBudget = "workflow-budget", true;
    /// `CreateOnce::unique_seed`.
    NewSetters = "new-setters", true;
    /// The caller tries again, with `CreateOnce::look_first`, after an unknown outcome or a drop.
    LookFirst = "look-first", true;
    /// Cores that keep to a few creates a minute, and count what is spent.
    Limits = "limits", true;
    /// No create begins with less than `min_time_for_billable` left.
    MinTime = "min-time", true;
}

/// Which hazards are on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hazards(u32);

impl Hazards {
    /// The defaults, changed by `SIMULATION_HAZARDS`: names with a comma between, `-` before one that is to be off, and
    /// `all` or `none` to begin with.
    pub fn from_env() -> Self {
        let mut on = ALL.iter().filter(|(_, _, on)| *on).fold(0, |bits, (hazard, _, _)| bits | bit(*hazard));
        let named = std::env::var("SIMULATION_HAZARDS").unwrap_or_default();
        for word in named.split(',').filter(|word| !word.is_empty()) {
            let name = word.strip_prefix('-').unwrap_or(word);
            let bits = match name {
                "all" => u32::MAX,
                "none" => {
                    on = 0;
                    0
                }
                name => {
                    let found = ALL.iter().find(|(_, known, _)| *known == name);
                    bit(found.unwrap_or_else(|| panic!("there is no hazard {name:?}")).0)
                }
            };
            on = if word.starts_with('-') { on & !bits } else { on | bits };
        }
        Self(on)
    }

    pub fn on(self, hazard: Hazard) -> bool {
        self.0 & bit(hazard) != 0
    }
}

fn bit(hazard: Hazard) -> u32 {
    1 << hazard as u32
}
