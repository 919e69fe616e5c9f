//! From an image to others: uploads it, and creates a generation that begins with it.
//!
//! The image is drawn first, so that there is one. With `LEONARDO_API_KEY` the real service does both and charges for both;
//! without, the emulator does.

use std::error::Error;

use leonardo_ai::funcs::{
    image_create_generation_once, image_download_all, image_generate, image_wait_for_generation,
    init_images_upload_file,
};
use leonardo_ai::models::CreateGenerationRequest;

mod common;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (core, _emulator) = common::service().await?;

    let summer = CreateGenerationRequest::new("a lighthouse in summer").num_images(1);
    let summer = image_generate(&core, summer).await?;
    let summer = image_download_all(&core, &summer.generation, "pictures").await?.remove(0);
    println!("Drew {}", summer.display());

    let id = init_images_upload_file(&core, &summer).await?;
    println!("Uploaded it as {id}");

    let winter = CreateGenerationRequest::new("the same place in deep winter, oil painting")
        .init_image_id(id)
        .init_strength(0.4)
        .num_images(2);
    let job = image_create_generation_once(&core, winter).await?;
    // From here on it is paid for: with the id, another program can go on.
    println!("Generation: {}", job.generation_id);
    let generation = image_wait_for_generation(&core, job.generation_id).await?;
    for path in image_download_all(&core, &generation, "pictures").await? {
        println!("Saved {}", path.display());
    }
    Ok(())
}
