//! Waits and creates that wait, of every kind: what they promise, against a server that says what a test tells it to.

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::operations::TABLE;
use leonardo_ai::{CreateAndWait, Error, Job, JobProgress, LeonardoCore, Wait, WaitErrorReason};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::common::{LONG, Received, Reply, Server};

const MS: Duration = Duration::from_millis(1);
const ID: &str = "75925cd2-fb65-4e8c-84c0-6cc010a528e3";

/// A core that polls as fast as it can.
fn core(server: &Server) -> LeonardoCore {
    server.builder().polls_per_minute(60_000).min_time_for_billable(MS).build().unwrap()
}

/// A response of that operation.
fn body(operation: &str, output: Value) -> Reply {
    let line = TABLE.iter().find(|line| line.name == operation).unwrap();
    Reply::json(200, json!({ (line.field): output }).to_string())
}

/// The records of one kind of job, as an operation responds with them.
struct Kind {
    operation: &'static str,
    /// What it is read by, in its path.
    id: &'static str,
    /// Whether it is in a list.
    listed: bool,
    pending: Value,
    complete: Value,
    failed: Value,
}

impl Kind {
    /// A record with a status.
    fn new(operation: &'static str) -> Self {
        let of = |status: &str| json!({"id": ID, "status": status});
        let (pending, complete, failed) = (of("PENDING"), of("COMPLETE"), of("FAILED"));
        Self { operation, id: ID, listed: false, pending, complete, failed }
    }

    fn generation() -> Self {
        Self::new("image_get_generation_by_id")
    }

    fn variation() -> Self {
        Self { listed: true, ..Self::new("variation_get_variation_by_id") }
    }

    fn motion_variation() -> Self {
        Self { listed: true, ..Self::new("variation_get_motion_variation_by_id") }
    }

    fn element() -> Self {
        let of = |status: &str| json!({"id": 7, "status": status});
        let (pending, complete, failed) = (of("PENDING"), of("COMPLETE"), of("FAILED"));
        Self { id: "7", pending, complete, failed, ..Self::new("elements_get_element_by_id") }
    }

    fn model() -> Self {
        Self::new("models_get_model_by_id")
    }

    fn texture() -> Self {
        Self::new("texture_get_texture_generation_by_id")
    }

    fn execution() -> Self {
        let of = |status: &str| json!({"akUUID": ID, "status": status});
        let (pending, complete, failed) = (of("QUEUED"), of("COMPLETED"), of("FAILED"));
        Self { pending, complete, failed, ..Self::new("blueprints_get_blueprint_execution") }
    }

    fn media() -> Self {
        Self {
            pending: json!({"id": ID, "status": "PROCESSING", "url": null}),
            complete: json!({"id": ID, "status": "whatever", "url": "https://h/a.mp4"}),
            failed: json!({"id": ID, "status": "FAILED", "url": null}),
            ..Self::new("media_get_uploaded_media_by_id")
        }
    }

    fn reply(&self, record: &Value) -> Reply {
        body(self.operation, if self.listed { json!([record]) } else { record.clone() })
    }

    /// That there is no such record.
    fn nothing(&self) -> Reply {
        body(self.operation, if self.listed { json!([]) } else { Value::Null })
    }

    fn target(&self) -> String {
        let line = TABLE.iter().find(|line| line.name == self.operation).unwrap();
        let folder = line.path.rsplit_once('/').unwrap().0;
        format!("/api/rest{folder}/{}", self.id)
    }
}

