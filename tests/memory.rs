//! Memory: whatever a server sends, a call takes less than eight times `max_response_bytes`.
//!
//! Each test serves one body. The call is made by a process of its own, so that nothing but the client is measured: this
//! program again, of which only the test `child` runs.
#![cfg(all(feature = "full", target_os = "linux"))]

mod common;

use std::process::Command;

use common::{ID, KEY, LONG, Reply, Server, create, everything, get};
use leonardo_ai::funcs::image_get_generations_by_user_id;
use leonardo_ai::{DecodeReason, Error, LeonardoCore, RetryPolicy};

/// The default, spelled out.
const LIMIT: usize = 16 * 1024 * 1024;
const MOST: usize = 8 * LIMIT;

/// Names the call that the child makes, and the server.
const TASK: &str = "LEONARDO_AI_MEMORY_TASK";

/// The child's part: one call, what came of it, and the most memory that the process ever had.
#[tokio::test]
async fn child() {
    let Ok(task) = std::env::var(TASK) else {
        println!("nothing to do: the other tests run this one with a task");
        return;
    };
    let (call, url) = task.split_once(' ').unwrap();
    let builder = LeonardoCore::builder().bearer_auth(KEY).server_url(url).timeout(LONG).deadline(None);
    let core = builder.max_response_bytes(LIMIT).retry(RetryPolicy::none()).build().unwrap();
    let result = match call {
        "create" => create(&core).await.map(|_| 1),
        "get" => get(&core).await.map(|generation| generation.prompt.len()),
        "list" => image_get_generations_by_user_id(&core, ID, Default::default()).await.map(|list| list.len()),
        other => panic!("{other}"),
    };
    // Messages count too.
    let texts = result.as_ref().err().map(everything).unwrap_or_default();
    assert!(texts.iter().all(|text| text.len() < 20_000 && !text.contains(KEY)), "{texts:?}");
    let outcome = result.map_or_else(|error| told(&error), |count| format!("ok {count}"));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")).unwrap();
    println!("\n{TASK} {} {outcome}", peak.trim());
}

fn told(error: &Error) -> String {
    match error {
        Error::Api(error) => format!("api {:?} {:?}", error.kind, error.error.as_ref().map(|error| error.error.len())),
        Error::Decode(error) => match &error.reason {
            DecodeReason::Json { message, .. } => format!("json {}", message.chars().take(40).collect::<String>()),
            other => format!("{other:?}"),
        },
        Error::OutcomeUnknown(error) => format!("unknown {:?} {}", error.id, told(&error.cause)),
        other => format!("{other:?}"),
    }
}

/// Has a child make a call that gets this response, and returns what came of it.
#[track_caller]
fn outcome(call: &str, status: u16, body: impl Into<Vec<u8>>) -> String {
    let body = body.into();
    assert!(body.len() <= LIMIT && body.len() > LIMIT - 1000, "{}", body.len());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::always(Reply::with(status, &[], body)));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(TASK, format!("{call} {}", server.url()))
        .output()
        .unwrap();
    let (output, errors) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    let line = output.lines().find_map(|line| line.strip_prefix(TASK)).unwrap_or_else(|| panic!("{output} {errors}"));
    let (peak, outcome) = line.trim().split_once(' ').unwrap();
    println!("{} MiB: {outcome}", peak.parse::<usize>().unwrap() / 1024);
    assert!(peak.parse::<usize>().unwrap() * 1024 < MOST, "{peak} kB: {outcome}");
    outcome.to_owned()
}

/// `start`, then `again` as often as it fits, then `end`.
fn filled(start: &str, again: &str, end: &str) -> String {
    let count = (LIMIT - start.len() - end.len()) / again.len();
    format!("{start}{}{end}", again.repeat(count))
}

const EXPANDS: &str = "Expands { limit: 50331648 }";

