//! Four operations by hand.

use std::error::Error;
use std::hint::black_box;

use crate::client::Client;
use crate::create::CreateGenerationRequest;
use crate::generations::PageRequest;

#[path = "../../../reference/client.rs"]
mod client;
#[path = "../../../reference/create.rs"]
mod create;
#[path = "../../../reference/delete.rs"]
mod delete;
#[path = "../../../reference/generations.rs"]
mod generations;

fn main() -> Result<(), Box<dyn Error>> {
    let (key, url) = (std::env::var("LEONARDO_API_KEY")?, std::env::var("LEONARDO_SERVER_URL")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::new(&url, &key)?;
        let request = CreateGenerationRequest::new("A lighthouse at dusk");
        let job = client.create_generation(&request).await?;
        black_box(client.get_generation(&job.generation_id).await?);
        let page = PageRequest { offset: 0, limit: 10 };
        black_box(client.list_generations("11111111-2222-4333-8444-555555555555", &page).await?);
        black_box(client.delete_generation(&job.generation_id).await?);
        Ok(())
    })
}
