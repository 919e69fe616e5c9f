//! One operation by hand.

use std::error::Error;
use std::hint::black_box;

use crate::client::Client;
use crate::create::CreateGenerationRequest;

#[path = "../../../reference/client.rs"]
mod client;
#[path = "../../../reference/create.rs"]
mod create;

fn main() -> Result<(), Box<dyn Error>> {
    let (key, url) = (std::env::var("LEONARDO_API_KEY")?, std::env::var("LEONARDO_SERVER_URL")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::new(&url, &key)?;
        let request = CreateGenerationRequest::new("A lighthouse at dusk");
        black_box(client.create_generation(&request).await?);
        Ok(())
    })
}
