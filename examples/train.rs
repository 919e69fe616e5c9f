//! From pictures to an element that is trained with them, and a picture that has it.
//!
//! The pictures are drawn first, so that there are some. With `LEONARDO_API_KEY` the real service does all of it and charges
//! for it; without, the emulator does.

use std::error::Error;

use leonardo_ai::funcs::{
    dataset_create_dataset, dataset_upload_file, elements_create_and_wait, image_download_all, image_generate,
};
use leonardo_ai::models::{
    CreateDatasetRequest, CreateElementRequest, CreateGenerationRequest, ElementBaseModel, ElementFocus,
    UserElementInput,
};

mod common;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (core, _emulator) = common::service().await?;
    let mut pictures = Vec::new();
    for _ in 0..5 {
        let made = image_generate(&core, CreateGenerationRequest::new("an etching of a ship").num_images(2)).await?;
        pictures.extend(image_download_all(&core, &made.generation, "pictures").await?);
    }

    let dataset = dataset_create_dataset(&core, CreateDatasetRequest::new("ships")).await?;
    for picture in &pictures {
        dataset_upload_file(&core, dataset.id.clone(), picture).await?;
    }
    println!("Uploaded {} pictures to the data set {}", pictures.len(), dataset.id);

    let request = CreateElementRequest::new("Ships", dataset.id, ElementBaseModel::FluxDev, ElementFocus::Style);
    let element = elements_create_and_wait(&core, request).await?.record;
    println!("Trained the element {}", element.id);

    let element = UserElementInput::new(element.id);
    let made =
        image_generate(&core, CreateGenerationRequest::new("a lighthouse").num_images(1).user_elements([element]))
            .await?;
    for path in image_download_all(&core, &made.generation, "pictures").await? {
        println!("Saved {}", path.display());
    }
    Ok(())
}
