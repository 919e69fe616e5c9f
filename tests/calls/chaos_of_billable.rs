//! Whatever costs credits, of every group, against every fault: attempts, charges, and the kind of error.

use std::collections::BTreeSet;
use std::sync::Arc;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::operations::TABLE;
use leonardo_ai::{BoxFuture, Effect, Error, JobKind, LeonardoCore, Limits, SpendingLimit};
use leonardo_ai_emulator::{Emulator, FaultPlan};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::chaos::{MS, Seen, core, faults, plan, quick, seen};
use crate::blueprints::a_run;

/// What the creates work on.
#[derive(Clone)]
struct Ready {
    image: ImageId,
    picture: DataUrl,
    dataset: DatasetId,
    video: GenerationId,
    asset: ModelAssetId,
    run: ExecuteBlueprintRequest,
}

/// Makes everything that a create can work on, on an emulator without faults.
async fn ready(core: &LeonardoCore) -> Ready {
    let request = CreateGenerationRequest::new("a pier").width(512).height(512).num_images(1);
    let made = image_generate(core, request).await.unwrap().generation;
    let image = &made.generated_images[0];
    let bytes = image_download(core, &image.url).to_bytes().await.unwrap();
    let dataset = dataset_create_dataset(core, CreateDatasetRequest::new("harbour")).await.unwrap().id;
    for _ in 0..10 {
        let request = UploadDatasetImageFromGenRequest::new(&image.id);
        dataset_upload_dataset_image_from_gen(core, &dataset, request).await.unwrap();
    }
    let video = motion_text_to_video_and_wait(core, CreateTextToVideoGenerationRequest::new("the tide")).await.unwrap();
    let obj = "# a triangle\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n";
    let asset = three_d_model_assets_upload_bytes(core, "triangle", obj).await.unwrap();
    Ready {
        image: image.id.clone(),
        picture: realtime_canvas_image_from_bytes(bytes).await.unwrap(),
        dataset,
        video: video.record.id,
        asset,
        run: a_run(core).await,
    }
}

/// A create: what it is called, and how it is called. It gives what it made, if that has an id that charges show.
type Create = (&'static str, fn(&LeonardoCore, Ready) -> BoxFuture<'static, Result<Option<String>, Error>>);

/// Called like the others, for which it shadows the function.
fn prompt_prompt_random(core: &LeonardoCore, (): ()) -> leonardo_ai::Call<PromptGeneration> {
    leonardo_ai::funcs::prompt_prompt_random(core)
}

macro_rules! creates {
    ($($name:ident: |$ready:ident| $request:expr, $($id:ident)?;)*) => {
        &[$((stringify!($name), |core, $ready| {
            let call = creates!(@call core $name $request);
            Box::pin(async move {
                let _made = call.await?;
                creates!(@id _made $($id)?)
            })
        })),*]
    };
    (@call $core:ident $name:ident $request:expr) => { $name($core, $request) };
    (@id $made:ident) => { Ok(None) };
    (@id $made:ident $id:ident) => { Ok(Some($made.$id.to_string())) };
}

const CREATES: &[Create] = creates! {
    blueprints_execute_blueprint: |ready| ready.run, ak_uuid;
    elements_create_element: |ready| CreateElementRequest::new("n", ready.dataset, ElementBaseModel::FluxDev, ElementFocus::Style)
        .num_train_epochs(100_u32).learning_rate(0.00001), user_lora_id;
    image_create_generation: |_ready| CreateGenerationRequest::new("a pier").width(512).height(512).num_images(1), generation_id;
    models_create_model: |ready| CreateModelRequest::new("n", ready.dataset, "harbourstyle"), custom_model_id;
    motion_create_image_to_video_generation: |ready| CreateImageToVideoGenerationRequest::generated("waves", ready.image), generation_id;
    motion_create_svd_motion_generation: |ready| CreateSvdMotionGenerationRequest::generated(ready.image), generation_id;
    motion_create_text_to_video_generation: |_ready| CreateTextToVideoGenerationRequest::new("waves"), generation_id;
    motion_create_video_upscale: |ready| CreateVideoUpscaleRequest::new(ready.video, VideoResolution::P720), ;
    prompt_prompt_improve: |_ready| PromptImproveRequest::new("a pier"), ;
    prompt_prompt_random: |_ready| (), ;
    realtime_canvas_create_lcm_generation: |ready| CreateLcmGenerationRequest::new(ready.picture, "a pier"), ;
    realtime_canvas_perform_alchemy_upscale_lcm: |ready| PerformAlchemyUpscaleLcmRequest::new(ready.picture, "a pier"), ;
    realtime_canvas_perform_inpainting_lcm: |ready| PerformInpaintingLcmRequest::new(ready.picture.clone(), ready.picture, "a pier"), ;
    realtime_canvas_perform_instant_refine: |ready| PerformInstantRefineRequest::new(ready.picture, "a pier"), ;
    texture_create_texture_generation: |ready| CreateTextureGenerationRequest::new(ready.asset, "silver"), id;
    v2_create_generation: |_ready| CreateV2GenerationRequest::new(V2Model::LucidOrigin, V2Parameters::new("a pier").quantity(1_u32)), generation_id;
    v2_create_sync_generation: |ready| CreateV2SyncGenerationRequest::remove_background(V2GuidanceImage::generated(ready.image)), ;
    variation_create_universal_upscaler_job: |ready| CreateUniversalUpscalerJobRequest::generated(ready.image), id;
    variation_create_variation_no_bg: |ready| CreateVariationNoBgRequest::new(ready.image), id;
    variation_create_variation_unzoom: |ready| CreateVariationUnzoomRequest::new(ready.image), id;
    variation_create_variation_upscale: |ready| CreateVariationUpscaleRequest::new(ready.image), id;
};

