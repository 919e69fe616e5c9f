//! How a core is made, what it is made of, and where it can be used.
#![cfg(feature = "full")]

mod common;

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{CREATED, GENERATION, ID, KEY, LONG, ME, Reply, SHORT, Server, answer, create, double, get, me};
use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::Method;
use leonardo_ai::models::{Generation, GenerationJob};
use leonardo_ai::{
    BoxFuture, Call, Error, LeonardoCore, LeonardoCoreBuilder, RetryPolicy, Sending, SendingWithResponse, Transport,
    TransportError, TransportErrorKind, TransportRequest, TransportResponse, WithResponse, reqwest,
};

fn valid() -> LeonardoCoreBuilder {
    LeonardoCore::builder().bearer_auth(KEY)
}

#[track_caller]
fn assert_config(result: Result<LeonardoCore, Error>, field: &str) -> String {
    let error = result.unwrap_err();
    let Error::Config(config) = &error else { panic!("{error:?}") };
    assert_eq!(config.field, field, "{error}");
    assert!(!config.reason.is_empty());
    assert!(error.call().is_none() && error.api().is_none() && !error.may_have_been_charged());
    let text = error.to_string();
    assert!(text.contains(field) && text.contains(&*config.reason), "{text}");
    text
}

#[test]
fn a_key_that_cannot_be_one_is_refused_with_the_reason() {
    for (key, reason) in [
        ("", "empty"),
        (" ", "blank"),
        (" key", "blank"),
        ("key ", "blank"),
        ("two words", "blank"),
        ("tab\tbed", "blank"),
        ("key\n", "line break"),
        ("key\r\nx-injected: 1", "line break"),
        ("key\0", "control"),
        ("key\u{7f}", "control"),
        ("key\u{1b}[0m", "control"),
        ("schlüssel", "ASCII"),
        ("key\u{a0}", "ASCII"),
        ("\u{feff}key", "ASCII"),
    ] {
        let text = assert_config(LeonardoCore::builder().bearer_auth(key).build(), "bearer_auth");
        assert!(text.contains(reason), "{key:?}: {text}");
        assert_config(LeonardoCore::new(key), "bearer_auth");
    }
    for key in [KEY, "k", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"] {
        LeonardoCore::new(key).unwrap();
    }
    assert_config(LeonardoCore::builder().build(), "bearer_auth");
}

#[test]
fn a_base_url_that_cannot_be_one_is_refused() {
    for url in [
        "",
        "cloud.leonardo.ai",
        "/api/rest",
        "ftp://cloud.leonardo.ai/api/rest",
        "file:///etc/passwd",
        "data:text/plain,x",
        "http://",
        "https:///",
        "http://h:99999/",
        "http://h h/",
        "https://user@h/",
        "https://user:hush@h/",
        "https://:hush@h/",
        "https://h/?key=hush",
        "https://h/?",
        "https://h/#hush",
    ] {
        let text = assert_config(valid().server_url(url).build(), "server_url");
        assert!(!text.contains("hush"), "{text}");
        assert!(!format!("{:?}", valid().server_url(url)).contains("hush"));
    }
}

#[test]
fn a_base_url_is_the_services_unless_it_is_set() {
    assert_eq!(valid().build().unwrap().server_url(), "https://cloud.leonardo.ai/api/rest");
    for (url, expected) in [
        ("http://h", "http://h"),
        ("http://h/", "http://h"),
        ("HTTP://H:80/a/v1/", "http://h/a"),
        ("https://[::1]:8443/v1", "https://[::1]:8443"),
    ] {
        assert_eq!(valid().server_url(url).build().unwrap().server_url(), expected, "{url}");
    }
}

