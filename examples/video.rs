//! From an image to a video that begins with it.
//!
//! With `LEONARDO_API_KEY` the real service does it and charges for both; without, the emulator does.

use std::error::Error;

use leonardo_ai::funcs::{image_download, image_generate, motion_image_to_video_and_wait};
use leonardo_ai::models::{CreateGenerationRequest, CreateImageToVideoGenerationRequest};

mod common;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (core, _emulator) = common::service().await?;
    std::fs::create_dir_all("pictures")?;
    let made = image_generate(&core, CreateGenerationRequest::new("a beach in the morning").num_images(1)).await?;
    let image = made.generation.generated_images.first().ok_or("the generation has no image")?;

    let request = CreateImageToVideoGenerationRequest::generated("the tide comes in", image.id.as_str());
    let video = motion_image_to_video_and_wait(&core, request).await?;
    for (index, video_of) in video.record.generated_images.iter().enumerate() {
        let url = video_of.motion_mp4_url.as_deref().ok_or("the generation has no video")?;
        let path = format!("pictures/{}-{index:02}.mp4", video.record.id);
        image_download(&core, url).to_file(&path).await?;
        println!("Saved {path}");
    }
    println!("Cost: {}", video.job.cost.map_or("not told".into(), |cost| cost.to_string()));
    Ok(())
}
