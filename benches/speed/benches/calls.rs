//! Wall time of calls, one after another and 64 at a time: `cargo bench -p speed`.
//!
//! It tells whether a change made calls faster or slower; `benches/run speed` compares the two ways fairly.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id, image_get_generations_by_user_id};
use leonardo_ai::models;

use crate::client::Client;

#[path = "../../reference/client.rs"]
mod client;
#[path = "../../reference/create.rs"]
mod create;
#[path = "../../reference/generations.rs"]
mod generations;

const KEY: &str = "11111111-2222-4333-8444-555555555555";
const USER: &str = "11111111-2222-4333-8444-555555555555";
const GENERATION: &str = "75925cd2-fb65-4e8c-84c0-000000000000";
const PROMPT: &str = "An oil painting of a cat";

fn calls(criterion: &mut Criterion) {
    let url = format!("http://{}", responses::serve().expect("a server"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Client::new(&url, KEY).expect("a client");
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(url).build().expect("a core");
    let page = generations::PageRequest { offset: 0, limit: 100 };

    macro_rules! compare {
        ($name:literal, $by_hand:expr, $sdk:expr) => {
            for concurrency in [1, 64] {
                let mut group = criterion.benchmark_group(format!("{}, {concurrency} at a time", $name));
                group.throughput(Throughput::Elements(concurrency));
                group.bench_function("by hand", |bencher| {
                    bencher.iter(|| runtime.block_on(join_all((0..concurrency).map(|_| async { $by_hand }))));
                });
                group.bench_function("with the crate", |bencher| {
                    bencher.iter(|| runtime.block_on(join_all((0..concurrency).map(|_| async { $sdk }))));
                });
            }
        };
    }

    compare!(
        "create",
        client.create_generation(&create::CreateGenerationRequest::new(PROMPT)).await.expect("a job"),
        image_create_generation(&core, models::CreateGenerationRequest::new(PROMPT)).await.expect("a job")
    );
    compare!(
        "get",
        client.get_generation(GENERATION).await.expect("a generation"),
        image_get_generation_by_id(&core, GENERATION).await.expect("a generation")
    );
    compare!(
        "list of 100",
        client.list_generations(USER, &page).await.expect("generations"),
        image_get_generations_by_user_id(
            &core,
            USER,
            models::GetGenerationsByUserIdRequest { offset: Some(0), limit: Some(100) }
        )
        .await
        .expect("generations")
    );
}

criterion_group!(benches, calls);
criterion_main!(benches);
