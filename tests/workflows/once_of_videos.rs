//! Videos and version 2, created at most once: found where the account's list shows them, and never paid for twice where it
//! does not.

use std::future::IntoFuture as _;
use std::time::Duration;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{CreateOnce, Error, JobProgress, LeonardoCore, RetryPolicy, WaitErrorReason};
use leonardo_ai_emulator::{Emulator, EmulatorBuilder, Fault, FaultPlan};

const MS: Duration = Duration::from_millis(1);

async fn start(faults: Vec<Fault>, builder: EmulatorBuilder) -> (Emulator, LeonardoCore) {
    let plan = FaultPlan::sequence(faults).on_method("POST");
    let emulator = builder.generation_time(100 * MS).faults(plan).start().await.unwrap();
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .timeout(400 * MS)
        .min_time_for_billable(MS)
        .polls_per_minute(60_000)
        .build()
        .unwrap();
    (emulator, core)
}

fn video(core: &LeonardoCore) -> CreateOnce<CreateTextToVideoGenerationRequest> {
    motion_create_text_to_video_generation_once(core, CreateTextToVideoGenerationRequest::new("the tide"))
        .grace(200 * MS)
}

fn creates(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.method == "POST").count()
}

#[tokio::test]
async fn a_video_whose_response_is_lost_is_found_by_its_seed() {
    for fault in [Fault::ResetAfterWork, Fault::CutBody, Fault::StatusAfter(503)] {
        let (emulator, core) = start(vec![fault.clone()], Emulator::builder()).await;
        let job = video(&core).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let charges = emulator.charges();
        assert_eq!((charges.len(), creates(&emulator)), (1, 1), "{fault:?}");
        assert_eq!(charges[0].generation_id, job.generation_id.as_str(), "{fault:?}");
    }
    let (emulator, core) = start(vec![Fault::ResetAfterWork], Emulator::builder()).await;
    let made = motion_text_to_video_and_wait(&core, CreateTextToVideoGenerationRequest::new("the tide"));
    let image = made.await.unwrap().record.generated_images.remove(0);
    assert!(image.motion_mp4_url.is_some_and(|url| url.ends_with(".mp4")));
    let frame = image_generate(&core, CreateGenerationRequest::new("a pier").num_images(1)).await.unwrap();
    emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork]).on_method("POST"));
    let frame = &frame.generation.generated_images[0].id;
    let request = CreateImageToVideoGenerationRequest::generated("the waves roll in", frame);
    motion_image_to_video_and_wait(&core, request).await.unwrap();
    assert_eq!(emulator.charges().len(), 3);
}

#[tokio::test]
async fn a_video_that_is_not_listed_is_not_made_again_unless_the_caller_says_that_it_would_be() {
    for fault in [Fault::ResetBeforeWork, Fault::StatusBefore(502)] {
        let (emulator, core) = start(vec![fault.clone()], Emulator::builder()).await;
        let error = video(&core).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{fault:?}: {error:?}") };
        assert!(unknown.candidates.is_empty() && unknown.lookup.is_none() && error.may_have_been_charged(), "{error}");
        assert!(error.to_string().starts_with("motion_create_text_to_video_generation_once"), "{error}");
        assert!(std::str::from_utf8(&unknown.request).unwrap().contains("\"seed\":"), "{unknown:?}");
        assert_eq!((emulator.charges().len(), creates(&emulator)), (0, 1), "{fault:?}");

        let (emulator, core) = start(vec![fault.clone()], Emulator::builder()).await;
        video(&core).listed(true).await.unwrap();
        assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 2), "{fault:?}");
    }
    // What proves that nothing was made needs no list.
    let (emulator, core) = start(vec![Fault::StatusBefore(429)], Emulator::builder()).await;
    video(&core).await.unwrap();
    assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 2));
}

#[tokio::test]
async fn what_an_earlier_program_has_made_is_found_first_and_what_it_may_have_made_is_not_made_again() {
    let (emulator, core) = start(Vec::new(), Emulator::builder()).await;
    let begun = std::time::SystemTime::now();
    let request = CreateTextToVideoGenerationRequest::new("the tide").seed(71);
    let again = |look_first| {
        let once = motion_create_text_to_video_generation_once(&core, request.clone()).grace(50 * MS);
        if look_first { once.look_first(begun) } else { once }
    };
    let unknown = again(true).await.unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown(_)) && creates(&emulator) == 0, "{unknown:?}");
    let made = again(false).await.unwrap();
    assert_eq!(again(true).await.unwrap().generation_id, made.generation_id);
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn a_model_without_a_seed_is_sent_none_and_not_looked_for() {
    let kling = CreateTextToVideoGenerationRequest::new("the tide").model(MotionModel::Kling2_5);
    let (emulator, core) = start(vec![Fault::ResetAfterWork], Emulator::builder()).await;
    let once = motion_create_text_to_video_generation_once(&core, kling.clone());
    let error = once.await.unwrap_err();
    let Error::OutcomeUnknown(unknown) = &error else { panic!("{error:?}") };
    assert!(!std::str::from_utf8(&unknown.request).unwrap().contains("seed"), "{unknown:?}");
    assert!(error.to_string().starts_with("motion_create_text_to_video_generation_once"), "{error}");
    assert_eq!(emulator.requests().len(), 1);
    let error = motion_text_to_video_and_wait(&core, kling.clone()).header("no name", "1").await.unwrap_err();
    assert!(matches!(&error.reason, WaitErrorReason::Call(Error::InvalidRequest(_))), "{error:?}");
    // A seed of the caller's is sent, whatever the model, and looked for.
    let (emulator, core) = start(vec![Fault::ResetAfterWork], Emulator::builder()).await;
    let job = motion_create_text_to_video_generation_once(&core, kling.seed(5)).await.unwrap();
    assert_eq!(emulator.charges()[0].generation_id, job.generation_id.as_str());
}

