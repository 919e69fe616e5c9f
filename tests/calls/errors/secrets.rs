//! What a message must not show, and what must not change what it shows.

use leonardo_ai::funcs::image_get_generation_by_id;
use leonardo_ai::{LeonardoCore, RetryPolicy};
use serde_json::json;

use super::once;
use crate::common::{
    GENERATION, ID, KEY, Received, Reply, Server, assert_hidden, create, double, everything, get, response,
};

#[tokio::test]
async fn what_a_server_says_cannot_break_out_of_the_message() {
    for (said, shown) in [
        ("ends in a dot.", "ends in a dot"),
        ("two\nlines\r\n2026-01-01 INFO forged", "forged"),
        ("\u{1b}[31mred\u{7}\0", "red"),
    ] {
        for (status, body) in [
            (400, json!({ "error": said })),
            (400, json!({"error": "e", "code": said})),
            (200, json!({"errors": [{"message": said, "extensions": {"statusCode": 400}}]})),
            (200, json!({ "generations_by_pk": said })),
        ] {
            let core = double(move |_| Ok(response(status, &[], body.to_string())));
            let error = get(&core.retry(RetryPolicy::none()).build().unwrap()).await.unwrap_err();
            let text = error.to_string();
            assert!(text.contains(shown), "{text:?}");
            assert!(!text.contains(char::is_control) && !text.contains(".."), "{text:?}");
        }
    }
}

/// The key that a request carries.
fn key_of(request: &Received) -> String {
    request.header("authorization").unwrap().trim_start_matches("Bearer ").to_owned()
}