#[test]
fn other_settings_that_cannot_be_used_are_refused() {
    assert_config(valid().timeout(Duration::ZERO).build(), "timeout");
    assert_config(valid().deadline(Duration::ZERO).build(), "deadline");
    assert_config(valid().user_agent("a\r\nb: c").build(), "user_agent");
    for (name, value) in [
        ("", "v"),
        ("a b", "v"),
        ("a:", "v"),
        ("ä", "v"),
        ("a\r\nb", "v"),
        ("x-a", "b\r\nx-c: d"),
        ("x-a", "b\0"),
        ("authorization", "Bearer x"),
        ("Authorization", "Bearer x"),
        ("content-type", "text/plain"),
        ("content-length", "1"),
        ("Host", "evil.example"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("upgrade", "h2c"),
        ("expect", "100-continue"),
        ("keep-alive", "1"),
    ] {
        assert_config(valid().default_header(name, value).build(), "default_header");
    }
    let text = assert_config(valid().default_header("x-secret", "hush\n").build(), "default_header");
    assert!(text.contains("x-secret") && !text.contains("hush"), "{text}");
}

#[tokio::test]
async fn the_last_of_several_keys_counts() {
    let server = Server::always(Reply::json(200, ME)).await;
    let provider = || async { Ok::<_, String>("provided".to_owned()) };
    let first = server.builder().bearer_auth_provider(provider).bearer_auth("fixed").build().unwrap();
    let second = server.builder().bearer_auth("fixed").bearer_auth_provider(provider).build().unwrap();
    me(&first).await.unwrap();
    me(&second).await.unwrap();
    let keys: Vec<_> =
        server.received().iter().map(|request| request.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(keys, ["Bearer fixed", "Bearer provided"]);
}

#[tokio::test]
async fn limits_without_end_are_possible() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server
        .builder()
        .timeout(Duration::MAX)
        .deadline(Duration::MAX)
        .max_response_bytes(usize::MAX)
        .retry(RetryPolicy::default().max_elapsed(Duration::MAX).max_attempts(u32::MAX))
        .build()
        .unwrap();
    me(&core).await.unwrap();
    user_get_user_self(&core).timeout(Duration::MAX).deadline(None).await.unwrap();
}

/// Set in the child process that [`the_environment_configures_a_core`] starts.
const CHILD: &str = "TEST_OF_THE_ENVIRONMENT";

/// Not a test of its own: in a child process it reports what the environment makes.
#[tokio::test]
async fn child_of_the_environment() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let built = match &*task {
        "core" => LeonardoCore::from_env(),
        "override" => LeonardoCore::builder_from_env()
            .and_then(|builder| builder.server_url("http://override/").bearer_auth("bad key").build()),
        _ => panic!("{task}"),
    };
    match built {
        Ok(core) if core.server_url().contains("127.0.0.1") => {
            println!("REPORT called {:?}", me(&core).await.map(|details| details.user.map(|user| user.username)));
        }
        Ok(core) => println!("REPORT url {}", core.server_url()),
        Err(Error::Config(error)) => println!("REPORT error {} {error}", error.field),
        Err(error) => println!("REPORT other {error}"),
    }
}