#[test]
fn records_that_take_many_times_their_text() {
    for record in [r#"{"id":1},"#, r#"{"id":1,"generated_images":[{}]},"#, r#"{"id":1,"generation_elements":[null,{}]},"#]
    {
        let body = filled(r#"{"generations":["#, record, "null]}");
        assert_eq!(outcome("list", 200, body), EXPANDS, "{record}");
    }
    let body = filled(r#"{"generations":[{"id":1,"generated_images":["#, "{},", "null]}]}");
    assert_eq!(outcome("list", 200, body), EXPANDS);
}

#[test]
fn records_that_are_passed_over() {
    for record in ["{},", "null,", r#"{"generated_images":[{}]},"#] {
        let body = filled(r#"{"generations":["#, record, "null]}");
        assert_eq!(outcome("list", 200, body), "ok 0", "{record}");
    }
}

#[test]
fn errors_that_are_deep_or_wide() {
    let deep = filled(r#"{"errors":["#, "[", "");
    let wide = filled(r#"{"errors":[{"message":"no","extensions":{"#, r#""a":{},"#, r#""code":"bad-request"}}]}"#);
    let many = filled(r#"{"errors":["#, r#"{"message":"no"},"#, "7]}");
    let object = filled(r#"{"errors":{"#, r#""a":{},"#, r#""b":1}}"#);
    let texts = filled(r#"{"errors":[{"#, r#""message":1,"#, r#""message":"no"}]}"#);
    for (body, told) in [
        (deep, "api InvalidRequest None"),
        (wide, "api InvalidRequest Some(2)"),
        (many, "api InvalidRequest Some(2)"),
        (object, "api InvalidRequest None"),
        (texts, "api InvalidRequest Some(2)"),
    ] {
        assert_eq!(outcome("get", 400, body), told);
    }
    // Told in a form that is not known: the beginning of the whole body is what it says.
    let other = filled(r#"{"errors":[{"#, r#""a":{},"#, r#""b":1}]}"#);
    assert_eq!(outcome("get", 200, other), "api Unexpected Some(65536)");
}

#[test]
fn what_is_no_text() {
    assert_eq!(outcome("get", 200, vec![0xff; LIMIT]), "json it is not UTF-8");
    assert_eq!(outcome("get", 500, vec![0xff; LIMIT]), "api Server None");
    let mut late = filled(r#"{"sdGenerationJob":{"generationId":"g","cost":""#, "x", r#""}}"#).into_bytes();
    *late.last_mut().unwrap() = 0xff;
    assert_eq!(outcome("create", 200, late), r#"unknown Some("g") json it is not UTF-8"#);
}

#[test]
fn pages() {
    let page = filled("<!DOCTYPE html><html><body>", "<p>\u{7f}</p>\n", "</body></html>");
    assert_eq!(outcome("get", 200, &*page), "Html");
    assert_eq!(outcome("get", 404, &*page), "api Unexpected None");
    assert_eq!(outcome("create", 502, page), "unknown None api Server None");
}

#[test]
fn bodies_full_of_the_key() {
    assert_eq!(outcome("get", 200, filled("", KEY, "")), "json it is not what was expected");
    assert_eq!(outcome("get", 500, filled("", KEY, "")), "api Server None");
    let told = filled(r#"{"error":""#, KEY, r#""}"#);
    assert_eq!(outcome("get", 400, &*told), "api InvalidRequest Some(65536)");
    assert_eq!(outcome("get", 200, told), "api Unexpected Some(65536)");
}

#[test]
fn long_texts() {
    let text = filled(r#"{"generations_by_pk":{"id":"g","prompt":""#, "\\n", r#""}}"#);
    assert!(outcome("get", 200, text).starts_with("ok 83"));
    let two = r#"\u007f\u0001","prompt":""#;
    let text = filled(r#"{"generations_by_pk":{"id":"g","prompt":""#, two, r#""}}"#);
    assert_eq!(outcome("get", 200, text), "ok 0");
    // An error that quotes what it found must not quote all of it, which takes six times as much.
    for (start, end) in [("\"", "\""), (r#"{"generations_by_pk":""#, r#""}"#)] {
        let outcome = outcome("get", 200, filled(start, "\u{7f}", end));
        assert!(outcome.starts_with("json invalid value: string"), "{outcome}");
    }
    assert_eq!(outcome("get", 400, filled("\"", "\u{7f}", "\"")), "api InvalidRequest None");
}

#[test]
fn fields_that_come_again_and_again() {
    let prompts = filled(r#"{"generations_by_pk":{"id":"g","#, r#""prompt":"some text","#, r#""seed":1}}"#);
    assert_eq!(outcome("get", 200, prompts), "ok 9");
    let ids = filled(r#"{"generations_by_pk":{"#, r#""id":1,"#, r#""seed":1}}"#);
    assert_eq!(outcome("get", 200, ids), EXPANDS);
    let records = filled("{", r#""generations_by_pk":{"id":"g"},"#, r#""a":1}"#);
    assert_eq!(outcome("get", 200, records), "ok 0");
    let lists = filled("{", r#""generations":[{"id":"g"}],"#, r#""a":1}"#);
    assert_eq!(outcome("list", 200, lists), EXPANDS);
}

#[test]
fn responses_to_a_create_keep_the_id() {
    let costs = filled(r#"{"sdGenerationJob":{"generationId":"g","cost":{"#, r#""unit":1,"#, r#""amount":"1"}}}"#);
    assert_eq!(outcome("create", 200, costs), format!(r#"unknown Some("g") {EXPANDS}"#));
    let cut = filled(r#"{"sdGenerationJob":{"generationId":"g","cost":{"amount":""#, "\\u0001", "");
    assert_eq!(outcome("create", 200, cut), r#"unknown Some("g") json EOF while parsing a string"#);
    let fits = filled(r#"{"sdGenerationJob":{"generationId":"g","cost":{"amount":""#, "7", r#""}}}"#);
    assert_eq!(outcome("create", 200, fits), "ok 1");
}
