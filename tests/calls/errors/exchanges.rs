//! Exchanges that break off, take too long, bring too much or are never made, and what is known afterwards.

use std::time::{Duration, Instant, SystemTime};

use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{
    ApiErrorKind, DecodeReason, Error, LeonardoCore, RetryPolicy, TimeoutScope, TransportError, TransportErrorKind,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{PAGE, assert_message, hurried, once, unknown};
use crate::common::{
    CREATED, GENERATION, ID, KEY, LONG, ME, Refusing, Reply, SHORT, Server, assert_hidden, chunked_head, create,
    delete, double, get, me, response,
};

/// Everything that can go wrong between the request and the end of its response, all after the request was sent.
fn broken_exchanges() -> Vec<(&'static str, Reply)> {
    let header = b"x-filler: 0123456789012345678901234567890123456789\r\n".repeat(100);
    let kept = |head: &[u8]| Reply::Close([b"HTTP/1.1 200 OK\r\n", head].concat());
    vec![
        ("closed at once", Reply::Close(Vec::new())),
        ("reset", Reply::Reset),
        ("head cut", kept(b"content-le")),
        ("body cut", Reply::cut(200, CREATED)),
        ("body never begun", Reply::cut(200, "")),
        ("chunks cut", Reply::cut_chunked(200, CREATED)),
        ("a chunk's size is garbage", Reply::Close(format!("{}zz\r\n", chunked_head(200)).into_bytes())),
        ("the length is garbage", kept(b"content-length: ten\r\n\r\n")),
        ("two lengths", kept(b"content-length: 1\r\ncontent-length: 2\r\n\r\n{}")),
        ("garbage", Reply::Close(b"\x16\x03\x01 this is not HTTP \r\n\r\n".to_vec())),
        ("another protocol", Reply::Close(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())),
        ("headers without end", Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), header, Duration::ZERO)),
        (
            "a header without end",
            Reply::Endless(b"HTTP/1.1 200 OK\r\nx-a: ".to_vec(), vec![b'x'; 4096], Duration::ZERO),
        ),
    ]
}

#[tokio::test]
async fn an_exchange_that_breaks_off_is_a_connection_error() {
    for (what, reply) in broken_exchanges() {
        let server = Server::always(reply).await;
        let error = get(&once(&server)).await.unwrap_err();
        let Error::Connection(connection) = &error else { panic!("{what}: {error:?}") };
        let kind = connection.source.kind();
        assert!(matches!(kind, TransportErrorKind::Exchange | TransportErrorKind::Body), "{what}: {kind:?}");
        let body = what.starts_with("body") || what.starts_with("chunk") || what.starts_with("a chunk");
        assert_eq!(kind == TransportErrorKind::Body, body, "{what}: {kind:?}");
        assert_eq!(connection.source.status().is_some(), body, "{what}");
        assert!(server.url().starts_with(&connection.server), "{what}: {}", connection.server);
        assert!(error.to_string().contains(&connection.server), "{what}: {error}");
        assert_message(&error, "image_get_generation_by_id", 1);
    }
}

