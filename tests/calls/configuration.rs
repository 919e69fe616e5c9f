//! How a core is made, what it is made of, and where it can be used.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use leonardo_ai::funcs::{
    image_create_generation, image_create_generation_once, image_delete_generation_by_id, image_download,
    image_get_generation_by_id, image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::Method;
use leonardo_ai::models::{CreateGenerationRequest, Generation, GenerationJob};
use leonardo_ai::{
    BoxFuture, Call, Error, LeonardoCore, LeonardoCoreBuilder, RetryPolicy, Sending, SendingWithResponse, Transport,
    TransportError, TransportErrorKind, TransportRequest, TransportResponse, WithResponse, reqwest,
};
use leonardo_ai_emulator::Emulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{
    CREATED, GENERATION, ID, KEY, LONG, ME, Refusing, Reply, SHORT, Server, create, double, get, me, quick, response,
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
        ("https://h", "https://h"),
        ("https://h/", "https://h"),
        ("HTTPS://H:443/a/v1/", "https://h/a"),
        ("http://localhost:8080/v1", "http://localhost:8080"),
        ("https://[::1]:8443/v1", "https://[::1]:8443"),
    ] {
        assert_eq!(valid().server_url(url).build().unwrap().server_url(), expected, "{url}");
    }
}

/// Servers that `http` is refused for.
const ELSEWHERE: [&str; 6] = [
    "http://h.example/a-path",
    "http://localhost.example/a-path",
    "http://10.0.0.1:8080/a-path",
    "http://0.0.0.0/a-path",
    "http://[2001:db8::1]/a-path",
    "HTTP://cloud.leonardo.ai/a-path",
];

#[tokio::test]
async fn the_key_is_not_sent_unencrypted_unless_that_is_allowed() {
    for url in ELSEWHERE {
        let text = assert_config(valid().server_url(url).build(), "server_url");
        assert!(text.contains("allow_http(true)") && text.contains("LEONARDO_ALLOW_HTTP"), "{text}");
        assert!(!text.contains("a-path") && !text.contains("8080"), "{text}");
        assert_config(valid().server_url(url).allow_http(true).allow_http(false).build(), "server_url");
        valid().server_url(url).allow_http(true).build().unwrap();
    }
    for url in ["http://localhost/", "http://a.localhost:1/", "http://127.3.2.1/", "http://[::ffff:127.0.0.1]/"] {
        valid().server_url(url).build().unwrap();
    }

    // A call to another server has the same key.
    let sent = Arc::new(Mutex::new(Vec::new()));
    let shared = sent.clone();
    let builder = || {
        let shared = shared.clone();
        double(move |request| {
            shared.lock().unwrap().push(request.url.to_string());
            Ok(response(200, &[], ME))
        })
    };
    let core = builder().build().unwrap();
    for url in ELSEWHERE {
        let error = user_get_user_self(&core).server_url(url).await.unwrap_err();
        let Error::InvalidRequest(refused) = &error else { panic!("{error:?}") };
        assert_eq!(refused.field, "server_url");
        assert!(refused.reason.contains("allow_http(true)") && !refused.reason.contains("a-path"), "{error}");
    }
    assert!(sent.lock().unwrap().is_empty());
    let core = builder().allow_http(true).build().unwrap();
    for url in ELSEWHERE {
        user_get_user_self(&core).server_url(url).await.unwrap();
    }
    assert_eq!(sent.lock().unwrap().len(), ELSEWHERE.len());
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
            .and_then(|builder| builder.server_url("https://override/").bearer_auth("bad key").build()),
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
    in_environment_with(task, key, url, None).await
}

