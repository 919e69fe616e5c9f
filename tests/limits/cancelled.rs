//! Calls that are dropped at any await leave no place taken and no money reserved, but where a create was under way.

use std::future::{Future, IntoFuture as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{BoxFuture, JobKind, Limits, SpendingLimit};
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::service::{MINUTE, MS, Rules, Service};

/// A future that is dropped after it was polled so many times.
struct Polls {
    work: Option<BoxFuture<'static, ()>>,
    left: u32,
}

impl Future for Polls {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            self.work = None;
            return Poll::Ready(());
        }
        self.left -= 1;
        let Some(work) = &mut self.work else { return Poll::Ready(()) };
        work.as_mut().poll(context)
    }
}

#[derive(Clone, Debug)]
struct Dropped {
    /// After how many polls.
    polls: u32,
    /// And not later than this.
    millis: u64,
    once: bool,
}

async fn play(drops: Vec<Dropped>, lost: Option<u64>, most: u32) {
    let service = Service::new(Rules { lost, unfinished: 10_000, creates: 10_000, ..Rules::default() });
    let limit = SpendingLimit::unlimited();
    let limits = Limits::default().creates_per_minute(20).jobs(most, 0);
    let core = service.builder().limits(limits).spending_limit(limit.clone()).build().unwrap();
    let mut all = JoinSet::new();
    for (number, Dropped { polls, millis, once }) in drops.into_iter().enumerate() {
        let request = CreateGenerationRequest::new(format!("prompt {number}")).num_images(1);
        let core = core.clone();
        let work: BoxFuture<'static, ()> = Box::pin(async move {
            if once {
                let _ =
                    image_generate(&core, request).cost_at_most(Cost::credits(9)).deadline(MINUTE).into_future().await;
            } else {
                let _ = image_create_generation(&core, request).cost_at_most(Cost::credits(9)).await;
            }
        });
        all.spawn(timeout(MS * u32::try_from(millis).unwrap(), Polls { work: Some(work), left: polls }));
    }
    all.join_all().await;

    // Nobody is under way any more: what is reserved is what was sent and lost, each with what to look for it by.
    let spent = core.spent();
    let unresolved = u64::try_from(spent.unresolved.len()).unwrap();
    let reserved: u64 = spent.reserved.iter().map(|cost| cost.amount.parse::<u64>().unwrap()).sum();
    assert_eq!(reserved, 7 * unresolved);
    assert_eq!(core.limits_in_use().await.unwrap().waiting, 0);
    let settled: u64 = spent.settled.iter().map(|cost| cost.amount.parse::<u64>().unwrap()).sum();
    let charged = service.seen(|seen| seen.charged);
    assert!(settled <= charged && charged <= settled + reserved, "{settled} {charged} {reserved}");
    for left in spent.unresolved {
        left.release();
    }
    assert!(core.spent().reserved.is_empty());

    // Whatever was held is free again after a while: as many as ever fit.
    sleep(MINUTE * 3).await;
    for number in 0..most {
        let request = CreateGenerationRequest::new(format!("after {number}"));
        let made = image_create_generation(&core, request).deadline(MINUTE).await;
        assert!(made.is_ok() || lost.is_some(), "{made:?}");
    }
    // Jobs that have ended are found out where their places are needed.
    sleep(MINUTE * 3).await;
    let job = timeout(MINUTE, image_create_generation(&core, CreateGenerationRequest::new("last")).into_future()).await;
    assert!(job.is_ok());
    let jobs = core.limits_in_use().await.unwrap().jobs;
    let held = jobs.iter().find(|(kind, _)| *kind == JobKind::Generation).unwrap().1;
    assert!(held <= u64::from(most), "{held}");
}

fn dropped() -> impl Strategy<Value = Dropped> {
    (prop_oneof![0_u32..12, 0_u32..200], prop_oneof![0_u64..800, 0_u64..90_000], any::<bool>())
        .prop_map(|(polls, millis, once)| Dropped { polls, millis, once })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_left_behind(
        drops in prop::collection::vec(dropped(), 1..40),
        lost in prop::option::of(1_u64..4),
        most in 1_u32..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            // A hang would be one, too.
            let ended = timeout(Duration::from_secs(86_400), play(drops, lost, most)).await;
            assert!(ended.is_ok(), "it hangs");
        });
    }
}
