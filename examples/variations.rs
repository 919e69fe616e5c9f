//! What is made of an image: enlarged, drawn around, and without its background.
//!
//! With `LEONARDO_API_KEY` the real service does it and charges for each; without, the emulator does.

use std::error::Error;

use leonardo_ai::funcs::{
    image_download, image_generate, remove_background, variation_unzoom_and_wait, variation_upscale_and_wait,
};
use leonardo_ai::models::{
    CreateGenerationRequest, CreateVariationUnzoomRequest, CreateVariationUpscaleRequest, RemoveBackgroundFormat,
};

mod common;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (core, _emulator) = common::service().await?;
    std::fs::create_dir_all("pictures")?;
    let made = image_generate(&core, CreateGenerationRequest::new("a lighthouse at dusk").num_images(1)).await?;
    let image = made.generation.generated_images.first().ok_or("the generation has no image")?;

    let larger = variation_upscale_and_wait(&core, CreateVariationUpscaleRequest::new(&image.id)).await?;
    let wider = variation_unzoom_and_wait(&core, CreateVariationUnzoomRequest::new(image.id.as_str())).await?;
    for variation in [larger.record, wider.record] {
        let url = variation.url.ok_or("the variation has no link")?;
        let (path, _) = image_download(&core, url).to_file_with_extension(format!("pictures/{}", variation.id)).await?;
        println!("Saved {}", path.display());
    }

    // If the response is lost, this cannot be looked up, and another call may be charged once more.
    let removed = remove_background(&core, image.id.clone())
        .with(|parameters| parameters.format(RemoveBackgroundFormat::Webp))
        .to_file("pictures/cut-out.webp")
        .await?;
    println!("Saved pictures/cut-out.webp");
    println!("Cost: {}", removed.cost.map_or("not told".into(), |cost| cost.to_string()));
    Ok(())
}