#[test]
fn everything_that_costs_credits_is_here() {
    let billable = TABLE.iter().filter(|line| line.effect == Effect::Billable).map(|line| line.name);
    assert_eq!(billable.collect::<BTreeSet<_>>(), CREATES.iter().map(|(name, _)| *name).collect());
}

async fn started(name: &str) -> (Emulator, LeonardoCore, Ready) {
    let emulator = Emulator::builder().generation_time(MS).start().await.unwrap();
    let ready = ready(&core(&emulator, 5000 * MS)).await;
    // These have their pictures in the response, which takes its time.
    let paints = name.starts_with("realtime_canvas") || name == "v2_create_sync_generation";
    let core = core(&emulator, if paints { 3000 * MS } else { 1000 * MS });
    (emulator, core, ready)
}

/// One create of each kind at a time, several kinds at once.
async fn each<F: Future<Output = ()> + Send + 'static>(test: fn(&'static Create) -> F) {
    let at_once = Arc::new(Semaphore::new(7));
    let mut tests = JoinSet::new();
    for create in CREATES {
        let at_once = at_once.clone();
        tests.spawn(async move {
            let _permit = at_once.acquire().await;
            test(create).await;
        });
    }
    tests.join_all().await;
}

async fn one_fault_at_a_time((name, create): &'static Create) {
    let (emulator, core, ready) = started(name).await;
    for (fault, looks) in faults() {
        let (charges, requests) = (emulator.charges().len(), emulator.requests().len());
        emulator.set_faults(plan(&fault));
        let result = create(&core, ready.clone()).await;
        let made = (emulator.requests().len() - requests, emulator.charges().len() - charges);
        if looks == Seen::RateLimited {
            let id = result.unwrap_or_else(|error| panic!("{name} {fault:?}: {error}"));
            assert_eq!(made, (2, 1), "{name} {fault:?}");
            let charged = emulator.charges().pop().unwrap().generation_id;
            assert!(id.is_none_or(|id| id == charged), "{name}");
            continue;
        }
        let error = result.err().unwrap_or_else(|| panic!("{name} {fault:?} went unnoticed"));
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{name} {fault:?}: {error:?}");
        assert_eq!(seen(&error), looks, "{name} {fault:?}: {error:?}");
        assert_eq!(made, (1, usize::from(fault.does_the_work())), "{name} {fault:?}");
        let call = error.call().unwrap();
        assert_eq!((call.operation, call.attempts, call.effect), (*name, 1, Effect::Billable), "{name} {fault:?}");
        assert!(error.may_have_been_charged() && !error.to_string().contains("ry again"), "{name}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_of_any_group_is_sent_again_only_if_nothing_was_done() {
    each(one_fault_at_a_time).await;
}

async fn many_mixed((name, create): &'static Create) {
    let (emulator, core, ready) = started(name).await;
    let before = emulator.charges().len();
    emulator.set_faults(FaultPlan::random(7, 60, quick()));
    let (mut ids, mut with_output, mut unknown) = (BTreeSet::new(), 0, 0);
    for _ in 0..40 {
        match create(&core, ready.clone()).await {
            Ok(id) => {
                with_output += 1;
                ids.extend(id);
            }
            Err(error) => {
                // Whatever else it is, nothing was done.
                unknown += usize::from(error.may_have_been_charged());
            }
        }
    }
    let charges = &emulator.charges()[before..];
    assert!(with_output > 5 && unknown > 5, "{name}: {with_output} {unknown}");
    assert!((with_output..=with_output + unknown).contains(&charges.len()), "{name}: {}", charges.len());
    let charged: BTreeSet<_> = charges.iter().map(|charge| charge.generation_id.clone()).collect();
    assert!(ids.is_subset(&charged) && (ids.is_empty() || ids.len() == with_output), "{name}: {ids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mixed_faults_charge_no_create_of_any_group_without_saying_so() {
    each(many_mixed).await;
}

async fn settled((name, create): &'static Create) {
    let (emulator, _, ready) = started(name).await;
    let before = emulator.charges().len();
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .limits(Limits::default())
        .spending_limit(SpendingLimit::unlimited())
        .build()
        .unwrap();
    create(&core, ready).await.unwrap();
    let charged: f64 = emulator.charges()[before..].iter().map(|charge| charge.amount).sum();
    let spent = core.spent();
    let settled: Vec<_> = spent.settled.iter().map(Cost::to_string).collect();
    if *name == "blueprints_execute_blueprint" {
        // The only response that tells no cost.
        assert_eq!((settled.len(), spent.inexact.len()), (0, 1), "{name}");
    } else {
        assert_eq!((settled, spent.inexact.len()), (vec![format!("{charged} CREDITS")], 0), "{name}");
    }
    assert!(spent.reserved.is_empty() && spent.unresolved.is_empty(), "{name}");
    // A job that goes on holds its place; what is complete with its response does not.
    let held: u64 = core.limits_in_use().await.unwrap().jobs.iter().map(|(_, count)| count).sum();
    let info = TABLE.iter().find(|info| info.name == *name).unwrap();
    let is_limited = !matches!(info.job, None | Some(JobKind::Element | JobKind::Model));
    assert_eq!(held, u64::from(is_limited), "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_create_of_any_group_has_cost_is_settled() {
    each(settled).await;
}