#[tokio::test]
async fn a_key_that_the_server_sends_back_is_not_shown() {
    type Echo = fn(&str) -> Reply;
    let echoes: [(&str, Echo); 15] = [
        ("text of an error", |key| Reply::json(500, format!("no {key}, no {key}"))),
        ("message and code", |key| {
            Reply::json(400, json!({"error": format!("bad key {key}!"), "path": key, "code": key}).to_string())
        }),
        ("message in escapes", |key| {
            let escaped: String = key.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
            Reply::json(401, format!(r#"{{"error":"{escaped}","path":"{escaped}","code":"{escaped}"}}"#))
        }),
        ("errors array", |key| {
            let error = json!({"message": key, "extensions": {"code": key, "path": key, "statusCode": 400}});
            Reply::json(200, json!({ "errors": [error] }).to_string())
        }),
        ("errors array without a message", |key| Reply::json(200, json!({"errors": [{"odd": key}]}).to_string())),
        ("headers", |key| {
            let bearer = format!("Bearer {key}");
            let headers = [("x-key", key), ("set-cookie", &*bearer), ("location", &*bearer), ("retry-after", key)];
            Reply::with(302, &headers, "")
        }),
        ("headers of null", |key| Reply::with(200, &[("x-key", key)], r#"{"generations_by_pk":null}"#)),
        ("beside null", |key| Reply::json(200, format!(r#"{{"key":"{key}","generations_by_pk":null}}"#))),
        ("page", |key| Reply::json(403, format!("<html>{key}</html>"))),
        ("page as success", |key| Reply::json(200, format!("<html>{key}</html>"))),
        ("not JSON", |key| Reply::json(200, format!("{{\"key\": \"{key}\", oops"))),
        ("JSON of another type", |key| Reply::json(200, format!(r#"{{"generations_by_pk":"{key}"}}"#))),
        ("value that does not decode", |key| {
            Reply::json(200, format!(r#"{{"generations_by_pk":{{"id":[],"seed":"{key}"}}}}"#))
        }),
        ("field that is missing", |key| Reply::json(200, format!(r#"{{"{key}":"{key}"}}"#))),
        ("cut", |key| Reply::cut(200, key)),
    ];
    for (what, echo) in echoes {
        let server = Server::start(move |_, request| echo(&key_of(request))).await;
        let core = server.builder().retry(RetryPolicy::none()).build().unwrap();
        assert_hidden(&get(&core).await.unwrap_err(), KEY, what);
        assert_hidden(&create(&core).await.unwrap_err(), KEY, what);
        assert_eq!(server.count(), 2);
        // A provider's key is as secret.
        let core = LeonardoCore::builder()
            .bearer_auth_provider(|| async { Ok::<_, std::convert::Infallible>(KEY.to_owned()) })
            .server_url(server.url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        assert_hidden(&get(&core).await.unwrap_err(), KEY, what);
        assert_hidden(&create(&core).await.unwrap_err(), KEY, what);
    }
}

#[tokio::test]
async fn a_key_in_the_name_of_a_header_is_not_shown() {
    let server = Server::always(Reply::with(400, &[(&format!("x-{KEY}"), "1")], "{}")).await;
    assert_hidden(&get(&once(&server)).await.unwrap_err(), KEY, "name of a header");
}

#[tokio::test]
async fn no_part_of_the_key_is_shown_wherever_a_text_is_cut() {
    // Around the lengths of an excerpt and of what is kept of a body.
    for filler in (1..10).chain(60..250).chain((65_490..65_540).step_by(7)) {
        for status in [200, 400] {
            let filler = "x".repeat(filler);
            let core = double(move |_| Ok(response(status, &[], format!("{filler}{KEY}{filler}"))));
            let core = core.retry(RetryPolicy::none()).build().unwrap();
            let error = get(&core).await.unwrap_err();
            let (part, _) = KEY.split_at(8);
            for text in everything(&error) {
                assert!(!text.contains(part), "{status}: {text}");
            }
        }
    }
}

/// All of a text is searched before it is cut, which must take no more memory than the text.
#[tokio::test]
async fn texts_of_an_error_are_kept_up_to_64_kib_without_a_part_of_the_key() {
    for filler in (65_490..65_540).step_by(5) {
        let filler = "x".repeat(filler);
        let text = format!("{filler}{KEY}{filler}");
        for body in [
            json!({"error": text, "path": text, "code": text}),
            json!({"errors": [{"message": text, "extensions": {"path": text, "code": text}}]}),
            json!({"errors": [{"odd": text}]}),
        ] {
            let core = double(move |_| Ok(response(400, &[], body.to_string()))).build().unwrap();
            let error = get(&core).await.unwrap_err();
            let said = error.api().unwrap().error.as_ref().unwrap();
            for text in [Some(&said.error), said.path.as_ref(), said.code.as_ref()].into_iter().flatten() {
                assert!(text.len() <= 64 * 1024 && text.len() > 60_000, "{}", text.len());
                assert!(!text.contains(KEY.split_at(2).0), "{}", &text[60_000..]);
            }
        }
    }
    // Cut in the midst of a character, and with a key that is shorter than what stands for it.
    let said = json!({"error": format!("x{}", "猫".repeat(30_000))}).to_string();
    let core = double(move |_| Ok(response(400, &[], &said))).build().unwrap();
    let error = get(&core).await.unwrap_err();
    assert_eq!(error.api().unwrap().error.as_ref().unwrap().error.chars().count(), 21_846);
    let core = double(|_| Ok(response(400, &[], "kKk and so on"))).bearer_auth("k").build().unwrap();
    assert_eq!(get(&core).await.unwrap_err().api().unwrap().body, "[[[ and so on");
}

#[tokio::test]
async fn no_part_of_a_key_is_shown_that_reads_like_a_number() {
    let core = double(|_| Ok(response(200, &[], KEY))).retry(RetryPolicy::none()).build().unwrap();
    for error in [get(&core).await.map(drop), create(&core).await.map(drop)].map(Result::unwrap_err) {
        for text in everything(&error) {
            assert!(!text.contains(KEY.split_at(8).0), "{text}");
        }
    }
}

#[tokio::test]
async fn a_key_of_an_earlier_attempt_is_not_shown_either() {
    let server = Server::script(vec![
        Reply::json(503, "{}"),
        Reply::json(400, json!({"error": format!("the key {KEY} was used before")}).to_string()),
    ])
    .await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let core = LeonardoCore::builder()
        .bearer_auth_provider(move || {
            let first = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            async move { Ok::<_, String>(if first { KEY.to_owned() } else { "another-key".to_owned() }) }
        })
        .server_url(server.url())
        .retry(crate::common::quick())
        .build()
        .unwrap();
    let error = get(&core).await.unwrap_err();
    assert_eq!(error.call().unwrap().attempts, 2);
    assert_hidden(&error, KEY, "key of an earlier attempt");
}

#[tokio::test]
async fn what_is_configured_prints_without_the_key() {
    let builder = LeonardoCore::builder().bearer_auth(KEY).default_header("x-other", "hush");
    assert!(!format!("{builder:?} {builder:#?}").contains(KEY));
    let core = builder.build().unwrap();
    let call = image_get_generation_by_id(&core, ID).header("x-more", "hush");
    let texts =
        format!("{core:?} {core:#?} {call:?} {call:#?} {:?}", image_get_generation_by_id(&core, ID).with_response());
    assert!(!texts.contains(KEY) && !texts.contains("hush"), "{texts}");
    assert!(format!("{call:?}").contains("image_get_generation_by_id"));

    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let shared = seen.clone();
    let core = double(move |request| {
        *shared.lock().unwrap() = format!("{request:?} {request:#?}");
        Ok(response(200, &[], GENERATION))
    });
    get(&core.build().unwrap()).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.contains("authorization") && !seen.contains(KEY), "{seen}");
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_not_shown() {
    for key in [format!("{KEY}\n"), format!(" {KEY}"), format!("{KEY}ä")] {
        let error = LeonardoCore::new(key.clone()).unwrap_err();
        assert_hidden(&error, KEY, &key);
        let given = key.clone();
        let core = LeonardoCore::builder()
            .bearer_auth_provider(move || {
                let given = given.clone();
                async move { Ok::<_, String>(given) }
            })
            .build()
            .unwrap();
        assert_hidden(&get(&core).await.unwrap_err(), KEY, &key);
    }
}