#[tokio::test]
async fn a_create_whose_exchange_breaks_off_has_an_unknown_outcome_and_is_not_retried() {
    for (what, reply) in broken_exchanges() {
        let server = Server::always(reply).await;
        let error = create(&server.core()).await.unwrap_err();
        assert!(matches!(unknown(&error).cause, Error::Connection(_)), "{what}: {error:?}");
        assert_eq!(server.count(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_create_that_is_broken_off_on_a_connection_used_before_is_not_retried() {
    for broken in [Reply::Close(Vec::new()), Reply::Reset, Reply::Close(b"HTTP/1.1 2".to_vec())] {
        let server = Server::script(vec![Reply::json(200, ME), broken]).await;
        let core = server.core();
        me(&core).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        unknown(&create(&core).await.unwrap_err());
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn an_unknown_outcome_tells_what_is_needed_to_find_out() {
    let broken = [
        Reply::json(500, r#"{"error":"Service Error","path":"$","code":"unexpected"}"#),
        Reply::json(502, PAGE),
        Reply::json(503, ""),
        Reply::json(504, "{}"),
        Reply::json(408, "{}"),
        Reply::json(200, PAGE),
        Reply::json(200, ""),
        Reply::json(200, "{}"),
        Reply::json(201, r#"{"sdGenerationJob":null}"#),
        Reply::json(200, r#"{"sdGenerationJob":{}}"#),
        Reply::json(200, r#"{"sdGenerationJob":{"generationId":null}}"#),
        Reply::json(200, r#"{"sdGenerationJob":{"generationId":" "}}"#),
        Reply::json(200, r#"{"errors":[{"message":"m"}]}"#),
        Reply::with(302, &[("location", "/elsewhere")], ""),
        Reply::Close(Vec::new()),
        Reply::cut(200, CREATED),
    ];
    for reply in broken {
        let server = Server::always(reply.clone()).await;
        let request = CreateGenerationRequest { seed: Some(42), ..CreateGenerationRequest::new("a cat") };
        let before = SystemTime::now();
        let error = image_create_generation(&server.core(), request).await.unwrap_err();
        let after = SystemTime::now();

        let unknown = unknown(&error);
        assert!((before..=after).contains(&unknown.sent_at), "{reply:?}");
        let received = &server.expect(1).await[0];
        assert_eq!(unknown.request, received.body, "{reply:?}");
        assert!(!unknown.cause.may_have_been_charged(), "{reply:?}");
        assert_eq!(error.api().map(|api| api.status), unknown.cause.api().map(|api| api.status));
        assert!(!error.is_not_found(), "{reply:?}");
        let text = error.to_string();
        assert!(text.contains("may have been carried out and charged"), "{text}");
        assert!(!text.contains("Nothing was charged"), "{text}");
        assert_hidden(&error, KEY, &reply);
    }
}

#[tokio::test]
async fn a_message_about_an_unknown_outcome_does_not_say_to_try_again() {
    for reply in [Reply::json(500, "{}"), Reply::Close(Vec::new()), Reply::cut(200, ""), Reply::Stall(Vec::new())] {
        let server = Server::always(reply.clone()).await;
        let error = create(&hurried(&server)).await.unwrap_err();
        let text = unknown(&error).to_string();
        assert!(!text.to_lowercase().contains("try again"), "{reply:?}: {text}");
        assert_message(&error, "image_create_generation", 1);
    }
}

#[tokio::test]
async fn a_create_that_hands_over_an_id_succeeded_whatever_stands_beside_it() {
    for body in [
        json!({"sdGenerationJob": {"generationId": ID}, "errors": [{"message": "m"}]}),
        json!({"errors": [{"message": "m", "extensions": {"statusCode": 400}}], "sdGenerationJob": {"generationId": ID}}),
        json!({"sdGenerationJob": {"generationId": ID, "cost": "free"}}),
        json!({"sdGenerationJob": {"generationId": ID, "cost": {"amount": [1], "unit": 7}}}),
        json!({"sdGenerationJob": {"generationId": ID, "cost": [], "apiCreditCost": {"a": 1}}}),
        json!({"sdGenerationJob": {"generationId": ID, "apiCreditCost": "much", "new": [[]]}}),
    ] {
        let server = Server::always(Reply::json(200, body.to_string())).await;
        let job = create(&server.core()).await.unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(job.generation_id.as_str(), ID);
        assert_eq!(job.cost, None);
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_create_that_the_api_refuses_was_not_charged() {
    for status in [400, 401, 402, 403, 404, 409, 413, 415, 422, 431] {
        for body in ["", "{}", PAGE, r#"{"error":"no","path":"$","code":"bad-request"}"#] {
            let server = Server::always(Reply::json(status, body)).await;
            let error = create(&server.core()).await.unwrap_err();
            assert!(matches!(error, Error::Api(_)), "{status} {body}: {error:?}");
            assert!(!error.may_have_been_charged());
            assert_eq!(server.count(), 1);
        }
    }
}

#[tokio::test]
async fn a_create_that_the_api_refuses_was_not_charged_even_if_the_body_cannot_be_had() {
    for reply in [Reply::cut(400, "{"), Reply::cut_chunked(401, "{"), Reply::json(403, "x".repeat(200_000))] {
        let server = Server::always(reply.clone()).await;
        let core = server.builder().max_response_bytes(100_000).build().unwrap();
        let error = create(&core).await.unwrap_err();
        assert!(!error.may_have_been_charged(), "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::always(Reply::json(200, GENERATION)).await;
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let location = format!("{}/v1/generations/{ID}", other.url());
        let server = Server::always(Reply::with(status, &[("location", &location)], "")).await;
        let core = server.core();
        for error in [get(&core).await.map(drop).unwrap_err(), delete(&core).await.map(drop).unwrap_err()] {
            let Error::Api(api) = &error else { panic!("{error:?}") };
            assert_eq!((api.kind, api.status.as_u16()), (ApiErrorKind::Unexpected, status));
            assert_eq!(api.headers["location"], *location);
            assert_eq!(error.call().unwrap().attempts, 1);
            assert_message(&error, error.call().unwrap().operation, 1);
        }
        unknown(&create(&core).await.unwrap_err());
        assert_eq!(server.count(), 3);
    }
    assert_eq!((other.count(), other.connections()), (0, 0));
}

#[tokio::test]
async fn a_status_that_is_no_answer_is_unexpected() {
    for reply in [
        Reply::Close(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec()),
        Reply::json(600, "{}"),
        Reply::json(999, "{}"),
    ] {
        let server = Server::always(reply.clone()).await;
        let error = get(&once(&server)).await.unwrap_err();
        match &error {
            Error::Api(api) => assert_eq!(api.kind, ApiErrorKind::Unexpected, "{reply:?}"),
            Error::Connection(_) => {}
            other => panic!("{reply:?}: {other:?}"),
        }
        unknown(&create(&once(&server)).await.unwrap_err());
    }
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let response = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: \
         {}\r\n\r\n{CREATED}",
        CREATED.len()
    );
    let server = Server::always(Reply::Send(response.into_bytes())).await;
    assert_eq!(create(&once(&server)).await.unwrap().generation_id.as_str(), ID);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    for (limit, fits) in [(GENERATION.len(), true), (GENERATION.len() - 1, false)] {
        let length = GENERATION.len();
        let (first, second) = GENERATION.split_at(length / 2);
        let (head, one, two) = (chunked_head(200), first.len(), second.len());
        let chunks = format!("{head}{one:x}\r\n{first}\r\n{two:x}\r\n{second}\r\n0\r\n\r\n");
        let until_closed = format!("HTTP/1.1 200 OK\r\n\r\n{GENERATION}");
        for reply in
            [Reply::json(200, GENERATION), Reply::Send(chunks.into_bytes()), Reply::Close(until_closed.into_bytes())]
        {
            let server = Server::always(reply).await;
            let core = server.builder().max_response_bytes(limit).build().unwrap();
            match get(&core).await {
                Ok(_) => assert!(fits),
                Err(error) => {
                    assert!(!fits, "{error}");
                    let Error::Decode(decode) = &error else { panic!("{error:?}") };
                    assert_eq!(decode.reason, DecodeReason::TooLarge { limit });
                    assert!(error.to_string().contains("max_response_bytes"), "{error}");
                    // It would be as large again.
                    assert_eq!((error.call().unwrap().attempts, server.count()), (1, 1));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit() {
    let (zeros, chunk) = (vec![b'0'; 4096], [b"1000\r\n", vec![b'0'; 4096].as_slice(), b"\r\n"].concat());
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n";
    for (first, again) in [
        (chunked_head(200), chunk),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), zeros.clone()),
        (announced.to_owned(), zeros),
    ] {
        let server = Server::always(Reply::Endless(first.into_bytes(), again, Duration::ZERO)).await;
        let core = server.builder().max_response_bytes(100_000).build().unwrap();
        let error = get(&core).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{error:?}") };
        assert_eq!(decode.reason, DecodeReason::TooLarge { limit: 100_000 });
        server.expect_left().await;
        let error = create(&core).await.unwrap_err();
        assert!(matches!(unknown(&error).cause, Error::Decode(_)));
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn an_absurd_announced_length_is_no_panic_where_the_limit_is_off() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX - 10);
    let reply = Reply::Endless(head.into_bytes(), b"0".to_vec(), Duration::from_millis(5));
    let server = Server::always(reply).await;
    let core =
        server.builder().retry(RetryPolicy::none()).max_response_bytes(usize::MAX).timeout(SHORT).build().unwrap();
    let error = tokio::spawn(async move { get(&core).await }).await.expect("no panic").unwrap_err();
    assert!(matches!(error, Error::Timeout(_) | Error::Connection(_) | Error::Decode(_)), "{error:?}");
}

#[tokio::test]
async fn an_error_keeps_no_more_than_64_kib_of_its_body() {
    let server = Server::always(Reply::json(400, "x".repeat(300_000))).await;
    let error = get(&once(&server)).await.unwrap_err();
    let body = &error.api().unwrap().body;
    assert_eq!(body.len(), 64 * 1024);
    assert!(error.to_string().len() < 2000);
    let long = json!({"error": "y".repeat(300_000), "path": "$", "code": "z".repeat(300_000)}).to_string();
    let server = Server::always(Reply::json(400, long)).await;
    let error = get(&once(&server)).await.unwrap_err();
    assert!(error.to_string().len() < 2000, "{}", error.to_string().len());
    assert_message(&error, "image_get_generation_by_id", 1);
}

#[tokio::test]
async fn deeply_nested_answers_are_no_stack_overflow() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let (opening, record) = ("{\"a\":".repeat(20_000), format!("{{\"id\":\"{ID}\",\"new\":{deep}}}"));
    for body in [
        deep.clone(),
        opening,
        format!("{{\"errors\":{deep}}}"),
        format!("{{\"error\":{deep}}}"),
        format!("{{\"other\":{deep},\"generations_by_pk\":{record},\"sdGenerationJob\":{{\"cost\":{deep}}}}}"),
        format!("{{\"generations_by_pk\":{{\"seed\":{deep}}}}}"),
    ] {
        for status in [200, 400] {
            let server = Server::always(Reply::json(status, &body)).await;
            let core = once(&server);
            let _ = get(&core).await;
            let _ = create(&core).await;
        }
    }
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_a_timeout() {
    let drip = |head: String| Reply::Endless(head.into_bytes(), b" ".to_vec(), Duration::from_millis(5));
    for (what, reply) in [
        ("says nothing", Reply::Stall(Vec::new())),
        ("stops in the head", Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-".to_vec())),
        ("stops in the body", Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec())),
        ("drips its head", drip("HTTP/1.1 200 OK\r\nx-a: ".into())),
        ("drips its body", drip("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".into())),
    ] {
        let server = Server::always(reply).await;
        let core = hurried(&server);
        let error = get(&core).await.unwrap_err();
        let Error::Timeout(timeout) = &error else { panic!("{what}: {error:?}") };
        assert_eq!((timeout.scope, timeout.limit, timeout.sent), (TimeoutScope::Attempt, SHORT, true), "{what}");
        assert!(error.to_string().contains("0.15 s"), "{error}");
        assert_message(&error, "image_get_generation_by_id", 1);
        server.expect_left().await;

        let before = SystemTime::now();
        let error = create(&core).await.unwrap_err();
        let unknown = unknown(&error);
        assert!(matches!(unknown.cause, Error::Timeout(_)), "{what}: {error:?}");
        assert!((before..=SystemTime::now()).contains(&unknown.sent_at));
        assert_eq!(unknown.request, server.expect(2).await[1].body);
    }
}

#[tokio::test]
async fn a_call_sets_its_own_limits_of_time() {
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let core = once(&server);
    let error = image_get_generation_by_id(&core, ID).timeout(SHORT).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Attempt && t.limit == SHORT), "{error:?}");
    let error = image_get_generation_by_id(&core, ID).deadline(SHORT).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Deadline && t.limit == SHORT), "{error:?}");
    assert!(error.to_string().contains("deadline"), "{error}");
    assert_message(&error, "image_get_generation_by_id", 1);
    // The core's deadline can be taken off.
    let core = server.builder().retry(RetryPolicy::none()).deadline(SHORT / 2).build().unwrap();
    let error = image_get_generation_by_id(&core, ID).deadline(None).timeout(SHORT).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Attempt && t.limit == SHORT), "{error:?}");
    let error = get(&core).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Deadline), "{error:?}");
}

#[tokio::test]
async fn a_deadline_that_passes_during_a_create_leaves_its_outcome_unknown() {
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let core = server.builder().deadline(SHORT).min_time_for_billable(Duration::from_millis(1)).build().unwrap();
    let error = create(&core).await.unwrap_err();
    let cause = &unknown(&error).cause;
    assert!(matches!(cause, Error::Timeout(t) if t.scope == TimeoutScope::Deadline && t.sent), "{error:?}");
    server.expect(1).await;
}

#[tokio::test]
async fn a_create_with_too_little_time_is_not_sent() {
    let server =
        Server::start(|_, request| Reply::json(200, if request.method == "POST" { CREATED } else { GENERATION })).await;
    let second = Duration::from_secs(1);
    let core = server.core();
    for call in [
        image_create_generation(&core, Default::default()).deadline(second),
        image_create_generation(&core, Default::default()).deadline(Duration::from_nanos(1)),
        image_create_generation(&server.builder().deadline(second).build().unwrap(), Default::default()),
        image_create_generation(
            &server.builder().min_time_for_billable(second * 9).build().unwrap(),
            Default::default(),
        )
        .deadline(second * 8),
    ] {
        let error = call.await.unwrap_err();
        let Error::InvalidRequest(refused) = &error else { panic!("{error:?}") };
        assert_eq!((&*refused.field, refused.call.attempts), ("deadline", 0));
        assert!(error.to_string().contains("min_time_for_billable"), "{error}");
        assert!(error.to_string().contains(" 2 s ") || error.to_string().contains(" 9 s "), "{error}");
        assert!(error.to_string().ends_with("Nothing was sent."), "{error}");
    }
    assert_eq!(server.connections(), 0);
    // What costs nothing may be cut short, and what has the time is sent.
    image_get_generation_by_id(&core, ID).deadline(second).await.unwrap();
    image_create_generation(&core, Default::default()).deadline(LONG).await.unwrap();
    let core = server.builder().min_time_for_billable(Duration::ZERO).build().unwrap();
    image_create_generation(&core, Default::default()).deadline(second).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_time_of_zero_is_refused_before_anything_is_sent() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    let core = server.core();
    for (field, call) in [
        ("timeout", image_create_generation(&core, Default::default()).timeout(Duration::ZERO)),
        ("deadline", image_create_generation(&core, Default::default()).deadline(Duration::ZERO)),
    ] {
        let error = call.await.unwrap_err();
        assert!(matches!(&error, Error::InvalidRequest(refused) if refused.field == field), "{field}: {error}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let refusing = Refusing::new();
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(refusing.url()).retry(crate::common::quick());
    let core = core.build().unwrap();
    for (operation, error) in [
        ("image_get_generation_by_id", get(&core).await.unwrap_err()),
        ("image_create_generation", create(&core).await.unwrap_err()),
    ] {
        let Error::Connection(connection) = &error else { panic!("{error:?}") };
        assert_eq!(connection.source.kind(), TransportErrorKind::Connect);
        assert!(!error.may_have_been_charged());
        assert!(refusing.url().starts_with(&connection.server));
        assert_eq!(error.to_string().contains("Nothing was charged"), operation == "image_create_generation");
        assert_message(&error, operation, 4);
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_failed_tls_handshake_proves_that_nothing_was_sent() {
    // A server without TLS.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            connections += 1;
            let mut hello = [0; 4096];
            let length = stream.read(&mut hello).await.unwrap();
            assert!(!String::from_utf8_lossy(&hello[..length]).contains("HTTP/1.1"));
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            if connections == 4 {
                break;
            }
        }
        connections
    });
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(url).retry(crate::common::quick()).build().unwrap();
    let error = create(&core).await.unwrap_err();
    assert!(matches!(&error, Error::Connection(c) if c.source.kind() == TransportErrorKind::Connect), "{error:?}");
    assert!(!error.may_have_been_charged());
    assert_message(&error, "image_create_generation", 4);
    assert_eq!(server.await.unwrap(), 4);
}

#[tokio::test]
async fn an_unknown_outcome_is_found_out_by_its_sources() {
    let server = Server::always(Reply::Close(Vec::new())).await;
    let error = create(&once(&server)).await.unwrap_err();
    let cause = std::error::Error::source(&error).expect("a source");
    assert!(matches!(cause.downcast_ref(), Some(Error::Connection(_))), "{cause:?}");
    let transport = cause.source().expect("a source");
    assert!(transport.downcast_ref::<TransportError>().is_some(), "{transport:?}");
}

#[tokio::test]
async fn elapsed_is_the_time_of_the_whole_call_with_its_delays() {
    let delay = Duration::from_millis(10);
    let policy = RetryPolicy::default().max_attempts(3).initial_backoff(delay).max_backoff(delay).jitter(0.0);
    let core = double(|_| Ok(response(503, &[], "{}"))).retry(policy).build().unwrap();
    let started = Instant::now();
    let error = get(&core).await.unwrap_err();
    let elapsed = error.call().unwrap().elapsed;
    assert!(delay * 2 <= elapsed && elapsed <= started.elapsed(), "{elapsed:?}");
}

#[tokio::test]
async fn a_transports_errors_decide_what_is_known() {
    for (kind, charged, attempts) in [
        (TransportErrorKind::Invalid, false, 1),
        (TransportErrorKind::Connect, false, 4),
        (TransportErrorKind::Exchange, true, 1),
        (TransportErrorKind::Body, true, 1),
        (TransportErrorKind::TooLarge, true, 1),
    ] {
        let core = double(move |_| Err(TransportError::new(kind, "why"))).build().unwrap();
        let error = create(&core).await.unwrap_err();
        assert_eq!(error.may_have_been_charged(), charged, "{kind:?}: {error}");
        assert_eq!(error.call().unwrap().attempts, attempts, "{kind:?}");
        assert_eq!(error.to_string().contains("Nothing was charged"), !charged, "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn the_innermost_cause_of_a_broken_connection_is_in_the_message_once() {
    let refusing = Refusing::new();
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(refusing.url()).retry(RetryPolicy::none());
    let error = get(&core.build().unwrap()).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(text.to_lowercase().matches("refused").count(), 1, "{text}");
    // LONG passes only if connecting hangs instead.
    assert!(error.call().unwrap().elapsed < LONG);
}