#[tokio::test]
async fn it_waits_as_every_create_that_waits_does() {
    let (emulator, core) = start(vec![Fault::StatusBefore(429)], Emulator::builder()).await;
    let make = || motion_text_to_video_and_wait(&core, CreateTextToVideoGenerationRequest::new("the tide slow 300ms"));
    let mut steps = make().header("x-request-source", "nightly").first_delay(20 * MS).progress();
    let mut told = Vec::new();
    while let Some(step) = steps.next().await {
        told.push(match step.unwrap() {
            JobProgress::Retrying(_) => "retrying",
            JobProgress::Created(_) => "created",
            JobProgress::Pending { .. } => "pending",
            JobProgress::Complete(_) => "complete",
            _ => "other",
        });
    }
    told.dedup();
    assert_eq!(told, ["retrying", "created", "pending", "complete"]);
    let error = make().deadline(100 * MS).await.unwrap_err();
    assert!(
        error.exists && error.id.is_some() && matches!(error.reason, WaitErrorReason::Deadline { .. }),
        "{error:?}"
    );
    assert_eq!(emulator.charges().len(), 2);
    let dropped = tokio::time::timeout(MS, make().into_future()).await;
    assert!(dropped.is_err());
}

fn v2_request(model: V2Model) -> CreateV2GenerationRequest {
    CreateV2GenerationRequest::new(model, V2Parameters::new("a pier").quantity(1_u32))
}

#[tokio::test]
async fn version_2_is_found_where_the_list_shows_it_and_stays_unknown_where_it_does_not() {
    let once = |core: &LeonardoCore, model| v2_create_generation_once(core, v2_request(model)).grace(200 * MS);
    for shows in [true, false] {
        let builder = Emulator::builder().v2_in_lists(shows);
        let (emulator, core) = start(vec![Fault::ResetAfterWork], builder).await;
        let ended = once(&core, V2Model::LucidOrigin).await;
        assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 1), "{shows}");
        match ended {
            Ok(job) => assert!(shows && emulator.charges()[0].generation_id == job.generation_id.as_str()),
            Err(error) => assert!(!shows && matches!(error, Error::OutcomeUnknown(_)), "{error:?}"),
        }
    }
    // What is said to be listed is made again if it is not there.
    let (emulator, core) = start(vec![Fault::ResetBeforeWork], Emulator::builder()).await;
    once(&core, V2Model::LucidOrigin).listed(true).await.unwrap();
    assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 2));
    // A model without a seed is sent none, and a lost response is not looked for.
    let (emulator, core) = start(vec![Fault::ResetAfterWork], Emulator::builder()).await;
    let error = once(&core, V2Model::RecraftV4).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)) && emulator.requests().len() == 1, "{error:?}");
    // A seed of a small range marks it together with the prompt.
    assert_eq!(V2Model::RodinV2.largest_seed(), Some(65_535));
    let image = image_generate(&core, CreateGenerationRequest::new("a cup").num_images(1)).await.unwrap().generation;
    let image = V2Guidance::from_image(V2GuidanceImage::generated(&image.generated_images[0].id));
    let parameters = V2Parameters::default().guidances(V2Guidances::default().image_reference([image]));
    emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork]).on_method("POST"));
    let request = CreateV2GenerationRequest::new(V2Model::RodinV2, parameters);
    emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork]).on_method("POST"));
    let job = v2_create_generation_once(&core, request).grace(200 * MS).await.unwrap();
    let charge = emulator.charges().pop().unwrap();
    assert_eq!((charge.generation_id.as_str(), charge.seed <= 65_535), (job.generation_id.as_str(), true));
    // With its wait.
    let (emulator, core) = start(vec![Fault::ResetAfterWork], Emulator::builder()).await;
    v2_generate_and_wait(&core, v2_request(V2Model::LucidRealism)).await.unwrap();
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn seeds_are_drawn_as_the_models_take_them() {
    let (_emulator, core) = start(Vec::new(), Emulator::builder()).await;
    let details = v2_get_models(&core).await.unwrap();
    let mut without = 0;
    for model in V2Model::KNOWN {
        let details = details.iter().find(|details| Some(&*details.name) == model.title());
        let schema = details.unwrap_or_else(|| panic!("{model}")).parameters.as_ref().unwrap();
        let seed = &schema["properties"]["seed"];
        without += usize::from(seed.is_null());
        let most = seed["maximum"].as_u64().unwrap_or(u64::MAX);
        match model.largest_seed() {
            Some(largest) => assert!(!seed.is_null() && u64::from(largest) <= most, "{model}: {seed}"),
            None => assert!(seed.is_null(), "{model}: {seed}"),
        }
    }
    assert_eq!((V2Model::KNOWN.len(), without), (79, 35));
}
