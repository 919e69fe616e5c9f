//! What the service documents of a video's fields that depend on the model.

use super::{
    CreateImageToVideoGenerationRequest, CreateSvdMotionGenerationRequest, CreateTextToVideoGenerationRequest,
    CreateVideoUpscaleRequest, MotionModel,
};
use crate::codec::{Checking, Encode};
use crate::models::VideoResolution;

pub(super) fn image_to_video(request: &CreateImageToVideoGenerationRequest, checking: &mut Checking) {
    let model = request.model.as_ref();
    let is_known = model.is_none_or(MotionModel::is_known) && !request.extra.contains_key("model");
    if !is_known {
        return;
    }
    seed(request.seed, model, checking);
    if request.elements.is_some() {
        elements(&request.elements, model, checking);
    }
    if request.end_frame_image.is_some() && !matches!(model, Some(MotionModel::Kling2_1 | MotionModel::Kling2_5)) {
        let bound = "needs the model KLING2_1 or KLING2_5";
        checking.refuse(
            "endFrameImage",
            &request.end_frame_image,
            bound,
            "set model to one of these, or leave this out",
        );
    }
    match model {
        Some(MotionModel::Veo3 | MotionModel::Veo3Fast) => veo_duration(request.duration, checking),
        Some(MotionModel::Kling2_5) => kling_2_5(request, checking),
        _ => {}
    }
}

pub(super) fn text_to_video(request: &CreateTextToVideoGenerationRequest, checking: &mut Checking) {
    let model = request.model.as_ref();
    let is_known = model.is_none_or(MotionModel::is_known) && !request.extra.contains_key("model");
    if !is_known {
        return;
    }
    seed(request.seed, model, checking);
    if request.elements.is_some() {
        elements(&request.elements, model, checking);
    }
    if let Some(MotionModel::Veo3 | MotionModel::Veo3Fast) = model {
        veo_duration(request.duration, checking);
        resolution(&request.resolution, VideoResolution::P720, "with Veo 3", checking);
    }
}

pub(super) fn svd(request: &CreateSvdMotionGenerationRequest, checking: &mut Checking) {
    if (request.is_init_image, request.is_variation) == (Some(true), Some(true)) {
        let bound = "cannot be true beside isInitImage";
        checking.refuse("isVariation", &request.is_variation, bound, "set one of the two to false");
    }
}

pub(super) fn video_upscale(request: &CreateVideoUpscaleRequest, checking: &mut Checking) {
    if request.resolution.is_known() && request.resolution != VideoResolution::P720 {
        checking.refuse("resolution", &request.resolution, "must be RESOLUTION_720", "take VideoResolution::P720");
    }
}

fn seed(seed: Option<i64>, model: Option<&MotionModel>, checking: &mut Checking) {
    let (most, with) = match model {
        Some(MotionModel::Veo3 | MotionModel::Veo3Fast) => (4_294_967_293, "with Veo 3"),
        model => match MotionModel::largest_seed(model) {
            Some(most) => (most, "with Motion 2.0"),
            None => return,
        },
    };
    checking.range("seed", seed.map(|seed| seed as f64), (f64::NEG_INFINITY, most.into()), with);
}

fn elements(elements: &dyn Encode, model: Option<&MotionModel>, checking: &mut Checking) {
    if !matches!(model, None | Some(MotionModel::Motion2 | MotionModel::Motion2Fast)) {
        let advice = "set model to MOTION2, or leave this out";
        checking.refuse("elements", elements, "needs Motion 2.0", advice);
    }
}

fn veo_duration(duration: Option<u32>, checking: &mut Checking) {
    if duration.is_some_and(|seconds| !matches!(seconds, 4 | 6 | 8)) {
        checking.refuse("duration", &duration, "must be 4, 6 or 8 seconds with Veo 3", "take one of those");
    }
}

fn kling_2_5(request: &CreateImageToVideoGenerationRequest, checking: &mut Checking) {
    if request.duration.is_some_and(|seconds| !matches!(seconds, 5 | 10)) {
        let bound = "must be 5 or 10 seconds with Kling 2.5";
        checking.refuse("duration", &request.duration, bound, "take one of those");
    }
    resolution(&request.resolution, VideoResolution::P1080, "with Kling 2.5", checking);
    if let (Some(width), Some(height)) = (request.width, request.height) {
        if !matches!((width, height), (1920, 1080) | (1080, 1920) | (1440, 1440)) {
            let bound = "must be 1920, 1080 or 1440 with a height of 1080, 1920 or 1440, in this order, with Kling 2.5";
            checking.refuse("width", &request.width, bound, "take one of these pairs");
        }
    }
}

fn resolution(given: &Option<VideoResolution>, needed: VideoResolution, with: &str, checking: &mut Checking) {
    if given.as_ref().is_some_and(|given| given.is_known() && *given != needed) {
        let bound = format!("must be {needed} {with}");
        checking.refuse("resolution", given, bound, "take that, or leave it out");
    }
}