/// What [`child_of_the_environment`] reports.
async fn in_environment(task: &str, key: Option<&std::ffi::OsStr>, url: Option<&str>) -> String {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_of_the_environment", "--nocapture"]).env(CHILD, task);
    child.env_remove("LEONARDO_API_KEY").env_remove("LEONARDO_SERVER_URL").kill_on_drop(true);
    if let Some(key) = key {
        child.env("LEONARDO_API_KEY", key);
    }
    if let Some(url) = url {
        child.env("LEONARDO_SERVER_URL", url);
    }
    let output = child.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let at = text.find("REPORT ").unwrap_or_else(|| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
    text[at + "REPORT ".len()..].lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_environment_configures_a_core() {
    let key = |key: &'static str| Some(key.as_ref());
    let report = in_environment("core", key(KEY), None).await;
    assert_eq!(report, "url https://cloud.leonardo.ai/api/rest");
    let report = in_environment("core", key(KEY), Some("http://h.example/api/rest/v1/")).await;
    assert_eq!(report, "url http://h.example/api/rest");

    let server = Server::always(Reply::json(200, ME)).await;
    let report = in_environment("core", key(KEY), Some(&server.url())).await;
    assert!(report.starts_with("called Ok") && report.contains("example-user"), "{report}");
    assert_eq!(server.expect(1).await[0].header("authorization"), Some(&*format!("Bearer {KEY}")));
}

#[tokio::test]
async fn a_variable_that_is_missing_or_cannot_be_used_is_named() {
    let key = |key: &'static str| Some(key.as_ref());
    for (given, url, field) in [
        (None, None, "LEONARDO_API_KEY"),
        (None, Some("http://h/"), "LEONARDO_API_KEY"),
        (key(""), None, "LEONARDO_API_KEY"),
        (key("hush hush"), None, "LEONARDO_API_KEY"),
        (key("hush\n"), None, "LEONARDO_API_KEY"),
        (key(KEY), Some("nowhere"), "LEONARDO_SERVER_URL"),
        (key(KEY), Some("http://user:hush@h/"), "LEONARDO_SERVER_URL"),
    ] {
        let report = in_environment("core", given, url).await;
        assert!(report.starts_with(&format!("error {field} ")), "{report}");
        assert!(!report.contains("hush"), "{report}");
    }
    // What is set in code is named as in code.
    let report = in_environment("override", key(KEY), Some("nowhere")).await;
    assert!(report.starts_with("error bearer_auth "), "{report}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let report = in_environment("core", Some(std::ffi::OsStr::from_bytes(b"key\xff")), None).await;
    assert!(report.starts_with("error LEONARDO_API_KEY "), "{report}");
}

const fn shared<T: Send + Sync + Clone + 'static>() {}
const fn error<T: std::error::Error + Send + Sync + 'static>() {}
const fn sent<T: Send>() {}

#[test]
fn what_is_public_can_cross_threads() {
    const {
        shared::<LeonardoCore>();
        shared::<RetryPolicy>();
        shared::<TransportRequest>();
        shared::<TransportResponse>();
        error::<Error>();
        error::<TransportError>();
        error::<leonardo_ai::OutcomeUnknownError>();
        sent::<Call<'static, Generation>>();
        sent::<WithResponse<'static, GenerationJob>>();
        sent::<LeonardoCoreBuilder>();
        sent::<Sending<'static, Generation>>();
        sent::<SendingWithResponse<'static, Generation>>();
    }
}

/// Without a box, and without a parameter for the future's type.
struct Pending {
    call: Sending<'static, Generation>,
    with_response: SendingWithResponse<'static, Generation>,
}

#[tokio::test]
async fn calls_under_way_can_be_kept() {
    let server = Server::always(Reply::json(200, GENERATION)).await;
    let core: &'static LeonardoCore = Box::leak(Box::new(server.core()));
    let pending = Pending {
        call: image_get_generation_by_id(core, ID).into_future(),
        with_response: image_get_generation_by_id(core, ID).with_response().into_future(),
    };
    assert_eq!(pending.call.await.unwrap().id, pending.with_response.await.unwrap().output.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_can_be_spawned() {
    let server = Server::always(Reply::json(200, GENERATION)).await;
    let core = server.core();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let core = core.clone();
            tokio::spawn(async move { image_get_generation_by_id(&core, ID).with_response().await.unwrap().status })
        })
        .collect();
    drop(core);
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_client_of_ones_own_is_used() {
    let server = Server::always(Reply::json(200, ME)).await;
    let headers = [(reqwest::header::HeaderName::from_static("x-client"), "mine".parse().unwrap())];
    let client =
        LeonardoCore::client_builder().default_headers(headers.into_iter().collect()).no_proxy().build().unwrap();
    me(&server.builder().client(client).build().unwrap()).await.unwrap();
    let request = &server.expect(1).await[0];
    assert_eq!(request.header("x-client"), Some("mine"));
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
}

#[tokio::test]
async fn a_redirect_that_a_client_of_ones_own_followed_is_an_error() {
    for status in [301, 302, 303, 307, 308] {
        let other =
            Server::start(|_, request| Reply::json(200, if request.method == "POST" { CREATED } else { GENERATION }))
                .await;
        let location = format!("{}/v1/generations/{ID}", other.url());
        let server = Server::always(Reply::with(status, &[("location", &location)], "")).await;
        let builder = server.builder().client(reqwest::Client::builder().no_proxy().build().unwrap());
        let core = builder.retry(RetryPolicy::none()).build().unwrap();
        let error = get(&core).await.unwrap_err();
        let Error::Connection(connection) = &error else { panic!("{status}: {error:?}") };
        assert_eq!(connection.source.kind(), TransportErrorKind::Exchange);
        assert!(error.to_string().contains("redirect"), "{error}");

        let error = create(&core).await.unwrap_err();
        assert!(error.may_have_been_charged(), "{status}: {error:?}");
        assert_eq!(server.count(), 2);
        // The key is not taken along to another host.
        for request in other.received() {
            assert_eq!(request.header("authorization"), None);
        }
    }
}

#[tokio::test]
async fn redirects_without_end_are_an_error_with_a_client_of_ones_own() {
    let server = Server::start(|_, request| Reply::with(302, &[("location", &request.target)], "")).await;
    let builder = server.builder().client(reqwest::Client::builder().no_proxy().build().unwrap());
    let core = builder.retry(RetryPolicy::none()).build().unwrap();
    assert!(matches!(get(&core).await.unwrap_err(), Error::Connection(_)));
    assert!(create(&core).await.unwrap_err().may_have_been_charged());
}

#[tokio::test]
async fn a_timeout_of_a_client_of_ones_own_leaves_the_outcome_of_a_create_unknown() {
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let client = LeonardoCore::client_builder().timeout(SHORT).no_proxy().build().unwrap();
    let core = server.builder().client(client).build().unwrap();
    assert!(create(&core).await.unwrap_err().may_have_been_charged());
    server.expect(1).await;
}

#[tokio::test]
async fn a_transport_of_ones_own_gets_the_whole_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let recorder = seen.clone();
    let core = double(move |request| {
        let body = if request.method == Method::POST { CREATED } else { GENERATION };
        recorder.lock().unwrap().push(request);
        Ok(answer(200, &[("x-from", "double")], body))
    });
    let core = core.server_url("https://h.example/api").max_response_bytes(12_345).build().unwrap();
    create(&core).await.unwrap();
    let response = image_get_generation_by_id(&core, "a/b").header("x-a", "b").with_response().await.unwrap();
    assert_eq!(response.headers["x-from"], "double");

    let seen = seen.lock().unwrap();
    let [post, read] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((&post.method, post.url.as_str()), (&Method::POST, "https://h.example/api/v1/generations"));
    assert_eq!(post.headers["authorization"], format!("Bearer {KEY}"));
    assert!(post.headers["authorization"].is_sensitive());
    assert_eq!(post.headers["content-type"], "application/json");
    assert_eq!(post.max_response_bytes, 12_345);
    assert!(post.body.as_ref().unwrap().starts_with(b"{"));
    assert_eq!((&read.method, read.url.path()), (&Method::GET, "/api/v1/generations/a%2Fb"));
    assert_eq!((read.body.as_ref(), &read.headers["x-a"]), (None, &"b".parse().unwrap()));
    assert!(!read.headers.contains_key("content-type"));
}

#[tokio::test]
async fn a_transport_that_never_answers_is_dropped_when_the_time_is_over() {
    struct Never(Arc<()>);

    impl Transport for Never {
        fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
            let held = self.0.clone();
            Box::pin(async move {
                let _held = held;
                std::future::pending().await
            })
        }
    }

    let held = Arc::new(());
    let core = valid().transport(Never(held.clone())).retry(RetryPolicy::none());
    let core = core.timeout(Duration::from_millis(20)).build().unwrap();
    assert!(matches!(get(&core).await.unwrap_err(), Error::Timeout(_)));
    assert_eq!(Arc::strong_count(&held), 2);
}

/// Work that is always ready, such as reading what is there already, uses up what Tokio lets a task do at a time.
#[tokio::test]
async fn a_transport_that_is_always_busy_is_dropped_when_the_time_is_over() {
    struct Busy;

    impl Transport for Busy {
        fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
            Box::pin(async {
                let began = std::time::Instant::now();
                while began.elapsed() < Duration::from_secs(20) {
                    tokio::task::coop::consume_budget().await;
                }
                Ok(TransportResponse::new(http::StatusCode::OK, http::HeaderMap::new(), "{}"))
            })
        }
    }

    let core = valid().transport(Busy).retry(RetryPolicy::none()).timeout(Duration::from_millis(20)).build().unwrap();
    assert!(matches!(get(&core).await.unwrap_err(), Error::Timeout(_)));
}

/// Polls a future by hand, with nothing around it.
fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("it waits for something that cannot come");
}

