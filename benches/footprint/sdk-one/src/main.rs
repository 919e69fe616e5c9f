//! One operation with the crate.

use std::error::Error;
use std::hint::black_box;

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::image_create_generation;
use leonardo_ai::models::CreateGenerationRequest;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let core = LeonardoCore::from_env()?;
        let request = CreateGenerationRequest::new("A lighthouse at dusk");
        black_box(image_create_generation(&core, request).await?);
        Ok(())
    })
}
