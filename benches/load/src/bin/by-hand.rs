//! The calls by hand.

use std::hint::black_box;
use std::rc::Rc;

use load::{GENERATION, KEY, Operation, PROMPT, USER};

use crate::client::Client;
use crate::create::CreateGenerationRequest;
use crate::generations::PageRequest;

#[path = "../../../reference/client.rs"]
mod client;
#[path = "../../../reference/create.rs"]
mod create;
#[path = "../../../reference/generations.rs"]
mod generations;

fn main() {
    load::main(|work| {
        let client = Rc::new(Client::new(&work.url, KEY).expect("a client"));
        move |operation, calls| {
            let client = client.clone();
            async move {
                for _ in 0..calls {
                    match operation {
                        Operation::Create => {
                            let request = CreateGenerationRequest::new(PROMPT);
                            black_box(client.create_generation(&request).await.expect("a job"));
                        }
                        Operation::Get => {
                            black_box(client.get_generation(GENERATION).await.expect("a generation"));
                        }
                        Operation::List => {
                            let page = PageRequest { offset: 0, limit: 100 };
                            let list = client.list_generations(USER, &page).await.expect("generations");
                            assert_eq!(list.len(), 100);
                            black_box(list);
                        }
                    }
                }
            }
        }
    });
}
