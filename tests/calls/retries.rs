//! Which failures are retried, how often and when, and which never are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use leonardo_ai::funcs::{image_create_generation, image_delete_generation_by_id, image_get_generation_by_id};
use leonardo_ai::{
    ApiErrorKind, Error, LeonardoCore, LeonardoCoreBuilder, RetryBudget, RetryPolicy, TimeoutScope, TransportError,
    TransportErrorKind,
};

use crate::common::{
    CREATED, DELETED, GENERATION, ID, KEY, LONG, Refusing, Reply, SHORT, Server, create, delete, double, get, quick,
    response,
};

const HOUR: Duration = Duration::from_secs(3600);

/// A policy whose delays nobody would wait for.
fn sluggish() -> RetryPolicy {
    RetryPolicy::default().initial_backoff(HOUR).max_backoff(HOUR).max_elapsed(Duration::MAX)
}

/// Failures that pass, and are responses or the lack of one.
fn transient() -> Vec<(&'static str, Reply)> {
    let error = |status| Reply::json(status, r#"{"error":"Service Error","path":"$","code":"unexpected"}"#);
    let listed = r#"{"errors":[{"message":"m","extensions":{"code":"unexpected","statusCode":500}}]}"#;
    vec![
        ("408", error(408)),
        ("429", error(429)),
        ("429 without a body", Reply::json(429, "")),
        ("500", error(500)),
        ("500 without a body", Reply::json(500, "")),
        ("502 of a proxy", Reply::with(502, &[("content-type", "text/html")], "<html>Bad Gateway</html>")),
        ("503", error(503)),
        ("504", error(504)),
        ("500 in 200", Reply::json(200, listed)),
        ("429 in 200", Reply::json(200, listed.replace("500", "429"))),
        ("reset", Reply::Reset),
        ("closed", Reply::Close(Vec::new())),
        ("body cut", Reply::cut(200, "{")),
        ("chunks cut", Reply::cut_chunked(200, "{")),
        ("not HTTP", Reply::Close(b"garbage\r\n\r\n".to_vec())),
        ("not JSON", Reply::json(200, "{\"generations_by_pk\":")),
        ("page", Reply::json(200, "<html>")),
        ("no body", Reply::json(200, "")),
        ("no record", Reply::json(200, "{}")),
    ]
}

#[tokio::test]
async fn a_read_and_a_delete_are_retried_after_anything_that_may_pass() {
    for (what, failure) in transient() {
        let server = Server::script(vec![failure.clone(), failure.clone(), Reply::json(200, GENERATION)]).await;
        let core = server.core();
        let response = image_get_generation_by_id(&core, ID).with_response().await;
        assert_eq!(response.unwrap_or_else(|error| panic!("{what}: {error}")).attempts, 3, "{what}");
        assert_eq!(server.count(), 3, "{what}");

        let server = Server::script(vec![failure, Reply::json(200, DELETED)]).await;
        let core = server.core();
        let response = image_delete_generation_by_id(&core, ID).with_response().await;
        assert_eq!(response.unwrap_or_else(|error| panic!("{what}: {error}")).attempts, 2, "{what}");
        let received = server.received();
        assert_eq!(received.len(), 2, "{what}");
        assert_eq!((&received[0].method, &received[0].target), (&received[1].method, &received[1].target));
    }
}

#[tokio::test]
async fn a_read_and_a_delete_are_retried_after_a_timeout() {
    for stalled in [Vec::new(), b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec()] {
        // A slow machine may need several attempts for the response that does come.
        let policy = quick().max_attempts(20).max_elapsed(LONG);
        let server = Server::script(vec![Reply::Stall(stalled.clone()), Reply::json(200, GENERATION)]).await;
        let core = server.builder().timeout(SHORT).retry(policy.clone()).build().unwrap();
        let response = image_get_generation_by_id(&core, ID).with_response().await.unwrap();
        assert!(response.attempts >= 2, "{}", response.attempts);

        let server = Server::script(vec![Reply::Stall(stalled), Reply::json(200, DELETED)]).await;
        let core = server.builder().timeout(SHORT).retry(policy).build().unwrap();
        assert!(image_delete_generation_by_id(&core, ID).with_response().await.unwrap().attempts >= 2);
    }
}

#[tokio::test]
async fn a_read_is_not_retried_after_what_will_not_pass() {
    for status in [300, 302, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422] {
        let server = Server::always(Reply::json(status, "{}")).await;
        let core = server.core();
        for error in [get(&core).await.map(drop), delete(&core).await.map(drop)].map(Result::unwrap_err) {
            assert_eq!(error.call().unwrap().attempts, 1, "{status}");
        }
        assert_eq!(server.count(), 2, "{status}");
    }
}

#[tokio::test]
async fn attempts_end_at_their_limit_with_the_last_error() {
    for (limit, expected) in [(0, 1), (1, 1), (2, 2), (6, 6)] {
        let server = Server::start(|number, _| Reply::json(500 + number as u16, "{}")).await;
        let core = server.builder().retry(quick().max_attempts(limit)).build().unwrap();
        let error = get(&core).await.unwrap_err();
        assert_eq!(error.call().unwrap().attempts, expected, "{error}");
        assert_eq!(error.api().unwrap().status.as_u16(), 500 + expected as u16 - 1);
        assert_eq!(server.count(), expected as usize);
    }
    let server = Server::always(Reply::json(503, "{}")).await;
    assert_eq!(get(&server.core()).await.unwrap_err().call().unwrap().attempts, 4, "the default");
}

#[tokio::test]
async fn the_last_error_may_be_of_another_kind_than_the_first() {
    let server = Server::script(vec![Reply::json(503, "{}"), Reply::Reset, Reply::json(404, "{}")]).await;
    let error = get(&server.core()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.call().unwrap().attempts, 3);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_not_found_the_second_time() {
    let gone = Reply::json(200, r#"{"delete_generations_by_pk":null}"#);
    let server = Server::script(vec![Reply::Close(Vec::new()), gone]).await;
    let error = delete(&server.core()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.call().unwrap().attempts, 2);
}

#[tokio::test]
async fn a_create_is_retried_after_a_429() {
    let listed = r#"{"errors":[{"message":"m","extensions":{"statusCode":429}}]}"#;
    let bodies = [Reply::json(429, "{}"), Reply::json(429, "<html>"), Reply::json(200, listed)];
    for refused in bodies {
        let server = Server::script(vec![refused, Reply::json(200, CREATED)]).await;
        let core = server.core();
        let response = image_create_generation(&core, Default::default()).with_response().await.unwrap();
        assert_eq!((response.attempts, response.output.generation_id.as_str()), (2, ID));
        let received = server.received();
        assert_eq!(received.len(), 2);
        assert_eq!(received[0].body, received[1].body);
    }
}

#[tokio::test]
async fn a_create_that_is_always_refused_by_429_was_not_charged() {
    let server = Server::always(Reply::json(429, "{}")).await;
    let error = create(&server.core()).await.unwrap_err();
    assert!(matches!(&error, Error::Api(api) if api.kind == ApiErrorKind::RateLimited), "{error:?}");
    assert!(!error.may_have_been_charged());
    assert_eq!((error.call().unwrap().attempts, server.count()), (4, 4));
}

#[tokio::test]
async fn a_create_is_retried_until_there_is_a_connection() {
    let refusing = Refusing::new();
    let policy = quick().max_attempts(u32::MAX).max_elapsed(LONG);
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(refusing.url()).retry(policy);
    let core = core.retry_budget(RetryBudget::unlimited()).build().unwrap();
    let (job, server) = tokio::join!(create(&core), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Server::on(refusing.listen(), |_, _| Reply::json(200, CREATED))
    });
    assert_eq!(job.unwrap().generation_id.as_str(), ID);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_create_is_retried_by_what_its_transport_says() {
    let attempts = AtomicUsize::new(0);
    let core = double(move |_| match attempts.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err(TransportError::new(TransportErrorKind::Connect, "refused")),
        _ => Ok(response(200, &[], CREATED)),
    });
    let core = core.build().unwrap();
    let response = image_create_generation(&core, Default::default()).with_response().await.unwrap();
    assert_eq!(response.attempts, 3);
}

#[tokio::test]
async fn a_create_is_not_retried_after_anything_that_leaves_its_outcome_open() {
    for (what, failure) in transient() {
        if what.starts_with("429") {
            continue;
        }
        let server = Server::script(vec![failure, Reply::json(200, CREATED)]).await;
        let error = create(&server.core()).await.unwrap_err();
        assert!(error.may_have_been_charged(), "{what}: {error}");
        assert_eq!(error.call().unwrap().attempts, 1, "{what}");
        assert_eq!(server.count(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_create_is_not_retried_after_a_timeout() {
    let server = Server::script(vec![Reply::Stall(Vec::new()), Reply::json(200, CREATED)]).await;
    let core = server.builder().timeout(SHORT).build().unwrap();
    let error = create(&core).await.unwrap_err();
    assert!(error.may_have_been_charged(), "{error}");
    server.expect(1).await;
}

#[tokio::test]
async fn no_policy_and_no_retry_after_make_a_create_be_retried() {
    let failure = Reply::with(503, &[("retry-after", "0")], "{}");
    let server = Server::script(vec![failure, Reply::json(200, CREATED)]).await;
    let eager = quick().max_attempts(u32::MAX).max_elapsed(Duration::MAX);
    let core = server.builder().retry(eager.clone()).build().unwrap();
    let error = image_create_generation(&core, Default::default()).retry(eager).await.unwrap_err();
    assert!(error.may_have_been_charged(), "{error}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_create_that_was_refused_before_it_was_lost_names_the_attempt_that_was_lost() {
    let server = Server::script(vec![Reply::with(429, &[("retry-after", "1")], ""), Reply::Reset]).await;
    let core = server.core();
    let before = SystemTime::now();
    let error = create(&core).await.unwrap_err();
    let Error::OutcomeUnknown(unknown) = &error else { panic!("{error:?}") };
    // The first attempt was at `before` at the earliest, and the second one a second later.
    assert!(unknown.sent_at >= before + Duration::from_millis(900), "{:?}", unknown.sent_at);
    assert_eq!((error.call().unwrap().attempts, server.count()), (2, 2));
}

#[tokio::test]
async fn a_429_is_retried_after_what_retry_after_says() {
    let server = Server::script(vec![Reply::with(429, &[("retry-after", "1")], "{}"), Reply::json(200, CREATED)]).await;
    let core = server.core();
    let started = Instant::now();
    let response = image_create_generation(&core, Default::default()).with_response().await.unwrap();
    assert_eq!(response.attempts, 2);
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_503_is_retried_at_the_date_that_retry_after_names() {
    // The server's clock counts, not this machine's.
    let date = [("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:28:01 GMT")];
    let server = Server::script(vec![Reply::with(503, &date, "{}"), Reply::json(200, GENERATION)]).await;
    let started = Instant::now();
    get(&server.core()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_retry_after_does_not_shorten_the_delays_of_the_policy() {
    let delay = Duration::from_millis(200);
    let policy = RetryPolicy::default().initial_backoff(delay).max_backoff(delay).jitter(0.0).max_attempts(4);
    let replies: [&'static [(&str, &str)]; 4] = [
        &[("retry-after", "0")],
        &[("retry-after", " 000 ")],
        &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")],
        &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), ("date", "Wed, 21 Oct 2015 07:28:09 GMT")],
    ];
    let calls = replies.map(|headers| {
        let policy = policy.clone();
        async move {
            let arrivals = Arc::new(Mutex::new(Vec::new()));
            let seen = arrivals.clone();
            let server = Server::start(move |_, _| {
                seen.lock().unwrap().push(Instant::now());
                Reply::with(429, headers, "{}")
            })
            .await;
            let core = server.builder().retry(policy).build().unwrap();
            let error = create(&core).await.unwrap_err();
            assert!(!error.may_have_been_charged() && error.call().unwrap().attempts == 4, "{error}");
            let arrivals = arrivals.lock().unwrap();
            assert_eq!(arrivals.len(), 4, "{headers:?}");
            for pair in arrivals.windows(2) {
                // A request may take longer to arrive than the next one.
                let apart = pair[1] - pair[0];
                assert!(apart >= delay * 9 / 10, "{headers:?}: {apart:?}");
            }
        }
    });
    let [a, b, c, d] = calls;
    tokio::join!(a, b, c, d);
}

#[tokio::test]
async fn the_delays_of_the_policy_grow_whatever_retry_after_says() {
    // The second attempt is asked to wait for longer than the policy would, and the delay after it is the second one.
    let replies = vec![
        Reply::with(503, &[("retry-after", "1")], "{}"),
        Reply::with(503, &[("retry-after", "0")], "{}"),
        Reply::json(200, GENERATION),
    ];
    let server = Server::script(replies).await;
    let policy = RetryPolicy::default().initial_backoff(Duration::from_millis(40)).multiplier(10.0).jitter(0.0);
    let core = server.builder().retry(policy).build().unwrap();
    let started = Instant::now();
    get(&core).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(1400), "{:?}", started.elapsed());
}

#[tokio::test]
async fn retry_after_is_read_as_seconds_or_as_a_date() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let date = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
    for (headers, expected) in [
        (&[("retry-after", "120")][..], seconds(120)),
        (&[("Retry-After", "  7 ")], seconds(7)),
        (&[("retry-after", "18446744073709551615")], seconds(u64::MAX)),
        (&[("retry-after", "99999999999999999999999999")], seconds(u64::MAX)),
        (&[("retry-after", "Wed, 21 Oct 2015 07:30:00 GMT"), date], seconds(120)),
        (&[("retry-after", "Wednesday, 21-Oct-15 07:30:00 GMT"), date], seconds(120)),
        (&[("retry-after", "Wed Oct 21 07:30:00 2015"), date], seconds(120)),
        (&[("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT"), date], seconds(0)),
        (&[("retry-after", "Wed, 21 Oct 2015 07:30:00 GMT"), ("date", "now")], seconds(0)),
        (&[("retry-after", "")], None),
        (&[("retry-after", "-1")], None),
        (&[("retry-after", "+1")], None),
        (&[("retry-after", "1.5")], None),
        (&[("retry-after", "1s")], None),
        (&[("retry-after", "1, 2")], None),
        (&[("retry-after", "0x10")], None),
        (&[("retry-after", "\u{661}")], None),
        (&[("retry-after", "tomorrow")], None),
        (&[("retry-after", "Wed, 32 Oct 2015 07:30:00 GMT")], None),
        (&[("retry-after", "2015-10-21T07:30:00Z")], None),
        (&[("date", "Wed, 21 Oct 2015 07:28:00 GMT")], None),
    ] {
        let server = Server::always(Reply::with(429, headers, "{}")).await;
        let core = server.builder().retry(RetryPolicy::none()).build().unwrap();
        for error in [get(&core).await.map(drop), create(&core).await.map(drop)].map(Result::unwrap_err) {
            assert_eq!(error.api().unwrap().retry_after, expected, "{headers:?}");
            assert_eq!(error.to_string().contains("asks to wait"), expected.is_some(), "{error}");
        }
    }
    // Without the server's time, this machine's counts.
    let server = Server::always(Reply::with(429, &[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")], "")).await;
    let error = get(&server.core()).await.unwrap_err();
    assert!(error.api().unwrap().retry_after.unwrap() > HOUR * 24 * 365 * 1000, "{error}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_retry_after_that_makes_no_sense_is_passed_over() {
    let garbage = Reply::with(429, &[("retry-after", "soon")], "{}");
    let server = Server::script(vec![garbage, Reply::json(200, GENERATION)]).await;
    let core = server.core();
    assert_eq!(image_get_generation_by_id(&core, ID).with_response().await.unwrap().attempts, 2);
}

#[tokio::test]
async fn a_retry_after_that_is_too_long_is_an_error_at_once() {
    for (after, seconds) in [("3600", 3600), ("18446744073709551615", u64::MAX), ("99999999999999999999999", u64::MAX)]
    {
        let server = Server::always(Reply::with(429, &[("retry-after", after)], "{}")).await;
        for core in [
            server.core(),
            // Even where nothing limits the delays, a limit of the whole call does.
            server.builder().retry(quick().max_elapsed(Duration::MAX)).deadline(LONG).build().unwrap(),
        ] {
            for error in [get(&core).await.map(drop), create(&core).await.map(drop)].map(Result::unwrap_err) {
                let Error::Api(api) = &error else { panic!("{error:?}") };
                assert_eq!(api.kind, ApiErrorKind::RateLimited);
                assert_eq!(api.retry_after, Some(Duration::from_secs(seconds)));
                let call = error.call().unwrap();
                assert_eq!(call.attempts, 1);
                assert!(call.elapsed < LONG, "{call:?}");
                assert!(error.to_string().contains(&format!("{seconds} s")), "{error}");
            }
        }
        assert_eq!(server.count(), 4);
    }
}

#[tokio::test]
async fn retrying_can_be_turned_off_for_a_core_and_for_a_call() {
    let server = Server::always(Reply::json(503, "{}")).await;
    let attempts = |error: Error| error.call().unwrap().attempts;
    let core = server.core();
    let off = image_get_generation_by_id(&core, ID).retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!((attempts(off), server.count()), (1, 1));
    assert_eq!(attempts(get(&core).await.unwrap_err()), 4);

    let core = server.builder().retry(RetryPolicy::none()).build().unwrap();
    assert_eq!(attempts(get(&core).await.unwrap_err()), 1);
    let on = image_get_generation_by_id(&core, ID).retry(quick().max_attempts(3)).await.unwrap_err();
    assert_eq!(attempts(on), 3);
    assert_eq!(server.count(), 1 + 4 + 1 + 3);
}

#[tokio::test]
async fn a_pause_that_would_pass_a_limit_of_time_is_not_begun() {
    let server = Server::always(Reply::json(503, "{}")).await;
    for core in [
        server.builder().retry(sluggish().max_elapsed(Duration::from_secs(60))),
        server.builder().retry(sluggish().max_elapsed(Duration::ZERO)),
        server.builder().retry(sluggish()).deadline(LONG),
    ] {
        let error = get(&core.build().unwrap()).await.unwrap_err();
        assert!(matches!(&error, Error::Api(api) if api.status == 503), "{error:?}");
        assert_eq!(error.call().unwrap().attempts, 1);
    }
    let core = server.builder().retry(sluggish()).build().unwrap();
    let error = image_get_generation_by_id(&core, ID).deadline(LONG).await.unwrap_err();
    assert!(matches!(&error, Error::Api(api) if api.status == 503), "{error:?}");
    assert_eq!(server.count(), 4);
}

#[tokio::test]
async fn limits_of_time_end_a_call_that_would_be_retried_for_ever() {
    let eager = quick().max_attempts(u32::MAX).max_elapsed(Duration::MAX);
    let failing =
        || double(|_| Ok(response(503, &[], "{}"))).retry_budget(RetryBudget::unlimited()).retry(eager.clone());

    let error = get(&failing().retry(eager.clone().max_elapsed(SHORT)).build().unwrap()).await.unwrap_err();
    assert!(matches!(&error, Error::Api(api) if api.status == 503), "{error:?}");
    assert!(error.call().unwrap().attempts > 1);

    let error = get(&failing().deadline(SHORT).build().unwrap()).await.unwrap_err();
    match &error {
        Error::Api(api) => assert_eq!(api.status.as_u16(), 503),
        Error::Timeout(timeout) => assert_eq!((timeout.scope, timeout.limit), (TimeoutScope::Deadline, SHORT)),
        other => panic!("{other:?}"),
    }
    assert!(error.call().unwrap().attempts > 1);
}

#[tokio::test]
async fn no_attempt_begins_after_the_deadline() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let core = double(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(response(429, &[], "{}"))
    });
    let delay = Duration::from_millis(10);
    let policy = RetryPolicy::default().initial_backoff(delay).max_backoff(delay).jitter(0.0);
    let core = core.retry(policy).deadline(SHORT).min_time_for_billable(Duration::ZERO).build().unwrap();
    // The thread is busy elsewhere until the delay and the deadline have passed.
    let (error, ()) = tokio::join!(create(&core), async { std::thread::sleep(SHORT * 2) });
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
    let error = error.unwrap_err();
    assert!(!error.may_have_been_charged(), "{error}");
}

#[tokio::test]
async fn a_create_is_not_sent_again_with_too_little_time() {
    // Enough for the first attempt, and not for the delay and another one.
    let server = Server::script(vec![Reply::json(429, "{}"), Reply::Stall(Vec::new())]).await;
    let delay = Duration::from_millis(100);
    let policy = RetryPolicy::default().initial_backoff(delay).max_backoff(delay).jitter(0.0);
    let least = Duration::from_secs(20);
    let builder = server.builder().retry(policy.clone()).min_time_for_billable(least);
    let core = builder.deadline(least + delay / 2).build().unwrap();
    let started = Instant::now();
    let error = create(&core).await.unwrap_err();
    assert!(started.elapsed() < LONG / 2, "it slept");
    assert!(matches!(&error, Error::Api(api) if api.kind == ApiErrorKind::RateLimited), "{error:?}");
    assert!(!error.may_have_been_charged());
    assert_eq!((error.call().unwrap().attempts, server.count()), (1, 1));

    // A timer that is late leaves too little as well.
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let core = double(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(response(429, &[], "{}"))
    });
    let core = core.retry(policy).min_time_for_billable(least).deadline(least + delay * 3).build().unwrap();
    let (error, ()) = tokio::join!(create(&core), async { std::thread::sleep(delay * 4) });
    assert!(!error.unwrap_err().may_have_been_charged());
    assert_eq!(attempts.load(Ordering::SeqCst), 1);

    // What costs nothing is retried for as long as there is time.
    let server = Server::script(vec![Reply::json(429, "{}"), Reply::json(200, GENERATION)]).await;
    let core = server.builder().min_time_for_billable(least).deadline(LONG / 2).build().unwrap();
    get(&core).await.unwrap();
}

/// A builder whose keys are what `keys` says of the number of times that it was asked before.
fn asked(
    server: &Server,
    keys: impl Fn(usize) -> Result<String, String> + Send + Sync + 'static,
) -> (LeonardoCoreBuilder, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let builder = server.builder().bearer_auth_provider(move || {
        let key = keys(counted.fetch_add(1, Ordering::SeqCst));
        async move {
            tokio::task::yield_now().await;
            key
        }
    });
    (builder, count)
}

#[tokio::test]
async fn the_key_is_asked_for_before_each_attempt() {
    let replies = [Reply::json(503, ""), Reply::Reset, Reply::json(200, GENERATION), Reply::json(429, "")];
    let mut replies = replies.to_vec();
    replies.push(Reply::json(200, CREATED));
    let server = Server::script(replies).await;
    let (builder, count) = asked(&server, |number| Ok(format!("key-{number}")));
    let core = builder.build().unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 0);
    get(&core).await.unwrap();
    create(&core).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 5);
    for (number, request) in server.expect(5).await.iter().enumerate() {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer key-{number}")));
    }
}

#[tokio::test]
async fn a_key_that_is_not_given_or_cannot_be_one_ends_the_call() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    for key in ["", " ", "two words", "line\n", "\r\nx-injected: 1", "k\0", "schlüssel"] {
        let (builder, count) = asked(&server, move |_| Ok(key.to_owned()));
        let error = create(&builder.build().unwrap()).await.unwrap_err();
        let Error::InvalidRequest(refused) = &error else { panic!("{key:?}: {error:?}") };
        assert_eq!((&*refused.field, refused.call.attempts), ("bearer_auth_provider", 0), "{key:?}");
        assert!(error.to_string().contains("Nothing was sent"), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), 1, "{key:?}");
    }
    let (builder, count) = asked(&server, |_| Err("the vault is closed".to_owned()));
    let core = builder.build().unwrap();
    for error in [get(&core).await.map(drop), create(&core).await.map(drop)].map(Result::unwrap_err) {
        let Error::InvalidRequest(refused) = &error else { panic!("{error:?}") };
        assert_eq!((&*refused.field, refused.call.attempts), ("bearer_auth_provider", 0));
        let source = std::error::Error::source(&error).expect("the provider's error");
        assert_eq!(source.to_string(), "the vault is closed");
        assert!(!error.may_have_been_charged());
    }
    assert_eq!((count.load(Ordering::SeqCst), server.connections()), (2, 0));
}

#[tokio::test]
async fn a_key_that_is_not_given_the_second_time_ends_the_call_after_one_attempt() {
    let server = Server::always(Reply::json(429, "")).await;
    let keys = |number| if number == 0 { Ok("key".to_owned()) } else { Err("gone".to_owned()) };
    let (builder, _) = asked(&server, keys);
    let error = create(&builder.build().unwrap()).await.unwrap_err();
    assert!(matches!(&error, Error::InvalidRequest(refused) if refused.call.attempts == 1), "{error:?}");
    assert!(!error.to_string().contains("Nothing was sent"), "{error}");
    assert!(!error.may_have_been_charged());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_key_that_takes_too_long_is_a_timeout_before_anything_was_sent() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    let never = || std::future::pending::<Result<String, String>>();
    let core = server.builder().bearer_auth_provider(never).timeout(Duration::from_millis(20)).build().unwrap();
    for error in [get(&core).await.map(drop), create(&core).await.map(drop)].map(Result::unwrap_err) {
        assert!(matches!(&error, Error::Timeout(timeout) if !timeout.sent), "{error:?}");
        assert!(!error.may_have_been_charged());
        assert_eq!(error.call().unwrap().attempts, 4);
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_call_that_is_refused_asks_for_no_key() {
    let server = Server::always(Reply::json(200, GENERATION)).await;
    let (builder, count) = asked(&server, |_| Ok("key".to_owned()));
    let core = builder.build().unwrap();
    image_get_generation_by_id(&core, "").await.unwrap_err();
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn calls_at_the_same_time_are_retried_each_for_itself() {
    let server = Server::start(|number, _| match number {
        0..20 => Reply::json(503, "{}"),
        _ => Reply::json(200, GENERATION),
    })
    .await;
    let core = server.builder().retry(quick().max_attempts(30)).build().unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let core = core.clone();
            tokio::spawn(async move { image_get_generation_by_id(&core, ID).with_response().await.unwrap().attempts })
        })
        .collect();
    let mut attempts = 0;
    for call in calls {
        attempts += call.await.unwrap();
    }
    assert_eq!((attempts, server.count()), (40, 40));
}