async fn in_environment_with(
    task: &str,
    key: Option<&std::ffi::OsStr>,
    url: Option<&str>,
    allow_http: Option<&str>,
) -> String {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "configuration::child_of_the_environment", "--nocapture"]).env(CHILD, task);
    child.env_remove("LEONARDO_API_KEY").env_remove("LEONARDO_SERVER_URL").env_remove("LEONARDO_ALLOW_HTTP");
    child.kill_on_drop(true);
    if let Some(allow_http) = allow_http {
        child.env("LEONARDO_ALLOW_HTTP", allow_http);
    }
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
    let report = in_environment("core", key(KEY), Some("https://h.example/api/rest/v1/")).await;
    assert_eq!(report, "url https://h.example/api/rest");
    for allowed in [None, Some(""), Some("0"), Some("false"), Some("yes")] {
        let report = in_environment_with("core", key(KEY), Some("http://h.example/"), allowed).await;
        assert!(report.starts_with("error LEONARDO_SERVER_URL ") && report.contains("LEONARDO_ALLOW_HTTP"), "{report}");
    }
    for allowed in ["1", "true"] {
        let report = in_environment_with("core", key(KEY), Some("http://h.example/"), Some(allowed)).await;
        assert_eq!(report, "url http://h.example");
    }

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
        sent::<Call<Generation>>();
        sent::<WithResponse<GenerationJob>>();
        sent::<LeonardoCoreBuilder>();
        sent::<Sending<Generation>>();
        sent::<SendingWithResponse<Generation>>();
    }
}

/// Without a box, and without a parameter for the future's type.
struct Pending {
    call: Sending<Generation>,
    with_response: SendingWithResponse<Generation>,
}