/// All that a wait promises.
async fn waits<J: Job>(kind: Kind, wait: impl Fn(&LeonardoCore) -> Wait<J>) {
    let wait = |server: &Server| wait(&core(server)).first_delay(MS).longest_delay(MS);
    let [pending, complete, failed] = [&kind.pending, &kind.complete, &kind.failed].map(|record| kind.reply(record));

    // It polls what it is to read until that is complete, survives what is transient, and what appears late.
    let replies = vec![kind.nothing(), pending.clone(), Reply::json(503, ""), pending.clone(), complete];
    let server = Server::script(replies).await;
    wait(&server).await.unwrap();
    for request in server.expect(5).await {
        assert_eq!((request.method.as_str(), request.target), ("GET", kind.target()));
    }

    let server = Server::script(vec![pending.clone(), failed]).await;
    let error = wait(&server).await.unwrap_err();
    assert!(matches!(error.reason, WaitErrorReason::Failed(_)), "{error:?}");
    assert!(error.to_string().starts_with(&format!("{} {} failed: ", J::NOUN, kind.id)), "{error}");
    assert_eq!(error.may_have_been_charged(), J::COSTS_CREDITS);
    assert_eq!(error.to_string().contains("charged anew"), J::COSTS_CREDITS, "{error}");

    let server = Server::always(pending).await;
    let error = wait(&server).deadline(100 * MS).await.unwrap_err();
    assert!(matches!(error.reason, WaitErrorReason::Deadline { limit, .. } if limit == 100 * MS), "{error:?}");
    assert_eq!(error.id.as_ref().map(ToString::to_string).as_deref(), Some(kind.id));
    assert_eq!(error.to_string().contains("paid for"), J::COSTS_CREDITS, "{error}");
    assert!(error.to_string().contains(kind.id) && error.to_string().contains("goes on"), "{error}");

    let server = Server::always(kind.nothing()).await;
    let error = wait(&server).appear_within(50 * MS).await.unwrap_err();
    assert!(error.is_not_found() && !error.exists && !error.may_have_been_charged(), "{error:?}");
    assert!(server.count() > 1, "it may appear late");

    // A wait that is dropped reads no more.
    let server = Server::start(|_, _| Reply::Stall(Vec::new())).await;
    let mut states = wait(&server).states();
    assert!(tokio::time::timeout(100 * MS, states.next()).await.is_err());
    drop(states);
    server.expect_left().await;
    server.expect(1).await;
}

#[tokio::test]
async fn every_wait_ends_when_its_record_is_complete_or_failed() {
    waits(Kind::generation(), |core| image_wait_for_generation(core, ID)).await;
    waits(Kind::variation(), |core| variation_wait_for_variation(core, ID)).await;
    waits(Kind::motion_variation(), |core| variation_wait_for_motion_variation(core, ID)).await;
    waits(Kind::element(), |core| elements_wait_for_element(core, 7)).await;
    waits(Kind::model(), |core| models_wait_for_model(core, ID)).await;
    waits(Kind::texture(), |core| texture_wait_for_texture_generation(core, ID)).await;
    waits(Kind::execution(), |core| blueprints_wait_for_execution(core, ID)).await;
    waits(Kind::media(), |core| media_wait_for_media(core, ID)).await;
}

#[tokio::test]
async fn media_is_what_has_an_address() {
    let media = |status: Value, url: Value| -> UploadedMedia {
        serde_json::from_value(json!({"id": ID, "status": status, "url": url})).unwrap()
    };
    for (status, url, complete, failed) in [
        (json!("FAILED"), json!("https://h/a.mp4"), true, false),
        (json!(null), json!("https://h/a.mp4"), true, false),
        (json!("failure"), json!(null), false, true),
        (json!("FAILED"), json!(""), false, true),
        (json!("NOT_FAILED"), json!(null), false, false),
        (json!("ÄÖÜ"), json!(null), false, false),
        (json!(null), json!(null), false, false),
    ] {
        let media = media(status, url);
        assert_eq!((media.is_complete(), media.is_failed()), (complete, failed), "{media:?}");
    }
}

