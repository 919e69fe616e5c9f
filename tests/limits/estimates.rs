//! Asking what requests will cost.

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{Error, LeonardoCore};
use leonardo_ai_emulator::Emulator;

async fn started() -> (Emulator, LeonardoCore) {
    let emulator = Emulator::builder().balance(1e6).start().await.unwrap();
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    (emulator, core)
}

/// What the emulator charged last, in credits.
fn charged(emulator: &Emulator) -> Option<Cost> {
    let amount = emulator.charges().last().unwrap().amount;
    Some(Cost::credits(amount as u64))
}

#[tokio::test]
async fn the_fields_that_a_price_depends_on_are_taken_from_the_request() {
    let (emulator, core) = started().await;
    let plain = || CreateGenerationRequest::new("a pier");
    let requests = [
        plain(),
        plain().num_images(1),
        plain().width(512).height(512),
        plain().alchemy(false),
        plain().alchemy(false).ultra(true).num_images(2),
        plain().model_id(ModelId::PHOENIX_1_0).num_images(3),
    ];
    for request in requests {
        let estimate = image_estimate_cost(&core, &request).await.unwrap();
        image_create_generation(&core, request).await.unwrap();
        assert_eq!(estimate, charged(&emulator));
    }
    let video = CreateTextToVideoGenerationRequest::new("waves").resolution(VideoResolution::P720);
    let estimate = motion_estimate_text_to_video_cost(&core, &video).await.unwrap();
    motion_create_text_to_video_generation(&core, video).await.unwrap();
    assert_eq!(estimate, charged(&emulator));
}

#[tokio::test]
async fn what_the_calculator_is_asked_is_what_the_request_says() {
    let (emulator, core) = started().await;
    let request = CreateGenerationRequest::new("a pier")
        .model_id(ModelId::KINO_XL)
        .photo_real(true)
        .photo_real_version("v2")
        .elements(vec![ElementInput::new("e-1")])
        .num_inference_steps(30);
    image_estimate_cost(&core, &request).await.unwrap();
    let asked: serde_json::Value = serde_json::from_slice(&emulator.requests()[0].body).unwrap();
    assert_eq!(
        asked["serviceParams"]["IMAGE_GENERATION"],
        serde_json::json!({
            "imageWidth": 1024, "imageHeight": 768, "numImages": 4, "inferenceSteps": 30, "alchemyMode": true,
            "highResolution": false, "photoRealMode": true, "photoRealVersion": "v2", "loraCount": 1, "isSDXL": true,
        })
    );
}

#[tokio::test]
async fn equal_requests_are_asked_for_once() {
    let (emulator, core) = started().await;
    let first = image_estimate_cost(&core, &CreateGenerationRequest::new("a pier").seed(1)).await.unwrap();
    let second = image_estimate_cost(&core.clone(), &CreateGenerationRequest::new("a boat").seed(2)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn what_has_no_price_is_an_error_and_nothing_is_sent() {
    let (emulator, core) = started().await;
    let guided = CreateGenerationRequest::new("a pier").controlnets(vec![ControlnetInput::generated("i-1", 67)]);
    let error = image_estimate_cost(&core, &guided).await.unwrap_err();
    let Error::InvalidRequest(invalid) = &error else { panic!("{error}") };
    assert_eq!(invalid.field, "request");
    assert!(error.to_string().starts_with("image_estimate_cost failed: request: what controlnets cost"), "{error}");
    let kling = CreateTextToVideoGenerationRequest::new("waves").model(MotionModel::Kling2_5);
    assert!(motion_estimate_text_to_video_cost(&core, &kling.resolution(VideoResolution::P1080)).await.is_err());
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn avatars_canvas_pictures_and_textures_have_prices_of_their_own() {
    let (emulator, core) = started().await;
    image_estimate_cost(&core, &CreateGenerationRequest::new("a face").fantasy_avatar(true)).await.unwrap();
    texture_estimate_cost(&core, &CreateTextureGenerationRequest::new("m-1", "rust").preview(true)).await.unwrap();
    let canvas = CreateLcmGenerationRequest::new("data:image/png;base64,AAAA", "a pier");
    realtime_canvas_estimate_cost(&core, &canvas).await.unwrap();
    let video = CreateImageToVideoGenerationRequest::generated("waves", "i-1").resolution(VideoResolution::P480);
    motion_estimate_image_to_video_cost(&core, &video).await.unwrap();
    let services: Vec<_> = emulator
        .requests()
        .iter()
        .map(|request| serde_json::from_slice::<serde_json::Value>(&request.body).unwrap()["service"].clone())
        .collect();
    assert_eq!(
        services,
        ["FANTASY_AVATAR_GENERATION", "TEXTURE_GENERATION", "LCM_GENERATION", "MOTION_VIDEO_GENERATION"]
    );
}
