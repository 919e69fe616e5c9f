//! The calls with the crate.

use std::hint::black_box;

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id, image_get_generations_by_user_id};
use leonardo_ai::models::{CreateGenerationRequest, GetGenerationsByUserIdRequest};
use load::{GENERATION, KEY, Operation, PROMPT, USER};

fn main() {
    load::main(|work| {
        let core = LeonardoCore::builder().bearer_auth(KEY).server_url(work.url.as_str()).build().expect("a core");
        move |operation, calls| {
            let core = core.clone();
            async move {
                for _ in 0..calls {
                    match operation {
                        Operation::Create => {
                            let request = CreateGenerationRequest::new(PROMPT);
                            black_box(image_create_generation(&core, request).await.expect("a job"));
                        }
                        Operation::Get => {
                            black_box(image_get_generation_by_id(&core, GENERATION).await.expect("a generation"));
                        }
                        Operation::List => {
                            let page = GetGenerationsByUserIdRequest { offset: Some(0), limit: Some(100) };
                            let list = image_get_generations_by_user_id(&core, USER, page).await.expect("generations");
                            assert_eq!(list.len(), 100);
                            black_box(list);
                        }
                    }
                }
            }
        }
    });
}