/// All that a create with its wait promises.
async fn creates<C, J>(
    create: &'static str,
    created: Value,
    kind: Kind,
    make: impl Fn(&LeonardoCore) -> CreateAndWait<C, J>,
) where
    C: Clone + Send + PartialEq + std::fmt::Debug + 'static,
    J: Job,
{
    let make = |server: &Server| make(&core(server)).first_delay(MS).longest_delay(MS);
    let created = body(create, created);
    let [pending, complete, failed] = [&kind.pending, &kind.complete, &kind.failed].map(|record| kind.reply(record));
    let path = TABLE.iter().find(|line| line.name == create).unwrap().path;
    let posts = |requests: &[Received]| requests.iter().filter(|request| request.method == "POST").count();

    // What proves that nothing was done is sent again; then it waits for what was created.
    let limited = Reply::json(429, r#"{"error":"Too many requests","path":"$","code":"unexpected"}"#);
    let server = Server::script(vec![limited, created.clone(), pending.clone(), complete]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let done = make(&server).header("x-request-source", "nightly").on_progress(move |progress| {
        telling.lock().unwrap().push(match progress {
            JobProgress::Created(_) => "created",
            JobProgress::Pending { .. } => "pending",
            JobProgress::Complete(_) => "complete",
            _ => "other",
        });
    });
    let job = done.await.unwrap().job;
    assert_eq!(*told.lock().unwrap(), ["created", "pending", "complete"], "{job:?}");
    let requests = server.expect(4).await;
    let targets: Vec<_> = requests.iter().map(|request| request.target.clone()).collect();
    let post = format!("/api/rest{path}");
    assert_eq!(targets, [post.clone(), post, kind.target(), kind.target()]);
    assert!(requests.iter().all(|request| request.header("x-request-source") == Some("nightly")));

    // A create whose response is lost is neither sent again nor waited for.
    let server = Server::always(Reply::Reset).await;
    let error = make(&server).await.unwrap_err();
    assert!(matches!(&error.reason, WaitErrorReason::Call(Error::OutcomeUnknown(_))), "{error:?}");
    assert!(error.id.is_none() && error.may_have_been_charged() && error.to_string().starts_with(create), "{error}");
    server.expect(1).await;

    // An option that cannot be used is an error before anything is sent.
    let server = Server::always(created.clone()).await;
    let error = make(&server).header("no name", "1").await.unwrap_err();
    assert!(matches!(&error.reason, WaitErrorReason::Call(Error::InvalidRequest(_))), "{error:?}");
    assert!(!error.may_have_been_charged() && server.count() == 0, "{error}");

    // From the create on, every error has the id, and the work is paid for.
    let server = Server::script(vec![created.clone(), failed]).await;
    let error = make(&server).await.unwrap_err();
    assert!(matches!(error.reason, WaitErrorReason::Failed(_)) && error.may_have_been_charged(), "{error:?}");
    let server = Server::script(vec![created.clone(), pending.clone()]).await;
    let error = make(&server).deadline(150 * MS).await.unwrap_err();
    assert!(matches!(error.reason, WaitErrorReason::Deadline { .. }) && error.exists, "{error:?}");
    assert_eq!(error.id.map(|id| id.to_string()).as_deref(), Some(kind.id));
    assert_eq!(posts(&server.received()), 1);

    // The deadline is that of the create as well.
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let error = make(&server).deadline(100 * MS).await.unwrap_err();
    assert!(error.id.is_none() && error.may_have_been_charged(), "{error:?}");

    // Dropped after the create, it reads no more.
    let server = Server::script(vec![created, Reply::Stall(Vec::new())]).await;
    let mut steps = make(&server).progress();
    let Some(Ok(JobProgress::Created(seen))) = steps.next().await else { panic!("not created") };
    assert_eq!(seen, job);
    assert!(tokio::time::timeout(100 * MS, steps.next()).await.is_err());
    drop(steps);
    server.expect_left().await;
    server.expect(2).await;
}

#[tokio::test]
async fn variations_are_created_and_waited_for() {
    let job = || json!({"id": ID});
    creates("variation_create_variation_upscale", job(), Kind::variation(), |core| {
        variation_upscale_and_wait(core, CreateVariationUpscaleRequest::new("i"))
    })
    .await;
    creates("variation_create_variation_unzoom", job(), Kind::variation(), |core| {
        variation_unzoom_and_wait(core, CreateVariationUnzoomRequest::new("i"))
    })
    .await;
    creates("variation_create_variation_no_bg", job(), Kind::variation(), |core| {
        variation_no_bg_and_wait(core, CreateVariationNoBgRequest::new("i"))
    })
    .await;
    creates("variation_create_universal_upscaler_job", job(), Kind::variation(), |core| {
        variation_universal_upscale_and_wait(core, CreateUniversalUpscalerJobRequest::generated("i"))
    })
    .await;
}

#[tokio::test]
async fn videos_are_created_and_waited_for() {
    let job = || json!({"generationId": ID});
    creates("motion_create_svd_motion_generation", job(), Kind::generation(), |core| {
        motion_svd_and_wait(core, CreateSvdMotionGenerationRequest::generated("i"))
    })
    .await;
    creates("motion_create_video_upscale", json!({"variationId": ID}), Kind::motion_variation(), |core| {
        motion_upscale_and_wait(core, CreateVideoUpscaleRequest::new("g", VideoResolution::P1080))
    })
    .await;
}

#[tokio::test]
async fn trainings_textures_and_blueprints_are_created_and_waited_for() {
    creates("elements_create_element", json!({"userLoraId": 7}), Kind::element(), |core| {
        let request = CreateElementRequest::new("n", "d", ElementBaseModel::FluxDev, ElementFocus::Style);
        elements_create_and_wait(core, request)
    })
    .await;
    creates("models_create_model", json!({"customModelId": ID}), Kind::model(), |core| {
        models_create_and_wait(core, CreateModelRequest::new("n", "d", "magicdonut"))
    })
    .await;
    creates("texture_create_texture_generation", json!({"id": ID}), Kind::texture(), |core| {
        texture_create_and_wait(core, CreateTextureGenerationRequest::new("m", "silver"))
    })
    .await;
    creates("blueprints_execute_blueprint", json!({"akUUID": ID}), Kind::execution(), |core| {
        blueprints_execute_and_wait(core, ExecuteBlueprintRequest::new("v", [BlueprintNodeInput::text("n", "t")]))
    })
    .await;
}

#[tokio::test]
async fn a_create_that_waits_can_be_spawned() {
    let kind = Kind::variation();
    let server =
        Server::script(vec![body("variation_create_variation_upscale", json!({"id": ID})), kind.reply(&kind.complete)])
            .await;
    let core = core(&server);
    let made = variation_upscale_and_wait(&core, CreateVariationUpscaleRequest::new("i")).first_delay(MS);
    let made = tokio::time::timeout(LONG, tokio::spawn(made.into_future())).await.unwrap().unwrap().unwrap();
    assert!(made.record.is_complete() && made.job.id == ID);
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn dropping_it_after_the_create_reports_what_goes_on() {
    let server = Server::script(vec![body("elements_create_element", json!({"userLoraId": 7}))]).await;
    let written = Arc::new(Mutex::new(Vec::<u8>::new()));
    let writer = written.clone();
    struct Writer(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Writer(writer.clone())).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let request = CreateElementRequest::new("n", "d", ElementBaseModel::FluxDev, ElementFocus::Style);
    let mut steps = elements_create_and_wait(&core(&server), request).progress();
    let Some(Ok(JobProgress::Created(_))) = steps.next().await else { panic!("not created") };
    drop(steps);
    let said = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    for part in ["dropped before the element was complete", "id=\"7\"", "elements_create_and_wait"] {
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test]
async fn what_workflows_give_and_report_is_json() {
    let kind = Kind::variation();
    let script = vec![
        body("variation_create_variation_upscale", json!({"id": ID})),
        Reply::with(503, &[], ""),
        kind.reply(&kind.pending),
        kind.reply(&kind.complete),
    ];
    let server = Server::script(script).await;
    let request = CreateVariationUpscaleRequest::new("i");
    let mut steps = variation_upscale_and_wait(&core(&server), request).first_delay(MS).progress();
    let mut told = Vec::new();
    while let Some(step) = steps.next().await {
        told.push(serde_json::to_value(step.unwrap()).unwrap());
    }
    let words: Vec<_> = told.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(words, ["created", "retrying", "pending", "complete"]);
    assert_eq!(told[0]["created"]["id"], ID);
    assert_eq!(told[1]["retry"]["operation"], "variation_get_variation_by_id");
    assert!(told[1]["retry"]["nextIn"].is_f64() && told[2]["elapsed"].is_f64(), "{told:?}");
    assert_eq!(
        (&told[3]["complete"]["job"]["id"], &told[3]["complete"]["record"]["status"]),
        (&json!(ID), &json!("COMPLETE"))
    );
    let found = Lookup::Found(Box::new(Generation::deserialize(json!({"id": "g"})).unwrap()));
    assert_eq!(serde_json::to_value(&found).unwrap()["lookup"], "found");
    assert_eq!(serde_json::to_value(&found).unwrap()["generation"]["id"], "g");
    assert_eq!(serde_json::to_value(Lookup::Absent).unwrap(), json!({"lookup": "absent"}));
}
