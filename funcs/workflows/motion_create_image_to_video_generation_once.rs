//! A create of a video that is carried out at most once.

use crate::funcs::account::GENERATIONS;
use crate::funcs::motion_create_image_to_video_generation;
use crate::models::{CreateImageToVideoGenerationRequest, Generation, MotionGenerationJob, MotionModel};
use crate::once::{CreateOnce, Marked, Marking, Wanted, Workflow, seed_of};
use crate::{Effect, LeonardoCore};

/// Makes a video out of a picture, and looks it up if the response is lost: `POST /v1/generations-image-to-video`, and, after an
/// outcome that is unknown, `GET /v1/me` (once for each key) and `GET /v1/generations/user/{userId}`. Costs credits.
///
/// [`CreateOnce`] has its options, what it does and what it cannot promise. Motion 2.0 and Motion 2.0 Fast take a seed; other
/// models are sent none but the caller's, and without one a lost response ends in
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) at once. It is not documented that the account's list shows videos: what
/// is found there is taken, what is not proves nothing, unless you say that it is [listed](CreateOnce::listed).
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn motion_create_image_to_video_generation_once(
    core: &LeonardoCore,
    request: CreateImageToVideoGenerationRequest,
) -> CreateOnce<CreateImageToVideoGenerationRequest> {
    CreateOnce::new(core, request)
}

impl Marked for CreateImageToVideoGenerationRequest {
    type Job = MotionGenerationJob;
    type Record = Generation;

    fn marking() -> &'static Marking<Self> {
        static MARKING: Marking<CreateImageToVideoGenerationRequest> = Marking {
            workflow: Workflow { name: "motion_create_image_to_video_generation_once", effect: Effect::Billable },
            operation: "motion_create_image_to_video_generation",
            create: motion_create_image_to_video_generation,
            id: |job| job.generation_id.as_str(),
            found: |id| MotionGenerationJob { generation_id: id.into(), ..Default::default() },
            account: &GENERATIONS,
            mark: |request| seed_of(request.seed, &request.extra),
            set_mark: |request, seed| request.seed = Some(seed),
            largest: |request| MotionModel::largest_seed(request.model.as_ref()).map(u64::from),
            wanted: |request, seed, kind| {
                Wanted::new(seed, kind, &request.prompt, request.prompt_enhance != Some(true))
            },
            is_listed: false,
        };
        &MARKING
    }
}
