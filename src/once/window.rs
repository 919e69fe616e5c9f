//! When a create was sent, as far as clocks tell, and from when on records count for that reason.

use std::time::Duration;

use crate::core::LeonardoCore;
use crate::runtime::{Instant, SystemTime};

/// When a create was sent, as far as it can be told.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    /// By a clock that never steps; none if an earlier process may have sent it.
    at: Option<Instant>,
    wall: SystemTime,
}

/// From when on records count, by the service's clock, in ms since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// One with a chosen mark is taken.
    pub(super) sure: i64,
    /// One with a random mark is taken.
    pub(super) random: i64,
    /// None that is older can be the one: the search ends there. What lies between cannot be told.
    pub(super) doubt: i64,
}

/// How far apart readings of different clocks may be for both to be plausible, in ms.
const PLAUSIBLE: i64 = 300_000;
/// How far apart they are though they agree, in ms: a `date` has whole seconds.
const AGREE: i64 = 2_000;

impl Sent {
    pub(super) fn now(core: &LeonardoCore) -> Self {
        Self { at: Some(Instant::now()), wall: core.wall_now() }
    }

    pub(crate) fn earlier(wall: SystemTime) -> Self {
        Self { at: None, wall }
    }

    /// Works out the time of sending from all clocks that there are. `server_now` is the `date` of a response that came
    /// just now.
    pub(super) fn window(self, wall_now: SystemTime, server_now: Option<Duration>, tolerance: Duration) -> Window {
        let (wall, wall_now, tolerance) = (since_1970(self.wall), since_1970(wall_now), millis(tolerance));
        let server_now = server_now.map(millis);
        let wall_age = (wall_now - wall).max(0);
        let age = self.at.map_or(wall_age, |at| millis(at.elapsed()));
        let by_wall = wall_now - age;
        if self.at.is_none() && wall > wall_now {
            // By a clock that has stepped since: it may have been sent at any time.
            return Window { sure: wall, random: i64::MIN, doubt: i64::MIN };
        }
        let (sure, random, doubt) = match server_now.map(|server_now| (server_now, server_now - age)) {
            Some((server_now, sent)) if (sent - by_wall).abs() > AGREE => {
                // The server's clock is meant, but its `date` may be off too, by less: the wall clock counts if it is not
                // far before it.
                let near = [wall, by_wall].into_iter().filter(|other| (sent - PLAUSIBLE..sent).contains(other));
                let sure = near.min().unwrap_or(sent);
                // A machine that was suspended may not have counted that time.
                let random = sure.min(server_now - age.max(wall_age));
                (sure, random, random.min(sent) - PLAUSIBLE)
            }
            dated => {
                // Where the `date` says that the wall clock is right now, it was wrong if it was later before.
                let wall = if dated.is_some() && wall > wall_now { by_wall } else { wall };
                let (earliest, latest) = (wall.min(by_wall), wall.max(by_wall));
                match latest - earliest {
                    // Nothing confirms a clock that was read by an earlier process, or that is the only one.
                    ..=AGREE if self.at.is_some() && dated.is_some() => (earliest, earliest, earliest),
                    ..=PLAUSIBLE => (earliest, earliest, earliest - PLAUSIBLE),
                    _ => (latest, earliest, earliest - PLAUSIBLE),
                }
            }
        };
        Window { sure: sure - tolerance, random: random - tolerance, doubt: doubt - tolerance }
    }
}

fn millis(duration: Duration) -> i64 {
    // Far from both ends, so that sums of a few do not overflow.
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 8)
}

fn since_1970(time: SystemTime) -> i64 {
    millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: u64 = 1_700_000_000;

    fn at(seconds: i64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(SENT.saturating_add_signed(seconds))
    }

    /// The window for a request that was sent 10 s ago, when the wall clock was `then` s ahead; it is `now` s ahead now,
    /// and the server's `date` is `dated` s ahead. In s relative to the truth, with a tolerance of 60 s.
    async fn window(then: i64, now: i64, dated: Option<i64>) -> (i64, i64, i64) {
        let sent = Sent { at: Some(Instant::now()), wall: at(then) };
        tokio::time::advance(Duration::from_secs(10)).await;
        let server_now = dated.map(|ahead| Duration::from_secs(SENT.saturating_add_signed(10 + ahead)));
        let window = sent.window(at(10 + now), server_now, Duration::from_secs(60));
        assert!(window.doubt <= window.random && window.random <= window.sure, "{window:?}");
        let relative = |time: i64| time / 1000 - i64::try_from(SENT).unwrap();
        (relative(window.sure), relative(window.random), relative(window.doubt))
    }

    #[tokio::test(start_paused = true)]
    async fn no_step_of_a_clock_makes_a_search_end_before_the_time_of_sending() {
        // All agree.
        assert_eq!(window(0, 0, Some(0)).await, (-60, -60, -60));
        assert_eq!(window(0, 0, None).await, (-60, -60, -360));
        let hours = 7200;
        // The wall clock is wrong all the time, or steps, by little or much, and is right before or after.
        for dated in [Some(0), Some(90), Some(-90), None] {
            for (then, now) in
                [(0, 120), (0, -120), (120, 0), (-120, 0), (0, hours), (0, -hours), (hours, 0), (-hours, 0)]
            {
                let (sure, random, doubt) = window(then, now, dated).await;
                assert!(random <= 0 && doubt <= 0, "{then} {now} {dated:?}: {random} {doubt}");
                // An old record with the same mark is not taken.
                assert!((-1000..=0).contains(&sure) || dated.is_none(), "{then} {now} {dated:?}: {sure}");
            }
        }
        for ahead in [hours, -hours] {
            assert_eq!(window(ahead, ahead, Some(0)).await.0, -60);
        }
        // A `date` that is ahead of the records' times, while the wall clock is right.
        assert_eq!(window(0, 0, Some(90)).await.0, -60);
        assert_eq!(window(0, 0, Some(-90)).await.0, -150);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_still_finds_what_it_sent() {
        // The wall clock counted an hour, the other one nothing.
        let (_, random, doubt) = window(0, 3600, Some(3600)).await;
        assert!(random <= 0 && doubt <= 0, "{random} {doubt}");
    }

    #[test]
    fn the_time_that_an_earlier_process_read_is_not_believed_to_the_minute() {
        let window = |read: i64, now: i64, dated: i64| {
            let server_now = Duration::from_secs(SENT.saturating_add_signed(dated));
            Sent::earlier(at(read)).window(at(now), Some(server_now), Duration::from_secs(60))
        };
        let sent = i64::try_from(SENT).unwrap() * 1000;
        for (read, now, dated) in
            [(0, 3600, 3600), (300, 3600, 3600), (-7200, 3600, 3600), (0, 3600, 3690), (7200, 3600, 3600)]
        {
            assert!(window(read, now, dated).doubt <= sent, "{read} {now} {dated}");
        }
        assert_eq!(window(0, 3600, 3600).sure, sent - 60_000);
        // It was, and is, wrong by as much.
        assert_eq!(window(7200, 10_800, 3600).sure, sent - 60_000);
    }
}
