//! Whatever function a request that is refused was for, nothing is sent.

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{Error, LeonardoCore};

use crate::common::{CREATED, Reply, Server};

/// The first field that is wrong.
fn refused<T>(result: Result<T, Error>) -> String {
    match result.err() {
        Some(Error::InvalidRequest(error)) => {
            assert!(error.violations().is_some_and(|found| found.iter().count() == 1), "{error}");
            error.field.to_string()
        }
        other => panic!("{other:?}"),
    }
}

async fn generations(core: &LeonardoCore, request: CreateGenerationRequest) -> Vec<String> {
    let create = async { image_create_generation(core, request.clone().checked()?).await };
    let once = async { image_create_generation_once(core, request.clone().checked()?).await };
    let generate = async { Ok(image_generate(core, request.clone().checked()?).await?) };
    vec![refused(create.await), refused(once.await), refused(generate.await)]
}

#[tokio::test]
async fn a_request_that_is_refused_is_not_sent() {
    let server = Server::script(vec![Reply::json(200, "{}")]).await;
    let core = server.core();
    let request = CreateGenerationRequest::new("a pier").num_inference_steps(61);
    assert_eq!(generations(&core, request).await, ["num_inference_steps"; 3]);

    let request = CreateUniversalUpscalerJobRequest::generated("i").similarity(11).ultra_upscale_style("ARTISTIC");
    let upscale = async { Ok(variation_universal_upscale_and_wait(&core, request.checked()?).await?) };
    assert_eq!(refused(upscale.await), "similarity");

    let request = CreateTextToVideoGenerationRequest::new("waves").seed(2_147_483_638);
    let video = async { Ok(motion_text_to_video_and_wait(&core, request.checked()?).await?) };
    assert_eq!(refused(video.await), "seed");
    server.expect(0).await;
}

#[tokio::test]
async fn a_request_that_passes_is_sent_as_it_is() {
    let server = Server::script(vec![Reply::json(200, CREATED)]).await;
    let request = CreateGenerationRequest::new("a pier").seed(7).extra("newer", true);
    let unchecked = serde_json::to_value(&request).unwrap();
    let result: Result<_, Error> = async { image_create_generation(&server.core(), request.checked()?).await }.await;
    result.unwrap();
    assert_eq!(server.expect(1).await[0].json(), unchecked);
}