#[tokio::test]
async fn calls_under_way_can_be_kept() {
    let server = Server::always(Reply::json(200, GENERATION)).await;
    // A call owns what it needs of the core.
    let core = server.core();
    let pending = Pending {
        call: image_get_generation_by_id(&core, ID).into_future(),
        with_response: image_get_generation_by_id(&core, ID).with_response().into_future(),
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
async fn the_core_s_client_is_configured_again_and_again() {
    let server = Server::always(Reply::json(200, ME)).await;
    let header = |name, value: &str| {
        let header = [(reqwest::header::HeaderName::from_static(name), value.parse().unwrap())];
        move |client: reqwest::ClientBuilder| client.default_headers(header.into_iter().collect())
    };
    let builder = server.builder().configure_client(header("x-one", "1")).configure_client(|client| client.no_proxy());
    me(&builder.configure_client(header("x-two", "2")).build().unwrap()).await.unwrap();
    let request = &server.expect(1).await[0];
    assert_eq!((request.header("x-one"), request.header("x-two")), (Some("1"), Some("2")));
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
}

#[test]
fn a_client_that_cannot_be_made_is_a_configuration_error() {
    let text = assert_config(valid().configure_client(|client| client.user_agent("a\nb")).build(), "configure_client");
    assert!(text.contains("header"), "{text}");
}

/// Follows redirects and sends again whatever comes back.
fn reckless(client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    let again = reqwest::retry::for_host("127.0.0.1").no_budget().max_retries_per_request(5);
    let again = again.classify_fn(|exchange| exchange.retryable());
    client.redirect(reqwest::redirect::Policy::limited(5)).retry(again).no_proxy()
}

#[tokio::test]
async fn redirects_and_retries_stay_off_however_the_client_is_configured() {
    let core = valid().configure_client(reckless).retry(quick()).build().unwrap();
    for status in [301, 302, 303, 307, 308] {
        for reply in [Reply::json(404, "{}"), Reply::json(429, "{}"), Reply::Reset] {
            let other = Server::always(reply).await;
            let location = format!("{}/v1/generations/{ID}", other.url());
            let server = Server::always(Reply::with(status, &[("location", &location)], "")).await;
            let call = image_create_generation(&core, Default::default()).server_url(server.url());
            let error = call.await.unwrap_err();
            assert!(error.may_have_been_charged(), "{status}: {error}");
            assert_eq!(error.api().unwrap().status, status, "{error}");
            assert_eq!((server.count(), other.connections()), (1, 0), "{status}");
        }
    }
    for failure in [Reply::Reset, Reply::Close(Vec::new()), Reply::json(503, "{}"), Reply::cut(200, "{")] {
        let server = Server::always(failure).await;
        let call = image_create_generation(&core, Default::default()).server_url(server.url());
        assert!(call.await.unwrap_err().may_have_been_charged());
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn nothing_that_is_seen_behind_a_redirect_proves_that_nothing_was_done() {
    let refusing = Refusing::new();
    let mut targets = vec![(None::<Server>, format!("{}/v1/me", refusing.url()))];
    for reply in [
        Reply::json(200, CREATED),
        Reply::json(400, r#"{"error":"no","code":"bad-request"}"#),
        Reply::json(401, "{}"),
        Reply::json(404, "{}"),
        Reply::json(429, "{}"),
        Reply::json(500, r#"{"error":"Invalid response from authorization hook","code":"unexpected"}"#),
        Reply::cut(400, "{"),
        Reply::with(400, &[("content-length", "99999999999")], ""),
        Reply::Reset,
        // Without end.
        Reply::with(302, &[("location", "/again")], ""),
    ] {
        let server = Server::always(reply).await;
        let url = server.url();
        targets.push((Some(server), url));
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for status in [301, 302, 303, 307, 308] {
        for (_server, target) in &targets {
            let server = Server::always(Reply::with(status, &[("location", target)], "")).await;
            let core = server.builder().client_guaranteed_not_to_redirect_or_retry(client.clone()).build().unwrap();
            let error = create(&core).await.unwrap_err();
            let context = format!("{status} {target}: {error}");
            let Error::OutcomeUnknown(unknown) = &error else { panic!("{context}") };
            let Error::Connection(connection) = &unknown.cause else { panic!("{context}") };
            assert_eq!(connection.source.kind(), TransportErrorKind::Exchange, "{context}");
            assert_eq!(connection.source.status(), None, "{context}");
            assert_eq!((error.call().unwrap().attempts, server.count()), (1, 1), "{context}");
        }
    }
}

#[tokio::test]
async fn a_finished_client_is_used_for_calls() {
    let server = Server::always(Reply::json(200, ME)).await;
    let client = reqwest::Client::builder().user_agent("mine").no_proxy().build().unwrap();
    let core = server.builder().client_guaranteed_not_to_redirect_or_retry(client).build().unwrap();
    me(&core).await.unwrap();
    assert_eq!(server.expect(1).await[0].header("authorization"), Some(&*format!("Bearer {KEY}")));
    // What it fails with where it follows no redirect is known as for the core's own client.
    for (reply, charged) in [(Reply::json(400, "{}"), false), (Reply::cut(400, "{"), false), (Reply::Reset, true)] {
        let server = Server::always(reply).await;
        let core = core.clone();
        let error = image_create_generation(&core, Default::default()).server_url(server.url()).await.unwrap_err();
        assert_eq!(error.may_have_been_charged(), charged, "{error}");
    }
    // Whom it could not reach is not known.
    let refusing = Refusing::new();
    let error = image_create_generation(&core, Default::default()).server_url(refusing.url()).await.unwrap_err();
    assert!(error.may_have_been_charged() && error.call().unwrap().attempts == 1, "{error}");
    let error = image_get_generation_by_id(&core, ID).server_url(refusing.url()).await.unwrap_err();
    assert_eq!(error.call().unwrap().attempts, 4, "{error}");
}

#[tokio::test]
async fn a_timeout_of_the_client_leaves_the_outcome_of_a_create_unknown() {
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let core = server.builder().configure_client(|client| client.timeout(SHORT).no_proxy()).build().unwrap();
    assert!(create(&core).await.unwrap_err().may_have_been_charged());
    server.expect(1).await;
}

/// What a forward proxy does with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Proxying {
    /// Forwards it, and gives the response.
    Pass,
    /// Says that there is no way to the server.
    Refuse(u16),
    /// Forwards it, but says that there was no response in time.
    Lose(u16),
    /// Forwards it, and closes in the middle of the response.
    Cut,
    /// Forwards it, and closes without a response.
    Close,
}

/// A forward proxy that does one thing after the other, the last one again and again, and the heads of all requests.
async fn proxy(script: Vec<Proxying>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            // A connection is used once, and what is sent on it ends with a body of JSON or with a head.
            let end = loop {
                let length = client.read(&mut buffer).await.unwrap();
                assert_ne!(length, 0, "the client is gone");
                request.extend_from_slice(&buffer[..length]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let announced = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                if body.len() >= announced.map_or(0, |length| length.parse().unwrap()) {
                    break head.len();
                }
            };
            let head = String::from_utf8(request[..end].to_vec()).unwrap();
            let proxying = {
                let mut seen = seen.lock().unwrap();
                seen.push(head.clone());
                script[(seen.len() - 1).min(script.len() - 1)]
            };
            let mut response = Vec::new();
            if !matches!(proxying, Proxying::Refuse(_)) {
                let mut words = head.split(' ');
                let (method, target) = (words.next().unwrap(), words.next().unwrap());
                let target = reqwest::Url::parse(target).expect("the absolute form");
                let server = (target.host_str().unwrap(), target.port().unwrap());
                let mut server = TcpStream::connect(server).await.unwrap();
                let first = format!("{method} {} HTTP/1.1\r\nconnection: close\r\n", target.path());
                let rest = &request[head.find("\r\n").unwrap() + 2..];
                server.write_all(&[first.as_bytes(), rest].concat()).await.unwrap();
                server.read_to_end(&mut response).await.unwrap();
            }
            match proxying {
                Proxying::Pass => {}
                Proxying::Refuse(status) | Proxying::Lose(status) => {
                    let body = "<html>no way</html>";
                    let length = body.len();
                    response = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes();
                }
                Proxying::Cut => response.truncate(response.len() - 20),
                Proxying::Close => response.clear(),
            }
            let _ = client.write_all(&response).await;
            let _ = client.shutdown().await;
        }
    });
    (url, heads)
}

fn through(proxy: &str) -> impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    let proxy = reqwest::Proxy::all(proxy).unwrap();
    move |client| client.proxy(proxy).pool_max_idle_per_host(0)
}

#[tokio::test]
async fn a_proxy_that_fails_a_create_leaves_its_outcome_unknown_and_it_is_charged_once_at_most() {
    use Proxying::{Close, Cut, Lose, Pass, Refuse};
    for (fault, charged) in [
        (Refuse(502), 0),
        (Refuse(503), 0),
        (Refuse(504), 0),
        (Lose(502), 1),
        (Lose(504), 1),
        (Lose(408), 1),
        (Cut, 1),
        (Close, 1),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let builder = || LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url());
        let (url, heads) = proxy(vec![fault, Pass]).await;
        let core = builder().configure_client(through(&url)).retry(quick()).build().unwrap();
        let error = create(&core).await.unwrap_err();
        assert!(error.may_have_been_charged(), "{fault:?}: {error}");
        assert_eq!((heads.lock().unwrap().len(), emulator.charges().len()), (1, charged), "{fault:?}");
        let head = heads.lock().unwrap()[0].clone();
        assert!(head.starts_with(&format!("POST {}/v1/generations HTTP/1.1\r\n", emulator.base_url())), "{head}");

        // Creating exactly once finds out through the same proxy.
        let (url, _) = proxy(vec![fault, Pass]).await;
        let core = builder().configure_client(through(&url)).retry(quick()).build().unwrap();
        let once = image_create_generation_once(&core, CreateGenerationRequest::new("a pier"));
        let job = once.grace(Duration::from_millis(100)).await.unwrap();
        assert_eq!(emulator.charges().len(), charged + 1, "{fault:?}");
        assert_eq!(emulator.charges().pop().unwrap().generation_id, job.generation_id.as_str());
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_proxy_is_not_told_the_key_on_the_way_to_another_host() {
    for fault in [Proxying::Refuse(502), Proxying::Refuse(504), Proxying::Refuse(407)] {
        let (url, heads) = proxy(vec![fault]).await;
        let builder = || valid().configure_client(through(&url)).retry(quick());
        // The server itself, which is asked only within TLS.
        let core = builder().server_url("https://h.example/api/rest").build().unwrap();
        let error = create(&core).await.unwrap_err();
        assert!(!error.may_have_been_charged(), "{fault:?}: {error}");
        // Where the key does not belong at all.
        let link = "https://cdn.example/a.png";
        image_download(&core, link).to_bytes().await.unwrap_err();
        let error = user_get_user_self(&core).server_url("http://h.example/").await.unwrap_err();
        assert!(matches!(&error, Error::InvalidRequest(refused) if refused.field == "server_url"), "{error}");

        let heads = heads.lock().unwrap();
        assert_eq!(heads.iter().filter(|head| head.starts_with("CONNECT h.example:443 ")).count(), 4, "{heads:?}");
        assert!(heads.iter().any(|head| head.starts_with("CONNECT cdn.example:443 ")), "{heads:?}");
        for head in heads.iter() {
            assert!(head.starts_with("CONNECT ") && !head.contains(KEY), "{head}");
            assert!(!head.to_lowercase().contains("\r\nauthorization:"), "{head}");
        }
    }
    // Nor by a redirect that it gives itself.
    let proxy = Server::always(Reply::with(307, &[("location", "http://other.example/v1/generations")], "")).await;
    let url = proxy.url().replace("/api/rest", "");
    let core = valid().server_url("http://127.0.0.1:9").configure_client(through(&url)).build().unwrap();
    assert!(create(&core).await.unwrap_err().may_have_been_charged());
    let received = proxy.expect(1).await;
    assert_eq!(received[0].target, "http://127.0.0.1:9/v1/generations");
}

#[tokio::test]
async fn the_loopback_of_ipv6_is_a_server_like_any_other() {
    let refused = assert_config(valid().server_url("http://[2001:db8::1]:8080/a-path").build(), "server_url");
    assert!(refused.contains("http://[2001:db8::1]") && !refused.contains("a-path"), "{refused}");

    let listener = match TcpListener::bind(("::1", 0)).await {
        Ok(listener) => listener,
        Err(error) => return eprintln!("::1 cannot be bound, so nothing is called there: {error}"),
    };
    let server = Server::on(listener, |_, request| {
        Reply::json(200, if request.method == "POST" { CREATED } else { GENERATION })
    });
    assert!(server.url().starts_with("http://[::1]:"), "{}", server.url());
    let core = server.core();
    assert_eq!(create(&core).await.unwrap().generation_id.as_str(), ID);
    get(&core).await.unwrap();
    for request in server.expect(2).await {
        assert_eq!(request.header("host").map(|host| server.url().contains(host)), Some(true));
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    }
    // As a call's own server, and in the form that holds an address of IPv4.
    let core = valid().build().unwrap();
    image_get_generation_by_id(&core, ID).server_url(server.url()).await.unwrap();
    let error = image_get_generation_by_id(&core, ID).server_url("http://[2001:db8::1]:8080/a-path").await.unwrap_err();
    let Error::InvalidRequest(refused) = &error else { panic!("{error:?}") };
    assert_eq!(refused.field, "server_url");
    assert!(error.to_string().contains("http://[2001:db8::1]") && !error.to_string().contains("a-path"), "{error}");
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_transport_of_ones_own_gets_the_whole_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let recorder = seen.clone();
    let core = double(move |request| {
        let body = if request.method == Method::POST { CREATED } else { GENERATION };
        recorder.lock().unwrap().push(request);
        Ok(response(200, &[("x-from", "double")], body))
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
