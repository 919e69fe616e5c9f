//! Four operations with the crate.

use std::error::Error;
use std::hint::black_box;

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id,
};
use leonardo_ai::models::{CreateGenerationRequest, GetGenerationsByUserIdRequest};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let core = LeonardoCore::from_env()?;
        let request = CreateGenerationRequest::new("A lighthouse at dusk");
        let job = image_create_generation(&core, request).await?;
        black_box(image_get_generation_by_id(&core, &job.generation_id).await?);
        let page = GetGenerationsByUserIdRequest::default();
        black_box(image_get_generations_by_user_id(&core, "11111111-2222-4333-8444-555555555555", page).await?);
        black_box(image_delete_generation_by_id(&core, &job.generation_id).await?);
        Ok(())
    })
}