#[test]
fn awaiting_outside_of_a_runtime_is_an_error_and_no_panic() {
    let core = valid().build().unwrap();
    for error in [
        block_on(image_create_generation(&core, Default::default())).map(drop),
        block_on(image_get_generation_by_id(&core, ID)).map(drop),
        block_on(image_get_generations_by_user_id(&core, "u", Default::default())).map(drop),
        block_on(image_delete_generation_by_id(&core, ID).with_response()).map(drop),
        block_on(user_get_user_self(&core).raw()).map(drop),
    ]
    .map(Result::unwrap_err)
    {
        assert!(matches!(error, Error::InvalidRequest(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("Tokio runtime") && text.contains("Nothing was sent"), "{text}");
        assert!(!error.may_have_been_charged());
    }
}

#[test]
fn a_core_made_outside_of_a_runtime_works_in_any() {
    let core = Arc::new(Mutex::new(None::<LeonardoCore>));
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::always(Reply::json(200, ME)).await;
            let core = core.lock().unwrap().get_or_insert_with(|| valid().build().unwrap()).clone();
            user_get_user_self(&core).server_url(server.url()).await.unwrap();
        });
    }
}

#[tokio::test]
async fn dropping_a_call_ends_its_request() {
    for first in [Vec::new(), b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec()] {
        let server = Server::always(Reply::Stall(first)).await;
        let core = server.core();
        {
            let mut call = pin!(create(&core));
            tokio::select! {
                result = &mut call => panic!("{result:?}"),
                received = server.expect(1) => assert_eq!(received.len(), 1),
            }
        }
        server.expect_left().await;
        assert_eq!(server.count(), 1);

        let task = tokio::spawn({
            let core = core.clone();
            async move { get(&core).await }
        });
        server.expect(2).await;
        task.abort();
        assert!(tokio::time::timeout(LONG, task).await.unwrap().unwrap_err().is_cancelled());
    }
}

#[tokio::test]
async fn dropping_a_core_does_not_end_its_clones() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server.core();
    let clone = core.clone();
    drop(core);
    me(&clone).await.unwrap();
}
